/* SPDX-License-Identifier: Apache-2.0 */
#include "commit/change_log.h"

#include "base/clock.h"
#include "base/fault.h"
#include "fixture.h"
#include "value/ids.h"

#include <stdatomic.h>
#include <time.h>

#define NOON INT64_C(1750000000000)

enum { TABLE = 1, OTHER_TABLE = 2, HOUR_MS = 3600 * 1000 };

static Fixture fixture;
static _Atomic int64_t wall_ms;

static int64_t fake_wall_us(void *data)
{
    (void)data;
    return atomic_load(&wall_ms) * 1000;
}

static int64_t real_monotonic_us(void *data)
{
    (void)data;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void fake_random(void *data, void *bytes, size_t size)
{
    (void)data;
    memset(bytes, 7, size);
}

static const ClockSource fake_clock = {fake_wall_us, real_monotonic_us, fake_random, NULL};

static int set_up(void **state)
{
    (void)state;
    atomic_store(&wall_ms, NOON);
    clock_replace(&fake_clock);
    fixture_init(&fixture, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_done(&fixture);
    clock_replace(NULL);
    return 0;
}

static SeqNo put(uint32_t table_id, Str user_id, uint32_t key)
{
    return commit_step(&fixture, true, (Step){STEP_PUT, table_id, user_id, key, key + 1});
}

/*
 * Reads a range; when that succeeds it is `expected`, which ends with 0.  What a
 * failed reader has seen counts for nothing.
 */
static Status compare_log(const ChangeLogRange *range, const SeqNo *expected)
{
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(snapshot_unref)
    Snapshot *snapshot = published_durable(sequencer_published(fixture.sequencer));
    CLEANUP(change_log_close)
    ChangeLogScan *scan = change_log_open(fixture.sequencer, snapshot, range);
    bool same = true;
    for (CommitRecord *record; (record = change_log_next(&ctx, scan));) {
        same = same && record->seq == *expected++;
        commit_record_unref(record);
    }
    TRY(change_log_status(&ctx, scan));
    assert_true(same && *expected == 0);
    return STATUS_OK;
}

#define SEQS(...) ((const SeqNo[]){__VA_ARGS__, 0})

static void a_scan_sees_the_commits_of_its_table_and_owner_only(void **state)
{
    (void)state;
    SeqNo a = put(TABLE, STR("alice"), 1);
    SeqNo b = put(TABLE, STR("bob"), 1);
    SeqNo c = put(OTHER_TABLE, STR("alice"), 1);
    SeqNo d = put(TABLE, STR("alice"), 1);
    ChangeLogRange range = {.table_id = TABLE, .owner = owner_of(STR("alice"))};
    assert_int_equal(compare_log(&range, SEQS(a, d)), STATUS_OK);
    range.owner = owner_of(STR("bob"));
    assert_int_equal(compare_log(&range, SEQS(b)), STATUS_OK);
    range.owner = OWNER_SHARED;
    assert_int_equal(compare_log(&range, SEQS(0)), STATUS_OK);
    range.everything = true;
    assert_int_equal(compare_log(&range, SEQS(a, b, c, d)), STATUS_OK);
}

static void the_bounds_exclude_after_and_include_until(void **state)
{
    (void)state;
    SeqNo seqs[5];
    for (uint32_t i = 0; i < 5; i++)
        seqs[i] = put(TABLE, STR("alice"), i);
    ChangeLogRange range = {
        .table_id = TABLE, .owner = owner_of(STR("alice")), .after = seqs[0], .until = seqs[2]};
    for (int everything = 0; everything < 2; everything++) {
        range.everything = everything;
        range.after = seqs[0];
        assert_int_equal(compare_log(&range, SEQS(seqs[1], seqs[2])), STATUS_OK);
        range.after = seqs[0] - 1;
        assert_int_equal(compare_log(&range, SEQS(seqs[0], seqs[1], seqs[2])), STATUS_OK);
        range.after = UINT64_MAX;
        assert_int_equal(compare_log(&range, SEQS(0)), STATUS_OK);
    }
}

static SeqNo trim(int64_t keep_ms, uint64_t max_bytes)
{
    SeqNo low_water;
    assert_int_equal(
        change_log_trim(
            &fixture.ctx, fixture.sequencer, &(ChangeLogRetention){keep_ms, max_bytes}, &low_water),
        STATUS_OK);
    assert_int_equal(change_log_low_water(fixture.sequencer), low_water);
    return low_water;
}

static void trimming_by_age_drops_the_old_and_says_so(void **state)
{
    (void)state;
    SeqNo a = put(TABLE, STR("alice"), 1);
    SeqNo b = put(TABLE, STR("alice"), 2);
    atomic_fetch_add(&wall_ms, 2 * HOUR_MS);
    SeqNo c = put(TABLE, STR("alice"), 3);
    assert_int_equal(trim(0, 0), 0);
    assert_int_equal(trim(3 * HOUR_MS, 0), 0);
    assert_int_equal(trim(HOUR_MS, 0), b);

    ChangeLogRange range = {.table_id = TABLE, .owner = owner_of(STR("alice")), .after = b};
    for (int again = 0; again < 2; again++) {
        range.everything = false;
        range.after = b;
        assert_int_equal(compare_log(&range, SEQS(c)), STATUS_OK);
        range.after = a;
        assert_int_equal(compare_log(&range, SEQS(c)), STATUS_NOT_FOUND);
        range.everything = true;
        assert_int_equal(compare_log(&range, SEQS(c)), STATUS_NOT_FOUND);
        store_compact(fixture.store, FAMILY_LOG_BY_OWNER);
        fixture_reopen(&fixture); /* the mark is kept */
        assert_int_equal(change_log_low_water(fixture.sequencer), b);
    }
    assert_int_equal(durable_value(&fixture, TABLE, STR("alice"), 1), 2);
}

/* The next record holds its hash, and a start reads its number. */
static void the_newest_record_is_never_dropped(void **state)
{
    (void)state;
    SeqNo a = put(TABLE, STR("alice"), 1);
    SeqNo b = put(TABLE, STR("alice"), 2);
    atomic_fetch_add(&wall_ms, 100 * (int64_t)HOUR_MS);
    assert_int_equal(trim(HOUR_MS, 1), a);
    fixture_reopen(&fixture);
    assert_int_equal(published_durable_seq(sequencer_published(fixture.sequencer)), b);
    assert_int_equal(trim(HOUR_MS, 1), a);
}

static void trimming_by_size_drops_the_oldest_until_the_rest_fits(void **state)
{
    (void)state;
    SeqNo seqs[400];
    for (uint32_t i = 0; i < 400; i++)
        seqs[i] = put(TABLE, STR("alice"), i);
    assert_int_equal(trim(0, 1 << 20), 0);
    uint64_t bytes = store_memory_bytes(fixture.store, FAMILY_LOG);
    SeqNo low_water = trim(0, bytes - 5000);
    assert_in_range(low_water, seqs[20], seqs[200]);
    uint32_t kept = 0;
    while (seqs[kept] <= low_water)
        kept++;
    ChangeLogRange range = {.everything = true, .after = low_water, .until = seqs[kept + 1]};
    assert_int_equal(compare_log(&range, SEQS(seqs[kept], seqs[kept + 1])), STATUS_OK);
}

/* Compaction drops entries of log_by_owner under a snapshot; the mark tells. */
static void a_reader_overtaken_by_a_trim_is_told_to_start_over(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    for (uint32_t i = 0; i < 3; i++)
        put(TABLE, STR("alice"), i);
    CLEANUP(snapshot_unref)
    Snapshot *snapshot = published_durable(sequencer_published(fixture.sequencer));
    atomic_fetch_add(&wall_ms, 2 * HOUR_MS);
    put(TABLE, STR("alice"), 4);
    trim(HOUR_MS, 0);
    store_compact(fixture.store, FAMILY_LOG_BY_OWNER);

    CLEANUP(change_log_close)
    ChangeLogScan *scan =
        change_log_open(fixture.sequencer,
                        snapshot,
                        &(ChangeLogRange){.table_id = TABLE, .owner = owner_of(STR("alice"))});
    assert_null(change_log_next(&ctx, scan));
    assert_int_equal(change_log_status(&ctx, scan), STATUS_NOT_FOUND);
}

static void a_failed_trim_makes_the_server_read_only(void **state)
{
    (void)state;
    put(TABLE, STR("alice"), 1);
    put(TABLE, STR("alice"), 2);
    atomic_fetch_add(&wall_ms, 2 * HOUR_MS);
    SeqNo low_water;
    ChangeLogRetention retention = {.keep_ms = HOUR_MS};
    fault_fail_nth(2); /* the fsync */
    assert_int_equal(change_log_trim(&fixture.ctx, fixture.sequencer, &retention, &low_water),
                     STATUS_IO_ERROR);
    assert_true(fault_disarm());
    TestOp op = {
        .sync = true, .step_count = 1, .steps = {{STEP_PUT, TABLE, STR_INIT("bob"), 1, 1}}};
    assert_int_equal(test_op_run(&fixture, &op), STATUS_READ_ONLY);
    test_op_done(&op);
    assert_int_equal(change_log_trim(&fixture.ctx, fixture.sequencer, &retention, &low_water),
                     STATUS_READ_ONLY);
}

static void a_trimmed_log_is_not_replayed(void **state)
{
    (void)state;
    ScratchStore scratch;
    uint64_t count;
    put(TABLE, STR("alice"), 1);
    put(TABLE, STR("alice"), 2);
    atomic_fetch_add(&wall_ms, 2 * HOUR_MS);
    trim(HOUR_MS, 0);
    scratch_store_make(&scratch);
    assert_int_equal(change_log_replay(&fixture.ctx, fixture.store, scratch.store, &count),
                     STATUS_NOT_FOUND);
    scratch_store_drop(&scratch);
}

static void a_log_with_a_record_missing_is_not_replayed(void **state)
{
    (void)state;
    ScratchStore scratch;
    uint64_t count;
    CLEANUP(buf_done) Buf key = {0};
    CLEANUP(store_batch_free) StoreBatch *batch = store_batch_new();
    put(TABLE, STR("alice"), 1);
    log_key_append(&key, put(TABLE, STR("alice"), 2));
    put(TABLE, STR("alice"), 3);
    store_batch_delete(batch, FAMILY_LOG, buf_str(&key));
    assert_int_equal(store_write(&fixture.ctx, fixture.store, batch), STATUS_OK);
    scratch_store_make(&scratch);
    assert_int_equal(change_log_replay(&fixture.ctx, fixture.store, scratch.store, &count),
                     STATUS_CORRUPT);
    scratch_store_drop(&scratch);
}

#define LOG_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOG_TEST(a_scan_sees_the_commits_of_its_table_and_owner_only),
        LOG_TEST(the_bounds_exclude_after_and_include_until),
        LOG_TEST(trimming_by_age_drops_the_old_and_says_so),
        LOG_TEST(the_newest_record_is_never_dropped),
        LOG_TEST(trimming_by_size_drops_the_oldest_until_the_rest_fits),
        LOG_TEST(a_reader_overtaken_by_a_trim_is_told_to_start_over),
        LOG_TEST(a_failed_trim_makes_the_server_read_only),
        LOG_TEST(a_trimmed_log_is_not_replayed),
        LOG_TEST(a_log_with_a_record_missing_is_not_replayed),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("change_log", tests, NULL, NULL);
}
