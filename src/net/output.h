/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Output: the bytes a connection has yet to send, in order.
 *
 * A queue of segments, each either copied bytes (frame heads, small replies) or
 * a range of a Shared payload.  Segments and copied bytes live in blocks of
 * 1 KiB that come from their reactor's pool, so queueing costs no allocation in
 * the common case and an idle connection holds no block at all.  Bytes never
 * move once they are queued: the kernel may be reading them.
 *
 * Pool and queues belong to one reactor and its thread.
 */
#pragma once

#include "net/shared.h"

#include <uv.h>

typedef struct OutputBlock OutputBlock;

typedef struct OutputPool {
    OutputBlock *free;
    size_t count;
    size_t count_max; /* blocks kept for reuse; more are given back to the heap */
} OutputPool;

typedef struct Output {
    OutputBlock *last; /* its successor is the first; NULL = nothing is queued */
} Output;

void output_pool_done(OutputPool *pool);

/* How many are queued. */
size_t output_bytes(const Output *output);

/* Copies bytes to the end of the queue. */
void output_copy(Output *output, OutputPool *pool, Str bytes);

/* Queues the whole payload and takes a reference of its own; short ones are copied instead. */
void output_shared(Output *output, OutputPool *pool, Shared *shared);

/* The first bytes of the queue as at most count_max buffers; returns how many were filled. */
unsigned output_gather(const Output *output, uv_buf_t *buffers, unsigned count_max);

/* Drops the first `size` bytes, which were sent. */
void output_consume(Output *output, OutputPool *pool, size_t size);

/* Drops everything. */
void output_clear(Output *output, OutputPool *pool);
