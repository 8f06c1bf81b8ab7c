/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A view is a manifest of its snapshot.  The head is read from the store each
 * time, because it alone says which version belongs to the snapshot; decoded
 * manifests are cached under what tells them apart.
 */
#include "cold/cold_private.h"

#include "base/memory.h"
#include "cold/manifest_json.h"

typedef struct LoadedManifest {
    CacheItem item;
    Manifest *manifest;
} LoadedManifest;

static void free_loaded_manifest(CacheItem *item)
{
    LoadedManifest *loaded = CONTAINER_OF(item, LoadedManifest, item);
    manifest_unref(loaded->manifest);
    free(loaded);
}

/* Decodes it or finds it decoded; counted. */
static Status
load_manifest(Context *ctx, ColdTier *tier, Str key, Str bytes, Manifest **ret_manifest)
{
    CLEANUP(buf_done) Buf cache_key = {0};
    buf_str_append(&cache_key, key);
    buf_str_append(&cache_key, manifest_identity(bytes));

    CacheItem *item = cold_cache_get(tier->cache, buf_str(&cache_key));
    if (!item) {
        Manifest *manifest;
        TRY(manifest_decode(ctx, bytes, &manifest));
        LoadedManifest *loaded = NEW(LoadedManifest);
        cache_item_init(&loaded->item, manifest->arena.allocated_bytes, free_loaded_manifest);
        loaded->manifest = manifest;
        item = &loaded->item;
        cold_cache_put(tier->cache, buf_str(&cache_key), item);
    }
    *ret_manifest = manifest_ref(CONTAINER_OF(item, LoadedManifest, item)->manifest);
    cache_item_unref(item);
    return STATUS_OK;
}

ColdView *cold_view_new(ColdTier *tier, const ColdViewOptions *options, Manifest *manifest)
{
    ColdView *view = NEW(ColdView);
    view->arena.first_bytes = 256;
    view->tier = tier;
    view->snapshot = snapshot_ref(options->snapshot);
    view->table = options->table;
    view->owner = owner_of(arena_str(&view->arena, options->owner.user_id));
    view->manifest = manifest;
    view->files = ARENA_ARRAY(&view->arena, ObjectFile *, manifest->segment_count);
    return view;
}

Status
cold_view_open(Context *ctx, ColdTier *tier, const ColdViewOptions *options, ColdView **ret_view)
{
    *ret_view = NULL;
    const Table *table = options->table;
    if (!tier || !catalog_table_is_cold(options->snapshot->catalog, table->id))
        return STATUS_OK;

    CLEANUP(buf_done) Buf key = {0};
    StoreRead read = {
        .snapshot = options->snapshot->at, .family = FAMILY_MANIFEST, .tier = options->tier};
    Str bytes;
    Manifest *manifest;
    manifest_key_append(
        &key,
        &(ManifestKey){.part = MANIFEST_HEAD, .table_id = table->id, .owner = options->owner});
    TRY(store_get(ctx, tier->store, read, buf_str(&key), &bytes));
    if (!bytes.ptr)
        return STATUS_OK;
    TRY(load_manifest(ctx, tier, buf_str(&key), bytes, &manifest));
    *ret_view = cold_view_new(tier, options, manifest);
    return STATUS_OK;
}

void cold_view_close(ColdView *view)
{
    if (!view)
        return;
    for (size_t i = 0; i < view->manifest->segment_count; i++)
        object_file_release(view->files[i]);
    object_store_unref(view->store);
    if (view->dead)
        cache_item_unref(&view->dead->item);
    manifest_unref(view->manifest);
    snapshot_unref(view->snapshot);
    arena_done(&view->arena);
    free(view);
}

uint64_t cold_view_version(const ColdView *view)
{
    return view ? view->manifest->version : 0;
}

Status
cold_newest_version(CommitBuilder *builder, uint32_t table_id, Owner owner, uint64_t *ret_version)
{
    CLEANUP(buf_done) Buf key = {0};
    CLEANUP(context_done) Context ctx = {0};
    Str bytes;
    *ret_version = 0;
    manifest_key_append(
        &key, &(ManifestKey){.part = MANIFEST_HEAD, .table_id = table_id, .owner = owner});
    TRY(commit_read_entry(builder, FAMILY_MANIFEST, buf_str(&key), &bytes));
    return bytes.ptr ? manifest_decode_version(&ctx, bytes, ret_version) : STATUS_OK;
}

StoreRead cold_view_read(const ColdView *view, StoreTier tier)
{
    return (StoreRead){.snapshot = view->snapshot->at, .family = FAMILY_MANIFEST, .tier = tier};
}

Status cold_may_hold(Context *ctx, ColdView *view, Str key, StoreTier tier, bool *ret_may)
{
    *ret_may = false;
    if (!view)
        return STATUS_OK;
    const Manifest *manifest = view->manifest;
    for (size_t i = manifest->segment_count; i-- > 0;) {
        if (!segment_may_hold_key(&manifest->segments[i], key))
            continue;
        LoadedFilter *filter;
        TRY(cold_load_filter(ctx, view, &manifest->segments[i], tier, &filter));
        bool may = key_filter_may_have(&filter->filter, key);
        cache_item_unref(&filter->item);
        if (may) {
            *ret_may = true;
            return STATUS_OK;
        }
    }
    return STATUS_OK;
}

Status cold_view_stats(Context *ctx, ColdView *view, ColdStats *ret_stats)
{
    ColdStats stats = {0};
    if (view) {
        const SeqSet *dead;
        TRY(cold_load_dead(ctx, view, &dead));
        stats.segments = view->manifest->segment_count;
        stats.dead_rows = dead->count;
    }
    for (size_t i = 0; i < stats.segments; i++) {
        const Segment *segment = &view->manifest->segments[i];
        stats.bytes += segment->size_bytes;
        stats.rows += segment->row_count;
        stats.tombstones += segment->tombstone_count;
        if (segment->seq_max > stats.seq_max)
            stats.seq_max = segment->seq_max;
    }
    *ret_stats = stats;
    return STATUS_OK;
}

Status cold_view_write_json(Context *ctx, ColdView *view, Buf *out)
{
    const Manifest *manifest = view->manifest;
    SegmentStats *stats = ARENA_ARRAY(&ctx->arena, SegmentStats, manifest->segment_count + 1);
    for (size_t i = 0; i < manifest->segment_count; i++)
        TRY(cold_load_stats(ctx, view, &manifest->segments[i], &stats[i]));
    ManifestDocument document = {
        .table_name = view->table->full_name,
        .user_id = table_is_per_user(view->table) ? view->owner.user_id : STR_NULL,
        .manifest = manifest,
        .stats = stats,
    };
    manifest_json_write(out, &document);
    return STATUS_OK;
}
