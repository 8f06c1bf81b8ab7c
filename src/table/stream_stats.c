/* SPDX-License-Identifier: Apache-2.0 */
#include "table/stream_stats.h"

#include "base/clock.h"
#include "base/map.h"

enum { CHECK_EVERY_EVENTS = 1024, HEAD_BYTES = 6 /* slot, table */ };

/* ---- of one owner ---- */

static Status count_own(Context *ctx, const StreamCountOptions *options, uint64_t *ret_count)
{
    TableScanOptions scan_options = {
        .snapshot = options->snapshot,
        .table = options->table,
        .owner = options->owner,
        .now_ms = clock_wall_us() / 1000,
    };
    CLEANUP(table_scan_close) TableScan *scan = table_scan_open(&scan_options);
    uint64_t count = 0;
    ArenaMark mark = arena_mark(&ctx->arena);
    for (TableRow row; table_scan_next(ctx, scan, &row); count++) {
        arena_rewind(&ctx->arena, mark);
        if (count % CHECK_EVERY_EVENTS == 0)
            TRY(context_check(ctx));
    }
    *ret_count = count;
    return table_scan_status(ctx, scan);
}

/* ---- of everybody ---- */

typedef struct OwnerEvents {
    Str user_id; /* in the arena */
    uint64_t count;
} OwnerEvents;

typedef struct EventCount {
    const Snapshot *snapshot;
    const Table *table;
    int64_t now_ms;
    Map owners; /* of the present slot: an owner has one */
    uint64_t total;
} EventCount;

static Status count_event(Context *ctx, EventCount *count, Str key)
{
    uint32_t table_id;
    uint64_t bucket;
    Owner owner;
    SeqNo seq;
    TRY(stream_key_read(ctx, key, &table_id, &bucket, &owner, &seq));
    if (stream_is_expired(count->table, seq, count->now_ms))
        return STATUS_OK;
    OwnerEvents *events = map_get(&count->owners, owner.user_id);
    if (!events) {
        events = ARENA_NEW(&ctx->arena, OwnerEvents);
        events->user_id = owner.user_id;
        map_put(&count->owners, events->user_id, events);
    }
    events->count++;
    return STATUS_OK;
}

static Status scan_slot(Context *ctx, EventCount *count, uint16_t slot)
{
    CLEANUP(buf_done) Buf lower = {0};
    CLEANUP(buf_done) Buf upper = {0};
    stream_bucket_prefix_append(&lower, slot, count->table->id, 0);
    lower.len = HEAD_BYTES;
    key_successor_append(&upper, buf_str(&lower));
    StoreScanOptions options = {
        .read = {.snapshot = count->snapshot->at, .family = FAMILY_STREAMS},
        .lower = buf_str(&lower),
        .upper = buf_str(&upper),
    };
    CLEANUP(store_scan_close) StoreScan *scan = store_scan_open(count->snapshot->store, &options);
    for (size_t seen = 0; store_scan_next(scan); seen++) {
        if (seen % CHECK_EVERY_EVENTS == 0)
            TRY(context_check(ctx));
        TRY(count_event(ctx, count, scan->key));
    }
    return store_scan_status(ctx, scan);
}

static void end_slot(EventCount *count)
{
    uint64_t most = (uint64_t)count->table->options.max_buffer;
    size_t at = 0;
    for (OwnerEvents *events; (events = map_next(&count->owners, &at));)
        count->total += most && events->count > most ? most : events->count;
    map_done(&count->owners);
    count->owners = (Map){0};
}

static Status count_all(Context *ctx, const StreamCountOptions *options, uint64_t *ret_count)
{
    EventCount count = {
        .snapshot = options->snapshot,
        .table = options->table,
        .now_ms = clock_wall_us() / 1000,
    };
    ArenaMark mark = arena_mark(&ctx->arena);
    Status status = STATUS_OK;
    for (uint32_t slot = 0; slot < SLOT_COUNT && status == STATUS_OK; slot++) {
        status = scan_slot(ctx, &count, (uint16_t)slot);
        end_slot(&count);
        if (status == STATUS_OK)
            arena_rewind(&ctx->arena, mark);
    }
    *ret_count = count.total;
    return status;
}

Status stream_count_events(Context *ctx, const StreamCountOptions *options, uint64_t *ret_count)
{
    return options->everybody ? count_all(ctx, options, ret_count)
                              : count_own(ctx, options, ret_count);
}
