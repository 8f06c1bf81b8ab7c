/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store is what counts: every change of a job's state reads its entry on the
 * sequencer thread first, so that KILL JOB and the job's own end cannot both
 * have the last word.
 */
#include "base/clock.h"
#include "job/job_private.h"

void job_put(CommitBuilder *builder, Context *ctx, const JobRecord *record)
{
    CLEANUP(buf_done) Buf value = {0};
    job_record_encode(&value, record);
    Change change = {
        .kind = CHANGE_JOB_PUT,
        .key = record->id,
        .new_row = arena_str(&ctx->arena, buf_str(&value)),
    };
    commit_add(builder, &change);
}

/* ptr of ret_record->id NULL: there is no such job. */
static Status read_job(CommitBuilder *builder, Context *ctx, Str id, JobRecord *ret_record)
{
    Str value;
    TRY(commit_read_entry(builder, FAMILY_JOBS, id, &value));
    *ret_record = (JobRecord){0};
    return value.ptr ? job_record_decode(ctx, id, value, ret_record) : STATUS_OK;
}

/* ---- the job's own changes ---- */

typedef struct StoreOp {
    WriteOp op;
    Job *job;
} StoreOp;

static Status execute_store(WriteOp *op, CommitBuilder *builder)
{
    Job *job = CONTAINER_OF(op, StoreOp, op)->job;
    JobRecord stored;
    TRY(read_job(builder, op->ctx, job->record.id, &stored));
    if (job_state_is_final(stored.state))
        return fail(op->ctx, STATUS_CANCELLED, "the job was killed");
    job->record.updated_at_us = clock_wall_us();
    job_put(builder, op->ctx, &job->record);
    return STATUS_OK;
}

Status job_store(Context *ctx, Job *job)
{
    StoreOp store = {.op = {.ctx = ctx, .execute = execute_store, .patient = true}, .job = job};
    return sequencer_execute(job->scheduler->options.sequencer, &store.op);
}

/* ---- submitting ---- */

void job_add(CommitBuilder *builder, Job *job)
{
    job->record.state = JOB_QUEUED;
    job_put(builder, &job->ctx, &job->record);
}

static Status execute_add(WriteOp *op, CommitBuilder *builder)
{
    job_add(builder, CONTAINER_OF(op, StoreOp, op)->job);
    return STATUS_OK;
}

Status job_submit(Context *ctx, JobScheduler *scheduler, const JobRequest *request, Str *ret_id)
{
    CLEANUP(job_abandon) Job *job = NULL;
    TRY(job_new(ctx, scheduler, request, &job));
    StoreOp add = {.op = {.ctx = ctx, .execute = execute_add, .patient = true}, .job = job};
    TRY(sequencer_execute(scheduler->options.sequencer, &add.op));
    *ret_id = arena_str(&ctx->arena, job->record.id);
    job_release(TAKE(job));
    return STATUS_OK;
}

/* ---- killing ---- */

Status job_kill_add(CommitBuilder *builder, Context *ctx, Str id)
{
    JobRecord record;
    TRY(read_job(builder, ctx, id, &record));
    if (!record.id.ptr)
        return fail(ctx, STATUS_NOT_FOUND, "Job '%.*s' does not exist", STR_ARG(id));
    if (job_state_is_final(record.state))
        return fail(ctx,
                    STATUS_INVALID_OPERATION,
                    "Job '%.*s' is %.*s already, it cannot be killed",
                    STR_ARG(id),
                    STR_ARG(job_state_word(record.state)));
    record.state = JOB_CANCELLED;
    record.message = STR("Killed");
    record.updated_at_us = record.finished_at_us = clock_wall_us();
    job_put(builder, ctx, &record);
    return STATUS_OK;
}

/* ---- after a restart ---- */

typedef struct RecoverOp {
    WriteOp op;
    const JobList *list;
} RecoverOp;

/* Nobody can have changed them since they were read. */
static Status execute_recover(WriteOp *op, CommitBuilder *builder)
{
    const JobList *list = CONTAINER_OF(op, RecoverOp, op)->list;
    for (size_t i = 0; i < list->count; i++) {
        JobRecord record = list->items[i];
        if (record.state != JOB_RUNNING)
            continue;
        record.state = JOB_FAILED;
        record.message = STR("Server restarted");
        record.updated_at_us = record.finished_at_us = clock_wall_us();
        job_put(builder, op->ctx, &record);
    }
    return STATUS_OK;
}

static int compare_creation(const void *a, const void *b)
{
    int64_t first = ((const JobRecord *)a)->created_at_us;
    int64_t second = ((const JobRecord *)b)->created_at_us;
    return first < second ? -1 : first > second;
}

/* In the order they came. */
static void take_up(JobScheduler *scheduler, JobList list)
{
    if (list.count)
        qsort(list.items, list.count, sizeof(*list.items), compare_creation);
    int64_t now_us = clock_monotonic_us();
    pthread_mutex_lock(&scheduler->lock);
    scheduler->stored_count = list.count;
    for (size_t i = 0; i < list.count; i++) {
        const JobRecord *record = &list.items[i];
        if (job_state_is_final(record->state) || record->state == JOB_RUNNING)
            continue;
        const JobKind *kind = scheduler_find_kind(scheduler, record->kind);
        Job *job = scheduler_make_job(scheduler, kind, record);
        if (!scheduler_enlist_locked(scheduler, job))
            map_put(&scheduler->by_id, job->record.id, job);
        scheduler_append_locked(scheduler, job, now_us);
    }
    pthread_mutex_unlock(&scheduler->lock);
}

Status jobs_recover(Context *ctx, JobScheduler *scheduler)
{
    Sequencer *sequencer = scheduler->options.sequencer;
    CLEANUP(snapshot_unref) Snapshot *snapshot = published_durable(sequencer_published(sequencer));
    JobList list;
    TRY(job_list(ctx, snapshot, STORE_READ_ANY, &list));
    RecoverOp recover = {.op = {.ctx = ctx, .execute = execute_recover}, .list = &list};
    TRY(sequencer_execute(sequencer, &recover.op));
    take_up(scheduler, list);
    return STATUS_OK;
}

/* ---- looking ---- */

Status job_list(Context *ctx, const Snapshot *snapshot, StoreTier tier, JobList *ret)
{
    StoreScanOptions options = {
        .read = {.snapshot = snapshot->at, .family = FAMILY_JOBS, .tier = tier}};
    CLEANUP(store_scan_close) StoreScan *scan = store_scan_open(snapshot->store, &options);
    JobList list = {0};
    size_t capacity = 0;
    while (store_scan_next(scan)) {
        list.items =
            arena_grow(&ctx->arena, list.items, list.count, &capacity, sizeof(*list.items));
        Str id = arena_str(&ctx->arena, scan->key);
        Str value = arena_str(&ctx->arena, scan->value);
        TRY(job_record_decode(ctx, id, value, &list.items[list.count++]));
        TRY(context_check(ctx));
    }
    TRY(store_scan_status(ctx, scan));
    *ret = list;
    return STATUS_OK;
}
