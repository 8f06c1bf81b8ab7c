/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass over all hot rows finds the owners that have something to drop, and
 * when the next tombstone will be over; a second one, inside of a turn, drops it.
 */
#include "cold/retention.h"

#include "base/clock.h"
#include "cold/cold_private.h"
#include "cold/cold_trash.h"
#include "cold/compact.h"
#include "cold/flush.h"
#include "cold/manifest_scan.h"

enum { MS_PER_HOUR = 3600000 };

typedef struct Retention {
    ColdTier *tier;
    Sequencer *sequencer;
    Snapshot *snapshot;
    StoreScan *rows;
    const Table *table; /* of the rows that go by; NULL = dropped, or nothing to look at */
    TombstoneRule rule;
    RetentionResult *result;
} Retention;

static void retention_done(Retention *retention)
{
    store_scan_close(retention->rows);
    snapshot_unref(retention->snapshot);
}
DEFINE_CLEANUP_IN_PLACE(Retention, retention_done)

/* What is written at `seq` is over by then. */
static void note_next(Retention *retention, const Table *table, SeqNo seq)
{
    int64_t ms = snowflake_to_ms(seq) + table->options.deleted_retention_hours * MS_PER_HOUR;
    if (ms < retention->result->next_ms)
        retention->result->next_ms = ms;
}

/* ---- the hot tier ---- */

static void set_table(Retention *retention, uint32_t table_id)
{
    if (retention->table && retention->table->id == table_id)
        return;
    retention->table = catalog_table_by_id(retention->snapshot->catalog, table_id);
    if (retention->table)
        retention->rule = tombstone_rule(retention->table, retention->sequencer);
}

/* The next row that can be dropped; *ret_more false at the end. */
static Status find_expired(Context *ctx, Retention *retention, Owner *ret_owner, bool *ret_more)
{
    ArenaMark mark = arena_mark(&ctx->arena);
    while (store_scan_next(retention->rows)) {
        StoredRow stored;
        uint32_t table_id;
        Str pk;
        TRY(stored_row_read(ctx, retention->rows->value, &stored));
        if (!stored.deleted || stored.cold_seq)
            continue;
        arena_rewind(&ctx->arena, mark);
        TRY(context_check(ctx));
        TRY(row_key_read(ctx, retention->rows->key, &table_id, ret_owner, &pk));
        set_table(retention, table_id);
        *ret_more = retention->table && tombstone_is_over(&retention->rule, &stored);
        if (*ret_more)
            return STATUS_OK;
        if (retention->table)
            note_next(retention, retention->table, stored.seq);
    }
    *ret_more = false;
    return store_scan_status(ctx, retention->rows);
}

static void skip_owner(Retention *retention, Owner owner)
{
    CLEANUP(buf_done) Buf prefix = {0};
    CLEANUP(buf_done) Buf next = {0};
    row_key_append(&prefix, retention->table->id, owner, STR_NULL);
    key_successor_append(&next, buf_str(&prefix));
    store_scan_seek(retention->rows, buf_str(&next));
}

static Status purge_owner(Context *ctx, Retention *retention, Owner owner)
{
    FlushResult result;
    FlushOptions options = {
        .tier = retention->tier,
        .sequencer = retention->sequencer,
        .table_id = retention->table->id,
        .owner = owner,
        .purge_only = true,
    };
    Status status = cold_flush(ctx, &options, &result);
    retention->result->purged_count += result.dropped_count;
    if (status != STATUS_TABLE_NOT_FOUND)
        return status;
    context_clear_error(ctx); /* dropped meanwhile */
    return STATUS_OK;
}

static Status purge_hot(Context *ctx, Retention *retention)
{
    ArenaMark mark = arena_mark(&ctx->arena);
    for (;;) {
        Owner owner;
        bool more;
        TRY(find_expired(ctx, retention, &owner, &more));
        if (!more)
            return STATUS_OK;
        TRY(purge_owner(ctx, retention, owner));
        skip_owner(retention, owner);
        arena_rewind(&ctx->arena, mark);
    }
}

/* ---- the cold tier ---- */

static uint64_t count_kills(const Manifest *manifest)
{
    uint64_t count = 0;
    for (size_t i = 0; i < manifest->segment_count; i++)
        count += manifest->segments[i].kill_count;
    return count;
}

static void note_segments(Retention *retention, const Table *table, const Manifest *manifest)
{
    int64_t now_ms = clock_wall_us() / 1000;
    for (size_t i = 0; i < manifest->segment_count; i++) {
        const Segment *segment = &manifest->segments[i];
        int64_t over_ms = snowflake_to_ms(segment->seq_max) +
                          table->options.deleted_retention_hours * MS_PER_HOUR;
        if (segment->tombstone_count > 0 && over_ms > now_ms)
            note_next(retention, table, segment->seq_max);
    }
}

static Status compact_owner(Context *ctx, Retention *retention, const ScannedManifest *scanned)
{
    CompactResult result;
    const Table *table = catalog_table_by_id(retention->snapshot->catalog, scanned->table_id);
    if (!table)
        return STATUS_OK;
    note_segments(retention, table, scanned->manifest);
    CompactState state = {
        .manifest = scanned->manifest,
        .dead_count = count_kills(scanned->manifest),
        .rule = tombstone_rule(table, retention->sequencer),
    };
    if (compact_choose(&ctx->arena, &state).count == 0)
        return STATUS_OK;
    CompactOptions options = {
        .tier = retention->tier,
        .sequencer = retention->sequencer,
        .table_id = table->id,
        .owner = scanned->owner,
    };
    TRY(cold_compact(ctx, &options, &result));
    retention->result->compacted_count += result.segments_before > 0;
    return STATUS_OK;
}

static Status compact_cold(Context *ctx, Retention *retention)
{
    CLEANUP(manifest_scan_close)
    ManifestScan *scan = manifest_scan_open(retention->tier->store, NULL, 0);
    ArenaMark mark = arena_mark(&ctx->arena);
    for (;;) {
        ScannedManifest scanned;
        bool more;
        TRY(manifest_scan_next(ctx, scan, &scanned, &more));
        if (!more)
            return STATUS_OK;
        TRY(compact_owner(ctx, retention, &scanned));
        arena_rewind(&ctx->arena, mark);
    }
}

/* ---- both ---- */

/* No tombstone that is made from now on is over before this. */
static int64_t first_new_expiry_ms(const Catalog *catalog)
{
    int64_t hours = INT64_MAX / MS_PER_HOUR / 2;
    const Table *table;
    for (size_t at = 0; (table = map_next(&catalog->tables, &at));) {
        bool has_rows = table->kind == TABLE_USER || table->kind == TABLE_SHARED;
        int64_t kept = table->options.deleted_retention_hours;
        if (has_rows && kept > 0 && kept < hours)
            hours = kept;
    }
    return clock_wall_us() / 1000 + hours * MS_PER_HOUR;
}

Status
cold_retention(Context *ctx, ColdTier *tier, Sequencer *sequencer, RetentionResult *ret_result)
{
    *ret_result = (RetentionResult){0};
    CLEANUP(retention_done)
    Retention retention = {
        .tier = tier,
        .sequencer = sequencer,
        .snapshot = published_durable(sequencer_published(sequencer)),
        .result = ret_result,
    };
    ret_result->next_ms = first_new_expiry_ms(retention.snapshot->catalog);
    retention.rows = store_scan_open(
        tier->store,
        &(StoreScanOptions){.read = {.snapshot = retention.snapshot->at, .family = FAMILY_ROWS}});
    TRY(purge_hot(ctx, &retention));
    TRY(compact_cold(ctx, &retention));
    if (cold_trash_empty(ctx, tier, sequencer) != STATUS_OK)
        context_clear_error(ctx); /* as in cold_compact() */
    return STATUS_OK;
}
