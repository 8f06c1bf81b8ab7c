/* SPDX-License-Identifier: Apache-2.0 */
#include "cold/cold_drop.h"

#include "base/fault.h"
#include "cold/manifest_scan.h"
#include "cold_fixture.h"

#include <pthread.h>

enum { USERS = 40 };

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

static void flush(TestOwner *owner)
{
    FlushResult result;
    assert_int_equal(owner_flush(owner, &result), STATUS_OK);
}

static Status drop_cold(uint32_t table_id)
{
    CLEANUP(context_done) Context ctx = {0};
    uint64_t lost;
    Status status = cold_drop_table(&ctx, fixture.tier, fixture.sequencer, table_id, &lost);
    assert_int_equal(lost, 0);
    return status;
}

static size_t manifest_count(uint32_t table_id)
{
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(manifest_scan_close)
    ManifestScan *scan = manifest_scan_open(fixture.store, NULL, table_id);
    ScannedManifest scanned;
    size_t count = 0;
    for (bool more = true; more; count += more) {
        assert_int_equal(manifest_scan_next(&ctx, scan, &scanned, &more), STATUS_OK);
        if (more && table_id)
            assert_int_equal(scanned.table_id, table_id);
    }
    return count;
}

/* One row and one file for each of many users. */
static TestTable table_of_users(const char *name)
{
    TestTable table = fixture_table(&fixture, name, TABLE_USER, 1);
    for (int i = 0; i < USERS; i++) {
        static TestOwner owner;
        char user[16];
        snprintf(user, sizeof(user), "user%d", i);
        owner_init(&owner, &table, user);
        owner_put(&owner, i, "x");
        flush(&owner);
    }
    return table;
}

static size_t entry_count(void)
{
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(store_scan_close)
    StoreScan *scan =
        store_scan_open(fixture.store, &(StoreScanOptions){.read = {.family = FAMILY_MANIFEST}});
    size_t count = 0;
    while (store_scan_next(scan))
        count++;
    assert_int_equal(store_scan_status(&ctx, scan), STATUS_OK);
    return count;
}

static void r15_a_dropped_table_leaves_neither_files_nor_manifests(void **state)
{
    (void)state;
    TestTable kept = table_of_users("kept");
    size_t files = fixture_file_count(&fixture);
    size_t entries = entry_count();
    TestTable dropped = table_of_users("dropped");
    fixture_make_file(&fixture, "storage/default/dropped/user1/batch-7.parquet");
    fixture_make_file(&fixture, "storage/default/dropped/user2/batch-7.parquet.1f.tmp");
    assert_int_equal(manifest_count(kept.id), USERS);
    assert_int_equal(manifest_count(dropped.id), USERS);
    assert_int_equal(manifest_count(0), 2 * USERS);

    assert_int_equal(drop_cold(dropped.id), STATUS_INTERNAL); /* it is there */
    test_table_drop(&dropped);
    bool injected = true;
    for (int step = 1; injected; step++) {
        fault_fail_nth(step);
        Status status = drop_cold(dropped.id);
        injected = fault_disarm();
        assert_true(injected || status == STATUS_OK);
        if (sequencer_read_only_reason(fixture.sequencer) || status == STATUS_IO_ERROR)
            fixture_reopen(&fixture);
    }
    assert_int_equal(manifest_count(dropped.id), 0);
    assert_int_equal(manifest_count(kept.id), USERS);
    assert_int_equal(fixture_file_count(&fixture), files);
    assert_int_equal(entry_count(), entries);
    assert_int_equal(fixture_path_exists(&fixture, "storage/default/dropped"), false);
    assert_int_equal(fixture_path_exists(&fixture, "storage/default/kept"), true);
    assert_int_equal(drop_cold(dropped.id), STATUS_OK); /* nothing to do */
}

static void a_new_table_of_the_name_keeps_its_files(void **state)
{
    (void)state;
    static TestOwner old_owner;
    static TestOwner new_owner;
    TestTable old_table = fixture_table(&fixture, "again", TABLE_SHARED, 1);
    owner_init(&old_owner, &old_table, NULL);
    owner_put(&old_owner, 1, "old");
    flush(&old_owner);
    test_table_drop(&old_table);
    TestTable new_table = fixture_table(&fixture, "again", TABLE_SHARED, 1);
    owner_init(&new_owner, &new_table, NULL);
    owner_put(&new_owner, 1, "new");
    flush(&new_owner);
    size_t files = fixture_file_count(&fixture);
    assert_int_equal(drop_cold(old_table.id), STATUS_OK);
    assert_int_equal(fixture_file_count(&fixture), files - 1);
    assert_int_equal(fixture_path_exists(&fixture, "storage/default/again/manifest.json"), true);
    owner_check(&new_owner);
}

/* ---- readers ---- */

static void *drop_in_thread(void *data)
{
    TestTable *table = data;
    assert_int_equal(drop_cold(table->id), STATUS_OK);
    return NULL;
}

static void a_reader_that_began_before_the_drop_reads_to_its_end(void **state)
{
    (void)state;
    static TestOwner owner;
    pthread_t thread;
    TestTable table = fixture_table(&fixture, "read", TABLE_SHARED, 1);
    owner_init(&owner, &table, NULL);
    owner_put(&owner, 1, "x");
    flush(&owner);
    ColdView *view = owner_view(&owner);
    test_table_drop(&table);
    assert_int_equal(pthread_create(&thread, NULL, drop_in_thread, &table), 0);

    Str key;
    StoredRow row;
    CLEANUP(cold_scan_close) ColdScan *scan = cold_scan_open(view, &(ColdScanOptions){0});
    assert_true(cold_scan_next(&fixture.ctx, scan, &key, &row));
    assert_false(cold_scan_next(&fixture.ctx, scan, &key, &row));
    assert_int_equal(cold_scan_status(&fixture.ctx, scan), STATUS_OK);
    cold_scan_close(TAKE(scan));
    cold_view_close(view);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(manifest_count(table.id), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r15_a_dropped_table_leaves_neither_files_nor_manifests),
        cmocka_unit_test(a_new_table_of_the_name_keeps_its_files),
        cmocka_unit_test(a_reader_that_began_before_the_drop_reads_to_its_end),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("cold_drop", tests, open_fixture, close_fixture);
}
