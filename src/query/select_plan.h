/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a SELECT over one table, or none, computes: where its rows come from, the
 * condition, groups, output columns, order and limit, all bound.  A plan lives
 * in the run's arena and is not changed after it was made.
 */
#pragma once

#include "query/access_path.h"
#include "query/run.h"
#include "query/sorter.h"

typedef struct SortKey {
    const Expr *expr; /* NULL: the output column */
    size_t output;
} SortKey;

typedef struct SelectPlan {
    const Table *table; /* NULL: one row without columns */
    const Expr *where;
    AccessPath path;
    bool include_deleted; /* the condition asks for _deleted */
    bool reverse;         /* read backwards */

    bool grouped;
    ExprGrouping grouping;
    const Expr *having; /* NULL = none */

    bool distinct;
    size_t output_count;
    const Expr **outputs; /* read the table's row, or the grouped row */
    ResultColumn *columns;

    bool sorted; /* rows must be sorted: they do not come in the order asked for */
    size_t key_count;
    const SortKey *keys;
    const SortOrder *orders;

    int64_t limit; /* -1 = none */
    int64_t offset;
    bool limited_by_server; /* limits.default_query_limit or max_query_limit */
} SelectPlan;

/* LIMIT or OFFSET; -1 when absent or NULL. */
MUST_CHECK Status select_plan_count(QueryRun *run,
                                    const AstExpr *ast,
                                    const char *clause,
                                    int64_t *ret_count);
/* Lowers *limit (-1 = none) to what the server allows; true when it did. */
bool select_plan_limit(const QueryRun *run, int64_t *limit);

/* What a column of a result is called: alias, name or text. */
Str select_item_name(Arena *arena, const AstItem *item);

/* Errors name what is not supported, or what does not bind, with its position. */
MUST_CHECK Status select_plan_make(QueryRun *run, const AstSelect *ast, SelectPlan *ret_plan);
