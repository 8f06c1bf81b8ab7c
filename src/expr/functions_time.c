/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The time of the statement, and parts of dates and times.
 */
#include "expr/functions.h"

#include "value/datetime.h"

enum { DAYS_PER_WEEK = 7, THURSDAY = 4 };

static int64_t floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* 1970-01-01 was a Thursday; Monday is 1, Sunday 7. */
static int64_t iso_weekday(int64_t days)
{
    int64_t since_monday = days + THURSDAY - 1;
    return since_monday - floor_divide(since_monday, DAYS_PER_WEEK) * DAYS_PER_WEEK + 1;
}

/* ISO 8601: the week belongs to the year that has its Thursday. */
static int64_t iso_week(int64_t days)
{
    int64_t thursday = days - iso_weekday(days) + THURSDAY;
    CivilTime civil = civil_from_us(thursday * US_PER_DAY);
    return (thursday - days_from_civil(civil.year, 1, 1)) / DAYS_PER_WEEK + 1;
}

/* ---- now ---- */

static Value now_of(const ExprEnvironment *environment)
{
    return value_integer(TYPE_TIMESTAMP, environment->now_us);
}

static Value today_of(const ExprEnvironment *environment)
{
    return value_integer(TYPE_DATE, floor_divide(environment->now_us, US_PER_DAY));
}

/* ---- units ---- */

typedef enum Unit {
    UNIT_MICROSECOND,
    UNIT_MILLISECOND,
    UNIT_SECOND,
    UNIT_MINUTE,
    UNIT_HOUR,
    UNIT_DAY,
    UNIT_WEEK,
    UNIT_MONTH,
    UNIT_QUARTER,
    UNIT_YEAR,
    UNIT_DECADE,
    UNIT_CENTURY,
    /* not for date_trunc */
    UNIT_WEEKDAY,
    UNIT_ISO_WEEKDAY,
    UNIT_DAY_OF_YEAR,
    UNIT_EPOCH
} Unit;

typedef struct UnitName {
    Str name;
    Unit unit;
} UnitName;

static const UnitName UNITS[] = {
    {STR_INIT("microseconds"), UNIT_MICROSECOND},
    {STR_INIT("microsecond"), UNIT_MICROSECOND},
    {STR_INIT("milliseconds"), UNIT_MILLISECOND},
    {STR_INIT("millisecond"), UNIT_MILLISECOND},
    {STR_INIT("second"), UNIT_SECOND},
    {STR_INIT("minute"), UNIT_MINUTE},
    {STR_INIT("hour"), UNIT_HOUR},
    {STR_INIT("day"), UNIT_DAY},
    {STR_INIT("week"), UNIT_WEEK},
    {STR_INIT("month"), UNIT_MONTH},
    {STR_INIT("quarter"), UNIT_QUARTER},
    {STR_INIT("year"), UNIT_YEAR},
    {STR_INIT("decade"), UNIT_DECADE},
    {STR_INIT("century"), UNIT_CENTURY},
    {STR_INIT("dow"), UNIT_WEEKDAY},
    {STR_INIT("isodow"), UNIT_ISO_WEEKDAY},
    {STR_INIT("doy"), UNIT_DAY_OF_YEAR},
    {STR_INIT("epoch"), UNIT_EPOCH},
};

static Status fail_unit(Context *ctx, Str name, const Value *moment)
{
    Str type = type_to_sql(&ctx->arena, (Type){.kind = moment->kind});
    return fail(
        ctx, STATUS_INVALID_VALUE, "\"%.*s\" is no unit of a %.*s", STR_ARG(name), STR_ARG(type));
}

static Status find_unit(Context *ctx, Str name, const Value *moment, Unit *ret_unit)
{
    for (size_t i = 0; i < sizeof(UNITS) / sizeof(UNITS[0]); i++) {
        if (str_equal_nocase(UNITS[i].name, name)) {
            *ret_unit = UNITS[i].unit;
            return STATUS_OK;
        }
    }
    return fail_unit(ctx, name, moment);
}

static int64_t moment_us(const Value *moment)
{
    return moment->kind == TYPE_DATE ? moment->integer * US_PER_DAY : moment->integer;
}

/* ---- date_trunc ---- */

static int64_t truncate_by(int64_t us, int64_t step)
{
    return floor_divide(us, step) * step;
}

static int64_t truncate_calendar(int64_t us, Unit unit)
{
    CivilTime civil = civil_from_us(us);
    int year = civil.year, month = civil.month;
    if (unit == UNIT_QUARTER)
        month = (month - 1) / 3 * 3 + 1;
    if (unit >= UNIT_YEAR)
        month = 1;
    if (unit == UNIT_DECADE)
        year = year >= 10 ? year / 10 * 10 : 1;
    if (unit == UNIT_CENTURY)
        year = (year - 1) / 100 * 100 + 1;
    return days_from_civil(year, month, 1) * US_PER_DAY;
}

static int64_t truncate_us(int64_t us, Unit unit)
{
    static const int64_t STEPS[] = {
        [UNIT_MICROSECOND] = 1,
        [UNIT_MILLISECOND] = 1000,
        [UNIT_SECOND] = US_PER_SECOND,
        [UNIT_MINUTE] = INT64_C(60) * US_PER_SECOND,
        [UNIT_HOUR] = INT64_C(3600) * US_PER_SECOND,
        [UNIT_DAY] = US_PER_DAY,
    };
    if (unit <= UNIT_DAY)
        return truncate_by(us, STEPS[unit]);
    if (unit == UNIT_WEEK) {
        int64_t days = floor_divide(us, US_PER_DAY);
        return (days - iso_weekday(days) + 1) * US_PER_DAY;
    }
    return truncate_calendar(us, unit);
}

static Status eval_date_trunc(Context *ctx, const Value *args, size_t count, Value *ret_value)
{
    (void)count;
    Unit unit = UNIT_DAY;
    TRY(find_unit(ctx, args[0].text, &args[1], &unit));
    if (unit > UNIT_CENTURY || args[1].kind == TYPE_TIME)
        return fail_unit(ctx, args[0].text, &args[1]);
    TypeKind kind = args[1].kind == TYPE_DATETIME ? TYPE_DATETIME : TYPE_TIMESTAMP;
    Value us = value_bigint(truncate_us(moment_us(&args[1]), unit));
    return value_cast(ctx, &us, (Type){.kind = kind}, ret_value); /* year 1 may begin in week 0 */
}

static Type result_date_trunc(const Expr *const *args, size_t count)
{
    return count == 2 && args[1]->type.kind == TYPE_DATETIME ? TYPE(DATETIME) : TYPE(TIMESTAMP);
}

/* ---- date_part ---- */

static int64_t part_of_date(int64_t days, const CivilTime *civil, Unit unit)
{
    switch (unit) {
    case UNIT_DAY:
        return civil->day;
    case UNIT_WEEK:
        return iso_week(days);
    case UNIT_MONTH:
        return civil->month;
    case UNIT_QUARTER:
        return (civil->month - 1) / 3 + 1;
    case UNIT_YEAR:
        return civil->year;
    case UNIT_DECADE:
        return civil->year / 10;
    case UNIT_CENTURY:
        return (civil->year - 1) / 100 + 1;
    case UNIT_WEEKDAY:
        return iso_weekday(days) % DAYS_PER_WEEK;
    case UNIT_ISO_WEEKDAY:
        return iso_weekday(days);
    default:
        return days - days_from_civil(civil->year, 1, 1) + 1;
    }
}

static double part_of_time(const CivilTime *civil, Unit unit)
{
    int64_t us = (int64_t)civil->second * US_PER_SECOND + civil->microsecond;
    switch (unit) {
    case UNIT_MICROSECOND:
        return (double)us;
    case UNIT_MILLISECOND:
        return (double)us / 1000;
    case UNIT_SECOND:
        return (double)us / US_PER_SECOND;
    case UNIT_MINUTE:
        return civil->minute;
    default:
        return civil->hour;
    }
}

static double part_of(int64_t us, Unit unit)
{
    CivilTime civil = civil_from_us(us);
    if (unit == UNIT_EPOCH)
        return (double)us / US_PER_SECOND;
    if (unit <= UNIT_HOUR)
        return part_of_time(&civil, unit);
    return (double)part_of_date(floor_divide(us, US_PER_DAY), &civil, unit);
}

static Status eval_date_part(Context *ctx, const Value *args, size_t count, Value *ret_value)
{
    (void)count;
    Unit unit = UNIT_DAY;
    TRY(find_unit(ctx, args[0].text, &args[1], &unit));
    if (args[1].kind == TYPE_TIME && unit > UNIT_HOUR && unit != UNIT_EPOCH)
        return fail_unit(ctx, args[0].text, &args[1]);
    *ret_value = value_double(part_of(moment_us(&args[1]), unit));
    return STATUS_OK;
}

#define FUNCTION_NOW(name_, of_, result_)                                                          \
    {                                                                                              \
        .name = STR_INIT(name_), .volatility = FUNCTION_STATEMENT, .of_environment = (of_),        \
        .result = TYPE_##result_                                                                   \
    }

static const Function FUNCTIONS[] = {
    FUNCTION_NOW("now", now_of, TIMESTAMP),
    FUNCTION_NOW("current_timestamp", now_of, TIMESTAMP),
    FUNCTION_NOW("current_date", today_of, DATE),
    {.name = STR_INIT("date_part"),
     .eval = eval_date_part,
     .result = TYPE_DOUBLE,
     .arg_min = 2,
     .arg_max = 2,
     .parameters = {PARAMETER_TEXT, PARAMETER_MOMENT}},
    {.name = STR_INIT("date_trunc"),
     .eval = eval_date_trunc,
     .result_of = result_date_trunc,
     .arg_min = 2,
     .arg_max = 2,
     .parameters = {PARAMETER_TEXT, PARAMETER_MOMENT}},
};

const FunctionTable functions_time = {FUNCTIONS, sizeof(FUNCTIONS) / sizeof(FUNCTIONS[0])};
