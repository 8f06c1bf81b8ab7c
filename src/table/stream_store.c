/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One owner's events lie in one slot, but in every bucket other owners of the
 * slot lie around them.  A cursor therefore skips: it reads while the key has
 * the prefix (slot, table, bucket, owner); otherwise it looks which bucket it
 * has got to and seeks the owner there, or in the next bucket.  That costs one
 * seek for each bucket that exists, and none for those that do not.
 */
#include "table/stream_store.h"

#include "base/memory.h"

#include <assert.h>

enum {
    HEAD_BYTES = 6, /* slot, table */
    BUCKETS_PER_TTL = 8,
    EVICT_BATCH_KEYS = 1000,
};

uint64_t stream_bucket(const Table *table, int64_t ms)
{
    int64_t ttl_ms = table->options.ttl_ms;
    if (ttl_ms == 0 || ms <= 0)
        return 0;
    int64_t width_ms = ttl_ms / BUCKETS_PER_TTL;
    return (uint64_t)(ms / (width_ms > 0 ? width_ms : 1));
}

/* The table's keys in one slot: [lower, upper) */
static void slot_range(uint16_t slot, uint32_t table_id, uint64_t first, Buf *lower, Buf *upper)
{
    stream_bucket_prefix_append(lower, slot, table_id, first);
    key_successor_append(upper, str_from(lower->ptr, HEAD_BYTES));
}

/* Of a key of the streams family. */
static uint64_t key_bucket(Str key)
{
    Reader reader = reader_from(key);
    reader_take(&reader, HEAD_BYTES);
    return reader_u64be(&reader);
}

static SeqNo key_seq(Str key)
{
    return log_by_owner_key_seq(key); /* both end with it */
}

/* ---- cursor ---- */

struct StreamCursor {
    StreamCursorOptions options;
    StoreScan *scan;
    Buf prefix; /* (slot, table, bucket, owner) of the bucket we are in */
    Buf target; /* what we seek */
    bool ended;
    Status status;
};

static void cursor_enter_bucket(StreamCursor *cursor, uint64_t bucket)
{
    const StreamCursorOptions *options = &cursor->options;
    buf_clear(&cursor->prefix);
    stream_key_append(&cursor->prefix, options->table_id, bucket, options->owner, 0);
    cursor->prefix.len -= sizeof(SeqNo);
}

/* To this owner's first event of the bucket, in reading order. */
static void cursor_seek(StreamCursor *cursor, uint64_t bucket)
{
    const StreamCursorOptions *options = &cursor->options;
    SeqNo seq = options->reverse ? UINT64_MAX : options->first_seq;
    cursor_enter_bucket(cursor, bucket);
    buf_clear(&cursor->target);
    stream_key_append(&cursor->target, options->table_id, bucket, options->owner, seq);
    store_scan_seek(cursor->scan, buf_str(&cursor->target));
}

StreamCursor *stream_cursor_open(const StreamCursorOptions *options)
{
    CLEANUP(buf_done) Buf lower = {0};
    CLEANUP(buf_done) Buf upper = {0};
    uint16_t slot = slot_of(options->table_id, options->owner);
    slot_range(slot, options->table_id, options->first_bucket, &lower, &upper);
    StoreScanOptions scan = {
        .read = options->read,
        .lower = buf_str(&lower),
        .upper = buf_str(&upper),
        .reverse = options->reverse,
    };
    scan.read.family = FAMILY_STREAMS;

    StreamCursor *cursor = NEW(StreamCursor);
    cursor->options = *options;
    cursor->scan = store_scan_open(options->store, &scan);
    cursor_enter_bucket(cursor, options->first_bucket);
    return cursor;
}

void stream_cursor_close(StreamCursor *cursor)
{
    if (!cursor)
        return;
    store_scan_close(cursor->scan);
    buf_done(&cursor->prefix);
    buf_done(&cursor->target);
    free(cursor);
}

/* Somebody else's key: seek our own in its bucket or in the one after it. False: no more. */
static bool cursor_skip(StreamCursor *cursor)
{
    uint64_t bucket = key_bucket(cursor->scan->key);
    cursor_enter_bucket(cursor, bucket);
    int order = str_compare(cursor->scan->key, buf_str(&cursor->prefix));
    if (!cursor->options.reverse) {
        if (order > 0 && bucket == UINT64_MAX)
            return false;
        cursor_seek(cursor, order < 0 ? bucket : bucket + 1);
        return true;
    }
    if (order < 0 && bucket <= cursor->options.first_bucket)
        return false;
    cursor_seek(cursor, order > 0 ? bucket : bucket - 1);
    return true;
}

/* Is the scan at an event of ours?  Enters the event's bucket when it is the first of it. */
static bool cursor_is_at_event(StreamCursor *cursor)
{
    Str key = cursor->scan->key;
    if (str_starts_with(key, buf_str(&cursor->prefix)))
        return true;
    cursor_enter_bucket(cursor, key_bucket(key));
    return str_starts_with(key, buf_str(&cursor->prefix));
}

bool stream_cursor_next(Context *ctx, StreamCursor *cursor, StreamEvent *ret_event)
{
    while (!cursor->ended && store_scan_next(cursor->scan)) {
        if (!cursor_is_at_event(cursor)) {
            cursor->ended = !cursor_skip(cursor);
            continue;
        }
        SeqNo seq = key_seq(cursor->scan->key);
        if (seq < cursor->options.first_seq)
            continue;
        StreamEvent event = {.seq = seq, .bucket = key_bucket(cursor->scan->key)};
        cursor->status = stored_row_read(ctx, cursor->scan->value, &event.stored);
        cursor->ended = cursor->status != STATUS_OK;
        if (!cursor->ended)
            *ret_event = event;
        return !cursor->ended;
    }
    cursor->ended = true;
    return false;
}

Status stream_cursor_status(Context *ctx, StreamCursor *cursor)
{
    TRY(cursor->status);
    return store_scan_status(ctx, cursor->scan);
}

/* ---- one event ---- */

static Status get_in_bucket(Context *ctx,
                            const StreamCursorOptions *where,
                            SeqNo seq,
                            StreamEvent *ret_event,
                            bool *ret_found)
{
    CLEANUP(buf_done) Buf key = {0};
    stream_key_append(&key, where->table_id, where->first_bucket, where->owner, seq);
    Str bytes;
    TRY(store_get(ctx, where->store, where->read, buf_str(&key), &bytes));
    *ret_found = bytes.ptr != NULL;
    if (!bytes.ptr)
        return STATUS_OK;
    ret_event->seq = seq;
    ret_event->bucket = where->first_bucket;
    return stored_row_read(ctx, bytes, &ret_event->stored);
}

Status stream_get(Context *ctx, const StreamGet *get, StreamEvent *ret_event, bool *ret_found)
{
    StreamCursorOptions where = {
        .store = get->store,
        .read = get->read,
        .table_id = get->table->id,
        .owner = get->owner,
        .first_bucket = stream_bucket(get->table, snowflake_to_ms(get->seq)),
    };
    where.read.family = FAMILY_STREAMS;
    TRY(get_in_bucket(ctx, &where, get->seq, ret_event, ret_found));
    if (*ret_found || where.first_bucket == 0)
        return STATUS_OK;
    where.first_bucket--;
    return get_in_bucket(ctx, &where, get->seq, ret_event, ret_found);
}

/* ---- eviction ---- */

typedef struct Eviction {
    Store *store;
    uint32_t table_id;
    int64_t cutoff_ms;
    uint64_t edge; /* buckets below hold nothing younger than the cutoff */
    uint64_t last; /* buckets above hold nothing older */
} Eviction;

/* Buckets from the edge to the last one may hold both sorts: event by event. */
static Status evict_edge(Context *ctx, const Eviction *eviction, uint16_t slot, StoreBatch *batch)
{
    CLEANUP(buf_done) Buf lower = {0};
    CLEANUP(buf_done) Buf upper = {0};
    slot_range(slot, eviction->table_id, eviction->edge, &lower, &upper);
    StoreScanOptions options = {
        .read = {.family = FAMILY_STREAMS}, .lower = buf_str(&lower), .upper = buf_str(&upper)};
    CLEANUP(store_scan_close) StoreScan *scan = store_scan_open(eviction->store, &options);
    while (store_scan_next(scan) && key_bucket(scan->key) <= eviction->last) {
        if (snowflake_to_ms(key_seq(scan->key)) >= eviction->cutoff_ms)
            continue;
        store_batch_delete(batch, FAMILY_STREAMS, scan->key);
        if (store_batch_count(batch) < EVICT_BATCH_KEYS)
            continue;
        TRY(context_check(ctx));
        TRY(store_write(ctx, eviction->store, batch));
        store_batch_clear(batch);
    }
    return store_scan_status(ctx, scan);
}

static Status evict_slot(Context *ctx, const Eviction *eviction, uint16_t slot)
{
    CLEANUP(store_batch_free) StoreBatch *batch = store_batch_new();
    if (eviction->edge > 0) {
        CLEANUP(buf_done) Buf from = {0};
        CLEANUP(buf_done) Buf to = {0};
        stream_bucket_prefix_append(&from, slot, eviction->table_id, 0);
        stream_bucket_prefix_append(&to, slot, eviction->table_id, eviction->edge);
        store_batch_delete_range(batch, FAMILY_STREAMS, buf_str(&from), buf_str(&to));
    }
    TRY(evict_edge(ctx, eviction, slot, batch));
    return store_batch_count(batch) ? store_write(ctx, eviction->store, batch) : STATUS_OK;
}

/* Where nothing lies nothing needs a range tombstone. */
static Status slot_has_old(Context *ctx, const Eviction *eviction, uint16_t slot, bool *ret_any)
{
    CLEANUP(buf_done) Buf lower = {0};
    CLEANUP(buf_done) Buf upper = {0};
    slot_range(slot, eviction->table_id, 0, &lower, &upper);
    StoreScanOptions options = {
        .read = {.family = FAMILY_STREAMS}, .lower = buf_str(&lower), .upper = buf_str(&upper)};
    CLEANUP(store_scan_close) StoreScan *scan = store_scan_open(eviction->store, &options);
    *ret_any = store_scan_next(scan) && key_bucket(scan->key) <= eviction->last;
    return store_scan_status(ctx, scan);
}

Status stream_evict_older_than(Context *ctx, Store *store, const Table *table, int64_t cutoff_ms)
{
    uint64_t last = stream_bucket(table, cutoff_ms);
    Eviction eviction = {
        .store = store,
        .table_id = table->id,
        .cutoff_ms = cutoff_ms,
        .edge = last > 0 ? last - 1 : 0,
        .last = last,
    };
    for (uint32_t slot = 0; slot < SLOT_COUNT; slot++) {
        bool any;
        TRY(context_check(ctx));
        TRY(slot_has_old(ctx, &eviction, (uint16_t)slot, &any));
        if (any)
            TRY(evict_slot(ctx, &eviction, (uint16_t)slot));
    }
    return STATUS_OK;
}
