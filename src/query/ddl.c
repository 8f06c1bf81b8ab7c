/* SPDX-License-Identifier: Apache-2.0 */
#include "query/ddl.h"

CatalogEdit *ddl_edit(QueryRun *run, CommitBuilder *builder)
{
    return catalog_edit_begin(&run->ctx, commit_catalog(builder), commit_time_ms(builder) * 1000);
}

Status ddl_check_unwatched(QueryRun *run, const Table *table)
{
    const QueryHooks *hooks = &run->engine->hooks;
    TableWatcher watcher;
    if (!hooks->find_watcher ||
        !hooks->find_watcher(hooks->data, &run->ctx.arena, table->id, &watcher))
        return STATUS_OK;
    return fail(&run->ctx,
                STATUS_INVALID_OPERATION,
                "Cannot drop table %.*s: live query '%.*s' of user '%.*s' on connection '%.*s' is "
                "open on it; DROP TABLE .. FORCE ends live queries",
                STR_ARG(table->full_name),
                STR_ARG(watcher.subscription_id),
                STR_ARG(watcher.user_id),
                STR_ARG(watcher.connection_id));
}
