/* SPDX-License-Identifier: Apache-2.0 */
#include "net/output.h"

#include "base/memory.h"

#include <assert.h>

enum {
    BLOCK_SIZE = 1024,
    SEGMENTS_PER_BLOCK = 20,
    /* A longer copy gets a heap block of its own instead of many pool blocks. */
    COPY_MAX = 4096,
    /* Below this, copying is cheaper than an atomic count and an iovec entry. */
    SHARED_COPY_MAX = 256,
};

typedef struct Segment {
    Shared *shared; /* NULL: bytes of this block */
    size_t offset;
    size_t len;
} Segment;

typedef struct BlockHead {
    OutputBlock *next; /* in a ring while queued */
    uint16_t first;    /* segments before it are sent */
    uint16_t count;
    uint16_t used; /* of bytes */
    size_t queued; /* of the last block: bytes in the whole queue */
    Segment segments[SEGMENTS_PER_BLOCK];
} BlockHead;

enum { BYTES_PER_BLOCK = BLOCK_SIZE - sizeof(BlockHead) };

struct OutputBlock {
    BlockHead head;
    char bytes[BYTES_PER_BLOCK];
};

_Static_assert(sizeof(OutputBlock) == BLOCK_SIZE, "a block has no padding");

static OutputBlock *block_new(OutputPool *pool)
{
    OutputBlock *block = pool->free;
    if (block) {
        pool->free = block->head.next;
        pool->count--;
    } else {
        block = mem_alloc(sizeof(OutputBlock));
    }
    block->head.next = block;
    block->head.first = block->head.count = block->head.used = 0;
    return block;
}

static void block_free(OutputPool *pool, OutputBlock *block)
{
    if (pool->count >= pool->count_max) {
        free(block);
        return;
    }
    block->head.next = pool->free;
    pool->free = block;
    pool->count++;
}

void output_pool_done(OutputPool *pool)
{
    while (pool->free) {
        OutputBlock *block = pool->free;
        pool->free = block->head.next;
        free(block);
    }
    pool->count = 0;
}

size_t output_bytes(const Output *output)
{
    return output->last ? output->last->head.queued : 0;
}

static OutputBlock *append_block(Output *output, OutputPool *pool)
{
    OutputBlock *block = block_new(pool);
    block->head.queued = output_bytes(output);
    if (output->last) {
        block->head.next = output->last->head.next;
        output->last->head.next = block;
    }
    output->last = block;
    return block;
}

static OutputBlock *first_block(const Output *output)
{
    return output->last ? output->last->head.next : NULL;
}

static OutputBlock *next_block(const Output *output, const OutputBlock *block)
{
    return block == output->last ? NULL : block->head.next;
}

/* The last segment when it ends where the next copied byte would go. */
static Segment *open_segment(OutputBlock *block)
{
    if (block->head.count == 0)
        return NULL;
    Segment *segment = &block->head.segments[block->head.count - 1];
    bool open = !segment->shared && segment->offset + segment->len == block->head.used;
    return open ? segment : NULL;
}

/* Copies what fits into the block; 0 when it is full. */
static size_t block_copy(OutputBlock *block, Str bytes)
{
    size_t room = BYTES_PER_BLOCK - block->head.used;
    size_t size = bytes.len < room ? bytes.len : room;
    Segment *segment = open_segment(block);
    if (size == 0 || (!segment && block->head.count == SEGMENTS_PER_BLOCK))
        return 0;
    if (!segment) {
        segment = &block->head.segments[block->head.count++];
        *segment = (Segment){.offset = block->head.used};
    }
    memcpy(block->bytes + block->head.used, bytes.ptr, size);
    block->head.used = (uint16_t)(block->head.used + size);
    segment->len += size;
    return size;
}

static void queue_shared(Output *output, OutputPool *pool, Shared *shared)
{
    OutputBlock *block = output->last;
    if (!block || block->head.count == SEGMENTS_PER_BLOCK)
        block = append_block(output, pool);
    block->head.segments[block->head.count++] = (Segment){.shared = shared, .len = shared->len};
    block->head.queued += shared->len;
}

void output_copy(Output *output, OutputPool *pool, Str bytes)
{
    if (bytes.len > COPY_MAX) {
        queue_shared(output, pool, shared_copy(bytes));
        return;
    }
    while (bytes.len > 0) {
        size_t size = output->last ? block_copy(output->last, bytes) : 0;
        if (size == 0)
            append_block(output, pool);
        output->last->head.queued += size;
        bytes.ptr += size;
        bytes.len -= size;
    }
}

void output_shared(Output *output, OutputPool *pool, Shared *shared)
{
    if (shared->len <= SHARED_COPY_MAX)
        output_copy(output, pool, shared_str(shared));
    else
        queue_shared(output, pool, shared_ref(shared));
}

static char *segment_bytes(OutputBlock *block, const Segment *segment)
{
    return (segment->shared ? segment->shared->bytes : block->bytes) + segment->offset;
}

unsigned output_gather(const Output *output, uv_buf_t *buffers, unsigned count_max)
{
    unsigned count = 0;
    for (OutputBlock *block = first_block(output); block; block = next_block(output, block)) {
        for (unsigned i = block->head.first; i < block->head.count; i++) {
            if (count == count_max)
                return count;
            const Segment *segment = &block->head.segments[i];
            buffers[count++] =
                (uv_buf_t){.base = segment_bytes(block, segment), .len = segment->len};
        }
    }
    return count;
}

static void drop_first_segment(Output *output, OutputPool *pool)
{
    OutputBlock *block = first_block(output);
    shared_unref(block->head.segments[block->head.first++].shared);
    if (block->head.first < block->head.count)
        return;
    if (block == output->last)
        output->last = NULL;
    else
        output->last->head.next = block->head.next;
    block_free(pool, block);
}

void output_consume(Output *output, OutputPool *pool, size_t size)
{
    assert(size <= output_bytes(output));
    if (output->last)
        output->last->head.queued -= size;
    while (size > 0) {
        OutputBlock *block = first_block(output);
        Segment *segment = &block->head.segments[block->head.first];
        if (size < segment->len) {
            segment->offset += size;
            segment->len -= size;
            return;
        }
        size -= segment->len;
        drop_first_segment(output, pool);
    }
}

void output_clear(Output *output, OutputPool *pool)
{
    while (output->last)
        drop_first_segment(output, pool);
}
