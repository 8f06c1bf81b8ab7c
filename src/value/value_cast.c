/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CAST and assignment.
 *
 * A cast is chosen by its target; CASTS says which sources each target has, and
 * the functions below rely on it.  A JSON scalar is cast by way of its text.
 */
#include "value/datetime.h"
#include "value/decimal.h"
#include "value/hex.h"
#include "value/ids.h"
#include "value/json.h"
#include "value/real.h"

#include <assert.h>
#include <float.h>
#include <math.h>

enum { SHOWN_BYTES_MAX = 64 };

#define KIND(kind) (1u << TYPE_##kind)
#define INTEGERS   (KIND(SMALLINT) | KIND(INT) | KIND(BIGINT))
#define NUMBERS    (INTEGERS | KIND(FLOAT) | KIND(DOUBLE) | KIND(DECIMAL))
#define MOMENTS    (KIND(DATE) | KIND(TIMESTAMP) | KIND(DATETIME))
#define WORDS      (KIND(TEXT) | KIND(JSON))
#define ANYTHING   ((1u << TYPE_KIND_COUNT) - 1)

/* The bits of the kinds that each kind can be made from; itself and NULL go without saying. */
static const unsigned CASTS[TYPE_KIND_COUNT] = {
    [TYPE_BOOLEAN] = WORDS | INTEGERS,
    [TYPE_SMALLINT] = WORDS | NUMBERS | KIND(BOOLEAN) | KIND(DATE),
    [TYPE_INT] = WORDS | NUMBERS | KIND(BOOLEAN) | KIND(DATE),
    [TYPE_BIGINT] = WORDS | NUMBERS | KIND(BOOLEAN) | MOMENTS | KIND(TIME),
    [TYPE_FLOAT] = WORDS | NUMBERS,
    [TYPE_DOUBLE] = WORDS | NUMBERS,
    [TYPE_DECIMAL] = WORDS | NUMBERS,
    [TYPE_TEXT] = ANYTHING,
    [TYPE_JSON] = KIND(TEXT) | KIND(BOOLEAN) | NUMBERS,
    [TYPE_BYTES] = KIND(TEXT) | KIND(UUID),
    [TYPE_DATE] = WORDS | INTEGERS | MOMENTS,
    [TYPE_TIME] = WORDS | INTEGERS | KIND(TIMESTAMP) | KIND(DATETIME),
    [TYPE_TIMESTAMP] = WORDS | INTEGERS | MOMENTS,
    [TYPE_DATETIME] = WORDS | INTEGERS | MOMENTS,
    [TYPE_UUID] = WORDS | KIND(BYTES),
};

bool value_can_cast(TypeKind from, TypeKind to)
{
    return from == TYPE_NULL || from == to || (CASTS[to] >> from & 1);
}

/* ---- errors ---- */

/* The value as an error message shows it: its beginning, cut between characters. */
static Str shown(Context *ctx, const Value *value)
{
    Str text = value_to_text(&ctx->arena, value);
    if (text.len <= SHOWN_BYTES_MAX)
        return text;
    size_t len = SHOWN_BYTES_MAX;
    while (len > 0 && ((unsigned char)text.ptr[len] & 0xc0) == 0x80)
        len--;
    return arena_printf(&ctx->arena, "%.*s..", (int)len, text.ptr);
}

static Status fail_syntax(Context *ctx, const Value *value, Type to)
{
    Str type = type_to_sql(&ctx->arena, to);
    return fail(ctx,
                STATUS_INVALID_VALUE,
                "invalid input syntax for type %.*s: \"%.*s\"",
                STR_ARG(type),
                STR_ARG(shown(ctx, value)));
}

static Status fail_range(Context *ctx, const Value *value, Type to)
{
    Str type = type_to_sql(&ctx->arena, to);
    return fail(ctx,
                STATUS_OUT_OF_RANGE,
                "value %.*s is out of range for type %.*s",
                STR_ARG(shown(ctx, value)),
                STR_ARG(type));
}

static Status fail_mismatch(Context *ctx, const Value *value, Type to)
{
    Str from_type = type_to_sql(&ctx->arena, (Type){.kind = value->kind});
    Str to_type = type_to_sql(&ctx->arena, to);
    return fail(ctx,
                STATUS_TYPE_MISMATCH,
                "cannot cast a value of type %.*s to %.*s",
                STR_ARG(from_type),
                STR_ARG(to_type));
}

/* ---- BOOLEAN ---- */

static bool parse_boolean(Str text, bool *ret_boolean)
{
    static const Str WORDS_TRUE[] = {STR_INIT("true"),
                                     STR_INIT("t"),
                                     STR_INIT("1"),
                                     STR_INIT("yes"),
                                     STR_INIT("y"),
                                     STR_INIT("on")};
    static const Str WORDS_FALSE[] = {STR_INIT("false"),
                                      STR_INIT("f"),
                                      STR_INIT("0"),
                                      STR_INIT("no"),
                                      STR_INIT("n"),
                                      STR_INIT("off")};
    for (size_t i = 0; i < sizeof(WORDS_TRUE) / sizeof(WORDS_TRUE[0]); i++) {
        bool is_true = str_equal_nocase(text, WORDS_TRUE[i]);
        if (is_true || str_equal_nocase(text, WORDS_FALSE[i])) {
            *ret_boolean = is_true;
            return true;
        }
    }
    return false;
}

static Status to_boolean(Context *ctx, const Value *value, Type to, Value *ret_value)
{
    bool boolean = value->kind != TYPE_TEXT && value->integer != 0;
    if (value->kind == TYPE_TEXT && !parse_boolean(str_trim(value->text), &boolean))
        return fail_syntax(ctx, value, to);
    *ret_value = value_boolean(boolean);
    return STATUS_OK;
}

/* ---- numbers ---- */

/* Is it decimal digits with a sign, whatever their number? */
static bool is_integer_text(Str text)
{
    size_t at = text.len > 0 && (text.ptr[0] == '-' || text.ptr[0] == '+');
    bool digits = at < text.len;
    for (; at < text.len; at++)
        digits = digits && text.ptr[at] >= '0' && text.ptr[at] <= '9';
    return digits;
}

static bool real_to_int64(double real, int64_t *ret_integer)
{
    double rounded = round(real);
    if (!(rounded >= -0x1p63 && rounded < 0x1p63))
        return false;
    *ret_integer = (int64_t)rounded;
    return true;
}

static bool decimal_to_int64(const Value *value, int64_t *ret_integer)
{
    Int128 whole;
    if (!decimal_rescale(value->decimal, value->scale, 0, &whole) || whole < INT64_MIN ||
        whole > INT64_MAX)
        return false;
    *ret_integer = (int64_t)whole;
    return true;
}

/* Neither of the failures says anything: the caller knows which one it is. */
static bool read_int64(const Value *value, int64_t *ret_integer)
{
    switch (value->kind) {
    case TYPE_TEXT:
        return str_to_int64(str_trim(value->text), ret_integer);
    case TYPE_FLOAT:
    case TYPE_DOUBLE:
        return real_to_int64(value->real, ret_integer);
    case TYPE_DECIMAL:
        return decimal_to_int64(value, ret_integer);
    case TYPE_BOOLEAN:
        *ret_integer = value->boolean;
        return true;
    default:
        *ret_integer = value->integer;
        return true;
    }
}

static Status to_integer(Context *ctx, const Value *value, Type to, Value *ret_value)
{
    int64_t max = to.kind == TYPE_SMALLINT ? INT16_MAX
                  : to.kind == TYPE_INT    ? INT32_MAX
                                           : INT64_MAX;
    int64_t integer;
    if (value->kind == TYPE_TEXT && !is_integer_text(str_trim(value->text)))
        return fail_syntax(ctx, value, to);
    if (!read_int64(value, &integer) || integer > max || integer < -max - 1)
        return fail_range(ctx, value, to);
    *ret_value = value_integer(to.kind, integer);
    return STATUS_OK;
}

static bool parse_special(Str text, double *ret_real)
{
    bool negative = str_starts_with(text, STR("-"));
    Str word = negative ? str_from(text.ptr + 1, text.len - 1) : text;
    if (str_equal_nocase(text, STR("nan")))
        *ret_real = (double)NAN;
    else if (str_equal_nocase(word, STR("infinity")) || str_equal_nocase(word, STR("inf")))
        *ret_real = negative ? -HUGE_VAL : HUGE_VAL;
    else
        return false;
    return true;
}

static double number_to_real(const Value *number)
{
    if (number->kind == TYPE_DECIMAL)
        return decimal_to_double(number);
    return type_is_integer(number->kind) ? (double)number->integer : number->real;
}

static Status to_real(Context *ctx, const Value *value, Type to, Value *ret_value)
{
    double real;
    if (value->kind != TYPE_TEXT) {
        real = number_to_real(value);
    } else {
        Str text = str_trim(value->text);
        if (!real_parse(text, &real) && !parse_special(text, &real))
            return fail_syntax(ctx, value, to);
    }
    /* Halfway between the greatest float and the power of two above it, rounding leaves the range.
     */
    if (to.kind == TYPE_FLOAT && isfinite(real)) {
        if (fabs(real) >= 0x1.ffffffp127)
            return fail_range(ctx, value, to);
        real = (double)(float)real;
    }
    *ret_value = (Value){.kind = to.kind, .real = real};
    return STATUS_OK;
}

/* The digits of an unlimited DECIMAL are those the number is written with. */
static bool real_to_decimal(double real, Type to, Value *ret_value)
{
    int scale = to.scale;
    if (to.precision == 0 && isfinite(real)) {
        int exponent = real_digits(real).exponent;
        scale = exponent > 0                        ? 0
                : exponent < -DECIMAL_PRECISION_MAX ? DECIMAL_PRECISION_MAX
                                                    : -exponent;
    }
    *ret_value = value_decimal(0, (uint8_t)scale);
    return decimal_from_double(real, (uint8_t)scale, &ret_value->decimal);
}

static Status to_decimal(Context *ctx, const Value *value, Type to, Value *ret_value)
{
    Value number = *value;
    bool in_range = true;
    if (value->kind == TYPE_TEXT && !decimal_parse(str_trim(value->text), &number)) {
        double real;
        return real_parse(str_trim(value->text), &real) ? fail_range(ctx, value, to)
                                                        : fail_syntax(ctx, value, to);
    }
    if (value->kind == TYPE_FLOAT || value->kind == TYPE_DOUBLE)
        in_range = real_to_decimal(value->real, to, &number);
    else if (type_is_integer(value->kind))
        number = value_decimal(value->integer, 0);

    uint8_t precision = to.precision ? to.precision : DECIMAL_PRECISION_MAX;
    uint8_t scale = to.precision ? to.scale : number.scale;
    Int128 decimal;
    if (!in_range || !decimal_rescale(number.decimal, number.scale, scale, &decimal) ||
        !decimal_fits(decimal, precision))
        return fail_range(ctx, value, to);
    *ret_value = value_decimal(decimal, scale);
    return STATUS_OK;
}

/* ---- dates and times ---- */

static int64_t floor_days(int64_t us)
{
    return us / US_PER_DAY - (us % US_PER_DAY < 0);
}

static bool parse_date(Str text, int64_t *ret_days)
{
    int64_t us;
    if (date_parse(text, ret_days))
        return true;
    if (!timestamp_parse(text, &us))
        return false;
    *ret_days = floor_days(us);
    return true;
}

static Status to_date(Context *ctx, const Value *value, Type to, Value *ret_value)
{
    int64_t days = value->integer;
    if (value->kind == TYPE_TEXT) {
        if (!parse_date(str_trim(value->text), &days))
            return fail_syntax(ctx, value, to);
    } else if (type_is_temporal(value->kind)) {
        days = floor_days(value->integer);
    }
    if (days < DATE_MIN_DAYS || days > DATE_MAX_DAYS)
        return fail_range(ctx, value, to);
    *ret_value = value_integer(to.kind, days);
    return STATUS_OK;
}

static Status to_time(Context *ctx, const Value *value, Type to, Value *ret_value)
{
    int64_t us = value->integer;
    if (value->kind == TYPE_TEXT) {
        if (!time_parse(str_trim(value->text), &us))
            return fail_syntax(ctx, value, to);
    } else if (type_is_temporal(value->kind)) {
        us %= US_PER_DAY;
        us += us < 0 ? US_PER_DAY : 0;
    }
    if (us < 0 || us >= US_PER_DAY)
        return fail_range(ctx, value, to);
    *ret_value = value_integer(to.kind, us);
    return STATUS_OK;
}

static Status to_timestamp(Context *ctx, const Value *value, Type to, Value *ret_value)
{
    int64_t us = value->integer;
    if (value->kind == TYPE_TEXT && !timestamp_parse(str_trim(value->text), &us))
        return fail_syntax(ctx, value, to);
    bool overflow =
        value->kind == TYPE_DATE && __builtin_mul_overflow(value->integer, US_PER_DAY, &us);
    if (overflow || us < TIMESTAMP_MIN_US || us > TIMESTAMP_MAX_US)
        return fail_range(ctx, value, to);
    *ret_value = value_integer(to.kind, us);
    return STATUS_OK;
}

/* ---- text and bytes ---- */

static Status to_text(Context *ctx, const Value *value, Type to, Value *ret_value)
{
    bool has_text = value->kind == TYPE_JSON;
    Str text = has_text ? value->text : value_to_text(&ctx->arena, value);
    *ret_value = (Value){.kind = to.kind, .text = text};
    return STATUS_OK;
}

static Status to_json(Context *ctx, const Value *value, Type to, Value *ret_value)
{
    if (value->kind == TYPE_TEXT) {
        if (!json_is_valid(value->text))
            return fail_syntax(ctx, value, to);
        *ret_value = (Value){.kind = to.kind, .text = value->text};
        return STATUS_OK;
    }
    bool is_real = value->kind == TYPE_FLOAT || value->kind == TYPE_DOUBLE;
    if (is_real && !isfinite(value->real))
        return fail_range(ctx, value, to);
    return to_text(ctx, value, to, ret_value);
}

static bool parse_hex(Arena *arena, Str hex, Str *ret_bytes)
{
    char *bytes = arena_alloc(arena, hex.len / 2 + 1);
    if (hex.len % 2)
        return false;
    for (size_t i = 0; i < hex.len; i += 2) {
        int high = hex_digit(hex.ptr[i]), low = hex_digit(hex.ptr[i + 1]);
        if (high < 0 || low < 0)
            return false;
        bytes[i / 2] = (char)(high << 4 | low);
    }
    *ret_bytes = str_from(bytes, hex.len / 2);
    return true;
}

/* '\x0aff' is hexadecimal; any other text gives the bytes it consists of. */
static Status to_bytes(Context *ctx, const Value *value, Type to, Value *ret_value)
{
    Str bytes = value->text;
    if (value->kind == TYPE_UUID)
        bytes = arena_str(&ctx->arena, str_from((const char *)value->uuid, sizeof(value->uuid)));
    else if (str_starts_with(bytes, STR("\\x")) &&
             !parse_hex(&ctx->arena, str_from(bytes.ptr + 2, bytes.len - 2), &bytes))
        return fail_syntax(ctx, value, to);
    *ret_value = (Value){.kind = to.kind, .text = bytes};
    return STATUS_OK;
}

static Status to_uuid(Context *ctx, const Value *value, Type to, Value *ret_value)
{
    Value uuid = {.kind = to.kind};
    if (value->kind == TYPE_BYTES && value->text.len == sizeof(uuid.uuid))
        memcpy(uuid.uuid, value->text.ptr, sizeof(uuid.uuid));
    else if (value->kind == TYPE_BYTES || !uuid_parse(str_trim(value->text), uuid.uuid))
        return fail_syntax(ctx, value, to);
    *ret_value = uuid;
    return STATUS_OK;
}

/* ---- the choice ---- */

typedef Status (*Cast)(Context *ctx, const Value *value, Type to, Value *ret_value);

static const Cast CAST_TO[TYPE_KIND_COUNT] = {
    [TYPE_BOOLEAN] = to_boolean,
    [TYPE_SMALLINT] = to_integer,
    [TYPE_INT] = to_integer,
    [TYPE_BIGINT] = to_integer,
    [TYPE_FLOAT] = to_real,
    [TYPE_DOUBLE] = to_real,
    [TYPE_DECIMAL] = to_decimal,
    [TYPE_TEXT] = to_text,
    [TYPE_JSON] = to_json,
    [TYPE_BYTES] = to_bytes,
    [TYPE_DATE] = to_date,
    [TYPE_TIME] = to_time,
    [TYPE_TIMESTAMP] = to_timestamp,
    [TYPE_DATETIME] = to_timestamp,
    [TYPE_UUID] = to_uuid,
};

/* The text of a JSON scalar; JSON's null becomes NULL. */
static Status unwrap_json(Context *ctx, const Value *value, Type to, Value *ret_value)
{
    const Json *json;
    TRY(json_parse(ctx, value->text, &json));
    if (json->kind == JSON_ARRAY || json->kind == JSON_OBJECT)
        return fail_syntax(ctx, value, to);
    if (json->kind == JSON_NULL)
        *ret_value = VALUE_NULL;
    else
        *ret_value = value_text(json->kind == JSON_STRING ? json->text : json->source);
    return STATUS_OK;
}

Status value_cast(Context *ctx, const Value *value, Type to, Value *ret_value)
{
    bool same = value->kind == to.kind && to.kind != TYPE_DECIMAL;
    if (same || value_is_null(value)) {
        *ret_value = *value;
        return STATUS_OK;
    }
    if (!value_can_cast(value->kind, to.kind))
        return fail_mismatch(ctx, value, to);
    if (value->kind != TYPE_JSON || to.kind == TYPE_TEXT)
        return CAST_TO[to.kind](ctx, value, to, ret_value);
    Value scalar = VALUE_NULL;
    TRY(unwrap_json(ctx, value, to, &scalar));
    if (value_is_null(&scalar)) {
        *ret_value = scalar;
        return STATUS_OK;
    }
    return CAST_TO[to.kind](ctx, &scalar, to, ret_value);
}
