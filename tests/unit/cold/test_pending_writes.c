/* SPDX-License-Identifier: Apache-2.0 */
#include "cold/pending_writes.h"

#include "cold_fixture.h"

enum { KEYS = 60, HOURS = 168, ROUNDS = 400, CONSUMER = 7 };

static Fixture fixture;
static PendingWrites *pending;
static uint64_t seed;

static void begin_counting(void)
{
    pending = pending_writes_new(fixture.store, fixture.sequencer, CONSUMER);
}

static void scan(void)
{
    assert_int_equal(pending_writes_scan(&fixture.ctx, pending), STATUS_OK);
}

static int open_fixture(void **state)
{
    (void)state;
    fixture_init(&fixture);
    begin_counting();
    return 0;
}

static int close_fixture(void **state)
{
    (void)state;
    pending_writes_stop(pending);
    fixture_done(&fixture);
    pending_writes_free(pending);
    return 0;
}

static void reopen(void)
{
    PendingWrites *before = pending;
    pending_writes_stop(before);
    fixture_reopen(&fixture);
    pending_writes_free(before);
    begin_counting();
}

static uint64_t rows_of(const TestOwner *owner)
{
    return pending_owner_rows(pending, owner->table->id, owner->owner);
}

static void change(TestOwner *owner, int count)
{
    for (int i = 0; i < count; i++)
        owner_change(owner, &seed, KEYS);
}

static void flush(TestOwner *owner)
{
    FlushResult result;
    pending_flush_begin(pending, owner->table->id, owner->owner);
    assert_int_equal(owner_flush(owner, &result), STATUS_OK);
    pending_flush_end(pending, owner->table->id, owner->owner, 0);
}

static void the_count_of_an_owner_is_what_the_hot_tier_holds(void **state)
{
    (void)state;
    TestTable soft = fixture_table(&fixture, "soft", TABLE_USER, HOURS);
    TestTable hard = fixture_table(&fixture, "hard", TABLE_USER, 0);
    TestOwner owners[4];
    for (int i = 0; i < 4; i++)
        owner_init(&owners[i], i % 2 ? &soft : &hard, i < 2 ? "ann" : "bob");
    scan();
    for (int round = 0; round < ROUNDS; round++) {
        TestOwner *owner = &owners[round % 4];
        change(owner, 3);
        if (round % 37 == 0)
            flush(owner);
        assert_int_equal(rows_of(owner), owner_hot_count(owner));
    }
    assert_int_equal(pending_table_rows(pending, soft.id),
                     rows_of(&owners[1]) + rows_of(&owners[3]));
}

static void what_was_hot_at_the_start_is_counted_by_the_scan(void **state)
{
    (void)state;
    TestTable table = fixture_table(&fixture, "users", TABLE_USER, HOURS);
    TestTable shared = fixture_table(&fixture, "shared", TABLE_SHARED, HOURS);
    TestOwner ann;
    TestOwner all;
    owner_init(&ann, &table, "ann");
    owner_init(&all, &shared, NULL);
    change(&ann, 30);
    change(&all, 30);
    reopen();
    change(&all, 10); /* before the scan has come so far */
    assert_false(pending_writes_complete(pending));
    scan();
    assert_true(pending_writes_complete(pending));
    assert_int_equal(rows_of(&ann), owner_hot_count(&ann));
    assert_int_equal(rows_of(&all), owner_hot_count(&all));
}

static void writes_during_a_flush_stay_pending(void **state)
{
    (void)state;
    TestTable table = fixture_table(&fixture, "users", TABLE_USER, HOURS);
    TestOwner ann;
    FlushResult result;
    owner_init(&ann, &table, "ann");
    scan();
    change(&ann, 40);
    pending_flush_begin(pending, table.id, ann.owner);
    assert_int_equal(owner_flush(&ann, &result), STATUS_OK);
    change(&ann, 5);
    pending_flush_end(pending, table.id, ann.owner, 0);
    assert_in_range(rows_of(&ann), owner_hot_count(&ann), 5);
    flush(&ann);
    assert_int_equal(rows_of(&ann), 0);
}

static void a_failed_flush_leaves_its_rows_pending_and_the_table_alone_for_a_while(void **state)
{
    (void)state;
    TestTable table = fixture_table(&fixture, "users", TABLE_USER, HOURS);
    TestOwner ann;
    owner_init(&ann, &table, "ann");
    scan();
    change(&ann, 40);
    uint64_t before = rows_of(&ann);
    pending_flush_begin(pending, table.id, ann.owner);
    pending_flush_end(pending, table.id, ann.owner, 1000);
    assert_int_equal(rows_of(&ann), before);

    CLEANUP(snapshot_unref)
    Snapshot *snapshot = published_applied(sequencer_published(fixture.sequencer));
    PendingTables tables = pending_tables(&fixture.ctx.arena, pending, snapshot->catalog);
    assert_int_equal(tables.count, 1);
    assert_int_equal(tables.items[0].row_count, before);
    assert_true(tables.items[0].retry_at_ms > 0);
}

static void owners_are_listed_by_how_much_they_have_and_dropped_tables_are_not(void **state)
{
    (void)state;
    TestTable table = fixture_table(&fixture, "users", TABLE_USER, HOURS);
    TestOwner ann;
    TestOwner bob;
    owner_init(&ann, &table, "ann");
    owner_init(&bob, &table, "bob");
    scan();
    for (int id = 0; id < 20; id++)
        owner_put(&ann, id, "row");
    owner_put(&bob, 1, "row");
    Arena *arena = &fixture.ctx.arena;
    PendingOwners all = pending_owners(arena, pending, table.id, 0);
    PendingOwners many = pending_owners(arena, pending, table.id, 20);
    assert_int_equal(all.count, 2);
    assert_int_equal(all.items[1].row_count, 1);
    assert_int_equal(many.count, 1);
    assert_true(str_equal(many.items[0].owner.user_id, STR("ann")));
    assert_true(many.items[0].since_ms <= clock_wall_us() / 1000);

    test_table_drop(&table);
    CLEANUP(snapshot_unref)
    Snapshot *snapshot = published_applied(sequencer_published(fixture.sequencer));
    assert_int_equal(pending_tables(arena, pending, snapshot->catalog).count, 0);
    assert_int_equal(pending_table_rows(pending, table.id), 0);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const char *given = getenv("TEST_SEED");
    seed = given ? strtoull(given, NULL, 10) : random_u64();
    printf("# TEST_SEED=%llu\n", (unsigned long long)seed);
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)
    const struct CMUnitTest tests[] = {
        TEST(the_count_of_an_owner_is_what_the_hot_tier_holds),
        TEST(what_was_hot_at_the_start_is_counted_by_the_scan),
        TEST(writes_during_a_flush_stay_pending),
        TEST(a_failed_flush_leaves_its_rows_pending_and_the_table_alone_for_a_while),
        TEST(owners_are_listed_by_how_much_they_have_and_dropped_tables_are_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
