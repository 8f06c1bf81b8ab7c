/* SPDX-License-Identifier: Apache-2.0 */
#include "cold/compact.h"

#include "base/fault.h"
#include "cold/manifest_json.h"
#include "cold_fixture.h"
#include "commit/change_log.h"

enum { KEYS = 250, HOURS = 168, MS_PER_HOUR = 3600000 };

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

static void flush(TestOwner *owner)
{
    FlushResult result;
    assert_int_equal(owner_flush(owner, &result), STATUS_OK);
}

static CompactResult compact(TestOwner *owner, bool everything)
{
    CompactResult result;
    Status status = owner_compact(owner, everything, &result);
    if (status != STATUS_OK)
        printf("# %.*s\n", STR_ARG(fixture.ctx.message));
    assert_int_equal(status, STATUS_OK);
    return result;
}

static size_t live_count(const TestOwner *owner)
{
    size_t count = 0;
    for (int id = 0; id < MODEL_KEYS; id++)
        count += owner->rows[id].live;
    return count;
}

static void compaction_of_everything_leaves_one_version_of_each_row(void **state)
{
    (void)state;
    TestTable table = fixture_table(&fixture, "every", TABLE_SHARED, HOURS);
    TestOwner owner;
    owner_init(&owner, &table, NULL);
    for (int round = 0; round < 5; round++) {
        change_many(&owner, 80);
        flush(&owner);
    }
    ColdStats before = owner_stats(&owner);
    assert_true(before.dead_rows > 0);
    CompactResult result = compact(&owner, true);
    ColdStats after = owner_stats(&owner);
    assert_int_equal(result.rows_before, before.rows);
    assert_int_equal(result.rows_after, after.rows);
    assert_int_equal(after.dead_rows, 0);
    assert_int_equal(after.rows, before.rows - before.dead_rows);
    assert_int_equal(after.rows - after.tombstones, live_count(&owner));
    assert_int_equal(after.segments, (after.rows + FILE_ROWS_MAX - 1) / FILE_ROWS_MAX);
    owner_check(&owner);
    assert_int_equal(compact(&owner, true).segments_before, after.segments > 1 ? 2 : 0);
}

static void random_flushes_and_compactions_are_read_as_the_model_says(void **state)
{
    (void)state;
    TestTable soft = fixture_table(&fixture, "soft", TABLE_SHARED, HOURS);
    TestTable hard = fixture_table(&fixture, "hard", TABLE_USER, 0);
    static TestOwner owners[2];
    owner_init(&owners[0], &soft, NULL);
    owner_init(&owners[1], &hard, "ann");
    size_t compactions = 0;
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < 2; i++) {
            change_many(&owners[i], 5 + (int)(next_random(&seed) % 60));
            flush(&owners[i]);
            change_many(&owners[i], (int)(next_random(&seed) % 20));
            compactions += compact(&owners[i], next_random(&seed) % 5 == 0).segments_before > 0;
            owner_check(&owners[i]);
            ColdStats stats = owner_stats(&owners[i]);
            assert_true(stats.dead_rows <= stats.rows);
        }
        if (round == 5)
            fixture_reopen(&fixture);
    }
    printf("# %zu compactions\n", compactions);
    assert_true(compactions > 2);
}

/* 32 files are merged at most: the newest ones stay, and so do their dead rows. */
static void a_compaction_of_some_files_keeps_the_others_dead(void **state)
{
    (void)state;
    enum { FILES = COMPACT_SEGMENTS_MAX + 4, STEADY = 300 };
    static TestOwner owner;
    TestTable table = fixture_table(&fixture, "some", TABLE_SHARED, HOURS);
    owner_init(&owner, &table, NULL);
    for (int id = 0; id < STEADY; id++)
        owner_put(&owner, id, "steady");
    for (int file = 0; file < FILES; file++) {
        char body[MODEL_BODY_BYTES];
        snprintf(body, sizeof(body), "in file %d", file);
        owner_put(&owner, STEADY, body);
        owner_put(&owner, (int64_t)(next_random(&seed) % STEADY), body);
        flush(&owner);
    }
    ColdStats before = owner_stats(&owner);
    CompactResult result = compact(&owner, false);
    ColdStats after = owner_stats(&owner);
    assert_int_equal(result.segments_before, COMPACT_SEGMENTS_MAX);
    assert_int_equal(after.segments,
                     before.segments - result.segments_before + result.segments_after);
    assert_int_equal(before.rows - after.rows, before.dead_rows - after.dead_rows);
    assert_int_equal(after.rows - after.dead_rows, STEADY + 1);
    assert_true(after.dead_rows >= 3);
    owner_check(&owner);
    owner_remove(&owner, STEADY);
    flush(&owner);
    owner_check(&owner);
}

static void trim_log(void)
{
    ChangeLogRetention retention = {.keep_ms = MS_PER_HOUR};
    SeqNo low_water;
    assert_int_equal(change_log_trim(&fixture.ctx, fixture.sequencer, &retention, &low_water),
                     STATUS_OK);
    assert_true(low_water > 0);
}

static void expired_tombstones_go_when_all_files_take_part(void **state)
{
    (void)state;
    TestTable table = fixture_table(&fixture, "tombs", TABLE_SHARED, 1);
    TestOwner owner;
    owner_init(&owner, &table, NULL);
    for (int id = 0; id < 10; id++)
        owner_put(&owner, id, "x");
    flush(&owner);
    for (int id = 0; id < 6; id++)
        owner_remove(&owner, id);
    flush(&owner);
    compact(&owner, true);
    assert_int_equal(owner_stats(&owner).tombstones, 6);

    fixture_advance_ms(2 * MS_PER_HOUR);
    owner_put(&owner, 100, "newer"); /* the log never loses its newest entry */
    assert_int_equal(compact(&owner, true).segments_before, 0); /* the log still has them */

    trim_log();
    CompactResult result = compact(&owner, true);
    assert_int_equal(result.rows_before, 10);
    assert_int_equal(result.rows_after, 4);
    assert_int_equal(owner_stats(&owner).tombstones, 0);
    owner_check(&owner);
}

static void a_compaction_may_leave_no_row_at_all(void **state)
{
    (void)state;
    TestTable table = fixture_table(&fixture, "empty", TABLE_SHARED, 0);
    TestOwner owner;
    owner_init(&owner, &table, NULL);
    owner_put(&owner, 1, "x");
    flush(&owner);
    owner_remove(&owner, 1);
    flush(&owner);
    assert_int_equal(compact(&owner, true).rows_after, 0);
    assert_int_equal(owner_stats(&owner).segments, 0);
    owner_check(&owner);
    owner_put(&owner, 1, "again");
    flush(&owner);
    owner_check(&owner);
}

static void a_reader_of_an_older_snapshot_keeps_its_files(void **state)
{
    (void)state;
    TestTable table = fixture_table(&fixture, "old", TABLE_SHARED, HOURS);
    TestOwner owner;
    owner_init(&owner, &table, NULL);
    for (int round = 0; round < 3; round++) {
        owner_put(&owner, round, "x");
        flush(&owner);
    }
    size_t files = fixture_file_count(&fixture);
    ColdView *view = owner_view(&owner);
    compact(&owner, true);
    assert_int_equal(fixture_file_count(&fixture), files + 1);

    CLEANUP(cold_scan_close) ColdScan *scan = cold_scan_open(view, &(ColdScanOptions){0});
    Str key;
    StoredRow row;
    size_t count = 0;
    while (cold_scan_next(&fixture.ctx, scan, &key, &row))
        count++;
    assert_int_equal(cold_scan_status(&fixture.ctx, scan), STATUS_OK);
    assert_int_equal(count, 3);
    cold_scan_close(TAKE(scan));
    cold_view_close(view);

    owner_put(&owner, 9, "x"); /* a newer snapshot is published */
    flush(&owner);
    compact(&owner, true);
    owner_put(&owner, 10, "x");
    flush(&owner);
    compact(&owner, true);
    assert_true(fixture_file_count(&fixture) <= files - 3 + 2);
    owner_check(&owner);
}

static void manifest_json_names_the_files_that_are_there(void **state)
{
    (void)state;
    TestTable table = fixture_table(&fixture, "json", TABLE_SHARED, HOURS);
    TestOwner owner;
    owner_init(&owner, &table, NULL);
    for (int round = 0; round < 3; round++) {
        owner_put(&owner, round, "x");
        flush(&owner);
    }
    compact(&owner, true);
    ManifestSummary summary;
    Str text = fixture_file(&fixture, "storage/default/json/manifest.json");
    assert_int_equal(manifest_json_read(&fixture.ctx, text, &summary), STATUS_OK);
    assert_true(str_equal(summary.table_name, STR("default.json")));
    assert_int_equal(summary.file_count, 1);
    CLEANUP(cold_view_close) ColdView *view = owner_view(&owner);
    assert_int_equal(summary.version, cold_view_version(view));
}

static void a_compaction_that_fails_anywhere_loses_nothing(void **state)
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
        CompactResult result;
        change_many(owner, 15);
        flush(owner);
        change_many(owner, 15);
        flush(owner);
        fault_fail_nth(step);
        Status status = owner_compact(owner, true, &result);
        injected = fault_disarm();
        assert_true(status == STATUS_OK || injected); /* replaced files may stay for a while */
        if (sequencer_read_only_reason(fixture.sequencer))
            fixture_reopen(&fixture);
        owner_check(owner);
        compact(owner, true); /* else each step has more files to open than the one before */
    }
    printf("# %d steps failed in turn\n", steps - 1);
    assert_true(steps > 3);
}

/* ---- the choice ---- */

static void segments_of_one_size_are_merged_when_there_are_four(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    SeqNo now = snowflake_from_ms(1800000000000);
    Segment segments[] = {
        {.id = 1, .row_count = 100000, .seq_max = now},
        {.id = 2, .row_count = 100, .seq_max = now},
        {.id = 3, .row_count = 4000, .seq_max = now},
        {.id = 4, .row_count = 50000, .seq_max = now},
        {.id = 5, .row_count = 7, .seq_max = now},
        {.id = 6, .row_count = 900, .seq_max = now},
    };
    Manifest manifest = {.segments = segments, .segment_count = 6};
    CompactState compact_state = {.manifest = &manifest};
    CompactChoice choice = compact_choose(&arena, &compact_state);
    assert_int_equal(choice.count, 4);
    static const uint32_t EXPECTED[] = {2, 3, 5, 6};
    assert_memory_equal(choice.segments, EXPECTED, sizeof(EXPECTED));

    segments[2].is_full = true; /* few rows, but wide ones */
    assert_int_equal(compact_choose(&arena, &compact_state).count, 0);
    for (size_t i = 0; i < 6; i++)
        segments[i].is_full = i > 0;
    assert_int_equal(compact_choose_all(&arena, &compact_state).count, 0);
    segments[1].is_full = false;

    manifest.segment_count = 5;
    assert_int_equal(compact_choose(&arena, &compact_state).count, 0);
    assert_int_equal(compact_choose_all(&arena, &compact_state).count, 5);
    compact_state.dead_count = 60000;
    assert_int_equal(compact_choose(&arena, &compact_state).count, 5);
}

static void a_rewrite_is_due_when_a_third_of_the_rows_is_expired(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    Segment segments[] = {
        {.id = 1,
         .row_count = 90,
         .tombstone_count = 40,
         .seq_max = snowflake_from_ms(1800000000000)},
        {.id = 2, .row_count = 10},
    };
    Manifest manifest = {.segments = segments, .segment_count = 2};
    CompactState compact_state = {
        .manifest = &manifest,
        .rule = {.expired_before_ms = 1800000000000, .log_low_water = UINT64_MAX},
    };
    assert_int_equal(compact_choose(&arena, &compact_state).count, 0);
    compact_state.rule.expired_before_ms++;
    compact_state.rule.log_low_water = 0; /* the log still has them */
    assert_int_equal(compact_choose(&arena, &compact_state).count, 0);
    compact_state.rule.log_low_water = UINT64_MAX;
    assert_int_equal(compact_choose(&arena, &compact_state).count, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compaction_of_everything_leaves_one_version_of_each_row),
        cmocka_unit_test(random_flushes_and_compactions_are_read_as_the_model_says),
        cmocka_unit_test(a_compaction_of_some_files_keeps_the_others_dead),
        cmocka_unit_test(expired_tombstones_go_when_all_files_take_part),
        cmocka_unit_test(a_compaction_may_leave_no_row_at_all),
        cmocka_unit_test(a_reader_of_an_older_snapshot_keeps_its_files),
        cmocka_unit_test(manifest_json_names_the_files_that_are_there),
        cmocka_unit_test(a_compaction_that_fails_anywhere_loses_nothing),
        cmocka_unit_test(segments_of_one_size_are_merged_when_there_are_four),
        cmocka_unit_test(a_rewrite_is_due_when_a_third_of_the_rows_is_expired),
    };
    seed = test_seed();
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("compact", tests, open_fixture, close_fixture);
}
