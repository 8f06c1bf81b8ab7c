/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Segments are asked newest first, each for the keys that its range and filter
 * let through and that were not found yet: at most one version of a key is
 * undead, so the first one found is the one.
 */
#include "cold/segment_reader.h"

#include "base/map.h"

typedef struct Search {
    ColdView *view;
    const Str *keys;
    size_t count;
    StoredRow *rows;
    bool *found;
    Map positions; /* key -> its place in keys; empty for a single key */
} Search;

static size_t position_of(const Search *search, Str key)
{
    if (search->count == 1)
        return str_equal(search->keys[0], key) ? 0 : SIZE_MAX;
    const Str *place = map_get(&search->positions, key);
    return place ? (size_t)(place - search->keys) : SIZE_MAX;
}

/* The keys that the segment could hold; in ctx's arena. */
static Status candidates(
    Context *ctx, const Search *search, const Segment *segment, Str **ret_keys, size_t *ret_count)
{
    LoadedFilter *filter;
    size_t count = 0;
    Str *keys = ARENA_ARRAY(&ctx->arena, Str, search->count);
    TRY(cold_load_filter(ctx, search->view, segment, STORE_READ_ANY, &filter));
    for (size_t i = 0; i < search->count; i++)
        if (!search->found[i] && segment_may_hold_key(segment, search->keys[i]) &&
            key_filter_may_have(&filter->filter, search->keys[i]))
            keys[count++] = search->keys[i];
    cache_item_unref(&filter->item);
    *ret_keys = keys;
    *ret_count = count;
    return STATUS_OK;
}

static Status
search_file(Context *ctx, Search *search, const Segment *segment, const Str *keys, size_t count)
{
    CLEANUP(segment_reader_close) SegmentReader *reader = NULL;
    SegmentReaderOptions options = {
        .view = search->view, .segment = segment, .keys = keys, .key_count = count};
    TRY(segment_reader_open(ctx, &options, &reader));
    for (;;) {
        Str key;
        StoredRow row;
        bool more;
        TRY(segment_reader_next(ctx, reader, &key, &row, &more));
        if (!more)
            return STATUS_OK;
        size_t at = position_of(search, key);
        if (at >= search->count)
            continue;
        row.row = arena_str(&ctx->arena, row.row);
        search->rows[at] = row;
        search->found[at] = true;
    }
}

static Status search_segment(Context *ctx, Search *search, const Segment *segment)
{
    size_t count;
    Str *keys;
    TRY(context_check(ctx));
    if (search->count == 1 && !segment_may_hold_key(segment, search->keys[0]))
        return STATUS_OK;
    TRY(candidates(ctx, search, segment, &keys, &count));
    return count ? search_file(ctx, search, segment, keys, count) : STATUS_OK;
}

static Status search_all(Context *ctx, Search *search)
{
    const Manifest *manifest = search->view->manifest;
    for (size_t i = manifest->segment_count; i-- > 0;)
        TRY(search_segment(ctx, search, &manifest->segments[i]));
    return STATUS_OK;
}

Status cold_find(Context *ctx,
                 ColdView *view,
                 const Str *keys,
                 size_t count,
                 StoredRow *ret_rows,
                 bool *ret_found)
{
    memset(ret_found, 0, count * sizeof(bool));
    if (!view || count == 0)
        return STATUS_OK;
    Search search = {
        .view = view, .keys = keys, .count = count, .rows = ret_rows, .found = ret_found};
    for (size_t i = 0; count > 1 && i < count; i++)
        map_put(&search.positions, keys[i], (void *)&keys[i]);
    Status status = search_all(ctx, &search);
    map_done(&search.positions);
    return status;
}
