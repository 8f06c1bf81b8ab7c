/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streams at rest: which bucket an event lies in, and how expired ones leave.
 *
 * The key of an event is (slot, table, bucket, owner, seq), so the key order of
 * one owner is time order, and a whole bucket leaves by one range delete per
 * slot.  A bucket is an eighth of the table's TTL wide.  Readers judge expiry by
 * the millisecond in `_seq`, never by whether eviction ran.
 *
 * Direct writes here (evict, drop) remove what no reader may see any more and
 * go past the change log; they are safe beside the sequencer, which only adds
 * newer keys.
 */
#pragma once

#include "catalog/table.h"
#include "commit/published.h"

/* 0 for ever when the table has no TTL. */
uint64_t stream_bucket(const Table *table, int64_t ms);

/* The events of one owner, oldest first (reverse: newest first), expired ones included. */
typedef struct StreamCursor StreamCursor;

typedef struct StreamCursorOptions {
    Store *store;
    StoreRead read; /* the family is set here */
    uint32_t table_id;
    Owner owner;
    uint64_t first_bucket; /* none below */
    SeqNo first_seq;       /* none below */
    bool reverse;
} StreamCursorOptions;

typedef struct StreamEvent {
    SeqNo seq;
    uint64_t bucket;
    StoredRow stored; /* valid until the next call */
} StreamEvent;

StreamCursor *stream_cursor_open(const StreamCursorOptions *options);
void stream_cursor_close(StreamCursor *cursor);
DEFINE_CLEANUP(StreamCursor, stream_cursor_close)
/* False at the end and on an error. */
bool stream_cursor_next(Context *ctx, StreamCursor *cursor, StreamEvent *ret_event);
MUST_CHECK Status stream_cursor_status(Context *ctx, StreamCursor *cursor);

typedef struct StreamGet {
    Store *store;
    StoreRead read; /* its family is filled in */
    const Table *table;
    Owner owner;
    SeqNo seq;
} StreamGet;

/* One event as a stored version, in ctx's arena; looks in the bucket of its time and the one
 * before. */
MUST_CHECK Status stream_get(Context *ctx,
                             const StreamGet *get,
                             StreamEvent *ret_event,
                             bool *ret_found);

/*
 * Removes every event of the table, whoever owns it, that was written before
 * cutoff_ms: whole buckets by range deletes, the bucket at the edge event by event.
 * On a worker.
 */
MUST_CHECK Status stream_evict_older_than(Context *ctx,
                                          Store *store,
                                          const Table *table,
                                          int64_t cutoff_ms);
