/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of this folder share: the open database and how its errors
 * become ours.  Nobody outside includes this or rocksdb/c.h.
 */
#pragma once

#include "store/store.h"

#include <pthread.h>
#include <rocksdb/c.h>
#include <stdatomic.h>

struct Store {
    rocksdb_t *db;
    rocksdb_cache_t *cache;
    rocksdb_compactionfilter_t *log_filter;
    rocksdb_writeoptions_t *write_options;
    rocksdb_readoptions_t *read_newest[2]; /* by StoreTier; shared by all threads, never changed */
    rocksdb_column_family_handle_t *families[FAMILY_COUNT];
    rocksdb_column_family_handle_t *default_family; /* RocksDB insists on it; unused */

    _Atomic uint64_t log_low_water;

    pthread_mutex_t sync_lock; /* one fdatasync at a time; guards failure and the statistics */
    _Atomic bool failed;
    char failure[256];
    uint64_t sync_count;
    uint64_t sync_total_us;
};

/*
 * The status for RocksDB's error text, which is freed; `what` names what was
 * tried.  STATUS_WOULD_BLOCK when a memory-only read would have needed the disk.
 */
Status rocks_fail(Context *ctx, char *error, const char *what);

/* Appends the batch's operations to a batch of RocksDB's. */
void store_batch_translate(const StoreBatch *batch, Store *store, rocksdb_writebatch_t *target);
