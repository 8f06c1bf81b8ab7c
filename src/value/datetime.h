/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calendar: proleptic Gregorian dates, microseconds, years 0001..9999.
 * Algorithms: Howard Hinnant, "chrono-compatible low-level date algorithms".
 *
 * Text is read within these years only; every int64 is written without fault
 * (dates beyond the range of a timestamp are clamped to it).
 */
#pragma once

#include "base/buf.h"

enum { US_PER_SECOND = 1000000 };
#define US_PER_DAY INT64_C(86400000000)

/* 0001-01-01 and 9999-12-31, the latter's last microsecond for timestamps. */
#define DATE_MIN_DAYS    INT64_C(-719162)
#define DATE_MAX_DAYS    INT64_C(2932896)
#define TIMESTAMP_MIN_US (DATE_MIN_DAYS * US_PER_DAY)
#define TIMESTAMP_MAX_US ((DATE_MAX_DAYS + 1) * US_PER_DAY - 1)

typedef struct CivilTime {
    int year;
    int month; /* 1..12 */
    int day;   /* 1..31 */
    int hour, minute, second, microsecond;
} CivilTime;

int64_t days_from_civil(int year, int month, int day);
CivilTime civil_from_us(int64_t us);
int64_t us_from_civil(const CivilTime *civil);

/*
 * ISO 8601; the whole text must match: ' ' or 'T', optional seconds, optional
 * fraction (cut off below microseconds), optional Z or +hh[[:]mm] for timestamps.
 */
bool date_parse(Str text, int64_t *ret_days);
bool time_parse(Str text, int64_t *ret_us);
/* An offset is converted to UTC; a bare date is midnight. */
bool timestamp_parse(Str text, int64_t *ret_us);

void date_write(Buf *out, int64_t days);
void time_write(Buf *out, int64_t us);
/* 2026-01-02 03:04:05.000006, fraction only when there is one */
void timestamp_write(Buf *out, int64_t us);
/* 2026-05-04T10:00:00+00:00, fraction only when there is one */
void rfc3339_write(Buf *out, int64_t us);
