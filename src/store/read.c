/* SPDX-License-Identifier: Apache-2.0 */
#include "store/rocks.h"

#include "base/memory.h"

/* Values of ReadTier in rocksdb/options.h, which c.h does not name. */
enum { ROCKS_READ_ALL_TIER = 0, ROCKS_BLOCK_CACHE_TIER = 1 };

static const rocksdb_snapshot_t *rocks_snapshot(const StoreSnapshot *snapshot)
{
    return (const rocksdb_snapshot_t *)(const void *)snapshot;
}

const StoreSnapshot *store_snapshot_take(Store *store)
{
    return (const StoreSnapshot *)(const void *)rocksdb_create_snapshot(store->db);
}

void store_snapshot_release(Store *store, const StoreSnapshot *snapshot)
{
    if (snapshot)
        rocksdb_release_snapshot(store->db, rocks_snapshot(snapshot));
}

static rocksdb_readoptions_t *read_options_new(StoreRead read)
{
    rocksdb_readoptions_t *options = rocksdb_readoptions_create();
    if (read.snapshot)
        rocksdb_readoptions_set_snapshot(options, rocks_snapshot(read.snapshot));
    rocksdb_readoptions_set_read_tier(
        options, read.tier == STORE_READ_MEMORY ? ROCKS_BLOCK_CACHE_TIER : ROCKS_READ_ALL_TIER);
    return options;
}

static Status get(Context *ctx,
                  Store *store,
                  rocksdb_readoptions_t *options,
                  StoreFamily family,
                  Str key,
                  Str *ret_value)
{
    char *error = NULL;
    rocksdb_pinnableslice_t *pinned = rocksdb_get_pinned_cf(
        store->db, options, store->families[family], key.ptr, key.len, &error);
    if (error)
        return rocks_fail(ctx, error, "read");

    *ret_value = STR_NULL;
    if (pinned) {
        Str value;
        value.ptr = rocksdb_pinnableslice_value(pinned, &value.len);
        *ret_value = arena_str(&ctx->arena, value);
        rocksdb_pinnableslice_destroy(pinned);
    }
    return STATUS_OK;
}

Status store_get(Context *ctx, Store *store, StoreRead read, Str key, Str *ret_value)
{
    if (!read.snapshot)
        return get(ctx, store, store->read_newest[read.tier], read.family, key, ret_value);

    rocksdb_readoptions_t *options = read_options_new(read);
    Status status = get(ctx, store, options, read.family, key, ret_value);
    rocksdb_readoptions_destroy(options);
    return status;
}

typedef enum ScanState {
    SCAN_UNPOSITIONED, /* next() goes to the first entry */
    SCAN_POSITIONED,   /* next() returns the entry the iterator is on */
    SCAN_RUNNING,      /* next() moves on first */
    SCAN_ENDED
} ScanState;

typedef struct Scan {
    StoreScan entry; /* what the caller sees; first, so that both have one address */
    ScanState state;
    bool reverse;
    rocksdb_readoptions_t *options;
    rocksdb_iterator_t *iterator;
    char bounds[]; /* lower, upper: RocksDB keeps pointers to them */
} Scan;

static Scan *scan_of(StoreScan *scan)
{
    return CONTAINER_OF(scan, Scan, entry);
}

StoreScan *store_scan_open(Store *store, const StoreScanOptions *options)
{
    Str lower = options->lower;
    Str upper = options->upper;
    Scan *scan = mem_zalloc(sizeof(*scan) + lower.len + upper.len);
    scan->reverse = options->reverse;
    scan->options = read_options_new(options->read);
    if (lower.len) {
        memcpy(scan->bounds, lower.ptr, lower.len);
        rocksdb_readoptions_set_iterate_lower_bound(scan->options, scan->bounds, lower.len);
    }
    if (upper.len) {
        char *copy = scan->bounds + lower.len;
        memcpy(copy, upper.ptr, upper.len);
        rocksdb_readoptions_set_iterate_upper_bound(scan->options, copy, upper.len);
    }
    scan->iterator =
        rocksdb_create_iterator_cf(store->db, scan->options, store->families[options->read.family]);
    return &scan->entry;
}

void store_scan_close(StoreScan *entry)
{
    if (!entry)
        return;
    Scan *scan = scan_of(entry);
    rocksdb_iter_destroy(scan->iterator);
    rocksdb_readoptions_destroy(scan->options);
    free(scan);
}

static void move_on(Scan *scan)
{
    if (scan->state == SCAN_UNPOSITIONED && scan->reverse)
        rocksdb_iter_seek_to_last(scan->iterator);
    else if (scan->state == SCAN_UNPOSITIONED)
        rocksdb_iter_seek_to_first(scan->iterator);
    else if (scan->state == SCAN_RUNNING && scan->reverse)
        rocksdb_iter_prev(scan->iterator);
    else if (scan->state == SCAN_RUNNING)
        rocksdb_iter_next(scan->iterator);
}

bool store_scan_next(StoreScan *entry)
{
    Scan *scan = scan_of(entry);
    if (scan->state == SCAN_ENDED)
        return false;
    move_on(scan);
    if (!rocksdb_iter_valid(scan->iterator)) {
        scan->state = SCAN_ENDED;
        *entry = (StoreScan){0};
        return false;
    }
    scan->state = SCAN_RUNNING;
    entry->key.ptr = rocksdb_iter_key(scan->iterator, &entry->key.len);
    entry->value.ptr = rocksdb_iter_value(scan->iterator, &entry->value.len);
    return true;
}

void store_scan_seek(StoreScan *entry, Str key)
{
    Scan *scan = scan_of(entry);
    if (scan->reverse)
        rocksdb_iter_seek_for_prev(scan->iterator, key.ptr, key.len);
    else
        rocksdb_iter_seek(scan->iterator, key.ptr, key.len);
    scan->state = SCAN_POSITIONED;
}

Status store_scan_status(Context *ctx, StoreScan *entry)
{
    char *error = NULL;
    rocksdb_iter_get_error(scan_of(entry)->iterator, &error);
    return error ? rocks_fail(ctx, error, "scan") : STATUS_OK;
}
