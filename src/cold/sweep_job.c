/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The job "sweep" (SW-..): once after each start of a server that has anything cold.
 */
#include "cold/cold_jobs_private.h"

#include "cold/sweep.h"

static Status run_sweep(Context *ctx, Job *job, void *data)
{
    const ColdJobs *jobs = data;
    SweepResult result;
    TRY(cold_sweep(ctx, jobs->tier, jobs->sequencer, &result));
    job_set_message(job,
                    "Swept %llu owners: %llu flushes ended, %llu files removed",
                    (unsigned long long)result.owner_count,
                    (unsigned long long)result.settled_count,
                    (unsigned long long)result.removed_files);
    return STATUS_OK;
}

void sweep_job_register(ColdJobs *jobs)
{
    job_register(jobs->scheduler,
                 &(JobKind){.name = "sweep", .prefix = "SW", .run = run_sweep, .data = jobs});
}

Status cold_jobs_start(Context *ctx, const ColdJobs *jobs)
{
    CLEANUP(snapshot_unref)
    Snapshot *snapshot = published_durable(sequencer_published(jobs->sequencer));
    if (snapshot->catalog->cold_tables.count == 0)
        return STATUS_OK;
    Str id;
    JobRequest request = {.kind = "sweep", .key = STR("sweep")};
    Status status = job_submit(ctx, jobs->scheduler, &request, &id);
    if (status != STATUS_CONFLICT)
        return status;
    context_clear_error(ctx); /* the one of before the restart is still to run */
    return STATUS_OK;
}
