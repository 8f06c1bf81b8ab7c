/* SPDX-License-Identifier: Apache-2.0 */
#include "table/cold_rows.h"

void cold_rows_done(ColdRows *rows)
{
    map_done(&rows->by_key);
    *rows = (ColdRows){0};
}

static Status open_view(Context *ctx, const ColdRowsPlace *place, ColdView **ret_view)
{
    ColdViewOptions options = {
        .snapshot = place->snapshot,
        .table = place->table,
        .owner = place->owner,
        .tier = place->how,
    };
    return place->tier ? cold_view_open(ctx, place->tier, &options, ret_view) : STATUS_OK;
}

Status cold_rows_begin(Context *ctx, ColdRows *rows, const ColdRowsPlace *place)
{
    CLEANUP(cold_view_close) ColdView *view = NULL;
    cold_rows_done(rows);
    TRY(open_view(ctx, place, &view));
    rows->version = cold_view_version(view);
    return STATUS_OK;
}

static ColdRow *put(Context *ctx, ColdRows *rows, Str key)
{
    ColdRow *row = ARENA_NEW(&ctx->arena, ColdRow);
    map_put(&rows->by_key, key, row);
    return row;
}

void cold_rows_add(Context *ctx, ColdRows *rows, Str key, const StoredRow *stored)
{
    ColdRow *row = put(ctx, rows, key);
    row->found = true;
    row->stored = *stored;
    row->stored.cold_seq = stored->seq;
}

/* Most keys are answered by the filters, in memory; the rest is moved to the front of `likely`. */
static Status
sift(Context *ctx, ColdRows *rows, ColdView *view, StoreTier how, Str *likely, size_t *count)
{
    size_t kept = 0;
    for (size_t i = 0; i < *count; i++) {
        bool may;
        TRY(cold_may_hold(ctx, view, likely[i], how, &may));
        if (may)
            likely[kept++] = likely[i];
        else
            (void)put(ctx, rows, likely[i]);
    }
    *count = kept;
    return STATUS_OK;
}

static Status find(Context *ctx, ColdRows *rows, ColdView *view, const Str *keys, size_t count)
{
    StoredRow *found_rows = ARENA_ARRAY(&ctx->arena, StoredRow, count);
    bool *found = ARENA_ARRAY(&ctx->arena, bool, count);
    TRY(cold_find(ctx, view, keys, count, found_rows, found));
    for (size_t i = 0; i < count; i++) {
        if (found[i])
            cold_rows_add(ctx, rows, keys[i], &found_rows[i]);
        else
            (void)put(ctx, rows, keys[i]);
    }
    return STATUS_OK;
}

Status cold_rows_ask(
    Context *ctx, ColdRows *rows, const ColdRowsPlace *place, const Str *keys, size_t count)
{
    CLEANUP(cold_view_close) ColdView *view = NULL;
    TRY(cold_rows_begin(ctx, rows, place));
    if (rows->version == 0)
        return STATUS_OK;
    TRY(open_view(ctx, place, &view));
    Str *likely = ARENA_ARRAY(&ctx->arena, Str, count);
    memcpy(likely, keys, count * sizeof(*likely));
    TRY(sift(ctx, rows, view, place->how, likely, &count));
    if (count > 0 && place->how == STORE_READ_MEMORY)
        return STATUS_WOULD_BLOCK;
    return count > 0 ? find(ctx, rows, view, likely, count) : STATUS_OK;
}

const ColdRow *cold_rows_get(const ColdRows *rows, Str key)
{
    return map_get(&rows->by_key, key);
}

/* ---- on the sequencer thread ---- */

Status cold_rows_check(
    Context *ctx, const ColdRows *rows, CommitBuilder *builder, const Table *table, Owner owner)
{
    uint64_t version;
    TRY(cold_newest_version(builder, table->id, owner, &version));
    if (version == rows->version)
        return STATUS_OK;
    return fail(ctx,
                STATUS_STALE_PLAN,
                "the cold rows of table %.*s moved while the statement was planned",
                STR_ARG(table->full_name));
}
