/* SPDX-License-Identifier: Apache-2.0 */
#include "value/real.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* All of them exact. */
static const double POWERS[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

enum { POWER_MAX = 22, FRACTION_DIGITS_TRIED = 17 };

typedef struct Precision {
    int digits_min; /* always enough to tell two decimals of so many digits apart */
    int digits_max; /* always enough to read back the same */
    double exact_below;
    double normal_min;
    bool single;
} Precision;

static const Precision DOUBLE = {15, 17, 1e15, 0x1p-1022, false};
static const Precision SINGLE = {6, 9, 1e6, 0x1p-126, true};

static bool reads_back(double read, double value, const Precision *precision)
{
    return precision->single ? (float)read == (float)value : read == value;
}

/*
 * Most numbers people store have few decimals.  When value * 10^k is near an
 * integer d below 10^15 and d / 10^k gives value back, then d is the shortest:
 * the error of the product is below one half, so no smaller k was missed, and
 * the quotient of two exact doubles is what a reader computes.
 */
static bool digits_of_short(double value, const Precision *precision, RealDigits *ret_digits)
{
    for (int k = 0; k <= FRACTION_DIGITS_TRIED; k++) {
        double scaled = rint(value * POWERS[k]);
        if (scaled >= precision->exact_below)
            return false;
        if (reads_back(scaled / POWERS[k], value, precision)) {
            *ret_digits = (RealDigits){(uint64_t)scaled, -k, false};
            return true;
        }
    }
    return false;
}

static double read_text(const char *text, const Precision *precision)
{
    return precision->single ? (double)strtof(text, NULL) : strtod(text, NULL);
}

/*
 * Formats with `count` digits; true when that reads back.  Below a power of two
 * the neighbours are half as far as above it, so the nearest decimal may miss
 * where another one would hit: the one nearest to the interval's middle does.
 */
static bool format(char text[32], double value, int count, const Precision *precision)
{
    snprintf(text, 32, "%.*e", count - 1, value);
    if (reads_back(read_text(text, precision), value, precision))
        return true;
    int exponent;
    if (frexp(value, &exponent) > 0.5)
        return false;
    long double eighth = ldexpl(1, exponent - (precision->single ? 27 : 56));
    snprintf(text, 32, "%.*Le", count - 1, (long double)value + eighth);
    return reads_back(read_text(text, precision), value, precision);
}

static RealDigits digits_of_text(const char *text)
{
    RealDigits real = {0};
    const char *at = text;
    for (; *at != 'e'; at++) {
        if (*at == '.')
            continue;
        real.digits = real.digits * 10 + (uint64_t)(*at - '0');
        real.exponent -= at > text;
    }
    real.exponent += (int)strtol(at + 1, NULL, 10);
    for (; real.digits % 10 == 0; real.exponent++)
        real.digits /= 10;
    return real;
}

/* Value is greater than 0. */
static RealDigits digits_of_long(double value, const Precision *precision)
{
    char text[32];
    int count = value < precision->normal_min ? 1 : precision->digits_min;
    while (!format(text, value, count, precision) && count < precision->digits_max)
        count++;
    return digits_of_text(text);
}

static RealDigits digits_of(double value, const Precision *precision)
{
    assert(isfinite(value));
    RealDigits real = {0};
    double magnitude = fabs(value);
    if (magnitude > 0 && !digits_of_short(magnitude, precision, &real))
        real = digits_of_long(magnitude, precision);
    real.negative = signbit(value);
    return real;
}

RealDigits real_digits(double value)
{
    return digits_of(value, &DOUBLE);
}

RealDigits real_digits_single(float value)
{
    return digits_of((double)value, &SINGLE);
}

static void write_zeros(Buf *out, int count)
{
    for (; count > 0; count--)
        BUF_LIT(out, "0");
}

static void write_plain(Buf *out, Str digits, int point, bool with_point)
{
    if (point <= 0) {
        BUF_LIT(out, "0.");
        write_zeros(out, -point);
        buf_str_append(out, digits);
        return;
    }
    size_t whole = (size_t)point < digits.len ? (size_t)point : digits.len;
    buf_append(out, digits.ptr, whole);
    write_zeros(out, point - (int)digits.len);
    if (whole < digits.len) {
        BUF_LIT(out, ".");
        buf_append(out, digits.ptr + whole, digits.len - whole);
    } else if (with_point) {
        BUF_LIT(out, ".0");
    }
}

static void write_scientific(Buf *out, Str digits, int exponent)
{
    buf_append(out, digits.ptr, 1);
    if (digits.len > 1) {
        BUF_LIT(out, ".");
        buf_append(out, digits.ptr + 1, digits.len - 1);
    }
    buf_printf(out, "e%+03d", exponent);
}

void real_digits_write(Buf *out, RealDigits real, bool with_point)
{
    char text[20];
    size_t at = sizeof(text);
    uint64_t rest = real.digits;
    do
        text[--at] = (char)('0' + rest % 10);
    while (rest /= 10);
    Str digits = str_from(text + at, sizeof(text) - at);

    if (real.negative)
        BUF_LIT(out, "-");
    int point = (int)digits.len + real.exponent;
    if (point > -4 && point <= 15)
        write_plain(out, digits, point, with_point);
    else
        write_scientific(out, digits, point - 1);
}

/* ---- reading ---- */

typedef struct Scan {
    const char *at;
    const char *end;
    uint64_t mantissa; /* of the first 19 digits */
    int mantissa_digits;
    int dropped; /* digits beyond those */
    int64_t exponent;
} Scan;

static bool at_digit(const Scan *scan)
{
    return scan->at < scan->end && (unsigned)(*scan->at - '0') < 10;
}

static int scan_digits(Scan *scan)
{
    int count = 0;
    for (; at_digit(scan); scan->at++, count++) {
        if (scan->mantissa_digits >= 19) {
            scan->dropped++;
            continue;
        }
        scan->mantissa = scan->mantissa * 10 + (uint64_t)(*scan->at - '0');
        scan->mantissa_digits += scan->mantissa > 0;
    }
    return count;
}

static bool scan_exponent(Scan *scan)
{
    scan->at++;
    bool negative = scan->at < scan->end && *scan->at == '-';
    if (negative || (scan->at < scan->end && *scan->at == '+'))
        scan->at++;
    if (!at_digit(scan))
        return false;
    int64_t exponent = 0;
    for (; at_digit(scan); scan->at++)
        if (exponent < 1000000)
            exponent = exponent * 10 + (*scan->at - '0');
    scan->exponent += negative ? -exponent : exponent;
    return true;
}

/* The whole text, without its sign. */
static bool scan_number(Scan *scan)
{
    int count = scan_digits(scan);
    if (scan->at < scan->end && *scan->at == '.') {
        scan->at++;
        int fraction = scan_digits(scan);
        scan->exponent -= fraction;
        count += fraction;
    }
    if (count == 0)
        return false;
    if (scan->at < scan->end && (*scan->at == 'e' || *scan->at == 'E') && !scan_exponent(scan))
        return false;
    return scan->at == scan->end;
}

/* strtod() needs a NUL behind the text. */
static double parse_slowly(Str text)
{
    char small[64];
    if (text.len < sizeof(small)) {
        memcpy(small, text.ptr, text.len);
        small[text.len] = '\0';
        return strtod(small, NULL);
    }
    CLEANUP(buf_done) Buf large = {0};
    buf_str_append(&large, text);
    buf_byte(&large, '\0');
    return strtod(large.ptr, NULL);
}

bool real_parse(Str text, double *ret_value)
{
    bool negative = text.len > 0 && text.ptr[0] == '-';
    if (negative || (text.len > 0 && text.ptr[0] == '+'))
        text = str_from(text.ptr + 1, text.len - 1);
    if (text.len > INT32_MAX)
        return false;
    Scan scan = {.at = text.ptr, .end = text.ptr + text.len};
    if (!scan_number(&scan))
        return false;

    double value;
    bool exact = scan.dropped == 0 && scan.mantissa < (UINT64_C(1) << 53) &&
                 scan.exponent >= -POWER_MAX && scan.exponent <= POWER_MAX;
    if (!exact)
        value = parse_slowly(text);
    else if (scan.exponent < 0) /* W. D. Clinger: one rounding of two exact operands */
        value = (double)scan.mantissa / POWERS[-scan.exponent];
    else
        value = (double)scan.mantissa * POWERS[scan.exponent];
    if (!isfinite(value))
        return false;
    *ret_value = negative ? -value : value;
    return true;
}
