/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Expressions put together from bound ones, for statements whose parts must get
 * the same types: the columns of a UNION, the rows of VALUES, x IN (SELECT ..).
 * New nodes are in ctx's arena; `at` is where an error points to.
 */
#pragma once

#include "expr/expr.h"

const Expr *expr_slot(Context *ctx, ExprSlot slot, uint32_t offset);
const Expr *expr_constant_new(Context *ctx, Type type, const Value *value, uint32_t offset);

MUST_CHECK Status expr_cast(Context *ctx, const Expr **expr, Type type);

/* Makes both comparable by the rules of a = b. */
MUST_CHECK Status expr_comparable(Context *ctx, const AstExpr *at, const Expr **a, const Expr **b);
/* a = b */
MUST_CHECK Status
expr_equality(Context *ctx, const AstExpr *at, const Expr *a, const Expr *b, const Expr **ret_expr);

/* Casts all to one type, that of a CASE with these results. */
MUST_CHECK Status
expr_common_type(Context *ctx, const AstExpr *at, const Expr **exprs, size_t count, Type *ret_type);

/* a AND b AND ..; count 0 = NULL, one stays itself. */
const Expr *expr_conjunction(Context *ctx, const Expr *const *exprs, size_t count);

/* One argument of a function: a text literal becomes `type`, anything else must be of that type or
 * become it without loss. */
MUST_CHECK Status expr_argument(Context *ctx, Str function, Type type, const Expr **expr);
