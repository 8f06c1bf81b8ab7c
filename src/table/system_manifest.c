/* SPDX-License-Identifier: Apache-2.0 */
/*
 * manifest_json is the text of the manifest.json beside the files.  Manifests of
 * tables that were dropped do not show.
 */
#include "table/system_manifest.h"

#include "cold/manifest_scan.h"

typedef struct ManifestRow {
    const ColdJobs *jobs;
    const SystemRequest *request;
    const Table *table;
    const ScannedManifest *scanned;
} ManifestRow;

static Str scope_of(Context *ctx, const ManifestRow *row)
{
    return table_is_per_user(row->table) ? arena_str(&ctx->arena, row->scanned->owner.user_id)
                                         : STR("shared");
}

static Str sync_state(const ManifestRow *row)
{
    if (row->scanned->manifest->unsettled)
        return STR("syncing");
    uint64_t pending = pending_owner_rows(row->jobs->pending, row->table->id, row->scanned->owner);
    return pending ? STR("pending_write") : STR("in_sync");
}

static Status read_json(Context *ctx, const ManifestRow *row, Str *ret_json)
{
    CLEANUP(cold_view_close) ColdView *view = NULL;
    CLEANUP(buf_done) Buf text = {0};
    ColdViewOptions options = {
        .snapshot = row->request->snapshot, .table = row->table, .owner = row->scanned->owner};
    TRY(cold_view_open(ctx, row->jobs->tier, &options, &view));
    TRY(cold_view_write_json(ctx, view, &text));
    *ret_json = arena_str(&ctx->arena, buf_str(&text));
    return STATUS_OK;
}

static Status add_row(Context *ctx, const ManifestRow *row, SystemRows *rows)
{
    Str json;
    const Manifest *manifest = row->scanned->manifest;
    Str scope = scope_of(ctx, row);
    TRY(read_json(ctx, row, &json));
    system_row_begin(rows);
    system_row_text(rows,
                    "cache_key",
                    arena_printf(&ctx->arena,
                                 "%.*s:%.*s:%.*s",
                                 STR_ARG(row->table->namespace_name),
                                 STR_ARG(row->table->name),
                                 STR_ARG(scope)));
    system_row_text(rows, "namespace_id", row->table->namespace_name);
    system_row_text(rows, "table_name", row->table->name);
    system_row_text(rows, "scope", scope);
    system_row_text(
        rows, "etag", arena_printf(&ctx->arena, "%llu", (unsigned long long)manifest->version));
    system_row_integer(rows, "last_refreshed", manifest->updated_at_ms * 1000);
    system_row_integer(rows, "last_accessed", manifest->updated_at_ms * 1000);
    system_row_boolean(rows, "in_memory", true); /* since it was read for this very row */
    system_row_text(rows, "sync_state", sync_state(row));
    system_row_text(rows, "manifest_json", json);
    return STATUS_OK;
}

static Status provide(Context *ctx, const SystemRequest *request, SystemRows *rows, void *data)
{
    if (request->tier == STORE_READ_MEMORY)
        return STATUS_WOULD_BLOCK;
    const Snapshot *snapshot = request->snapshot;
    CLEANUP(manifest_scan_close)
    ManifestScan *scan = manifest_scan_open(snapshot->store, request->snapshot, 0);
    ManifestRow row = {.jobs = data, .request = request};
    for (;;) {
        ScannedManifest scanned;
        bool more;
        TRY(manifest_scan_next(ctx, scan, &scanned, &more));
        if (!more)
            return STATUS_OK;
        row.table = catalog_table_by_id(snapshot->catalog, scanned.table_id);
        row.scanned = &scanned;
        if (row.table)
            TRY(add_row(ctx, &row, rows));
    }
}

void system_manifest_register(SystemTables *tables, const ColdJobs *jobs)
{
    /* The registry hands data on as it is; nobody writes through it. */
    system_tables_register(tables, STR("system.manifest"), provide, (void *)jobs);
}
