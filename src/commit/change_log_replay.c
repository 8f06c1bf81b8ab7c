/* SPDX-License-Identifier: Apache-2.0 */
#include "commit/change_log.h"

#include "base/hash.h"
#include "commit/meta.h"

enum { REPLAY_BATCH_OPERATIONS = 10000 };

typedef struct Replay {
    Store *to;
    StoreBatch *batch;
    uint64_t chain_hash;
    uint64_t count;
} Replay;

static Status write_batch(Context *ctx, Replay *replay)
{
    if (store_batch_count(replay->batch) == 0)
        return STATUS_OK;
    TRY(store_write(ctx, replay->to, replay->batch));
    store_batch_clear(replay->batch);
    return STATUS_OK;
}

static Status replay_one(Context *ctx, Replay *replay, Str key, Str bytes)
{
    CLEANUP(commit_record_unref) CommitRecord *record = NULL;
    TRY(commit_record_decode(ctx, bytes, &record));
    if (record->seq != log_key_seq(key) ||
        commit_record_previous_hash(record) != replay->chain_hash)
        return fail(ctx,
                    STATUS_CORRUPT,
                    "commit %llu does not continue the change log",
                    (unsigned long long)record->seq);
    commit_record_apply(record, replay->batch);
    replay->chain_hash = commit_record_hash(record);
    replay->count++;
    return store_batch_count(replay->batch) < REPLAY_BATCH_OPERATIONS ? STATUS_OK
                                                                      : write_batch(ctx, replay);
}

Status change_log_replay(Context *ctx, Store *from, Store *to, uint64_t *ret_count)
{
    SeqNo low_water;
    SeqNo thinned;
    TRY(meta_read(ctx, from, META_LOG_LOW_WATER, &low_water));
    TRY(change_log_thinned_until(ctx, from, &thinned));
    low_water = thinned > low_water ? thinned : low_water;
    if (low_water)
        return fail(ctx,
                    STATUS_NOT_FOUND,
                    "the change log was trimmed up to %llu",
                    (unsigned long long)low_water);

    CLEANUP(store_batch_free) StoreBatch *batch = store_batch_new();
    CLEANUP(store_scan_close)
    StoreScan *scan = store_scan_open(from, &(StoreScanOptions){.read = {.family = FAMILY_LOG}});
    Replay replay = {.to = to, .batch = batch};
    while (store_scan_next(scan))
        TRY(replay_one(ctx, &replay, scan->key, scan->value));
    TRY(store_scan_status(ctx, scan));
    TRY(write_batch(ctx, &replay));
    TRY(store_sync(ctx, to));
    *ret_count = replay.count;
    return STATUS_OK;
}

static Status
checksum_family(Context *ctx, Store *store, StoreFamily family, uint64_t *inout_checksum)
{
    CLEANUP(store_scan_close)
    StoreScan *scan = store_scan_open(store, &(StoreScanOptions){.read = {.family = family}});
    while (store_scan_next(scan)) {
        uint64_t entry = hash_combine(hash_stable(scan->key), hash_stable(scan->value));
        *inout_checksum = hash_combine(*inout_checksum, entry);
    }
    return store_scan_status(ctx, scan);
}

Status store_checksum(Context *ctx, Store *store, uint64_t *ret_checksum)
{
    static const StoreFamily FAMILIES[] = {
        FAMILY_ROWS, FAMILY_STREAMS, FAMILY_CATALOG, FAMILY_MANIFEST, FAMILY_JOBS};
    uint64_t checksum = 0;
    for (size_t i = 0; i < sizeof(FAMILIES) / sizeof(*FAMILIES); i++)
        TRY(checksum_family(ctx, store, FAMILIES[i], &checksum));
    *ret_checksum = checksum;
    return STATUS_OK;
}
