/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What lies beside a manifest: key filters, kills, statistics; and where its
 * files are.
 */
#include "cold/cold_private.h"

#include "base/memory.h"

/* The key of a part in the store, which is its name in the cache as well. */
static void part_key(Buf *out, const ColdView *view, ManifestPart part, uint32_t segment)
{
    manifest_key_append(out,
                        &(ManifestKey){
                            .part = part,
                            .table_id = view->table->id,
                            .owner = view->owner,
                            .segment = segment,
                        });
}

static Status
read_part(Context *ctx, ColdView *view, ManifestPart part, const Segment *segment, Str *ret_bytes)
{
    CLEANUP(buf_done) Buf key = {0};
    part_key(&key, view, part, segment->id);
    StoreRead read = cold_view_read(view, STORE_READ_ANY);
    TRY(store_get(ctx, view->tier->store, read, buf_str(&key), ret_bytes));
    if (!ret_bytes->ptr)
        return fail(ctx,
                    STATUS_CORRUPT,
                    "part %d of cold segment %u of table %.*s is missing",
                    part,
                    segment->id,
                    STR_ARG(view->table->full_name));
    return STATUS_OK;
}

/* ---- key filters ---- */

static void free_filter(CacheItem *item)
{
    free(CONTAINER_OF(item, LoadedFilter, item));
}

static Status
read_filter(Context *ctx, ColdView *view, const Segment *segment, LoadedFilter **ret_filter)
{
    ArenaMark mark = arena_mark(&ctx->arena);
    KeyFilter checked;
    Str bytes;
    TRY(read_part(ctx, view, MANIFEST_FILTER, segment, &bytes));
    TRY(key_filter_read(ctx, bytes, &checked));
    LoadedFilter *loaded = mem_alloc(sizeof(*loaded) + bytes.len);
    char *copy = (char *)(loaded + 1);
    memcpy(copy, bytes.ptr, bytes.len);
    cache_item_init(&loaded->item, bytes.len, free_filter);
    loaded->bytes = str_from(copy, bytes.len);
    TRY(key_filter_read(ctx, loaded->bytes, &loaded->filter));
    arena_rewind(&ctx->arena, mark);
    *ret_filter = loaded;
    return STATUS_OK;
}

Status cold_load_filter(
    Context *ctx, ColdView *view, const Segment *segment, StoreTier tier, LoadedFilter **ret_filter)
{
    CLEANUP(buf_done) Buf key = {0};
    part_key(&key, view, MANIFEST_FILTER, segment->id);
    CacheItem *item = cold_cache_get(view->tier->cache, buf_str(&key));
    if (item) {
        *ret_filter = CONTAINER_OF(item, LoadedFilter, item);
        return STATUS_OK;
    }
    if (tier == STORE_READ_MEMORY)
        return fail(ctx, STATUS_WOULD_BLOCK, "a key filter is not in memory");
    TRY(read_filter(ctx, view, segment, ret_filter));
    cold_cache_put(view->tier->cache, buf_str(&key), &(*ret_filter)->item);
    return STATUS_OK;
}

/* ---- kills ---- */

Status cold_read_kills(Context *ctx, ColdView *view, const Segment *segment, SeqSet *ret_kills)
{
    if (segment->kill_count == 0)
        return STATUS_OK;
    ArenaMark mark = arena_mark(&ctx->arena);
    Str bytes;
    TRY(read_part(ctx, view, MANIFEST_KILLS, segment, &bytes));
    TRY(seq_set_decode(ctx, bytes, ret_kills));
    arena_rewind(&ctx->arena, mark);
    return STATUS_OK;
}

static void free_dead(CacheItem *item)
{
    DeadList *dead = CONTAINER_OF(item, DeadList, item);
    seq_set_done(&dead->seqs);
    free(dead);
}

static Status read_dead(Context *ctx, ColdView *view, SeqSet *ret_seqs)
{
    CLEANUP(seq_set_done) SeqSet all = {0};
    for (size_t i = 0; i < view->manifest->segment_count; i++) {
        CLEANUP(seq_set_done) SeqSet kills = {0};
        TRY(cold_read_kills(ctx, view, &view->manifest->segments[i], &kills));
        seq_set_append_all(&all, &kills);
    }
    seq_set_sort(&all);
    *ret_seqs = all;
    all = (SeqSet){0};
    return STATUS_OK;
}

Status cold_load_dead(Context *ctx, ColdView *view, const SeqSet **ret_dead)
{
    if (!view->dead) {
        CLEANUP(buf_done) Buf key = {0};
        part_key(&key, view, MANIFEST_KILLS, 0); /* no segment has this id */
        buf_u64be(&key, view->manifest->version);
        CacheItem *item = cold_cache_get(view->tier->cache, buf_str(&key));
        if (!item) {
            SeqSet seqs = {0};
            TRY(read_dead(ctx, view, &seqs));
            DeadList *dead = NEW(DeadList);
            cache_item_init(&dead->item, seqs.capacity * sizeof(SeqNo), free_dead);
            dead->seqs = seqs;
            item = &dead->item;
            cold_cache_put(view->tier->cache, buf_str(&key), item);
        }
        view->dead = CONTAINER_OF(item, DeadList, item);
    }
    *ret_dead = &view->dead->seqs;
    return STATUS_OK;
}

/* ---- statistics ---- */

Status
cold_load_stats(Context *ctx, ColdView *view, const Segment *segment, SegmentStats *ret_stats)
{
    Str bytes;
    TRY(read_part(ctx, view, MANIFEST_STATS, segment, &bytes));
    return segment_stats_decode(ctx, bytes, ret_stats);
}

/* ---- files ---- */

Status cold_segment_table(Context *ctx,
                          const ColdView *view,
                          const Segment *segment,
                          const Table **ret_table)
{
    if (segment->schema_version == view->table->version) {
        *ret_table = view->table;
        return STATUS_OK;
    }
    const TableHistory *history = catalog_table_history(view->snapshot->catalog, view->table->id);
    for (size_t i = 0; history && i < history->count; i++) {
        if (history->versions[i]->version == segment->schema_version) {
            *ret_table = history->versions[i];
            return STATUS_OK;
        }
    }
    return fail(ctx,
                STATUS_CORRUPT,
                "cold segment %u of table %.*s has the columns of version %u, which is unknown",
                segment->id,
                STR_ARG(view->table->full_name),
                segment->schema_version);
}

Status cold_segment_path(Context *ctx, ColdView *view, const Segment *segment, Str *ret_path)
{
    size_t index = (size_t)(segment - view->manifest->segments);
    if (!view->store)
        TRY(cold_object_store(
            ctx, view->tier, view->snapshot->catalog, view->manifest->storage_id, &view->store));
    if (!view->files[index]) {
        Str name = segment_object_name(&ctx->arena, view->manifest, segment->file_ms);
        TRY(object_store_fetch(ctx, view->store, name, segment->size_bytes, &view->files[index]));
    }
    *ret_path = object_file_path(view->files[index]);
    return STATUS_OK;
}
