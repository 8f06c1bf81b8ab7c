/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One owner after the other: first the hot rows, which say what they hide, then
 * the manifest.  Of all owners those with hot rows come first, slot by slot; the
 * manifests of the others are found by a walk over all of the table's.
 */
#include "table/table_stats.h"

#include "base/memory.h"
#include "cold/cold_count.h"
#include "cold/manifest_scan.h"

enum { CHECK_EVERY_ROWS = 1024, HEAD_BYTES = 6 /* slot, table */ };

typedef struct StatsRun {
    const TableStatsOptions *options;
    TableStats stats;
    int64_t flushed_at_ms;
    /* The owner in hand. */
    bool has_owner;
    Owner owner; /* in the arena */
    SeqSet hidden;
    SeqSet hot;
    Map counted; /* user id -> anything; of everybody */
} StatsRun;

static void stats_run_done(StatsRun *run)
{
    seq_set_done(&run->hidden);
    seq_set_done(&run->hot);
    map_done(&run->counted);
}
DEFINE_CLEANUP_IN_PLACE(StatsRun, stats_run_done)

/* ---- one owner's files ---- */

static Status count_cold(Context *ctx, StatsRun *run, Owner owner)
{
    const TableStatsOptions *options = run->options;
    CLEANUP(cold_view_close) ColdView *view = NULL;
    ColdViewOptions view_options = {
        .snapshot = options->snapshot, .table = options->table, .owner = owner};
    ColdStats files;
    ColdCount count;
    if (!options->cold)
        return STATUS_OK;
    TRY(cold_view_open(ctx, options->cold, &view_options, &view));
    TRY(cold_view_stats(ctx, view, &files));
    seq_set_sort(&run->hidden);
    seq_set_sort(&run->hot);
    TRY(cold_count(ctx, view, &(HotSeqs){&run->hidden, &run->hot}, &count));
    run->stats.cold_rows += count.rows;
    run->stats.tombstones += count.tombstones;
    run->stats.cold_bytes += files.bytes;
    run->stats.segments += files.segments;
    return STATUS_OK;
}

static Status end_owner(Context *ctx, StatsRun *run)
{
    if (!run->has_owner)
        return STATUS_OK;
    run->has_owner = false;
    TRY(count_cold(ctx, run, run->owner));
    run->hidden.count = run->hot.count = 0;
    if (run->options->everybody)
        map_put(&run->counted, run->owner.user_id, run);
    return STATUS_OK;
}

/* ---- hot rows ---- */

static Status count_hot(Context *ctx, StatsRun *run, const StoreScan *scan)
{
    StoredRow row;
    TRY(stored_row_read(ctx, scan->value, &row));
    TableStats *stats = &run->stats;
    stats->hot_bytes += scan->key.len + scan->value.len;
    stats->hot_rows += !row.deleted;
    stats->tombstones += row.deleted && !row.gone;
    if (!run->options->cold)
        return STATUS_OK;
    if (row.cold_seq)
        seq_set_append(&run->hidden, row.cold_seq);
    seq_set_append(&run->hot, row.seq);
    return STATUS_OK;
}

static Status begin_owner(Context *ctx, StatsRun *run, Str key)
{
    uint32_t table_id;
    Owner owner;
    Str pk;
    ArenaMark mark = arena_mark(&ctx->arena);
    TRY(row_key_read(ctx, key, &table_id, &owner, &pk));
    if (run->has_owner && str_equal(owner.user_id, run->owner.user_id)) {
        arena_rewind(&ctx->arena, mark);
        return STATUS_OK;
    }
    TRY(end_owner(ctx, run));
    run->owner = owner;
    run->has_owner = true;
    return STATUS_OK;
}

/* All rows whose keys start with `prefix`. */
static Status scan_hot(Context *ctx, StatsRun *run, Str prefix)
{
    CLEANUP(buf_done) Buf upper = {0};
    const Snapshot *snapshot = run->options->snapshot;
    key_successor_append(&upper, prefix);
    StoreScanOptions options = {
        .read = {.snapshot = snapshot->at, .family = FAMILY_ROWS},
        .lower = prefix,
        .upper = buf_str(&upper),
    };
    CLEANUP(store_scan_close) StoreScan *scan = store_scan_open(snapshot->store, &options);
    for (size_t count = 0; store_scan_next(scan); count++) {
        if (count % CHECK_EVERY_ROWS == 0)
            TRY(context_check(ctx));
        TRY(begin_owner(ctx, run, scan->key));
        TRY(count_hot(ctx, run, scan));
    }
    return store_scan_status(ctx, scan);
}

static Status scan_hot_of_everybody(Context *ctx, StatsRun *run)
{
    CLEANUP(buf_done) Buf prefix = {0};
    for (uint32_t slot = 0; slot < SLOT_COUNT; slot++) {
        buf_clear(&prefix);
        stream_bucket_prefix_append(&prefix, (uint16_t)slot, run->options->table->id, 0);
        prefix.len = HEAD_BYTES;
        TRY(context_check(ctx));
        TRY(scan_hot(ctx, run, buf_str(&prefix)));
    }
    return end_owner(ctx, run);
}

/* ---- manifests ---- */

static bool is_meant(const TableStatsOptions *options, Owner owner)
{
    return options->everybody || str_equal(owner.user_id, options->owner.user_id);
}

/* For each owner in turn; of one owner the walk is short. */
static Status walk_manifests(Context *ctx,
                             StatsRun *run,
                             Status (*visit)(Context *, StatsRun *, const ScannedManifest *))
{
    const TableStatsOptions *options = run->options;
    if (!options->cold)
        return STATUS_OK;
    CLEANUP(manifest_scan_close)
    ManifestScan *scan =
        manifest_scan_open(options->snapshot->store, options->snapshot, options->table->id);
    for (;;) {
        ScannedManifest scanned;
        bool more;
        TRY(manifest_scan_next(ctx, scan, &scanned, &more));
        if (!more)
            return STATUS_OK;
        if (is_meant(options, scanned.owner))
            TRY(visit(ctx, run, &scanned));
    }
}

static Status visit_last_flush(Context *ctx, StatsRun *run, const ScannedManifest *scanned)
{
    (void)ctx;
    if (scanned->manifest->flushed_at_ms > run->flushed_at_ms)
        run->flushed_at_ms = scanned->manifest->flushed_at_ms;
    return STATUS_OK;
}

static Status visit_uncounted(Context *ctx, StatsRun *run, const ScannedManifest *scanned)
{
    if (map_get(&run->counted, scanned->owner.user_id))
        return STATUS_OK;
    return count_cold(ctx, run, scanned->owner);
}

/* ---- public ---- */

static Status count_everybody(Context *ctx, StatsRun *run)
{
    TRY(scan_hot_of_everybody(ctx, run));
    return walk_manifests(ctx, run, visit_uncounted);
}

static Status count_one(Context *ctx, StatsRun *run)
{
    CLEANUP(buf_done) Buf prefix = {0};
    const TableStatsOptions *options = run->options;
    row_key_append(&prefix, options->table->id, options->owner, STR_NULL);
    run->owner = options->owner;
    run->has_owner = true;
    TRY(scan_hot(ctx, run, buf_str(&prefix)));
    return end_owner(ctx, run);
}

Status table_stats(Context *ctx, const TableStatsOptions *options, TableStats *ret_stats)
{
    CLEANUP(stats_run_done) StatsRun run = {.options = options};
    TRY(options->everybody ? count_everybody(ctx, &run) : count_one(ctx, &run));
    *ret_stats = run.stats;
    return STATUS_OK;
}

Status table_last_flush(Context *ctx, const TableStatsOptions *options, int64_t *ret_flushed_at_ms)
{
    CLEANUP(stats_run_done) StatsRun run = {.options = options};
    TRY(walk_manifests(ctx, &run, visit_last_flush));
    *ret_flushed_at_ms = run.flushed_at_ms;
    return STATUS_OK;
}
