/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DDL as a commit: the entries of a CatalogEdit become changes, the catalog it
 * made becomes the one that is published with them.
 */
#pragma once

#include "commit/sequencer.h"

/* Inside execute(); ends the edit. */
void commit_catalog_edit(CommitBuilder *builder, CatalogEdit *edit);
