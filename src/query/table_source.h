/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table of ours, or rows that are written in the statement, as a relation
 * that DuckDB reads.
 *
 * Columns are called c0, c1 ..: those of the row as expressions see it, and behind
 * them whether it is a marker, of which there are only the key and this.  What a
 * condition says about this table alone is tested here, on the decoded row and
 * by the range of keys it leaves, before DuckDB sees anything.
 */
#pragma once

#include "duck/duck.h"
#include "query/access_path.h"
#include "query/run.h"

#include <stdatomic.h>

typedef struct TableSource {
    DuckSource *scanner; /* what DuckDB is given */
    QueryRun *run;
    const Table *table;
    bool include_deleted;
    const Expr *condition; /* over the table's row: what the path was made from */
    const Expr *filter;    /* of it, what is tested on every row; NULL = nothing */
    AccessPath path;
    size_t number;      /* of the scanner among the statement's sources */
    ColdView *view;     /* not NULL: the scanner gives hot rows only (query/cold_relation.h) */
    size_t file_count;  /* of the view: that hold rows that may matter, */
    uint64_t files_all; /* of so many */
    atomic_uint_fast64_t read_count;     /* rows, of all scans together */
    atomic_uint_fast64_t returned_count; /* of these, handed to DuckDB */
    atomic_uint_fast64_t scan_count;
} TableSource;

/* In the run's arena.  The snapshot is chosen by now; set filter and path before the first scan. */
TableSource *table_source_new(QueryRun *run, const Table *table);

/*
 * Guesses how many rows the scanner gives, for the order of joins; path and view
 * are known by now.  The hot ones: those in files by their size, and as many as
 * there may well be in memory.
 */
void table_source_estimate(TableSource *source);

/* rows: row_count times column_count values, borrowed. */
DuckSource *values_source_new(
    Context *ctx, const Type *types, size_t column_count, const Value *rows, size_t row_count);
