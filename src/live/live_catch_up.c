/* SPDX-License-Identifier: Apache-2.0 */
#include "live/live_catch_up.h"

#include "base/clock.h"
#include "live/live_delta.h"
#include "live/live_net.h"
#include "table/scan.h"

static Snapshot *take_snapshot(const LiveCatchUp *round)
{
    Published *published = sequencer_published(round->sequencer);
    return table_is_sync(round->query->table) ? published_durable(published)
                                              : published_applied(published);
}

/*
 * Rows of a newer version of the table may not fit the columns of an older one (a type was
 * widened); the other way round every row can be read.
 */
static Status check_version(Context *ctx, const LiveCatchUp *round, const Snapshot *snapshot)
{
    const Table *table = round->query->table;
    const Table *newest = catalog_table_by_id(snapshot->catalog, table->id);
    if (!newest || newest->version <= table->version)
        return STATUS_OK;
    return fail(ctx, STATUS_STALE_PLAN, "table %.*s was altered", STR_ARG(table->full_name));
}

static void keep_tails(LiveCatchUp *round, LiveDelta *delta)
{
    for (size_t i = 0; i < delta->tail_count; i++)
        live_frames_add_tail(&round->frames, shared_ref(delta->tails[i]));
    round->row_count += delta->row_count;
    live_delta_clear(delta);
}

/* Nothing expired is replayed. */
static bool is_expired(const LiveCatchUp *round, SeqNo seq)
{
    return round->query->table->kind == TABLE_STREAM &&
           stream_is_expired(round->query->table, seq, clock_wall_us() / 1000);
}

static Status every_commit(Context *ctx, LiveCatchUp *round, Snapshot *snapshot)
{
    const LiveQuery *query = round->query;
    CLEANUP(live_delta_done) LiveDelta delta = {0};
    ChangeLogRange range = {
        .table_id = query->table->id, .owner = query->owner, .after = round->position};
    CLEANUP(change_log_close)
    ChangeLogScan *scan = change_log_open(round->sequencer, snapshot, &range);
    ArenaMark mark = arena_mark(&ctx->arena);
    while (round->frames.byte_count < round->bytes_max) {
        CLEANUP(commit_record_unref) CommitRecord *record = change_log_next(ctx, scan);
        if (!record) {
            TRY(change_log_status(ctx, scan));
            round->position = snapshot->seq;
            round->complete = true;
            return STATUS_OK;
        }
        if (!is_expired(round, record->seq))
            TRY(live_delta_record(ctx, &delta, query, record));
        keep_tails(round, &delta);
        round->position = record->seq;
        TRY(context_check(ctx));
        arena_rewind(&ctx->arena, mark);
    }
    return change_log_status(ctx, scan);
}

static Status
decode_image(Context *ctx, const Table *table, Str image, SeqNo seq, const Value **ret_row)
{
    Value *row = ARENA_ARRAY(&ctx->arena, Value, table_row_width(table));
    TRY(table_decode_image(ctx, table, image, seq, false, row));
    *ret_row = row;
    return STATUS_OK;
}

static Status newest_row(
    Context *ctx, const LiveCatchUp *round, Snapshot *snapshot, Str key, const Value **ret_row)
{
    const LiveQuery *query = round->query;
    TableRow row;
    bool found;
    TableGet get = {
        .cold = round->cold,
        .snapshot = snapshot,
        .table = query->table,
        .owner = query->owner,
        .key = key,
    };
    TRY(table_get(ctx, &get, &row, &found));
    if (!found)
        return fail(ctx, STATUS_CORRUPT, "a row of the snapshot is gone");
    *ret_row = row.values;
    return STATUS_OK;
}

/* The client's last version against the newest one. */
static Status net_event(Context *ctx,
                        const LiveCatchUp *round,
                        Snapshot *snapshot,
                        const LiveNetEntry *entry,
                        LiveEvent *ret_event)
{
    LiveEvent event = {.seq = entry->seq, .left = entry->left, .hard = entry->hard};
    if (entry->was_in)
        TRY(decode_image(
            ctx, round->query->table, entry->before, entry->before_seq, &event.images.old_row));
    if (entry->is_in)
        TRY(newest_row(ctx, round, snapshot, entry->key, &event.images.new_row));
    event.kind = !entry->is_in ? LIVE_DELETE : entry->was_in ? LIVE_UPDATE : LIVE_INSERT;
    *ret_event = event;
    return STATUS_OK;
}

static Status newest_versions(Context *ctx, LiveCatchUp *round, Snapshot *snapshot)
{
    LiveNet net;
    const LiveQuery *query = round->query;
    CLEANUP(live_delta_done) LiveDelta delta = {0};
    LiveNetSpan span = {
        .sequencer = round->sequencer,
        .snapshot = snapshot,
        .query = query,
        .after = round->position,
    };
    TRY(live_net_compute(ctx, &ctx->arena, &span, &net));
    for (size_t i = 0; i < net.count; i++) {
        LiveEvent event;
        TRY(net_event(ctx, round, snapshot, net.entries[i], &event));
        TRY(live_delta_add(ctx, &delta, query, &event));
    }
    live_delta_commit(&delta, snapshot->seq);
    keep_tails(round, &delta);
    round->position = snapshot->seq;
    round->complete = true;
    return STATUS_OK;
}

Status live_catch_up_run(Context *ctx, LiveCatchUp *round)
{
    CLEANUP(snapshot_unref) Snapshot *snapshot = take_snapshot(round);
    round->complete = false;
    if (snapshot->seq <= round->position) {
        round->complete = true;
        return STATUS_OK;
    }
    TRY(check_version(ctx, round, snapshot));
    bool newest_only = round->newest_only && round->query->table->kind != TABLE_STREAM;
    return newest_only ? newest_versions(ctx, round, snapshot) : every_commit(ctx, round, snapshot);
}
