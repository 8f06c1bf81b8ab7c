/* SPDX-License-Identifier: Apache-2.0 */
#include "live/live_net.h"

#include "base/map.h"
#include "base/memory_gauge.h"

typedef struct Folding {
    Context *ctx;
    Arena *arena; /* of the result */
    const LiveQuery *query;
    Map by_key;      /* encoded key -> LiveNetEntry */
    Context scratch; /* of one commit */
} Folding;

static void folding_done(Folding *folding)
{
    map_done(&folding->by_key);
    context_done(&folding->scratch);
}
DEFINE_CLEANUP_IN_PLACE(Folding, folding_done)

static LiveNetEntry *entry_for(Folding *folding, const Change *change)
{
    LiveNetEntry *entry = map_get(&folding->by_key, change->key);
    if (entry)
        return entry;
    Arena *arena = folding->arena;
    entry = ARENA_NEW(arena, LiveNetEntry);
    entry->key = arena_str(arena, change->key);
    map_put(&folding->by_key, entry->key, entry);
    return entry;
}

static bool event_was_in(const LiveEvent *event)
{
    return event->kind == LIVE_UPDATE || event->kind == LIVE_DELETE;
}

static void fold_event(Folding *folding, const Change *change, const LiveEvent *event)
{
    Arena *arena = folding->arena;
    bool first = !map_get(&folding->by_key, change->key);
    LiveNetEntry *entry = entry_for(folding, change);
    if (first && event_was_in(event)) {
        entry->was_in = true;
        entry->before = arena_str(arena, change->old_row);
        entry->before_seq = change->old_seq;
    }
    entry->seq = change->seq;
    entry->is_in = event->kind != LIVE_DELETE;
    if (event->kind != LIVE_DELETE || !entry->was_in)
        return;
    entry->left = event->left;
    entry->hard = event->hard;
    entry->removed = arena_str(arena, change->old_row);
    entry->removed_seq = change->old_seq;
}

/* Another version with equal values: no event, but the row's newest number all the same. */
static void fold_equal_version(Folding *folding, const Change *change)
{
    LiveNetEntry *entry = map_get(&folding->by_key, change->key);
    if (entry && entry->is_in)
        entry->seq = change->seq;
}

static Status fold_record(Folding *folding, const CommitRecord *record)
{
    const LiveQuery *query = folding->query;
    arena_clear(&folding->scratch.arena);
    CommitChanges changes = commit_changes(record);
    for (Change change; commit_changes_next_seen(&changes, &change);) {
        if (change.table_id != query->table->id || !live_query_owns(query, change.owner))
            continue;
        LiveImages images;
        LiveEvent event;
        TRY(live_images(&folding->scratch, query->table, &change, &images));
        TRY(live_judge(&folding->scratch, query, &change, &images, &event));
        if (event.kind != LIVE_NOTHING)
            fold_event(folding, &change, &event);
        else if (images.old_row && images.new_row)
            fold_equal_version(folding, &change);
    }
    return STATUS_OK;
}

static Status fold_log(Folding *folding, const LiveNetSpan *span)
{
    Context *ctx = folding->ctx;
    ChangeLogRange range = {
        .table_id = folding->query->table->id,
        .owner = folding->query->owner,
        .after = span->after,
    };
    CLEANUP(change_log_close)
    ChangeLogScan *scan = change_log_open(span->sequencer, span->snapshot, &range);
    for (CommitRecord *record; (record = change_log_next(ctx, scan));) {
        Status status = fold_record(folding, record);
        commit_record_unref(record);
        if (status != STATUS_OK) {
            context_copy_error(ctx, &folding->scratch);
            return status;
        }
        TRY(context_check(ctx));
        TRY(memory_gauge_check(ctx, folding->arena->allocated_bytes));
        if (folding->arena->allocated_bytes > LIVE_NET_BYTES_MAX)
            return fail(ctx, STATUS_MEMORY_LIMIT, "too much changed to be resumed");
    }
    return change_log_status(ctx, scan);
}

static int by_seq(const void *a, const void *b)
{
    SeqNo first = (*(LiveNetEntry *const *)a)->seq;
    SeqNo second = (*(LiveNetEntry *const *)b)->seq;
    return first < second ? -1 : first > second;
}

Status live_net_compute(Context *ctx, Arena *arena, const LiveNetSpan *span, LiveNet *ret_net)
{
    CLEANUP(folding_done) Folding folding = {.ctx = ctx, .arena = arena, .query = span->query};
    TRY(fold_log(&folding, span));

    LiveNet net = {.entries = ARENA_ARRAY(arena, LiveNetEntry *, folding.by_key.count + 1)};
    size_t at = 0;
    for (LiveNetEntry *entry; (entry = map_next(&folding.by_key, &at));)
        if (entry->was_in || entry->is_in)
            net.entries[net.count++] = entry;
    qsort(net.entries, net.count, sizeof(LiveNetEntry *), by_seq);
    *ret_net = net;
    return STATUS_OK;
}
