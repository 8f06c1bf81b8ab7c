/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who touches the job: its reactor, except between worker_pool_submit() and the
 * `stepped` item, when it is the worker, and after QUERY_WAITING until the
 * `woken` item, when nobody does.
 */
#include "api/sql_job.h"

#include "base/clock.h"
#include "base/log.h"

#include <assert.h>

enum { LOGGED_SQL_MAX = 500 };

static void on_stepped(MailboxItem *item);
static void on_woken(MailboxItem *item);
static void run_on_worker(WorkerTask *task);

void sql_job_init(SqlJob *job, ApiReactor *home)
{
    *job = (SqlJob){.home = home, .started_us = clock_monotonic_us()};
    job->task.run = run_on_worker;
    job->stepped.run = on_stepped;
    job->woken.run = on_woken;
}

void sql_job_done(SqlJob *job)
{
    assert(!job->run);
    sql_envelope_done(&job->envelope);
    context_done(&job->ctx);
}

static void link_job(SqlJob *job)
{
    job->next = job->home->jobs;
    if (job->next)
        job->next->previous = job;
    job->home->jobs = job;
    api_reactor_work_begin(job->home);
}

static void unlink_job(SqlJob *job)
{
    if (job->previous)
        job->previous->next = job->next;
    else
        job->home->jobs = job->next;
    if (job->next)
        job->next->previous = job->previous;
}

/* ---- the end ---- */

static void log_slow(const SqlJob *job, int64_t took_us)
{
    int64_t slow_us = job->home->api->options.settings.slow_query_us;
    Str sql = job->request.sql;
    if (slow_us == 0 || took_us < slow_us)
        return;
    if (query_holds_secrets(job->run))
        sql = STR("(not logged: it holds secrets)");
    if (sql.len > LOGGED_SQL_MAX)
        sql.len = LOGGED_SQL_MAX;
    log_warn("api",
             "slow query took_ms=%lld user=%.*s sql=%.*s",
             (long long)(took_us / 1000),
             STR_ARG(job->principal.user_id),
             STR_ARG(sql));
}

/* Statuses of 500 are ours to know about; here is where they end. */
static void log_failure(const SqlJob *job, const SqlError *error)
{
    if (error->http_status == 500)
        log_error("api",
                  "statement failed user=%.*s error=%.*s",
                  STR_ARG(job->principal.user_id),
                  STR_ARG(query_context(job->run)->message));
}

static void write_outcome(SqlJob *job, int64_t took_us)
{
    if (query_status(job->run) == STATUS_OK) {
        job->http_status = 200;
        sql_envelope_finish(&job->envelope, took_us);
        return;
    }
    SqlError error =
        sql_error_from_run(&job->ctx.arena, job->run, job->principal.role, job->request.sql);
    job->http_status = error.http_status;
    log_failure(job, &error);
    sql_envelope_fail(&job->envelope, &error, took_us);
}

static void end_job(SqlJob *job)
{
    ApiReactor *home = job->home;
    int64_t took_us = clock_monotonic_us() - job->started_us;
    write_outcome(job, took_us);
    job->used_namespace = arena_str(&job->ctx.arena, query_used_namespace(job->run));
    log_slow(job, took_us);
    query_free(TAKE(job->run));
    unlink_job(job);
    job->on_done(job); /* the job may be gone */
    api_reactor_work_end(home);
}

/* ---- the machine; on the reactor unless said otherwise ---- */

/* True: go on at once. */
static bool hand_out(SqlJob *job)
{
    if (job->abandoned)
        buf_clear(&job->envelope.out);
    else
        job->paused = !job->on_chunk(job);
    return !job->paused;
}

static void submit(SqlJob *job)
{
    job->came_by_worker = true;
    worker_pool_submit(job->home->api->options.workers, &job->task);
}

/* Does what the step says; true when query_advance() is to be called again at once. */
static bool follow(SqlJob *job, QueryStep step)
{
    switch (step) {
    case QUERY_DONE:
        end_job(job);
        return false;
    case QUERY_NEEDS_WORKER:
        submit(job);
        return false;
    case QUERY_WAITING:
        return false;
    case QUERY_OUTPUT_FULL:
        if (!hand_out(job))
            return false;
        if (!job->came_by_worker)
            return true;
        submit(job);
        return false;
    }
    return false;
}

static void advance(SqlJob *job)
{
    job->came_by_worker = false;
    while (follow(job, query_advance(job->run, QUERY_ON_REACTOR)))
        ;
}

static void on_stepped(MailboxItem *item)
{
    SqlJob *job = CONTAINER_OF(item, SqlJob, stepped);
    (void)follow(job, job->step);
}

static void on_woken(MailboxItem *item)
{
    advance(CONTAINER_OF(item, SqlJob, woken));
}

/* On a thread of the sequencer. */
static void wake(void *data)
{
    SqlJob *job = data;
    reactor_post(job->home->reactor, &job->woken);
}

/* On a worker. */
static void run_on_worker(WorkerTask *task)
{
    SqlJob *job = CONTAINER_OF(task, SqlJob, task);
    QueryStep step = query_advance(job->run, QUERY_ON_WORKER);
    if (step == QUERY_WAITING)
        return; /* by now the reactor may have it */
    job->step = step;
    reactor_post(job->home->reactor, &job->stepped);
}

/* ---- for the owner ---- */

void sql_job_start(SqlJob *job, const SqlEnvelopeOptions *options)
{
    const SqlRequest *request = &job->request;
    sql_envelope_init(&job->envelope, options);
    job->run = query_new(job->home->api->options.query,
                         &(QueryRequest){
                             .user_id = job->principal.user_id,
                             .role = job->principal.role,
                             .sql = request->sql,
                             .parameters = request->parameters,
                             .parameter_count = request->parameter_count,
                             .namespace_name = request->namespace_name,
                             .sink = &SQL_ENVELOPE_SINK,
                             .sink_data = &job->envelope,
                             .wake = wake,
                             .wake_data = job,
                         });
    counter_up(&job->home->statements_total);
    link_job(job);
    advance(job);
}

void sql_job_continue(SqlJob *job)
{
    if (!job->paused)
        return;
    job->paused = false;
    if (job->came_by_worker)
        submit(job);
    else
        advance(job);
}

void sql_job_abandon(SqlJob *job)
{
    job->abandoned = true;
    query_cancel(job->run);
    sql_job_continue(job);
}

void sql_jobs_cancel(SqlJob *first)
{
    for (SqlJob *job = first; job; job = job->next)
        query_cancel(job->run);
}
