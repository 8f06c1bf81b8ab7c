/* SPDX-License-Identifier: Apache-2.0 */
#include "cold/flush.h"

#include "base/fault.h"
#include "cold_fixture.h"

#include <pthread.h>
#include <stdatomic.h>

enum { KEYS = 300, HOURS = 168 };

static Fixture fixture;
static uint64_t seed;

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

static void change_many(TestOwner *owner, int count)
{
    for (int i = 0; i < count; i++)
        owner_change(owner, &seed, KEYS);
}

static FlushResult flush(TestOwner *owner)
{
    FlushResult result;
    Status status = owner_flush(owner, &result);
    if (status != STATUS_OK)
        printf("# %.*s\n", STR_ARG(fixture.ctx.message));
    assert_int_equal(status, STATUS_OK);
    return result;
}

static void r14_r63_after_a_flush_nothing_is_hot_and_every_row_is_read(void **state)
{
    (void)state;
    TestTable table = fixture_table(&fixture, "shared", TABLE_SHARED, HOURS);
    TestOwner owner;
    owner_init(&owner, &table, NULL);
    for (int id = 0; id < KEYS; id++)
        owner_put(&owner, id, "first");
    FlushResult result = flush(&owner);
    assert_int_equal(result.row_count, KEYS);
    assert_int_equal(result.file_count, 2); /* 150 rows each */
    assert_int_equal(owner_hot_count(&owner), 0);
    owner_check(&owner);
    ColdStats stats = owner_stats(&owner);
    assert_int_equal(stats.rows, KEYS);
    assert_int_equal(stats.dead_rows, 0);

    result = flush(&owner);
    assert_int_equal(result.row_count, 0);
    assert_int_equal(result.file_count, 0);
}

static void r62_each_user_has_files_of_its_own(void **state)
{
    (void)state;
    TestTable table = fixture_table(&fixture, "users", TABLE_USER, HOURS);
    static TestOwner ann;
    static TestOwner bob;
    owner_init(&ann, &table, "ann");
    owner_init(&bob, &table, "b/o b");
    for (int id = 0; id < 10; id++) {
        owner_put(&ann, id, "ann's");
        owner_put(&bob, id + 5, "bob's");
    }
    FlushResult result = flush(&ann);
    assert_true(str_starts_with(result.files[0], STR("default/users/ann/batch-")));
    assert_int_equal(owner_hot_count(&ann), 0);
    assert_int_equal(owner_hot_count(&bob), 10);
    result = flush(&bob);
    assert_true(str_starts_with(result.files[0], STR("default/users/b_2fo_20b/batch-")));
    owner_check(&ann);
    owner_check(&bob);
}

static void random_changes_and_flushes_are_read_as_the_model_says(void **state)
{
    (void)state;
    TestTable soft = fixture_table(&fixture, "soft", TABLE_SHARED, HOURS);
    TestTable hard = fixture_table(&fixture, "hard", TABLE_USER, 0);
    static TestOwner owners[2];
    owner_init(&owners[0], &soft, NULL);
    owner_init(&owners[1], &hard, "ann");
    for (int round = 0; round < 12; round++) {
        for (int i = 0; i < 2; i++) {
            change_many(&owners[i], 10 + (int)(next_random(&seed) % 150));
            owner_check(&owners[i]);
            flush(&owners[i]);
            owner_check(&owners[i]);
            assert_int_equal(owner_hot_count(&owners[i]), 0);
        }
        if (round == 6)
            fixture_reopen(&fixture);
    }
}

/* ---- writes during a flush ---- */

typedef struct Writer {
    TestOwner *owner;
    uint64_t seed;
    atomic_bool stop;
    size_t count;
} Writer;

static void *write_until_stopped(void *data)
{
    Writer *writer = data;
    while (!atomic_load(&writer->stop)) {
        owner_change(writer->owner, &writer->seed, KEYS);
        writer->count++;
    }
    return NULL;
}

static void writes_during_a_flush_are_not_lost(void **state)
{
    (void)state;
    TestTable soft = fixture_table(&fixture, "busy", TABLE_SHARED, HOURS);
    TestTable hard = fixture_table(&fixture, "busy_hard", TABLE_SHARED, 0);
    TestTable *tables[] = {&soft, &hard};
    for (int i = 0; i < 2; i++) {
        TestOwner owner;
        pthread_t thread;
        owner_init(&owner, tables[i], NULL);
        change_many(&owner, 200);
        for (int round = 0; round < 6; round++) {
            Writer writer = {.owner = &owner, .seed = next_random(&seed)};
            assert_int_equal(pthread_create(&thread, NULL, write_until_stopped, &writer), 0);
            flush(&owner);
            flush(&owner);
            atomic_store(&writer.stop, true);
            assert_int_equal(pthread_join(thread, NULL), 0);
            owner_check(&owner);
        }
        flush(&owner);
        assert_int_equal(owner_hot_count(&owner), 0);
        owner_check(&owner);
    }
}

/* ---- tombstones ---- */

static void a_tombstone_goes_when_its_time_is_over_and_nothing_is_below(void **state)
{
    (void)state;
    TestTable table = fixture_table(&fixture, "tombs", TABLE_SHARED, 1);
    TestOwner owner;
    owner_init(&owner, &table, NULL);
    owner_put(&owner, 1, "never cold");
    owner_put(&owner, 2, "cold");
    flush(&owner);
    owner_put(&owner, 3, "never cold");
    owner_remove(&owner, 2);
    owner_remove(&owner, 3);
    FlushResult result = flush(&owner);
    assert_int_equal(result.row_count, 2);
    assert_int_equal(owner_stats(&owner).tombstones, 2);
    assert_int_equal(owner_stats(&owner).dead_rows, 1);
    owner_check(&owner);
}

static void a_removed_row_of_a_hard_table_stays_removed(void **state)
{
    (void)state;
    TestTable table = fixture_table(&fixture, "gone", TABLE_SHARED, 0);
    TestOwner owner;
    owner_init(&owner, &table, NULL);
    owner_put(&owner, 1, "a");
    owner_put(&owner, 2, "b");
    flush(&owner);
    owner_remove(&owner, 1);
    owner_put(&owner, 3, "c");
    owner_remove(&owner, 3);
    assert_int_equal(owner_hot_count(&owner), 2);
    FlushResult result = flush(&owner);
    assert_int_equal(result.row_count, 1);
    assert_int_equal(result.dropped_count, 1);
    assert_int_equal(owner_hot_count(&owner), 0);
    owner_check(&owner);
    owner_put(&owner, 1, "again");
    flush(&owner);
    owner_check(&owner);
}

/* ---- other schema versions ---- */

static void r20_files_of_an_older_version_are_read_with_the_newer_one(void **state)
{
    (void)state;
    TestTable table = fixture_table(&fixture, "altered", TABLE_SHARED, HOURS);
    TestOwner owner;
    owner_init(&owner, &table, NULL);
    change_many(&owner, 100);
    flush(&owner);
    test_table_alter(&table);
    owner_check(&owner);
    change_many(&owner, 100);
    owner_check(&owner);
    flush(&owner);
    owner_check(&owner);
}

/* ---- faults ---- */

static void a_flush_that_fails_anywhere_loses_nothing(void **state)
{
    (void)state;
    TestTable soft = fixture_table(&fixture, "fault", TABLE_SHARED, HOURS);
    TestTable hard = fixture_table(&fixture, "fault_hard", TABLE_SHARED, 0);
    static TestOwner owners[2];
    owner_init(&owners[0], &soft, NULL);
    owner_init(&owners[1], &hard, NULL);
    bool injected = true;
    int steps = 0;
    for (int step = 1; injected; step++, steps++) {
        TestOwner *owner = &owners[step % 2];
        FlushResult result;
        change_many(owner, 60);
        fault_fail_nth(step);
        Status status = owner_flush(owner, &result);
        injected = fault_disarm();
        assert_int_equal(status != STATUS_OK, injected);
        if (sequencer_read_only_reason(fixture.sequencer))
            fixture_reopen(&fixture);
        owner_check(owner);
        change_many(owner, 10);
        owner_check(owner);
        if (step % 3 == 0) {
            flush(owner);
            owner_check(owner);
            assert_int_equal(owner_hot_count(owner), 0);
        }
    }
    printf("# %d steps failed in turn\n", steps - 1);
    assert_true(steps > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r14_r63_after_a_flush_nothing_is_hot_and_every_row_is_read),
        cmocka_unit_test(r62_each_user_has_files_of_its_own),
        cmocka_unit_test(random_changes_and_flushes_are_read_as_the_model_says),
        cmocka_unit_test(writes_during_a_flush_are_not_lost),
        cmocka_unit_test(a_tombstone_goes_when_its_time_is_over_and_nothing_is_below),
        cmocka_unit_test(a_removed_row_of_a_hard_table_stays_removed),
        cmocka_unit_test(r20_files_of_an_older_version_are_read_with_the_newer_one),
        cmocka_unit_test(a_flush_that_fails_anywhere_loses_nothing),
    };
    seed = test_seed();
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("flush", tests, open_fixture, close_fixture);
}
