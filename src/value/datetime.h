/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calendar: proleptic Gregorian dates, microseconds, years 0001..9999.
 * Algorithms: Howard Hinnant, "chrono-compatible low-level date algorithms".
 */
#pragma once

#include "base/buf.h"

enum { US_PER_SECOND = 1000000 };
#define US_PER_DAY INT64_C(86400000000)

typedef struct CivilTime {
    int year;
    int month; /* 1..12 */
    int day;   /* 1..31 */
    int hour, minute, second, microsecond;
} CivilTime;

int64_t days_from_civil(int year, int month, int day);
CivilTime civil_from_us(int64_t us);
int64_t us_from_civil(const CivilTime *civil);

/* ISO 8601; the whole text must match; ' ' or 'T', optional fraction, optional Z or +hh[:mm]. */
bool date_parse(Str text, int64_t *ret_days);
bool time_parse(Str text, int64_t *ret_us);
bool timestamp_parse(Str text, int64_t *ret_us); /* an offset is converted to UTC; a bare date is midnight */

void date_write(Buf *out, int64_t days);
void time_write(Buf *out, int64_t us);
void timestamp_write(Buf *out, int64_t us);  /* 2026-01-02 03:04:05.000006, fraction only when there is one */
void rfc3339_write(Buf *out, int64_t us);    /* 2026-05-04T10:00:00+00:00, fraction only when there is one */
