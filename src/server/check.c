/* SPDX-License-Identifier: Apache-2.0 */
#include "server/check.h"

#include "catalog/catalog.h"
#include "commit/change_log.h"
#include "server/settings.h"
#include "store/data_dir.h"

#include <unistd.h>

typedef struct Check {
    Store *store;
    Catalog *catalog;
    const uint32_t *dropped; /* tables whose rows may still be there */
    size_t dropped_count;
    CheckReport report;
    uint64_t chain_hash;
    SeqNo last_seq;
    SeqNo thinned_until; /* gaps in the log are all right up to here */
} Check;

typedef Status (*CheckEntry)(Context *ctx, Check *check, Str key, Str value);

static Status check_family(Context *ctx, Check *check, StoreFamily family, CheckEntry check_entry)
{
    CLEANUP(store_scan_close)
    StoreScan *scan =
        store_scan_open(check->store, &(StoreScanOptions){.read = {.family = family}});
    ArenaMark mark = arena_mark(&ctx->arena);
    while (store_scan_next(scan)) {
        arena_rewind(&ctx->arena, mark);
        TRY(check_entry(ctx, check, scan->key, scan->value));
    }
    return store_scan_status(ctx, scan);
}

/* ---- rows and events ---- */

static bool is_dropped(const Check *check, uint32_t table_id)
{
    for (size_t i = 0; i < check->dropped_count; i++) {
        if (check->dropped[i] == table_id)
            return true;
    }
    return false;
}

static bool has_version(const TableHistory *history, uint32_t version)
{
    for (size_t i = 0; history && i < history->count; i++) {
        if (history->versions[i]->version == version)
            return true;
    }
    return false;
}

/* Written under a version of its table that the catalog knows? */
static Status check_stored(Context *ctx, const Check *check, uint32_t table_id, Str value)
{
    StoredRow stored;
    TRY(stored_row_read(ctx, value, &stored));
    if (is_dropped(check, table_id) ||
        has_version(catalog_table_history(check->catalog, table_id), stored.schema_version))
        return STATUS_OK;
    return fail(ctx,
                STATUS_CORRUPT,
                "there is a row of table %u version %u, which the catalog does not know",
                table_id,
                stored.schema_version);
}

static Status check_row(Context *ctx, Check *check, Str key, Str value)
{
    uint32_t table_id;
    Owner owner;
    Str pk;
    TRY(row_key_read(ctx, key, &table_id, &owner, &pk));
    check->report.row_count++;
    return check_stored(ctx, check, table_id, value);
}

static Status check_event(Context *ctx, Check *check, Str key, Str value)
{
    uint32_t table_id;
    uint64_t bucket;
    Owner owner;
    SeqNo seq;
    TRY(stream_key_read(ctx, key, &table_id, &bucket, &owner, &seq));
    check->report.event_count++;
    return check_stored(ctx, check, table_id, value);
}

/* The files that manifests name are checked by whoever reads them. */
static Status check_manifest(Context *ctx, Check *check, Str key, Str value)
{
    ManifestKey manifest;
    (void)value;
    TRY(manifest_key_read(ctx, key, &manifest));
    if (is_dropped(check, manifest.table_id) ||
        catalog_table_is_cold(check->catalog, manifest.table_id))
        return STATUS_OK;
    return fail(ctx,
                STATUS_CORRUPT,
                "there is a manifest of table %u, which the catalog does not call cold",
                manifest.table_id);
}

/* ---- the change log ---- */

static Status check_commit(Context *ctx, Check *check, Str key, Str value)
{
    CLEANUP(commit_record_unref) CommitRecord *record = NULL;
    TRY(commit_record_decode(ctx, value, &record));
    bool is_first = check->report.commit_count == 0;
    if (record->seq != log_key_seq(key) || record->seq <= check->last_seq)
        return fail(ctx,
                    STATUS_CORRUPT,
                    "commit %llu is at the place of %llu",
                    (unsigned long long)record->seq,
                    (unsigned long long)log_key_seq(key));
    /* What stood before the first one may have been trimmed, and between others thinned out. */
    bool follows = !is_first && check->last_seq >= check->thinned_until;
    if (follows && commit_record_previous_hash(record) != check->chain_hash)
        return fail(ctx,
                    STATUS_CORRUPT,
                    "commit %llu does not continue the one before it, %llu",
                    (unsigned long long)record->seq,
                    (unsigned long long)check->last_seq);
    check->chain_hash = commit_record_hash(record);
    check->last_seq = record->seq;
    check->report.commit_count++;
    return STATUS_OK;
}

/* ---- all of it ---- */

static Status check_catalog(Context *ctx, Check *check)
{
    uint32_t *dropped;
    TRY(catalog_load(ctx, check->store, &check->catalog));
    TRY(catalog_dropped_tables(ctx, check->store, &dropped, &check->dropped_count));
    check->dropped = dropped;
    const Table *table;
    for (size_t at = 0; (table = map_next(&check->catalog->tables, &at));)
        check->report.table_count += table->kind != TABLE_SYSTEM;
    return STATUS_OK;
}

static Status check_store(Context *ctx, Check *check)
{
    TRY(check_catalog(ctx, check));
    TRY(check_family(ctx, check, FAMILY_ROWS, check_row));
    TRY(check_family(ctx, check, FAMILY_STREAMS, check_event));
    TRY(check_family(ctx, check, FAMILY_MANIFEST, check_manifest));
    TRY(change_log_thinned_until(ctx, check->store, &check->thinned_until));
    return check_family(ctx, check, FAMILY_LOG, check_commit);
}

Status check_data(Context *ctx, const Config *config, CheckReport *ret_report)
{
    CLEANUP(data_dir_close) DataDir *data_dir = NULL;
    CLEANUP(store_close) Store *store = NULL;
    if (access(config->storage.data_path.ptr, F_OK) != 0) /* data_dir_open() would make one */
        return fail(ctx,
                    STATUS_IO_ERROR,
                    "there is no data directory %.*s",
                    STR_ARG(config->storage.data_path));
    TRY(data_dir_open(ctx, config->storage.data_path, &data_dir));
    StoreOptions options = settings_store(config, data_dir->rocksdb_path);
    TRY(store_open(ctx, &options, &store));
    Check check = {.store = store};
    Status status = check_store(ctx, &check);
    catalog_unref(check.catalog);
    if (status == STATUS_OK)
        *ret_report = check.report;
    return status;
}
