/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening, writing and syncing.
 *
 * What a crash leaves: RocksDB replays its log up to the first record that is
 * torn or fails its checksum and drops the rest (point-in-time recovery).  A
 * batch is one log record, all families share the log, and store_sync() waited
 * for everything before it: so whole batches come back, in order, without a
 * gap, and none that was synced is missing.
 *
 * A failure is for ever.  After a failed fdatasync the kernel may have thrown
 * the pages away and the next call may succeed without them, so neither a
 * write nor a sync is tried again: all later ones report the first failure.
 * RocksDB also syncs a log when it closes it; a failure there shows in its
 * count of background errors, which store_sync() therefore looks at before it
 * answers.
 */
#include "store/rocks.h"

#include "base/clock.h"
#include "base/fault.h"
#include "base/memory.h"

#include <stdio.h>

enum {
    BLOCK_CACHE_BYTES = 256 << 20,
    WRITE_BUFFER_BYTES = 64 << 20,
    WRITE_BUFFER_COUNT = 2,
    ARENA_BLOCK_BYTES = 64 << 10, /* what an almost empty family costs */
    BLOCK_BYTES = 8 << 10,
    BLOCK_FORMAT = 5,
    MAX_OPEN_FILES = 512,
    MAX_BACKGROUND_JOBS = 2,
    INFO_LOG_FILES = 2,
    INFO_LOG_BYTES = 4 << 20,
    INFO_LOG_WARN = 2, /* InfoLogLevel in rocksdb/env.h */
    CLOSE_FLUSH_BYTES = 8 << 20,
};

#define BLOOM_BITS_PER_KEY 10.0

static const char *const FAMILY_NAMES[FAMILY_COUNT] = {
    [FAMILY_ROWS] = "rows",
    [FAMILY_LOG] = "log",
    [FAMILY_LOG_BY_OWNER] = "log_by_owner",
    [FAMILY_STREAMS] = "streams",
    [FAMILY_CATALOG] = "catalog",
    [FAMILY_META] = "meta",
    [FAMILY_MANIFEST] = "manifest",
    [FAMILY_JOBS] = "jobs",
};

Status rocks_fail(Context *ctx, char *error, const char *what)
{
    Str text = str_from_c(error);
    Status status = STATUS_IO_ERROR;
    if (str_starts_with(text, STR("Corruption")))
        status = STATUS_CORRUPT;
    else if (str_starts_with(text, STR("Result incomplete")))
        status = STATUS_WOULD_BLOCK;
    (void)fail(ctx, status, "hot tier, %s: %.*s", what, STR_ARG(text));
    rocksdb_free(error);
    return status;
}

/* ---- opening ---- */

static const char *log_filter_name(void *state)
{
    (void)state;
    return "kalamdb.log_by_owner";
}

/*
 * A key of log_by_owner ends with its sequence number (store/layout.h).  RocksDB
 * dictates the parameters (rocksdb_compactionfilter_create()).
 */
/* NOLINTNEXTLINE(readability-function-size) */
static unsigned char log_filter_drops(void *state,
                                      int level,
                                      const char *key,
                                      size_t key_len,
                                      const char *value,
                                      size_t value_len,
                                      char **new_value,
                                      size_t *new_value_len,
                                      unsigned char *value_changed)
{
    (void)level, (void)value, (void)value_len;
    (void)new_value, (void)new_value_len, (void)value_changed;
    Store *store = state;
    if (key_len < sizeof(uint64_t))
        return 0;
    Reader reader = reader_from(str_from(key + key_len - sizeof(uint64_t), sizeof(uint64_t)));
    return reader_u64be(&reader) < atomic_load(&store->log_low_water);
}

static void log_filter_forget(void *state)
{
    (void)state; /* the store outlives its filter */
}

static rocksdb_options_t *database_options(const StoreOptions *given)
{
    rocksdb_options_t *options = rocksdb_options_create();
    rocksdb_options_set_create_if_missing(options, 1);
    rocksdb_options_set_create_missing_column_families(options, 1);
    rocksdb_options_set_wal_recovery_mode(options, rocksdb_point_in_time_recovery);
    /* A quiet family would keep every log file since its last write: bound what a start replays. */
    rocksdb_options_set_max_total_wal_size(options, 4 * (uint64_t)given->write_buffer_bytes);
    rocksdb_options_set_max_open_files(options, given->max_open_files);
    rocksdb_options_set_max_background_jobs(options, given->max_background_jobs);
    /* One thread writes nearly everything: nothing to gain from concurrent inserts or spinning. */
    rocksdb_options_set_allow_concurrent_memtable_write(options, 0);
    rocksdb_options_set_enable_write_thread_adaptive_yield(options, 0);
    /* An idle server does nothing. */
    rocksdb_options_set_stats_dump_period_sec(options, 0);
    rocksdb_options_set_stats_persist_period_sec(options, 0);
    rocksdb_options_set_info_log_level(options, INFO_LOG_WARN);
    rocksdb_options_set_keep_log_file_num(options, INFO_LOG_FILES);
    rocksdb_options_set_max_log_file_size(options, INFO_LOG_BYTES);
    return options;
}

static rocksdb_options_t *
family_options(Store *store, const StoreOptions *given, StoreFamily family)
{
    rocksdb_block_based_table_options_t *table = rocksdb_block_based_options_create();
    rocksdb_block_based_options_set_block_cache(table, store->cache);
    rocksdb_block_based_options_set_block_size(table, BLOCK_BYTES);
    rocksdb_block_based_options_set_format_version(table, BLOCK_FORMAT);
    /* Index and filters count against the cache, so that memory is bounded. */
    rocksdb_block_based_options_set_cache_index_and_filter_blocks(table, 1);
    rocksdb_block_based_options_set_cache_index_and_filter_blocks_with_high_priority(table, 1);
    rocksdb_block_based_options_set_pin_l0_filter_and_index_blocks_in_cache(table, 1);
    if (family == FAMILY_ROWS)
        rocksdb_block_based_options_set_filter_policy(
            table, rocksdb_filterpolicy_create_bloom_full(BLOOM_BITS_PER_KEY));

    rocksdb_options_t *options = rocksdb_options_create();
    rocksdb_options_set_block_based_table_factory(options, table);
    rocksdb_options_set_write_buffer_size(options, given->write_buffer_bytes);
    rocksdb_options_set_max_write_buffer_number(options, WRITE_BUFFER_COUNT);
    rocksdb_options_set_arena_block_size(options, ARENA_BLOCK_BYTES);
    rocksdb_options_set_compression(options, rocksdb_lz4_compression);
    if (family == FAMILY_LOG_BY_OWNER)
        rocksdb_options_set_compaction_filter(options, store->log_filter);
    rocksdb_block_based_options_destroy(table);
    return options;
}

static char *open_database(Store *store, const StoreOptions *given)
{
    const char *names[FAMILY_COUNT + 1] = {"default"};
    rocksdb_options_t *options[FAMILY_COUNT + 1] = {database_options(given)};
    rocksdb_column_family_handle_t *handles[FAMILY_COUNT + 1] = {NULL};
    for (StoreFamily family = 0; family < FAMILY_COUNT; family++) {
        names[family + 1] = FAMILY_NAMES[family];
        options[family + 1] = family_options(store, given, family);
    }

    char *error = NULL;
    char *path = mem_zalloc(given->path.len + 1);
    memcpy(path, given->path.ptr, given->path.len);
    store->db = rocksdb_open_column_families(options[0],
                                             path,
                                             FAMILY_COUNT + 1,
                                             names,
                                             (const rocksdb_options_t *const *)options,
                                             handles,
                                             &error);
    free(path);
    store->default_family = handles[0];
    memcpy(store->families, handles + 1, sizeof(store->families));
    for (int i = 0; i <= FAMILY_COUNT; i++)
        rocksdb_options_destroy(options[i]);
    return error;
}

static StoreOptions with_defaults(const StoreOptions *given)
{
    StoreOptions options = *given;
    if (!options.block_cache_bytes)
        options.block_cache_bytes = BLOCK_CACHE_BYTES;
    if (!options.write_buffer_bytes)
        options.write_buffer_bytes = WRITE_BUFFER_BYTES;
    if (!options.max_open_files)
        options.max_open_files = MAX_OPEN_FILES;
    if (!options.max_background_jobs)
        options.max_background_jobs = MAX_BACKGROUND_JOBS;
    return options;
}

Status store_open(Context *ctx, const StoreOptions *given, Store **ret_store)
{
    CLEANUP(store_close) Store *store = NEW(Store);
    StoreOptions options = with_defaults(given);
    pthread_mutex_init(&store->sync_lock, NULL);
    store->cache = rocksdb_cache_create_lru(options.block_cache_bytes);
    store->log_filter = rocksdb_compactionfilter_create(
        store, log_filter_forget, log_filter_drops, log_filter_name);
    store->write_options = rocksdb_writeoptions_create();
    store->read_newest[STORE_READ_ANY] = rocksdb_readoptions_create();
    store->read_newest[STORE_READ_MEMORY] = rocksdb_readoptions_create();
    rocksdb_readoptions_set_read_tier(store->read_newest[STORE_READ_MEMORY], 1);

    char *error = open_database(store, &options);
    if (error)
        return rocks_fail(ctx, error, "open");
    *ret_store = TAKE(store);
    return STATUS_OK;
}

/* When it fails the next start replays the log, as after a crash. */
static void flush_family(Store *store, StoreFamily family)
{
    rocksdb_flushoptions_t *options = rocksdb_flushoptions_create();
    char *error = NULL;
    rocksdb_flush_cf(store->db, options, store->families[family], &error);
    rocksdb_flushoptions_destroy(options);
    if (error)
        rocksdb_free(error); /* counted as a background error, which store_sync() reports */
}

/* Replaying a long log would make the next start slow. */
static void flush_before_close(Store *store)
{
    uint64_t bytes = 0;
    for (StoreFamily family = 0; family < FAMILY_COUNT; family++)
        bytes += store_memory_bytes(store, family);
    if (bytes < CLOSE_FLUSH_BYTES || atomic_load(&store->failed))
        return;
    for (StoreFamily family = 0; family < FAMILY_COUNT; family++)
        flush_family(store, family);
}

static void close_database(Store *store)
{
    flush_before_close(store);
    for (StoreFamily family = 0; family < FAMILY_COUNT; family++)
        rocksdb_column_family_handle_destroy(store->families[family]);
    rocksdb_column_family_handle_destroy(store->default_family);
    rocksdb_close(store->db);
}

void store_close(Store *store)
{
    if (!store)
        return;
    if (store->db)
        close_database(store);
    rocksdb_readoptions_destroy(store->read_newest[STORE_READ_ANY]);
    rocksdb_readoptions_destroy(store->read_newest[STORE_READ_MEMORY]);
    rocksdb_writeoptions_destroy(store->write_options);
    rocksdb_compactionfilter_destroy(store->log_filter);
    rocksdb_cache_destroy(store->cache);
    pthread_mutex_destroy(&store->sync_lock);
    free(store);
}

/* ---- writing ---- */

static Status refuse_after_failure(Context *ctx, Store *store)
{
    return fail(ctx, STATUS_IO_ERROR, "the hot tier failed before: %s", store->failure);
}

/* With sync_lock held. */
static void remember_failure_locked(Store *store, const Context *ctx)
{
    if (atomic_load(&store->failed))
        return;
    snprintf(store->failure, sizeof(store->failure), "%.*s", STR_ARG(ctx->message));
    atomic_store(&store->failed, true);
}

static Status write_once(Context *ctx, Store *store, const StoreBatch *batch)
{
    TRY(fault_point(ctx, "store.write"));
    rocksdb_writebatch_t *translated = rocksdb_writebatch_create();
    store_batch_translate(batch, store, translated);
    char *error = NULL;
    rocksdb_write(store->db, store->write_options, translated, &error);
    rocksdb_writebatch_destroy(translated);
    return error ? rocks_fail(ctx, error, "write") : STATUS_OK;
}

Status store_write(Context *ctx, Store *store, StoreBatch *batch)
{
    if (atomic_load(&store->failed))
        return refuse_after_failure(ctx, store);
    Status status = write_once(ctx, store, batch);
    if (status != STATUS_OK) {
        pthread_mutex_lock(&store->sync_lock);
        remember_failure_locked(store, ctx);
        pthread_mutex_unlock(&store->sync_lock);
    }
    return status;
}

static Status check_background_errors(Context *ctx, Store *store)
{
    uint64_t count = 0;
    if (rocksdb_property_int(store->db, "rocksdb.background-errors", &count) != 0 || count == 0)
        return STATUS_OK;
    return fail(ctx,
                STATUS_IO_ERROR,
                "hot tier: RocksDB counts %llu background errors, see the file LOG beside its data",
                (unsigned long long)count);
}

static Status sync_locked(Context *ctx, Store *store)
{
    if (atomic_load(&store->failed))
        return refuse_after_failure(ctx, store);
    TRY(fault_point(ctx, "store.sync"));
    int64_t started_us = clock_monotonic_us();
    char *error = NULL;
    rocksdb_flush_wal(store->db, 1, &error);
    store->sync_count++;
    store->sync_total_us += (uint64_t)(clock_monotonic_us() - started_us);
    if (error)
        return rocks_fail(ctx, error, "sync");
    return check_background_errors(ctx, store);
}

Status store_sync(Context *ctx, Store *store)
{
    pthread_mutex_lock(&store->sync_lock);
    Status status = sync_locked(ctx, store);
    if (status != STATUS_OK)
        remember_failure_locked(store, ctx);
    pthread_mutex_unlock(&store->sync_lock);
    return status;
}

/* ---- upkeep ---- */

uint64_t store_approximate_bytes(Store *store, StoreFamily family, Str from, Str to)
{
    uint64_t bytes = 0;
    char *error = NULL;
    rocksdb_approximate_sizes_cf(store->db,
                                 store->families[family],
                                 1,
                                 &from.ptr,
                                 &from.len,
                                 &to.ptr,
                                 &to.len,
                                 &bytes,
                                 &error);
    if (error)
        rocksdb_free(error);
    return bytes;
}

uint64_t store_memory_bytes(Store *store, StoreFamily family)
{
    uint64_t bytes = 0;
    int error = rocksdb_property_int_cf(
        store->db, store->families[family], "rocksdb.cur-size-all-mem-tables", &bytes);
    return error ? 0 : bytes;
}

void store_set_log_low_water(Store *store, uint64_t seq)
{
    atomic_store(&store->log_low_water, seq);
}

void store_compact(Store *store, StoreFamily family)
{
    flush_family(store, family);
    rocksdb_compact_range_cf(store->db, store->families[family], NULL, 0, NULL, 0);
}

void store_sync_stats(Store *store, uint64_t *ret_count, uint64_t *ret_total_us)
{
    pthread_mutex_lock(&store->sync_lock);
    *ret_count = store->sync_count;
    *ret_total_us = store->sync_total_us;
    pthread_mutex_unlock(&store->sync_lock);
}
