/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trimming.  The order is what keeps readers honest:
 *
 *   1. the mark in memory rises: whoever has read below it learns so when done;
 *   2. the mark and the removal of the log's entries go to the store in one
 *      batch, and to the disk;
 *   3. compaction may drop the entries of log_by_owner, which it does without
 *      regard to snapshots.
 *
 * This is the oldest end of the log, as the longest-lived table wants it; what
 * other tables want less long is taken out before (change_log_thin.c).
 *
 * A failure after 1 costs readers a fresh start and nothing else.  The newest
 * durable record is never dropped: the chain of hashes goes on from it.
 */
#include "commit/change_log.h"

#include "base/clock.h"
#include "commit/meta.h"
#include "commit/sequencer_parts.h"

static StoreScan *log_scan(Store *store, SeqNo from, SeqNo to, bool reverse)
{
    CLEANUP(buf_done) Buf lower = {0};
    CLEANUP(buf_done) Buf upper = {0};
    log_key_append(&lower, from);
    log_key_append(&upper, to);
    return store_scan_open(store,
                           &(StoreScanOptions){
                               .read = {.family = FAMILY_LOG},
                               .lower = buf_str(&lower),
                               .upper = buf_str(&upper),
                               .reverse = reverse,
                           });
}

/* The newest record before `bound` that is too old; `mark` when there is none. */
static Status
mark_by_age(Context *ctx, Store *store, int64_t keep_ms, SeqNo bound, SeqNo *inout_mark)
{
    SeqNo cut = snowflake_from_ms(clock_wall_us() / 1000 - keep_ms);
    CLEANUP(store_scan_close)
    StoreScan *scan = log_scan(store, *inout_mark + 1, cut < bound ? cut : bound, true);
    if (store_scan_next(scan))
        *inout_mark = log_key_seq(scan->key);
    return store_scan_status(ctx, scan);
}

/* RocksDB tells the size of files and of write buffers apart; the log has the latter to itself. */
static uint64_t log_bytes(Store *store, SeqNo from)
{
    CLEANUP(buf_done) Buf lower = {0};
    CLEANUP(buf_done) Buf upper = {0};
    log_key_append(&lower, from);
    log_key_append(&upper, UINT64_MAX);
    return store_approximate_bytes(store, FAMILY_LOG, buf_str(&lower), buf_str(&upper)) +
           store_memory_bytes(store, FAMILY_LOG);
}

/* Raises the mark over the oldest records until the rest is small enough. */
static Status
mark_by_size(Context *ctx, Store *store, uint64_t max_bytes, SeqNo bound, SeqNo *inout_mark)
{
    uint64_t bytes = log_bytes(store, *inout_mark + 1);
    if (bytes <= max_bytes)
        return STATUS_OK;
    uint64_t excess = bytes - max_bytes;
    CLEANUP(store_scan_close) StoreScan *scan = log_scan(store, *inout_mark + 1, bound, false);
    while (excess > 0 && store_scan_next(scan)) {
        *inout_mark = log_key_seq(scan->key);
        excess -= scan->value.len < excess ? scan->value.len : excess;
    }
    return store_scan_status(ctx, scan);
}

static void raise_mark(Sequencer *sequencer, SeqNo mark)
{
    SeqNo known = atomic_load(&sequencer->log_low_water);
    while (known < mark && !atomic_compare_exchange_weak(&sequencer->log_low_water, &known, mark))
        ;
}

static Status drop_until(Context *ctx, Store *store, SeqNo mark)
{
    CLEANUP(buf_done) Buf from = {0};
    CLEANUP(buf_done) Buf to = {0};
    CLEANUP(store_batch_free) StoreBatch *batch = store_batch_new();
    log_key_append(&from, 0);
    log_key_append(&to, mark + 1);
    meta_put(batch, META_LOG_LOW_WATER, mark);
    store_batch_delete_range(batch, FAMILY_LOG, buf_str(&from), buf_str(&to));
    TRY(store_write(ctx, store, batch));
    return store_sync(ctx, store);
}

Status change_log_trim(Context *ctx,
                       Sequencer *sequencer,
                       const ChangeLogRetention *retention,
                       SeqNo *ret_low_water)
{
    if (sequencer_read_only_reason(sequencer))
        return write_health_refuse(&sequencer->health, ctx);
    Store *store = sequencer->store;
    CLEANUP(snapshot_unref) Snapshot *snapshot = published_durable(sequencer->published);
    int64_t keep_ms = change_log_longest_keep_ms(snapshot->catalog, retention->keep_ms);
    SeqNo bound = snapshot->seq;
    SeqNo low_water = change_log_low_water(sequencer);
    SeqNo mark = low_water;
    if (bound > mark && keep_ms != LOG_KEEP_FOREVER_MS)
        TRY(mark_by_age(ctx, store, keep_ms, bound, &mark));
    if (bound > mark && retention->max_bytes > 0)
        TRY(mark_by_size(ctx, store, retention->max_bytes, bound, &mark));

    if (mark > low_water) {
        raise_mark(sequencer, mark);
        TRY(drop_until(ctx, store, mark));
        store_set_log_low_water(store, mark + 1);
    }
    *ret_low_water = mark;
    return change_log_thin(ctx, sequencer, snapshot, retention->keep_ms);
}
