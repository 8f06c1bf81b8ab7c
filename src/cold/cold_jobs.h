/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The jobs of the cold tier: "flush" (FL-..) and "compact" (CO-..), one of a kind
 * per table at a time, and "sweep" (SW-..) after a start.
 *
 * A job works on the owners of its table one after another.  What it has done for
 * one stays done when it fails at the next; trying again goes on with the rest.
 */
#pragma once

#include "cold/cold.h"
#include "cold/pending_writes.h"
#include "job/job.h"

/* What a flush did for one owner.  Everything is borrowed for the call. */
typedef struct FlushNotice {
    uint32_t table_id;
    Str table_name; /* "ns.table" */
    Owner owner;
    bool per_user; /* the table has an owner per user */
    uint64_t row_count;
    const Str *files; /* names in the storage */
    size_t file_count;
    int64_t flushed_at_ms;
} FlushNotice;

/* What the jobs work on; must outlive the scheduler. */
typedef struct ColdJobs {
    ColdTier *tier;
    Sequencer *sequencer;
    JobScheduler *scheduler;
    PendingWrites *pending;
    int64_t retry_ms; /* a table whose flush has failed is not flushed automatically so long */
    /* Called on the job's thread once it has ended, for each owner whose rows went to files; must
     * not wait.  NULL = nobody wants to know. */
    void (*on_flush)(void *data, const FlushNotice *notice);
    void *on_flush_data;
} ColdJobs;

/* Before job_scheduler_start(). */
void cold_jobs_register(ColdJobs *jobs);
/* After it: puts in order what the last stop left, in the background. */
MUST_CHECK Status cold_jobs_start(Context *ctx, const ColdJobs *jobs);

/* ---- submitting: as job_submit(), so STATUS_CONFLICT while the table has one already ---- */

/* Owners with fewer pending rows than rows_min stay as they are; 0 = all are flushed. */
MUST_CHECK Status flush_job_submit(
    Context *ctx, const ColdJobs *jobs, const Table *table, uint64_t rows_min, Str *ret_id);

/* everything: all segments of each owner become one; else only what is worth it. */
MUST_CHECK Status compact_job_submit(
    Context *ctx, const ColdJobs *jobs, const Table *table, bool everything, Str *ret_id);
