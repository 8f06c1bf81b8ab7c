/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DECIMAL from and to text and binary floating point.
 */
#include "value/decimal.h"

#include "value/real.h"

#include <assert.h>
#include <math.h>

enum { EXPONENT_MAX = 9999, TEXT_MAX = 48 };

/* digits * 10^exponent; digits < 10^38 */
typedef struct Scan {
    const char *at;
    const char *end;
    Uint128 digits;
    int64_t exponent;
} Scan;

static bool scan_digits(Scan *scan, int64_t *ret_count)
{
    int64_t count = 0;
    for (; scan->at < scan->end && (unsigned)(*scan->at - '0') < 10; scan->at++, count++) {
        if (scan->digits >= decimal_power(DECIMAL_PRECISION_MAX - 1))
            return false;
        scan->digits = scan->digits * 10 + (unsigned)(*scan->at - '0');
    }
    *ret_count = count;
    return true;
}

static bool scan_exponent(Scan *scan)
{
    int64_t exponent;
    if (!str_to_int64(str_from(scan->at, (size_t)(scan->end - scan->at)), &exponent))
        return false;
    if (exponent < -EXPONENT_MAX || exponent > EXPONENT_MAX)
        return false;
    scan->exponent += exponent;
    scan->at = scan->end;
    return true;
}

/* The whole text, without its sign. */
static bool scan_number(Scan *scan)
{
    int64_t whole, fraction = 0;
    if (!scan_digits(scan, &whole))
        return false;
    if (scan->at < scan->end && *scan->at == '.') {
        scan->at++;
        if (!scan_digits(scan, &fraction))
            return false;
        scan->exponent = -fraction;
    }
    if (whole + fraction == 0)
        return false;
    if (scan->at < scan->end && (*scan->at == 'e' || *scan->at == 'E')) {
        scan->at++;
        return scan_exponent(scan);
    }
    return scan->at == scan->end;
}

/* Moves the exponent to what a scale can express, 0 to -38. */
static bool normalise(Scan *scan)
{
    if (scan->digits == 0)
        scan->exponent = scan->exponent > 0                        ? 0
                         : scan->exponent < -DECIMAL_PRECISION_MAX ? -DECIMAL_PRECISION_MAX
                                                                   : scan->exponent;
    for (; scan->exponent < -DECIMAL_PRECISION_MAX; scan->exponent++) {
        if (scan->digits % 10 != 0)
            return false;
        scan->digits /= 10;
    }
    for (; scan->exponent > 0; scan->exponent--) {
        if (scan->digits >= decimal_power(DECIMAL_PRECISION_MAX - 1))
            return false;
        scan->digits *= 10;
    }
    return true;
}

bool decimal_parse(Str text, Value *ret_value)
{
    bool negative = text.len > 0 && text.ptr[0] == '-';
    if (negative || (text.len > 0 && text.ptr[0] == '+'))
        text = str_from(text.ptr + 1, text.len - 1);
    Scan scan = {.at = text.ptr, .end = text.ptr + text.len};
    if (!scan_number(&scan) || !normalise(&scan))
        return false;
    Int128 value = (Int128)scan.digits;
    *ret_value = value_decimal(negative ? -value : value, (uint8_t)-scan.exponent);
    return true;
}

/* Fills text from its end; returns where it begins. */
static char *format(char text[TEXT_MAX], Int128 value, uint8_t scale)
{
    assert(scale <= DECIMAL_PRECISION_MAX);
    char *at = text + TEXT_MAX;
    Uint128 rest = value < 0 ? -(Uint128)value : (Uint128)value;
    for (int digit = 0; digit <= scale || rest > 0; digit++) {
        if (digit == scale && digit > 0)
            *--at = '.';
        *--at = (char)('0' + (int)(rest % 10));
        rest /= 10;
    }
    if (value < 0)
        *--at = '-';
    return at;
}

void decimal_write(Buf *out, Int128 value, uint8_t scale)
{
    char text[TEXT_MAX];
    const char *at = format(text, value, scale);
    buf_append(out, at, (size_t)(text + TEXT_MAX - at));
}

double decimal_to_double(const Value *value)
{
    const Int128 exact_max = (Int128)1 << 53;
    bool exact = value->decimal >= -exact_max && value->decimal <= exact_max;
    if (exact && value->scale == 0)
        return (double)value->decimal;
    if (exact && value->scale <= 22) /* one rounding of two exact operands */
        return (double)value->decimal / (double)decimal_power(value->scale);
    char text[TEXT_MAX];
    const char *at = format(text, value->decimal, value->scale);
    double real = 0;
    bool parsed = real_parse(str_from(at, (size_t)(text + TEXT_MAX - at)), &real);
    assert(parsed);
    (void)parsed;
    return real;
}

bool decimal_from_double(double real, uint8_t scale, Int128 *ret_value)
{
    if (!isfinite(real))
        return false;
    RealDigits shortest = real_digits(real);
    Int128 digits = (Int128)shortest.digits;
    if (shortest.negative)
        digits = -digits;
    int power = shortest.exponent + scale;
    if (digits == 0 || power < -DECIMAL_PRECISION_MAX) {
        *ret_value = 0;
        return true;
    }
    if (power > DECIMAL_PRECISION_MAX)
        return false;
    return power < 0 ? decimal_rescale(digits, (uint8_t)-power, 0, ret_value)
                     : decimal_rescale(digits, 0, (uint8_t)power, ret_value);
}
