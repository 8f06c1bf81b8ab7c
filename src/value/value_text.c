/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values as people and SQL read them, and deep copies.
 */
#include "value/datetime.h"
#include "value/decimal.h"
#include "value/ids.h"
#include "value/real.h"

#include <assert.h>
#include <math.h>

static void write_real(Buf *out, const Value *value)
{
    if (isnan(value->real))
        BUF_LIT(out, "NaN");
    else if (isinf(value->real))
        buf_str_append(out, value->real < 0 ? STR("-Infinity") : STR("Infinity"));
    else if (value->kind == TYPE_FLOAT)
        real_digits_write(out, real_digits_single((float)value->real), false);
    else
        real_digits_write(out, real_digits(value->real), false);
}

static void write_hex(Buf *out, Str bytes)
{
    static const char HEX[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes.len; i++) {
        buf_byte(out, HEX[(unsigned char)bytes.ptr[i] >> 4]);
        buf_byte(out, HEX[(unsigned char)bytes.ptr[i] & 15]);
    }
}

static void write_uuid(Buf *out, const uint8_t uuid[16])
{
    char text[36];
    uuid_format(uuid, text);
    buf_append(out, text, sizeof(text));
}

static void write_temporal(Buf *out, const Value *value)
{
    if (value->kind == TYPE_DATE)
        date_write(out, value->integer);
    else if (value->kind == TYPE_TIME)
        time_write(out, value->integer);
    else
        timestamp_write(out, value->integer);
    if (value->kind == TYPE_DATETIME)
        BUF_LIT(out, "+00");
}

void value_write_text(Buf *out, const Value *value)
{
    switch (value->kind) {
    case TYPE_NULL:
        return;
    case TYPE_BOOLEAN:
        buf_str_append(out, value->boolean ? STR("true") : STR("false"));
        return;
    case TYPE_SMALLINT:
    case TYPE_INT:
    case TYPE_BIGINT:
        buf_int64(out, value->integer);
        return;
    case TYPE_FLOAT:
    case TYPE_DOUBLE:
        write_real(out, value);
        return;
    case TYPE_DECIMAL:
        decimal_write(out, value->decimal, value->scale);
        return;
    case TYPE_TEXT:
    case TYPE_JSON:
        buf_str_append(out, value->text);
        return;
    case TYPE_BYTES:
        BUF_LIT(out, "\\x");
        write_hex(out, value->text);
        return;
    case TYPE_DATE:
    case TYPE_TIME:
    case TYPE_TIMESTAMP:
    case TYPE_DATETIME:
        write_temporal(out, value);
        return;
    case TYPE_UUID:
        write_uuid(out, value->uuid);
        return;
    case TYPE_KIND_COUNT:
        break;
    }
    assert(false && "no such kind of value");
}

Str value_to_text(Arena *arena, const Value *value)
{
    if (value->kind == TYPE_TEXT || value->kind == TYPE_JSON)
        return arena_str(arena, value->text);
    CLEANUP(buf_done) Buf text = {0};
    value_write_text(&text, value);
    return arena_str(arena, buf_str(&text));
}

Value value_copy(Arena *arena, const Value *value)
{
    Value copy = *value;
    if (value->kind == TYPE_TEXT || value->kind == TYPE_JSON || value->kind == TYPE_BYTES)
        copy.text = arena_str(arena, value->text);
    return copy;
}

static void write_quoted(Buf *out, Str text)
{
    BUF_LIT(out, "'");
    for (Str rest = text; rest.len > 0;) {
        size_t plain = str_find_byte(rest, '\'');
        buf_append(out, rest.ptr, plain);
        if (plain == rest.len)
            break;
        BUF_LIT(out, "''");
        rest = str_from(rest.ptr + plain + 1, rest.len - plain - 1);
    }
    BUF_LIT(out, "'");
}

/* CAST('text' AS TYPE): every type reads its own text. */
static void write_cast(Buf *out, const Value *value, Type type)
{
    CLEANUP(buf_done) Buf text = {0};
    CLEANUP(arena_done) Arena arena = {0};
    value_write_text(&text, value);
    BUF_LIT(out, "CAST(");
    write_quoted(out, buf_str(&text));
    BUF_LIT(out, " AS ");
    buf_str_append(out, type_to_sql(&arena, type));
    BUF_LIT(out, ")");
}

static void write_typed(Buf *out, Str type, const Value *value)
{
    buf_str_append(out, type);
    BUF_LIT(out, " '");
    value_write_text(out, value);
    BUF_LIT(out, "'");
}

void value_write_sql(Buf *out, const Value *value)
{
    switch (value->kind) {
    case TYPE_NULL:
        BUF_LIT(out, "NULL");
        return;
    case TYPE_TEXT:
        write_quoted(out, value->text);
        return;
    case TYPE_BYTES:
        BUF_LIT(out, "X'");
        write_hex(out, value->text);
        BUF_LIT(out, "'");
        return;
    case TYPE_DATE:
        write_typed(out, STR("DATE"), value);
        return;
    case TYPE_TIME:
        write_typed(out, STR("TIME"), value);
        return;
    case TYPE_TIMESTAMP:
        write_typed(out, STR("TIMESTAMP"), value);
        return;
    case TYPE_BOOLEAN:
    case TYPE_SMALLINT:
    case TYPE_INT:
        value_write_text(out, value);
        return;
    case TYPE_BIGINT:
        /* 9223372036854775808, which a minus would follow, is no BIGINT. */
        if (value->integer == INT64_MIN)
            write_cast(out, value, TYPE(BIGINT));
        else
            value_write_text(out, value);
        return;
    case TYPE_DECIMAL:
        write_cast(out, value, (Type){TYPE_DECIMAL, DECIMAL_PRECISION_MAX, value->scale});
        return;
    default:
        write_cast(out, value, (Type){.kind = value->kind});
        return;
    }
}
