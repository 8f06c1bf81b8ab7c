/* SPDX-License-Identifier: Apache-2.0 */
/*
 * + - * / % on numbers: exact on integers and DECIMAL, IEEE 754 on FLOAT and
 * DOUBLE.  What does not fit the result's type is STATUS_OUT_OF_RANGE, division
 * by zero is STATUS_DIVISION_BY_ZERO for every kind of number.
 */
#pragma once

#include "expr/node.h"

/* The type of `a op b`; both are numbers. */
Type arithmetic_type(AstOp op, Type a, Type b);

/* node: EXPR_ARITHMETIC, for its op and type; neither value is NULL. */
MUST_CHECK Status
arithmetic_eval(Context *ctx, const Expr *node, const Value *a, const Value *b, Value *ret_value);

MUST_CHECK Status arithmetic_negate(Context *ctx, const Value *value, Value *ret_value);

/* Does the integer fit the kind? */
bool integer_fits(TypeKind kind, int64_t integer);
/* "INT out of range: .." */
Status fail_integer_range(Context *ctx, TypeKind kind);
