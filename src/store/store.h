/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hot tier: an ordered key-value store (RocksDB) and the only user of
 * rocksdb/c.h.
 *
 * Writes go in batches, atomically, to the write-ahead log without waiting for
 * the disk; store_sync() makes everything written so far durable with one
 * fdatasync.  Reads see a snapshot or the newest state.  What the keys mean is
 * said in store/layout.h.  All functions may be called from any thread; one
 * StoreScan or StoreBatch belongs to one thread at a time.
 */
#pragma once

#include "base/buf.h"
#include "base/context.h"

typedef struct Store Store;
typedef struct StoreSnapshot StoreSnapshot;
typedef struct StoreBatch StoreBatch;

/* Column families. */
typedef enum StoreFamily {
    FAMILY_ROWS,
    FAMILY_LOG,
    FAMILY_LOG_BY_OWNER,
    FAMILY_STREAMS,
    FAMILY_CATALOG,
    FAMILY_META,
    FAMILY_MANIFEST,
    FAMILY_JOBS,
    FAMILY_COUNT
} StoreFamily;

typedef struct StoreOptions {
    Str path;                  /* directory, created when missing */
    size_t block_cache_bytes;  /* 0 = 256 MiB */
    size_t write_buffer_bytes; /* per family; 0 = 64 MiB (two of them) */
    int max_open_files;        /* 0 = 512 */
    int max_background_jobs;   /* 0 = 2 */
} StoreOptions;

MUST_CHECK Status store_open(Context *ctx, const StoreOptions *options, Store **ret_store);
void store_close(Store *store);
DEFINE_CLEANUP(Store, store_close)

/* ---- writing ---- */

StoreBatch *store_batch_new(void);
void store_batch_free(StoreBatch *batch);
DEFINE_CLEANUP(StoreBatch, store_batch_free)
void store_batch_clear(StoreBatch *batch);
void store_batch_put(StoreBatch *batch, StoreFamily family, Str key, Str value);
void store_batch_delete(StoreBatch *batch, StoreFamily family, Str key);
/* from inclusive, to exclusive */
void store_batch_delete_range(StoreBatch *batch, StoreFamily family, Str from, Str to);
size_t store_batch_count(const StoreBatch *batch);

/*
 * Atomic; does not wait for the disk.  The batch is unchanged.  STATUS_IO_ERROR
 * or STATUS_CORRUPT: it may have happened or not, and the store takes no more
 * writes and syncs until it is opened again.
 */
MUST_CHECK Status store_write(Context *ctx, Store *store, StoreBatch *batch);

/*
 * One fdatasync: all writes that returned before this call are on disk when it
 * returns.  Writers are not held up.  Fails for ever, as store_write().
 */
MUST_CHECK Status store_sync(Context *ctx, Store *store);

/* ---- reading ---- */

/* Everything written so far, for ever the same.  Cheap (0.1 us). */
const StoreSnapshot *store_snapshot_take(Store *store);
void store_snapshot_release(Store *store, const StoreSnapshot *snapshot);

typedef enum StoreTier {
    STORE_READ_ANY,    /* may wait for the disk */
    STORE_READ_MEMORY, /* memory and block cache only; STATUS_WOULD_BLOCK when that is not enough */
} StoreTier;

typedef struct StoreRead {
    const StoreSnapshot *snapshot; /* NULL = newest */
    StoreFamily family;
    StoreTier tier;
} StoreRead;

/* The value is copied to ctx's arena; its ptr is NULL when there is no such key. */
MUST_CHECK Status store_get(Context *ctx, Store *store, StoreRead read, Str key, Str *ret_value);

typedef struct StoreScanOptions {
    StoreRead read;
    Str lower;    /* inclusive; empty = from the first */
    Str upper;    /* exclusive; empty = to the last */
    bool reverse; /* from upper down to lower */
} StoreScanOptions;

/*
 * for (store_scan_open(store, &options, &scan); store_scan_next(scan);)
 *     use(scan->key, scan->value);          -- valid until the next call
 * TRY(store_scan_status(ctx, scan));        -- next() also ends on an error
 */
typedef struct StoreScan {
    Str key;
    Str value;
} StoreScan;

/* The bounds are copied. */
StoreScan *store_scan_open(Store *store, const StoreScanOptions *options);
void store_scan_close(StoreScan *scan);
DEFINE_CLEANUP(StoreScan, store_scan_close)
bool store_scan_next(StoreScan *scan);
/* Moves on to the first key >= key (reverse: <= key); store_scan_next() returns it. */
void store_scan_seek(StoreScan *scan, Str key);
/* STATUS_WOULD_BLOCK when a memory-only scan needs the disk. */
MUST_CHECK Status store_scan_status(Context *ctx, StoreScan *scan);

/* ---- upkeep ---- */

/* Bytes in [from, to) of a family's files, roughly; what is only in memory does not count. */
uint64_t store_approximate_bytes(Store *store, StoreFamily family, Str from, Str to);
/* Of a family's write buffers. */
uint64_t store_memory_bytes(Store *store, StoreFamily family);

/* Writes a family's buffers to files and rewrites those without what was deleted.  Slow. */
void store_compact(Store *store, StoreFamily family);

/*
 * Entries of FAMILY_LOG_BY_OWNER below this sequence number may vanish at any
 * time from now on, snapshots or not.  The caller has persisted the mark before.
 */
void store_set_log_low_water(Store *store, uint64_t seq);

/* fdatasync calls so far and their total duration, for statistics. */
void store_sync_stats(Store *store, uint64_t *ret_count, uint64_t *ret_total_us);
