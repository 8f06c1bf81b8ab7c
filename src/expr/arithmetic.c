/* SPDX-License-Identifier: Apache-2.0 */
#include "expr/arithmetic.h"

#include "value/decimal.h"

#include <math.h>

enum { DECIMAL_QUOTIENT_SCALE_MIN = 6 };

static uint8_t larger(uint8_t a, uint8_t b)
{
    return a > b ? a : b;
}

/* As decimal.h says what scale each operation gives. */
static uint8_t decimal_result_scale(AstOp op, uint8_t a, uint8_t b)
{
    if (op == AST_OP_MULTIPLY)
        return a + b > DECIMAL_PRECISION_MAX ? DECIMAL_PRECISION_MAX : (uint8_t)(a + b);
    if (op == AST_OP_DIVIDE)
        return larger(DECIMAL_QUOTIENT_SCALE_MIN, larger(a, b));
    return larger(a, b);
}

Type arithmetic_type(AstOp op, Type a, Type b)
{
    if (type_is_integer(a.kind) && type_is_integer(b.kind))
        return a.kind > b.kind ? a : b;
    bool real = a.kind == TYPE_FLOAT || a.kind == TYPE_DOUBLE || b.kind == TYPE_FLOAT ||
                b.kind == TYPE_DOUBLE;
    if (real)
        return a.kind == b.kind ? a : TYPE(DOUBLE);
    return (Type){.kind = TYPE_DECIMAL,
                  .precision = DECIMAL_PRECISION_MAX,
                  .scale = decimal_result_scale(op, a.scale, b.scale)};
}

bool integer_fits(TypeKind kind, int64_t integer)
{
    if (kind == TYPE_SMALLINT)
        return integer >= INT16_MIN && integer <= INT16_MAX;
    if (kind == TYPE_INT)
        return integer >= INT32_MIN && integer <= INT32_MAX;
    return true;
}

Status fail_integer_range(Context *ctx, TypeKind kind)
{
    Str type = type_to_sql(&ctx->arena, (Type){.kind = kind});
    return fail(ctx, STATUS_OUT_OF_RANGE, "the result is out of range for %.*s", STR_ARG(type));
}

static Status fail_zero(Context *ctx)
{
    return fail(ctx, STATUS_DIVISION_BY_ZERO, "division by zero");
}

static Status eval_integers(Context *ctx, const Expr *node, int64_t a, int64_t b, Value *ret_value)
{
    int64_t result = 0;
    bool overflow = false;
    bool divides = node->op == AST_OP_DIVIDE || node->op == AST_OP_MODULO;
    if (divides && b == 0)
        return fail_zero(ctx);

    if (node->op == AST_OP_ADD)
        overflow = __builtin_add_overflow(a, b, &result);
    else if (node->op == AST_OP_SUBTRACT)
        overflow = __builtin_sub_overflow(a, b, &result);
    else if (node->op == AST_OP_MULTIPLY)
        overflow = __builtin_mul_overflow(a, b, &result);
    else if (node->op == AST_OP_MODULO)
        result = b == -1 ? 0 : a % b; /* INT64_MIN % -1 traps */
    else if (b == -1)
        overflow = __builtin_sub_overflow(0, a, &result);
    else
        result = a / b;

    if (overflow || !integer_fits(node->type.kind, result))
        return fail_integer_range(ctx, node->type.kind);
    *ret_value = value_integer(node->type.kind, result);
    return STATUS_OK;
}

static double to_double(const Value *value)
{
    if (value->kind == TYPE_DECIMAL)
        return decimal_to_double(value);
    return type_is_integer(value->kind) ? (double)value->integer : value->real;
}

static double compute_reals(AstOp op, double a, double b)
{
    switch (op) {
    case AST_OP_ADD:
        return a + b;
    case AST_OP_SUBTRACT:
        return a - b;
    case AST_OP_MULTIPLY:
        return a * b;
    case AST_OP_DIVIDE:
        return a / b;
    default:
        return fmod(a, b);
    }
}

/* As in PostgreSQL, infinity comes only from infinity. */
static Status eval_reals(Context *ctx, const Expr *node, double a, double b, Value *ret_value)
{
    bool divides = node->op == AST_OP_DIVIDE || node->op == AST_OP_MODULO;
    if (divides && b == 0)
        return fail_zero(ctx);
    double result = compute_reals(node->op, a, b);
    if (node->type.kind == TYPE_FLOAT && isfinite(result))
        result = fabs(result) < 0x1.ffffffp127 ? (double)(float)result : HUGE_VAL;
    if (isinf(result) && isfinite(a) && isfinite(b))
        return fail(ctx, STATUS_OUT_OF_RANGE, "the result is out of range for a floating number");
    *ret_value = (Value){.kind = node->type.kind, .real = result};
    return STATUS_OK;
}

static bool is_zero(const Value *value)
{
    return value->kind == TYPE_DECIMAL ? value->decimal == 0 : value->integer == 0;
}

static bool compute_decimals(AstOp op, const Value *a, const Value *b, Value *ret_value)
{
    switch (op) {
    case AST_OP_ADD:
        return decimal_add(a, b, ret_value);
    case AST_OP_SUBTRACT:
        return decimal_subtract(a, b, ret_value);
    case AST_OP_MULTIPLY:
        return decimal_multiply(a, b, ret_value);
    case AST_OP_DIVIDE:
        return decimal_divide(a, b, ret_value);
    default:
        return decimal_modulo(a, b, ret_value);
    }
}

static Status
eval_decimals(Context *ctx, const Expr *node, const Value *a, const Value *b, Value *ret_value)
{
    bool divides = node->op == AST_OP_DIVIDE || node->op == AST_OP_MODULO;
    Value result;
    if (divides && is_zero(b))
        return fail_zero(ctx);
    /* Operands may carry another scale than their type says: a literal has its own. */
    if (!compute_decimals(node->op, a, b, &result) ||
        !decimal_rescale(result.decimal, result.scale, node->type.scale, &result.decimal))
        return fail(ctx,
                    STATUS_OUT_OF_RANGE,
                    "the result has more than the %d digits of a DECIMAL",
                    DECIMAL_PRECISION_MAX);
    result.scale = node->type.scale;
    *ret_value = result;
    return STATUS_OK;
}

Status
arithmetic_eval(Context *ctx, const Expr *node, const Value *a, const Value *b, Value *ret_value)
{
    if (type_is_integer(node->type.kind))
        return eval_integers(ctx, node, a->integer, b->integer, ret_value);
    if (node->type.kind == TYPE_DECIMAL)
        return eval_decimals(ctx, node, a, b, ret_value);
    return eval_reals(ctx, node, to_double(a), to_double(b), ret_value);
}

Status arithmetic_negate(Context *ctx, const Value *value, Value *ret_value)
{
    Value result = *value;
    if (value->kind == TYPE_DECIMAL)
        result.decimal = -value->decimal;
    else if (!type_is_integer(value->kind))
        result.real = -value->real;
    else if (__builtin_sub_overflow(0, value->integer, &result.integer) ||
             !integer_fits(value->kind, result.integer))
        return fail_integer_range(ctx, value->kind);
    *ret_value = result;
    return STATUS_OK;
}
