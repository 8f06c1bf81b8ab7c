/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Executing operations in groups.
 *
 * When may an outcome be told?  A sync commit when it is durable.  An async
 * one at once, unless
 *
 *   - the lease its number was taken from is not on disk yet: after a crash the
 *     number could be given a second time;
 *   - a commit to one of the tables it read or wrote still waits: it could be
 *     told, and fed, before a commit that it comes after.  Then it waits too,
 *     and whoever comes after it on its own tables.
 *
 * A failure, or a commit without a change, tells something about the rows it
 * looked at, so it waits for those by the same rule; one that asked for sync
 * waits for everything before it.
 *
 * `awaited` holds what these rules need: per table the newest commit that had
 * to wait.  It is settled when durability_seq() has passed it.
 */
#include "commit/sequencer_parts.h"

#include "base/memory.h"
#include "commit/meta.h"

#include <assert.h>
#include <errno.h>
#include <semaphore.h>

enum {
    GROUP_OPS_MAX = 1000,
    GROUP_BYTES_MAX = 4 << 20,
    ASYNC_INTERVAL_MS = 100,
};

/* Operations that go to the store, and to the syncing seat, together. */
typedef struct Group {
    SeqNo told_seq;        /* as of the group's begin: what waits above it still waits */
    int64_t told_lease_ms; /* the lease on disk */
    size_t op_count;
    size_t bytes;
    OpList at_once;
    OpList waiting;
    bool has_commit; /* any */
    bool has_commit_at_once;
    Snapshot *snapshot; /* after the group, when it has a commit */
} Group;

/* ---- executing ---- */

static SeqNo told_after(const Sequencer *sequencer, const Group *group, const WriteOp *op)
{
    const CommitBuilder *builder = &sequencer->builder;
    if (!op->record)
        return builder->sync ? sequencer->last_commit : builder->depends_on;
    if (op->record->sync || !seq_lease_covers(group->told_lease_ms, op->record->seq))
        return op->record->seq;
    return builder->depends_on;
}

static void mark_awaited(Sequencer *sequencer, const CommitRecord *record)
{
    for (uint32_t i = 0; i < record->scope_count; i++)
        sequencer->awaited[table_bucket(record->scopes[i].table_id)] = record->seq;
}

static void file_outcome(Sequencer *sequencer, Group *group, WriteOp *op)
{
    op->wait_for = told_after(sequencer, group, op);
    bool waits = op->wait_for > group->told_seq;
    op_list_add(waits ? &group->waiting : &group->at_once, op);
    if (waits && op->record)
        mark_awaited(sequencer, op->record);
    else if (op->record)
        group->has_commit_at_once = true;
}

static void keep_commit(Sequencer *sequencer, Group *group, WriteOp *op)
{
    CommitRecord *record = op->record;
    CommitBuilder *builder = &sequencer->builder;
    commit_record_apply(record, sequencer->batch);
    overlay_note_all(&sequencer->group_rows, record, &builder->key);
    sequencer->chain_hash = commit_record_hash(record);
    sequencer->last_commit = record->seq;
    if (builder->new_catalog) {
        catalog_unref(sequencer->catalog);
        sequencer->catalog = TAKE(builder->new_catalog);
    }
    op->seq = record->seq;
    group->bytes += record->bytes.len;
    group->has_commit = true;
}

static void execute_op(Sequencer *sequencer, Group *group, WriteOp *op)
{
    CommitBuilder *builder = &sequencer->builder;
    op->seq = 0;
    op->record = NULL;
    builder_begin(builder, op->ctx, sequencer->catalog);
    op->status = op->execute(op, builder);
    if (op->status == STATUS_OK)
        op->status = builder_finish(builder, sequencer->chain_hash, &op->record);
    if (op->record)
        keep_commit(sequencer, group, op);
    file_outcome(sequencer, group, op);
    builder_end(builder);
    group->op_count++;
}

static WriteOp *execute_group(Sequencer *sequencer, Group *group, WriteOp *ops)
{
    group->told_lease_ms = durability_lease_ms(sequencer->durability);
    group->told_seq = durability_seq(sequencer->durability);
    while (ops && group->op_count < GROUP_OPS_MAX && group->bytes < GROUP_BYTES_MAX) {
        WriteOp *next = ops->next; /* filing the operation puts it on another list */
        execute_op(sequencer, group, ops);
        ops = next;
    }
    return ops;
}

/* ---- to the store and on ---- */

static Status write_group(Sequencer *sequencer, Group *group)
{
    if (!group->has_commit)
        return STATUS_OK;
    arena_clear(&sequencer->ctx.arena);
    seq_clock_extend_lease(&sequencer->clock, sequencer->batch);
    TRY(store_write(&sequencer->ctx, sequencer->store, sequencer->batch));
    group->snapshot = snapshot_new(sequencer->store, sequencer->last_commit, sequencer->catalog);
    return STATUS_OK;
}

/*
 * Commits that need not wait are published and fed before the group is handed
 * over: what the syncing thread feeds comes after them.
 */
static void tell_at_once(Sequencer *sequencer, Group *group)
{
    if (!group->has_commit_at_once)
        return;
    published_set_applied(sequencer->published, group->snapshot);
    OpFeeder feeder;
    feeder.feed = sequencer->feed;
    feeder.count = 0;
    op_feeder_add(&feeder, &group->at_once);
    op_feeder_flush(&feeder);
}

static void hand_over(Sequencer *sequencer, Group *group, bool more)
{
    if (!group->snapshot && !group->waiting.first)
        return;
    PendingGroup *pending = NEW(PendingGroup);
    pending->snapshot = TAKE(group->snapshot);
    pending->lease_ms = sequencer->clock.lease_ms;
    pending->waiting = group->waiting;
    crew_add_group(sequencer->crew, pending, more);
}

static void refuse_group(Sequencer *sequencer, Group *group)
{
    snapshot_unref(TAKE(group->snapshot));
    op_list_refuse(&group->at_once, &sequencer->health);
    op_list_refuse(&group->waiting, &sequencer->health);
}

/* Executes the first operations of the list and returns the rest. */
static WriteOp *run_group(Sequencer *sequencer, WriteOp *ops)
{
    Group group = {0};
    ops = execute_group(sequencer, &group, ops);
    if (write_group(sequencer, &group) != STATUS_OK)
        write_health_fail(&sequencer->health, &sequencer->ctx);
    store_batch_clear(sequencer->batch);
    overlay_clear(&sequencer->group_rows);

    if (write_health_reason(&sequencer->health)) {
        refuse_group(sequencer, &group);
        return ops;
    }
    tell_at_once(sequencer, &group);
    hand_over(sequencer, &group, ops);
    op_list_complete(&group.at_once);
    return ops;
}

/* Executes nothing: the newest state is not the one on disk any more. */
static void refuse_all(Sequencer *sequencer, WriteOp *ops)
{
    OpList refused = {.first = ops};
    for (WriteOp *op = ops; op; op = op->next)
        op->record = NULL;
    op_list_refuse(&refused, &sequencer->health);
}

/* On the executing seat. */
static void execute_all(void *data, WriteOp *ops)
{
    Sequencer *sequencer = data;
    while (ops && !write_health_reason(&sequencer->health))
        ops = run_group(sequencer, ops);
    refuse_all(sequencer, ops);
}

/* On the syncing seat. */
static void settle_groups(void *data, PendingGroup *groups)
{
    Sequencer *sequencer = data;
    durability_settle(sequencer->durability, groups);
}

/* ---- opening ---- */

/* The newest record of the log; NULL when it is empty. */
static Status read_last_record(Context *ctx, Store *store, CommitRecord **ret_record)
{
    CLEANUP(store_scan_close)
    StoreScan *scan = store_scan_open(
        store, &(StoreScanOptions){.read = {.family = FAMILY_LOG}, .reverse = true});
    CLEANUP(commit_record_unref) CommitRecord *record = NULL;
    if (store_scan_next(scan)) {
        TRY(commit_record_decode(ctx, scan->value, &record));
        if (record->seq != log_key_seq(scan->key))
            return fail(ctx,
                        STATUS_CORRUPT,
                        "the log holds commit %llu under another number",
                        (unsigned long long)record->seq);
    }
    TRY(store_scan_status(ctx, scan));
    *ret_record = TAKE(record);
    return STATUS_OK;
}

static Status load_log_end(Context *ctx, Sequencer *sequencer, uint16_t worker_id)
{
    CLEANUP(commit_record_unref) CommitRecord *last = NULL;
    TRY(read_last_record(ctx, sequencer->store, &last));
    sequencer->last_commit = last ? last->seq : 0;
    sequencer->chain_hash = last ? commit_record_hash(last) : 0;
    return seq_clock_load(
        ctx, sequencer->store, worker_id, sequencer->last_commit, &sequencer->clock);
}

static Status load_low_water(Context *ctx, Sequencer *sequencer)
{
    SeqNo low_water;
    TRY(meta_read(ctx, sequencer->store, META_LOG_LOW_WATER, &low_water));
    atomic_init(&sequencer->log_low_water, low_water);
    store_set_log_low_water(sequencer->store, low_water ? low_water + 1 : 0);
    return log_marks_load(ctx, sequencer->store, &sequencer->log_marks);
}

static Durability *make_durability(Sequencer *sequencer)
{
    return durability_new(&(DurabilityOptions){
        .store = sequencer->store,
        .published = sequencer->published,
        .feed = sequencer->feed,
        .health = &sequencer->health,
        .durable_seq = sequencer->last_commit,
        .lease_ms = sequencer->clock.lease_ms,
    });
}

static Status start_crew(Context *ctx, Sequencer *sequencer, int64_t async_interval_ms)
{
    return crew_start(
        ctx,
        &(CrewWork){
            .execute = execute_all,
            .settle = settle_groups,
            .data = sequencer,
            .async_interval_ms = async_interval_ms > 0 ? async_interval_ms : ASYNC_INTERVAL_MS,
        },
        &sequencer->crew);
}

static void wire_builder(Sequencer *sequencer)
{
    CommitBuilder *builder = &sequencer->builder;
    builder->store = sequencer->store;
    builder->clock = &sequencer->clock;
    builder->group_rows = &sequencer->group_rows;
    builder->awaited = sequencer->awaited;
}

Status sequencer_open(Context *ctx, const SequencerOptions *options, Sequencer **ret_sequencer)
{
    if (options->worker_id > SEQ_WORKER_MAX)
        return fail(ctx,
                    STATUS_INVALID_PARAMETER,
                    "worker id %u is above %d",
                    options->worker_id,
                    SEQ_WORKER_MAX);

    CLEANUP(sequencer_close) Sequencer *sequencer = NEW(Sequencer);
    sequencer->store = options->store;
    sequencer->batch = store_batch_new();
    sequencer->feed = feed_new();
    write_health_init(&sequencer->health);
    sequencer->health.on_fail = options->on_read_only;
    sequencer->health.data = options->read_only_data;
    log_marks_init(&sequencer->log_marks);
    wire_builder(sequencer);

    TRY(load_log_end(ctx, sequencer, options->worker_id));
    TRY(load_low_water(ctx, sequencer));
    TRY(catalog_load(ctx, sequencer->store, &sequencer->catalog));
    CLEANUP(snapshot_unref)
    Snapshot *first = snapshot_new(sequencer->store, sequencer->last_commit, sequencer->catalog);
    sequencer->published = published_new(first);
    sequencer->durability = make_durability(sequencer);
    TRY(start_crew(ctx, sequencer, options->async_interval_ms));
    *ret_sequencer = TAKE(sequencer);
    return STATUS_OK;
}

/* ---- closing ---- */

/* When it fails the lease stays longer than needed, which only makes the next numbers higher. */
static void return_lease(Sequencer *sequencer)
{
    if (write_health_reason(&sequencer->health))
        return;
    seq_clock_return_lease(&sequencer->clock, sequencer->batch);
    if (store_write(&sequencer->ctx, sequencer->store, sequencer->batch) == STATUS_OK)
        (void)!store_sync(&sequencer->ctx, sequencer->store);
}

void sequencer_close(Sequencer *sequencer)
{
    if (!sequencer)
        return;
    if (sequencer->crew) {
        crew_stop(sequencer->crew);
        return_lease(sequencer);
    }
    durability_free(sequencer->durability);
    published_free(sequencer->published);
    feed_free(sequencer->feed);
    catalog_unref(sequencer->catalog);
    store_batch_free(sequencer->batch);
    builder_done(&sequencer->builder);
    overlay_done(&sequencer->group_rows);
    write_health_done(&sequencer->health);
    log_marks_done(&sequencer->log_marks);
    free(sequencer->thin_cursors.items);
    context_done(&sequencer->ctx);
    free(sequencer);
}

/* ---- submitting ---- */

void sequencer_submit(Sequencer *sequencer, WriteOp *op)
{
    op->record = NULL;
    op->seq = 0;
    if (crew_submit(sequencer->crew, op))
        return;
    op->status = fail(op->ctx, STATUS_SHUTTING_DOWN, "the server is shutting down");
    op->complete(op);
}

static void wake_waiter(WriteOp *op)
{
    sem_post(op->waiter);
}

Status sequencer_execute(Sequencer *sequencer, WriteOp *op)
{
    sem_t told;
    sem_init(&told, 0, 0);
    op->waiter = &told;
    op->complete = wake_waiter;
    sequencer_submit(sequencer, op);
    while (sem_wait(&told) != 0)
        assert(errno == EINTR);
    sem_destroy(&told);
    return op->status;
}

Published *sequencer_published(Sequencer *sequencer)
{
    return sequencer->published;
}

const char *sequencer_read_only_reason(Sequencer *sequencer)
{
    return write_health_reason(&sequencer->health);
}

/* ---- the feed ---- */

void sequencer_add_consumer(Sequencer *sequencer,
                            unsigned index,
                            void (*deliver)(void *data, CommitGroup *group),
                            void *data)
{
    feed_add_consumer(sequencer->feed, index, deliver, data);
}

void sequencer_interest_add(Sequencer *sequencer, unsigned index, uint32_t table_id)
{
    feed_interest_add(sequencer->feed, index, table_id);
}

void sequencer_interest_remove(Sequencer *sequencer, unsigned index, uint32_t table_id)
{
    feed_interest_remove(sequencer->feed, index, table_id);
}
