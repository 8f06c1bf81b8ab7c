/* SPDX-License-Identifier: Apache-2.0 */
#include "commit/change_log.h"

#include "base/memory.h"
#include "commit/sequencer_parts.h"

#include <assert.h>

struct ChangeLogScan {
    Sequencer *sequencer;
    Snapshot *snapshot;
    StoreScan *scan; /* of the log, or of log_by_owner */
    bool everything;
    uint32_t table_id;
    SeqNo after;
    Buf key; /* scratch */
    Status status;
};

static void key_append(Buf *out, const ChangeLogRange *range, SeqNo seq)
{
    if (range->everything)
        log_key_append(out, seq);
    else
        log_by_owner_key_append(out, range->table_id, range->owner, seq);
}

ChangeLogScan *
change_log_open(Sequencer *sequencer, Snapshot *snapshot, const ChangeLogRange *range)
{
    CLEANUP(buf_done) Buf lower = {0};
    CLEANUP(buf_done) Buf upper = {0};
    SeqNo until = range->until ? range->until : snapshot->seq;
    SeqNo after = range->after < until ? range->after : until;
    assert(until < UINT64_MAX);
    key_append(&lower, range, after + 1);
    key_append(&upper, range, until + 1);

    ChangeLogScan *scan = NEW(ChangeLogScan);
    scan->sequencer = sequencer;
    scan->snapshot = snapshot_ref(snapshot);
    scan->everything = range->everything;
    scan->table_id = range->table_id;
    scan->after = range->after;
    scan->scan = store_scan_open(
        snapshot->store,
        &(StoreScanOptions){
            .read = {.snapshot = snapshot->at,
                     .family = range->everything ? FAMILY_LOG : FAMILY_LOG_BY_OWNER},
            .lower = buf_str(&lower),
            .upper = buf_str(&upper),
        });
    return scan;
}

void change_log_close(ChangeLogScan *scan)
{
    if (!scan)
        return;
    store_scan_close(scan->scan);
    snapshot_unref(scan->snapshot);
    buf_done(&scan->key);
    free(scan);
}

/* What the scan reads may be gone up to here. */
static SeqNo mark_of(const ChangeLogScan *scan)
{
    SeqNo low_water = change_log_low_water(scan->sequencer);
    SeqNo own = scan->everything ? log_marks_highest(&scan->sequencer->log_marks)
                                 : log_marks_get(&scan->sequencer->log_marks, scan->table_id);
    return own > low_water ? own : low_water;
}

/* The bytes of the commit that log_by_owner names. */
static Status read_record(Context *ctx, ChangeLogScan *scan, Str *ret_bytes)
{
    SeqNo seq = log_by_owner_key_seq(scan->scan->key);
    buf_clear(&scan->key);
    log_key_append(&scan->key, seq);
    StoreRead read = {.snapshot = scan->snapshot->at, .family = FAMILY_LOG};
    TRY(store_get(ctx, scan->snapshot->store, read, buf_str(&scan->key), ret_bytes));
    if (ret_bytes->ptr)
        return STATUS_OK;
    if (seq <= mark_of(scan))
        return fail(ctx, STATUS_NOT_FOUND, "the change log does not reach back that far");
    return fail(
        ctx, STATUS_CORRUPT, "commit %llu is missing in the change log", (unsigned long long)seq);
}

static Status next_record(Context *ctx, ChangeLogScan *scan, CommitRecord **ret_record)
{
    Str bytes = scan->scan->value;
    if (!scan->everything)
        TRY(read_record(ctx, scan, &bytes));
    return commit_record_decode(ctx, bytes, ret_record);
}

CommitRecord *change_log_next(Context *ctx, ChangeLogScan *scan)
{
    if (scan->status != STATUS_OK || !store_scan_next(scan->scan))
        return NULL;
    ArenaMark mark = arena_mark(&ctx->arena);
    CommitRecord *record = NULL;
    scan->status = next_record(ctx, scan, &record);
    if (scan->status == STATUS_OK)
        arena_rewind(&ctx->arena, mark); /* an error's words would lie there */
    return record;
}

Status change_log_status(Context *ctx, ChangeLogScan *scan)
{
    SeqNo mark = mark_of(scan);
    if (scan->after < mark)
        return fail(ctx,
                    STATUS_NOT_FOUND,
                    "the change log begins after %llu, asked for was %llu",
                    (unsigned long long)mark,
                    (unsigned long long)scan->after);
    if (scan->status != STATUS_OK)
        return scan->status;
    return store_scan_status(ctx, scan->scan);
}

Status change_log_thinned_until(Context *ctx, Store *store, SeqNo *ret_seq)
{
    LogMarks marks;
    log_marks_init(&marks);
    Status status = log_marks_load(ctx, store, &marks);
    *ret_seq = log_marks_highest(&marks);
    log_marks_done(&marks);
    return status;
}

SeqNo change_log_table_low_water(Sequencer *sequencer, uint32_t table_id)
{
    SeqNo low_water = change_log_low_water(sequencer);
    SeqNo own = log_marks_get(&sequencer->log_marks, table_id);
    return own > low_water ? own : low_water;
}

SeqNo change_log_low_water(Sequencer *sequencer)
{
    return atomic_load(&sequencer->log_low_water);
}
