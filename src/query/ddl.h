/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What statements that change the catalog share.  They plan little: nearly all
 * is decided on the executing thread, against the newest catalog.
 */
#pragma once

#include "query/run.h"

/* Inside execute(): an edit of the newest catalog, dated with the commit's time. */
CatalogEdit *ddl_edit(QueryRun *run, CommitBuilder *builder);

/* STATUS_INVALID_OPERATION naming connection, user and subscription when a live query is open on
 * the table (decision 17). */
MUST_CHECK Status ddl_check_unwatched(QueryRun *run, const Table *table);
