/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DECIMAL arithmetic: 128-bit integers scaled by powers of ten, exact or an
 * error.  All functions return false on overflow of 38 digits (division: also
 * by zero).
 */
#pragma once

#include "value/value.h"

bool decimal_rescale(Int128 value, uint8_t from_scale, uint8_t to_scale, Int128 *ret_value); /* rounds half away from zero */
bool decimal_add(const Value *a, const Value *b, Value *ret_sum);      /* scale = the larger */
bool decimal_subtract(const Value *a, const Value *b, Value *ret_difference);
bool decimal_multiply(const Value *a, const Value *b, Value *ret_product); /* scale = the sum, at most 38 (rounded) */
bool decimal_divide(const Value *a, const Value *b, Value *ret_quotient);  /* scale = max(6, the larger) */
bool decimal_modulo(const Value *a, const Value *b, Value *ret_rest);
int decimal_compare(const Value *a, const Value *b);
bool decimal_parse(Str text, Value *ret_value); /* "-12.50", also 1.2e3; scale as written */
double decimal_to_double(const Value *value);
bool decimal_from_double(double real, uint8_t scale, Int128 *ret_value);
void decimal_write(Buf *out, Int128 value, uint8_t scale);
