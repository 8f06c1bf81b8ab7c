/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One attempt: running is stored before anything happens, the outcome after it.
 *
 * When the store does not take a change of state (it has turned read-only, or
 * the server ends), the job leaves memory; the next start finds it as it was
 * stored last.
 */
#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "job/job_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

enum { BACKOFF_DOUBLINGS_MAX = 16, REPORT_EVERY_US = 1000000 };

/* ---- what run() calls ---- */

Str job_id(const Job *job)
{
    return job->record.id;
}

Str job_parameters(const Job *job)
{
    return job->record.parameters;
}

uint32_t job_attempt(const Job *job)
{
    return job->record.retry_count;
}

static Str set_text(Buf *buf, Str text)
{
    buf_clear(buf);
    buf_append(buf, text.ptr, text.len < JOB_TEXT_BYTES_MAX ? text.len : JOB_TEXT_BYTES_MAX);
    return buf_str(buf);
}

void job_set_message(Job *job, const char *format, ...)
{
    char text[JOB_TEXT_BYTES_MAX];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    size_t len = size < 0 ? 0 : (size_t)size;
    job->record.message =
        set_text(&job->message, str_from(text, len < sizeof(text) ? len : sizeof(text) - 1));
}

/* JSON that were cut would be none. */
void job_set_result(Job *job, Str json)
{
    job->record.result =
        set_text(&job->result, json.len <= JOB_TEXT_BYTES_MAX ? json : STR("null"));
}

void job_skip(Job *job)
{
    job->skipped = true;
}

void job_at_end(Job *job, void (*call)(void *data), void *data)
{
    job->at_end = call;
    job->at_end_data = data;
}

void job_report(Job *job)
{
    CLEANUP(context_done) Context ctx = {0};
    int64_t now_us = clock_monotonic_us();
    if (now_us - job->reported_at_us < REPORT_EVERY_US)
        return;
    job->reported_at_us = now_us;
    (void)!job_store(&ctx, job); /* the outcome will say what is wrong */
}

/* ---- an attempt ---- */

static uint64_t thread_cpu_us(void)
{
    struct timespec used;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return (uint64_t)used.tv_sec * 1000000 + (uint64_t)used.tv_nsec / 1000;
}

static Status run_once(Job *job)
{
    if (!job->kind)
        return fail(&job->ctx,
                    STATUS_UNSUPPORTED,
                    "this server knows no jobs of type '%.*s'",
                    STR_ARG(job->record.kind));
    TRY(fault_point(&job->ctx, "job.run"));
    return job->kind->run(&job->ctx, job, job->kind->data);
}

static Status measured_run(Job *job)
{
    uint64_t cpu_us = thread_cpu_us();
    arena_clear(&job->ctx.arena);
    context_clear_error(&job->ctx);
    job->skipped = false;
    job->record.message = STR_NULL;
    Status status = run_once(job);
    job->record.cpu_us += thread_cpu_us() - cpu_us;
    job->record.memory_bytes = job->ctx.arena.allocated_bytes;
    return status;
}

static bool may_help_to_retry(Status status)
{
    switch (status) {
    case STATUS_TABLE_NOT_FOUND:
    case STATUS_NOT_FOUND:
    case STATUS_INVALID_PARAMETER:
    case STATUS_INVALID_INPUT:
    case STATUS_INVALID_OPERATION:
    case STATUS_UNSUPPORTED:
    case STATUS_PERMISSION_DENIED:
    case STATUS_CANCELLED:
    case STATUS_READ_ONLY:
    case STATUS_SHUTTING_DOWN:
        return false;
    default:
        return true;
    }
}

static void describe_failure(Job *job, Status status)
{
    const StatusInfo *info = status_info(status);
    Buf *trace = &job->trace;
    buf_clear(trace);
    buf_printf(trace,
               "%s: %.*s%s%.*s",
               info->name,
               STR_ARG(job->ctx.message),
               job->ctx.detail.len ? "; " : "",
               STR_ARG(job->ctx.detail));
    if (trace->len > JOB_TEXT_BYTES_MAX)
        trace->len = JOB_TEXT_BYTES_MAX;
    job->record.trace = buf_str(trace);
    job_set_message(job, "%s%.*s", info->prefix, STR_ARG(job->ctx.message));
}

static void decide(Job *job, Status status, bool stopped)
{
    JobRecord *record = &job->record;
    if (status == STATUS_OK) {
        record->state = job->skipped ? JOB_SKIPPED : JOB_COMPLETED;
    } else if (stopped && status == STATUS_CANCELLED) {
        record->state = JOB_FAILED;
        job_set_message(job, "Server stopped");
    } else {
        describe_failure(job, status);
        bool again = may_help_to_retry(status) && record->retry_count < record->retries_max;
        record->retry_count += again;
        record->state = again ? JOB_RETRYING : JOB_FAILED;
    }
    if (job_state_is_final(record->state))
        record->finished_at_us = clock_wall_us();
}

static bool is_stopping(JobScheduler *scheduler)
{
    pthread_mutex_lock(&scheduler->lock);
    bool stopping = scheduler->stopping;
    pthread_mutex_unlock(&scheduler->lock);
    return stopping;
}

/* ---- its place after it ---- */

static int64_t backoff_us(const Job *job)
{
    uint32_t doublings = job->record.retry_count - 1;
    if (doublings > BACKOFF_DOUBLINGS_MAX)
        doublings = BACKOFF_DOUBLINGS_MAX;
    return (job->scheduler->options.backoff_ms * 1000) << doublings;
}

static void give_back(Job *job, bool again)
{
    JobScheduler *scheduler = job->scheduler;
    pthread_mutex_lock(&scheduler->lock);
    scheduler->running_count--;
    if (again) {
        int64_t wait_us = job->killed ? 0 : backoff_us(job);
        scheduler_append_locked(scheduler, job, clock_monotonic_us() + wait_us);
    } else {
        scheduler->failed_count += job->record.state == JOB_FAILED;
        scheduler_forget_locked(scheduler, job);
    }
    pthread_cond_broadcast(&scheduler->changed);
    pthread_cond_broadcast(&scheduler->ended);
    pthread_mutex_unlock(&scheduler->lock);
}

static void log_outcome(const Job *job)
{
    const JobRecord *record = &job->record;
    bool failed = record->state == JOB_FAILED || record->state == JOB_RETRYING;
    LOG_AT(failed ? LOG_WARN : LOG_INFO,
           "job",
           "%.*s id=%.*s type=%.*s message=\"%.*s\"",
           STR_ARG(job_state_word(record->state)),
           STR_ARG(record->id),
           STR_ARG(record->kind),
           STR_ARG(record->message));
}

static void log_not_stored(const Job *job, const Context *ctx, Status status)
{
    if (status == STATUS_CANCELLED)
        log_info("job", "ended after it was killed id=%.*s", STR_ARG(job->record.id));
    else
        log_error("job",
                  "its state cannot be stored id=%.*s error=%.*s",
                  STR_ARG(job->record.id),
                  STR_ARG(ctx->message));
}

static Status attempt(Context *ctx, Job *job)
{
    job->record.state = JOB_RUNNING;
    job->record.started_at_us = clock_wall_us();
    TRY(job_store(ctx, job));
    Status status = measured_run(job);
    decide(job, status, is_stopping(job->scheduler));
    TRY(job_store(ctx, job));
    log_outcome(job);
    return STATUS_OK;
}

void job_run(WorkerTask *task)
{
    Job *job = CONTAINER_OF(task, Job, task);
    CLEANUP(context_done) Context ctx = {0};
    Status status = attempt(&ctx, job);
    if (status != STATUS_OK)
        log_not_stored(job, &ctx, status);
    if (job->at_end)
        job->at_end(job->at_end_data);
    job->at_end = NULL;
    give_back(job, status == STATUS_OK && job->record.state == JOB_RETRYING);
}
