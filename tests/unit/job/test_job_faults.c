/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each step of a job's life fails in turn.  After a fault of the store the
 * server is started again, as an operator would.
 */
#include "base/fault.h"
#include "job_fixture.h"

static Fixture fixture;

/* Not submitted: nothing of it must be there, in memory or in the store. */
static void assert_never_was(void)
{
    JobCounts counts = job_scheduler_counts(fixture.scheduler);
    assert_int_equal(counts.running, 0);
    assert_int_equal(counts.waiting, 0);
}

/* Everything that could be tried again was: what is stored has come to an end. */
static void assert_all_ended(bool submitted)
{
    CLEANUP(snapshot_unref)
    Snapshot *snapshot = published_durable(sequencer_published(fixture.sequencer));
    JobList list;
    assert_int_equal(job_list(&fixture.ctx, snapshot, STORE_READ_ANY, &list), STATUS_OK);
    if (submitted)
        assert_int_equal(list.count, 1);
    for (size_t i = 0; i < list.count; i++) {
        const JobRecord *job = &list.items[i];
        assert_true(job_state_is_final(job->state));
        if (job->state == JOB_COMPLETED)
            assert_str(job->message, "Did {\"table_id\":\"ns.t\"}");
        else
            assert_str(job->message, "Server restarted");
    }
}

static void wait_through_retries(void)
{
    for (Patience patience = patience_begin();; patience_lose(&patience)) {
        JobCounts counts = job_scheduler_counts(fixture.scheduler);
        if (counts.running == 0 && counts.waiting == 0)
            return;
        fixture_pass_time(&fixture, 100);
    }
}

static void a_job_comes_to_an_end_whichever_step_fails(void **state)
{
    (void)state;
    bool injected = true;
    int step;
    for (step = 1; injected; step++) {
        Str id;
        JobRequest request = {
            .kind = "test", .parameters = STR("{\"table_id\":\"ns.t\"}"), .key = STR("k")};
        fixture_init(&fixture);
        fault_fail_nth(step);
        bool submitted = job_submit(&fixture.ctx, fixture.scheduler, &request, &id) == STATUS_OK;
        if (submitted)
            wait_through_retries();
        else
            assert_never_was();
        injected = fault_disarm();
        if (sequencer_read_only_reason(fixture.sequencer))
            fixture_reopen(&fixture);
        wait_through_retries();
        assert_all_ended(submitted);
        /* Whatever happened, its key is free. */
        fixture_wait(&fixture, fixture_submit(&fixture, "k"), JOB_COMPLETED);
        fixture_done(&fixture);
    }
    printf("# %d steps\n", step - 2);
    assert_true(step > 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_comes_to_an_end_whichever_step_fails),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("job_faults", tests, NULL, NULL);
}
