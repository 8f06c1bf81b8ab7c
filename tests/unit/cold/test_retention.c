/* SPDX-License-Identifier: Apache-2.0 */
#include "cold/retention.h"

#include "cold_fixture.h"
#include "commit/change_log.h"

enum { MS_PER_HOUR = 3600000 };

static Fixture fixture;

static int open_fixture(void **state)
{
    (void)state;
    fixture_init(&fixture);
    return 0;
}

static int close_fixture(void **state)
{
    (void)state;
    fixture_done(&fixture);
    return 0;
}

static RetentionResult run_retention(void)
{
    CLEANUP(context_done) Context ctx = {0};
    RetentionResult result;
    fixture_await_durable(&fixture);
    Status status = cold_retention(&ctx, fixture.tier, fixture.sequencer, &result);
    if (status != STATUS_OK)
        printf("# %.*s\n", STR_ARG(ctx.message));
    assert_int_equal(status, STATUS_OK);
    return result;
}

/* Some hours later, when the log has forgotten what is more than an hour old. */
static void advance_hours(TestOwner *owner, int hours)
{
    ChangeLogRetention retention = {.keep_ms = MS_PER_HOUR / 2};
    SeqNo low_water;
    fixture_advance_ms(hours * (int64_t)MS_PER_HOUR);
    owner_put(owner, MODEL_KEYS - 1, "newest");
    assert_int_equal(change_log_trim(&fixture.ctx, fixture.sequencer, &retention, &low_water),
                     STATUS_OK);
}

static void flush(TestOwner *owner)
{
    FlushResult result;
    assert_int_equal(owner_flush(owner, &result), STATUS_OK);
}

static void tombstones_of_a_table_that_was_never_flushed_leave_after_their_time(void **state)
{
    (void)state;
    static TestOwner owner;
    TestTable table = fixture_table(&fixture, "hot", TABLE_USER, 2);
    owner_init(&owner, &table, "ann");
    for (int id = 0; id < 10; id++)
        owner_put(&owner, id, "x");
    for (int id = 0; id < 4; id++)
        owner_remove(&owner, id);
    assert_int_equal(run_retention().purged_count, 0);
    advance_hours(&owner, 1);
    assert_int_equal(run_retention().purged_count, 0);
    advance_hours(&owner, 2);
    owner_remove(&owner, 5);
    RetentionResult result = run_retention();
    assert_int_equal(result.purged_count, 4);
    assert_int_equal(owner_hot_count(&owner), 7);
    assert_true(result.next_ms <= clock_wall_us() / 1000 + 2 * MS_PER_HOUR);
    assert_true(result.next_ms > clock_wall_us() / 1000 + MS_PER_HOUR);
    CLEANUP(snapshot_unref)
    Snapshot *snapshot = published_durable(sequencer_published(fixture.sequencer));
    assert_false(catalog_table_is_cold(snapshot->catalog, table.id));
    owner_check(&owner);
}

static void a_tombstone_that_hides_a_cold_row_stays_until_it_is_cold_itself(void **state)
{
    (void)state;
    static TestOwner owner;
    TestTable table = fixture_table(&fixture, "cold", TABLE_SHARED, 2);
    owner_init(&owner, &table, NULL);
    for (int id = 0; id < 10; id++)
        owner_put(&owner, id, "x");
    flush(&owner);
    for (int id = 0; id < 6; id++)
        owner_remove(&owner, id);
    owner_put(&owner, 20, "x");
    owner_remove(&owner, 20);
    advance_hours(&owner, 3);
    assert_int_equal(run_retention().purged_count, 1);
    owner_check(&owner);
    flush(&owner);
    owner_check(&owner);
    /* 6 of 17 rows are dead, 6 tombstones are over: all files are merged. */
    advance_hours(&owner, 3);
    RetentionResult result = run_retention();
    assert_int_equal(result.compacted_count, 1);
    assert_int_equal(owner_stats(&owner).tombstones, 0);
    assert_int_equal(owner_stats(&owner).dead_rows, 0);
    owner_check(&owner);
    assert_int_equal(run_retention().compacted_count, 0);
}

static void markers_of_removed_rows_leave_when_nothing_is_below(void **state)
{
    (void)state;
    static TestOwner owner;
    TestTable table = fixture_table(&fixture, "gone", TABLE_SHARED, 0);
    owner_init(&owner, &table, NULL);
    owner_put(&owner, 1, "x");
    flush(&owner);
    owner_put(&owner, 2, "x");
    owner_remove(&owner, 2);
    owner_remove(&owner, 1);
    assert_int_equal(owner_hot_count(&owner), 2);
    assert_int_equal(run_retention().purged_count, 1);
    assert_int_equal(owner_hot_count(&owner), 1);
    owner_check(&owner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            tombstones_of_a_table_that_was_never_flushed_leave_after_their_time,
            open_fixture,
            close_fixture),
        cmocka_unit_test_setup_teardown(
            a_tombstone_that_hides_a_cold_row_stays_until_it_is_cold_itself,
            open_fixture,
            close_fixture),
        cmocka_unit_test_setup_teardown(
            markers_of_removed_rows_leave_when_nothing_is_below, open_fixture, close_fixture),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("retention", tests, NULL, NULL);
}
