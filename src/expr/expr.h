/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one expression engine: DML, SELECT and live filters all bind and
 * evaluate here, with three-valued logic, exact integers and decimals.
 *
 * Binding resolves names against a scope, checks types, inserts casts, folds
 * constants and gives an immutable typed tree in the arena the caller names
 * (a request's, or a live query's own).  Evaluation reads a row of Values.
 */
#pragma once

#include "base/context.h"
#include "catalog/table.h"
#include "catalog/user.h"
#include "sql/ast.h"
#include "value/value.h"

typedef struct Expr Expr;

/* Facts about the statement that expressions may ask for; fixed for its duration. */
typedef struct ExprEnvironment {
    int64_t now_us; /* NOW(): the same throughout a statement */
    Str user_id;    /* CURRENT_USER() */
    Role role;
} ExprEnvironment;

typedef struct ExprParameters { /* values of $1..$n */
    const Value *values;
    size_t count;
} ExprParameters;

/* One aggregate call found while binding with `aggregates`. */
typedef enum AggregateKind {
    AGGREGATE_COUNT_ALL,
    AGGREGATE_COUNT,
    AGGREGATE_SUM,
    AGGREGATE_AVG,
    AGGREGATE_MIN,
    AGGREGATE_MAX
} AggregateKind;

typedef struct AggregateCall {
    AggregateKind kind;
    bool distinct;
    const Expr *argument; /* NULL for count(*); reads the table's row */
    const Expr *filter;   /* FILTER (WHERE ..), or NULL */
    Type type;            /* of the result */
    const AstExpr *ast;   /* equal calls share one slot */
} AggregateCall;

/*
 * Binding above GROUP BY: an expression equal to keys[i] reads slot i of the
 * grouped row, an aggregate call reads slot key_count + its index (and is
 * appended to `calls` when new); any other column is an error.
 */
typedef struct ExprGrouping {
    const AstExpr *const *keys;
    const Expr *const *key_exprs;
    size_t key_count;
    AggregateCall *calls; /* grown in the arena */
    size_t call_count;
    size_t call_capacity;
} ExprGrouping;

/*
 * What only the statement around an expression knows (the columns of a join, a
 * subquery, a window) is a slot of the row: a column with a number and a type.
 */
typedef struct ExprSlot {
    uint32_t index;
    Type type;
} ExprSlot;

enum { EXPR_NO_SLOT = UINT32_MAX };

typedef struct ExprResolver {
    void *data;
    /* Asked about every node before anybody else; EXPR_NO_SLOT: it is bound as usual. */
    Status (*resolve)(void *data, const AstExpr *ast, ExprSlot *ret_slot);
    /* Will resolve() take this operator with all that is below it? */
    bool (*is_whole)(void *data, const AstExpr *ast);
} ExprResolver;

typedef struct ExprScope {
    const Table *table; /* NULL = no columns */
    Str alias;          /* the table's alias, or empty; qualifiers match it or the table's name */
    const ExprEnvironment *environment;
    const ExprParameters *parameters; /* NULL = none allowed */
    ExprGrouping *grouping;           /* NULL = aggregates are errors */
    const ExprResolver *resolver;     /* NULL = names are the table's; then no grouping */
    bool live; /* refuse what a live filter cannot keep: volatile functions, _deleted, subqueries */
} ExprScope;

/*
 * Errors: STATUS_COLUMN_NOT_FOUND, STATUS_FUNCTION_NOT_FOUND,
 * STATUS_TYPE_MISMATCH, STATUS_INVALID_SQL, STATUS_INVALID_PARAMETER, all with
 * the position of the offending node.
 */
MUST_CHECK Status expr_bind(
    Context *ctx, Arena *arena, const AstExpr *ast, const ExprScope *scope, const Expr **ret_expr);

/* As expr_bind(), then an assignment cast to the type (sql.md 3.15). */
MUST_CHECK Status expr_bind_as(Context *ctx,
                               Arena *arena,
                               const AstExpr *ast,
                               const ExprScope *scope,
                               Type type,
                               const Expr **ret_expr);

/* As expr_bind(); the result must be BOOLEAN (or NULL). */
MUST_CHECK Status expr_bind_condition(
    Context *ctx, Arena *arena, const AstExpr *ast, const ExprScope *scope, const Expr **ret_expr);

Type expr_type(const Expr *expr);
bool expr_is_constant(const Expr *expr);
/* Only for constants; borrowed from the tree. */
const Value *expr_constant(const Expr *expr);
/* The row index when the expression is just a column, else -1. */
int expr_column(const Expr *expr);
/* Sets bit i of `used` (bits, at least table_row_width()) for each row index read. */
void expr_columns_used(const Expr *expr, uint64_t *used, size_t word_count);

/*
 * `row` has table_row_width() values (columns in declared order, _seq,
 * _updated, _deleted), or the grouped row.  The result's text is borrowed from
 * row or tree, or in ctx's arena.  Errors: division by zero, overflow, casts.
 */
MUST_CHECK Status expr_eval(Context *ctx, const Expr *expr, const Value *row, Value *ret_value);

/* WHERE: true only when the condition is TRUE.  NULL expr = always. */
MUST_CHECK Status expr_test(Context *ctx, const Expr *expr, const Value *row, bool *ret_true);

/* Same meaning, so that equal live queries can share work; hash agrees with it. */
bool expr_equal(const Expr *a, const Expr *b);
uint64_t expr_hash(const Expr *expr);

/* A tree of its own in the arena, for evaluation: copied literals adapt to nothing any more. */
const Expr *expr_copy(Arena *arena, const Expr *expr);
/* The arena's bytes that expr_copy() takes. */
size_t expr_copy_size(const Expr *expr);

/* For EXPLAIN; names from the table. */
void expr_print(Buf *out, const Expr *expr, const Table *table);
