/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every write to the store and every fsync fails once, in turn.  Whatever was
 * acknowledged must be there after a restart; after the failure nothing may be
 * acknowledged or published.
 */
#include "commit/sequencer.h"

#include "base/fault.h"
#include "fixture.h"

enum { OPS = 12, TABLE = 1, ASYNC_TABLE = 2 };

typedef struct Run {
    Fixture fixture;
    SeqNo acknowledged; /* the highest of a sync commit */
    bool told[OPS];
    bool refused;
} Run;

static void submit_one(Run *run, uint32_t i)
{
    bool sync = i % 3 != 2;
    TestOp op = {.sync = sync,
                 .step_count = 2,
                 .steps = {{STEP_PUT, sync ? TABLE : ASYNC_TABLE, STR_INIT("alice"), i, i + 1},
                           {STEP_PUT, ASYNC_TABLE, STR_INIT("bob"), i, i + 1}}};
    Status status = test_op_run(&run->fixture, &op);
    run->told[i] = status == STATUS_OK;
    if (status == STATUS_OK) {
        assert_false(run->refused);
        assert_int_not_equal(op.op.seq, 0);
        run->acknowledged = sync ? op.op.seq : run->acknowledged;
    } else {
        run->refused = true;
        assert_int_equal(status, STATUS_READ_ONLY);
        assert_int_equal(op.op.seq, 0);
        assert_non_null(sequencer_read_only_reason(run->fixture.sequencer));
        assert_non_null(
            strstr(sequencer_read_only_reason(run->fixture.sequencer), "injected fault at store."));
    }
    test_op_done(&op);
}

/* What was told last is what readers see; a commit that failed is not among it. */
static void check_published(Run *run)
{
    Published *published = sequencer_published(run->fixture.sequencer);
    assert_true(published_durable_seq(published) >= run->acknowledged);
    for (uint32_t i = 0; i < OPS; i++) {
        bool sync = i % 3 != 2;
        uint64_t value = durable_value(&run->fixture, TABLE, STR("alice"), i);
        if (sync)
            assert_int_equal(value, run->told[i] ? i + 1 : NO_VALUE);
    }
}

static void check_after_restart(Run *run)
{
    for (uint32_t i = 0; i < OPS; i++) {
        bool sync = i % 3 != 2;
        if (!sync || !run->told[i])
            continue;
        assert_int_equal(durable_value(&run->fixture, TABLE, STR("alice"), i), i + 1);
        assert_int_equal(durable_value(&run->fixture, ASYNC_TABLE, STR("bob"), i), i + 1);
    }
}

static void a_failed_write_or_sync_loses_nothing_acknowledged(void **state)
{
    (void)state;
    bool injected = true;
    int step = 0;
    while (injected) {
        Run run = {0};
        fixture_init(&run.fixture, 0);
        fault_fail_nth(++step);
        for (uint32_t i = 0; i < OPS; i++)
            submit_one(&run, i);
        check_published(&run);
        bool refused = run.refused;
        sequencer_close(TAKE(run.fixture.sequencer));
        injected = fault_disarm();
        /* A fault that came last hit an async sync, or the return of the lease. */
        assert_true(injected || !refused);
        fixture_reopen(&run.fixture);
        check_after_restart(&run);
        SeqNo next =
            commit_step(&run.fixture, true, (Step){STEP_PUT, TABLE, STR("alice"), 1000, 1});
        assert_true(next > run.acknowledged);
        fixture_done(&run.fixture);
    }
    printf("# %d steps failed in turn\n", step - 1);
    assert_true(step > OPS);
}

/* Many at once: those that share the failed fsync are all refused. */
static void all_that_wait_for_a_failed_sync_are_refused(void **state)
{
    (void)state;
    enum { MANY = 100 };
    static TestOp ops[MANY];
    for (int step = 1; step < 12; step++) {
        Fixture fixture;
        fixture_init(&fixture, 0);
        fault_fail_nth(step);
        for (uint32_t i = 0; i < MANY; i++) {
            ops[i] = (TestOp){.sync = true,
                              .step_count = 1,
                              .steps = {{STEP_PUT, TABLE, STR_INIT("alice"), i, i + 1}}};
            test_op_submit(&fixture, &ops[i]);
        }
        bool told[MANY];
        for (uint32_t i = 0; i < MANY; i++) {
            Status status = test_op_wait(&ops[i]);
            told[i] = status == STATUS_OK;
            assert_true(told[i] || status == STATUS_READ_ONLY);
            assert_true(i == 0 || told[i - 1] || !told[i]);
            test_op_done(&ops[i]);
        }
        sequencer_close(TAKE(fixture.sequencer));
        fault_disarm();
        fixture_reopen(&fixture);
        for (uint32_t i = 0; i < MANY; i++) {
            if (told[i])
                assert_int_equal(durable_value(&fixture, TABLE, STR("alice"), i), i + 1);
        }
        fixture_done(&fixture);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failed_write_or_sync_loses_nothing_acknowledged),
        cmocka_unit_test(all_that_wait_for_a_failed_sync_are_refused),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("sequencer_faults", tests, NULL, NULL);
}
