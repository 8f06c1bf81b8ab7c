/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "job_fixture.h"

#include <pthread.h>
#include <stdlib.h>

static Fixture fixture;

static int set_up(void **state)
{
    (void)state;
    fixture_init(&fixture);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_done(&fixture);
    return 0;
}

static void reopen_with(JobOptions options)
{
    fixture_close(&fixture);
    fixture.options = options;
    fixture_open(&fixture);
}

static size_t stored_count(void)
{
    CLEANUP(snapshot_unref)
    Snapshot *snapshot = published_durable(sequencer_published(fixture.sequencer));
    JobList list;
    assert_int_equal(job_list(&fixture.ctx, snapshot, STORE_READ_ANY, &list), STATUS_OK);
    return list.count;
}

static void wait_for_runs(int count)
{
    for (Patience patience = patience_begin(); atomic_load(&fixture.run_count) < count;)
        patience_lose(&patience);
}

static bool is_hexadecimal(Str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!strchr("0123456789abcdef", text.ptr[i]))
            return false;
    return true;
}

static void r72_a_job_can_be_read_from_its_submission_to_its_outcome(void **state)
{
    (void)state;
    atomic_store(&fixture.hold, true);
    Str id = fixture_submit(&fixture, "");
    assert_int_equal(id.len, JOB_ID_BYTES);
    assert_true(str_starts_with(id, STR("UN-")));
    assert_true(is_hexadecimal(str_from(id.ptr + 3, id.len - 3)));
    JobRecord job = fixture_job(&fixture, id); /* at once, by whoever submitted it */
    assert_true(job.state == JOB_QUEUED || job.state == JOB_RUNNING);
    assert_str(job.kind, "test");
    assert_str(job.parameters, "{\"table_id\":\"ns.t\"}");
    assert_true(job.created_at_us > 0);

    job = fixture_wait(&fixture, id, JOB_RUNNING);
    assert_true(job.started_at_us >= job.created_at_us);
    assert_int_equal(job.finished_at_us, 0);
    fixture_pass_time(&fixture, 5);
    atomic_store(&fixture.hold, false);
    job = fixture_wait(&fixture, id, JOB_COMPLETED);
    assert_str(job.message, "Did {\"table_id\":\"ns.t\"}");
    assert_str(job.result, "{\"rows\":7}");
    assert_int_equal(job.finished_at_us, job.started_at_us + 5000);
    assert_int_equal(job.updated_at_us, job.finished_at_us);
    assert_int_equal(job.retry_count, 0);
    assert_int_equal(job.trace.len, 0);
}

static void a_job_that_fails_is_tried_again_after_growing_pauses(void **state)
{
    (void)state;
    static const int64_t PAUSES_MS[] = {100, 200, 400};
    atomic_store(&fixture.failure, STATUS_IO_ERROR);
    atomic_store(&fixture.failures, 99);
    Str id = fixture_submit(&fixture, "");
    for (uint32_t i = 0; i < 3; i++) {
        JobRecord job;
        do
            job = fixture_wait(&fixture, id, JOB_RETRYING);
        while (job.retry_count != i + 1);
        while (job_scheduler_counts(fixture.scheduler).waiting == 0)
            ;
        fixture_pass_time(&fixture, PAUSES_MS[i] - 1);
        assert_int_equal(atomic_load(&fixture.run_count), i + 1);
        fixture_pass_time(&fixture, 1);
        wait_for_runs((int)i + 2);
    }
    JobRecord job = fixture_wait(&fixture, id, JOB_FAILED);
    assert_int_equal(job.retry_count, 3);
    assert_int_equal(job.retries_max, 3);
    assert_str(job.message, "Execution error: as told, attempt 3");
    assert_str(job.trace, "IO_ERROR: as told, attempt 3");
    assert_true(job.finished_at_us > 0);
    fixture_wait_idle(&fixture);
    assert_int_equal(job_scheduler_counts(fixture.scheduler).failed, 1);
}

static void a_retry_that_succeeds_completes_the_job(void **state)
{
    (void)state;
    atomic_store(&fixture.failure, STATUS_CONFLICT);
    atomic_store(&fixture.failures, 1);
    Str id = fixture_submit(&fixture, "");
    fixture_wait(&fixture, id, JOB_RETRYING);
    for (Patience patience = patience_begin(); atomic_load(&fixture.run_count) < 2;) {
        fixture_pass_time(&fixture, 100);
        patience_lose(&patience);
    }
    JobRecord job = fixture_wait(&fixture, id, JOB_COMPLETED);
    assert_int_equal(job.retry_count, 1);
    assert_str(job.message, "Did {\"table_id\":\"ns.t\"}");
}

static void what_trying_again_cannot_mend_fails_at_once(void **state)
{
    (void)state;
    atomic_store(&fixture.failure, STATUS_TABLE_NOT_FOUND);
    atomic_store(&fixture.failures, 1);
    JobRecord job = fixture_wait(&fixture, fixture_submit(&fixture, ""), JOB_FAILED);
    assert_int_equal(job.retry_count, 0);
    assert_str(job.message, "Table not found: as told, attempt 0");
}

static void a_key_admits_one_unfinished_job(void **state)
{
    (void)state;
    atomic_store(&fixture.hold, true);
    Str first = fixture_submit(&fixture, "flush:1024");
    JobRequest request = {.kind = "test", .key = STR("flush:1024")};
    Str id;
    assert_int_equal(job_submit(&fixture.ctx, fixture.scheduler, &request, &id), STATUS_CONFLICT);
    Str words = arena_printf(&fixture.ctx.arena,
                             "Idempotent conflict: job %.*s with key 'flush:1024' is queued or "
                             "running",
                             STR_ARG(first));
    assert_true(str_equal(fixture.ctx.message, words));
    fixture_submit(&fixture, "flush:1025");
    assert_int_equal(stored_count(), 2);
    atomic_store(&fixture.hold, false);
    fixture_wait_idle(&fixture);
    fixture_wait(&fixture, fixture_submit(&fixture, "flush:1024"), JOB_COMPLETED);
}

static void an_unknown_kind_and_too_much_text_are_refused(void **state)
{
    (void)state;
    static char text[JOB_PARAMETERS_BYTES_MAX + 1];
    JobRequest request = {.kind = "nonsense"};
    Str id;
    assert_int_equal(job_submit(&fixture.ctx, fixture.scheduler, &request, &id), STATUS_INTERNAL);
    request = (JobRequest){.kind = "test", .parameters = str_from(text, sizeof(text))};
    assert_int_equal(job_submit(&fixture.ctx, fixture.scheduler, &request, &id),
                     STATUS_LIMIT_EXCEEDED);
    request = (JobRequest){.kind = "test", .key = str_from(text, JOB_KEY_BYTES_MAX + 1)};
    assert_int_equal(job_submit(&fixture.ctx, fixture.scheduler, &request, &id),
                     STATUS_LIMIT_EXCEEDED);
    assert_int_equal(stored_count(), 0);
}

static void a_running_job_is_killed(void **state)
{
    (void)state;
    atomic_store(&fixture.hold, true);
    Str id = fixture_submit(&fixture, "key");
    fixture_wait(&fixture, id, JOB_RUNNING);
    wait_for_runs(1);
    assert_int_equal(fixture_kill(&fixture, &fixture.ctx, id), STATUS_OK);
    assert_int_equal(fixture_job(&fixture, id).state, JOB_CANCELLED);
    fixture_wait_idle(&fixture); /* it heard of it, though it is held */
    JobRecord job = fixture_job(&fixture, id);
    assert_int_equal(job.state, JOB_CANCELLED);
    assert_true(job.finished_at_us > 0);
    atomic_store(&fixture.hold, false);
    fixture_wait(&fixture, fixture_submit(&fixture, "key"), JOB_COMPLETED);
}

static void a_waiting_job_is_killed_and_never_runs(void **state)
{
    (void)state;
    JobRequest request = {.kind = "test", .delay_ms = 1000000};
    Str id;
    assert_int_equal(job_submit(&fixture.ctx, fixture.scheduler, &request, &id), STATUS_OK);
    assert_int_equal(fixture_kill(&fixture, &fixture.ctx, id), STATUS_OK);
    fixture_wait_idle(&fixture);
    assert_int_equal(fixture_job(&fixture, id).state, JOB_CANCELLED);
    assert_int_equal(atomic_load(&fixture.run_count), 0);
}

static void what_has_ended_or_never_was_cannot_be_killed(void **state)
{
    (void)state;
    Str id = fixture_submit(&fixture, "");
    fixture_wait(&fixture, id, JOB_COMPLETED);
    assert_int_equal(fixture_kill(&fixture, &fixture.ctx, id), STATUS_INVALID_OPERATION);
    assert_int_equal(fixture_job(&fixture, id).state, JOB_COMPLETED);
    assert_int_equal(fixture_kill(&fixture, &fixture.ctx, STR("UN-nonsense")), STATUS_NOT_FOUND);
}

static void a_delayed_job_waits_for_its_time(void **state)
{
    (void)state;
    JobRequest request = {.kind = "test", .delay_ms = 500};
    Str id;
    assert_int_equal(job_submit(&fixture.ctx, fixture.scheduler, &request, &id), STATUS_OK);
    fixture_wait(&fixture, fixture_submit(&fixture, ""), JOB_COMPLETED); /* overtakes it */
    fixture_pass_time(&fixture, 499);
    assert_int_equal(fixture_job(&fixture, id).state, JOB_QUEUED);
    fixture_pass_time(&fixture, 1);
    fixture_wait(&fixture, id, JOB_COMPLETED);
}

static void only_so_many_run_at_a_time(void **state)
{
    (void)state;
    enum { JOBS = 12, AT_A_TIME = 3 };
    reopen_with((JobOptions){.running_max = AT_A_TIME});
    atomic_store(&fixture.hold, true);
    for (int i = 0; i < JOBS; i++)
        fixture_submit(&fixture, "");
    wait_for_runs(AT_A_TIME);
    JobCounts counts = job_scheduler_counts(fixture.scheduler);
    assert_int_equal(counts.running, AT_A_TIME);
    assert_int_equal(counts.waiting, JOBS - AT_A_TIME);
    assert_int_equal(counts.stored, JOBS);
    atomic_store(&fixture.hold, false);
    fixture_wait_idle(&fixture);
    assert_int_equal(atomic_load(&fixture.run_count), JOBS);
    assert_int_equal(atomic_load(&fixture.running_most), AT_A_TIME);
}

static void put_record(JobRecord record);

static void after_a_restart_what_waited_runs_and_what_ran_has_failed(void **state)
{
    (void)state;
    put_record((JobRecord){.id = STR("UN-000000000001"),
                           .kind = STR("test"),
                           .state = JOB_RUNNING,
                           .created_at_us = 1});
    put_record((JobRecord){.id = STR("UN-000000000002"),
                           .kind = STR("test"),
                           .state = JOB_QUEUED,
                           .created_at_us = 2});
    put_record((JobRecord){.id = STR("UN-000000000003"),
                           .kind = STR("test"),
                           .state = JOB_RETRYING,
                           .created_at_us = 3,
                           .retry_count = 2,
                           .retries_max = 3});
    put_record((JobRecord){.id = STR("XX-000000000004"),
                           .kind = STR("gone"),
                           .state = JOB_QUEUED,
                           .created_at_us = 4});
    fixture_reopen(&fixture);
    JobRecord job = fixture_job(&fixture, STR("UN-000000000001"));
    assert_int_equal(job.state, JOB_FAILED);
    assert_str(job.message, "Server restarted");
    assert_true(job.finished_at_us > 0);
    fixture_wait(&fixture, STR("UN-000000000002"), JOB_COMPLETED);
    job = fixture_wait(&fixture, STR("UN-000000000003"), JOB_COMPLETED);
    assert_int_equal(job.retry_count, 2);
    job = fixture_wait(&fixture, STR("XX-000000000004"), JOB_FAILED);
    assert_str(job.message, "Invalid operation: this server knows no jobs of type 'gone'");
}

typedef struct PutOp {
    WriteOp op;
    JobRecord record;
} PutOp;

static Status execute_put(WriteOp *op, CommitBuilder *builder)
{
    const JobRecord *record = &CONTAINER_OF(op, PutOp, op)->record;
    CLEANUP(buf_done) Buf value = {0};
    job_record_encode(&value, record);
    Change change = {.kind = CHANGE_JOB_PUT,
                     .key = record->id,
                     .new_row = arena_str(&op->ctx->arena, buf_str(&value))};
    commit_add(builder, &change);
    return STATUS_OK;
}

/* As a server that is no more left it. */
static void put_record(JobRecord record)
{
    PutOp put = {.op = {.ctx = &fixture.ctx, .execute = execute_put}, .record = record};
    assert_int_equal(sequencer_execute(fixture.sequencer, &put.op), STATUS_OK);
}

static void a_job_that_does_not_end_in_time_is_cancelled_by_a_stop(void **state)
{
    (void)state;
    atomic_store(&fixture.hold, true);
    Str id = fixture_submit(&fixture, "");
    wait_for_runs(1);
    job_scheduler_drain(fixture.scheduler);
    Str later = fixture_submit(&fixture, "");
    assert_true(job_scheduler_stop(fixture.scheduler, 1));
    JobRecord job = fixture_job(&fixture, id);
    assert_int_equal(job.state, JOB_FAILED);
    assert_str(job.message, "Server stopped");
    assert_int_equal(fixture_job(&fixture, later).state, JOB_QUEUED);
    atomic_store(&fixture.hold, false);
    fixture_reopen(&fixture);
    fixture_wait(&fixture, later, JOB_COMPLETED);
}

typedef struct AddOp {
    WriteOp op;
    bool fails;
    Job *job;
} AddOp;

static Status execute_add(WriteOp *op, CommitBuilder *builder)
{
    AddOp *add = CONTAINER_OF(op, AddOp, op);
    JobRequest request = {.kind = "test", .key = STR("together")};
    TRY(job_new(op->ctx, fixture.scheduler, &request, &add->job));
    job_add(builder, add->job);
    return add->fails ? fail(op->ctx, STATUS_UNIQUE_VIOLATION, "as told") : STATUS_OK;
}

static void a_job_is_submitted_with_a_commit_or_not_at_all(void **state)
{
    (void)state;
    AddOp add = {.op = {.ctx = &fixture.ctx, .execute = execute_add}, .fails = true};
    assert_int_equal(sequencer_execute(fixture.sequencer, &add.op), STATUS_UNIQUE_VIOLATION);
    job_abandon(TAKE(add.job));
    assert_int_equal(stored_count(), 0);

    add = (AddOp){.op = {.ctx = &fixture.ctx, .execute = execute_add}};
    assert_int_equal(sequencer_execute(fixture.sequencer, &add.op), STATUS_OK);
    Str id = arena_str(&fixture.ctx.arena, job_id(add.job));
    assert_int_equal(fixture_job(&fixture, id).state, JOB_QUEUED);
    assert_int_equal(atomic_load(&fixture.run_count), 0); /* it was not released */
    job_release(TAKE(add.job));
    fixture_wait(&fixture, id, JOB_COMPLETED);
}

static void a_periodic_kind_submits_itself_when_there_is_something_to_do(void **state)
{
    (void)state;
    fixture.tick_ms = 60000;
    fixture_reopen(&fixture);
    fixture_pass_time(&fixture, 60000);
    fixture_wait(&fixture, fixture_submit(&fixture, ""), JOB_COMPLETED);
    assert_int_equal(stored_count(), 1); /* it was asked and had nothing to do */
    atomic_store(&fixture.tick_is_due, true);
    for (Patience patience = patience_begin(); stored_count() < 2;) {
        fixture_pass_time(&fixture, 60000);
        patience_lose(&patience);
    }
    fixture_wait_idle(&fixture);
    fixture.tick_ms = 0;
}

static void r72_finished_jobs_are_forgotten_after_their_time(void **state)
{
    (void)state;
    enum { DAY_MS = 24 * 3600 * 1000 };
    reopen_with((JobOptions){.keep_ms = 7 * (int64_t)DAY_MS});
    Str old = fixture_submit(&fixture, "");
    fixture_wait(&fixture, old, JOB_COMPLETED);
    fixture_pass_time(&fixture, 6 * (int64_t)DAY_MS);
    Str newer = fixture_submit(&fixture, "");
    fixture_wait(&fixture, newer, JOB_COMPLETED);
    assert_int_equal(fixture_job(&fixture, old).state, JOB_COMPLETED);
    fixture_pass_time(&fixture, 2 * (int64_t)DAY_MS);
    fixture_wait(&fixture, old, JOB_STATE_COUNT);
    assert_int_equal(fixture_job(&fixture, newer).state, JOB_COMPLETED);
    fixture_wait_idle(&fixture);
    assert_int_equal(stored_count(), 2); /* the newer one and the job that looked after them */
    assert_int_equal(job_scheduler_counts(fixture.scheduler).stored, 2);
}

static void r72_only_so_many_finished_jobs_are_kept(void **state)
{
    (void)state;
    enum { KEPT = 5 };
    reopen_with((JobOptions){.keep_count = KEPT, .retention_ms = 1000});
    Str first = STR_NULL;
    Str last = STR_NULL;
    for (int i = 0; i < 2 * KEPT; i++) {
        last = fixture_submit(&fixture, "");
        fixture_wait(&fixture, last, JOB_COMPLETED);
        first = i ? first : last;
        fixture_pass_time(&fixture, 1);
    }
    fixture_pass_time(&fixture, 1000);
    fixture_wait(&fixture, first, JOB_STATE_COUNT);
    assert_int_equal(fixture_job(&fixture, last).state, JOB_COMPLETED);
    fixture_wait_idle(&fixture);
    assert_int_equal(stored_count(), KEPT + 1);
}

/* ---- a crowd ---- */

enum { CROWD = 4, CROWD_JOBS = 60, CROWD_KEYS = 5 };

static uint64_t seed;

static uint64_t next_random(uint64_t *random)
{
    *random = *random * 6364136223846793005u + 1442695040888963407u;
    return *random >> 33;
}

static void submit_or_kill(Context *ctx, uint64_t *random, Str *last_id)
{
    Str key =
        arena_printf(&ctx->arena, "key-%llu", (unsigned long long)next_random(random) % CROWD_KEYS);
    JobRequest request = {.kind = "test", .key = next_random(random) % 2 ? key : STR_NULL};
    Status status = job_submit(ctx, fixture.scheduler, &request, last_id);
    assert_true(status == STATUS_OK || (request.key.len && status == STATUS_CONFLICT));
    if (next_random(random) % 4 || !last_id->ptr)
        return;
    status = fixture_kill(&fixture, ctx, *last_id);
    assert_true(status == STATUS_OK || status == STATUS_INVALID_OPERATION);
}

static void *be_one_of_the_crowd(void *data)
{
    uint64_t random = (uint64_t)(uintptr_t)data;
    CLEANUP(context_done) Context ctx = {0};
    Str last_id = STR_NULL;
    for (int i = 0; i < CROWD_JOBS; i++)
        submit_or_kill(&ctx, &random, &last_id);
    return NULL;
}

static void whatever_a_crowd_submits_and_kills_comes_to_an_end(void **state)
{
    (void)state;
    pthread_t threads[CROWD];
    atomic_store(&fixture.failure, STATUS_IO_ERROR);
    atomic_store(&fixture.failures, 20);
    for (int i = 0; i < CROWD; i++)
        assert_int_equal(pthread_create(&threads[i],
                                        NULL,
                                        be_one_of_the_crowd,
                                        (void *)(uintptr_t)(next_random(&seed) + 1)),
                         0);
    for (int i = 0; i < CROWD; i++)
        pthread_join(threads[i], NULL);
    for (Patience patience = patience_begin();; patience_lose(&patience)) {
        JobCounts counts = job_scheduler_counts(fixture.scheduler);
        if (counts.running == 0 && counts.waiting == 0)
            break;
        fixture_pass_time(&fixture, 1000);
    }
    CLEANUP(snapshot_unref)
    Snapshot *snapshot = published_durable(sequencer_published(fixture.sequencer));
    JobList list;
    assert_int_equal(job_list(&fixture.ctx, snapshot, STORE_READ_ANY, &list), STATUS_OK);
    assert_int_equal(list.count, job_scheduler_counts(fixture.scheduler).stored);
    for (size_t i = 0; i < list.count; i++)
        assert_true(list.items[i].state == JOB_COMPLETED || list.items[i].state == JOB_CANCELLED ||
                    list.items[i].state == JOB_FAILED);
}

#define JOB_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        JOB_TEST(r72_a_job_can_be_read_from_its_submission_to_its_outcome),
        JOB_TEST(a_job_that_fails_is_tried_again_after_growing_pauses),
        JOB_TEST(a_retry_that_succeeds_completes_the_job),
        JOB_TEST(what_trying_again_cannot_mend_fails_at_once),
        JOB_TEST(a_key_admits_one_unfinished_job),
        JOB_TEST(an_unknown_kind_and_too_much_text_are_refused),
        JOB_TEST(a_running_job_is_killed),
        JOB_TEST(a_waiting_job_is_killed_and_never_runs),
        JOB_TEST(what_has_ended_or_never_was_cannot_be_killed),
        JOB_TEST(a_delayed_job_waits_for_its_time),
        JOB_TEST(only_so_many_run_at_a_time),
        JOB_TEST(after_a_restart_what_waited_runs_and_what_ran_has_failed),
        JOB_TEST(a_job_that_does_not_end_in_time_is_cancelled_by_a_stop),
        JOB_TEST(a_job_is_submitted_with_a_commit_or_not_at_all),
        JOB_TEST(a_periodic_kind_submits_itself_when_there_is_something_to_do),
        JOB_TEST(r72_finished_jobs_are_forgotten_after_their_time),
        JOB_TEST(r72_only_so_many_finished_jobs_are_kept),
        JOB_TEST(whatever_a_crowd_submits_and_kills_comes_to_an_end),
    };
    const char *given = getenv("TEST_SEED");
    seed = given ? strtoull(given, NULL, 10) : random_u64() % 1000000007;
    printf("# TEST_SEED=%llu\n", (unsigned long long)seed);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("job", tests, NULL, NULL);
}
