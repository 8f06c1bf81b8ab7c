/* SPDX-License-Identifier: Apache-2.0 */
#include "commit/catalog_commit.h"

void commit_catalog_edit(CommitBuilder *builder, CatalogEdit *edit)
{
    const CatalogEntry *entries;
    size_t count = catalog_edit_entries(edit, &entries);
    for (size_t i = 0; i < count; i++) {
        Change change = {
            .kind = entries[i].value.ptr ? CHANGE_CATALOG_PUT : CHANGE_CATALOG_DELETE,
            .key = entries[i].key,
            .new_row = entries[i].value,
        };
        commit_add(builder, &change);
    }
    commit_set_catalog(builder, catalog_edit_finish(edit));
}
