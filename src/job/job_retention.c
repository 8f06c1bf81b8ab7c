/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The job "job_cleanup": finished jobs are forgotten when they are older than
 * `keep_ms`, and the oldest ones beyond `keep_count`.
 */
#include "base/clock.h"
#include "job/job_private.h"

enum { FORGET_STEP = 1000 };

static int newest_first(const void *a, const void *b)
{
    int64_t first = ((const JobRecord *)a)->finished_at_us;
    int64_t second = ((const JobRecord *)b)->finished_at_us;
    return first > second ? -1 : first < second;
}

/* Those to be forgotten; in ctx's arena. */
static Status find_old(Context *ctx, const JobScheduler *scheduler, JobList *ret)
{
    CLEANUP(snapshot_unref)
    Snapshot *snapshot = published_durable(sequencer_published(scheduler->options.sequencer));
    JobList list;
    TRY(job_list(ctx, snapshot, STORE_READ_ANY, &list));
    size_t finished = 0;
    for (size_t i = 0; i < list.count; i++)
        if (job_state_is_final(list.items[i].state))
            list.items[finished++] = list.items[i];
    if (finished)
        qsort(list.items, finished, sizeof(*list.items), newest_first);

    int64_t cutoff_us = clock_wall_us() - scheduler->options.keep_ms * 1000;
    size_t kept = 0;
    while (kept < finished && kept < scheduler->options.keep_count &&
           list.items[kept].finished_at_us >= cutoff_us)
        kept++;
    *ret = (JobList){.items = list.items ? list.items + kept : NULL, .count = finished - kept};
    return STATUS_OK;
}

typedef struct ForgetOp {
    WriteOp op;
    JobList list;
} ForgetOp;

/* A finished job never changes: no need to look again. */
static Status execute_forget(WriteOp *op, CommitBuilder *builder)
{
    const JobList *list = &CONTAINER_OF(op, ForgetOp, op)->list;
    for (size_t i = 0; i < list->count; i++)
        commit_add(builder, &(Change){.kind = CHANGE_JOB_DELETE, .key = list->items[i].id});
    return STATUS_OK;
}

static Status run_retention(Context *ctx, Job *job, void *data)
{
    JobScheduler *scheduler = data;
    JobList old;
    TRY(find_old(ctx, scheduler, &old));
    for (size_t done = 0; done < old.count; done += FORGET_STEP) {
        size_t left = old.count - done;
        ForgetOp forget = {
            .op = {.ctx = ctx, .execute = execute_forget},
            .list = {old.items + done, left < FORGET_STEP ? left : FORGET_STEP},
        };
        TRY(context_check(ctx));
        TRY(sequencer_execute(scheduler->options.sequencer, &forget.op));
        pthread_mutex_lock(&scheduler->lock);
        scheduler->stored_count -= forget.list.count;
        pthread_mutex_unlock(&scheduler->lock);
    }
    job_set_message(job, "Removed %zu finished jobs", old.count);
    if (old.count == 0)
        job_skip(job);
    return STATUS_OK;
}

/* When the list cannot be read, the job shall run and say why. */
static bool has_old(void *data)
{
    CLEANUP(context_done) Context ctx = {0};
    JobList old;
    return find_old(&ctx, data, &old) != STATUS_OK || old.count > 0;
}

JobKind job_retention_kind(JobScheduler *scheduler)
{
    return (JobKind){
        .name = "job_cleanup",
        .prefix = "JC",
        .run = run_retention,
        .is_due = has_old,
        .data = scheduler,
        .interval_ms = scheduler->options.retention_ms,
    };
}
