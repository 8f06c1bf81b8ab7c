/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Buf: bytes being built on the heap.
 *
 * A zeroed Buf is ready for use; set `limit` to bound it (0 = none).  An append
 * past the limit sets `overflowed` and appends nothing; so does every later
 * one, hence one check at the end is enough.  One thread at a time.
 */
#pragma once

#include "base/cleanup.h"
#include "base/str.h"

#include <stdarg.h>

typedef struct Buf {
    char *ptr;
    size_t len;
    size_t capacity;
    size_t limit;
    bool overflowed;
} Buf;

void buf_done(Buf *buf);
DEFINE_CLEANUP_IN_PLACE(Buf, buf_done)

/* Empties it and keeps the memory. */
static inline void buf_clear(Buf *buf)
{
    buf->len = 0;
    buf->overflowed = false;
}

static inline Str buf_str(const Buf *buf)
{
    return str_from(buf->ptr, buf->len);
}

/* The bytes, to be released with free(); the Buf is empty afterwards. */
char *buf_take(Buf *buf, size_t *ret_len);

/* Room for `size` more bytes at the end, or NULL past the limit; buf_advance() keeps them. */
char *buf_reserve(Buf *buf, size_t size);

static inline void buf_advance(Buf *buf, size_t size)
{
    buf->len += size;
}

void buf_append(Buf *buf, const void *bytes, size_t size);

static inline void buf_str_append(Buf *buf, Str str)
{
    buf_append(buf, str.ptr, str.len);
}

#define BUF_LIT(buf, literal) buf_append((buf), "" literal, sizeof(literal) - 1)

static inline void buf_byte(Buf *buf, char byte)
{
    if (buf->len < buf->capacity && !buf->overflowed)
        buf->ptr[buf->len++] = byte;
    else
        buf_append(buf, &byte, 1);
}

void buf_int64(Buf *buf, int64_t value);
void buf_uint64(Buf *buf, uint64_t value);
void buf_printf(Buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Fixed-width integers, big-endian (keys) and LEB128 (records). */
void buf_u16be(Buf *buf, uint16_t value);
void buf_u32be(Buf *buf, uint32_t value);
void buf_u64be(Buf *buf, uint64_t value);
void buf_varint(Buf *buf, uint64_t value);
/* varint length, then the bytes */
void buf_bytes(Buf *buf, Str bytes);

/* Drops the first `size` bytes. */
void buf_consume(Buf *buf, size_t size);

/*
 * Reader over encoded bytes: every take checks the rest.  The first failure
 * sets `failed` and all later takes return zeroes, so one check at the end is enough.
 */
typedef struct Reader {
    const char *ptr;
    const char *end;
    bool failed;
} Reader;

static inline Reader reader_from(Str bytes)
{
    return (Reader){bytes.ptr, bytes.ptr + bytes.len, false};
}

static inline size_t reader_left(const Reader *reader)
{
    return (size_t)(reader->end - reader->ptr);
}

uint8_t reader_u8(Reader *reader);
uint16_t reader_u16be(Reader *reader);
uint32_t reader_u32be(Reader *reader);
uint64_t reader_u64be(Reader *reader);
uint64_t reader_varint(Reader *reader);
Str reader_take(Reader *reader, size_t size);
/* what buf_bytes() wrote; borrowed */
Str reader_bytes(Reader *reader);
