/* SPDX-License-Identifier: Apache-2.0 */
#include "value/datetime.h"

typedef struct Scan {
    const char *at;
    const char *end;
} Scan;

static Scan scan_from(Str text)
{
    return (Scan){text.ptr, text.ptr + text.len};
}

static bool scan_char(Scan *scan, char c)
{
    if (scan->at == scan->end || *scan->at != c)
        return false;
    scan->at++;
    return true;
}

/* Exactly `count` digits. */
static bool scan_digits(Scan *scan, int count, int *ret_number)
{
    int number = 0;
    if (scan->end - scan->at < count)
        return false;
    for (int i = 0; i < count; i++) {
        unsigned digit = (unsigned)(scan->at[i] - '0');
        if (digit > 9)
            return false;
        number = number * 10 + (int)digit;
    }
    scan->at += count;
    *ret_number = number;
    return true;
}

static int days_in_month(int year, int month)
{
    static const int DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return DAYS[month - 1] + (month == 2 && leap);
}

static bool scan_date(Scan *scan, CivilTime *civil)
{
    return scan_digits(scan, 4, &civil->year) && scan_char(scan, '-') &&
           scan_digits(scan, 2, &civil->month) && scan_char(scan, '-') &&
           scan_digits(scan, 2, &civil->day) && civil->year >= 1 && civil->month >= 1 &&
           civil->month <= 12 && civil->day >= 1 &&
           civil->day <= days_in_month(civil->year, civil->month);
}

/* 1 to 9 digits; what is finer than a microsecond is cut off. */
static bool scan_fraction(Scan *scan, int *ret_microsecond)
{
    int microsecond = 0;
    int count = 0;
    for (; count < 9 && scan->at < scan->end; count++, scan->at++) {
        unsigned digit = (unsigned)(*scan->at - '0');
        if (digit > 9)
            break;
        if (count < 6)
            microsecond = microsecond * 10 + (int)digit;
    }
    for (int i = count; i < 6; i++)
        microsecond *= 10;
    *ret_microsecond = microsecond;
    return count > 0;
}

/* hh:mm[:ss[.ffffff]] */
static bool scan_time(Scan *scan, CivilTime *civil)
{
    if (!scan_digits(scan, 2, &civil->hour) || !scan_char(scan, ':') ||
        !scan_digits(scan, 2, &civil->minute) || civil->hour > 23 || civil->minute > 59)
        return false;
    if (!scan_char(scan, ':'))
        return true;
    if (!scan_digits(scan, 2, &civil->second) || civil->second > 59)
        return false;
    return !scan_char(scan, '.') || scan_fraction(scan, &civil->microsecond);
}

/* Nothing, Z, +hh, +hhmm or +hh:mm. */
static bool scan_offset(Scan *scan, int64_t *ret_offset_us)
{
    int hours = 0, minutes = 0;
    *ret_offset_us = 0;
    if (scan->at == scan->end || scan_char(scan, 'Z') || scan_char(scan, 'z'))
        return true;
    bool west = scan_char(scan, '-');
    if (!west && !scan_char(scan, '+'))
        return false;
    if (!scan_digits(scan, 2, &hours))
        return false;
    if ((scan_char(scan, ':') || scan->at < scan->end) && !scan_digits(scan, 2, &minutes))
        return false;
    if (hours > 23 || minutes > 59)
        return false;
    int64_t offset_us = (hours * INT64_C(60) + minutes) * 60 * US_PER_SECOND;
    *ret_offset_us = west ? -offset_us : offset_us;
    return true;
}

bool date_parse(Str text, int64_t *ret_days)
{
    CivilTime civil = {0};
    Scan scan = scan_from(text);
    if (!scan_date(&scan, &civil) || scan.at != scan.end)
        return false;
    *ret_days = days_from_civil(civil.year, civil.month, civil.day);
    return true;
}

bool time_parse(Str text, int64_t *ret_us)
{
    CivilTime civil = {.year = 1970, .month = 1, .day = 1};
    Scan scan = scan_from(text);
    if (!scan_time(&scan, &civil) || scan.at != scan.end)
        return false;
    *ret_us = us_from_civil(&civil);
    return true;
}

bool timestamp_parse(Str text, int64_t *ret_us)
{
    CivilTime civil = {0};
    int64_t offset_us = 0;
    Scan scan = scan_from(text);
    if (!scan_date(&scan, &civil))
        return false;
    if (scan.at < scan.end) {
        bool separated = scan_char(&scan, ' ') || scan_char(&scan, 'T') || scan_char(&scan, 't');
        if (!separated || !scan_time(&scan, &civil) || !scan_offset(&scan, &offset_us))
            return false;
    }
    int64_t us = us_from_civil(&civil) - offset_us;
    if (scan.at != scan.end || us < TIMESTAMP_MIN_US || us > TIMESTAMP_MAX_US)
        return false;
    *ret_us = us;
    return true;
}

/* ---- writing ---- */

/* `count` digits, leading zeros included. */
static void write_digits(Buf *out, int number, int count)
{
    char digits[8];
    for (int i = count - 1; i >= 0; i--, number /= 10)
        digits[i] = (char)('0' + number % 10);
    buf_append(out, digits, (size_t)count);
}

static void write_civil_date(Buf *out, const CivilTime *civil)
{
    if (civil->year >= 0 && civil->year <= 9999)
        write_digits(out, civil->year, 4);
    else
        buf_int64(out, civil->year);
    BUF_LIT(out, "-");
    write_digits(out, civil->month, 2);
    BUF_LIT(out, "-");
    write_digits(out, civil->day, 2);
}

static void write_civil_time(Buf *out, const CivilTime *civil)
{
    write_digits(out, civil->hour, 2);
    BUF_LIT(out, ":");
    write_digits(out, civil->minute, 2);
    BUF_LIT(out, ":");
    write_digits(out, civil->second, 2);
    if (civil->microsecond == 0)
        return;
    int digits = 6, fraction = civil->microsecond;
    for (; fraction % 10 == 0; digits--)
        fraction /= 10;
    BUF_LIT(out, ".");
    write_digits(out, fraction, digits);
}

static void write_timestamp(Buf *out, int64_t us, char separator)
{
    CivilTime civil = civil_from_us(us);
    write_civil_date(out, &civil);
    buf_byte(out, separator);
    write_civil_time(out, &civil);
}

void date_write(Buf *out, int64_t days)
{
    const int64_t days_max = INT64_MAX / US_PER_DAY;
    int64_t shown = days > days_max ? days_max : days < -days_max ? -days_max : days;
    CivilTime civil = civil_from_us(shown * US_PER_DAY);
    write_civil_date(out, &civil);
}

void time_write(Buf *out, int64_t us)
{
    CivilTime civil = civil_from_us(us);
    write_civil_time(out, &civil);
}

void timestamp_write(Buf *out, int64_t us)
{
    write_timestamp(out, us, ' ');
}

void rfc3339_write(Buf *out, int64_t us)
{
    write_timestamp(out, us, 'T');
    BUF_LIT(out, "+00:00");
}
