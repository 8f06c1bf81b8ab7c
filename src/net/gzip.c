/* SPDX-License-Identifier: Apache-2.0 */
#include "net/gzip.h"

#include "base/memory.h"

#include <assert.h>
#include <limits.h>
#include <pthread.h>
#define ZLIB_CONST /* input is const */
#include <zlib.h>

enum {
    GZIP_LEVEL = 1,
    GZIP_WINDOW_BITS = 15 + 16, /* + 16: gzip instead of zlib framing */
    GZIP_MEMORY_LEVEL = 8,
    INFLATE_STEP = 16 * 1024,
};

typedef struct GzipThread {
    z_stream deflate;
    z_stream inflate;
    bool deflate_ready;
    bool inflate_ready;
} GzipThread;

static pthread_key_t thread_key;
static pthread_once_t thread_key_once = PTHREAD_ONCE_INIT;

static void thread_free(void *data)
{
    GzipThread *thread = data;
    if (thread->deflate_ready)
        deflateEnd(&thread->deflate);
    if (thread->inflate_ready)
        inflateEnd(&thread->inflate);
    free(thread);
}

static void thread_key_create(void)
{
    int error = pthread_key_create(&thread_key, thread_free);
    assert(error == 0);
    (void)error;
}

static GzipThread *gzip_thread(void)
{
    pthread_once(&thread_key_once, thread_key_create);
    GzipThread *thread = pthread_getspecific(thread_key);
    if (!thread) {
        thread = NEW(GzipThread);
        pthread_setspecific(thread_key, thread);
    }
    return thread;
}

static z_stream *deflater(void)
{
    GzipThread *thread = gzip_thread();
    int result = thread->deflate_ready ? deflateReset(&thread->deflate)
                                       : deflateInit2(&thread->deflate,
                                                      GZIP_LEVEL,
                                                      Z_DEFLATED,
                                                      GZIP_WINDOW_BITS,
                                                      GZIP_MEMORY_LEVEL,
                                                      Z_DEFAULT_STRATEGY);
    assert(result == Z_OK); /* only memory can run out here */
    (void)result;
    thread->deflate_ready = true;
    return &thread->deflate;
}

static z_stream *inflater(void)
{
    GzipThread *thread = gzip_thread();
    int result = thread->inflate_ready ? inflateReset(&thread->inflate)
                                       : inflateInit2(&thread->inflate, GZIP_WINDOW_BITS);
    assert(result == Z_OK);
    (void)result;
    thread->inflate_ready = true;
    return &thread->inflate;
}

static void set_input(z_stream *stream, Str bytes)
{
    stream->next_in = (const Bytef *)bytes.ptr;
    stream->avail_in = (uInt)bytes.len;
}

Status gzip_compress(Context *ctx, Str bytes, Buf *ret_out)
{
    if (bytes.len > UINT_MAX / 2)
        return fail(ctx, STATUS_LIMIT_EXCEEDED, "gzip: %zu bytes are too many at once", bytes.len);
    z_stream *stream = deflater();
    size_t bound = deflateBound(stream, (uLong)bytes.len);
    char *room = buf_reserve(ret_out, bound);
    if (!room)
        return fail(
            ctx, STATUS_LIMIT_EXCEEDED, "gzip: output limit of %zu bytes reached", ret_out->limit);
    set_input(stream, bytes);
    stream->next_out = (Bytef *)room;
    stream->avail_out = (uInt)bound;
    int result = deflate(stream, Z_FINISH);
    assert(result == Z_STREAM_END); /* deflateBound() promised the room */
    (void)result;
    buf_advance(ret_out, bound - stream->avail_out);
    return STATUS_OK;
}

/* Inflates into the next stretch of output; sets ret_end after the last byte. */
static Status inflate_step(Context *ctx, z_stream *stream, size_t step, Buf *out, bool *ret_end)
{
    char *room = buf_reserve(out, step);
    if (!room)
        return fail(
            ctx, STATUS_LIMIT_EXCEEDED, "gzip: output limit of %zu bytes reached", out->limit);
    stream->next_out = (Bytef *)room;
    stream->avail_out = (uInt)step;
    int result = inflate(stream, Z_NO_FLUSH);
    size_t produced = step - stream->avail_out;
    buf_advance(out, produced);
    if (result == Z_STREAM_END && stream->avail_in > 0)
        return fail(ctx, STATUS_INVALID_INPUT, "gzip: %u bytes behind the end", stream->avail_in);
    if (result != Z_OK && result != Z_STREAM_END)
        return fail(ctx,
                    STATUS_INVALID_INPUT,
                    "gzip: %s",
                    stream->msg ? stream->msg : "the data is cut off");
    *ret_end = result == Z_STREAM_END;
    return STATUS_OK;
}

Status gzip_decompress(Context *ctx, Str bytes, size_t size_max, Buf *ret_out)
{
    if (bytes.len > UINT_MAX / 2)
        return fail(ctx, STATUS_LIMIT_EXCEEDED, "gzip: %zu bytes are too many at once", bytes.len);
    z_stream *stream = inflater();
    set_input(stream, bytes);
    size_t start = ret_out->len;
    for (bool end = false; !end;) {
        size_t left = size_max - (ret_out->len - start);
        /* One byte beyond the limit tells "exactly full" from "too much". */
        size_t step = left < INFLATE_STEP ? left + 1 : INFLATE_STEP;
        TRY(inflate_step(ctx, stream, step, ret_out, &end));
        if (ret_out->len - start > size_max)
            return fail(ctx, STATUS_LIMIT_EXCEEDED, "gzip: more than %zu bytes come out", size_max);
    }
    return STATUS_OK;
}

bool gzip_is(Str bytes)
{
    return bytes.len >= 2 && (uint8_t)bytes.ptr[0] == 0x1f && (uint8_t)bytes.ptr[1] == 0x8b;
}
