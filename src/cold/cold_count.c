/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hot version hides an undead cold one, so what remains of the undead rows is
 * a matter of subtraction, but for two things: a tombstone among them is no row,
 * and may be hidden as well or not; and what is unsettled is in both tiers under
 * one number.
 */
#include "cold/cold_count.h"

#include "cold/cold_private.h"

static Status count_by_reading(Context *ctx, ColdView *view, const HotSeqs *seqs, ColdCount *count)
{
    bool *no_columns = ARENA_ARRAY(&ctx->arena, bool, view->table->column_count + 1);
    ColdScanOptions options = {.wanted_columns = no_columns};
    CLEANUP(cold_scan_close) ColdScan *scan = cold_scan_open(view, &options);
    ArenaMark mark = arena_mark(&ctx->arena);
    Str key;
    StoredRow row;
    while (cold_scan_next(ctx, scan, &key, &row)) {
        bool hidden = seq_set_has(seqs->hidden, row.seq) || seq_set_has(seqs->hot, row.seq);
        count->rows += !hidden && !row.deleted;
        count->tombstones += !hidden && row.deleted && !row.gone;
        arena_rewind(&ctx->arena, mark);
    }
    return cold_scan_status(ctx, scan);
}

Status cold_count(Context *ctx, ColdView *view, const HotSeqs *seqs, ColdCount *ret_count)
{
    ColdStats stats;
    *ret_count = (ColdCount){0};
    if (!view)
        return STATUS_OK;
    TRY(cold_view_stats(ctx, view, &stats));
    if (stats.tombstones > 0 || view->manifest->unsettled)
        return count_by_reading(ctx, view, seqs, ret_count);
    ret_count->rows = stats.rows - stats.dead_rows - seqs->hidden->count;
    return STATUS_OK;
}
