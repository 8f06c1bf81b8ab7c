/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DECIMAL arithmetic: 128-bit integers scaled by powers of ten, exact or an
 * error.  All functions return false on overflow of 38 digits (division: also
 * by zero).  Operands may be integers of any width too: their scale is 0.
 */
#pragma once

#include "value/value.h"

/* 10^exponent, exponent <= 38. */
Uint128 decimal_power(unsigned exponent);
/* Has value at most `precision` digits? */
bool decimal_fits(Int128 value, uint8_t precision);

/* Rounds half away from zero. */
bool decimal_rescale(Int128 value, uint8_t from_scale, uint8_t to_scale, Int128 *ret_value);

/* scale = the larger */
bool decimal_add(const Value *a, const Value *b, Value *ret_sum);
bool decimal_subtract(const Value *a, const Value *b, Value *ret_difference);
/* scale = the sum, at most 38 (rounded) */
bool decimal_multiply(const Value *a, const Value *b, Value *ret_product);
/* scale = max(6, the larger); rounded */
bool decimal_divide(const Value *a, const Value *b, Value *ret_quotient);
/* scale = the larger; the rest has the sign of a */
bool decimal_modulo(const Value *a, const Value *b, Value *ret_rest);

int decimal_compare(const Value *a, const Value *b);
/* Exact.  real must not be NaN. */
int decimal_compare_double(const Value *a, double real);

/* "-12.50", also 1.2e3; scale as written */
bool decimal_parse(Str text, Value *ret_value);
/* The nearest double. */
double decimal_to_double(const Value *value);
/* Converts the shortest text of real, so that 0.1 becomes 0.100; false for NaN and infinities. */
bool decimal_from_double(double real, uint8_t scale, Int128 *ret_value);
void decimal_write(Buf *out, Int128 value, uint8_t scale);
