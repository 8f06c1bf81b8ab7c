/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three tables, which keep their log for one hour, for five, and as long as the
 * server says.
 */
#include "base/clock.h"
#include "catalog/catalog_parts.h"
#include "commit/change_log.h"
#include "fixture.h"
#include "value/ids.h"

#include <stdatomic.h>
#include <time.h>

#define NOON INT64_C(1750000000000)

enum { SHORT_TABLE = TABLE_ID_FIRST, LONG_TABLE, PLAIN_TABLE };
enum { TABLE_COUNT = 3, UNKNOWN_TABLE = 999, HOUR_MS = 3600 * 1000 };

static const int64_t HOURS[] = {1, 5, 0};
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

/* ---- three tables ---- */

static void add_tables(CatalogEdit *edit)
{
    static const Column COLUMNS[] = {{.name = STR_INIT("id"), .type = {.kind = TYPE_BIGINT}}};
    static const Str NAMES[] = {STR_INIT("a"), STR_INIT("b"), STR_INIT("c")};
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        const Table *made;
        Table definition = {
            .kind = TABLE_USER,
            .namespace_name = STR("default"),
            .name = NAMES[i],
            .columns = COLUMNS,
            .column_count = 1,
            .options = {.storage_id = STR("local"), .change_log_retention_hours = HOURS[i]},
        };
        assert_int_equal(catalog_create_table(edit, &definition, &made), STATUS_OK);
        assert_int_equal(made->id, SHORT_TABLE + i);
    }
}

static Status create_tables(WriteOp *op, CommitBuilder *builder)
{
    const CatalogEntry *entries;
    CatalogEdit *edit = catalog_edit_begin(op->ctx, commit_catalog(builder), NOON);
    add_tables(edit);
    size_t count = catalog_edit_entries(edit, &entries);
    for (size_t i = 0; i < count; i++)
        commit_add(builder,
                   &(Change){.kind = CHANGE_CATALOG_PUT,
                             .key = entries[i].key,
                             .new_row = entries[i].value});
    commit_set_catalog(builder, catalog_edit_finish(edit));
    return STATUS_OK;
}

static void ignore(WriteOp *op)
{
    (void)op;
}

static int set_up(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    WriteOp op = {.ctx = &ctx, .execute = create_tables, .complete = ignore};
    atomic_store(&wall_ms, NOON);
    clock_replace(&fake_clock);
    fixture_init(&fixture, 0);
    return sequencer_execute(fixture.sequencer, &op) == STATUS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_done(&fixture);
    clock_replace(NULL);
    return 0;
}

/* ---- what happens, and what is read ---- */

static SeqNo put(uint32_t table_id, uint32_t key)
{
    return commit_step(&fixture, true, (Step){STEP_PUT, table_id, STR("alice"), key, 1});
}

/* One commit of all tables. */
static SeqNo put_everywhere(uint32_t key)
{
    TestOp op = {.sync = true, .step_count = TABLE_COUNT};
    for (uint32_t i = 0; i < TABLE_COUNT; i++)
        op.steps[i] = (Step){STEP_PUT, SHORT_TABLE + i, STR("alice"), key, 1};
    assert_int_equal(test_op_run(&fixture, &op), STATUS_OK);
    SeqNo seq = op.op.seq;
    test_op_done(&op);
    return seq;
}

static SeqNo trim(int64_t keep_ms, uint64_t max_bytes)
{
    SeqNo low_water;
    ChangeLogRetention retention = {keep_ms, max_bytes};
    assert_int_equal(change_log_trim(&fixture.ctx, fixture.sequencer, &retention, &low_water),
                     STATUS_OK);
    return low_water;
}

/* How many commits of the table after `after` there are; -1 = the log does not reach back. */
static int count_after(uint32_t table_id, SeqNo after)
{
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(snapshot_unref)
    Snapshot *snapshot = published_durable(sequencer_published(fixture.sequencer));
    ChangeLogRange range = {.table_id = table_id, .owner = owner_of(STR("alice")), .after = after};
    CLEANUP(change_log_close)
    ChangeLogScan *scan = change_log_open(fixture.sequencer, snapshot, &range);
    int count = 0;
    for (CommitRecord *record; (record = change_log_next(&ctx, scan)); count++)
        commit_record_unref(record);
    Status status = change_log_status(&ctx, scan);
    assert_true(status == STATUS_OK || status == STATUS_NOT_FOUND);
    return status == STATUS_OK ? count : -1;
}

static uint64_t stored_count(StoreFamily family)
{
    CLEANUP(store_scan_close)
    StoreScan *scan =
        store_scan_open(fixture.store, &(StoreScanOptions){.read = {.family = family}});
    uint64_t count = 0;
    while (store_scan_next(scan))
        count++;
    return count;
}

static void each_table_keeps_its_log_as_long_as_it_wants(void **state)
{
    (void)state;
    SeqNo before = put_everywhere(1);
    put_everywhere(2);
    const struct {
        int hours;
        int short_table, plain_table, long_table;
    } steps[] = {{0, 1, 1, 1}, {2, -1, 1, 1}, {4, -1, -1, 1}, {6, -1, -1, -1}};
    for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
        atomic_store(&wall_ms, NOON + steps[i].hours * HOUR_MS);
        put(UNKNOWN_TABLE, (uint32_t)i); /* the newest record is never dropped */
        trim(3 * (int64_t)HOUR_MS, 0);
        for (int again = 0; again < 2; again++) {
            assert_int_equal(count_after(SHORT_TABLE, before), steps[i].short_table);
            assert_int_equal(count_after(PLAIN_TABLE, before), steps[i].plain_table);
            assert_int_equal(count_after(LONG_TABLE, before), steps[i].long_table);
            fixture_reopen(&fixture); /* the marks are kept */
        }
    }
}

static void who_saw_the_last_removed_commit_may_still_resume(void **state)
{
    (void)state;
    SeqNo seen = put(SHORT_TABLE, 1);
    atomic_fetch_add(&wall_ms, 2 * HOUR_MS);
    put(SHORT_TABLE, 2);
    trim(0, 0);
    assert_int_equal(count_after(SHORT_TABLE, seen), 1);
    assert_int_equal(count_after(SHORT_TABLE, seen - 1), -1);
}

static void what_no_table_wants_takes_no_space(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 10; i++)
        put(SHORT_TABLE, i);
    SeqNo kept = put_everywhere(10);
    atomic_fetch_add(&wall_ms, 2 * HOUR_MS);
    put(LONG_TABLE, 11);
    assert_int_equal(stored_count(FAMILY_LOG), 13); /* with the tables' creation */
    assert_int_equal(trim(0, 0), 0);
    assert_int_equal(stored_count(FAMILY_LOG), 3);
    assert_int_equal(stored_count(FAMILY_LOG_BY_OWNER), 4); /* catalog, b and c of `kept`, b */
    assert_int_equal(count_after(PLAIN_TABLE, kept - 1), 1);
}

static void the_size_bounds_the_longest_lived_too(void **state)
{
    (void)state;
    SeqNo first = put(LONG_TABLE, 1);
    SeqNo second = put(LONG_TABLE, 2);
    put(LONG_TABLE, 3);
    assert_int_equal(trim(HOUR_MS, 1), second);
    assert_int_equal(count_after(LONG_TABLE, first), -1);
}

static void a_thinned_log_is_not_replayed(void **state)
{
    (void)state;
    ScratchStore scratch;
    uint64_t count;
    put(SHORT_TABLE, 1);
    atomic_fetch_add(&wall_ms, 2 * HOUR_MS);
    put(LONG_TABLE, 2);
    trim(0, 0);
    scratch_store_make(&scratch);
    assert_int_equal(change_log_replay(&fixture.ctx, fixture.store, scratch.store, &count),
                     STATUS_NOT_FOUND);
    scratch_store_drop(&scratch);
}

static Status execute_job_put(WriteOp *op, CommitBuilder *builder)
{
    (void)op;
    commit_add(builder,
               &(Change){.kind = CHANGE_JOB_PUT, .key = STR("FL-1"), .new_row = STR("{}")});
    return STATUS_OK;
}

/* A commit that no table has a part in. */
static SeqNo put_job(void)
{
    CLEANUP(context_done) Context ctx = {0};
    WriteOp op = {.ctx = &ctx, .execute = execute_job_put, .complete = ignore};
    assert_int_equal(sequencer_execute(fixture.sequencer, &op), STATUS_OK);
    return op.seq;
}

static void what_is_of_no_table_is_kept_as_long_as_the_server_says(void **state)
{
    (void)state;
    SeqNo thinned;
    SeqNo job = put_job();
    uint64_t count = stored_count(FAMILY_LOG);
    atomic_fetch_add(&wall_ms, 2 * HOUR_MS);
    put(LONG_TABLE, 1);
    trim(3 * (int64_t)HOUR_MS, 0);
    assert_int_equal(stored_count(FAMILY_LOG), count + 1);
    atomic_fetch_add(&wall_ms, 2 * HOUR_MS);
    put(LONG_TABLE, 2);
    trim(3 * (int64_t)HOUR_MS, 0);
    assert_true(stored_count(FAMILY_LOG) < count + 2);
    assert_int_equal(change_log_thinned_until(&fixture.ctx, fixture.store, &thinned), STATUS_OK);
    assert_true(thinned >= job);
}

#define LOG_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOG_TEST(each_table_keeps_its_log_as_long_as_it_wants),
        LOG_TEST(who_saw_the_last_removed_commit_may_still_resume),
        LOG_TEST(what_no_table_wants_takes_no_space),
        LOG_TEST(the_size_bounds_the_longest_lived_too),
        LOG_TEST(what_is_of_no_table_is_kept_as_long_as_the_server_says),
        LOG_TEST(a_thinned_log_is_not_replayed),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("change_log_thin", tests, NULL, NULL);
}
