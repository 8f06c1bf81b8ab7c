/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the binder; private to this folder.
 *
 * bind_*.c turn one kind of syntax each into typed nodes, coerce.c makes types
 * meet, build.c makes and folds nodes.
 */
#pragma once

#include "expr/functions.h"
#include "sql/parser.h"

typedef struct Binder {
    Context *ctx;
    Arena *arena; /* of the tree */
    const ExprScope *scope;
    ExprGrouping *grouping; /* NULL: columns are the table's */
    bool in_aggregate;
    size_t depth;
} Binder;

typedef struct ExprArgs {
    const Expr **items;
    size_t count;
} ExprArgs;

/* expr_bind.c */
MUST_CHECK Status bind_expr(Binder *binder, const AstExpr *ast, const Expr **ret_expr);
/* The result is BOOLEAN; `what` names the place for the message: "WHERE", "AND". */
MUST_CHECK Status bind_boolean(Binder *binder,
                               const AstExpr *ast,
                               const char *what,
                               const Expr **ret_expr);
/* Refuses what a live query cannot keep, for the reason given. */
MUST_CHECK Status bind_refuse_live(Binder *binder, const AstExpr *ast, const char *reason);

/* bind_name.c */
MUST_CHECK Status bind_column(Binder *binder, const AstExpr *ast, const Expr **ret_expr);
/* The slot of the grouped row that holds the expression, or -1. */
int bind_group_key(Binder *binder, const AstExpr *ast);
/* Does the operator stand for one value, so that its operands are not to be looked at? */
bool bind_is_whole(Binder *binder, const AstExpr *ast);

/* bind_operator.c */
MUST_CHECK Status bind_unary(Binder *binder, const AstExpr *ast, const Expr **ret_expr);
MUST_CHECK Status bind_binary(Binder *binder, const AstExpr *ast, const Expr **ret_expr);
/* a op b or a % b of mod(a, b) */
MUST_CHECK Status
bind_arithmetic(Binder *binder, const AstExpr *ast, AstOp op, ExprArgs args, const Expr **ret_expr);

/* bind_condition.c */
MUST_CHECK Status bind_is(Binder *binder, const AstExpr *ast, const Expr **ret_expr);
MUST_CHECK Status bind_in(Binder *binder, const AstExpr *ast, const Expr **ret_expr);
MUST_CHECK Status bind_between(Binder *binder, const AstExpr *ast, const Expr **ret_expr);
MUST_CHECK Status bind_like(Binder *binder, const AstExpr *ast, const Expr **ret_expr);
MUST_CHECK Status bind_case(Binder *binder, const AstExpr *ast, const Expr **ret_expr);

/* bind_call.c, bind_aggregate.c */
MUST_CHECK Status bind_call(Binder *binder, const AstExpr *ast, const Expr **ret_expr);
/* A function by name whose arguments are bound already: the JSON operators. */
MUST_CHECK Status
bind_call_of(Binder *binder, const AstExpr *ast, Str name, ExprArgs args, const Expr **ret_expr);
bool aggregate_find(Str name, AggregateKind *ret_kind);
MUST_CHECK Status bind_aggregate(Binder *binder,
                                 const AstExpr *ast,
                                 AggregateKind kind,
                                 const Expr **ret_expr);

/* build.c */

ExprArgs expr_args_new(Arena *arena, size_t count);
Expr *build_node(Binder *binder, ExprKind kind, Type type, const AstExpr *at);
const Expr *build_slot(Arena *arena, ExprSlot slot, uint32_t offset);
Expr *build_constant(Binder *binder, Type type, const Value *value, const AstExpr *at);
/*
 * Sets what follows from the arguments and folds the node when all of them are
 * constants.  An error of the evaluation stays for the evaluation: the node may
 * stand in a branch that is never taken.  In a live filter it is reported now.
 */
MUST_CHECK Status build_finish(Binder *binder, Expr *node, ExprArgs args, const Expr **ret_expr);

/* coerce.c */

Str type_name(Binder *binder, Type type);
/* What a literal becomes beside something of that type; others are left as they are. */
MUST_CHECK Status coerce_literal(Binder *binder, const Expr **expr, Type type);
/* Makes both comparable, or says why they are not. */
MUST_CHECK Status coerce_comparable(Binder *binder,
                                    const AstExpr *at,
                                    const Expr **a,
                                    const Expr **b);
/* Gives all expressions one type. */
MUST_CHECK Status coerce_common(Binder *binder, const AstExpr *at, ExprArgs exprs, Type *ret_type);
/* CAST and assignment. */
MUST_CHECK Status coerce_cast(Binder *binder, const Expr **expr, Type type);
/* One argument of a function. */
MUST_CHECK Status coerce_parameter(Binder *binder,
                                   const Function *function,
                                   Parameter wanted,
                                   const Expr **expr);
