/* SPDX-License-Identifier: Apache-2.0 */
#include "cold/maintenance.h"

#include "base/clock.h"
#include "base/memory.h"
#include "commit/catalog_commit.h"

#include <assert.h>

enum { LOCK_POLL_US = 50000, PUBLISH_POLL_US = 2000 };

/* ---- one turn at a time ---- */

static Str turn_name(Context *ctx, const Maintenance *turn)
{
    CLEANUP(buf_done) Buf key = {0};
    row_key_append(&key, turn->table_id, turn->owner, STR_NULL);
    return arena_str(&ctx->arena, buf_str(&key));
}

static bool try_lock(ColdTier *tier, Str name)
{
    pthread_mutex_lock(&tier->lock);
    bool is_free = !map_get(&tier->turns, name);
    if (is_free) {
        Str *copy = mem_alloc(sizeof(*copy) + name.len);
        memcpy(copy + 1, name.ptr, name.len);
        *copy = str_from((char *)(copy + 1), name.len);
        map_put(&tier->turns, *copy, copy);
    }
    pthread_mutex_unlock(&tier->lock);
    return is_free;
}

static void wait_us(ColdTier *tier, int64_t us)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    int64_t ns = until.tv_nsec + us * 1000;
    until.tv_sec += ns / 1000000000;
    until.tv_nsec = ns % 1000000000;
    pthread_mutex_lock(&tier->lock);
    pthread_cond_timedwait(&tier->turn_ended, &tier->lock, &until);
    pthread_mutex_unlock(&tier->lock);
}

static Status lock_turn(Context *ctx, Maintenance *turn)
{
    Str name = turn_name(ctx, turn);
    while (!try_lock(turn->tier, name)) {
        TRY(context_check(ctx));
        wait_us(turn->tier, LOCK_POLL_US);
    }
    turn->locked = true;
    return STATUS_OK;
}

static void unlock_turn(Maintenance *turn)
{
    CLEANUP(context_done) Context ctx = {0};
    ColdTier *tier = turn->tier;
    Str name = turn_name(&ctx, turn);
    pthread_mutex_lock(&tier->lock);
    free(map_remove(&tier->turns, name));
    pthread_cond_broadcast(&tier->turn_ended);
    pthread_mutex_unlock(&tier->lock);
}

/* ---- the newest state ---- */

static void forget(Maintenance *turn)
{
    cold_view_close(TAKE(turn->view));
    manifest_unref(TAKE(turn->manifest));
    object_store_unref(TAKE(turn->store));
    snapshot_unref(TAKE(turn->snapshot));
    turn->table = NULL;
}

/* The manifest of an owner that has none yet: where its files will go. */
static Status make_manifest(Context *ctx, Maintenance *turn)
{
    Manifest *manifest = NEW(Manifest);
    refcount_init(&manifest->refs);
    manifest->created_at_ms = clock_wall_us() / 1000;
    turn->manifest = manifest;
    return cold_place(ctx,
                      turn->tier,
                      &(ColdPlace){.catalog = turn->snapshot->catalog,
                                   .table = turn->table,
                                   .owner = turn->owner},
                      manifest);
}

static Status read_state(Context *ctx, Maintenance *turn)
{
    assert(turn->snapshot);
    turn->table = catalog_table_by_id(turn->snapshot->catalog, turn->table_id);
    if (!turn->table)
        return fail(ctx, STATUS_TABLE_NOT_FOUND, "table %u was dropped", turn->table_id);
    TRY(cold_view_open(
        ctx,
        turn->tier,
        &(ColdViewOptions){.snapshot = turn->snapshot, .table = turn->table, .owner = turn->owner},
        &turn->view));
    if (turn->view)
        turn->manifest = manifest_ref(turn->view->manifest);
    else
        TRY(make_manifest(ctx, turn));
    return cold_object_store(
        ctx, turn->tier, turn->snapshot->catalog, turn->manifest->storage_id, &turn->store);
}

/* What was applied when we came is durable soon, by the async interval at the latest. */
static Status take_snapshot(Context *ctx, Maintenance *turn)
{
    Published *published = sequencer_published(turn->sequencer);
    CLEANUP(snapshot_unref) Snapshot *applied = published_applied(published);
    while (published_durable_seq(published) < applied->seq) {
        const char *reason = sequencer_read_only_reason(turn->sequencer);
        if (reason)
            return fail(ctx, STATUS_READ_ONLY, "%s", reason);
        TRY(context_check(ctx));
        wait_us(turn->tier, PUBLISH_POLL_US);
    }
    turn->snapshot = published_durable(published);
    return STATUS_OK;
}

Status maintenance_refresh(Context *ctx, Maintenance *turn)
{
    forget(turn);
    TRY(take_snapshot(ctx, turn));
    return read_state(ctx, turn);
}

/* ---- the mark ---- */

typedef struct MarkOp {
    WriteOp op;
    uint32_t table_id;
} MarkOp;

static Status execute_mark(WriteOp *op, CommitBuilder *builder)
{
    uint32_t table_id = CONTAINER_OF(op, MarkOp, op)->table_id;
    const Catalog *catalog = commit_catalog(builder);
    if (!catalog_table_by_id(catalog, table_id))
        return fail(op->ctx, STATUS_TABLE_NOT_FOUND, "table %u was dropped", table_id);
    if (catalog_table_is_cold(catalog, table_id))
        return STATUS_OK;
    CLEANUP(catalog_edit_abort)
    CatalogEdit *edit = catalog_edit_begin(op->ctx, catalog, commit_time_ms(builder) * 1000);
    TRY(catalog_mark_cold(edit, table_id));
    commit_catalog_edit(builder, TAKE(edit));
    return STATUS_OK;
}

/*
 * Hard deletes leave a marker from this commit on, and everything we read is
 * newer: no row of a segment can vanish from the hot tier without a trace.
 */
static Status mark_cold(Context *ctx, Maintenance *turn)
{
    MarkOp mark = {.op = {.ctx = ctx, .execute = execute_mark}, .table_id = turn->table_id};
    return sequencer_execute(turn->sequencer, &mark.op);
}

/*
 * A manifest without segments says where the files will be, so that a file that
 * is written and never named can be found again.
 */
static Status commit_place(Context *ctx, Maintenance *turn)
{
    static const ManifestChange NOTHING = {0};
    SeqNo seq;
    return maintenance_commit(ctx, turn, &NOTHING, &seq);
}

/* ---- a turn ---- */

Status maintenance_begin(Context *ctx, Maintenance *turn)
{
    TRY(lock_turn(ctx, turn));
    TRY(maintenance_refresh(ctx, turn));
    if (turn->view)
        return maintenance_settle(ctx, turn);
    if (turn->hot_only)
        return STATUS_OK;
    if (!catalog_table_is_cold(turn->snapshot->catalog, turn->table_id)) {
        TRY(mark_cold(ctx, turn));
        TRY(maintenance_refresh(ctx, turn));
    }
    return commit_place(ctx, turn);
}

void maintenance_end(Maintenance *turn)
{
    forget(turn);
    if (turn->locked)
        unlock_turn(turn);
    turn->locked = false;
}
