/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of an owner go before its manifest does: as long as there are files
 * there is something that names them.
 *
 * A table of the same name may exist again, and its files lie in the same
 * directory.  Only what the old manifests name is removed; manifest.json then
 * belongs to the new table.
 */
#include "cold/cold_drop.h"

#include "base/fault.h"
#include "cold/cold_private.h"
#include "cold/manifest_json.h"
#include "cold/manifest_scan.h"

#include <unistd.h>

enum { READERS_POLL_US = 20000 };

typedef struct Drop {
    ColdTier *tier;
    uint32_t table_id;
    Snapshot *snapshot; /* newer than the drop */
    ManifestScan *scan;
    uint64_t lost_count;
} Drop;

static void drop_done(Drop *drop)
{
    manifest_scan_close(drop->scan);
    snapshot_unref(drop->snapshot);
}
DEFINE_CLEANUP_IN_PLACE(Drop, drop_done)

/* Everybody who opens a snapshot now finds no table. */
static Status await_readers(Context *ctx, Sequencer *sequencer, const Drop *drop)
{
    while (published_oldest_seq(sequencer_published(sequencer)) < drop->snapshot->seq) {
        TRY(context_check(ctx));
        usleep(READERS_POLL_US);
    }
    return STATUS_OK;
}

/* ---- files ---- */

/* Do files of a table that exists lie in this directory? */
static Status
directory_is_used(Context *ctx, const Drop *drop, const ScannedManifest *scanned, bool *ret_used)
{
    const Catalog *catalog = drop->snapshot->catalog;
    const Table *table;
    *ret_used = false;
    for (size_t at = 0; !*ret_used && (table = map_next(&catalog->tables, &at));) {
        if (table->kind != TABLE_USER && table->kind != TABLE_SHARED)
            continue;
        Manifest place = {0};
        Status status =
            cold_place(ctx, drop->tier, &(ColdPlace){catalog, table, scanned->owner}, &place);
        *ret_used = status == STATUS_OK &&
                    str_equal(place.storage_id, scanned->manifest->storage_id) &&
                    str_equal(place.directory, scanned->manifest->directory);
        arena_done(&place.arena);
        TRY(status);
    }
    return STATUS_OK;
}

static Status remove_segments(Context *ctx, ObjectStore *store, const Manifest *manifest)
{
    for (size_t i = 0; i < manifest->segment_count; i++) {
        ArenaMark mark = arena_mark(&ctx->arena);
        TRY(context_check(ctx));
        TRY(object_store_remove(
            ctx, store, segment_object_name(&ctx->arena, manifest, manifest->segments[i].file_ms)));
        arena_rewind(&ctx->arena, mark);
    }
    return STATUS_OK;
}

/*
 * What a crash or a commit that failed left behind, which no manifest names.  In
 * `local` only: another place may be another server's as well.
 */
static Status remove_unnamed(Context *ctx, ObjectStore *store, const Manifest *manifest)
{
    ObjectList list;
    size_t head = manifest->directory.len + 1;
    if (!str_equal(manifest->storage_id, LOCAL_STORAGE_ID))
        return STATUS_OK;
    TRY(object_store_list(ctx, store, manifest->directory, &list));
    for (size_t i = 0; i < list.count; i++) {
        int64_t file_ms;
        bool is_draft;
        Str object = list.items[i].name;
        TRY(context_check(ctx));
        if (segment_any_name_read(
                str_from(object.ptr + head, object.len - head), &file_ms, &is_draft))
            TRY(object_store_remove(ctx, store, object));
    }
    return STATUS_OK;
}

static Status remove_files(Context *ctx, const Drop *drop, const ScannedManifest *scanned)
{
    CLEANUP(object_store_unref) ObjectStore *store = NULL;
    const Manifest *manifest = scanned->manifest;
    bool is_used;
    TRY(cold_object_store(ctx, drop->tier, drop->snapshot->catalog, manifest->storage_id, &store));
    TRY(remove_segments(ctx, store, manifest));
    TRY(directory_is_used(ctx, drop, scanned, &is_used));
    if (is_used)
        return STATUS_OK;
    TRY(remove_unnamed(ctx, store, manifest));
    Str name = cold_object_name(&ctx->arena, manifest, MANIFEST_JSON_NAME);
    return object_store_remove(ctx, store, name);
}

/* ---- manifests ---- */

static void remove_part(StoreBatch *batch, const ManifestKey *key)
{
    CLEANUP(buf_done) Buf bytes = {0};
    manifest_key_append(&bytes, key);
    store_batch_delete(batch, FAMILY_MANIFEST, buf_str(&bytes));
}

static Status remove_manifest(Context *ctx, const Drop *drop, const ScannedManifest *scanned)
{
    CLEANUP(store_batch_free) StoreBatch *batch = store_batch_new();
    ManifestKey key = {.table_id = scanned->table_id, .owner = scanned->owner};
    for (size_t i = 0; i < scanned->manifest->segment_count; i++) {
        key.segment = scanned->manifest->segments[i].id;
        for (key.part = MANIFEST_FILTER; key.part <= MANIFEST_STATS; key.part++)
            remove_part(batch, &key);
    }
    key.part = MANIFEST_HEAD;
    remove_part(batch, &key);
    return store_write(ctx, drop->tier->store, batch);
}

/* Nobody can reach the files of a storage that was dropped. */
static bool storage_is_gone(const Drop *drop, const ScannedManifest *scanned)
{
    return !catalog_storage(drop->snapshot->catalog, scanned->manifest->storage_id);
}

static Status drop_owner(Context *ctx, Drop *drop, const ScannedManifest *scanned)
{
    ArenaMark mark = arena_mark(&ctx->arena);
    if (storage_is_gone(drop, scanned))
        drop->lost_count += scanned->manifest->segment_count;
    else
        TRY(remove_files(ctx, drop, scanned));
    TRY(fault_point(ctx, "drop.between"));
    TRY(remove_manifest(ctx, drop, scanned));
    arena_rewind(&ctx->arena, mark);
    return STATUS_OK;
}

Status cold_drop_table(
    Context *ctx, ColdTier *tier, Sequencer *sequencer, uint32_t table_id, uint64_t *ret_lost)
{
    *ret_lost = 0;
    CLEANUP(drop_done)
    Drop drop = {
        .tier = tier,
        .table_id = table_id,
        .snapshot = published_durable(sequencer_published(sequencer)),
        .scan = manifest_scan_open(tier->store, NULL, table_id),
    };
    ScannedManifest scanned;
    bool more;
    if (catalog_table_by_id(drop.snapshot->catalog, table_id))
        return fail(ctx, STATUS_INTERNAL, "table %u is not dropped", table_id);
    TRY(manifest_scan_next(ctx, drop.scan, &scanned, &more));
    if (more)
        TRY(await_readers(ctx, sequencer, &drop));
    while (more) {
        TRY(drop_owner(ctx, &drop, &scanned));
        *ret_lost = drop.lost_count;
        TRY(manifest_scan_next(ctx, drop.scan, &scanned, &more));
    }
    return STATUS_OK;
}
