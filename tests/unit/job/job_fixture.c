/* SPDX-License-Identifier: Apache-2.0 */
#include "job_fixture.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

/* ---- time ---- */

static _Atomic int64_t passed_us;

static int64_t real_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t fake_wall_us(void *data)
{
    (void)data;
    return INT64_C(1750000000000000) + atomic_load(&passed_us);
}

static int64_t fake_monotonic_us(void *data)
{
    (void)data;
    return 1000000 + atomic_load(&passed_us);
}

static void real_random(void *data, void *bytes, size_t size)
{
    (void)data;
    assert_int_equal(getrandom(bytes, size, 0), size);
}

void fixture_pass_time(Fixture *fixture, int64_t ms)
{
    atomic_fetch_add(&passed_us, ms * 1000);
    job_scheduler_wake(fixture->scheduler);
}

Patience patience_begin(void)
{
    return (Patience){real_us() + (int64_t)PATIENCE_MS * 1000};
}

void patience_lose(Patience *patience)
{
    assert_true(real_us() < patience->until_us); /* else what we wait for never happens */
    usleep(200);
}

/* ---- the kinds ---- */

static void note_running(Fixture *fixture)
{
    int running = atomic_fetch_add(&fixture->running, 1) + 1;
    int most = atomic_load(&fixture->running_most);
    while (most < running && !atomic_compare_exchange_weak(&fixture->running_most, &most, running))
        ;
    atomic_fetch_add(&fixture->run_count, 1);
}

static Status wait_while_held(Context *ctx, Fixture *fixture)
{
    while (atomic_load(&fixture->hold)) {
        TRY(context_check(ctx));
        usleep(200);
    }
    return STATUS_OK;
}

static Status do_as_told(Context *ctx, Job *job, Fixture *fixture)
{
    TRY(wait_while_held(ctx, fixture));
    if (atomic_fetch_sub(&fixture->failures, 1) > 0)
        return fail(ctx, atomic_load(&fixture->failure), "as told, attempt %u", job_attempt(job));
    atomic_store(&fixture->failures, 0);
    job_set_message(job, "Did %.*s", STR_ARG(job_parameters(job)));
    job_set_result(job, STR("{\"rows\":7}"));
    return STATUS_OK;
}

static Status run_as_told(Context *ctx, Job *job, void *data)
{
    Fixture *fixture = data;
    note_running(fixture);
    Status status = do_as_told(ctx, job, fixture);
    atomic_fetch_sub(&fixture->running, 1);
    return status;
}

static Status run_tick(Context *ctx, Job *job, void *data)
{
    (void)ctx;
    (void)data;
    job_skip(job);
    return STATUS_OK;
}

static bool tick_is_due(void *data)
{
    return atomic_load(&((Fixture *)data)->tick_is_due);
}

/* ---- life cycle ---- */

void fixture_open(Fixture *fixture)
{
    StoreOptions store = {.path = str_from_c(fixture->path), .write_buffer_bytes = 8 << 20};
    assert_int_equal(store_open(&fixture->ctx, &store, &fixture->store), STATUS_OK);
    SequencerOptions sequencer = {.store = fixture->store};
    assert_int_equal(sequencer_open(&fixture->ctx, &sequencer, &fixture->sequencer), STATUS_OK);
    fixture->options.store = fixture->store;
    fixture->options.sequencer = fixture->sequencer;
    fixture->scheduler = job_scheduler_new(&fixture->options);
    job_register(fixture->scheduler,
                 &(JobKind){.name = "test", .prefix = "UN", .run = run_as_told, .data = fixture});
    if (fixture->tick_ms)
        job_register(fixture->scheduler,
                     &(JobKind){.name = "tick",
                                .prefix = "RT",
                                .run = run_tick,
                                .is_due = tick_is_due,
                                .interval_ms = fixture->tick_ms,
                                .data = fixture});
    assert_int_equal(job_scheduler_start(&fixture->ctx, fixture->scheduler), STATUS_OK);
}

void fixture_close(Fixture *fixture)
{
    assert_true(job_scheduler_stop(fixture->scheduler, PATIENCE_MS));
    sequencer_close(TAKE(fixture->sequencer));
    job_scheduler_free(TAKE(fixture->scheduler));
    store_close(TAKE(fixture->store));
}

void fixture_reopen(Fixture *fixture)
{
    fixture_close(fixture);
    fixture_open(fixture);
}

void fixture_init(Fixture *fixture)
{
    static const ClockSource CLOCK = {
        .wall_us = fake_wall_us,
        .monotonic_us = fake_monotonic_us,
        .random_bytes = real_random,
    };
    clock_replace(&CLOCK);
    assert_true(log_start(&(LogOptions){.level = LOG_ERROR}));
    *fixture = (Fixture){.path = "/tmp/kalamdb-job-XXXXXX"};
    assert_non_null(mkdtemp(fixture->path));
    fixture_open(fixture);
}

void fixture_done(Fixture *fixture)
{
    char command[128];
    atomic_store(&fixture->hold, false);
    fixture_close(fixture);
    context_done(&fixture->ctx);
    snprintf(command, sizeof(command), "rm -rf '%s'", fixture->path);
    assert_int_equal(system(command), 0);
    log_stop();
    clock_replace(NULL);
}

/* ---- jobs ---- */

Str fixture_submit(Fixture *fixture, const char *key)
{
    JobRequest request = {
        .kind = "test", .parameters = STR("{\"table_id\":\"ns.t\"}"), .key = str_from_c(key)};
    Str id;
    assert_int_equal(job_submit(&fixture->ctx, fixture->scheduler, &request, &id), STATUS_OK);
    return id;
}

typedef struct KillOp {
    WriteOp op;
    Str id;
} KillOp;

static Status execute_kill(WriteOp *op, CommitBuilder *builder)
{
    return job_kill_add(builder, op->ctx, CONTAINER_OF(op, KillOp, op)->id);
}

Status fixture_kill(Fixture *fixture, Context *ctx, Str id)
{
    KillOp kill = {.op = {.ctx = ctx, .execute = execute_kill}, .id = id};
    TRY(sequencer_execute(fixture->sequencer, &kill.op));
    job_kill(fixture->scheduler, id);
    return STATUS_OK;
}

JobRecord fixture_job(Fixture *fixture, Str id)
{
    CLEANUP(snapshot_unref)
    Snapshot *snapshot = published_durable(sequencer_published(fixture->sequencer));
    JobList list;
    assert_int_equal(job_list(&fixture->ctx, snapshot, STORE_READ_ANY, &list), STATUS_OK);
    for (size_t i = 0; i < list.count; i++)
        if (str_equal(list.items[i].id, id))
            return list.items[i];
    return (JobRecord){.state = JOB_STATE_COUNT};
}

JobRecord fixture_wait(Fixture *fixture, Str id, JobState state)
{
    for (Patience patience = patience_begin();; patience_lose(&patience)) {
        JobRecord job = fixture_job(fixture, id);
        if (job.state == state)
            return job;
    }
}

void fixture_wait_idle(Fixture *fixture)
{
    for (Patience patience = patience_begin();; patience_lose(&patience)) {
        JobCounts counts = job_scheduler_counts(fixture->scheduler);
        if (counts.running == 0 && counts.waiting == 0)
            return;
    }
}
