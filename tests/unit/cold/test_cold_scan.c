/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading segments: ranges, projections, types, many row groups, and that a file
 * means the same to somebody who only has DuckDB.
 */
#include "cold/segment_reader.h"

#include "cold/sql_text.h"
#include "cold_fixture.h"
#include "value/key.h"

#include <math.h>

enum { MANY_ROWS = 50000 };

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

/* ---- a table of any columns, one owner, its rows given by a function ---- */

enum { WIDTH_MAX = 20 };

typedef struct AnyTable {
    const Column *columns;
    uint32_t column_count;
    uint32_t id;
    size_t row_count;
    Value *rows; /* row_count times column_count, in key order */
    SeqNo *seqs; /* of them */
} AnyTable;

typedef struct FillOp {
    WriteOp op;
    const Table *definition;
    AnyTable *any;
    const Table *table;
    size_t from;
    size_t to;
} FillOp;

static Status create(WriteOp *op, CommitBuilder *builder)
{
    FillOp *fill = CONTAINER_OF(op, FillOp, op);
    const Table *table;
    CatalogEdit *edit =
        catalog_edit_begin(op->ctx, commit_catalog(builder), commit_time_ms(builder) * 1000);
    TRY(catalog_create_table(edit, fill->definition, &table));
    fill->any->id = table->id;
    commit_catalog_edit(builder, edit);
    return STATUS_OK;
}

static Str copy_buf(Arena *arena, Buf *buf)
{
    Str copy = arena_str(arena, buf_str(buf));
    buf_clear(buf);
    return copy;
}

static Str key_of(Arena *arena, const Value *value)
{
    CLEANUP(buf_done) Buf key = {0};
    key_append(&key, value);
    return copy_buf(arena, &key);
}

static Status insert(WriteOp *op, CommitBuilder *builder)
{
    FillOp *fill = CONTAINER_OF(op, FillOp, op);
    CLEANUP(buf_done) Buf row = {0};
    const Table *table = fill->table;
    for (size_t i = fill->from; i < fill->to; i++) {
        const Value *values = fill->any->rows + i * table->column_count;
        Value stored[WIDTH_MAX];
        for (uint32_t c = 0; c < table->layout.count; c++)
            stored[c] = values[table->layout_order[c]];
        row_encode(&row, &table->layout, stored);
        Change change = {
            .kind = CHANGE_INSERT,
            .table_id = table->id,
            .schema_version = 1,
            .key = key_of(&op->ctx->arena, &values[table->primary_key]),
            .new_row = copy_buf(&op->ctx->arena, &row),
        };
        fill->any->seqs[i] = commit_add(builder, &change);
    }
    return STATUS_OK;
}

static Snapshot *newest(void)
{
    return published_applied(sequencer_published(fixture.sequencer));
}

/* Creates it, and flushes its rows. */
static void make_cold(AnyTable *any, const char *name)
{
    Table definition = {
        .kind = TABLE_SHARED,
        .namespace_name = STR("default"),
        .name = str_from_c(name),
        .column_count = any->column_count,
        .columns = any->columns,
        .options = {.async = true, .storage_id = STR("local"), .deleted_retention_hours = 1},
        .created_by = STR("root"),
    };
    FillOp op = {
        .op = {.ctx = &fixture.ctx, .execute = create}, .definition = &definition, .any = any};
    assert_int_equal(sequencer_execute(fixture.sequencer, &op.op), STATUS_OK);
    CLEANUP(snapshot_unref) Snapshot *snapshot = newest();
    any->seqs = ARENA_ARRAY(&fixture.ctx.arena, SeqNo, any->row_count);
    op.table = catalog_table_by_id(snapshot->catalog, any->id);
    op.op.execute = insert;
    for (op.from = 0; op.from < any->row_count; op.from = op.to) {
        op.to = op.from + 1000 < any->row_count ? op.from + 1000 : any->row_count;
        assert_int_equal(sequencer_execute(fixture.sequencer, &op.op), STATUS_OK);
    }
    FlushOptions flush = {
        .tier = fixture.tier, .sequencer = fixture.sequencer, .table_id = any->id};
    FlushResult result;
    assert_int_equal(cold_flush(&fixture.ctx, &flush, &result), STATUS_OK);
    assert_int_equal(result.row_count, any->row_count);
    assert_int_equal(result.file_count, 1);
}

static ColdView *open_view(const AnyTable *any)
{
    CLEANUP(snapshot_unref) Snapshot *snapshot = newest();
    ColdViewOptions options = {.snapshot = snapshot,
                               .table = catalog_table_by_id(snapshot->catalog, any->id)};
    ColdView *view;
    assert_int_equal(cold_view_open(&fixture.ctx, fixture.tier, &options, &view), STATUS_OK);
    assert_non_null(view);
    return view;
}

static Str file_path(const AnyTable *any)
{
    CLEANUP(cold_view_close) ColdView *view = open_view(any);
    Str path;
    assert_int_equal(cold_segment_path(&fixture.ctx, view, &view->manifest->segments[0], &path),
                     STATUS_OK);
    return arena_str(&fixture.ctx.arena, path);
}

static void assert_row(const AnyTable *any, size_t index, const Table *table, const StoredRow *row)
{
    CLEANUP(context_done) Context ctx = {0};
    Value decoded[WIDTH_MAX];
    assert_int_equal(row->seq, any->seqs[index]);
    assert_false(row->deleted);
    assert_int_equal(row_decode(&ctx, row->row, &table->layout, decoded), STATUS_OK);
    for (uint32_t c = 0; c < table->layout.count; c++) {
        const Value *expected = &any->rows[index * any->column_count + table->layout_order[c]];
        if (!value_same(&decoded[c], expected))
            printf("# column %.*s\n", STR_ARG(table->columns[table->layout_order[c]].name));
        assert_true(value_same(&decoded[c], expected));
    }
}

/* ---- all types ---- */

#define COLUMN(id_, name_, kind_)                                                                  \
    {                                                                                              \
        .id = (id_), .name = STR_INIT(name_), .type = {.kind = (kind_) }                           \
    }

static Value random_typed(Arena *arena, TypeKind kind)
{
    int64_t number = (int64_t)(next_random(&seed) << 33 ^ next_random(&seed) << 2);
    Value value = {.kind = kind};
    if (next_random(&seed) % 5 == 0)
        return VALUE_NULL;
    switch (kind) {
    case TYPE_BOOLEAN:
        value.boolean = number & 4;
        break;
    case TYPE_SMALLINT:
        value.integer = (int16_t)number;
        break;
    case TYPE_INT:
        value.integer = (int32_t)number;
        break;
    case TYPE_BIGINT:
        value.integer = number;
        break;
    case TYPE_FLOAT:
        value.real = (float)number / 3;
        break;
    case TYPE_DOUBLE:
        value.real = next_random(&seed) % 9 ? (double)number / 3 : (double)NAN;
        break;
    case TYPE_DECIMAL:
        value.decimal = (Int128)number * 1000003;
        value.scale = 10;
        break;
    case TYPE_TEXT:
        value.text = arena_printf(arena, "t\u00e9xt '%lld' \"\\", (long long)number);
        break;
    case TYPE_JSON:
        value.text = arena_printf(arena, "{\"a\": [%lld, null]}", (long long)number);
        break;
    case TYPE_BYTES:
        value.text = random_bytes_of(arena, &seed, 40);
        break;
    case TYPE_DATE:
        value.integer = number % 1000000;
        break;
    case TYPE_TIME:
        value.integer = (int64_t)((uint64_t)number % 86400000000u);
        break;
    case TYPE_UUID:
        for (int i = 0; i < 16; i++)
            value.uuid[i] = (uint8_t)next_random(&seed);
        break;
    default: /* TIMESTAMP, DATETIME */
        value.integer = number % INT64_C(100000000000000000);
        break;
    }
    return value;
}

static size_t row_width; /* of the rows that compare_rows() sorts; the key is the first value */

static int compare_rows(const void *left, const void *right)
{
    CLEANUP(arena_done) Arena arena = {0};
    return str_compare(key_of(&arena, left), key_of(&arena, right));
}

/* Random rows of distinct keys, in key order. */
static void fill_random(AnyTable *any, size_t count)
{
    Arena *arena = &fixture.ctx.arena;
    row_width = any->column_count;
    any->rows = ARENA_ARRAY(arena, Value, count * any->column_count);
    for (size_t i = 0; i < count * any->column_count; i++) {
        TypeKind kind = any->columns[i % any->column_count].type.kind;
        do
            any->rows[i] = random_typed(arena, kind);
        while (i % any->column_count == 0 && value_is_null(&any->rows[i]));
    }
    qsort(any->rows, count, sizeof(Value) * row_width, compare_rows);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (kept == 0 ||
            compare_rows(&any->rows[(kept - 1) * row_width], &any->rows[i * row_width]) != 0)
            memmove(&any->rows[kept++ * row_width],
                    &any->rows[i * row_width],
                    sizeof(Value) * row_width);
    any->row_count = kept;
}

static const Column ALL_TYPES[] = {
    {.id = 1, .name = STR_INIT("key"), .type = {.kind = TYPE_BIGINT}, .primary_key = true},
    COLUMN(2, "a", TYPE_BOOLEAN),
    COLUMN(3, "b", TYPE_SMALLINT),
    COLUMN(4, "c", TYPE_INT),
    COLUMN(5, "d", TYPE_FLOAT),
    COLUMN(6, "e", TYPE_DOUBLE),
    {.id = 7, .name = STR_INIT("f"), .type = {TYPE_DECIMAL, 38, 10}},
    COLUMN(8, "g", TYPE_TEXT),
    COLUMN(9, "h", TYPE_JSON),
    COLUMN(10, "i", TYPE_BYTES),
    COLUMN(11, "j", TYPE_DATE),
    COLUMN(12, "k", TYPE_TIME),
    COLUMN(13, "l", TYPE_TIMESTAMP),
    COLUMN(14, "m", TYPE_DATETIME),
    COLUMN(15, "n", TYPE_UUID),
};
enum { ALL_TYPES_COUNT = sizeof(ALL_TYPES) / sizeof(ALL_TYPES[0]) };

static void values_of_every_type_come_back(void **state)
{
    (void)state;
    AnyTable any = {.columns = ALL_TYPES, .column_count = ALL_TYPES_COUNT};
    fill_random(&any, 3000);
    make_cold(&any, "all_types");
    CLEANUP(cold_view_close) ColdView *view = open_view(&any);
    CLEANUP(cold_scan_close) ColdScan *scan = cold_scan_open(view, &(ColdScanOptions){0});
    Str key;
    StoredRow row;
    for (size_t i = 0; i < any.row_count; i++) {
        assert_true(cold_scan_next(&fixture.ctx, scan, &key, &row));
        assert_row(&any, i, view->table, &row);
    }
    assert_false(cold_scan_next(&fixture.ctx, scan, &key, &row));
    assert_int_equal(cold_scan_status(&fixture.ctx, scan), STATUS_OK);
}

/* ---- every type as a key: order, ranges, look-ups ---- */

static size_t scan_range(const AnyTable *any, ColdView *view, size_t from, size_t to, bool reverse)
{
    CLEANUP(context_done) Context ctx = {0};
    ColdScanOptions options = {.reverse = reverse};
    if (from > 0)
        options.key_lower = key_of(&ctx.arena, &any->rows[from * any->column_count]);
    if (to < any->row_count)
        options.key_upper = key_of(&ctx.arena, &any->rows[to * any->column_count]);
    CLEANUP(cold_scan_close) ColdScan *scan = cold_scan_open(view, &options);
    Str key;
    StoredRow row;
    size_t count = 0;
    while (cold_scan_next(&ctx, scan, &key, &row)) {
        size_t index = reverse ? to - 1 - count : from + count;
        assert_in_range(index, from, to - 1);
        assert_row(any, index, view->table, &row);
        count++;
    }
    assert_int_equal(cold_scan_status(&ctx, scan), STATUS_OK);
    return count;
}

static void find_some(const AnyTable *any, ColdView *view, size_t step)
{
    CLEANUP(context_done) Context ctx = {0};
    size_t count = 0;
    Str *keys = ARENA_ARRAY(&ctx.arena, Str, any->row_count);
    StoredRow *rows = ARENA_ARRAY(&ctx.arena, StoredRow, any->row_count);
    bool *found = ARENA_ARRAY(&ctx.arena, bool, any->row_count);
    for (size_t i = 0; i < any->row_count; i += step)
        keys[count++] = key_of(&ctx.arena, &any->rows[i * any->column_count]);
    assert_int_equal(cold_find(&ctx, view, keys, count, rows, found), STATUS_OK);
    for (size_t i = 0; i < count; i++) {
        assert_true(found[i]);
        assert_row(any, i * step, view->table, &rows[i]);
    }
}

static void a_key_of_any_type_gives_order_ranges_and_lookups(void **state)
{
    (void)state;
    static const TypeKind KINDS[] = {TYPE_SMALLINT,
                                     TYPE_INT,
                                     TYPE_BIGINT,
                                     TYPE_DOUBLE,
                                     TYPE_DECIMAL,
                                     TYPE_TEXT,
                                     TYPE_BYTES,
                                     TYPE_DATE,
                                     TYPE_TIME,
                                     TYPE_TIMESTAMP,
                                     TYPE_DATETIME,
                                     TYPE_UUID};
    for (size_t k = 0; k < sizeof(KINDS) / sizeof(KINDS[0]); k++) {
        char name[16];
        Column columns[] = {{.id = 1, .name = STR("key"), .primary_key = true},
                            {.id = 2, .name = STR("body"), .type = TYPE(TEXT)}};
        columns[0].type.kind = KINDS[k];
        if (KINDS[k] == TYPE_DECIMAL)
            columns[0].type = (Type){TYPE_DECIMAL, 38, 10};
        AnyTable any = {.columns = columns, .column_count = 2};
        fill_random(&any, 500);
        snprintf(name, sizeof(name), "key_%d", KINDS[k]);
        make_cold(&any, name);
        CLEANUP(cold_view_close) ColdView *view = open_view(&any);
        assert_int_equal(scan_range(&any, view, 0, any.row_count, false), any.row_count);
        assert_int_equal(scan_range(&any, view, 0, any.row_count, true), any.row_count);
        for (int i = 0; i < 5; i++) {
            size_t from = next_random(&seed) % (any.row_count - 1);
            size_t to = from + 1 + next_random(&seed) % (any.row_count - from - 1);
            assert_int_equal(scan_range(&any, view, from, to, false), to - from);
            assert_int_equal(scan_range(&any, view, from, to, true), to - from);
        }
        find_some(&any, view, 1);             /* a relation of keys */
        find_some(&any, view, 25);            /* parameters */
        find_some(&any, view, any.row_count); /* one */
    }
}

/* ---- many row groups ---- */

static const Column TWO_COLUMNS[] = {
    {.id = 1, .name = STR_INIT("key"), .type = {.kind = TYPE_BIGINT}, .primary_key = true},
    COLUMN(2, "body", TYPE_TEXT),
};

static void many_row_groups_keep_their_order_both_ways(void **state)
{
    (void)state;
    AnyTable any = {.columns = TWO_COLUMNS, .column_count = 2};
    fill_random(&any, MANY_ROWS);
    make_cold(&any, "many");
    CLEANUP(cold_view_close) ColdView *view = open_view(&any);
    assert_int_equal(scan_range(&any, view, 0, any.row_count, false), any.row_count);
    assert_int_equal(scan_range(&any, view, 0, any.row_count, true), any.row_count);
    assert_int_equal(scan_range(&any, view, 10, 30000, true), 29990);
    assert_int_equal(scan_range(&any, view, 30000, 30005, false), 5);
}

static void only_later_versions_and_wanted_columns_come_when_asked_for(void **state)
{
    (void)state;
    AnyTable any = {.columns = TWO_COLUMNS, .column_count = 2};
    fill_random(&any, 300);
    make_cold(&any, "later");
    CLEANUP(cold_view_close) ColdView *view = open_view(&any);
    static const bool KEY_ONLY[] = {true, false};
    ColdScanOptions options = {.after_seq = any.seqs[100], .wanted_columns = KEY_ONLY};
    CLEANUP(cold_scan_close) ColdScan *scan = cold_scan_open(view, &options);
    Str key;
    StoredRow row;
    size_t count = 0;
    for (; cold_scan_next(&fixture.ctx, scan, &key, &row); count++) {
        Value values[2];
        assert_true(row.seq > any.seqs[100]);
        assert_int_equal(row_decode(&fixture.ctx, row.row, &view->table->layout, values),
                         STATUS_OK);
        assert_true(value_is_null(&values[1]));
    }
    assert_int_equal(count, any.row_count - 101);
}

/* ---- files that others read ---- */

/* The text's % is the file. */
static int64_t one_number(Str text, Str path)
{
    CLEANUP(duck_result_close) DuckResult *result = NULL;
    CLEANUP(buf_done) Buf sql = {0};
    const Value *values;
    size_t at = str_find_byte(text, '%');
    buf_append(&sql, text.ptr, at);
    sql_text(&sql, path);
    buf_append(&sql, text.ptr + at + 1, text.len - at - 1);
    DuckStatement statement = {.sql = buf_str(&sql)};
    assert_int_equal(duck_query(&fixture.ctx, fixture.duck, &statement, &result), STATUS_OK);
    assert_int_equal(duck_result_next(&fixture.ctx, result, &values), STATUS_OK);
    assert_non_null(values);
    return values[0].integer;
}

static void a_file_means_the_same_to_somebody_who_only_has_duckdb(void **state)
{
    (void)state;
    AnyTable any = {.columns = TWO_COLUMNS, .column_count = 2};
    fill_random(&any, MANY_ROWS);
    make_cold(&any, "foreign");
    Str path = file_path(&any);
    int64_t count = (int64_t)any.row_count;
    const Value *last = &any.rows[(any.row_count - 1) * any.column_count];
    assert_int_equal(
        one_number(STR("SELECT count(*) FROM read_parquet(%) WHERE NOT _deleted"), path), count);
    assert_int_equal(one_number(STR("SELECT max(_seq) FROM read_parquet(%)"), path),
                     any.seqs[any.row_count - 1]);
    assert_int_equal(one_number(STR("SELECT max(key) FROM read_parquet(%)"), path), last->integer);
    /* Row groups of 20,480, zstd, our column ids, sorted by key. */
    assert_int_equal(
        one_number(STR("SELECT count(DISTINCT row_group_id) FROM parquet_metadata(%)"), path),
        (count + ROW_GROUP_ROWS - 1) / ROW_GROUP_ROWS);
    assert_int_equal(
        one_number(STR("SELECT count(*) FROM parquet_metadata(%) WHERE compression <> 'ZSTD'"),
                   path),
        0);
    assert_int_equal(
        one_number(STR("SELECT field_id FROM parquet_schema(%) WHERE name = 'body'"), path), 2);
    assert_int_equal(
        one_number(STR("SELECT count(*) FROM parquet_kv_metadata(%) WHERE "
                       "key::VARCHAR = 'kalamdb.table' AND value::VARCHAR = 'default.foreign'"),
                   path),
        1);
    assert_int_equal(
        one_number(STR("SELECT count(*) FROM (SELECT key, lag(key) OVER (ORDER BY file_row_number) "
                       "AS before FROM read_parquet(%, file_row_number = true)) "
                       "WHERE key <= before"),
                   path),
        0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_of_every_type_come_back),
        cmocka_unit_test(a_key_of_any_type_gives_order_ranges_and_lookups),
        cmocka_unit_test(many_row_groups_keep_their_order_both_ways),
        cmocka_unit_test(only_later_versions_and_wanted_columns_come_when_asked_for),
        cmocka_unit_test(a_file_means_the_same_to_somebody_who_only_has_duckdb),
    };
    seed = test_seed();
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("cold_scan", tests, open_fixture, close_fixture);
}
