/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One value of a key, by its type:
 *
 *   BOOLEAN              1 byte     0 or 1
 *   SMALLINT INT BIGINT  8 bytes    big-endian, sign bit flipped.  One width for all, so that a
 *                                   widened key column keeps its keys
 *   DATE TIME TIMESTAMP
 *   DATETIME             8 bytes    as integers
 *   FLOAT DOUBLE         8 bytes    the bits of the double, big-endian: sign bit flipped when it
 *                                   was clear, all bits when it was set.  -0 is written as 0 and
 *                                   every NaN as the one that sorts above infinity
 *   DECIMAL              16 bytes   the unscaled integer, big-endian, sign bit flipped; the scale
 *                                   is the type's
 *   UUID                 16 bytes   as they are
 *   TEXT JSON BYTES      n + 2      every 0x00 becomes 0x00 0xff, the end is 0x00 0x01: a text
 *                                   that ends sorts before the one that goes on
 */
#include "value/key.h"

#include "value/decimal.h"

#include <assert.h>
#include <math.h>

#define SIGN_BIT (UINT64_C(1) << 63)

static const char ESCAPED_ZERO = (char)0xff;
static const char END = 0x01;

void key_append_text(Buf *out, Str text)
{
    while (text.len > 0) {
        size_t plain = str_find_byte(text, '\0');
        buf_append(out, text.ptr, plain);
        if (plain == text.len)
            break;
        buf_append(out, (const char[]){'\0', ESCAPED_ZERO}, 2);
        text = str_from(text.ptr + plain + 1, text.len - plain - 1);
    }
    buf_append(out, (const char[]){'\0', END}, 2);
}

static uint64_t ordered_bits(double real)
{
    uint64_t bits;
    real = isnan(real) ? (double)NAN : real == 0 ? 0 : real;
    memcpy(&bits, &real, sizeof(bits));
    return bits & SIGN_BIT ? ~bits : bits | SIGN_BIT;
}

static double real_of_bits(uint64_t bits)
{
    double real;
    bits = bits & SIGN_BIT ? bits & ~SIGN_BIT : ~bits;
    memcpy(&real, &bits, sizeof(real));
    return real;
}

void key_append(Buf *out, const Value *value)
{
    switch (value->kind) {
    case TYPE_BOOLEAN:
        buf_byte(out, value->boolean);
        return;
    case TYPE_SMALLINT:
    case TYPE_INT:
    case TYPE_BIGINT:
    case TYPE_DATE:
    case TYPE_TIME:
    case TYPE_TIMESTAMP:
    case TYPE_DATETIME:
        buf_u64be(out, (uint64_t)value->integer ^ SIGN_BIT);
        return;
    case TYPE_FLOAT:
    case TYPE_DOUBLE:
        buf_u64be(out, ordered_bits(value->real));
        return;
    case TYPE_DECIMAL:
        buf_u64be(out, (uint64_t)((Uint128)value->decimal >> 64) ^ SIGN_BIT);
        buf_u64be(out, (uint64_t)value->decimal);
        return;
    case TYPE_UUID:
        buf_append(out, value->uuid, sizeof(value->uuid));
        return;
    case TYPE_TEXT:
    case TYPE_JSON:
    case TYPE_BYTES:
        key_append_text(out, value->text);
        return;
    case TYPE_NULL:
    case TYPE_KIND_COUNT:
        break;
    }
    assert(false && "NULL is no key");
}

/* Length of the escaped text up to its end mark, or SIZE_MAX when it is not well formed. */
static size_t find_end(Str bytes, size_t *ret_zero_count)
{
    *ret_zero_count = 0;
    for (size_t at = 0;; at += 2) {
        at += str_find_byte(str_from(bytes.ptr + at, bytes.len - at), '\0');
        if (bytes.len - at < 2)
            return SIZE_MAX;
        if (bytes.ptr[at + 1] == END)
            return at;
        if (bytes.ptr[at + 1] != ESCAPED_ZERO)
            return SIZE_MAX;
        (*ret_zero_count)++;
    }
}

static Str unescape(Arena *arena, Str escaped, size_t zero_count)
{
    char *text = arena_alloc(arena, escaped.len - zero_count + 1);
    size_t len = 0;
    for (size_t at = 0; at < escaped.len; at++) {
        text[len++] = escaped.ptr[at];
        at += escaped.ptr[at] == '\0';
    }
    text[len] = '\0';
    return str_from(text, len);
}

Status key_read_text(Context *ctx, Reader *reader, Str *ret_text)
{
    size_t zero_count;
    size_t len = SIZE_MAX;
    if (!reader->failed)
        len = find_end(str_from(reader->ptr, reader_left(reader)), &zero_count);
    if (len == SIZE_MAX) {
        reader->failed = true;
        return fail(ctx, STATUS_CORRUPT, "a text in a key has no end");
    }
    Str escaped = reader_take(reader, len);
    reader_take(reader, 2);
    *ret_text =
        zero_count ? unescape(&ctx->arena, escaped, zero_count) : arena_str(&ctx->arena, escaped);
    return STATUS_OK;
}

/* True when the integer is one of that kind. */
static bool integer_is_valid(TypeKind kind, int64_t integer)
{
    if (kind == TYPE_SMALLINT)
        return integer >= INT16_MIN && integer <= INT16_MAX;
    if (kind == TYPE_INT || kind == TYPE_DATE)
        return integer >= INT32_MIN && integer <= INT32_MAX;
    return true;
}

static bool read_fixed(Reader *reader, Type type, Value *value)
{
    value->kind = type.kind;
    switch (type.kind) {
    case TYPE_BOOLEAN: {
        uint8_t byte = reader_u8(reader);
        value->boolean = byte == 1;
        return byte <= 1;
    }
    case TYPE_FLOAT:
    case TYPE_DOUBLE:
        value->real = real_of_bits(reader_u64be(reader));
        return true;
    case TYPE_DECIMAL: {
        Uint128 high = reader_u64be(reader) ^ SIGN_BIT;
        value->decimal = (Int128)(high << 64 | reader_u64be(reader));
        value->scale = type.scale;
        return decimal_fits(value->decimal, DECIMAL_PRECISION_MAX);
    }
    case TYPE_UUID: {
        Str bytes = reader_take(reader, sizeof(value->uuid));
        memcpy(value->uuid, bytes.ptr ? bytes.ptr : (const char[16]){0}, sizeof(value->uuid));
        return true;
    }
    default:
        value->integer = (int64_t)(reader_u64be(reader) ^ SIGN_BIT);
        return integer_is_valid(type.kind, value->integer);
    }
}

Status key_read(Context *ctx, Reader *reader, Type type, Value *ret_value)
{
    assert(type.kind != TYPE_NULL);
    Value value = {.kind = type.kind};
    if (type.kind == TYPE_TEXT || type.kind == TYPE_JSON || type.kind == TYPE_BYTES) {
        TRY(key_read_text(ctx, reader, &value.text));
    } else if (!read_fixed(reader, type, &value) || reader->failed) {
        reader->failed = true;
        return fail(ctx,
                    STATUS_CORRUPT,
                    "a key does not hold a value of type %.*s",
                    STR_ARG(type_to_sql(&ctx->arena, type)));
    }
    *ret_value = value;
    return STATUS_OK;
}
