/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions of numbers.  Integers stay integers, DECIMAL stays exact, halves
 * are rounded away from zero.
 */
#include "expr/functions.h"

#include "expr/arithmetic.h"
#include "value/decimal.h"

#include <math.h>

enum { ROUND_DIGITS_MAX = 400 }; /* more than a double has on either side of the point */

typedef enum Rounding { ROUND_NEAREST, ROUND_UP, ROUND_DOWN, ROUND_TO_ZERO } Rounding;

static Status eval_abs(Context *ctx, const Value *args, size_t count, Value *ret_value)
{
    (void)count;
    Value zero = value_bigint(0);
    if (value_compare(&args[0], &zero) < 0)
        return arithmetic_negate(ctx, &args[0], ret_value);
    *ret_value = args[0];
    return STATUS_OK;
}

static Status eval_sign(Context *ctx, const Value *args, size_t count, Value *ret_value)
{
    (void)ctx, (void)count;
    Value zero = value_bigint(0);
    int sign = value_compare(&args[0], &zero);
    Value result = args[0];
    if (result.kind == TYPE_DECIMAL)
        result = value_decimal(sign, 0);
    else if (type_is_integer(result.kind))
        result.integer = sign;
    else if (!isnan(result.real))
        result.real = sign;
    *ret_value = result;
    return STATUS_OK;
}

/* ---- rounding ---- */

static double round_whole(double real, Rounding rounding)
{
    switch (rounding) {
    case ROUND_UP:
        return ceil(real);
    case ROUND_DOWN:
        return floor(real);
    case ROUND_TO_ZERO:
        return trunc(real);
    default:
        return round(real);
    }
}

/*
 * A double near 10^-digits is not the decimal number it looks like: scaling,
 * rounding and scaling back is what PostgreSQL users expect of 2.345.
 */
static double round_double(double real, int digits, Rounding rounding)
{
    if (!isfinite(real) || digits == 0)
        return isfinite(real) ? round_whole(real, rounding) : real;
    double power = pow(10, abs(digits));
    double scaled = digits > 0 ? real * power : real / power;
    if (!isfinite(scaled))
        return real;
    if (!isfinite(power))
        return 0;
    double rounded = round_whole(scaled, rounding);
    return digits > 0 ? rounded / power : rounded * power;
}

static Int128 power_of_ten(int exponent)
{
    Int128 power = 1;
    while (exponent-- > 0)
        power *= 10;
    return power;
}

/* The decimal's integer cut to a multiple of `unit`, then moved by the rule. */
static Int128 round_to_unit(Int128 value, Int128 unit, Rounding rounding)
{
    Int128 rest = value % unit;
    Int128 cut = value - rest;
    Int128 magnitude = rest < 0 ? -rest : rest;
    bool away = (rounding == ROUND_NEAREST && magnitude >= unit - magnitude) ||
                (rounding == ROUND_UP && rest > 0) || (rounding == ROUND_DOWN && rest < 0);
    if (!away)
        return cut;
    return value < 0 ? cut - unit : cut + unit;
}

static Status
round_decimal(Context *ctx, const Value *value, int digits, Rounding rounding, Value *ret_value)
{
    if (digits >= value->scale) {
        *ret_value = *value;
        return STATUS_OK;
    }
    int dropped = value->scale - digits;
    if (dropped > DECIMAL_PRECISION_MAX) { /* any 38 digits are less than half of it */
        bool away = (rounding == ROUND_UP && value->decimal > 0) ||
                    (rounding == ROUND_DOWN && value->decimal < 0);
        if (away)
            return fail(ctx, STATUS_OUT_OF_RANGE, "the rounded number is out of range");
        *ret_value = value_decimal(0, value->scale);
        return STATUS_OK;
    }
    Int128 rounded = round_to_unit(value->decimal, power_of_ten(dropped), rounding);
    *ret_value = value_decimal(rounded, value->scale);
    return STATUS_OK;
}

static Status
round_integer(Context *ctx, const Value *value, int digits, Rounding rounding, Value *ret_value)
{
    Value decimal = value_decimal(value->integer, 0);
    TRY(round_decimal(ctx, &decimal, digits, rounding, &decimal));
    if (decimal.decimal > INT64_MAX || decimal.decimal < INT64_MIN ||
        !integer_fits(value->kind, (int64_t)decimal.decimal))
        return fail_integer_range(ctx, value->kind);
    *ret_value = value_integer(value->kind, (int64_t)decimal.decimal);
    return STATUS_OK;
}

static Status
round_number(Context *ctx, const Value *args, size_t count, Rounding rounding, Value *ret_value)
{
    int64_t wanted = count == 2 ? args[1].integer : 0;
    int digits = wanted > ROUND_DIGITS_MAX    ? ROUND_DIGITS_MAX
                 : wanted < -ROUND_DIGITS_MAX ? -ROUND_DIGITS_MAX
                                              : (int)wanted;
    if (type_is_integer(args[0].kind))
        return round_integer(ctx, &args[0], digits, rounding, ret_value);
    if (args[0].kind == TYPE_DECIMAL)
        return round_decimal(ctx, &args[0], digits, rounding, ret_value);
    *ret_value =
        (Value){.kind = args[0].kind, .real = round_double(args[0].real, digits, rounding)};
    return STATUS_OK;
}

static Status eval_round(Context *ctx, const Value *args, size_t count, Value *ret_value)
{
    return round_number(ctx, args, count, ROUND_NEAREST, ret_value);
}

static Status eval_trunc(Context *ctx, const Value *args, size_t count, Value *ret_value)
{
    return round_number(ctx, args, count, ROUND_TO_ZERO, ret_value);
}

static Status eval_ceil(Context *ctx, const Value *args, size_t count, Value *ret_value)
{
    return round_number(ctx, args, count, ROUND_UP, ret_value);
}

static Status eval_floor(Context *ctx, const Value *args, size_t count, Value *ret_value)
{
    return round_number(ctx, args, count, ROUND_DOWN, ret_value);
}

/* A DECIMAL keeps the digits that are asked for, when a constant says how many. */
static Type result_rounded(const Expr *const *args, size_t count)
{
    Type type = function_result_first(args, count);
    if (type.kind != TYPE_DECIMAL)
        return type;
    int64_t digits = 0;
    if (count == 2)
        digits = expr_is_constant(args[1]) && !value_is_null(&args[1]->constant)
                     ? args[1]->constant.integer
                     : type.scale;
    if (digits < type.scale)
        type.scale = digits > 0 ? (uint8_t)digits : 0;
    type.precision = DECIMAL_PRECISION_MAX; /* 9.99 becomes 10.0 */
    return type;
}

static Type result_sign(const Expr *const *args, size_t count)
{
    Type type = function_result_first(args, count);
    if (type.kind == TYPE_DECIMAL)
        type = (Type){.kind = TYPE_DECIMAL, .precision = 1, .scale = 0};
    return type;
}

/* ---- real functions ---- */

static Status
give_double(Context *ctx, const Value *args, size_t count, double result, Value *ret_value)
{
    bool finite = true;
    for (size_t i = 0; i < count; i++)
        finite = finite && isfinite(args[i].real);
    if (finite && !isfinite(result))
        return fail(ctx,
                    STATUS_OUT_OF_RANGE,
                    isnan(result) ? "the function has no real result for these arguments"
                                  : "the result is out of range for DOUBLE");
    *ret_value = value_double(result);
    return STATUS_OK;
}

static Status eval_power(Context *ctx, const Value *args, size_t count, Value *ret_value)
{
    if (args[0].real == 0 && args[1].real < 0)
        return fail(ctx, STATUS_OUT_OF_RANGE, "zero to a negative power is undefined");
    return give_double(ctx, args, count, pow(args[0].real, args[1].real), ret_value);
}

static Status eval_sqrt(Context *ctx, const Value *args, size_t count, Value *ret_value)
{
    return give_double(ctx, args, count, sqrt(args[0].real), ret_value);
}

static Status eval_exp(Context *ctx, const Value *args, size_t count, Value *ret_value)
{
    return give_double(ctx, args, count, exp(args[0].real), ret_value);
}

static Status eval_ln(Context *ctx, const Value *args, size_t count, Value *ret_value)
{
    return give_double(ctx, args, count, log(args[0].real), ret_value);
}

/* ---- the largest and the smallest; NULLs do not count ---- */

static void choose(const Value *args, size_t count, int wanted, Value *ret_value)
{
    const Value *best = NULL;
    for (size_t i = 0; i < count; i++) {
        if (value_is_null(&args[i]))
            continue;
        if (!best || value_compare(&args[i], best) == wanted)
            best = &args[i];
    }
    *ret_value = best ? *best : VALUE_NULL;
}

static Status eval_greatest(Context *ctx, const Value *args, size_t count, Value *ret_value)
{
    (void)ctx;
    choose(args, count, 1, ret_value);
    return STATUS_OK;
}

static Status eval_least(Context *ctx, const Value *args, size_t count, Value *ret_value)
{
    (void)ctx;
    choose(args, count, -1, ret_value);
    return STATUS_OK;
}

#define FUNCTION_ROUND(name_, eval_, max_)                                                         \
    {                                                                                              \
        .name = STR_INIT(name_), .eval = (eval_), .result_of = result_rounded, .arg_min = 1,       \
        .arg_max = (max_), .parameters = {                                                         \
            PARAMETER_NUMBER,                                                                      \
            PARAMETER_INTEGER                                                                      \
        }                                                                                          \
    }
#define FUNCTION_DOUBLE(name_, eval_, count_)                                                      \
    {                                                                                              \
        .name = STR_INIT(name_), .eval = (eval_), .result = TYPE_DOUBLE, .arg_min = (count_),      \
        .arg_max = (count_), .parameters = {                                                       \
            PARAMETER_DOUBLE                                                                       \
        }                                                                                          \
    }
#define FUNCTION_COMMON(name_, form_, eval_, min_)                                                 \
    {                                                                                              \
        .name = STR_INIT(name_), .form = (form_), .eval = (eval_),                                 \
        .result_of = function_result_first, .arg_min = (min_), .arg_max = FUNCTION_ANY_COUNT,      \
        .takes_null = true, .parameters = {                                                        \
            PARAMETER_COMMON                                                                       \
        }                                                                                          \
    }

static const Function FUNCTIONS[] = {
    {.name = STR_INIT("abs"),
     .eval = eval_abs,
     .result_of = function_result_first,
     .arg_min = 1,
     .arg_max = 1,
     .parameters = {PARAMETER_NUMBER}},
    {.name = STR_INIT("sign"),
     .eval = eval_sign,
     .result_of = result_sign,
     .arg_min = 1,
     .arg_max = 1,
     .parameters = {PARAMETER_NUMBER}},
    {.name = STR_INIT("mod"), .form = FORM_MODULO, .arg_min = 2, .arg_max = 2},
    FUNCTION_ROUND("round", eval_round, 2),
    FUNCTION_ROUND("trunc", eval_trunc, 2),
    FUNCTION_ROUND("ceil", eval_ceil, 1),
    FUNCTION_ROUND("ceiling", eval_ceil, 1),
    FUNCTION_ROUND("floor", eval_floor, 1),
    FUNCTION_DOUBLE("power", eval_power, 2),
    FUNCTION_DOUBLE("pow", eval_power, 2),
    FUNCTION_DOUBLE("sqrt", eval_sqrt, 1),
    FUNCTION_DOUBLE("exp", eval_exp, 1),
    FUNCTION_DOUBLE("ln", eval_ln, 1),
    FUNCTION_COMMON("greatest", FORM_CALL, eval_greatest, 1),
    FUNCTION_COMMON("least", FORM_CALL, eval_least, 1),
    FUNCTION_COMMON("coalesce", FORM_COALESCE, NULL, 1),
    {.name = STR_INIT("nullif"), .form = FORM_NULLIF, .arg_min = 2, .arg_max = 2},
    {.name = STR_INIT("typeof"), .form = FORM_TYPEOF, .arg_min = 1, .arg_max = 1},
};

const FunctionTable functions_math = {FUNCTIONS, sizeof(FUNCTIONS) / sizeof(FUNCTIONS[0])};
