/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Background jobs that outlive the server.
 *
 * Whoever has work for the background registers a *kind* of job and submits
 * jobs of it.  A job is an entry of the store from its submission on, so
 * system.jobs shows it and a restart finds it: what waited goes on waiting, what
 * was running has failed ("Server restarted").  Every change of its state is a
 * commit, which waits for the disk.
 *
 *     new -> queued -> running -> completed | skipped | failed | cancelled
 *                         ^   \
 *                         |    -> retrying (after 100 ms, 200 ms, 400 ms ..)
 *                          ------/
 *
 * A job may have a key: while an unfinished one has it, another is refused.  At
 * most `running_max` run at a time, each on a thread of its own; the others wait
 * in the order they came.  A kind with an interval submits itself.
 *
 * Any thread, except where said.  Functions that commit must not be called on a
 * reactor.
 */
#pragma once

#include "commit/sequencer.h"
#include "job/job_record.h"

typedef struct JobScheduler JobScheduler;
typedef struct Job Job;

enum { JOBS_WAITING_MAX = 10000, JOB_KINDS_MAX = 32, JOB_KEY_BYTES_MAX = 1024 };

/* ---- kinds ---- */

/* Copied; texts and data must outlive the scheduler. */
typedef struct JobKind {
    const char *name;   /* job_type: "flush" */
    const char *prefix; /* of ids: "FL" */
    /*
     * Does the work, on a thread of the scheduler; must come to an end soon after
     * context_check(ctx) fails.  A failure is retried unless trying again cannot
     * help; everything must therefore be repeatable.
     */
    Status (*run)(Context *ctx, Job *job, void *data);
    /* Periodic kinds: is there anything to do?  May block.  NULL = always. */
    bool (*is_due)(void *data);
    void *data;
    int64_t interval_ms; /* 0 = only when submitted */
} JobKind;

/* ---- the scheduler ---- */

typedef struct JobOptions { /* 0 = the default in brackets */
    Store *store;
    Sequencer *sequencer;
    size_t running_max;   /* jobs.max_concurrent [10] */
    int32_t retries_max;  /* jobs.max_retries [3]; -1 = none */
    int64_t backoff_ms;   /* jobs.retry_backoff_ms [100]; doubles with each retry */
    int64_t keep_ms;      /* jobs.retention [7 days]; finished jobs are forgotten after it */
    uint64_t keep_count;  /* jobs.max_kept [10,000]; more finished ones are forgotten */
    int64_t retention_ms; /* how often old jobs are looked for [1 hour] */
} JobOptions;

JobScheduler *job_scheduler_new(const JobOptions *options);
/* Before job_scheduler_start(). */
void job_register(JobScheduler *scheduler, const JobKind *kind);
/* Takes up what the store holds and starts.  Not on a reactor. */
MUST_CHECK Status job_scheduler_start(Context *ctx, JobScheduler *scheduler);

/* From now on nothing is started; what is submitted waits for the next start. */
void job_scheduler_drain(JobScheduler *scheduler);
/*
 * Drains, waits for what is running, cancels what takes longer than patience_ms
 * and waits for it ten seconds more.  False: something still runs.  Before the
 * sequencer is closed.
 */
bool job_scheduler_stop(JobScheduler *scheduler, int64_t patience_ms);
/* After a stop that was true. */
void job_scheduler_free(JobScheduler *scheduler);
DEFINE_CLEANUP(JobScheduler, job_scheduler_free)

typedef struct JobCounts {
    size_t running;
    size_t waiting;
    size_t stored;   /* finished ones included */
    uint64_t failed; /* since the start */
} JobCounts;
JobCounts job_scheduler_counts(JobScheduler *scheduler);

/* Starts at once what has become due; for tests that replaced the clock. */
void job_scheduler_wake(JobScheduler *scheduler);

/* ---- submitting ---- */

typedef struct JobRequest { /* copied */
    const char *kind;
    Str parameters;   /* JSON; empty = none */
    Str key;          /* empty = none */
    int64_t delay_ms; /* not before; a restart does not remember it */
} JobRequest;

/* The id is in ctx's arena.  STATUS_CONFLICT names the unfinished job that has the key. */
MUST_CHECK Status job_submit(Context *ctx,
                             JobScheduler *scheduler,
                             const JobRequest *request,
                             Str *ret_id);

/*
 * The same as part of somebody's commit, so that both happen or none:
 *
 *     execute():  TRY(job_new(ctx, scheduler, &request, &job));
 *                 job_add(builder, job);
 *     committed:  job_release(TAKE(job));
 *     always:     job_abandon(job);
 *
 * None of these waits.
 */
MUST_CHECK Status job_new(Context *ctx,
                          JobScheduler *scheduler,
                          const JobRequest *request,
                          Job **ret_job);
/* Valid until the job is released or abandoned. */
Str job_id(const Job *job);
void job_add(CommitBuilder *builder, Job *job);
/* It may run now, and is not the caller's any more. */
void job_release(Job *job);
/* It never was.  NULL is nothing. */
void job_abandon(Job *job);
DEFINE_CLEANUP(Job, job_abandon)

/* ---- killing ---- */

/* Inside execute(): the job is cancelled with this commit.  STATUS_NOT_FOUND;
 * STATUS_INVALID_OPERATION when it has finished. */
MUST_CHECK Status job_kill_add(CommitBuilder *builder, Context *ctx, Str id);
/* After that commit: does not wait until it has really ended. */
void job_kill(JobScheduler *scheduler, Str id);

/* ---- inside run() ---- */

/* Of the request; borrowed while it runs. */
Str job_parameters(const Job *job);
uint32_t job_attempt(const Job *job); /* 0 = the first */
/* What system.jobs shows: kept until the job has ended, then stored with its outcome. */
void job_set_message(Job *job, const char *format, ...) __attribute__((format(printf, 2, 3)));
void job_set_result(Job *job, Str json);
/* With STATUS_OK from run(): skipped instead of completed. */
void job_skip(Job *job);
/* Once this attempt's outcome is stored, whatever it is: call(data), on the same thread. */
void job_at_end(Job *job, void (*call)(void *data), void *data);
/* Stores the message now, but not more than once a second: progress of something long. */
void job_report(Job *job);

/* ---- looking ---- */

typedef struct JobList {
    JobRecord *items; /* by id */
    size_t count;
} JobList;

/* Of a snapshot, in ctx's arena.  STATUS_WOULD_BLOCK when tier asks for it. */
MUST_CHECK Status job_list(Context *ctx, const Snapshot *snapshot, StoreTier tier, JobList *ret);
