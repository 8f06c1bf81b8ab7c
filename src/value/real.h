/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Binary floating point to decimal digits and back.
 *
 * The digits are the fewest that read back as the same number.  Both directions
 * expect the program to keep the "C" locale for LC_NUMERIC, which it has unless
 * it asks for another one.
 */
#pragma once

#include "base/buf.h"

/* (negative ? -1 : 1) * digits * 10^exponent; digits < 10^17 */
typedef struct RealDigits {
    uint64_t digits;
    int exponent;
    bool negative;
} RealDigits;

/* Value must be finite. */
RealDigits real_digits(double value);
/* The fewest digits that read back as the same float. */
RealDigits real_digits_single(float value);

/* 1.5, 1e+300; whole numbers as 1, or as 1.0 when `with_point`. */
void real_digits_write(Buf *out, RealDigits real, bool with_point);

/*
 * [+-]digits[.digits][e[+-]digits], correctly rounded; the digits may stand on
 * either side of the point.  False on anything else and on numbers too large
 * for a double; what is too small becomes 0.
 */
bool real_parse(Str text, double *ret_value);
