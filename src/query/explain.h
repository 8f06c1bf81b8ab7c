/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What EXPLAIN says: parts that several kinds of plans have in common.
 */
#pragma once

#include "query/access_path.h"
#include "query/run.h"

/* The tree of a SELECT as it is written, two spaces a level. */
void explain_logical(Buf *out, const AstSelect *ast);

typedef struct ExplainRows {
    const Table *table;
    const AccessPath *path;
    const Expr *condition; /* the path is made from it; over the table's row */
    const Expr *filter;    /* tested on every row; NULL = none */
    bool include_deleted;
} ExplainRows;

/* "  Rows: app.t (shared), keys >= 5" and, when there is one, "  Filter: .." */
void explain_rows(QueryRun *run, Buf *out, const ExplainRows *rows);
