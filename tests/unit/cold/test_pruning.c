/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many of twenty files a reader opens: those that can hold what it looks for.
 */
#include "cold_fixture.h"

enum { FILES = 20, ROWS_EACH = 10, STEP = 2 /* ids are even */ };

static Fixture fixture;
static TestTable table;
static TestOwner owner;

/* File f holds the ids from f * 20, and nothing but "file f" as body. */
static int open_fixture(void **state)
{
    (void)state;
    fixture_init(&fixture);
    table = fixture_table(&fixture, "many", TABLE_SHARED, 168);
    owner_init(&owner, &table, NULL);
    for (int file = 0; file < FILES; file++) {
        char body[MODEL_BODY_BYTES];
        FlushResult result;
        snprintf(body, sizeof(body), "file %d", file);
        for (int row = 0; row < ROWS_EACH; row++)
            owner_put(&owner, STEP * (file * ROWS_EACH + row), body);
        assert_int_equal(owner_flush(&owner, &result), STATUS_OK);
    }
    return 0;
}

static int close_fixture(void **state)
{
    (void)state;
    fixture_done(&fixture);
    return 0;
}

static size_t opened(const ColdView *view)
{
    size_t count = 0;
    for (size_t i = 0; i < view->manifest->segment_count; i++)
        count += view->files[i] != NULL;
    return count;
}

static size_t opened_by_relation(ColdRelation relation)
{
    CLEANUP(cold_view_close) ColdView *view = owner_view(&owner);
    CLEANUP(buf_done) Buf text = {0};
    DuckSourceList sources = {0};
    ColdSql sql = {.out = &text, .sources = &sources};
    relation.table = view->table;
    assert_int_equal(cold_relation_sql(&fixture.ctx, view, &relation, &sql), STATUS_OK);
    return opened(view);
}

static size_t opened_by_scan(const ColdScanOptions *options, size_t row_count)
{
    CLEANUP(cold_view_close) ColdView *view = owner_view(&owner);
    CLEANUP(cold_scan_close) ColdScan *scan = cold_scan_open(view, options);
    Str key;
    StoredRow row;
    size_t count = 0;
    while (cold_scan_next(&fixture.ctx, scan, &key, &row))
        count++;
    assert_int_equal(cold_scan_status(&fixture.ctx, scan), STATUS_OK);
    assert_int_equal(count, row_count);
    return opened(view);
}

static Segment segment_of(size_t file)
{
    CLEANUP(cold_view_close) ColdView *view = owner_view(&owner);
    assert_int_equal(view->manifest->segment_count, FILES);
    return view->manifest->segments[file];
}

static void r56_a_query_opens_the_files_that_its_bounds_allow(void **state)
{
    (void)state;
    assert_int_equal(opened_by_relation((ColdRelation){0}), FILES);
    Str last = fixture_key(&fixture, STEP * (FILES - 1) * ROWS_EACH);
    assert_int_equal(opened_by_relation((ColdRelation){.key_lower = last}), 1);
    assert_int_equal(opened_by_relation((ColdRelation){.key_upper = last}), FILES - 1);
    Segment middle = segment_of(FILES / 2);
    assert_int_equal(
        opened_by_relation((ColdRelation){.seq_min = middle.seq_min, .seq_max = middle.seq_max}),
        1);
    assert_int_equal(
        opened_by_relation((ColdRelation){.seq_min = segment_of(FILES - 1).seq_max + 1}), 0);
    ColdBound bound = {
        .column = 1, .lower = value_text(STR("file 7")), .upper = value_text(STR("file 7"))};
    assert_int_equal(opened_by_relation((ColdRelation){.bounds = &bound, .bound_count = 1}), 1);
    bound.upper = VALUE_NULL; /* file 7, 8, 9 */
    assert_int_equal(opened_by_relation((ColdRelation){.bounds = &bound, .bound_count = 1}), 3);
}

static void r56_a_scan_opens_the_files_of_its_range(void **state)
{
    (void)state;
    ColdScanOptions range = {
        .key_lower = fixture_key(&fixture, STEP * 5 * ROWS_EACH),
        .key_upper = fixture_key(&fixture, STEP * 7 * ROWS_EACH),
    };
    assert_int_equal(opened_by_scan(&range, 2 * ROWS_EACH), 2);
    range.reverse = true;
    assert_int_equal(opened_by_scan(&range, 2 * ROWS_EACH), 2);
    ColdScanOptions later = {.after_seq = segment_of(FILES - 4).seq_max};
    assert_int_equal(opened_by_scan(&later, 3 * ROWS_EACH), 3);
}

static void a_scan_that_is_left_early_has_opened_no_more_than_it_needed(void **state)
{
    (void)state;
    CLEANUP(cold_view_close) ColdView *view = owner_view(&owner);
    CLEANUP(cold_scan_close) ColdScan *scan = cold_scan_open(view, &(ColdScanOptions){0});
    Str key;
    StoredRow row;
    for (int i = 0; i < ROWS_EACH; i++)
        assert_true(cold_scan_next(&fixture.ctx, scan, &key, &row));
    assert_int_equal(opened(view), 1);
}

static void a_look_up_opens_one_file_or_none(void **state)
{
    (void)state;
    size_t opened_in_vain = 0;
    for (int id = 0; id < STEP * FILES * ROWS_EACH; id += 13) {
        CLEANUP(cold_view_close) ColdView *view = owner_view(&owner);
        Str key = fixture_key(&fixture, id);
        StoredRow row;
        bool found;
        assert_int_equal(cold_find(&fixture.ctx, view, &key, 1, &row, &found), STATUS_OK);
        assert_int_equal(found, id % STEP == 0);
        if (found)
            assert_int_equal(opened(view), 1);
        else
            opened_in_vain += opened(view);
    }
    assert_true(opened_in_vain <= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r56_a_query_opens_the_files_that_its_bounds_allow),
        cmocka_unit_test(r56_a_scan_opens_the_files_of_its_range),
        cmocka_unit_test(a_scan_that_is_left_early_has_opened_no_more_than_it_needed),
        cmocka_unit_test(a_look_up_opens_one_file_or_none),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("pruning", tests, open_fixture, close_fixture);
}
