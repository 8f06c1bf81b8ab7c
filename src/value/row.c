/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The format of a row:
 *
 *   byte 0      ROW_FORMAT
 *   then, for every column, ascending by id, up to the end of the row:
 *     1 byte    bits 0..4: what follows (below)
 *               bits 5..7: the column's id less the one before (the first: less -1),
 *                          0 when it is above 7
 *     varint    that difference, when the bits are 0
 *     payload:
 *       TYPE_NULL, TYPE_BOOLEAN (false), TAG_TRUE   nothing
 *       integers, dates and times                   zigzag varint
 *       TYPE_FLOAT                                  4 bytes, little-endian
 *       TYPE_DOUBLE                                 8 bytes, little-endian
 *       TYPE_DECIMAL                                1 byte scale, zigzag varint of up to 128 bits
 *       TYPE_UUID                                   16 bytes
 *       TYPE_TEXT, TYPE_JSON, TYPE_BYTES            varint length, bytes
 *
 * Varints are LEB128.  A NULL is written, because a column that is missing
 * answers its default.  A payload says its type, so unknown columns can be
 * skipped and widened ones converted.
 *
 * Only the structure is checked on reading: the store's checksums answer for
 * the bytes of a text.
 */
#include "value/row.h"

#include "value/decimal.h"

#include <assert.h>
#include <endian.h>

enum {
    ROW_FORMAT = 1,
    TAG_BITS = 5,
    TAG_MASK = (1 << TAG_BITS) - 1,
    TAG_TRUE = TAG_MASK,
    DELTA_MAX = 7,
    VARINT_MAX = 19,                     /* of 128 bits */
    COLUMN_MAX = 1 + 5 + 1 + VARINT_MAX, /* all but the bytes of a text */
};

_Static_assert((int)TYPE_KIND_COUNT < (int)TAG_TRUE, "the kinds leave room for TAG_TRUE");

/* ---- writing ---- */

static char *put_varint(char *to, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        *to++ = (char)(value | 0x80);
    *to++ = (char)value;
    return to;
}

static char *put_integer(char *to, int64_t value)
{
    return put_varint(to, (uint64_t)value << 1 ^ (uint64_t)(value >> 63));
}

static char *put_decimal(char *to, const Value *value)
{
    *to++ = (char)value->scale;
    Uint128 rest = (Uint128)value->decimal << 1 ^ (Uint128)(value->decimal >> 127);
    for (; rest >= 0x80; rest >>= 7)
        *to++ = (char)((uint8_t)rest | 0x80);
    *to++ = (char)rest;
    return to;
}

static char *put_float(char *to, double real)
{
    float single = (float)real;
    uint32_t bits;
    memcpy(&bits, &single, sizeof(bits));
    bits = htole32(bits);
    return (char *)memcpy(to, &bits, sizeof(bits)) + sizeof(bits);
}

static char *put_double(char *to, double real)
{
    uint64_t bits;
    memcpy(&bits, &real, sizeof(bits));
    bits = htole64(bits);
    return (char *)memcpy(to, &bits, sizeof(bits)) + sizeof(bits);
}

/* All of the payload but the bytes of a text. */
static char *put_payload(char *to, const Value *value)
{
    switch (value->kind) {
    case TYPE_SMALLINT:
    case TYPE_INT:
    case TYPE_BIGINT:
    case TYPE_DATE:
    case TYPE_TIME:
    case TYPE_TIMESTAMP:
    case TYPE_DATETIME:
        return put_integer(to, value->integer);
    case TYPE_FLOAT:
        return put_float(to, value->real);
    case TYPE_DOUBLE:
        return put_double(to, value->real);
    case TYPE_DECIMAL:
        return put_decimal(to, value);
    case TYPE_TEXT:
    case TYPE_JSON:
    case TYPE_BYTES:
        return put_varint(to, value->text.len);
    case TYPE_UUID:
        return (char *)memcpy(to, value->uuid, sizeof(value->uuid)) + sizeof(value->uuid);
    case TYPE_NULL:
    case TYPE_BOOLEAN:
    case TYPE_KIND_COUNT:
        break;
    }
    return to;
}

static bool has_text(TypeKind kind)
{
    return kind == TYPE_TEXT || kind == TYPE_JSON || kind == TYPE_BYTES;
}

static void encode_column(Buf *out, uint64_t delta, const Value *value)
{
    char *begin = buf_reserve(out, COLUMN_MAX);
    if (!begin)
        return;
    char *to = begin + 1;
    unsigned tag = value->kind == TYPE_BOOLEAN && value->boolean ? TAG_TRUE : value->kind;
    if (delta <= DELTA_MAX)
        tag |= (unsigned)delta << TAG_BITS;
    else
        to = put_varint(to, delta);
    *begin = (char)tag;
    to = put_payload(to, value);
    buf_advance(out, (size_t)(to - begin));
    if (has_text(value->kind))
        buf_str_append(out, value->text);
}

void row_encode(Buf *out, const RowLayout *layout, const Value *values)
{
    int64_t last_id = -1;
    buf_byte(out, ROW_FORMAT);
    for (uint32_t i = 0; i < layout->count; i++) {
        const RowColumn *column = &layout->columns[i];
        assert(column->id > last_id);
        assert(values[i].kind == column->type.kind || values[i].kind == TYPE_NULL);
        encode_column(out, (uint64_t)(column->id - last_id), &values[i]);
        last_id = column->id;
    }
}

/* ---- reading ---- */

typedef struct Cursor {
    const char *at;
    const char *end;
} Cursor;

static inline bool take_varint(Cursor *cursor, uint64_t *ret_value)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && cursor->at < cursor->end; shift += 7) {
        uint8_t byte = (uint8_t)*cursor->at++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *ret_value = value;
            return shift < 63 || byte <= 1;
        }
    }
    return false;
}

static inline bool take_integer(Cursor *cursor, Value *value, int64_t min, int64_t max)
{
    uint64_t zigzag;
    if (!take_varint(cursor, &zigzag))
        return false;
    value->integer = (int64_t)(zigzag >> 1 ^ (0 - (zigzag & 1)));
    return value->integer >= min && value->integer <= max;
}

static inline bool take_bytes(Cursor *cursor, void *to, size_t size)
{
    if ((size_t)(cursor->end - cursor->at) < size)
        return false;
    memcpy(to, cursor->at, size);
    cursor->at += size;
    return true;
}

static inline bool take_text(Cursor *cursor, Value *value)
{
    uint64_t len;
    if (!take_varint(cursor, &len) || len > (size_t)(cursor->end - cursor->at))
        return false;
    value->text = str_from(cursor->at, (size_t)len);
    cursor->at += len;
    return true;
}

static bool take_float(Cursor *cursor, Value *value)
{
    uint32_t bits;
    float single;
    if (!take_bytes(cursor, &bits, sizeof(bits)))
        return false;
    bits = le32toh(bits);
    memcpy(&single, &bits, sizeof(single));
    value->real = (double)single;
    return true;
}

static bool take_double(Cursor *cursor, Value *value)
{
    uint64_t bits;
    if (!take_bytes(cursor, &bits, sizeof(bits)))
        return false;
    bits = le64toh(bits);
    memcpy(&value->real, &bits, sizeof(value->real));
    return true;
}

static bool take_decimal(Cursor *cursor, Value *value)
{
    Uint128 zigzag = 0;
    uint8_t byte = 0x80;
    if (!take_bytes(cursor, &value->scale, 1) || value->scale > DECIMAL_PRECISION_MAX)
        return false;
    for (unsigned shift = 0; byte >= 0x80; shift += 7) {
        if (shift >= 7 * VARINT_MAX || !take_bytes(cursor, &byte, 1))
            return false;
        zigzag |= (Uint128)(byte & 0x7f) << shift;
    }
    value->decimal = (Int128)(zigzag >> 1 ^ (0 - (zigzag & 1)));
    return decimal_fits(value->decimal, DECIMAL_PRECISION_MAX);
}

static bool take_payload(Cursor *cursor, unsigned tag, Value *value)
{
    value->kind = tag == TAG_TRUE ? TYPE_BOOLEAN : (TypeKind)tag;
    switch (tag) {
    case TYPE_NULL:
        return true;
    case TYPE_BOOLEAN:
    case TAG_TRUE:
        value->boolean = tag == TAG_TRUE;
        return true;
    case TYPE_SMALLINT:
        return take_integer(cursor, value, INT16_MIN, INT16_MAX);
    case TYPE_INT:
    case TYPE_DATE:
        return take_integer(cursor, value, INT32_MIN, INT32_MAX);
    case TYPE_BIGINT:
    case TYPE_TIME:
    case TYPE_TIMESTAMP:
    case TYPE_DATETIME:
        return take_integer(cursor, value, INT64_MIN, INT64_MAX);
    case TYPE_FLOAT:
        return take_float(cursor, value);
    case TYPE_DOUBLE:
        return take_double(cursor, value);
    case TYPE_DECIMAL:
        return take_decimal(cursor, value);
    case TYPE_TEXT:
    case TYPE_JSON:
    case TYPE_BYTES:
        return take_text(cursor, value);
    case TYPE_UUID:
        return take_bytes(cursor, value->uuid, sizeof(value->uuid));
    default:
        return false;
    }
}

/* The next column's id and tag; ids ascend by construction. */
static inline bool take_head(Cursor *cursor, int64_t *id, unsigned *ret_tag)
{
    uint8_t head = (uint8_t)*cursor->at++;
    uint64_t delta = head >> TAG_BITS;
    if (delta == 0 && (!take_varint(cursor, &delta) || delta == 0))
        return false;
    if (delta > (uint64_t)(UINT32_MAX - *id))
        return false;
    *id += (int64_t)delta;
    *ret_tag = head & TAG_MASK;
    return true;
}

static Status fail_corrupt(Context *ctx, Str bytes, const Cursor *cursor)
{
    return fail(ctx,
                STATUS_CORRUPT,
                "a row of %zu bytes is damaged before byte %zu",
                bytes.len,
                (size_t)(cursor->at - bytes.ptr));
}

/* The column's type has changed since the row was written. */
static Status convert(Context *ctx, const RowColumn *column, Value *value)
{
    if (value_cast(ctx, value, column->type, value) == STATUS_OK)
        return STATUS_OK;
    fail(ctx,
         STATUS_CORRUPT,
         "the stored value of column %u does not convert to %.*s",
         column->id,
         STR_ARG(type_to_sql(&ctx->arena, column->type)));
    return STATUS_CORRUPT;
}

static inline bool is_of_type(const Value *value, Type type)
{
    return value->kind == TYPE_NULL ||
           (value->kind == type.kind && (type.kind != TYPE_DECIMAL || value->scale == type.scale));
}

Status row_decode(Context *ctx, Str bytes, const RowLayout *layout, Value *ret_values)
{
    Cursor cursor = {bytes.ptr, bytes.ptr + bytes.len};
    if (bytes.len == 0 || *cursor.at++ != ROW_FORMAT)
        return fail(ctx, STATUS_CORRUPT, "a row of %zu bytes has no known format", bytes.len);

    uint32_t next = 0; /* column to be filled */
    int64_t id = -1;
    while (cursor.at < cursor.end) {
        unsigned tag;
        Value unknown;
        if (!take_head(&cursor, &id, &tag))
            return fail_corrupt(ctx, bytes, &cursor);
        for (; next < layout->count && layout->columns[next].id < id; next++)
            ret_values[next] = layout->columns[next].missing;
        bool known = next < layout->count && layout->columns[next].id == id;
        Value *value = known ? &ret_values[next] : &unknown;
        if (!take_payload(&cursor, tag, value))
            return fail_corrupt(ctx, bytes, &cursor);
        if (known && !is_of_type(value, layout->columns[next].type))
            TRY(convert(ctx, &layout->columns[next], value));
        next += known;
    }
    for (; next < layout->count; next++)
        ret_values[next] = layout->columns[next].missing;
    return STATUS_OK;
}
