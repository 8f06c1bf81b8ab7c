/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wide: unsigned 256-bit numbers, for products of two 128-bit ones.
 */
#pragma once

#include "value/value.h"

typedef struct Wide {
    Uint128 high;
    Uint128 low;
} Wide;

static inline Wide wide_multiply(Uint128 a, Uint128 b)
{
    Uint128 a_low = (uint64_t)a, a_high = a >> 64;
    Uint128 b_low = (uint64_t)b, b_high = b >> 64;
    Uint128 low = a_low * b_low;
    Uint128 cross = a_high * b_low + (low >> 64); /* at most 2^128 - 2^64 */
    Uint128 middle = a_low * b_high + (uint64_t)cross;
    return (Wide){
        .high = a_high * b_high + (cross >> 64) + (middle >> 64),
        .low = middle << 64 | (uint64_t)low,
    };
}

/* Bits shifted out are lost; shift < 256. */
static inline Wide wide_shift_left(Uint128 value, unsigned shift)
{
    if (shift == 0)
        return (Wide){0, value};
    if (shift >= 128)
        return (Wide){value << (shift - 128), 0};
    return (Wide){value >> (128 - shift), value << shift};
}

static inline int wide_compare(Wide a, Wide b)
{
    if (a.high != b.high)
        return a.high < b.high ? -1 : 1;
    return a.low == b.low ? 0 : a.low < b.low ? -1 : 1;
}

/* Divides in place, one 64-bit limb after the other. */
static inline void wide_divide(Wide *value, uint64_t by)
{
    Uint128 rest = value->high % by;
    value->high /= by;
    Uint128 upper = rest << 64 | value->low >> 64;
    Uint128 lower = (upper % by) << 64 | (uint64_t)value->low;
    value->low = (upper / by) << 64 | lower / by;
}
