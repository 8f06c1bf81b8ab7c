/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include "base/memory.h"

#include <endian.h>
#include <stdio.h>

void buf_done(Buf *buf)
{
    free(buf->ptr);
    *buf = (Buf){.limit = buf->limit};
}

char *buf_take(Buf *buf, size_t *ret_len)
{
    char *bytes = buf->ptr ? buf->ptr : mem_alloc(1);
    *ret_len = buf->len;
    *buf = (Buf){.limit = buf->limit};
    return bytes;
}

/*
 * The block has one byte more than `capacity`, for the NUL of vsnprintf().
 * Capacity stays within the limit: buf_byte() looks at nothing else.
 */
static void grow(Buf *buf, size_t needed)
{
    size_t capacity = buf->capacity ? buf->capacity * 2 : 64;
    if (buf->limit && capacity > buf->limit)
        capacity = buf->limit;
    buf->capacity = capacity < needed ? needed : capacity;
    buf->ptr = mem_realloc(buf->ptr, buf->capacity + 1);
}

char *buf_reserve(Buf *buf, size_t size)
{
    size_t needed = buf->len + size;
    if (buf->overflowed || needed < size || needed == SIZE_MAX ||
        (buf->limit && needed > buf->limit)) {
        buf->overflowed = true;
        return NULL;
    }
    if (needed > buf->capacity || !buf->ptr)
        grow(buf, needed);
    return buf->ptr + buf->len;
}

void buf_append(Buf *buf, const void *bytes, size_t size)
{
    if (size == 0)
        return;
    char *room = buf_reserve(buf, size);
    if (!room)
        return;
    memcpy(room, bytes, size);
    buf->len += size;
}

void buf_uint64(Buf *buf, uint64_t value)
{
    char digits[20];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    buf_append(buf, digits + at, sizeof(digits) - at);
}

void buf_int64(Buf *buf, int64_t value)
{
    if (value < 0)
        buf_byte(buf, '-');
    buf_uint64(buf, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void buf_printf(Buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *room = buf_reserve(buf, len < 0 ? SIZE_MAX : (size_t)len);
    if (!room)
        return;
    va_start(args, format);
    vsnprintf(room, (size_t)len + 1, format, args);
    va_end(args);
    buf->len += (size_t)len;
}

void buf_u16be(Buf *buf, uint16_t value)
{
    value = htobe16(value);
    buf_append(buf, &value, sizeof(value));
}

void buf_u32be(Buf *buf, uint32_t value)
{
    value = htobe32(value);
    buf_append(buf, &value, sizeof(value));
}

void buf_u64be(Buf *buf, uint64_t value)
{
    value = htobe64(value);
    buf_append(buf, &value, sizeof(value));
}

void buf_varint(Buf *buf, uint64_t value)
{
    char bytes[10];
    size_t count = 0;
    while (value >= 0x80) {
        bytes[count++] = (char)(value | 0x80);
        value >>= 7;
    }
    bytes[count++] = (char)value;
    buf_append(buf, bytes, count);
}

void buf_bytes(Buf *buf, Str bytes)
{
    buf_varint(buf, bytes.len);
    buf_append(buf, bytes.ptr, bytes.len);
}

void buf_consume(Buf *buf, size_t size)
{
    if (size < buf->len)
        memmove(buf->ptr, buf->ptr + size, buf->len - size);
    buf->len = size < buf->len ? buf->len - size : 0;
}

Str reader_take(Reader *reader, size_t size)
{
    if (reader->failed || reader_left(reader) < size) {
        reader->failed = true;
        return STR_NULL;
    }
    Str taken = str_from(reader->ptr, size);
    reader->ptr += size;
    return taken;
}

uint8_t reader_u8(Reader *reader)
{
    Str bytes = reader_take(reader, 1);
    return bytes.len ? (uint8_t)bytes.ptr[0] : 0;
}

uint16_t reader_u16be(Reader *reader)
{
    uint16_t value = 0;
    Str bytes = reader_take(reader, sizeof(value));
    if (bytes.len)
        memcpy(&value, bytes.ptr, sizeof(value));
    return be16toh(value);
}

uint32_t reader_u32be(Reader *reader)
{
    uint32_t value = 0;
    Str bytes = reader_take(reader, sizeof(value));
    if (bytes.len)
        memcpy(&value, bytes.ptr, sizeof(value));
    return be32toh(value);
}

uint64_t reader_u64be(Reader *reader)
{
    uint64_t value = 0;
    Str bytes = reader_take(reader, sizeof(value));
    if (bytes.len)
        memcpy(&value, bytes.ptr, sizeof(value));
    return be64toh(value);
}

uint64_t reader_varint(Reader *reader)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte = reader_u8(reader);
        if (reader->failed || (shift == 63 && byte > 1))
            break;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return value;
    }
    reader->failed = true;
    return 0;
}

Str reader_bytes(Reader *reader)
{
    uint64_t len = reader_varint(reader);
    return reader_take(reader, len > SIZE_MAX ? SIZE_MAX : (size_t)len);
}
