/* SPDX-License-Identifier: Apache-2.0 */
#include "duck/duck.h"

#include "../value/random_values.h"
#include "base/memory.h"

#include <pthread.h>
#include <unistd.h>

static DuckEngine *engine;
static char root[64];

static int set_up(void **state)
{
    snprintf(root, sizeof(root), "/tmp/kalamdb-duck-XXXXXX");
    if (!mkdtemp(root))
        return -1;
    DuckOptions options = {.memory_bytes = 128 << 20};
    engine = duck_engine_new(&options);
    duck_engine_allow(engine, str_from_c(root));
    return dice_seed(state);
}

static int tear_down(void **state)
{
    (void)state;
    char command[128];
    duck_engine_free(TAKE(engine));
    snprintf(command, sizeof(command), "rm -rf '%s'", root);
    return system(command);
}

/* ---- sources ---- */

/* Rows of an array, or numbers counted up; may fail at one row. */
typedef struct TestSource {
    DuckSource source;
    const Value *rows;
    uint64_t row_count;
    uint64_t fail_at; /* 0 = never */
    uint64_t row;
    Value number;
    bool endless;
    bool is_open;
    int open_count, close_count, copy_count;
    uint64_t read_count;
    bool wanted[32];
} TestSource;

static Status test_open(DuckSource *source, Context *ctx, const bool *wanted)
{
    TestSource *test = (TestSource *)source;
    (void)ctx;
    assert_false(test->is_open);
    test->is_open = true;
    test->open_count++;
    test->row = 0;
    memcpy(test->wanted, wanted, source->column_count);
    return STATUS_OK;
}

static Status test_next(DuckSource *source, Context *ctx, const Value **ret_values)
{
    TestSource *test = (TestSource *)source;
    if (test->fail_at && test->row + 1 == test->fail_at)
        return (fail)(ctx, STATUS_CORRUPT, "row %llu is broken", (unsigned long long)test->fail_at);
    *ret_values = NULL;
    if (test->row >= test->row_count)
        return STATUS_OK;
    test->read_count++;
    test->number = value_bigint((int64_t)test->row);
    *ret_values = test->rows ? &test->rows[test->row * source->column_count] : &test->number;
    test->row++;
    return STATUS_OK;
}

static void test_close(DuckSource *source)
{
    TestSource *test = (TestSource *)source;
    assert_true(test->is_open);
    test->is_open = false;
    test->close_count++;
}

static DuckSource *test_copy(DuckSource *source)
{
    TestSource *copy = mem_dup(source, sizeof(TestSource));
    copy->is_open = false;
    ((TestSource *)source)->copy_count++;
    return &copy->source;
}

static void test_free_copy(DuckSource *source)
{
    assert_false(((TestSource *)source)->is_open);
    free(source);
}

static const DuckColumn NUMBER_COLUMN = {STR_INIT("n"), {.kind = TYPE_BIGINT}};

static TestSource numbers(uint64_t count)
{
    return (TestSource){
        .source = {.columns = &NUMBER_COLUMN,
                   .column_count = 1,
                   .estimated_rows = count,
                   .open = test_open,
                   .next = test_next,
                   .close = test_close},
        .row_count = count,
    };
}

/* ---- statements ---- */

static Status start(Context *ctx, const char *sql, TestSource *source, DuckResult **ret_result)
{
    DuckSource *sources[] = {source ? &source->source : NULL};
    DuckStatement statement = {
        .sql = str_from_c(sql), .sources = sources, .source_count = source ? 1 : 0};
    return duck_query(ctx, engine, &statement, ret_result);
}

static Status run_to_end(Context *ctx, const char *sql, TestSource *source, uint64_t *ret_rows)
{
    CLEANUP(duck_result_close) DuckResult *result = NULL;
    const Value *values;
    *ret_rows = 0;
    TRY(start(ctx, sql, source, &result));
    for (;;) {
        TRY(duck_result_next(ctx, result, &values));
        if (!values)
            return STATUS_OK;
        ++*ret_rows;
    }
}

/* The only value of the only row, as text. */
static const char *answer(const char *sql, TestSource *source)
{
    static char text[256];
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(duck_result_close) DuckResult *result = NULL;
    const Value *values;
    Status status = start(&ctx, sql, source, &result);
    if (status == STATUS_OK)
        status = duck_result_next(&ctx, result, &values);
    if (status != STATUS_OK) {
        snprintf(text, sizeof(text), "%s: %.*s", status_info(status)->name, STR_ARG(ctx.message));
        return text;
    }
    Str value = value_to_text(&ctx.arena, &values[0]);
    snprintf(text, sizeof(text), "%.*s", STR_ARG(value));
    return text;
}

static void nothing_is_loaded_before_the_first_statement(void **state)
{
    (void)state;
    assert_false(duck_engine_is_loaded(engine));
    assert_string_equal(answer("SELECT 40 + 2", NULL), "42");
    assert_true(duck_engine_is_loaded(engine));
}

/* ---- types ---- */

/* Valid ones: text is UTF-8, dates and times exist. */
static Value column_value(Arena *arena, Type type)
{
    static const char *const TEXTS[] = {"",
                                        "a",
                                        "abc\xc3\xa4",
                                        "0123456789ab",
                                        "0123456789abc",
                                        "a long text, longer than twelve bytes \xf0\x9f\x8e\x89"};
    if (dice_below(6) == 0)
        return VALUE_NULL;
    Value value = random_value(arena, type);
    if (type.kind == TYPE_TEXT)
        value.text = str_from_c(TEXTS[dice_below(6)]);
    if (type.kind == TYPE_JSON)
        value.text = dice_below(2) ? STR("{\"a\": [1, 2.50, null]}") : STR("7");
    if (type.kind == TYPE_TEXT && dice_below(9) == 0)
        value.text = STR("zero\0within");
    if (type.kind == TYPE_DATE)
        value.integer = dice_below(4) ? value.integer % DATE_MAX_DAYS : DATE_MIN_DAYS;
    if (type.kind == TYPE_TIME)
        value.integer = (int64_t)dice_below((uint64_t)US_PER_DAY);
    if (type.kind == TYPE_TIMESTAMP || type.kind == TYPE_DATETIME)
        value.integer = dice_below(4) ? value.integer % TIMESTAMP_MAX_US : TIMESTAMP_MIN_US;
    return value;
}

static void check_row(const Value *expected, const Value *got, const DuckColumn *columns, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool same = expected[i].kind == TYPE_NULL ? got[i].kind == TYPE_NULL
                                                  : same_value(&expected[i], &got[i]);
        if (!same) {
            CLEANUP(arena_done) Arena arena = {0};
            Str a = value_to_text(&arena, &expected[i]), b = value_to_text(&arena, &got[i]);
            fail_msg("%.*s: '%.*s' became '%.*s'",
                     STR_ARG(type_to_sql(&arena, columns[i].type)),
                     STR_ARG(a),
                     STR_ARG(b));
        }
    }
}

static void every_type_passes_through_a_source(void **state)
{
    (void)state;
    for (int round = 0; round < 20; round++) {
        CLEANUP(context_done) Context ctx = {0};
        DuckColumn columns[12];
        size_t count = 1 + (size_t)dice_below(12), row_count = (size_t)dice_below(5000);
        for (size_t i = 0; i < count; i++) {
            columns[i].name = arena_printf(&ctx.arena, "c%zu", i);
            columns[i].type = random_type();
        }
        Value *rows = ARENA_ARRAY(&ctx.arena, Value, row_count * count + 1);
        for (size_t i = 0; i < row_count * count; i++)
            rows[i] = column_value(&ctx.arena, columns[i % count].type);
        TestSource source = numbers(row_count);
        source.source.columns = columns;
        source.source.column_count = count;
        source.rows = rows;

        CLEANUP(duck_result_close) DuckResult *result = NULL;
        const Value *values;
        assert_int_equal(start(&ctx, "FROM kalam_source(0)", &source, &result), STATUS_OK);
        assert_int_equal(duck_result_column_count(result), count);
        for (size_t i = 0; i < count; i++) {
            assert_true(str_equal(duck_result_columns(result)[i].name, columns[i].name));
            assert_true(type_equal(duck_result_columns(result)[i].type, columns[i].type));
        }
        for (size_t row = 0; row < row_count; row++) {
            assert_int_equal(duck_result_next(&ctx, result, &values), STATUS_OK);
            assert_non_null(values);
            check_row(&rows[row * count], values, columns, count);
        }
        assert_int_equal(duck_result_next(&ctx, result, &values), STATUS_OK);
        assert_null(values);
        assert_int_equal(duck_result_next(&ctx, result, &values), STATUS_OK);
        assert_null(values);
        assert_false(source.is_open);
    }
}

static void every_type_passes_as_a_parameter(void **state)
{
    (void)state;
    for (int round = 0; round < 400; round++) {
        CLEANUP(context_done) Context ctx = {0};
        DuckColumn column = {.type = random_type()};
        Value value = column_value(&ctx.arena, column.type);
        Str type = duck_type_sql(&ctx.arena, column.type);
        CLEANUP(buf_done) Buf sql = {0};
        buf_printf(&sql, "SELECT CAST($1 AS %.*s)", STR_ARG(type));
        DuckStatement statement = {
            .sql = buf_str(&sql), .parameters = &value, .parameter_count = 1};
        CLEANUP(duck_result_close) DuckResult *result = NULL;
        const Value *values;
        Status status = duck_query(&ctx, engine, &statement, &result);
        if (status != STATUS_OK)
            fail_msg("%.*s: %.*s", STR_ARG(type), STR_ARG(ctx.message));
        assert_int_equal(duck_result_next(&ctx, result, &values), STATUS_OK);
        check_row(&value, values, &column, 1);
    }
}

static void types_that_are_not_ours_come_as_the_nearest_or_not_at_all(void **state)
{
    (void)state;
    assert_string_equal(answer("SELECT 7::TINYINT", NULL), "7");
    assert_string_equal(answer("SELECT 18446744073709551615::UBIGINT", NULL),
                        "18446744073709551615");
    assert_string_equal(
        answer("SELECT CAST('-10000000000000000000000000000000000000' AS HUGEINT)", NULL),
        "-10000000000000000000000000000000000000");
    assert_string_equal(
        answer("SELECT 170141183460469231731687303715884105727::HUGEINT AS big", NULL),
        "OUT_OF_RANGE: a number in column \"big\" has more than 38 digits");
    assert_string_equal(answer("SELECT [1, 2] AS list", NULL),
                        "UNSUPPORTED: column \"list\" of the result has a type that does not exist "
                        "here");
    assert_string_equal(answer("SELECT NULL", NULL), "");
}

static void text_that_is_not_utf8_is_refused(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(duck_result_close) DuckResult *result = NULL;
    Value bad = value_text(STR("a\xff"));
    DuckStatement statement = {
        .sql = STR("SELECT CAST($1 AS TEXT)"), .parameters = &bad, .parameter_count = 1};
    assert_int_equal(duck_query(&ctx, engine, &statement, &result), STATUS_INVALID_VALUE);

    static const DuckColumn column = {STR_INIT("t"), {.kind = TYPE_TEXT}};
    TestSource source = numbers(1);
    source.source.columns = &column;
    source.rows = &bad;
    assert_string_equal(answer("SELECT t FROM kalam_source(0)", &source),
                        "INVALID_VALUE: column \"t\" holds text that is not UTF-8");
    assert_int_equal(source.open_count, source.close_count);
}

/* ---- sources ---- */

static void a_source_hears_which_columns_are_wanted(void **state)
{
    (void)state;
    static const DuckColumn columns[] = {{STR_INIT("a"), {.kind = TYPE_INT}},
                                         {STR_INIT("b"), {.kind = TYPE_TEXT}},
                                         {STR_INIT("Odd \"name\""), {.kind = TYPE_BOOLEAN}}};
    Value rows[] = {value_integer(TYPE_INT, 1), VALUE_NULL, value_boolean(true)};
    TestSource source = numbers(1);
    source.source.columns = columns;
    source.source.column_count = 3;
    source.rows = rows;
    assert_string_equal(answer("SELECT \"Odd \"\"name\"\"\" FROM kalam_source(0)", &source),
                        "true");
    assert_false(source.wanted[0] || source.wanted[1]);
    assert_true(source.wanted[2]);
    assert_string_equal(answer("SELECT count(*) FROM kalam_source(0) WHERE a = 1", &source), "1");
    assert_true(source.wanted[0]);
    assert_false(source.wanted[1] || source.wanted[2]);
    assert_string_equal(answer("SELECT count(*) FROM kalam_source(0)", &source), "1");
}

static void long_results_come_in_chunks_and_are_not_kept(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(duck_result_close) DuckResult *result = NULL;
    TestSource source = numbers(5000000);
    const Value *values;
    assert_int_equal(start(&ctx, "SELECT n FROM kalam_source(0)", &source, &result), STATUS_OK);
    for (int64_t i = 0; i < 10000; i++) {
        assert_int_equal(duck_result_next(&ctx, result, &values), STATUS_OK);
        assert_int_equal(values[0].integer, i);
    }
    usleep(50000); /* time to run ahead */
    assert_true(source.read_count < 1000000);
}

static void a_result_may_be_closed_early(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    for (int rows = 0; rows < 5000; rows += 1700) {
        DuckResult *result = NULL;
        TestSource source = numbers(100000);
        const Value *values;
        assert_int_equal(start(&ctx, "SELECT n FROM kalam_source(0)", &source, &result), STATUS_OK);
        for (int i = 0; i < rows; i++)
            assert_int_equal(duck_result_next(&ctx, result, &values), STATUS_OK);
        duck_result_close(result);
        assert_false(source.is_open);
        assert_int_equal(source.open_count, source.close_count);
    }
}

static void a_failing_source_is_heard_in_its_own_words(void **state)
{
    (void)state;
    static const char *const SQL[] = {
        "SELECT n FROM kalam_source(0)",
        "SELECT sum(n) FROM kalam_source(0)",
        "SELECT a.n FROM kalam_source(0) a ORDER BY n DESC",
    };
    for (size_t i = 0; i < 3; i++) {
        for (uint64_t at = 1; at < 10000; at += 3000) {
            CLEANUP(context_done) Context ctx = {0};
            TestSource source = numbers(20000);
            uint64_t rows;
            source.fail_at = at;
            assert_int_equal(run_to_end(&ctx, SQL[i], &source, &rows), STATUS_CORRUPT);
            assert_true(str_ends_with(ctx.message, STR("is broken")));
            assert_false(source.is_open);
        }
    }
}

static void a_source_is_scanned_again_for_every_step_of_a_recursion(void **state)
{
    (void)state;
    TestSource source = numbers(100);
    source.source.copy = test_copy;
    source.source.free_copy = test_free_copy;
    assert_string_equal(answer("WITH RECURSIVE up AS (SELECT 0::BIGINT AS n UNION ALL"
                               " SELECT s.n FROM up JOIN kalam_source(0) s ON s.n = up.n + 1)"
                               " SELECT sum(n) FROM up",
                               &source),
                        "4950");
    assert_true(source.open_count + source.copy_count >= 100);
    assert_int_equal(source.open_count, source.close_count);
}

static void a_source_is_copied_when_it_is_read_twice_at_a_time(void **state)
{
    (void)state;
    const char *sql = "SELECT sum(a.n + b.n) FROM (SELECT * FROM kalam_source(0) LIMIT 5) a,"
                      " kalam_source(0) b";
    TestSource source = numbers(10);
    source.source.copy = test_copy;
    source.source.free_copy = test_free_copy;
    assert_string_equal(answer(sql, &source), "325");
    assert_string_equal(answer("SELECT count(*) FROM (FROM kalam_source(0) UNION ALL"
                               " FROM kalam_source(0))",
                               &source),
                        "20");
    assert_false(source.is_open);
}

static void a_source_is_reached_from_its_own_statement_only(void **state)
{
    (void)state;
    TestSource source = numbers(1);
    const char *refused = "UNSUPPORTED: this form of query is not supported";
    assert_non_null(strstr(answer("FROM kalam_source(0)", NULL), refused));
    assert_non_null(strstr(answer("FROM kalam_source(1)", &source), refused));
    assert_non_null(strstr(answer("FROM kalam_source(-1)", &source), refused));
}

/* ---- functions ---- */

static Status twice(const void *data, Context *ctx, const Value *arguments, Value *ret_value)
{
    int64_t limit = *(const int64_t *)data;
    if (value_is_null(&arguments[0])) {
        *ret_value = value_bigint(-1);
        return STATUS_OK;
    }
    if (arguments[0].integer > limit)
        return (fail)(ctx, STATUS_OUT_OF_RANGE, "more than %lld", (long long)limit);
    *ret_value = value_bigint(arguments[0].integer * 2);
    return STATUS_OK;
}

static Status glue(const void *data, Context *ctx, const Value *arguments, Value *ret_value)
{
    (void)data;
    *ret_value = value_text(arena_printf(
        &ctx->arena, "%.*s-%lld", STR_ARG(arguments[0].text), (long long)arguments[1].integer));
    return STATUS_OK;
}

static const char *call(const char *sql)
{
    static char text[256];
    static const int64_t limit = 20000;
    static const DuckFunction functions[] = {
        {.result = {.kind = TYPE_BIGINT}, .data = &limit, .eval = twice},
        {.result = {.kind = TYPE_TEXT}, .eval = glue},
    };
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(duck_result_close) DuckResult *result = NULL;
    DuckStatement statement = {.sql = str_from_c(sql), .functions = functions, .function_count = 2};
    const Value *values;
    Status status = duck_query(&ctx, engine, &statement, &result);
    if (status == STATUS_OK)
        status = duck_result_next(&ctx, result, &values);
    if (status != STATUS_OK) {
        snprintf(text, sizeof(text), "%s: %.*s", status_info(status)->name, STR_ARG(ctx.message));
        return text;
    }
    Str value = value_to_text(&ctx.arena, &values[0]);
    snprintf(text, sizeof(text), "%.*s", STR_ARG(value));
    return text;
}

static void our_functions_are_called_for_each_row(void **state)
{
    (void)state;
    assert_string_equal(call("SELECT sum(kalam_call_bigint(0, range)) FROM range(10000)"),
                        "99990000");
    assert_string_equal(call("SELECT kalam_call_bigint(0, NULL)"), "-1");
    assert_string_equal(call("SELECT kalam_call_text(1, 'a long text, not inlined', 7::BIGINT)"),
                        "a long text, not inlined-7");
    assert_string_equal(call("SELECT max(kalam_call_text(1, CASE WHEN range % 2 = 0 THEN 'x' END,"
                             " range)) FROM range(5000)"),
                        "x-998");
    assert_string_equal(call("SELECT sum(kalam_call_bigint(0, range)) FROM range(30000)"),
                        "OUT_OF_RANGE: more than 20000");
    assert_string_equal(call("SELECT kalam_call_bigint(7, 1)"),
                        "INTERNAL: there is no such function");
    assert_string_equal(call("SELECT kalam_call_bigint(-1, 1)"),
                        "INTERNAL: there is no such function");
}

/* ---- ending ---- */

static const char ENDLESS[] = "WITH RECURSIVE up AS (SELECT 0::BIGINT AS n UNION ALL"
                              " SELECT n + 1 FROM up) SELECT count(*) FROM up";

static void *cancel_soon(void *data)
{
    usleep(100000);
    atomic_store(&((Context *)data)->cancelled, true);
    return NULL;
}

static void an_endless_recursion_ends_soon_after_it_is_cancelled(void **state)
{
    (void)state;
    static const char *const SQL[] = {
        ENDLESS,
        "SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE a.range + b.range = 7",
        "SELECT count(*) FROM kalam_source(0) a, range(1000000) b WHERE a.n + b.range = -1",
    };
    for (size_t i = 0; i < 3; i++) {
        CLEANUP(context_done) Context ctx = {0};
        TestSource source = numbers(UINT64_MAX);
        uint64_t rows;
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, cancel_soon, &ctx), 0);
        int64_t before = clock_monotonic_us();
        assert_int_equal(run_to_end(&ctx, SQL[i], &source, &rows), STATUS_CANCELLED);
        int64_t took_ms = (clock_monotonic_us() - before) / 1000;
        pthread_join(thread, NULL);
        printf("# cancelled after 100 ms, ended after %lld ms\n", (long long)took_ms);
        assert_in_range(took_ms, 90, 1000); /* 100 and a few, but for a busy machine */
        assert_false(source.is_open);
    }
}

static void a_deadline_ends_a_statement(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {.deadline_us = clock_monotonic_us() + 100000};
    uint64_t rows;
    assert_int_equal(run_to_end(&ctx, ENDLESS, NULL, &rows), STATUS_TIMEOUT);
    assert_true(clock_monotonic_us() - ctx.deadline_us < 1000000);
}

/* ---- errors and the lock ---- */

static void memory_is_bounded(void **state)
{
    (void)state;
    const char *text = "MEMORY_LIMIT: the statement needs more memory than duckdb.memory_limit "
                       "leaves it";
    assert_string_equal(answer("SELECT count(*) FROM (SELECT DISTINCT range AS r FROM"
                               " range(100000000))",
                               NULL),
                        text);
    assert_string_equal(answer("SELECT 1", NULL), "1");
}

static void errors_have_our_codes(void **state)
{
    (void)state;
    assert_non_null(strstr(answer("SELECT sum(i) FROM (SELECT 9223372036854775807::BIGINT + i AS i"
                                  " FROM range(2) t(i))",
                                  NULL),
                           "OUT_OF_RANGE: the result is out of range for BIGINT"));
    assert_non_null(strstr(answer("SELECT CAST('x' AS INT)", NULL), "INVALID_VALUE: "));
    assert_non_null(strstr(answer("SELEC 1", NULL), "INTERNAL: "));
}

static void a_locked_engine_reads_nothing_else(void **state)
{
    (void)state;
    static const char *const HOSTILE[] = {
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM glob('/etc/*')",
        "COPY (SELECT 1) TO '/tmp/kalamdb-duck-escaped.csv'",
        "ATTACH '/tmp/kalamdb-duck-escaped.db'",
        "SET memory_limit = '100GB'",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "INSTALL httpfs",
        "LOAD '/tmp/x.duckdb_extension'",
        "SELECT 1; SELECT 2",
    };
    for (size_t i = 0; i < sizeof(HOSTILE) / sizeof(*HOSTILE); i++) {
        CLEANUP(context_done) Context ctx = {0};
        uint64_t rows;
        if (run_to_end(&ctx, HOSTILE[i], NULL, &rows) == STATUS_OK)
            fail_msg("%s ran", HOSTILE[i]);
    }
    assert_int_not_equal(access("/tmp/kalamdb-duck-escaped.csv", F_OK), 0);
    assert_int_not_equal(access("/tmp/kalamdb-duck-escaped.db", F_OK), 0);
}

static void parquet_is_written_and_read_in_its_directories(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    TestSource source = numbers(50000);
    DuckSource *sources[] = {&source.source};
    CLEANUP(buf_done) Buf sql = {0};
    buf_printf(&sql,
               "COPY (SELECT * FROM kalam_source(0)) TO '%s/x.parquet' (FORMAT parquet,"
               " COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE 20480)",
               root);
    DuckStatement copy = {.sql = buf_str(&sql), .sources = sources, .source_count = 1};
    uint64_t rows;
    assert_int_equal(duck_execute(&ctx, engine, &copy, &rows), STATUS_OK);
    assert_int_equal(rows, 50000);
    buf_clear(&sql);
    buf_printf(&sql, "SELECT sum(n) FROM read_parquet(['%s/x.parquet'])%c", root, '\0');
    assert_string_equal(answer(sql.ptr, NULL), "1249975000");
}

static void a_directory_may_be_allowed_later(void **state)
{
    (void)state;
    CLEANUP(buf_done) Buf sql = {0};
    buf_printf(&sql, "SELECT count(*) FROM glob('%s-b/*')%c", root, '\0');
    assert_non_null(strstr(answer(sql.ptr, NULL), "IO_ERROR"));
    char other[80];
    snprintf(other, sizeof(other), "%s-b", root);
    duck_engine_allow(engine, str_from_c(other));
    assert_string_equal(answer(sql.ptr, NULL), "0");
}

static void a_missing_library_is_named(void **state)
{
    (void)state;
    DuckOptions options = {.library = STR("/nowhere/libduckdb.so")};
    CLEANUP(duck_engine_free) DuckEngine *other = duck_engine_new(&options);
    CLEANUP(context_done) Context ctx = {0};
    DuckStatement statement = {.sql = STR("SELECT 1")};
    DuckResult *result = NULL;
    assert_int_equal(duck_query(&ctx, other, &statement, &result), STATUS_IO_ERROR);
    assert_non_null(strstr(arena_str(&ctx.arena, ctx.message).ptr, "/nowhere/libduckdb.so"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        /* First: the library is loaded once for the process. */
        cmocka_unit_test(a_missing_library_is_named),
        cmocka_unit_test(nothing_is_loaded_before_the_first_statement),
        cmocka_unit_test(every_type_passes_through_a_source),
        cmocka_unit_test(every_type_passes_as_a_parameter),
        cmocka_unit_test(types_that_are_not_ours_come_as_the_nearest_or_not_at_all),
        cmocka_unit_test(text_that_is_not_utf8_is_refused),
        cmocka_unit_test(a_source_hears_which_columns_are_wanted),
        cmocka_unit_test(long_results_come_in_chunks_and_are_not_kept),
        cmocka_unit_test(a_result_may_be_closed_early),
        cmocka_unit_test(a_failing_source_is_heard_in_its_own_words),
        cmocka_unit_test(a_source_is_scanned_again_for_every_step_of_a_recursion),
        cmocka_unit_test(a_source_is_copied_when_it_is_read_twice_at_a_time),
        cmocka_unit_test(a_source_is_reached_from_its_own_statement_only),
        cmocka_unit_test(our_functions_are_called_for_each_row),
        cmocka_unit_test(an_endless_recursion_ends_soon_after_it_is_cancelled),
        cmocka_unit_test(a_deadline_ends_a_statement),
        cmocka_unit_test(memory_is_bounded),
        cmocka_unit_test(errors_have_our_codes),
        cmocka_unit_test(a_locked_engine_reads_nothing_else),
        cmocka_unit_test(parquet_is_written_and_read_in_its_directories),
        cmocka_unit_test(a_directory_may_be_allowed_later),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("duck", tests, set_up, tear_down);
}
