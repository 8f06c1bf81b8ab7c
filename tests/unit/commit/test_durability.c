/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When outcomes are told.  A consumer whose deliver() waits holds the
 * syncing thread between publishing and telling, for as long as a test
 * needs to see what is told meanwhile.
 */
#include "commit/sequencer.h"

#include "commit/meta.h"
#include "fixture.h"
#include "value/ids.h"

#include <pthread.h>
#include <semaphore.h>

enum { HELD_TABLE = 1, FREE_TABLE = 2, OTHER_TABLE = 3, LATER_TABLE = 4, BURST = 300 };

static Fixture fixture;

/* Whether deliver() is held, and where its thread waits. */
static struct {
    _Atomic bool holding;
    sem_t held;
    sem_t go_on;
} gate;

static void deliver_at_the_gate(void *data, CommitGroup *group)
{
    (void)data;
    bool sync = group->records[0]->sync;
    commit_group_unref(group);
    if (!atomic_load(&gate.holding) || !sync)
        return;
    sem_post(&gate.held);
    sem_wait(&gate.go_on);
}

static void wait_for(sem_t *semaphore)
{
    for (Patience patience = patience_begin(); sem_trywait(semaphore) != 0;)
        patience_lose(&patience);
}

static void open_gate(void)
{
    atomic_store(&gate.holding, false);
    sem_post(&gate.go_on);
}

/* So slow that a test only sees syncs that somebody waits for. */
static int set_up(void **state)
{
    (void)state;
    fixture_init(&fixture, 3600 * 1000);
    sem_init(&gate.held, 0, 0);
    sem_init(&gate.go_on, 0, 0);
    atomic_store(&gate.holding, false);
    sequencer_add_consumer(fixture.sequencer, 0, deliver_at_the_gate, NULL);
    sequencer_interest_add(fixture.sequencer, 0, HELD_TABLE);
    sequencer_interest_add(fixture.sequencer, 0, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_done(&fixture);
    sem_destroy(&gate.held);
    sem_destroy(&gate.go_on);
    return 0;
}

static Step put(uint32_t table_id, uint32_t key)
{
    return (Step){STEP_PUT, table_id, STR("alice"), key, key};
}

static TestOp op_of(bool sync, Step step)
{
    return (TestOp){.sync = sync, .step_count = 1, .steps = {step}};
}

/* A sync commit to HELD_TABLE that the syncing thread is about to tell. */
static void submit_held(TestOp *op)
{
    commit_step(&fixture, true, put(OTHER_TABLE, 99)); /* a lease is on disk from here */
    atomic_store(&gate.holding, true);
    test_op_submit(&fixture, op);
    wait_for(&gate.held);
}

static uint64_t sync_count(void)
{
    uint64_t count;
    uint64_t total_us;
    store_sync_stats(fixture.store, &count, &total_us);
    return count;
}

static void an_async_commit_waits_for_a_sync_commit_to_its_table(void **state)
{
    (void)state;
    TestOp sync = op_of(true, put(HELD_TABLE, 1));
    TestOp same_table = op_of(false, put(HELD_TABLE, 2));
    TestOp free_table = op_of(false, put(FREE_TABLE, 1));
    submit_held(&sync);
    test_op_submit(&fixture, &same_table);
    test_op_submit(&fixture, &free_table);
    assert_int_equal(test_op_wait(&free_table), STATUS_OK);
    assert_false(atomic_load(&same_table.told));
    assert_false(atomic_load(&sync.told));

    open_gate();
    assert_int_equal(test_op_wait(&same_table), STATUS_OK);
    assert_true(sync.told_order < same_table.told_order);
    test_op_done(&sync);
    test_op_done(&same_table);
    test_op_done(&free_table);
}

/* LATER_TABLE has no sync commit; it waits for one that waits. */
static void waiting_passes_on_to_the_other_tables_of_a_commit(void **state)
{
    (void)state;
    TestOp sync = op_of(true, put(HELD_TABLE, 1));
    TestOp bridge = {
        .step_count = 2,
        .steps = {put(HELD_TABLE, 2), put(LATER_TABLE, 2)},
    };
    TestOp after = op_of(false, put(LATER_TABLE, 3));
    TestOp free_table = op_of(false, put(FREE_TABLE, 1));
    submit_held(&sync);
    test_op_submit(&fixture, &bridge);
    test_op_submit(&fixture, &after);
    test_op_submit(&fixture, &free_table);
    assert_int_equal(test_op_wait(&free_table), STATUS_OK);
    assert_false(atomic_load(&bridge.told));
    assert_false(atomic_load(&after.told));
    open_gate();
    assert_int_equal(test_op_wait(&after), STATUS_OK);
    assert_true(bridge.told_order < after.told_order);
    test_op_done(&sync);
    test_op_done(&bridge);
    test_op_done(&after);
    test_op_done(&free_table);
}

static void every_commit_waits_for_a_change_of_the_catalog(void **state)
{
    (void)state;
    TestOp ddl = op_of(false, (Step){.kind = STEP_CATALOG_PUT, .key = 1, .value = 1});
    TestOp async = op_of(false, put(FREE_TABLE, 1));
    TestOp next = op_of(false, put(FREE_TABLE, 2));
    submit_held(&ddl);
    test_op_submit(&fixture, &async);
    test_op_wait_executed(&async);
    test_op_submit(&fixture, &next);
    test_op_wait_executed(&next); /* in the group after that of `async`, which is settled */
    assert_false(atomic_load(&async.told));
    open_gate();
    assert_int_equal(test_op_wait(&async), STATUS_OK);
    assert_int_equal(test_op_wait(&next), STATUS_OK);
    assert_true(ddl.told_order < async.told_order);
    test_op_done(&ddl);
    test_op_done(&async);
    test_op_done(&next);
}

/* "Key exists" about a row that a crash could still take back must not be told. */
static void an_error_is_not_told_before_the_row_it_is_about_is_durable(void **state)
{
    (void)state;
    TestOp sync = op_of(true, put(HELD_TABLE, 1));
    TestOp error = {
        .step_count = 2,
        .steps = {{STEP_READ, HELD_TABLE, STR_INIT("alice"), 1, 0}, {.kind = STEP_FAIL}}};
    TestOp unrelated = {
        .step_count = 2,
        .steps = {{STEP_READ, FREE_TABLE, STR_INIT("alice"), 1, 0}, {.kind = STEP_FAIL}}};
    TestOp unchanged = op_of(true, (Step){STEP_DELETE, FREE_TABLE, STR("alice"), 7, 0});
    submit_held(&sync);
    test_op_submit(&fixture, &error);
    test_op_submit(&fixture, &unchanged);
    test_op_submit(&fixture, &unrelated);
    assert_int_equal(test_op_wait(&unrelated), STATUS_UNIQUE_VIOLATION);
    assert_false(atomic_load(&error.told));
    assert_false(atomic_load(&unchanged.told)); /* asked for sync: waits for everything */
    open_gate();
    assert_int_equal(test_op_wait(&error), STATUS_UNIQUE_VIOLATION);
    assert_int_equal(test_op_wait(&unchanged), STATUS_OK);
    assert_true(sync.told_order < error.told_order);
    test_op_done(&sync);
    test_op_done(&error);
    test_op_done(&unrelated);
    test_op_done(&unchanged);
}

static void an_async_commit_is_told_without_a_sync_once_the_lease_is_on_disk(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    SeqNo first = commit_step(&fixture, false, put(FREE_TABLE, 1));
    uint64_t lease_ms;
    assert_int_equal(meta_read(&ctx, fixture.store, META_SEQ_LEASE, &lease_ms), STATUS_OK);
    assert_true(snowflake_to_ms(first) < (int64_t)lease_ms);
    assert_int_equal(sync_count(), 1); /* for the lease */
    for (uint32_t i = 2; i < 50; i++)
        commit_step(&fixture, false, put(FREE_TABLE, i));
    assert_int_equal(sync_count(), 1);
}

static void an_async_commit_is_on_disk_within_the_interval(void **state)
{
    (void)state;
    fixture_close(&fixture);
    fixture.async_interval_ms = 20;
    fixture_open(&fixture);
    commit_step(&fixture, false, put(FREE_TABLE, 1));
    SeqNo seq = commit_step(&fixture, false, put(FREE_TABLE, 2));
    Published *published = sequencer_published(fixture.sequencer);
    for (Patience patience = patience_begin(); published_durable_seq(published) < seq;)
        patience_lose(&patience);
    assert_int_equal(sync_count(), 2);
}

static void waiting_commits_share_an_fsync(void **state)
{
    (void)state;
    static TestOp ops[BURST];
    uint64_t before = sync_count();
    for (uint32_t i = 0; i < BURST; i++) {
        ops[i] = op_of(true, put(FREE_TABLE, i));
        test_op_submit(&fixture, &ops[i]);
    }
    for (uint32_t i = 0; i < BURST; i++)
        assert_int_equal(test_op_wait(&ops[i]), STATUS_OK);
    uint64_t syncs = sync_count() - before;
    printf("# %d sync commits, %llu fsyncs\n", BURST, (unsigned long long)syncs);
    assert_true(syncs < BURST / 3);
    for (uint32_t i = 0; i < BURST; i++) {
        assert_int_equal(durable_value(&fixture, FREE_TABLE, STR("alice"), i + 1),
                         i + 1 < BURST ? i + 1 : NO_VALUE);
        test_op_done(&ops[i]);
    }
}

static void closing_tells_everything_that_was_submitted(void **state)
{
    (void)state;
    static TestOp ops[BURST];
    for (uint32_t i = 0; i < BURST; i++) {
        ops[i] = op_of(i % 2, put(i % 3 + 2, i));
        test_op_submit(&fixture, &ops[i]);
    }
    fixture_close(&fixture);
    SeqNo last = 0;
    for (uint32_t i = 0; i < BURST; i++) {
        assert_true(atomic_load(&ops[i].told));
        assert_int_equal(ops[i].op.status, STATUS_OK);
        assert_true(ops[i].op.seq > last);
        last = ops[i].op.seq;
        test_op_done(&ops[i]);
    }
    fixture_open(&fixture);
    assert_int_equal(published_durable_seq(sequencer_published(fixture.sequencer)), last);
}

static void *close_sequencer(void *data)
{
    (void)data;
    sequencer_close(TAKE(fixture.sequencer));
    return NULL;
}

static void an_operation_that_comes_while_closing_is_refused(void **state)
{
    (void)state;
    TestOp sync = op_of(true, put(HELD_TABLE, 1));
    pthread_t closer;
    submit_held(&sync);
    Fixture still_open = fixture; /* closing cannot end before the gate opens */
    assert_int_equal(pthread_create(&closer, NULL, close_sequencer, NULL), 0);
    Status status = STATUS_OK;
    for (Patience patience = patience_begin(); status == STATUS_OK; patience_lose(&patience)) {
        TestOp late = op_of(false, (Step){STEP_READ, FREE_TABLE, STR("alice"), 1, 0});
        status = test_op_run(&still_open, &late);
        test_op_done(&late);
    }
    assert_int_equal(status, STATUS_SHUTTING_DOWN);
    open_gate();
    pthread_join(closer, NULL);
    assert_true(atomic_load(&sync.told));
    test_op_done(&sync);
}

#define DURABILITY_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DURABILITY_TEST(an_async_commit_waits_for_a_sync_commit_to_its_table),
        DURABILITY_TEST(waiting_passes_on_to_the_other_tables_of_a_commit),
        DURABILITY_TEST(every_commit_waits_for_a_change_of_the_catalog),
        DURABILITY_TEST(an_error_is_not_told_before_the_row_it_is_about_is_durable),
        DURABILITY_TEST(an_async_commit_is_told_without_a_sync_once_the_lease_is_on_disk),
        DURABILITY_TEST(an_async_commit_is_on_disk_within_the_interval),
        DURABILITY_TEST(waiting_commits_share_an_fsync),
        DURABILITY_TEST(closing_tells_everything_that_was_submitted),
        DURABILITY_TEST(an_operation_that_comes_while_closing_is_refused),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("durability", tests, NULL, NULL);
}
