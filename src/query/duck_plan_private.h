/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the making of a DuckPlan.
 *
 * A *slot* is something that has a type and a text: a column of a relation, an
 * aggregate, a window, a subquery.  Bound expressions read slots as they read
 * the columns of a row elsewhere.  A *scope* is where the names of one query
 * block are looked up; behind it stands that of the query around it.
 */
#pragma once

#include "expr/compose.h"
#include "expr/translate.h"
#include "query/access.h"
#include "query/duck_plan.h"

typedef struct Slot {
    Str text;
    Type type;
} Slot;

typedef struct Relation Relation;

typedef struct RelationColumn {
    Relation *relation;
    Str name;
    uint32_t slot;
    bool hidden; /* not part of * */
    bool merged; /* by USING: named with its relation only */
} RelationColumn;

struct Relation {
    Str alias;                    /* empty = none */
    const AstTableName *ast_name; /* of a table, else NULL */
    RelationColumn *columns;
    size_t column_count;
    TableSource *source; /* of a table, else NULL */
    bool nullable;       /* its rows may be missing: the other side of an outer join */
};

/* What a query gives: columns c0, c1 .. */
typedef struct OutputColumn {
    Str name;
    Type type;
} OutputColumn;

typedef struct Outputs {
    OutputColumn *items;
    size_t count;
} Outputs;

/* A query by name. */
typedef struct Cte Cte;
struct Cte {
    Cte *outer; /* the one that was there before */
    Str name;
    Str text; /* w0 */
    Outputs outputs;
    size_t fold_height;
};

typedef struct Planner {
    QueryRun *run;
    Context *ctx;
    Arena *arena;
    Cte *ctes;
    Slot *slots;
    size_t slot_count, slot_capacity;
    Value *parameters;
    size_t parameter_count, parameter_capacity;
    DuckSource **sources;
    size_t source_count, source_capacity;
    DuckFunction *functions;
    size_t function_count, function_capacity;
    TableSource **tables;
    size_t table_count, table_capacity;
    size_t name_count; /* of relations, groups, queries */
    size_t relation_count;
    size_t set_op_count;
    size_t fold_count;
    size_t fold_height; /* of what was planned so far of the present query */
} Planner;

typedef enum Place {
    PLACE_CONDITION, /* WHERE, ON: no aggregate, no window */
    PLACE_HAVING,    /* aggregates, but no window */
    PLACE_ARGUMENT,  /* of an aggregate */
    PLACE_WINDOW,    /* inside of a window's call */
    PLACE_OUTPUT     /* the select list and ORDER BY */
} Place;

typedef struct GroupKey {
    const AstExpr *ast;
    int64_t column; /* the slot of a plain column, else -1 */
    uint32_t slot;  /* in the grouped row */
    Str text;       /* of the key itself */
} GroupKey;

typedef struct GroupCall {
    const AstExpr *ast;
    uint32_t slot;
    Str text; /* of the aggregate */
} GroupCall;

typedef struct Scope {
    Planner *planner;
    struct Scope *outer; /* NULL = none */
    Relation **relations;
    size_t relation_count, relation_capacity;
    Place place;
    bool reads_deleted; /* a condition: naming _deleted shows deleted rows */
    /* GROUP BY; keys and calls are columns of the relation `group`. */
    bool grouped;
    Str group;
    GroupKey *keys;
    size_t key_count, key_capacity;
    GroupCall *calls;
    size_t call_count, call_capacity;
    ExprResolver resolver;
} Scope;

/*
 * Stands around what is written when everything is known: "7" for the relation of
 * table 7, "7,2" for an order by c2 if table 7 is small.  No text of ours has this byte.
 */
enum { PLAN_MARK = 0x02 };

/* ---- duck_plan.c ---- */

/* A whole query with its clauses, which gives c0, c1 .. */
MUST_CHECK Status
plan_query(Planner *planner, Scope *outer, const AstSelect *ast, Buf *out, Outputs *ret_outputs);
/* "r" 7 */
Str plan_new_name(Planner *planner, const char *prefix);
MUST_CHECK Status plan_unsupported(Planner *planner, size_t offset, const char *feature);
/* Constant integer of LIMIT, OFFSET, frames; -1 = absent or NULL. */
MUST_CHECK Status plan_count(Planner *planner,
                             const AstExpr *ast,
                             const char *clause,
                             int64_t *ret_count);
/* Column i of a relation: r7.c0 */
uint32_t plan_column_slot(Planner *planner, Str relation, size_t column, Type type);

/* One more grouping or subquery on top of what the present query has. */
MUST_CHECK Status plan_add_fold(Planner *planner, size_t offset);
/* Around a part whose height counts by itself; the query has the height of its highest part. */
size_t plan_begin_part(Planner *planner);
void plan_end_part(Planner *planner, size_t outer);

/* ---- duck_scope.c ---- */

void scope_init(Scope *scope, Planner *planner, Scope *outer);
uint32_t slot_new(Planner *planner, Str text, Type type);
ExprScope scope_expr(Scope *scope);
Relation *scope_add_relation(Scope *scope, Str alias, size_t column_count);
/* STATUS_COLUMN_NOT_FOUND, or ambiguous; outer scopes are asked too. */
MUST_CHECK Status scope_resolve(Scope *scope, const AstExpr *ast, uint32_t *ret_slot);
/* Unqualified, among the relations from .. to - 1; NULL = none. */
MUST_CHECK Status scope_find_among(
    Scope *scope, const AstName *name, size_t from, size_t to, RelationColumn **ret_column);
/* The relation that a qualifier means, or NULL. */
MUST_CHECK Status scope_find_relation(Scope *scope,
                                      const AstName *qualifier,
                                      Relation **ret_relation);

/* ---- duck_expr.c ---- */

MUST_CHECK Status plan_bind(Scope *scope, const AstExpr *ast, const Expr **ret_expr);
MUST_CHECK Status plan_bind_condition(Scope *scope, const AstExpr *ast, const Expr **ret_expr);
/* The expression's text. */
void plan_write(Planner *planner, Buf *out, const Expr *expr);
Str plan_text(Planner *planner, const Expr *expr);
/* A list of conditions, as AND joins them, so that none fails because of a later one. */
void plan_write_conditions(Planner *planner, Buf *out, const Expr *const *terms, size_t count);
/* The terms of a condition, bound one by one. */
typedef struct Terms {
    const Expr **items;
    size_t count, capacity;
} Terms;
MUST_CHECK Status plan_bind_terms(Scope *scope, const AstExpr *ast, Terms *terms);
MUST_CHECK Status plan_write_order(Scope *scope, Buf *out, const AstOrderList *list);
/* Adds a call of `function` to the statement and gives its number. */
size_t plan_add_function(Planner *planner, const DuckFunction *function);
void plan_resolver_init(Scope *scope);
bool plan_is_aggregate(const AstExpr *call);
/* Does it, or anything in it, need GROUP BY to be done? */
bool plan_has_aggregate(const AstExpr *ast);

/* ---- duck_from.c ---- */

MUST_CHECK Status plan_from(Scope *scope, const AstFrom *from, Buf *out);

/* ---- duck_block.c ---- */

/* One query block; the orders are sorted by in the text that stands around it. */
typedef struct BlockOrders {
    Str *columns; /* c0, o1: what to sort by */
    size_t count;
    Str *distinct_on;
    size_t distinct_on_count;
    int primary_key;          /* the output that is the first table's primary key, or -1 */
    const TableSource *first; /* that table */
} BlockOrders;
MUST_CHECK Status plan_block(Planner *planner,
                             Scope *outer,
                             const AstSelect *ast,
                             Buf *out,
                             Outputs *ret_outputs,
                             BlockOrders *ret_orders);
