/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of this folder share.
 *
 * A Job is in memory from job_new() to its end, and belongs to whoever made it
 * (reserved), then to the waiting list, then to the thread that runs it.  Which
 * of them is `place`; lists, places and due times are guarded by the
 * scheduler's lock, the record belongs to the owner.
 */
#pragma once

#include "base/map.h"
#include "base/worker.h"
#include "job/job.h"

#include <pthread.h>

typedef enum JobPlace { JOB_RESERVED, JOB_WAITING, JOB_WITH_THREAD } JobPlace;

struct Job {
    WorkerTask task;
    JobScheduler *scheduler;
    const JobKind *kind; /* NULL after a restart without it */
    Context ctx;         /* of the present attempt; cancelled when it shall end */
    Arena arena;         /* of record's unchanging texts */
    JobRecord record;
    Buf message;
    Buf result;
    Buf trace;
    bool skipped;
    void (*at_end)(void *data); /* of the present attempt; NULL = nothing */
    void *at_end_data;
    int64_t reported_at_us; /* monotonic */

    JobPlace place;
    bool killed;
    int64_t due_us; /* monotonic */
    Job *next;      /* waiting */
};

typedef struct KindState {
    JobKind kind;
    int64_t due_us; /* monotonic; periodic kinds */
} KindState;

struct JobScheduler {
    JobOptions options; /* defaults filled in */
    KindState kinds[JOB_KINDS_MAX];
    size_t kind_count;
    WorkerPool *threads;
    pthread_t dispatcher;
    bool started;

    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t changed;
    pthread_cond_t ended;
    Map by_id;
    Map by_key;
    Job *first_waiting;
    Job *last_waiting;
    size_t waiting_count;
    size_t running_count;
    size_t stored_count;
    uint64_t failed_count;
    bool draining;
    bool stopping;
};

/* ---- job_scheduler.c ---- */

const JobKind *scheduler_find_kind(const JobScheduler *scheduler, Str name);
/* Not in any map yet; the texts of record are copied. */
Job *scheduler_make_job(JobScheduler *scheduler, const JobKind *kind, const JobRecord *record);
/* Gives id and key to the job; false: another one has the key. */
bool scheduler_enlist_locked(JobScheduler *scheduler, Job *job);
void scheduler_append_locked(JobScheduler *scheduler, Job *job, int64_t due_us);
/* It has ended, or never began: gives up id and key and frees it. */
void scheduler_forget_locked(JobScheduler *scheduler, Job *job);

/* ---- job_commit.c: each is one commit, and waits for it ---- */

/* The job's record as it is now.  STATUS_CANCELLED when the stored one was killed meanwhile. */
MUST_CHECK Status job_store(Context *ctx, Job *job);
/* Inside execute(). */
void job_put(CommitBuilder *builder, Context *ctx, const JobRecord *record);
MUST_CHECK Status jobs_recover(Context *ctx, JobScheduler *scheduler);

/* ---- job_run.c ---- */

/* On a thread of the scheduler: one attempt. */
void job_run(WorkerTask *task);

/* ---- job_retention.c ---- */

JobKind job_retention_kind(JobScheduler *scheduler);
