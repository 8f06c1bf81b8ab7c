/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store.h"

#include "base/fault.h"
#include "store/layout.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static char root[64];
static Context ctx;
static Store *store;

static void open_store(void)
{
    StoreOptions options = {.path = str_from_c(root), .write_buffer_bytes = 1 << 20};
    assert_int_equal(store_open(&ctx, &options, &store), STATUS_OK);
}

static int set_up(void **state)
{
    (void)state;
    snprintf(root, sizeof(root), "/tmp/kalamdb-store-XXXXXX");
    if (!mkdtemp(root))
        return -1;
    open_store();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    char command[128];
    store_close(TAKE(store));
    context_done(&ctx);
    ctx = (Context){0};
    snprintf(command, sizeof(command), "rm -rf '%s'", root);
    return system(command);
}

static void put(StoreFamily family, const char *key, const char *value)
{
    CLEANUP(store_batch_free) StoreBatch *batch = store_batch_new();
    store_batch_put(batch, family, str_from_c(key), str_from_c(value));
    assert_int_equal(store_write(&ctx, store, batch), STATUS_OK);
}

/* "-" = there is none. */
static const char *get_at(const StoreSnapshot *snapshot, StoreFamily family, const char *key)
{
    Str value;
    StoreRead read = {.snapshot = snapshot, .family = family};
    assert_int_equal(store_get(&ctx, store, read, str_from_c(key), &value), STATUS_OK);
    return value.ptr ? value.ptr : "-";
}

static void a_batch_is_written_as_a_whole_and_can_be_used_again(void **state)
{
    (void)state;
    put(FAMILY_ROWS, "gone", "1");
    CLEANUP(store_batch_free) StoreBatch *batch = store_batch_new();
    store_batch_put(batch, FAMILY_ROWS, STR("a"), STR("1"));
    store_batch_put(batch, FAMILY_META, STR("a"), STR_NULL);
    store_batch_delete(batch, FAMILY_ROWS, STR("gone"));
    assert_int_equal(store_batch_count(batch), 3);
    assert_int_equal(store_write(&ctx, store, batch), STATUS_OK);
    assert_string_equal(get_at(NULL, FAMILY_ROWS, "a"), "1");
    assert_string_equal(get_at(NULL, FAMILY_META, "a"), "");
    assert_string_equal(get_at(NULL, FAMILY_ROWS, "gone"), "-");

    store_batch_clear(batch);
    assert_int_equal(store_batch_count(batch), 0);
    store_batch_delete_range(batch, FAMILY_ROWS, STR("a"), STR("b"));
    assert_int_equal(store_write(&ctx, store, batch), STATUS_OK);
    assert_string_equal(get_at(NULL, FAMILY_ROWS, "a"), "-");
}

static void a_snapshot_stays_what_it_was(void **state)
{
    (void)state;
    put(FAMILY_ROWS, "k", "old");
    const StoreSnapshot *snapshot = store_snapshot_take(store);
    put(FAMILY_ROWS, "k", "new");
    put(FAMILY_ROWS, "l", "new");
    assert_string_equal(get_at(snapshot, FAMILY_ROWS, "k"), "old");
    assert_string_equal(get_at(snapshot, FAMILY_ROWS, "l"), "-");
    assert_string_equal(get_at(NULL, FAMILY_ROWS, "k"), "new");
    store_snapshot_release(store, snapshot);
}

/* The keys a scan returns, joined. */
static const char *scanned(const StoreScanOptions *options)
{
    CLEANUP(buf_done) Buf out = {0};
    CLEANUP(store_scan_close) StoreScan *scan = store_scan_open(store, options);
    while (store_scan_next(scan)) {
        assert_true(str_equal(scan->key, scan->value));
        buf_str_append(&out, scan->key);
    }
    assert_int_equal(store_scan_status(&ctx, scan), STATUS_OK);
    assert_false(store_scan_next(scan));
    return arena_str(&ctx.arena, buf_str(&out)).ptr;
}

static void scans_keep_to_their_bounds_both_ways(void **state)
{
    (void)state;
    static const char *const keys[] = {"b", "d", "f", "h"};
    for (size_t i = 0; i < 4; i++)
        put(FAMILY_STREAMS, keys[i], keys[i]);
    StoreScanOptions all = {.read.family = FAMILY_STREAMS};
    assert_string_equal(scanned(&all), "bdfh");
    all.reverse = true;
    assert_string_equal(scanned(&all), "hfdb");

    char lower[] = "d";
    char upper[] = "h";
    StoreScanOptions bounded = {
        .read.family = FAMILY_STREAMS, .lower = str_from_c(lower), .upper = str_from_c(upper)};
    assert_string_equal(scanned(&bounded), "df");
    bounded.reverse = true;
    assert_string_equal(scanned(&bounded), "fd");
    assert_string_equal(scanned(&(StoreScanOptions){.read.family = FAMILY_ROWS}), "");

    CLEANUP(store_scan_close) StoreScan *scan = store_scan_open(store, &bounded);
    lower[0] = upper[0] = 'x'; /* the bounds were copied */
    assert_true(store_scan_next(scan));
    assert_true(str_equal(scan->key, STR("f")));
}

static void a_seek_moves_to_the_next_key_in_the_scans_direction(void **state)
{
    (void)state;
    static const char *const keys[] = {"b", "d", "f", "h"};
    for (size_t i = 0; i < 4; i++)
        put(FAMILY_ROWS, keys[i], keys[i]);
    CLEANUP(store_scan_close)
    StoreScan *up = store_scan_open(store, &(StoreScanOptions){.read.family = FAMILY_ROWS});
    assert_true(store_scan_next(up));
    store_scan_seek(up, STR("e"));
    assert_true(store_scan_next(up));
    assert_true(str_equal(up->key, STR("f")));
    assert_true(store_scan_next(up));
    assert_true(str_equal(up->key, STR("h")));

    CLEANUP(store_scan_close)
    StoreScan *down =
        store_scan_open(store, &(StoreScanOptions){.read.family = FAMILY_ROWS, .reverse = true});
    store_scan_seek(down, STR("e"));
    assert_true(store_scan_next(down));
    assert_true(str_equal(down->key, STR("d")));
    assert_true(store_scan_next(down));
    assert_true(str_equal(down->key, STR("b")));
    assert_false(store_scan_next(down));
}

static void what_was_written_is_there_after_opening_again(void **state)
{
    (void)state;
    for (StoreFamily family = 0; family < FAMILY_COUNT; family++)
        put(family, "key", "value");
    assert_int_equal(store_sync(&ctx, store), STATUS_OK);
    store_close(TAKE(store));
    open_store();
    for (StoreFamily family = 0; family < FAMILY_COUNT; family++)
        assert_string_equal(get_at(NULL, family, "key"), "value");
}

static void a_second_process_like_opening_is_refused(void **state)
{
    (void)state;
    Store *second = NULL;
    StoreOptions options = {.path = str_from_c(root)};
    assert_int_equal(store_open(&ctx, &options, &second), STATUS_IO_ERROR);
    assert_null(second);
    assert_true(ctx.message.len > 0);
}

static void a_memory_read_says_when_it_would_need_the_disk(void **state)
{
    (void)state;
    StoreRead read = {.family = FAMILY_ROWS, .tier = STORE_READ_MEMORY};
    Str value;
    put(FAMILY_ROWS, "k", "v");
    assert_int_equal(store_get(&ctx, store, read, STR("k"), &value), STATUS_OK);
    assert_true(str_equal(value, STR("v")));

    store_compact(store, FAMILY_ROWS);
    store_close(TAKE(store));
    open_store();
    assert_int_equal(store_get(&ctx, store, read, STR("k"), &value), STATUS_WOULD_BLOCK);
    CLEANUP(store_scan_close)
    StoreScan *scan = store_scan_open(store, &(StoreScanOptions){.read = read});
    assert_false(store_scan_next(scan));
    assert_int_equal(store_scan_status(&ctx, scan), STATUS_WOULD_BLOCK);

    assert_string_equal(get_at(NULL, FAMILY_ROWS, "k"), "v"); /* warms the cache */
    assert_int_equal(store_get(&ctx, store, read, STR("k"), &value), STATUS_OK);
    assert_true(str_equal(value, STR("v")));
}

static void compaction_drops_log_entries_below_the_low_water_mark_only(void **state)
{
    (void)state;
    CLEANUP(store_batch_free) StoreBatch *batch = store_batch_new();
    for (SeqNo seq = 1; seq <= 10; seq++) {
        CLEANUP(buf_done) Buf key = {0};
        log_by_owner_key_append(&key, 1, OWNER_SHARED, seq);
        store_batch_put(batch, FAMILY_LOG_BY_OWNER, buf_str(&key), STR_NULL);
    }
    assert_int_equal(store_write(&ctx, store, batch), STATUS_OK);
    store_set_log_low_water(store, 4);
    store_compact(store, FAMILY_LOG_BY_OWNER);
    CLEANUP(store_scan_close)
    StoreScan *scan =
        store_scan_open(store, &(StoreScanOptions){.read.family = FAMILY_LOG_BY_OWNER});
    for (SeqNo seq = 4; seq <= 10; seq++) {
        assert_true(store_scan_next(scan));
        assert_int_equal(log_by_owner_key_seq(scan->key), seq);
    }
    assert_false(store_scan_next(scan));
}

static void sizes_grow_with_what_is_stored(void **state)
{
    (void)state;
    static char value[100000];
    for (size_t i = 0; i < sizeof(value); i++)
        value[i] = (char)(rand() % 255 + 1);
    value[sizeof(value) - 1] = '\0';
    put(FAMILY_LOG, "k", value);
    assert_in_range(store_memory_bytes(store, FAMILY_LOG), 100000, 400000);
    assert_int_equal(store_approximate_bytes(store, FAMILY_LOG, STR("a"), STR("z")), 0);
    store_compact(store, FAMILY_LOG);
    assert_in_range(store_approximate_bytes(store, FAMILY_LOG, STR("a"), STR("z")), 90000, 120000);
    assert_int_equal(store_approximate_bytes(store, FAMILY_LOG, STR("x"), STR("z")), 0);
}

static void syncs_are_counted(void **state)
{
    (void)state;
    uint64_t count;
    uint64_t total_us;
    for (int i = 0; i < 3; i++) {
        put(FAMILY_ROWS, "k", "v");
        assert_int_equal(store_sync(&ctx, store), STATUS_OK);
    }
    store_sync_stats(store, &count, &total_us);
    assert_int_equal(count, 3);
}

/* fsync may succeed the second time without the pages it lost the first time. */
static void after_a_failed_sync_nothing_is_written_or_synced_again(void **state)
{
    (void)state;
    CLEANUP(store_batch_free) StoreBatch *batch = store_batch_new();
    store_batch_put(batch, FAMILY_ROWS, STR("k"), STR("v"));
    fault_fail_nth(1);
    assert_int_equal(store_sync(&ctx, store), STATUS_IO_ERROR);
    assert_true(fault_disarm());
    assert_int_equal(store_sync(&ctx, store), STATUS_IO_ERROR);
    assert_int_equal(store_write(&ctx, store, batch), STATUS_IO_ERROR);
    assert_true(str_ends_with(ctx.message, STR("store.sync")));
    assert_string_equal(get_at(NULL, FAMILY_ROWS, "k"), "-");
}

static void after_a_failed_write_nothing_is_written_or_synced_again(void **state)
{
    (void)state;
    CLEANUP(store_batch_free) StoreBatch *batch = store_batch_new();
    store_batch_put(batch, FAMILY_ROWS, STR("k"), STR("v"));
    fault_fail_nth(1);
    assert_int_equal(store_write(&ctx, store, batch), STATUS_IO_ERROR);
    assert_true(fault_disarm());
    assert_int_equal(store_sync(&ctx, store), STATUS_IO_ERROR);
    assert_int_equal(store_write(&ctx, store, batch), STATUS_IO_ERROR);
}

#define STORE_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_batch_is_written_as_a_whole_and_can_be_used_again),
        STORE_TEST(a_snapshot_stays_what_it_was),
        STORE_TEST(scans_keep_to_their_bounds_both_ways),
        STORE_TEST(a_seek_moves_to_the_next_key_in_the_scans_direction),
        STORE_TEST(what_was_written_is_there_after_opening_again),
        STORE_TEST(a_second_process_like_opening_is_refused),
        STORE_TEST(a_memory_read_says_when_it_would_need_the_disk),
        STORE_TEST(compaction_drops_log_entries_below_the_low_water_mark_only),
        STORE_TEST(sizes_grow_with_what_is_stored),
        STORE_TEST(syncs_are_counted),
        STORE_TEST(after_a_failed_sync_nothing_is_written_or_synced_again),
        STORE_TEST(after_a_failed_write_nothing_is_written_or_synced_again),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
