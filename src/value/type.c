/* SPDX-License-Identifier: Apache-2.0 */
#include "value/type.h"

typedef struct TypeNames {
    Str sql;
    Str display;
    Str arrow;
} TypeNames;

/* A column of a bare NULL is described as text, as every type the wire has no name for. */
static const TypeNames TYPE_NAMES[TYPE_KIND_COUNT] = {
    [TYPE_NULL] = {STR_INIT("NULL"), STR_INIT("Text"), STR_INIT("Null")},
    [TYPE_BOOLEAN] = {STR_INIT("BOOLEAN"), STR_INIT("Boolean"), STR_INIT("Boolean")},
    [TYPE_SMALLINT] = {STR_INIT("SMALLINT"), STR_INIT("SmallInt"), STR_INIT("Int16")},
    [TYPE_INT] = {STR_INIT("INT"), STR_INIT("Int"), STR_INIT("Int32")},
    [TYPE_BIGINT] = {STR_INIT("BIGINT"), STR_INIT("BigInt"), STR_INIT("Int64")},
    [TYPE_FLOAT] = {STR_INIT("FLOAT"), STR_INIT("Float"), STR_INIT("Float32")},
    [TYPE_DOUBLE] = {STR_INIT("DOUBLE"), STR_INIT("Double"), STR_INIT("Float64")},
    [TYPE_DECIMAL] = {STR_INIT("DECIMAL"), STR_INIT("Decimal"), STR_INIT("Decimal128")},
    [TYPE_TEXT] = {STR_INIT("TEXT"), STR_INIT("Text"), STR_INIT("Utf8")},
    [TYPE_JSON] = {STR_INIT("JSON"), STR_INIT("Json"), STR_INIT("Utf8")},
    [TYPE_BYTES] = {STR_INIT("BYTES"), STR_INIT("Bytes"), STR_INIT("Binary")},
    [TYPE_DATE] = {STR_INIT("DATE"), STR_INIT("Date"), STR_INIT("Date32")},
    [TYPE_TIME] = {STR_INIT("TIME"), STR_INIT("Time"), STR_INIT("Time64(µs)")},
    [TYPE_TIMESTAMP] = {STR_INIT("TIMESTAMP"), STR_INIT("Timestamp"), STR_INIT("Timestamp(µs)")},
    [TYPE_DATETIME] = {STR_INIT("DATETIME"),
                       STR_INIT("DateTime"),
                       STR_INIT("Timestamp(µs, \"UTC\")")},
    [TYPE_UUID] = {STR_INIT("UUID"), STR_INIT("Uuid"), STR_INIT("FixedSizeBinary(16)")},
};

typedef struct TypeAlias {
    Str name;
    TypeKind kind;
    size_t arg_count_max;
} TypeAlias;

/* Lengths and precisions other than DECIMAL's and FLOAT's are accepted and mean nothing. */
static const TypeAlias TYPE_ALIASES[] = {
    {STR_INIT("boolean"), TYPE_BOOLEAN, 0},
    {STR_INIT("bool"), TYPE_BOOLEAN, 0},
    {STR_INIT("smallint"), TYPE_SMALLINT, 0},
    {STR_INIT("int2"), TYPE_SMALLINT, 0},
    {STR_INIT("int"), TYPE_INT, 0},
    {STR_INIT("integer"), TYPE_INT, 0},
    {STR_INIT("int4"), TYPE_INT, 0},
    {STR_INIT("mediumint"), TYPE_INT, 0},
    {STR_INIT("signed"), TYPE_INT, 0},
    {STR_INIT("serial"), TYPE_INT, 0},
    {STR_INIT("bigint"), TYPE_BIGINT, 0},
    {STR_INIT("int8"), TYPE_BIGINT, 0},
    {STR_INIT("bigserial"), TYPE_BIGINT, 0},
    {STR_INIT("float"), TYPE_FLOAT, 1},
    {STR_INIT("real"), TYPE_FLOAT, 0},
    {STR_INIT("float4"), TYPE_FLOAT, 0},
    {STR_INIT("double"), TYPE_DOUBLE, 0},
    {STR_INIT("double precision"), TYPE_DOUBLE, 0},
    {STR_INIT("float8"), TYPE_DOUBLE, 0},
    {STR_INIT("decimal"), TYPE_DECIMAL, 2},
    {STR_INIT("numeric"), TYPE_DECIMAL, 2},
    {STR_INIT("dec"), TYPE_DECIMAL, 2},
    {STR_INIT("text"), TYPE_TEXT, 0},
    {STR_INIT("string"), TYPE_TEXT, 0},
    {STR_INIT("varchar"), TYPE_TEXT, 1},
    {STR_INIT("nvarchar"), TYPE_TEXT, 1},
    {STR_INIT("char"), TYPE_TEXT, 1},
    {STR_INIT("character"), TYPE_TEXT, 1},
    {STR_INIT("char varying"), TYPE_TEXT, 1},
    {STR_INIT("character varying"), TYPE_TEXT, 1},
    {STR_INIT("clob"), TYPE_TEXT, 0},
    {STR_INIT("json"), TYPE_JSON, 0},
    {STR_INIT("jsonb"), TYPE_JSON, 0},
    {STR_INIT("bytea"), TYPE_BYTES, 0},
    {STR_INIT("bytes"), TYPE_BYTES, 0},
    {STR_INIT("blob"), TYPE_BYTES, 1},
    {STR_INIT("binary"), TYPE_BYTES, 1},
    {STR_INIT("varbinary"), TYPE_BYTES, 1},
    {STR_INIT("date"), TYPE_DATE, 0},
    {STR_INIT("time"), TYPE_TIME, 1},
    {STR_INIT("time without time zone"), TYPE_TIME, 1},
    {STR_INIT("timestamp"), TYPE_TIMESTAMP, 1},
    {STR_INIT("timestamptz"), TYPE_TIMESTAMP, 1},
    {STR_INIT("timestamp with time zone"), TYPE_TIMESTAMP, 1},
    {STR_INIT("timestamp without time zone"), TYPE_TIMESTAMP, 1},
    {STR_INIT("datetime"), TYPE_DATETIME, 1},
    {STR_INIT("uuid"), TYPE_UUID, 0},
};

enum { TYPE_ALIAS_COUNT = sizeof(TYPE_ALIASES) / sizeof(TYPE_ALIASES[0]) };

bool type_is_integer(TypeKind kind)
{
    return kind == TYPE_SMALLINT || kind == TYPE_INT || kind == TYPE_BIGINT;
}

bool type_is_number(TypeKind kind)
{
    return type_is_integer(kind) || kind == TYPE_FLOAT || kind == TYPE_DOUBLE ||
           kind == TYPE_DECIMAL;
}

bool type_is_temporal(TypeKind kind)
{
    return kind == TYPE_DATE || kind == TYPE_TIME || kind == TYPE_TIMESTAMP ||
           kind == TYPE_DATETIME;
}

static Status decimal_from_args(Context *ctx, const int64_t *args, size_t count, Type *ret_type)
{
    int64_t precision = count > 0 ? args[0] : DECIMAL_PRECISION_DEFAULT;
    int64_t scale = count > 1 ? args[1] : count > 0 ? 0 : DECIMAL_SCALE_DEFAULT;
    if (precision < 1 || precision > DECIMAL_PRECISION_MAX)
        return fail(ctx,
                    STATUS_INVALID_SQL,
                    "the precision of DECIMAL must be 1 to %d, not %lld",
                    DECIMAL_PRECISION_MAX,
                    (long long)precision);
    if (scale < 0 || scale > precision)
        return fail(ctx,
                    STATUS_INVALID_SQL,
                    "the scale of DECIMAL(%lld, %lld) must be 0 to %lld",
                    (long long)precision,
                    (long long)scale,
                    (long long)precision);
    *ret_type = (Type){TYPE_DECIMAL, (uint8_t)precision, (uint8_t)scale};
    return STATUS_OK;
}

/* FLOAT(p) counts binary digits, as in standard SQL. */
static Status float_from_args(Context *ctx, const int64_t *args, size_t count, Type *ret_type)
{
    if (count == 1 && (args[0] < 1 || args[0] > 53))
        return fail(ctx,
                    STATUS_INVALID_SQL,
                    "the precision of FLOAT must be 1 to 53, not %lld",
                    (long long)args[0]);
    *ret_type = count == 1 && args[0] > 24 ? TYPE(DOUBLE) : TYPE(FLOAT);
    return STATUS_OK;
}

Status type_from_sql(Context *ctx, Str name, const int64_t *args, size_t arg_count, Type *ret_type)
{
    const TypeAlias *alias = TYPE_ALIASES;
    const TypeAlias *end = TYPE_ALIASES + TYPE_ALIAS_COUNT;
    while (alias < end && !str_equal_nocase(alias->name, name))
        alias++;
    if (alias == end)
        return fail(ctx, STATUS_INVALID_SQL, "the type \"%.*s\" is not supported", STR_ARG(name));
    if (arg_count > alias->arg_count_max)
        return fail(ctx,
                    STATUS_INVALID_SQL,
                    "the type \"%.*s\" takes at most %zu arguments, not %zu",
                    STR_ARG(name),
                    alias->arg_count_max,
                    arg_count);
    if (alias->kind == TYPE_DECIMAL)
        return decimal_from_args(ctx, args, arg_count, ret_type);
    if (alias->kind == TYPE_FLOAT)
        return float_from_args(ctx, args, arg_count, ret_type);
    for (size_t i = 0; i < arg_count; i++)
        if (args[i] < 0)
            return fail(ctx,
                        STATUS_INVALID_SQL,
                        "the argument of the type \"%.*s\" must not be negative",
                        STR_ARG(name));
    *ret_type = (Type){.kind = alias->kind};
    return STATUS_OK;
}

/* The limits of a DECIMAL that stands for all of its kind are not given. */
static bool has_limits(Type type)
{
    return type.kind == TYPE_DECIMAL && type.precision > 0;
}

Str type_to_sql(Arena *arena, Type type)
{
    Str name = TYPE_NAMES[type.kind].sql;
    if (!has_limits(type))
        return name;
    return arena_printf(arena, "%.*s(%d,%d)", STR_ARG(name), type.precision, type.scale);
}

void type_write_json(Buf *out, Type type)
{
    if (type.kind == TYPE_DECIMAL) {
        int precision = type.precision ? type.precision : DECIMAL_PRECISION_MAX;
        buf_printf(out, "{\"Decimal\":{\"precision\":%d,\"scale\":%d}}", precision, type.scale);
        return;
    }
    BUF_LIT(out, "\"");
    buf_str_append(out, TYPE_NAMES[type.kind].display);
    BUF_LIT(out, "\"");
}

Str type_display_name(Arena *arena, Type type)
{
    Str name = TYPE_NAMES[type.kind].display;
    if (!has_limits(type))
        return name;
    return arena_printf(arena, "%.*s(%d, %d)", STR_ARG(name), type.precision, type.scale);
}

Str type_arrow_name(Arena *arena, Type type)
{
    Str name = TYPE_NAMES[type.kind].arrow;
    if (!has_limits(type))
        return name;
    return arena_printf(arena, "%.*s(%d, %d)", STR_ARG(name), type.precision, type.scale);
}

/* Takes `prefix` off the front of text. */
static bool take(Str *text, Str prefix)
{
    if (!str_starts_with(*text, prefix))
        return false;
    *text = str_from(text->ptr + prefix.len, text->len - prefix.len);
    return true;
}

static bool take_small_number(Str *text, uint8_t *ret_number)
{
    unsigned number = 0;
    size_t len = 0;
    for (; len < text->len && len < 2 && text->ptr[len] >= '0' && text->ptr[len] <= '9'; len++)
        number = number * 10 + (unsigned)(text->ptr[len] - '0');
    *text = str_from(text->ptr + len, text->len - len);
    *ret_number = (uint8_t)number;
    return len > 0;
}

static bool decimal_from_name(Str text, Type *ret_type)
{
    Type type = {.kind = TYPE_DECIMAL};
    bool json = take(&text, STR("{\"Decimal\":{\"precision\":"));
    if (!json && !take(&text, STR("Decimal(")))
        return false;
    bool complete = take_small_number(&text, &type.precision) &&
                    take(&text, json ? STR(",\"scale\":") : STR(", ")) &&
                    take_small_number(&text, &type.scale) &&
                    str_equal(text, json ? STR("}}") : STR(")"));
    if (!complete || type.precision < 1 || type.precision > DECIMAL_PRECISION_MAX ||
        type.scale > type.precision)
        return false;
    *ret_type = type;
    return true;
}

bool type_from_display_name(Str name, Type *ret_type)
{
    if (name.len >= 2 && name.ptr[0] == '"' && name.ptr[name.len - 1] == '"')
        name = str_from(name.ptr + 1, name.len - 2);
    for (int kind = TYPE_BOOLEAN; kind < TYPE_KIND_COUNT; kind++) {
        if (kind != TYPE_DECIMAL && str_equal(name, TYPE_NAMES[kind].display)) {
            *ret_type = (Type){.kind = (TypeKind)kind};
            return true;
        }
    }
    return decimal_from_name(name, ret_type);
}
