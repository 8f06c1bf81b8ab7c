/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What INSERT, UPDATE and DELETE share: target columns, defaults, warming the
 * cache before the sequencer looks, and reporting.
 */
#pragma once

#include "query/run.h"
#include "table/table_write.h"

/* Index into the table's columns.  STATUS_COLUMN_NOT_FOUND; system columns cannot be written. */
MUST_CHECK Status dml_target_column(Context *ctx,
                                    const Table *table,
                                    AstName name,
                                    uint32_t *ret_column);

/* The value of a column that an INSERT does not name; NULL when it has no default. */
MUST_CHECK Status dml_default_value(QueryRun *run, const Column *column, Value *ret_value);

/*
 * The sequencer must not wait for a disk, so the rows it will look at are
 * looked at first: on a reactor in memory only (STATUS_WOULD_BLOCK), on a worker
 * for real.  Hot ones are then in the block cache, and `cold` has what the cold
 * tier says about the rest; both keys and answers live in the run's arena.
 */
MUST_CHECK Status
dml_look_ahead(QueryRun *run, const Table *table, const Str *keys, size_t count, ColdRows *cold);

/* Where the cold tier is asked about a statement's rows, as of the snapshot it reads. */
ColdRowsPlace dml_cold_place(QueryRun *run, const Table *table);

/* Inside a transaction statements run on workers; elsewhere anywhere. */
MUST_CHECK Status dml_require_thread(QueryRun *run);

/* STATUS_LIMIT_EXCEEDED naming limits.max_write_rows. */
MUST_CHECK Status dml_check_row_count(QueryRun *run, uint64_t row_count);

/* The primary keys of the rows a statement wrote, in order. */
typedef struct RowIds {
    Str *items; /* room for RESULT_ROW_IDS_MAX */
    size_t count;
    uint64_t row_count; /* all of them, also those not listed */
} RowIds;

RowIds row_ids_new(Arena *arena, uint64_t row_count_max);
/* table without key: `seq` as text. */
MUST_CHECK Status row_ids_add(Context *ctx, RowIds *ids, const Table *table, Str key, SeqNo seq);
/* Fills in count, ids and "<verb> n row(s)". */
ResultDone row_ids_result(QueryRun *run, const RowIds *ids, const char *verb);
