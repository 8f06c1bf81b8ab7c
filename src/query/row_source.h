/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows of one relation as one statement sees them: by key, by range or all,
 * from a snapshot, with the open transaction's own writes on top, or generated
 * (system tables).  Ordered by primary key; events by time.
 */
#pragma once

#include "query/access_path.h"
#include "query/run.h"
#include "table/scan.h"

typedef struct RowSource RowSource;

typedef struct RowSourceOptions {
    const Table *table;
    const AccessPath *path; /* NULL = all; must outlive the source */
    bool include_deleted;
    bool reverse;
    StoreTier tier;
} RowSourceOptions;

/* The source works with ctx: the run's, or on another thread one of its own. */
MUST_CHECK Status row_source_open(Context *ctx,
                                  QueryRun *run,
                                  const RowSourceOptions *options,
                                  RowSource **ret_source);
void row_source_close(RowSource *source);
DEFINE_CLEANUP(RowSource, row_source_close)

/* The row is valid until the next call, or until the arena is rewound behind this one.
 * STATUS_WOULD_BLOCK when the row is not in memory and the tier forbids to look further. */
MUST_CHECK Status row_source_next(RowSource *source, TableRow *ret_row, bool *ret_found);
