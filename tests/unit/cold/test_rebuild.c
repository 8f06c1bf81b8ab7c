/* SPDX-License-Identifier: Apache-2.0 */
#include "cold/rebuild.h"

#include "cold_fixture.h"

enum { KEYS = 200 };

static Fixture fixture;
static uint64_t seed;
static int problem_count;

static int open_fixture(void **state)
{
    (void)state;
    fixture_init(&fixture);
    problem_count = 0;
    return 0;
}

static int close_fixture(void **state)
{
    (void)state;
    fixture_done(&fixture);
    return 0;
}

static void note_problem(void *data, Str directory, Str reason)
{
    (void)data;
    printf("# %.*s: %.*s\n", STR_ARG(directory), STR_ARG(reason));
    problem_count++;
}

static RebuildResult rebuild(void)
{
    CLEANUP(context_done) Context ctx = {0};
    RebuildResult result;
    RebuildOptions options = {
        .tier = fixture.tier, .sequencer = fixture.sequencer, .on_problem = note_problem};
    assert_int_equal(cold_rebuild(&ctx, &options, &result), STATUS_OK);
    return result;
}

static void change_many(TestOwner *owner, int count)
{
    for (int i = 0; i < count; i++)
        owner_change(owner, &seed, KEYS);
}

static void flush(TestOwner *owner)
{
    FlushResult result;
    assert_int_equal(owner_flush(owner, &result), STATUS_OK);
}

/* Some flushes, a compaction, and something hot on top. */
static void make_history(TestOwner *owner)
{
    CompactResult compacted;
    for (int i = 0; i < 5; i++) {
        change_many(owner, 60);
        flush(owner);
        if (i == 2)
            assert_int_equal(owner_compact(owner, true, &compacted), STATUS_OK);
    }
    change_many(owner, 30);
}

/* As if the family was lost. */
static void lose_manifests(bool damage)
{
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(store_batch_free) StoreBatch *batch = store_batch_new();
    CLEANUP(store_scan_close)
    StoreScan *scan =
        store_scan_open(fixture.store, &(StoreScanOptions){.read = {.family = FAMILY_MANIFEST}});
    while (store_scan_next(scan)) {
        if (damage && scan->key.ptr[0] == MANIFEST_HEAD)
            store_batch_put(batch, FAMILY_MANIFEST, scan->key, STR("nonsense"));
        else if (!damage)
            store_batch_delete(batch, FAMILY_MANIFEST, scan->key);
    }
    assert_int_equal(store_write(&ctx, fixture.store, batch), STATUS_OK);
    store_scan_close(TAKE(scan));
    fixture_reopen(&fixture);
}

static void lost_or_damaged_manifests_are_made_again(void **state)
{
    (void)state;
    static TestOwner shared;
    static TestOwner user;
    TestTable shared_table = fixture_table(&fixture, "shared", TABLE_SHARED, 168);
    TestTable user_table = fixture_table(&fixture, "users", TABLE_USER, 0);
    owner_init(&shared, &shared_table, NULL);
    owner_init(&user, &user_table, "somebody with a name");
    make_history(&shared);
    make_history(&user);
    for (int round = 0; round < 2; round++) {
        ColdStats before = owner_stats(&shared);
        lose_manifests(round == 1);
        RebuildResult result = rebuild();
        assert_int_equal(result.rebuilt_count, 2);
        assert_int_equal(result.kept_count, 0);
        assert_int_equal(result.lost_files, 0);
        assert_int_equal(problem_count, 0);
        ColdStats after = owner_stats(&shared);
        assert_int_equal(after.rows, before.rows);
        assert_int_equal(after.dead_rows, before.dead_rows);
        assert_int_equal(after.tombstones, before.tombstones);
        owner_check(&shared);
        owner_check(&user);
        make_history(&shared);
        make_history(&user);
        owner_check(&shared);
        owner_check(&user);
    }
}

static void manifests_that_fit_are_kept(void **state)
{
    (void)state;
    static TestOwner owner;
    TestTable table = fixture_table(&fixture, "kept", TABLE_SHARED, 168);
    owner_init(&owner, &table, NULL);
    make_history(&owner);
    ColdView *view = owner_view(&owner);
    uint64_t version = cold_view_version(view);
    cold_view_close(view);
    RebuildResult result = rebuild();
    assert_int_equal(result.kept_count, 1);
    assert_int_equal(result.rebuilt_count, 0);
    view = owner_view(&owner);
    assert_int_equal(cold_view_version(view), version);
    cold_view_close(view);
    owner_check(&owner);
}

/* The hot store is put back as it was after the first flush; the files are newer. */
static void an_older_copy_of_the_hot_store_does_not_hide_newer_files(void **state)
{
    (void)state;
    static TestOwner owner;
    TestTable table = fixture_table(&fixture, "older", TABLE_SHARED, 168);
    owner_init(&owner, &table, NULL);
    change_many(&owner, 100);
    flush(&owner);
    change_many(&owner, 50);
    fixture_await_durable(&fixture);
    fixture_copy_store(&fixture);
    change_many(&owner, 50);
    flush(&owner);
    fixture_restore_store(&fixture);
    RebuildResult result = rebuild();
    assert_int_equal(result.rebuilt_count + result.kept_count, 1);
    assert_int_equal(problem_count, 0);
    owner_check(&owner);
}

static void what_cannot_be_used_is_told_and_the_rest_is_rebuilt(void **state)
{
    (void)state;
    static TestOwner owner;
    TestTable table = fixture_table(&fixture, "good", TABLE_SHARED, 168);
    owner_init(&owner, &table, NULL);
    change_many(&owner, 50);
    flush(&owner);
    fixture_make_file(&fixture, "storage/default/broken/manifest.json");
    lose_manifests(false);
    RebuildResult result = rebuild();
    assert_int_equal(result.rebuilt_count, 1);
    assert_int_equal(problem_count, 1);
    owner_check(&owner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            lost_or_damaged_manifests_are_made_again, open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(manifests_that_fit_are_kept, open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(
            an_older_copy_of_the_hot_store_does_not_hide_newer_files, open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(
            what_cannot_be_used_is_told_and_the_rest_is_rebuilt, open_fixture, close_fixture),
    };
    seed = test_seed();
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("rebuild", tests, NULL, NULL);
}
