/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The encoding, in LEB128 varints: format (1), count, the first number, then
 * each one's distance from the one before it (at least 1).  Versions that were
 * flushed together lie close, so that a number takes two or three bytes.
 */
#include "cold/seq_set.h"

#include "base/memory.h"

enum { SEQ_SET_FORMAT = 1, CAPACITY_MIN = 64 };

void seq_set_done(SeqSet *set)
{
    free(set->items);
    *set = (SeqSet){0};
}

static void reserve(SeqSet *set, size_t count)
{
    if (count <= set->capacity)
        return;
    size_t capacity = set->capacity ? 2 * set->capacity : CAPACITY_MIN;
    if (capacity < count)
        capacity = count;
    set->items = mem_realloc(set->items, capacity * sizeof(SeqNo));
    set->capacity = capacity;
}

void seq_set_append(SeqSet *set, SeqNo seq)
{
    reserve(set, set->count + 1);
    set->items[set->count++] = seq;
}

void seq_set_append_all(SeqSet *set, const SeqSet *from)
{
    if (from->count == 0)
        return;
    reserve(set, set->count + from->count);
    memcpy(set->items + set->count, from->items, from->count * sizeof(SeqNo));
    set->count += from->count;
}

static int compare_seqs(const void *left, const void *right)
{
    SeqNo a = *(const SeqNo *)left;
    SeqNo b = *(const SeqNo *)right;
    return (a > b) - (a < b);
}

void seq_set_sort(SeqSet *set)
{
    if (set->count == 0)
        return;
    qsort(set->items, set->count, sizeof(SeqNo), compare_seqs);
    size_t kept = 1;
    for (size_t i = 1; i < set->count; i++)
        if (set->items[i] != set->items[kept - 1])
            set->items[kept++] = set->items[i];
    set->count = kept;
}

void seq_set_subtract(SeqSet *set, const SeqSet *removed)
{
    size_t kept = 0;
    size_t at = 0;
    for (size_t i = 0; i < set->count; i++) {
        while (at < removed->count && removed->items[at] < set->items[i])
            at++;
        if (at == removed->count || removed->items[at] != set->items[i])
            set->items[kept++] = set->items[i];
    }
    set->count = kept;
}

bool seq_set_has(const SeqSet *set, SeqNo seq)
{
    size_t low = 0;
    size_t high = set->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (set->items[middle] < seq)
            low = middle + 1;
        else
            high = middle;
    }
    return low < set->count && set->items[low] == seq;
}

void seq_set_encode(Buf *out, const SeqSet *set)
{
    buf_byte(out, SEQ_SET_FORMAT);
    buf_varint(out, set->count);
    SeqNo before = 0;
    for (size_t i = 0; i < set->count; i++) {
        buf_varint(out, set->items[i] - before);
        before = set->items[i];
    }
}

Status seq_set_decode(Context *ctx, Str bytes, SeqSet *ret_set)
{
    Reader reader = reader_from(bytes);
    uint8_t format = reader_u8(&reader);
    uint64_t count = reader_varint(&reader);
    /* Each number takes a byte at least, so that the count may size an allocation. */
    if (reader.failed || format != SEQ_SET_FORMAT || count > reader_left(&reader))
        return fail(ctx, STATUS_CORRUPT, "a list of %zu bytes is no set of versions", bytes.len);

    CLEANUP(seq_set_done) SeqSet set = {0};
    reserve(&set, count);
    SeqNo before = 0;
    for (uint64_t i = 0; i < count && !reader.failed; i++) {
        uint64_t distance = reader_varint(&reader);
        if ((distance == 0 && i > 0) || distance > UINT64_MAX - before)
            reader.failed = true;
        before += distance;
        set.items[set.count++] = before;
    }
    if (reader.failed || reader_left(&reader) > 0)
        return fail(ctx, STATUS_CORRUPT, "a set of %zu versions is damaged", set.count);
    *ret_set = set;
    set = (SeqSet){0};
    return STATUS_OK;
}
