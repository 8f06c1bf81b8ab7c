/* SPDX-License-Identifier: Apache-2.0 */
#include "value/decimal.h"

#include "value/wide.h"

#include <assert.h>
#include <math.h>

#define E9  ((Uint128)1000000000u)
#define E19 ((Uint128)10000000000000000000u)

static const Uint128 POWERS[DECIMAL_PRECISION_MAX + 1] = {
    1,
    10,
    100,
    1000,
    10000,
    100000,
    1000000,
    10000000,
    100000000,
    E9,
    E9 * 10,
    E9 * 100,
    E9 * 1000,
    E9 * 10000,
    E9 * 100000,
    E9 * 1000000,
    E9 * 10000000,
    E9 * 100000000,
    E9 *E9,
    E19,
    E19 * 10,
    E19 * 100,
    E19 * 1000,
    E19 * 10000,
    E19 * 100000,
    E19 * 1000000,
    E19 * 10000000,
    E19 * 100000000,
    E19 *E9,
    E19 *E9 * 10,
    E19 *E9 * 100,
    E19 *E9 * 1000,
    E19 *E9 * 10000,
    E19 *E9 * 100000,
    E19 *E9 * 1000000,
    E19 *E9 * 10000000,
    E19 *E9 * 100000000,
    E19 *E9 *E9,
    E19 *E19,
};

Uint128 decimal_power(unsigned exponent)
{
    assert(exponent <= DECIMAL_PRECISION_MAX);
    return POWERS[exponent];
}

static Uint128 magnitude_of(Int128 value)
{
    return value < 0 ? -(Uint128)value : (Uint128)value;
}

/* False when the magnitude has more than 38 digits. */
static bool with_sign(Uint128 magnitude, bool negative, Int128 *ret_value)
{
    if (magnitude >= POWERS[DECIMAL_PRECISION_MAX])
        return false;
    *ret_value = negative ? -(Int128)magnitude : (Int128)magnitude;
    return true;
}

bool decimal_fits(Int128 value, uint8_t precision)
{
    return magnitude_of(value) < decimal_power(precision);
}

/* a / b, half away from zero; neither product nor sum below can overflow 39 digits. */
static Uint128 divide_rounded(Uint128 a, Uint128 b)
{
    Uint128 rest = a % b;
    return a / b + (rest >= b - rest);
}

bool decimal_rescale(Int128 value, uint8_t from_scale, uint8_t to_scale, Int128 *ret_value)
{
    assert(from_scale <= DECIMAL_PRECISION_MAX && to_scale <= DECIMAL_PRECISION_MAX);
    Uint128 magnitude = magnitude_of(value);
    if (to_scale < from_scale)
        magnitude = divide_rounded(magnitude, POWERS[from_scale - to_scale]);
    else if (__builtin_mul_overflow(magnitude, POWERS[to_scale - from_scale], &magnitude))
        return false;
    return with_sign(magnitude, value < 0, ret_value);
}

/* The number an operand stands for: an integer of any width has scale 0. */
typedef struct Operand {
    Int128 value;
    uint8_t scale;
} Operand;

static Operand operand_of(const Value *value)
{
    if (value->kind == TYPE_DECIMAL)
        return (Operand){value->decimal, value->scale};
    assert(type_is_integer(value->kind));
    return (Operand){value->integer, 0};
}

/* Brings both to the larger scale. */
static bool align(Operand *a, Operand *b)
{
    uint8_t scale = a->scale > b->scale ? a->scale : b->scale;
    if (!decimal_rescale(a->value, a->scale, scale, &a->value) ||
        !decimal_rescale(b->value, b->scale, scale, &b->value))
        return false;
    a->scale = b->scale = scale;
    return true;
}

static bool finish(Int128 value, uint8_t scale, Value *ret_value)
{
    if (!decimal_fits(value, DECIMAL_PRECISION_MAX))
        return false;
    *ret_value = value_decimal(value, scale);
    return true;
}

/* Two numbers of 38 digits: 2 * 10^38 is above 2^127. */
bool decimal_add(const Value *a, const Value *b, Value *ret_sum)
{
    Operand left = operand_of(a), right = operand_of(b);
    Int128 sum;
    if (!align(&left, &right) || __builtin_add_overflow(left.value, right.value, &sum))
        return false;
    return finish(sum, left.scale, ret_sum);
}

bool decimal_subtract(const Value *a, const Value *b, Value *ret_difference)
{
    Operand left = operand_of(a), right = operand_of(b);
    Int128 difference;
    if (!align(&left, &right) || __builtin_sub_overflow(left.value, right.value, &difference))
        return false;
    return finish(difference, left.scale, ret_difference);
}

/* Cuts all but one of the digits to be dropped, then rounds by that one. */
static bool multiply_and_drop(Uint128 a, Uint128 b, unsigned drop, Uint128 *ret_product)
{
    Wide product = wide_multiply(a, b);
    for (unsigned left = drop - 1; left > 0;) {
        unsigned step = left < 19 ? left : 19;
        wide_divide(&product, (uint64_t)POWERS[step]);
        left -= step;
    }
    if (product.high)
        return false;
    *ret_product = product.low / 10 + (product.low % 10 >= 5);
    return true;
}

bool decimal_multiply(const Value *a, const Value *b, Value *ret_product)
{
    Operand left = operand_of(a), right = operand_of(b);
    Uint128 x = magnitude_of(left.value), y = magnitude_of(right.value), product;
    unsigned scale = (unsigned)left.scale + right.scale;
    unsigned drop = scale > DECIMAL_PRECISION_MAX ? scale - DECIMAL_PRECISION_MAX : 0;
    bool fits =
        drop ? multiply_and_drop(x, y, drop, &product) : !__builtin_mul_overflow(x, y, &product);
    Int128 value;
    if (!fits || !with_sign(product, (left.value < 0) != (right.value < 0), &value))
        return false;
    *ret_product = value_decimal(value, (uint8_t)(scale - drop));
    return true;
}

/* a * 10 / b for a < b, digit by digit because a * 10 may not fit. */
static unsigned next_digit(Uint128 *a, Uint128 b)
{
    unsigned digit = 0;
    Uint128 rest = 0;
    for (int i = 0; i < 10; i++) {
        rest += *a;
        if (rest >= b) {
            rest -= b;
            digit++;
        }
    }
    *a = rest;
    return digit;
}

/* a * 10^power / b, half away from zero. */
static bool divide_scaled(Uint128 a, Uint128 b, unsigned power, Uint128 *ret_quotient)
{
    Uint128 scaled;
    if (power <= DECIMAL_PRECISION_MAX && !__builtin_mul_overflow(a, POWERS[power], &scaled)) {
        *ret_quotient = divide_rounded(scaled, b);
        return true;
    }
    Uint128 quotient = a / b, rest = a % b;
    for (; power > 0; power--) {
        if (quotient >= POWERS[DECIMAL_PRECISION_MAX - 1])
            return false;
        quotient = quotient * 10 + next_digit(&rest, b);
    }
    *ret_quotient = quotient + (rest >= b - rest);
    return true;
}

bool decimal_divide(const Value *a, const Value *b, Value *ret_quotient)
{
    Operand left = operand_of(a), right = operand_of(b);
    unsigned scale = left.scale > right.scale ? left.scale : right.scale;
    if (scale < 6)
        scale = 6;
    Uint128 quotient;
    Int128 value;
    if (right.value == 0 ||
        !divide_scaled(magnitude_of(left.value),
                       magnitude_of(right.value),
                       scale + right.scale - left.scale,
                       &quotient) ||
        !with_sign(quotient, (left.value < 0) != (right.value < 0), &value))
        return false;
    *ret_quotient = value_decimal(value, (uint8_t)scale);
    return true;
}

bool decimal_modulo(const Value *a, const Value *b, Value *ret_rest)
{
    Operand left = operand_of(a), right = operand_of(b);
    if (right.value == 0 || !align(&left, &right))
        return false;
    return finish(left.value % right.value, left.scale, ret_rest);
}

static int compare_int128(Int128 a, Int128 b)
{
    return a == b ? 0 : a < b ? -1 : 1;
}

/* Whole parts first; the fractions, brought to 38 digits, cannot overflow. */
int decimal_compare(const Value *a, const Value *b)
{
    Operand left = operand_of(a), right = operand_of(b);
    if (left.scale == right.scale)
        return compare_int128(left.value, right.value);
    Int128 left_unit = (Int128)POWERS[left.scale], right_unit = (Int128)POWERS[right.scale];
    int order = compare_int128(left.value / left_unit, right.value / right_unit);
    if (order)
        return order;
    Int128 left_fraction =
        left.value % left_unit * (Int128)POWERS[DECIMAL_PRECISION_MAX - left.scale];
    Int128 right_fraction =
        right.value % right_unit * (Int128)POWERS[DECIMAL_PRECISION_MAX - right.scale];
    return compare_int128(left_fraction, right_fraction);
}

static unsigned bit_count(Uint128 value)
{
    uint64_t high = (uint64_t)(value >> 64), low = (uint64_t)value;
    if (high)
        return 128 - (unsigned)__builtin_clzll(high);
    return low ? 64 - (unsigned)__builtin_clzll(low) : 0;
}

/* value / 10^scale against mantissa * 2^exponent, none of them negative. */
static int compare_magnitudes(Uint128 value, uint8_t scale, uint64_t mantissa, int exponent)
{
    Wide real = wide_multiply(mantissa, POWERS[scale]); /* below 2^180 */
    if (exponent >= 0) {
        if (bit_count(mantissa) + (unsigned)exponent > 128)
            return -1;
        real = wide_multiply((Uint128)mantissa << exponent, POWERS[scale]);
        return wide_compare((Wide){0, value}, real);
    }
    if (value && bit_count(value) + (unsigned)-exponent > 181)
        return 1;
    return wide_compare(value ? wide_shift_left(value, (unsigned)-exponent) : (Wide){0, 0}, real);
}

int decimal_compare_double(const Value *a, double real)
{
    Operand left = operand_of(a);
    int sign = left.value < 0 ? -1 : left.value > 0;
    int real_sign = real < 0 ? -1 : real > 0;
    if (sign != real_sign)
        return sign < real_sign ? -1 : 1;
    if (isinf(real))
        return -real_sign;
    int exponent;
    uint64_t mantissa = (uint64_t)ldexp(frexp(fabs(real), &exponent), 53);
    int order = compare_magnitudes(
        magnitude_of(left.value), left.scale, mantissa, mantissa ? exponent - 53 : 0);
    return sign < 0 ? -order : order;
}
