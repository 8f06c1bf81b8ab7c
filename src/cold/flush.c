/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A flush is rounds of: scan a durable snapshot from where the last round ended,
 * write a segment, commit it, settle it.  A round ends with the rows or with a
 * full file.
 *
 * A hot version knows which cold one it hides; that one is superseded by the
 * segment and goes to its kills.
 */
#include "cold/flush.h"

#include "base/memory.h"
#include "cold/tombstone.h"

enum { DROPPED_ROWS_MAX = 100000 };

typedef struct HotFeed {
    RowFeed feed;
    StoreScan *scan;
    Owner owner;
    TombstoneRule rule;
    bool purge_only;
    SeqSet kills;
    bool ended;       /* no row is left */
    Buf last_key;     /* of the rows given out or dropped */
    HotCopy *dropped; /* in the arena */
    size_t dropped_count;
    size_t dropped_capacity;
    Arena arena;
} HotFeed;

static void hot_feed_done(HotFeed *feed)
{
    store_scan_close(feed->scan);
    seq_set_done(&feed->kills);
    buf_done(&feed->last_key);
    arena_done(&feed->arena);
}
DEFINE_CLEANUP_IN_PLACE(HotFeed, hot_feed_done)

/* It hides nothing and nobody has to see it any more. */
static bool can_be_dropped(const HotFeed *feed, const StoredRow *row)
{
    return !row->cold_seq && tombstone_is_over(&feed->rule, row);
}

static void drop(HotFeed *feed, Str key, SeqNo seq)
{
    feed->dropped = arena_grow(
        &feed->arena, feed->dropped, feed->dropped_count, &feed->dropped_capacity, sizeof(HotCopy));
    feed->dropped[feed->dropped_count++] = (HotCopy){arena_str(&feed->arena, key), seq, false};
}

/* The next hot version, whatever it is; *ret_more false at the end. */
static Status
next_version(HotFeed *feed, Context *ctx, Str *ret_key, StoredRow *ret_row, bool *ret_more)
{
    *ret_more = store_scan_next(feed->scan);
    if (!*ret_more) {
        feed->ended = true;
        return store_scan_status(ctx, feed->scan);
    }
    *ret_key = row_key_pk(feed->scan->key, feed->owner);
    buf_clear(&feed->last_key);
    buf_str_append(&feed->last_key, *ret_key);
    return stored_row_read(ctx, feed->scan->value, ret_row);
}

static Status
next_hot(RowFeed *row_feed, Context *ctx, Str *ret_key, StoredRow *ret_row, bool *ret_more)
{
    HotFeed *feed = CONTAINER_OF(row_feed, HotFeed, feed);
    while (feed->dropped_count < DROPPED_ROWS_MAX) {
        TRY(next_version(feed, ctx, ret_key, ret_row, ret_more));
        if (!*ret_more)
            return STATUS_OK;
        if (can_be_dropped(feed, ret_row)) {
            drop(feed, *ret_key, ret_row->seq);
        } else if (!feed->purge_only) {
            if (ret_row->cold_seq)
                seq_set_append(&feed->kills, ret_row->cold_seq);
            return STATUS_OK;
        }
    }
    *ret_more = false;
    return STATUS_OK;
}

/* All rows of the turn's owner behind the key `after`; empty = from the first. */
static StoreScan *scan_hot(const Maintenance *turn, Str after)
{
    CLEANUP(buf_done) Buf lower = {0};
    CLEANUP(buf_done) Buf prefix = {0};
    CLEANUP(buf_done) Buf upper = {0};
    row_key_append(&lower, turn->table_id, turn->owner, after);
    if (after.len)
        buf_byte(&lower, '\0');
    row_key_append(&prefix, turn->table_id, turn->owner, STR_NULL);
    key_successor_append(&upper, buf_str(&prefix));
    StoreScanOptions options = {
        .read = {.snapshot = turn->snapshot->at, .family = FAMILY_ROWS},
        .lower = buf_str(&lower),
        .upper = buf_str(&upper),
    };
    return store_scan_open(turn->tier->store, &options);
}

static void hot_feed_init(HotFeed *feed, const Maintenance *turn, Str after)
{
    *feed = (HotFeed){
        .feed = {.next = next_hot},
        .scan = scan_hot(turn, after),
        .owner = turn->owner,
        .rule = tombstone_rule(turn->table, turn->sequencer),
    };
}

/* ---- rounds ---- */

typedef struct Flush {
    const FlushOptions *options;
    Maintenance turn;
    Buf after; /* the last key of the round before */
    bool ended;
    Str *files;
    size_t file_capacity;
    FlushResult *result;
} Flush;

static void note_file(Context *ctx, Flush *flush, const SegmentDraft *draft)
{
    FlushResult *result = flush->result;
    flush->files = arena_grow(
        &ctx->arena, flush->files, result->file_count, &flush->file_capacity, sizeof(Str));
    flush->files[result->file_count++] = arena_str(&ctx->arena, draft->file_name);
    result->files = flush->files;
    result->row_count += draft->segment.row_count;
}

static Status add_segment(Context *ctx, Flush *flush, HotFeed *feed, const SegmentDraft *draft)
{
    SeqNo seq;
    seq_set_sort(&feed->kills);
    ManifestChange change = {
        .added = draft, .added_count = 1, .kills = &feed->kills, .unsettled = true};
    TRY(maintenance_commit(ctx, &flush->turn, &change, &seq));
    note_file(ctx, flush, draft);
    return maintenance_settle(ctx, &flush->turn);
}

static Status write_rows(Context *ctx, Flush *flush, HotFeed *feed)
{
    CLEANUP(segment_draft_done) SegmentDraft draft = {0};
    const Maintenance *turn = &flush->turn;
    uint64_t rows_max = flush->options->segment_rows_max;
    SegmentWrite write = {
        .tier = turn->tier,
        .store = turn->store,
        .table = turn->table,
        .owner = turn->owner,
        .manifest = turn->manifest,
        .feed = &feed->feed,
        .row_count_max = rows_max ? rows_max : SEGMENT_ROWS_MAX,
        .snapshot_seq = turn->snapshot->seq,
    };
    bool written;
    TRY(segment_write(ctx, &write, &draft, &written));
    return written ? add_segment(ctx, flush, feed, &draft) : STATUS_OK;
}

static Status run_round(Context *ctx, Flush *flush)
{
    CLEANUP(hot_feed_done) HotFeed feed;
    hot_feed_init(&feed, &flush->turn, buf_str(&flush->after));
    feed.purge_only = flush->options->purge_only;
    TRY(write_rows(ctx, flush, &feed));
    TRY(maintenance_evict(ctx, &flush->turn, feed.dropped, feed.dropped_count));
    flush->result->dropped_count += feed.dropped_count;
    buf_clear(&flush->after);
    buf_str_append(&flush->after, buf_str(&feed.last_key));
    flush->ended = feed.ended;
    return STATUS_OK;
}

static Status run(Context *ctx, Flush *flush)
{
    TRY(maintenance_begin(ctx, &flush->turn));
    while (!flush->ended) {
        TRY(context_check(ctx));
        TRY(run_round(ctx, flush));
    }
    flush->result->segment_count = flush->turn.manifest->segment_count;
    return STATUS_OK;
}

Status cold_flush(Context *ctx, const FlushOptions *options, FlushResult *ret_result)
{
    *ret_result = (FlushResult){0};
    Flush flush = {
        .options = options,
        .turn = {.tier = options->tier,
                 .sequencer = options->sequencer,
                 .table_id = options->table_id,
                 .owner = options->owner,
                 .hot_only = options->purge_only},
        .result = ret_result,
    };
    Status status = run(ctx, &flush);
    maintenance_end(&flush.turn);
    buf_done(&flush.after);
    return status;
}
