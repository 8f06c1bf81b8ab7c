/* SPDX-License-Identifier: Apache-2.0 */
#include "commit/seq_clock.h"

#include "base/clock.h"
#include "commit/meta.h"
#include "fixture.h"
#include "value/ids.h"

#define NOON INT64_C(1750000000000)

static int64_t wall_ms = NOON;

static int64_t fake_wall_us(void *data)
{
    (void)data;
    return wall_ms * 1000;
}

static int64_t fake_monotonic_us(void *data)
{
    (void)data;
    return 0;
}

static void fake_random(void *data, void *bytes, size_t size)
{
    (void)data;
    memset(bytes, 7, size);
}

static const ClockSource fake_clock = {fake_wall_us, fake_monotonic_us, fake_random, NULL};

static int replace_clock(void **state)
{
    (void)state;
    wall_ms = NOON;
    clock_replace(&fake_clock);
    return 0;
}

static int restore_clock(void **state)
{
    (void)state;
    clock_replace(NULL);
    return 0;
}

static SeqNo next_at(SeqClock *clock, int64_t ms)
{
    wall_ms = ms;
    seq_clock_begin(clock);
    return seq_clock_next(clock);
}

static void a_number_carries_its_millisecond_and_its_node(void **state)
{
    (void)state;
    SeqClock clock = {.worker_id = 5};
    SeqNo seq = next_at(&clock, NOON);
    assert_int_equal(snowflake_to_ms(seq), NOON);
    assert_int_equal(seq >> SNOWFLAKE_WORKER_SHIFT & SEQ_WORKER_MAX, 5);
    assert_int_equal(next_at(&clock, NOON), seq + 1);
    assert_int_equal(snowflake_to_ms(next_at(&clock, NOON + 10)), NOON + 10);
}

static void a_full_millisecond_borrows_from_the_next(void **state)
{
    (void)state;
    SeqClock clock = {.worker_id = SEQ_WORKER_MAX};
    SeqNo last = 0;
    seq_clock_begin(&clock);
    for (int i = 0; i <= 2 * SNOWFLAKE_COUNTER_MAX + 2; i++) {
        SeqNo seq = seq_clock_next(&clock);
        assert_true(seq > last);
        assert_int_equal(snowflake_to_ms(seq), NOON + i / (SNOWFLAKE_COUNTER_MAX + 1));
        last = seq;
    }
    assert_int_equal(seq_clock_begin(&clock), NOON + 2);
}

static void a_clock_that_steps_back_is_counted_on_over(void **state)
{
    (void)state;
    SeqClock clock = {0};
    SeqNo before = next_at(&clock, NOON);
    assert_int_equal(next_at(&clock, NOON - 3600000), before + 1);
    assert_int_equal(next_at(&clock, 0), before + 2);
    assert_int_equal(seq_clock_begin(&clock), NOON);
}

static void a_change_of_node_id_does_not_step_back(void **state)
{
    (void)state;
    SeqClock clock = {.worker_id = 9};
    SeqNo before = next_at(&clock, NOON);
    clock.worker_id = 2;
    assert_true(next_at(&clock, NOON) > before);
}

static void a_time_before_the_epoch_still_gives_rising_numbers(void **state)
{
    (void)state;
    SeqClock clock = {0};
    SeqNo first = next_at(&clock, 1000);
    assert_true(first > 0);
    assert_true(next_at(&clock, 1000) > first);
}

static void write_all(Store *store, Context *ctx, StoreBatch *batch)
{
    assert_int_equal(store_write(ctx, store, batch), STATUS_OK);
    store_batch_clear(batch);
}

static void the_lease_covers_what_is_used_and_a_start_goes_on_above_it(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(store_batch_free) StoreBatch *batch = store_batch_new();
    ScratchStore scratch;
    scratch_store_make(&scratch);
    SeqClock clock;
    assert_int_equal(seq_clock_load(&ctx, scratch.store, 1, 0, &clock), STATUS_OK);
    SeqNo used = next_at(&clock, NOON);
    seq_clock_extend_lease(&clock, batch);
    assert_true(seq_lease_covers(clock.lease_ms, used));
    assert_int_equal(store_batch_count(batch), 1);
    seq_clock_extend_lease(&clock, batch);
    assert_int_equal(store_batch_count(batch), 1); /* long enough */
    write_all(scratch.store, &ctx, batch);

    SeqClock after_crash;
    assert_int_equal(seq_clock_load(&ctx, scratch.store, 1, 0, &after_crash), STATUS_OK);
    SeqNo next = next_at(&after_crash, NOON);
    assert_false(seq_lease_covers(clock.lease_ms, next));

    seq_clock_return_lease(&clock, batch);
    write_all(scratch.store, &ctx, batch);
    assert_int_equal(seq_clock_load(&ctx, scratch.store, 1, used, &clock), STATUS_OK);
    next = next_at(&clock, NOON);
    assert_true(next > used);
    assert_int_equal(snowflake_to_ms(next), NOON + 1);
    scratch_store_drop(&scratch);
}

#define CLOCK_TEST(test) cmocka_unit_test_setup_teardown(test, replace_clock, restore_clock)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLOCK_TEST(a_number_carries_its_millisecond_and_its_node),
        CLOCK_TEST(a_full_millisecond_borrows_from_the_next),
        CLOCK_TEST(a_clock_that_steps_back_is_counted_on_over),
        CLOCK_TEST(a_change_of_node_id_does_not_step_back),
        CLOCK_TEST(a_time_before_the_epoch_still_gives_rising_numbers),
        CLOCK_TEST(the_lease_covers_what_is_used_and_a_start_goes_on_above_it),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("seq_clock", tests, NULL, NULL);
}
