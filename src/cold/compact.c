/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The merged rows come from a scan of the chosen segments, which passes over the
 * dead ones and notes them: these versions are in no file any more, so they
 * leave the dead list.  What remains of it becomes the kills of the new segment.
 */
#include "cold/compact.h"

#include "cold/cold_trash.h"
#include "cold/flush.h"

typedef struct ColdFeed {
    RowFeed feed;
    ColdScan *scan;
    bool drops_tombstones;
    TombstoneRule rule;
} ColdFeed;

typedef struct Compaction {
    const CompactOptions *options;
    Maintenance turn;
    CompactChoice choice;
    ColdFeed feed;
    SeqSet dead; /* passed over, so in no file afterwards */
    SegmentDraft *drafts;
    size_t draft_count;
    size_t draft_capacity;
    CompactResult *result;
} Compaction;

/* ---- rows ---- */

static bool can_be_dropped(const ColdFeed *feed, const StoredRow *row)
{
    return feed->drops_tombstones && tombstone_is_over(&feed->rule, row);
}

static Status
next_cold(RowFeed *row_feed, Context *ctx, Str *ret_key, StoredRow *ret_row, bool *ret_more)
{
    ColdFeed *feed = CONTAINER_OF(row_feed, ColdFeed, feed);
    do
        *ret_more = cold_scan_next(ctx, feed->scan, ret_key, ret_row);
    while (*ret_more && can_be_dropped(feed, ret_row));
    return cold_scan_status(ctx, feed->scan);
}

static void open_feed(Compaction *compaction)
{
    const Maintenance *turn = &compaction->turn;
    compaction->feed = (ColdFeed){
        .feed = {.next = next_cold},
        .scan = cold_scan_open_segments(
            turn->view, compaction->choice.segments, compaction->choice.count, &compaction->dead),
        .drops_tombstones = compaction->choice.count == turn->manifest->segment_count,
        .rule = tombstone_rule(turn->table, turn->sequencer),
    };
}

/* ---- files ---- */

static SegmentDraft *add_draft(Context *ctx, Compaction *compaction)
{
    compaction->drafts = arena_grow(&ctx->arena,
                                    compaction->drafts,
                                    compaction->draft_count,
                                    &compaction->draft_capacity,
                                    sizeof(SegmentDraft));
    SegmentDraft *draft = &compaction->drafts[compaction->draft_count++];
    *draft = (SegmentDraft){0};
    return draft;
}

static Status write_files(Context *ctx, Compaction *compaction)
{
    const Maintenance *turn = &compaction->turn;
    uint64_t rows_max = compaction->options->segment_rows_max;
    SegmentWrite write = {
        .tier = turn->tier,
        .store = turn->store,
        .table = turn->table,
        .owner = turn->owner,
        .manifest = turn->manifest,
        .feed = &compaction->feed.feed,
        .row_count_max = rows_max ? rows_max : SEGMENT_ROWS_MAX,
        .snapshot_seq = turn->snapshot->seq,
    };
    bool written = true;
    while (written) {
        SegmentDraft *draft = add_draft(ctx, compaction);
        TRY(segment_write(ctx, &write, draft, &written));
        if (!written) {
            segment_draft_done(draft);
            compaction->draft_count--;
        }
    }
    return STATUS_OK;
}

/* ---- the commit ---- */

static Status remaining_dead(Context *ctx, Compaction *compaction, SeqSet *ret_dead)
{
    const SeqSet *dead;
    TRY(cold_load_dead(ctx, compaction->turn.view, &dead));
    if (compaction->choice.count == compaction->turn.manifest->segment_count)
        return STATUS_OK; /* no file is left that could hold a dead version */
    seq_set_append_all(ret_dead, dead);
    seq_set_sort(&compaction->dead);
    seq_set_subtract(ret_dead, &compaction->dead);
    return STATUS_OK;
}

/* The old ones; before the commit changes what the turn knows of them. */
static const Str *replaced_files(Context *ctx, const Compaction *compaction)
{
    const Manifest *manifest = compaction->turn.manifest;
    const CompactChoice *choice = &compaction->choice;
    Str *files = ARENA_ARRAY(&ctx->arena, Str, choice->count);
    for (size_t i = 0; i < choice->count; i++) {
        const Segment *segment = manifest_segment(manifest, choice->segments[i]);
        files[i] = segment_object_name(&ctx->arena, manifest, segment->file_ms);
    }
    return files;
}

static void note_result(const Compaction *compaction)
{
    CompactResult result = {
        .segments_before = compaction->choice.count,
        .segments_after = compaction->draft_count,
    };
    for (size_t i = 0; i < compaction->choice.count; i++)
        result.rows_before +=
            manifest_segment(compaction->turn.manifest, compaction->choice.segments[i])->row_count;
    for (size_t i = 0; i < compaction->draft_count; i++)
        result.rows_after += compaction->drafts[i].segment.row_count;
    *compaction->result = result;
}

static Status commit(Context *ctx, Compaction *compaction)
{
    CLEANUP(seq_set_done) SeqSet dead = {0};
    Maintenance *turn = &compaction->turn;
    const Str *files = replaced_files(ctx, compaction);
    SeqNo seq;
    TRY(remaining_dead(ctx, compaction, &dead));
    note_result(compaction);
    ManifestChange change = {
        .added = compaction->drafts,
        .added_count = compaction->draft_count,
        .kills = &dead,
        .removed = compaction->choice.segments,
        .removed_count = compaction->choice.count,
        .all_kills = true,
    };
    TRY(maintenance_commit(ctx, turn, &change, &seq));
    for (size_t i = 0; i < compaction->choice.count; i++)
        cold_trash_add(turn->tier, turn->manifest->storage_id, files[i], seq);
    return maintenance_write_json(ctx, turn);
}

/* ---- all of it ---- */

static Status choose(Context *ctx, Compaction *compaction)
{
    const Maintenance *turn = &compaction->turn;
    const SeqSet *dead;
    if (!turn->view)
        return STATUS_OK;
    TRY(cold_load_dead(ctx, turn->view, &dead));
    CompactState state = {
        .manifest = turn->manifest,
        .dead_count = dead->count,
        .rule = tombstone_rule(turn->table, turn->sequencer),
    };
    compaction->choice = compaction->options->everything ? compact_choose_all(&ctx->arena, &state)
                                                         : compact_choose(&ctx->arena, &state);
    return STATUS_OK;
}

static Status run(Context *ctx, Compaction *compaction)
{
    TRY(maintenance_begin(ctx, &compaction->turn));
    TRY(choose(ctx, compaction));
    if (compaction->choice.count == 0)
        return STATUS_OK;
    open_feed(compaction);
    Status status = write_files(ctx, compaction);
    cold_scan_close(TAKE(compaction->feed.scan));
    return status == STATUS_OK ? commit(ctx, compaction) : status;
}

Status cold_compact(Context *ctx, const CompactOptions *options, CompactResult *ret_result)
{
    *ret_result = (CompactResult){0};
    Compaction compaction = {
        .options = options,
        .turn = {.tier = options->tier,
                 .sequencer = options->sequencer,
                 .table_id = options->table_id,
                 .owner = options->owner},
        .result = ret_result,
    };
    Status status = run(ctx, &compaction);
    maintenance_end(&compaction.turn);
    for (size_t i = 0; i < compaction.draft_count; i++)
        segment_draft_done(&compaction.drafts[i]);
    seq_set_done(&compaction.dead);
    /* It is committed; files that cannot be removed now are the flush monitor's to report. */
    if (status == STATUS_OK &&
        cold_trash_empty(ctx, options->tier, options->sequencer) != STATUS_OK)
        context_clear_error(ctx);
    return status;
}
