/* SPDX-License-Identifier: Apache-2.0 */
#include "commit/sequencer.h"

#include "base/clock.h"
#include "commit/meta.h"
#include "fixture.h"
#include "value/ids.h"

#include <stdlib.h>

static Fixture fixture;

static const Str ALICE = STR_INIT("alice");
static const Str BOB = STR_INIT("bob");

static int set_up(void **state)
{
    (void)state;
    fixture_init(&fixture, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_done(&fixture);
    return 0;
}

static Step put(uint32_t table_id, Str user_id, uint32_t key, uint64_t value)
{
    return (Step){STEP_PUT, table_id, user_id, key, value};
}

static void a_sync_commit_is_visible_when_it_is_told(void **state)
{
    (void)state;
    SeqNo first = commit_step(&fixture, true, put(1, ALICE, 1, 11));
    assert_true(published_durable_seq(sequencer_published(fixture.sequencer)) >= first);
    assert_int_equal(durable_value(&fixture, 1, ALICE, 1), 11);
    assert_int_equal(durable_value(&fixture, 1, BOB, 1), NO_VALUE);
    SeqNo second = commit_step(&fixture, true, put(1, ALICE, 1, 12));
    assert_true(second > first);
    assert_int_equal(durable_value(&fixture, 1, ALICE, 1), 12);
    commit_step(&fixture, true, (Step){STEP_DELETE, 1, ALICE, 1, 0});
    assert_int_equal(durable_value(&fixture, 1, ALICE, 1), NO_VALUE);
}

static void an_async_commit_is_visible_when_it_is_told(void **state)
{
    (void)state;
    SeqNo seq = commit_step(&fixture, false, put(1, ALICE, 1, 11));
    CLEANUP(snapshot_unref)
    Snapshot *applied = published_applied(sequencer_published(fixture.sequencer));
    assert_true(applied->seq >= seq);
}

static void an_operation_reads_its_own_changes(void **state)
{
    (void)state;
    TestOp op = {.sync = true,
                 .step_count = 4,
                 .steps = {put(1, ALICE, 1, 11),
                           {STEP_DELETE, 1, ALICE, 1, 0},
                           put(1, ALICE, 1, 13),
                           {STEP_READ, 1, ALICE, 1, 0}}};
    assert_int_equal(test_op_run(&fixture, &op), STATUS_OK);
    assert_int_equal(op.found_seq, op.op.seq);
    assert_int_equal(durable_value(&fixture, 1, ALICE, 1), 13);
    test_op_done(&op);
}

static void a_row_removed_physically_is_not_found_in_the_same_group(void **state)
{
    (void)state;
    commit_step(&fixture, true, put(1, ALICE, 1, 11));
    TestOp op = {.sync = true,
                 .step_count = 2,
                 .steps = {{STEP_DELETE_HARD, 1, ALICE, 1, 0}, {STEP_READ, 1, ALICE, 1, 0}}};
    assert_int_equal(test_op_run(&fixture, &op), STATUS_OK);
    assert_int_equal(op.found_seq, 0);
    assert_int_equal(durable_value(&fixture, 1, ALICE, 1), NO_VALUE);
    test_op_done(&op);
}

/* Removes one event twice in one commit, as two statements of a group might. */
static Status remove_twice(WriteOp *op, CommitBuilder *builder)
{
    (void)op;
    Owner alice = owner_of(ALICE);
    Change change = {.kind = CHANGE_EVENT, .table_id = 3, .owner = alice, .new_row = STR("tick")};
    SeqNo event = commit_add(builder, &change);
    assert_false(commit_event_is_removed(builder, 3, alice, event));
    change.kind = CHANGE_EVENT_DELETE;
    change.old_seq = event;
    commit_add(builder, &change);
    assert_true(commit_event_is_removed(builder, 3, alice, event));
    assert_false(commit_event_is_removed(builder, 3, alice, event + 1));
    assert_false(commit_event_is_removed(builder, 3, owner_of(BOB), event));
    assert_false(commit_event_is_removed(builder, 4, alice, event));
    return STATUS_OK;
}

static void a_removed_event_is_known_before_the_store_shows_it(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    WriteOp op = {.ctx = &ctx, .execute = remove_twice};
    assert_int_equal(sequencer_execute(fixture.sequencer, &op), STATUS_OK);
}

static void a_failed_operation_leaves_nothing_behind(void **state)
{
    (void)state;
    commit_step(&fixture, true, put(1, ALICE, 1, 11));
    TestOp op = {.sync = true,
                 .step_count = 3,
                 .steps = {put(1, ALICE, 1, 12), put(1, ALICE, 2, 12), {.kind = STEP_FAIL}}};
    assert_int_equal(test_op_run(&fixture, &op), STATUS_UNIQUE_VIOLATION);
    assert_int_equal(op.op.seq, 0);
    assert_true(str_equal(op.ctx.message, STR("as told")));
    test_op_done(&op);

    TestOp look = {.step_count = 1, .steps = {{STEP_READ, 1, ALICE, 2, 0}}};
    assert_int_equal(test_op_run(&fixture, &look), STATUS_OK);
    assert_int_equal(look.found_seq, 0);
    test_op_done(&look);
    commit_step(&fixture, true, put(3, ALICE, 3, 3));
    assert_int_equal(durable_value(&fixture, 1, ALICE, 1), 11);
    assert_int_equal(durable_value(&fixture, 1, ALICE, 2), NO_VALUE);
}

static void a_commit_without_a_change_has_no_number(void **state)
{
    (void)state;
    TestOp op = {.sync = true, .step_count = 1, .steps = {{STEP_DELETE, 1, ALICE, 1, 0}}};
    assert_int_equal(test_op_run(&fixture, &op), STATUS_OK);
    assert_int_equal(op.op.seq, 0);
    test_op_done(&op);
}

static void the_commits_time_is_that_of_its_number(void **state)
{
    (void)state;
    TestOp op = {.sync = true, .step_count = 1, .steps = {put(1, ALICE, 1, 1)}};
    int64_t before_ms = clock_wall_us() / 1000;
    assert_int_equal(test_op_run(&fixture, &op), STATUS_OK);
    assert_int_equal(op.time_ms, snowflake_to_ms(op.op.seq));
    assert_true(op.time_ms >= before_ms);
    test_op_done(&op);
}

/* An operation that installs a changed catalog beside its entry. */
typedef struct CatalogOp {
    WriteOp op;
    Context ctx;
    Catalog *catalog;
    Status status;
    const Catalog *seen;
} CatalogOp;

static Status change_catalog(WriteOp *write_op, CommitBuilder *builder)
{
    CatalogOp *op = CONTAINER_OF(write_op, CatalogOp, op);
    commit_set_catalog(builder, catalog_ref(op->catalog));
    op->seen = commit_catalog(builder);
    commit_add(
        builder,
        &(Change){.kind = CHANGE_CATALOG_PUT, .key = STR("test/x"), .new_row = STR("entry")});
    return op->status;
}

static void a_changed_catalog_is_published_with_its_commit_and_only_then(void **state)
{
    (void)state;
    Published *published = sequencer_published(fixture.sequencer);
    CLEANUP(snapshot_unref) Snapshot *before = published_durable(published);
    CLEANUP(catalog_unref) Catalog *changed = NULL;
    assert_int_equal(catalog_load(&fixture.ctx, fixture.store, &changed), STATUS_OK);

    CatalogOp op = {.catalog = changed, .status = STATUS_CONFLICT};
    op.op = (WriteOp){.ctx = &op.ctx, .execute = change_catalog};
    assert_int_equal(sequencer_execute(fixture.sequencer, &op.op), STATUS_CONFLICT);
    CLEANUP(snapshot_unref) Snapshot *failed = published_durable(published);
    assert_ptr_equal(failed->catalog, before->catalog);

    op.status = STATUS_OK;
    assert_int_equal(sequencer_execute(fixture.sequencer, &op.op), STATUS_OK);
    assert_ptr_equal(op.seen, changed);
    CLEANUP(snapshot_unref) Snapshot *after = published_durable(published);
    assert_ptr_equal(after->catalog, changed);
    assert_true(after->seq >= op.op.seq); /* catalog commits wait for the disk unasked */
    context_done(&op.ctx);
}

static void numbers_go_on_above_all_earlier_ones_after_a_restart(void **state)
{
    (void)state;
    SeqNo last = 0;
    for (int i = 0; i < 5; i++) {
        SeqNo seq = commit_step(&fixture, i % 2, put(1, ALICE, 1, (uint64_t)i + 1));
        assert_true(seq > last);
        last = seq;
        fixture_reopen(&fixture);
        assert_int_equal(durable_value(&fixture, 1, ALICE, 1), i + 1);
        assert_int_equal(published_durable_seq(sequencer_published(fixture.sequencer)), last);
    }
}

/* ---- a crash ---- */

/* A wall clock that stands still: nothing but the lease keeps numbers apart. */
static int64_t frozen_wall_us(void *data)
{
    (void)data;
    return INT64_C(1750000000000000);
}

static int64_t frozen_monotonic_us(void *data)
{
    (void)data;
    return 0;
}

static void frozen_random(void *data, void *bytes, size_t size)
{
    (void)data;
    memset(bytes, 7, size);
}

static const ClockSource frozen_clock = {frozen_wall_us, frozen_monotonic_us, frozen_random, NULL};

static void copy_directory(const char *from, const char *to)
{
    char command[256];
    snprintf(command, sizeof(command), "cp -r '%s' '%s'", from, to);
    assert_int_equal(system(command), 0);
}

static void cut_newest_log(const char *directory, int bytes)
{
    char command[256];
    snprintf(command,
             sizeof(command),
             "truncate -s -%d \"$(ls '%s'/*.log | tail -1)\"",
             bytes,
             directory);
    assert_int_equal(system(command), 0);
}

/*
 * Copies the directory with RocksDB's log as it was before the last commit: what
 * a power cut leaves of an async commit that was told and never synced.
 */
static void an_async_commit_lost_in_a_crash_does_not_give_its_number_to_another(void **state)
{
    (void)state;
    Fixture slow;
    clock_replace(&frozen_clock);
    fixture_init(&slow, 3600 * 1000);
    commit_step(&slow, true, put(1, ALICE, 1, 1));
    Fixture crashed = {0};
    snprintf(crashed.path, sizeof(crashed.path), "%.40s-copy", slow.path);
    copy_directory(slow.path, crashed.path);
    SeqNo lost = commit_step(&slow, false, put(2, ALICE, 1, 2));

    fixture_open(&crashed);
    assert_int_equal(durable_value(&crashed, 1, ALICE, 1), 1);
    assert_int_equal(durable_value(&crashed, 2, ALICE, 1), NO_VALUE);
    assert_true(commit_step(&crashed, true, put(2, ALICE, 1, 3)) > lost);
    fixture_done(&crashed);
    fixture_done(&slow);
    clock_replace(NULL);
}

static void a_torn_end_of_the_log_costs_only_what_was_not_synced(void **state)
{
    (void)state;
    for (int cut = 1; cut < 60; cut += 7) {
        Fixture whole;
        fixture_init(&whole, 3600 * 1000);
        commit_step(&whole, true, put(1, ALICE, 1, 1));
        commit_step(&whole, false, put(2, ALICE, 1, 2));
        Fixture torn = {0};
        snprintf(torn.path, sizeof(torn.path), "%.40s-copy", whole.path);
        copy_directory(whole.path, torn.path);
        cut_newest_log(torn.path, cut);
        fixture_open(&torn);
        assert_int_equal(durable_value(&torn, 1, ALICE, 1), 1);
        assert_int_equal(durable_value(&torn, 2, ALICE, 1), NO_VALUE);
        fixture_done(&torn);
        fixture_done(&whole);
    }
}

#define SEQUENCER_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static SeqNo oldest(void)
{
    return published_oldest_seq(sequencer_published(fixture.sequencer));
}

static void the_oldest_snapshot_is_the_one_that_somebody_holds(void **state)
{
    (void)state;
    Published *published = sequencer_published(fixture.sequencer);
    Step put = {STEP_PUT, 2, STR("alice"), 1, 1};
    SeqNo first = commit_step(&fixture, true, put);
    assert_int_equal(oldest(), first);
    Snapshot *held = published_durable(published);
    SeqNo second = commit_step(&fixture, true, put);
    Snapshot *newer = published_durable(published);
    SeqNo third = commit_step(&fixture, true, put);
    assert_int_equal(oldest(), first);
    snapshot_unref(snapshot_ref(newer));
    snapshot_unref(held);
    assert_int_equal(oldest(), second);
    snapshot_unref(newer);
    assert_int_equal(oldest(), third);
}

static void what_nobody_sees_is_told_when_it_is_durable(void **state)
{
    (void)state;
    TestOp op = {.step_count = 2,
                 .steps = {{STEP_JOB, 0, STR(""), 7, 0}, {STEP_MANIFEST, 2, STR("alice"), 0, 0}}};
    assert_int_equal(test_op_run(&fixture, &op), STATUS_OK);
    assert_true(op.op.seq > 0);
    assert_true(published_durable_seq(sequencer_published(fixture.sequencer)) >= op.op.seq);
    test_op_done(&op);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SEQUENCER_TEST(a_sync_commit_is_visible_when_it_is_told),
        SEQUENCER_TEST(an_async_commit_is_visible_when_it_is_told),
        SEQUENCER_TEST(an_operation_reads_its_own_changes),
        SEQUENCER_TEST(a_row_removed_physically_is_not_found_in_the_same_group),
        SEQUENCER_TEST(a_removed_event_is_known_before_the_store_shows_it),
        SEQUENCER_TEST(a_failed_operation_leaves_nothing_behind),
        SEQUENCER_TEST(a_commit_without_a_change_has_no_number),
        SEQUENCER_TEST(the_commits_time_is_that_of_its_number),
        SEQUENCER_TEST(a_changed_catalog_is_published_with_its_commit_and_only_then),
        SEQUENCER_TEST(the_oldest_snapshot_is_the_one_that_somebody_holds),
        SEQUENCER_TEST(what_nobody_sees_is_told_when_it_is_durable),
        SEQUENCER_TEST(numbers_go_on_above_all_earlier_ones_after_a_restart),
        cmocka_unit_test(an_async_commit_lost_in_a_crash_does_not_give_its_number_to_another),
        cmocka_unit_test(a_torn_end_of_the_log_costs_only_what_was_not_synced),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("sequencer", tests, NULL, NULL);
}
