/* SPDX-License-Identifier: Apache-2.0 */
#include "cold/sweep.h"

#include "base/fault.h"
#include "cold_fixture.h"

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

static SweepResult sweep(void)
{
    SweepResult result;
    CLEANUP(context_done) Context ctx = {0};
    assert_int_equal(cold_sweep(&ctx, fixture.tier, fixture.sequencer, &result), STATUS_OK);
    return result;
}

static void what_a_crash_leaves_behind_is_removed_or_settled(void **state)
{
    (void)state;
    static TestOwner owner;
    TestTable table = fixture_table(&fixture, "crash", TABLE_SHARED, 1);
    owner_init(&owner, &table, NULL);
    uint64_t removed = 0;
    uint64_t settled = 0;
    bool injected = true;
    for (int step = 1; injected; step++) {
        FlushResult result;
        owner_put(&owner, step % MODEL_KEYS, "x");
        fault_fail_nth(step);
        Status status = owner_flush(&owner, &result);
        injected = fault_disarm();
        assert_true(injected || status == STATUS_OK);
        fixture_reopen(&fixture);
        SweepResult swept = sweep();
        assert_true(swept.owner_count <= 1);
        removed += swept.removed_files;
        settled += swept.settled_count;
        assert_int_equal(fixture_file_count(&fixture), owner_stats(&owner).segments);
        owner_check(&owner);
        assert_int_equal(sweep().removed_files, 0);
        owner_flush(&owner, &result);
        CompactResult compacted;
        assert_int_equal(owner_compact(&owner, true, &compacted), STATUS_OK);
    }
    printf("# removed %d files, settled %d times\n", (int)removed, (int)settled);
    assert_true(removed > 0);
    assert_true(settled > 0);
}

static void files_of_others_are_left_alone(void **state)
{
    (void)state;
    static TestOwner owner;
    TestTable table = fixture_table(&fixture, "others", TABLE_SHARED, 1);
    owner_init(&owner, &table, NULL);
    owner_put(&owner, 1, "x");
    FlushResult result;
    assert_int_equal(owner_flush(&owner, &result), STATUS_OK);
    fixture_make_file(&fixture, "storage/default/others/readme.txt");
    fixture_make_file(&fixture, "storage/default/others/batch-of-mine.parquet");
    fixture_make_file(&fixture, "storage/default/others/ann/batch-1.parquet");
    fixture_make_file(&fixture, "storage/default/others/batch-1.parquet");
    fixture_make_file(&fixture, "storage/default/others/batch-2.parquet.tmp");
    assert_int_equal(sweep().removed_files, 2);
    assert_true(fixture_path_exists(&fixture, "storage/default/others/readme.txt"));
    assert_true(fixture_path_exists(&fixture, "storage/default/others/batch-of-mine.parquet"));
    assert_true(fixture_path_exists(&fixture, "storage/default/others/ann/batch-1.parquet"));
    assert_true(fixture_path_exists(&fixture, "storage/default/others/manifest.json"));
    owner_check(&owner);
}

static void a_directory_that_another_manifest_names_is_left_alone(void **state)
{
    (void)state;
    static TestOwner owner;
    FlushResult result;
    for (int i = 0; i < 2; i++) {
        TestTable table = fixture_table(&fixture, "twice", TABLE_SHARED, 1);
        owner_init(&owner, &table, NULL);
        owner_put(&owner, 1, "x");
        assert_int_equal(owner_flush(&owner, &result), STATUS_OK);
        if (i == 0)
            test_table_drop(&table);
    }
    size_t count = fixture_file_count(&fixture);
    assert_int_equal(sweep().removed_files, 0);
    assert_int_equal(fixture_file_count(&fixture), count);
}

static void files_that_a_reader_still_needs_are_left_alone(void **state)
{
    (void)state;
    static TestOwner owner;
    TestTable table = fixture_table(&fixture, "reader", TABLE_SHARED, 1);
    owner_init(&owner, &table, NULL);
    FlushResult result;
    CompactResult compacted;
    for (int i = 0; i < 2; i++) {
        owner_put(&owner, i, "x");
        assert_int_equal(owner_flush(&owner, &result), STATUS_OK);
    }
    ColdView *view = owner_view(&owner);
    assert_int_equal(owner_compact(&owner, true, &compacted), STATUS_OK);
    assert_int_equal(sweep().removed_files, 0);
    CLEANUP(cold_scan_close) ColdScan *scan = cold_scan_open(view, &(ColdScanOptions){0});
    Str key;
    StoredRow row;
    assert_true(cold_scan_next(&fixture.ctx, scan, &key, &row));
    assert_true(cold_scan_next(&fixture.ctx, scan, &key, &row));
    cold_scan_close(TAKE(scan));
    cold_view_close(view);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_crash_leaves_behind_is_removed_or_settled),
        cmocka_unit_test(files_of_others_are_left_alone),
        cmocka_unit_test(a_directory_that_another_manifest_names_is_left_alone),
        cmocka_unit_test(files_that_a_reader_still_needs_are_left_alone),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("sweep", tests, open_fixture, close_fixture);
}
