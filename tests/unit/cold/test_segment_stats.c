/* SPDX-License-Identifier: Apache-2.0 */
#include "cold/segment_stats.h"

#include "cold_test.h"

enum { ROWS = 40, ROUNDS = 200 };

static uint64_t seed;

static const Column COLUMNS[] = {
    {.id = 1, .name = STR_INIT("id"), .type = {.kind = TYPE_BIGINT}, .primary_key = true},
    {.id = 2, .name = STR_INIT("price"), .type = {TYPE_DECIMAL, 10, 2}},
    {.id = 7, .name = STR_INIT("body"), .type = {.kind = TYPE_TEXT}},
    {.id = 9, .name = STR_INIT("extra"), .type = {.kind = TYPE_JSON}},
    {.id = 4, .name = STR_INIT("ratio"), .type = {.kind = TYPE_DOUBLE}},
};
enum { COLUMN_COUNT = 5, COLUMN_JSON = 3 };
static const Table TABLE = {.column_count = COLUMN_COUNT, .columns = COLUMNS};

static Value random_value(Arena *arena, Type type)
{
    if (next_random(&seed) % 5 == 0)
        return VALUE_NULL;
    int64_t number = (int64_t)(next_random(&seed) % 1000) - 500;
    switch (type.kind) {
    case TYPE_DECIMAL:
        return value_decimal(number, type.scale);
    case TYPE_DOUBLE:
        return value_double((double)number / 8);
    case TYPE_TEXT:
        return value_text(random_bytes_of(arena, &seed, 66));
    case TYPE_JSON:
        return (Value){.kind = TYPE_JSON, .text = STR("{}")};
    default:
        return value_bigint(number);
    }
}

/* What the statistics say of one column holds for each value of it. */
static void assert_holds(const ColumnStats *column, Value (*rows)[COLUMN_COUNT], size_t index)
{
    uint64_t nulls = 0;
    bool met_min = false;
    bool met_max = false;
    for (int i = 0; i < ROWS; i++) {
        const Value *value = &rows[i][index];
        nulls += value_is_null(value);
        if (value_is_null(value) || !column->bounded)
            continue;
        assert_true(value_compare(value, &column->min) >= 0);
        assert_true(value_compare(value, &column->max) <= 0);
        met_min |= value_same(value, &column->min);
        met_max |= value_same(value, &column->max);
    }
    assert_int_equal(column->null_count, nulls);
    if (column->bounded && nulls < ROWS)
        assert_true(met_min && met_max);
}

static void statistics_hold_for_every_row_and_survive_their_encoding(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        CLEANUP(context_done) Context ctx = {0};
        CLEANUP(buf_done) Buf bytes = {0};
        CLEANUP(stats_collector_free) StatsCollector *collector = stats_collector_new(&TABLE);
        Value rows[ROWS][COLUMN_COUNT];
        SegmentStats stats;
        for (int i = 0; i < ROWS; i++) {
            for (int c = 0; c < COLUMN_COUNT; c++)
                rows[i][c] = random_value(&ctx.arena, COLUMNS[c].type);
            stats_collector_add(collector, rows[i]);
        }
        SegmentStats collected = stats_collector_result(collector);
        segment_stats_encode(&bytes, &collected);
        assert_int_equal(segment_stats_decode(&ctx, buf_str(&bytes), &stats), STATUS_OK);
        assert_int_equal(stats.count, COLUMN_COUNT);
        for (size_t c = 0; c < COLUMN_COUNT; c++) {
            const ColumnStats *column = segment_stats_column(&stats, COLUMNS[c].id);
            assert_non_null(column);
            assert_true(type_equal(column->type, COLUMNS[c].type));
            assert_holds(column, rows, c);
        }
        assert_false(stats.columns[COLUMN_JSON].bounded);
        assert_null(segment_stats_column(&stats, 5));
    }
}

static void a_long_text_leaves_its_column_without_bounds(void **state)
{
    (void)state;
    CLEANUP(stats_collector_free) StatsCollector *collector = stats_collector_new(&TABLE);
    char text[STATS_TEXT_BYTES_MAX + 1];
    memset(text, 'x', sizeof(text));
    Value row[COLUMN_COUNT] = {
        VALUE_NULL, VALUE_NULL, value_text(STR("a")), VALUE_NULL, VALUE_NULL};
    stats_collector_add(collector, row);
    assert_true(stats_collector_result(collector).columns[2].bounded);
    row[2] = value_text(str_from(text, sizeof(text)));
    stats_collector_add(collector, row);
    row[2] = value_text(STR("b"));
    stats_collector_add(collector, row);
    assert_false(stats_collector_result(collector).columns[2].bounded);
}

static void damaged_statistics_are_refused(void **state)
{
    (void)state;
    CLEANUP(buf_done) Buf bytes = {0};
    CLEANUP(stats_collector_free) StatsCollector *collector = stats_collector_new(&TABLE);
    Value row[COLUMN_COUNT] = {
        value_bigint(5), value_decimal(1, 2), VALUE_NULL, VALUE_NULL, value_double(1)};
    stats_collector_add(collector, row);
    SegmentStats collected = stats_collector_result(collector);
    segment_stats_encode(&bytes, &collected);
    for (size_t len = 0; len < bytes.len; len++) {
        CLEANUP(context_done) Context ctx = {0};
        SegmentStats stats;
        assert_int_equal(segment_stats_decode(&ctx, str_from(bytes.ptr, len), &stats),
                         STATUS_CORRUPT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statistics_hold_for_every_row_and_survive_their_encoding),
        cmocka_unit_test(a_long_text_leaves_its_column_without_bounds),
        cmocka_unit_test(damaged_statistics_are_refused),
    };
    seed = test_seed();
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("segment_stats", tests, NULL, NULL);
}
