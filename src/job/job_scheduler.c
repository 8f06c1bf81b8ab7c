/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dispatcher thread starts what is due while there is room, submits periodic
 * kinds, and sleeps until the next of either.
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "job/job_private.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    RUNNING_MAX = 10,
    RETRIES_MAX = 3,
    BACKOFF_MS = 100,
    KEEP_COUNT = 10000,
    CANCEL_MS = 10000, /* a cancelled job may take so long to notice */
};

static const int64_t KEEP_MS = INT64_C(7) * 24 * 3600 * 1000;
static const int64_t RETENTION_MS = INT64_C(3600) * 1000;

/* ---- life cycle ---- */

static JobOptions with_defaults(const JobOptions *given)
{
    JobOptions options = *given;
    if (!options.running_max)
        options.running_max = RUNNING_MAX;
    if (!options.retries_max)
        options.retries_max = RETRIES_MAX;
    if (options.retries_max < 0)
        options.retries_max = 0;
    if (!options.backoff_ms)
        options.backoff_ms = BACKOFF_MS;
    if (!options.keep_ms)
        options.keep_ms = KEEP_MS;
    if (!options.keep_count)
        options.keep_count = KEEP_COUNT;
    if (!options.retention_ms)
        options.retention_ms = RETENTION_MS;
    return options;
}

static void init_condition(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
}

JobScheduler *job_scheduler_new(const JobOptions *options)
{
    JobScheduler *scheduler = NEW(JobScheduler);
    scheduler->options = with_defaults(options);
    scheduler->threads = worker_pool_new(scheduler->options.running_max);
    pthread_mutex_init(&scheduler->lock, NULL);
    init_condition(&scheduler->changed);
    init_condition(&scheduler->ended);
    JobKind retention = job_retention_kind(scheduler);
    job_register(scheduler, &retention);
    return scheduler;
}

void job_register(JobScheduler *scheduler, const JobKind *kind)
{
    assert(!scheduler->started && scheduler->kind_count < JOB_KINDS_MAX);
    scheduler->kinds[scheduler->kind_count++] = (KindState){
        .kind = *kind,
        .due_us = clock_monotonic_us() + kind->interval_ms * 1000,
    };
}

const JobKind *scheduler_find_kind(const JobScheduler *scheduler, Str name)
{
    for (size_t i = 0; i < scheduler->kind_count; i++)
        if (str_equal(name, str_from_c(scheduler->kinds[i].kind.name)))
            return &scheduler->kinds[i].kind;
    return NULL;
}

static void job_free(Job *job)
{
    context_done(&job->ctx);
    arena_done(&job->arena);
    buf_done(&job->message);
    buf_done(&job->result);
    buf_done(&job->trace);
    free(job);
}

void job_scheduler_free(JobScheduler *scheduler)
{
    if (!scheduler)
        return;
    assert(!scheduler->started);
    worker_pool_free(scheduler->threads);
    Job *job;
    for (size_t at = 0; (job = map_next(&scheduler->by_id, &at));)
        job_free(job);
    map_done(&scheduler->by_id);
    map_done(&scheduler->by_key);
    pthread_cond_destroy(&scheduler->changed);
    pthread_cond_destroy(&scheduler->ended);
    pthread_mutex_destroy(&scheduler->lock);
    free(scheduler);
}

/* ---- jobs in memory ---- */

Job *scheduler_make_job(JobScheduler *scheduler, const JobKind *kind, const JobRecord *record)
{
    Job *job = NEW(Job);
    Arena *arena = &job->arena;
    job->task.run = job_run;
    job->scheduler = scheduler;
    job->kind = kind;
    job->record = *record;
    job->record.id = arena_str(arena, record->id);
    job->record.kind = arena_str(arena, record->kind);
    job->record.parameters = arena_str(arena, record->parameters);
    job->record.key = arena_str(arena, record->key);
    job->record.message = arena_str(arena, record->message);
    job->record.trace = arena_str(arena, record->trace);
    job->record.result = arena_str(arena, record->result);
    return job;
}

bool scheduler_enlist_locked(JobScheduler *scheduler, Job *job)
{
    Str key = job->record.key;
    if (key.len && map_get(&scheduler->by_key, key))
        return false;
    if (key.len)
        map_put(&scheduler->by_key, key, job);
    map_put(&scheduler->by_id, job->record.id, job);
    return true;
}

void scheduler_append_locked(JobScheduler *scheduler, Job *job, int64_t due_us)
{
    job->place = JOB_WAITING;
    job->due_us = due_us;
    job->next = NULL;
    if (scheduler->last_waiting)
        scheduler->last_waiting->next = job;
    else
        scheduler->first_waiting = job;
    scheduler->last_waiting = job;
    scheduler->waiting_count++;
}

void scheduler_forget_locked(JobScheduler *scheduler, Job *job)
{
    if (job->record.key.len && map_get(&scheduler->by_key, job->record.key) == job)
        map_remove(&scheduler->by_key, job->record.key);
    map_remove(&scheduler->by_id, job->record.id);
    job_free(job);
}

/* ---- submitting ---- */

static Status check_request(Context *ctx, const JobRequest *request, const JobKind *kind)
{
    if (!kind)
        return fail(ctx, STATUS_INTERNAL, "there are no jobs of type '%s'", request->kind);
    if (request->parameters.len > JOB_PARAMETERS_BYTES_MAX)
        return fail(ctx,
                    STATUS_LIMIT_EXCEEDED,
                    "the parameters of a job may have %d bytes, not %zu",
                    JOB_PARAMETERS_BYTES_MAX,
                    request->parameters.len);
    if (request->key.len > JOB_KEY_BYTES_MAX)
        return fail(ctx,
                    STATUS_LIMIT_EXCEEDED,
                    "the key of a job may have %d bytes, not %zu",
                    JOB_KEY_BYTES_MAX,
                    request->key.len);
    return STATUS_OK;
}

static Str random_id(char text[JOB_ID_BYTES + 1], const JobKind *kind)
{
    unsigned long long digits = random_u64() & 0xffffffffffffu;
    int size = snprintf(text, JOB_ID_BYTES + 1, "%.2s-%012llx", kind->prefix, digits);
    assert(size == JOB_ID_BYTES);
    return str_from(text, JOB_ID_BYTES);
}

/* STATUS_CONFLICT or STATUS_LIMIT_EXCEEDED */
static Status enlist(Context *ctx, JobScheduler *scheduler, Job *job)
{
    Status status = STATUS_OK;
    pthread_mutex_lock(&scheduler->lock);
    if (scheduler->by_id.count >= JOBS_WAITING_MAX) {
        status = fail(ctx, STATUS_LIMIT_EXCEEDED, "%d jobs wait already", JOBS_WAITING_MAX);
    } else if (!scheduler_enlist_locked(scheduler, job)) {
        const Job *other = map_get(&scheduler->by_key, job->record.key);
        status = fail(ctx,
                      STATUS_CONFLICT,
                      "Idempotent conflict: job %.*s with key '%.*s' is queued or running",
                      STR_ARG(other->record.id),
                      STR_ARG(other->record.key));
    }
    pthread_mutex_unlock(&scheduler->lock);
    return status;
}

Status job_new(Context *ctx, JobScheduler *scheduler, const JobRequest *request, Job **ret_job)
{
    const JobKind *kind = scheduler_find_kind(scheduler, str_from_c(request->kind));
    TRY(check_request(ctx, request, kind));
    char id[JOB_ID_BYTES + 1];
    JobRecord record = {
        .id = random_id(id, kind),
        .kind = str_from_c(kind->name),
        .parameters = request->parameters,
        .key = request->key,
        .retries_max = (uint32_t)scheduler->options.retries_max,
        .created_at_us = clock_wall_us(),
    };
    record.updated_at_us = record.created_at_us;
    Job *job = scheduler_make_job(scheduler, kind, &record);
    job->due_us = clock_monotonic_us() + request->delay_ms * 1000;
    Status status = enlist(ctx, scheduler, job);
    if (status == STATUS_OK)
        *ret_job = job;
    else
        job_free(job);
    return status;
}

void job_release(Job *job)
{
    JobScheduler *scheduler = job->scheduler;
    pthread_mutex_lock(&scheduler->lock);
    scheduler->stored_count++;
    scheduler_append_locked(scheduler, job, job->killed ? 0 : job->due_us);
    pthread_cond_signal(&scheduler->changed);
    pthread_mutex_unlock(&scheduler->lock);
}

void job_abandon(Job *job)
{
    if (!job)
        return;
    JobScheduler *scheduler = job->scheduler;
    pthread_mutex_lock(&scheduler->lock);
    scheduler_forget_locked(scheduler, job);
    pthread_mutex_unlock(&scheduler->lock);
}

/* One that waits is started at once: its thread finds that the store calls it cancelled. */
void job_kill(JobScheduler *scheduler, Str id)
{
    pthread_mutex_lock(&scheduler->lock);
    Job *job = map_get(&scheduler->by_id, id);
    if (job) {
        job->killed = true;
        job->due_us = 0;
        atomic_store(&job->ctx.cancelled, true);
        pthread_cond_signal(&scheduler->changed);
    }
    pthread_mutex_unlock(&scheduler->lock);
}

JobCounts job_scheduler_counts(JobScheduler *scheduler)
{
    pthread_mutex_lock(&scheduler->lock);
    JobCounts counts = {
        .running = scheduler->running_count,
        .waiting = scheduler->waiting_count,
        .stored = scheduler->stored_count,
        .failed = scheduler->failed_count,
    };
    pthread_mutex_unlock(&scheduler->lock);
    return counts;
}

/* ---- the dispatcher ---- */

/* The first that is due, taken out; NULL = none. */
static Job *take_due_locked(JobScheduler *scheduler, int64_t now_us)
{
    Job *before = NULL;
    for (Job *job = scheduler->first_waiting; job; before = job, job = job->next) {
        if (job->due_us > now_us)
            continue;
        if (before)
            before->next = job->next;
        else
            scheduler->first_waiting = job->next;
        if (scheduler->last_waiting == job)
            scheduler->last_waiting = before;
        scheduler->waiting_count--;
        return job;
    }
    return NULL;
}

static void start_due_locked(JobScheduler *scheduler, int64_t now_us)
{
    while (!scheduler->draining && scheduler->running_count < scheduler->options.running_max) {
        Job *job = take_due_locked(scheduler, now_us);
        if (!job)
            return;
        job->place = JOB_WITH_THREAD;
        scheduler->running_count++;
        worker_pool_submit(scheduler->threads, &job->task);
    }
}

static void submit_periodic(JobScheduler *scheduler, const JobKind *kind)
{
    CLEANUP(context_done) Context ctx = {0};
    JobRequest request = {.kind = kind->name, .key = str_from_c(kind->name)};
    Str id;
    if (kind->is_due && !kind->is_due(kind->data))
        return;
    Status status = job_submit(&ctx, scheduler, &request, &id);
    if (status != STATUS_OK && status != STATUS_CONFLICT)
        log_warn("job",
                 "periodic job not submitted type=%s reason=%.*s",
                 kind->name,
                 STR_ARG(ctx.message));
}

/* A periodic kind whose time has come, and its next time; NULL = none. */
static const JobKind *take_periodic_locked(JobScheduler *scheduler, int64_t now_us)
{
    for (size_t i = 0; i < scheduler->kind_count && !scheduler->draining; i++) {
        KindState *state = &scheduler->kinds[i];
        if (state->kind.interval_ms == 0 || state->due_us > now_us)
            continue;
        state->due_us = now_us + state->kind.interval_ms * 1000;
        return &state->kind;
    }
    return NULL;
}

/* When something becomes due; jobs wait for room, not for a time, while all threads are taken. */
static int64_t next_due_locked(const JobScheduler *scheduler)
{
    int64_t due_us = INT64_MAX;
    bool has_room = scheduler->running_count < scheduler->options.running_max;
    for (const Job *job = scheduler->first_waiting; job && has_room; job = job->next)
        due_us = job->due_us < due_us ? job->due_us : due_us;
    for (size_t i = 0; i < scheduler->kind_count; i++) {
        const KindState *state = &scheduler->kinds[i];
        if (state->kind.interval_ms > 0 && state->due_us < due_us)
            due_us = state->due_us;
    }
    return due_us;
}

static struct timespec after_us(int64_t wait_us)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += wait_us / 1000000;
    at.tv_nsec += (long)(wait_us % 1000000) * 1000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000;
    }
    return at;
}

static void sleep_locked(JobScheduler *scheduler)
{
    int64_t due_us = scheduler->draining ? INT64_MAX : next_due_locked(scheduler);
    if (due_us == INT64_MAX) {
        pthread_cond_wait(&scheduler->changed, &scheduler->lock);
        return;
    }
    int64_t wait_us = due_us - clock_monotonic_us();
    if (wait_us <= 0)
        return;
    struct timespec until = after_us(wait_us);
    pthread_cond_timedwait(&scheduler->changed, &scheduler->lock, &until);
}

static void *dispatch(void *data)
{
    JobScheduler *scheduler = data;
    pthread_mutex_lock(&scheduler->lock);
    while (!scheduler->stopping) {
        int64_t now_us = clock_monotonic_us();
        start_due_locked(scheduler, now_us);
        const JobKind *periodic = take_periodic_locked(scheduler, now_us);
        if (!periodic) {
            sleep_locked(scheduler);
            continue;
        }
        pthread_mutex_unlock(&scheduler->lock);
        submit_periodic(scheduler, periodic);
        pthread_mutex_lock(&scheduler->lock);
    }
    pthread_mutex_unlock(&scheduler->lock);
    return NULL;
}

void job_scheduler_wake(JobScheduler *scheduler)
{
    pthread_mutex_lock(&scheduler->lock);
    pthread_cond_signal(&scheduler->changed);
    pthread_mutex_unlock(&scheduler->lock);
}

/* ---- starting and stopping ---- */

Status job_scheduler_start(Context *ctx, JobScheduler *scheduler)
{
    TRY(jobs_recover(ctx, scheduler));
    int error = pthread_create(&scheduler->dispatcher, NULL, dispatch, scheduler);
    if (error)
        return fail(ctx, STATUS_INTERNAL, "no thread for jobs: %s", strerror(error));
    pthread_setname_np(scheduler->dispatcher, "jobs");
    scheduler->started = true;
    return STATUS_OK;
}

void job_scheduler_drain(JobScheduler *scheduler)
{
    pthread_mutex_lock(&scheduler->lock);
    scheduler->draining = true;
    pthread_cond_signal(&scheduler->changed);
    pthread_mutex_unlock(&scheduler->lock);
}

/* False: the time is over. */
static bool wait_for_end_locked(JobScheduler *scheduler, int64_t patience_ms)
{
    struct timespec until = after_us(patience_ms * 1000);
    int error = 0;
    while (scheduler->running_count > 0 && error == 0)
        error = pthread_cond_timedwait(&scheduler->ended, &scheduler->lock, &until);
    return scheduler->running_count == 0;
}

static void cancel_all_locked(JobScheduler *scheduler)
{
    Job *job;
    for (size_t at = 0; (job = map_next(&scheduler->by_id, &at));)
        if (job->place == JOB_WITH_THREAD)
            atomic_store(&job->ctx.cancelled, true);
}

bool job_scheduler_stop(JobScheduler *scheduler, int64_t patience_ms)
{
    if (!scheduler || !scheduler->started)
        return true;
    job_scheduler_drain(scheduler);
    pthread_mutex_lock(&scheduler->lock);
    bool ended = wait_for_end_locked(scheduler, patience_ms);
    scheduler->stopping = true;
    pthread_cond_signal(&scheduler->changed);
    if (!ended) {
        cancel_all_locked(scheduler);
        ended = wait_for_end_locked(scheduler, CANCEL_MS);
    }
    pthread_mutex_unlock(&scheduler->lock);
    pthread_join(scheduler->dispatcher, NULL);
    scheduler->started = false;
    return ended;
}
