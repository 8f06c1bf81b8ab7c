/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A SELECT of ours as a statement of DuckDB's.
 *
 * Every name is resolved and every expression typed here, by the rules of expr/;
 * what DuckDB gets is text of our making: relations r0, r1 .., columns c0, c1 ..,
 * constants as parameters, functions from a list.  No name, literal or function
 * of the user's reaches it, and what is not known here is refused.  Each table
 * goes through the authorizer and becomes a source of rows of the run's owner.
 *
 *     duck_scope.c      which names mean what, and what a slot is
 *     duck_from.c       tables, joins, queries and functions in FROM
 *     duck_expr.c       expressions: subqueries, aggregates, windows
 *     duck_functions.c  the functions of DuckDB that may be used
 *     duck_block.c      one query block
 *     duck_plan.c       WITH, UNION, VALUES, ORDER BY, LIMIT; the whole
 */
#pragma once

#include "query/table_source.h"

enum {
    DUCK_RELATIONS_MAX = 64,              /* tables and queries in FROM, of a statement */
    DUCK_SET_OPS_MAX = 200,               /* UNION, INTERSECT, EXCEPT */
    DUCK_FOLDS_MAX = 100,                 /* groupings, and queries used as values .. */
    DUCK_FOLD_HEIGHT_MAX = 14,            /* .. on top of each other: each doubles the time that
                                             DuckDB's optimizer takes, and nothing interrupts that */
    DUCK_TEXT_MAX = 4 << 20,              /* bytes of DuckDB's text */
    DUCK_RECURSION_ROWS_MAX = 1000000,    /* of each WITH RECURSIVE */
    DUCK_IMPLICIT_ORDER_ROWS_MAX = 100000 /* above, rows without ORDER BY and LIMIT keep no order */
};

typedef struct DuckPlan {
    Str sql;
    const Value *parameters;
    size_t parameter_count;
    DuckSource *const *sources;
    size_t source_count;
    const DuckFunction *functions;
    size_t function_count;
    TableSource *const *tables; /* those of the sources that are tables */
    size_t table_count;
    const ResultColumn *columns;
    size_t column_count;
    int64_t limit; /* of the server's, one more row is asked for; -1 = none */
} DuckPlan;

/* Everything in the run's arena.  On a worker.  To be ended, whatever the result; zeroed before. */
MUST_CHECK Status duck_plan_make(QueryRun *run, const AstSelect *ast, DuckPlan *ret_plan);

void duck_plan_done(DuckPlan *plan);

/* The result is closed before the plan is done. */
MUST_CHECK Status duck_plan_run(QueryRun *run, const DuckPlan *plan, DuckResult **ret_result);

/* Is the SELECT beyond the own executor: joins, subqueries, windows ..? */
bool duck_plan_is_needed(const AstSelect *ast);
