/* SPDX-License-Identifier: Apache-2.0 */
#include "cold/flush_monitor.h"

#include "cold_test.h"

static const FlushPolicy BY_ROWS = {.by_rows = true, .rows = 100};
static const FlushPolicy NEVER = {.by_rows = true};
static const FlushPolicy BY_TIME = {.by_interval = true, .interval_seconds = 60};
static const FlushPolicy BOTH = {
    .by_rows = true, .rows = 10000, .by_interval = true, .interval_seconds = 60};

static FlushState state_of(const FlushPolicy *policy, uint64_t row_count, uint64_t owner_rows_max)
{
    return (FlushState){.policy = policy,
                        .rows_min = 1000,
                        .row_count = row_count,
                        .owner_rows_max = owner_rows_max};
}

static bool due_by_rows(const FlushPolicy *policy, uint64_t row_count, uint64_t owner_rows_max)
{
    FlushState state = state_of(policy, row_count, owner_rows_max);
    return flush_is_due_by_rows(&state);
}

static bool due_by_interval(const FlushPolicy *policy, uint64_t owner_rows_max)
{
    FlushState state = state_of(policy, owner_rows_max, owner_rows_max);
    return flush_may_be_due_by_interval(&state);
}

static void r70_r84_a_row_threshold_is_reached_by_its_last_row(void **state)
{
    (void)state;
    assert_false(due_by_rows(&BY_ROWS, 99, 99));
    assert_true(due_by_rows(&BY_ROWS, 100, 100));
    assert_false(due_by_rows(&BOTH, 9999, 9999));
    assert_true(due_by_rows(&BOTH, 10000, 1000));
}

static void r84_rows_0_and_no_rows_are_never_due_by_rows(void **state)
{
    (void)state;
    assert_false(due_by_rows(&NEVER, 1000000, 1000000));
    assert_false(due_by_rows(&BY_TIME, 1000000, 1000000));
    assert_false(due_by_interval(&NEVER, 1000000));
}

static void an_owner_must_be_worth_a_file(void **state)
{
    (void)state;
    assert_false(due_by_rows(&BOTH, 20000, 999));
    assert_false(due_by_rows(&BY_ROWS, 500, 99));
    assert_false(due_by_interval(&BY_TIME, 999));
    assert_true(due_by_interval(&BY_TIME, 1000));
    assert_int_equal(flush_owner_rows_min(&BY_ROWS, 1000), 100);
    assert_int_equal(flush_owner_rows_min(&BOTH, 1000), 1000);
    assert_int_equal(flush_owner_rows_min(&NEVER, 1000), 1000);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r70_r84_a_row_threshold_is_reached_by_its_last_row),
        cmocka_unit_test(r84_rows_0_and_no_rows_are_never_due_by_rows),
        cmocka_unit_test(an_owner_must_be_worth_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
