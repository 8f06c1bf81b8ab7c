/* SPDX-License-Identifier: Apache-2.0 */
#include "cold/retention_job.h"

#include "base/clock.h"
#include "cold/retention.h"

enum { INTERVAL_MS = 600000 };

static bool has_rows(const Catalog *catalog)
{
    const Table *table;
    for (size_t at = 0; (table = map_next(&catalog->tables, &at));)
        if (table->kind == TABLE_USER || table->kind == TABLE_SHARED)
            return true;
    return false;
}

static bool is_due(void *data)
{
    RetentionJob *retention = data;
    CLEANUP(snapshot_unref)
    Snapshot *snapshot = published_durable(sequencer_published(retention->sequencer));
    return clock_wall_us() / 1000 >= atomic_load(&retention->due_ms) && has_rows(snapshot->catalog);
}

static Status run(Context *ctx, Job *job, void *data)
{
    RetentionJob *retention = data;
    RetentionResult result;
    TRY(cold_retention(ctx, retention->tier, retention->sequencer, &result));
    atomic_store(&retention->due_ms, result.next_ms);
    job_set_message(job,
                    "Removed %llu expired tombstones, compacted the files of %llu owners",
                    (unsigned long long)result.purged_count,
                    (unsigned long long)result.compacted_count);
    if (result.purged_count == 0 && result.compacted_count == 0)
        job_skip(job);
    return STATUS_OK;
}

void retention_job_register(JobScheduler *scheduler, RetentionJob *retention)
{
    job_register(scheduler,
                 &(JobKind){
                     .name = "retention",
                     .prefix = "RT",
                     .run = run,
                     .is_due = is_due,
                     .data = retention,
                     .interval_ms = INTERVAL_MS,
                 });
}
