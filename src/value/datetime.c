/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Years start in March here, so that the leap day is a year's last day; 400
 * years (an era) have 146097 days.  719468 days lie between 0000-03-01 and
 * 1970-01-01.
 */
#include "value/datetime.h"

enum { DAYS_PER_ERA = 146097, DAYS_TO_1970 = 719468 };

/* As /, but rounding down. */
static int64_t divide_down(int64_t value, int64_t by)
{
    return value / by - (value % by < 0);
}

int64_t days_from_civil(int year, int month, int day)
{
    int64_t shifted_year = (int64_t)year - (month <= 2);
    int64_t era = divide_down(shifted_year, 400);
    int64_t year_of_era = shifted_year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * DAYS_PER_ERA + day_of_era - DAYS_TO_1970;
}

static CivilTime civil_from_days(int64_t days)
{
    int64_t shifted = days + DAYS_TO_1970;
    int64_t era = divide_down(shifted, DAYS_PER_ERA);
    int64_t day_of_era = shifted - era * DAYS_PER_ERA;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted_month = (5 * day_of_year + 2) / 153;
    int64_t month = shifted_month + (shifted_month < 10 ? 3 : -9);
    return (CivilTime){
        .year = (int)(year_of_era + era * 400 + (month <= 2)),
        .month = (int)month,
        .day = (int)(day_of_year - (153 * shifted_month + 2) / 5 + 1),
    };
}

CivilTime civil_from_us(int64_t us)
{
    int64_t days = divide_down(us, US_PER_DAY);
    CivilTime civil = civil_from_days(days);
    /* Unsigned: days * US_PER_DAY lies below INT64_MIN on the first day there is. */
    int64_t rest = (int64_t)((uint64_t)us - (uint64_t)days * (uint64_t)US_PER_DAY);
    int64_t seconds = rest / US_PER_SECOND;
    civil.hour = (int)(seconds / 3600);
    civil.minute = (int)(seconds / 60 % 60);
    civil.second = (int)(seconds % 60);
    civil.microsecond = (int)(rest % US_PER_SECOND);
    return civil;
}

int64_t us_from_civil(const CivilTime *civil)
{
    int64_t days = days_from_civil(civil->year, civil->month, civil->day);
    int64_t seconds = (civil->hour * INT64_C(60) + civil->minute) * 60 + civil->second;
    return days * US_PER_DAY + seconds * US_PER_SECOND + civil->microsecond;
}
