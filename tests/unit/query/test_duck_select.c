/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What DuckDB answers for us.
 *
 * The own executor is the model: random statements over all types run in both,
 * and must give the same to the letter, or fail with the same status.  What the
 * own executor cannot run is tested by example here and in tests/sql.
 */
#include "query_fixture.h"

#include "base/clock.h"

#include <stdlib.h>
#include <unistd.h>

enum { ROWS = 60, ROUNDS = 500, LONG_ROUNDS = 20000, DEPTH = 3 };

static QueryFixture fixture;
static QueryFixture *const f = &fixture;
static uint64_t random_state;

/* xorshift64* (Vigna 2014) */
static int below(int bound)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (int)((random_state * 0x2545f4914f6cdd1du) >> 33) % bound;
}

#define PICK(array) ((array)[below((int)(sizeof(array) / sizeof(*(array))))])

/* ---- rows ---- */

static const char *const COLUMNS =
    "id BIGINT PRIMARY KEY, si SMALLINT, i INT, b BIGINT, f FLOAT, d DOUBLE, n DECIMAL(10,2),"
    " w DECIMAL(30,8), t TEXT, u TEXT, j JSON, y BYTES, da DATE, ti TIME, ts TIMESTAMP,"
    " dt DATETIME, g UUID, o BOOLEAN";

static const char *const SMALLINTS[] = {"0", "1", "-1", "7", "32767", "-32768", "NULL"};
static const char *const INTS[] = {"0", "1", "-3", "42", "2147483647", "-2147483648", "NULL"};
static const char *const BIGINTS[] = {
    "0", "2", "-5", "1000000", "9223372036854775807", "-9223372036854775808", "NULL"};
static const char *const REALS[] = {"0", "1.5", "-2.25", "0.1", "1e30", "1e-9", "NULL"};
static const char *const DECIMALS[] = {"0.00", "1.50", "-7.25", "99999999.99", "0.01", "NULL"};
static const char *const WIDES[] = {
    "0.00000001", "1234567890123456789012.5", "-3.25", "17", "NULL"};
static const char *const TEXTS[] = {"'a'",
                                    "'ab'",
                                    "'B'",
                                    "''",
                                    "'a%b_c'",
                                    "'\xc3\xa4\xe2\x82\xac'",
                                    "'12'",
                                    "'a longer text, not inlined'",
                                    "NULL"};
static const char *const JSONS[] = {
    "'{\"a\": 1, \"b\": [1, \"x\", null]}'", "'[1, 2.50]'", "'\"text\"'", "'null'", "'7'", "NULL"};
static const char *const BYTES[] = {"X''", "X'00ff'", "X'61'", "NULL"};
static const char *const DATES[] = {
    "'2026-01-31'", "'1969-12-31'", "'0001-01-01'", "'9999-12-31'", "'2024-02-29'", "NULL"};
static const char *const TIMES[] = {"'00:00:00'", "'23:59:59.999999'", "'12:30:00'", "NULL"};
static const char *const MOMENTS[] = {"'2026-01-31 12:30:45.123456'",
                                      "'1969-12-31 23:59:59'",
                                      "'0001-01-01 00:00:00'",
                                      "'9999-12-31 23:59:59.999999'",
                                      "'2024-02-29 00:00:00'",
                                      "NULL"};
static const char *const UUIDS[] = {"'00000000-0000-0000-0000-000000000000'",
                                    "'ffffffff-ffff-ffff-ffff-ffffffffffff'",
                                    "'7fffffff-0000-4000-8000-000000000001'",
                                    "'80000000-0000-4000-8000-000000000001'",
                                    "NULL"};
static const char *const BOOLEANS[] = {"true", "false", "NULL"};

static void fill_table(const char *name)
{
    char sql[2048];
    snprintf(sql, sizeof(sql), "CREATE TABLE %s (%s)", name, COLUMNS);
    query_admin(f, sql);
    assert_int_equal(f->status, STATUS_OK);
    for (int row = 0; row < ROWS; row++) {
        snprintf(sql,
                 sizeof(sql),
                 "INSERT INTO %s VALUES (%d, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, "
                 "%s, %s, %s, %s)",
                 name,
                 row * 3,
                 PICK(SMALLINTS),
                 PICK(INTS),
                 PICK(BIGINTS),
                 PICK(REALS),
                 PICK(REALS),
                 PICK(DECIMALS),
                 PICK(WIDES),
                 PICK(TEXTS),
                 PICK(TEXTS),
                 PICK(JSONS),
                 PICK(BYTES),
                 PICK(DATES),
                 PICK(TIMES),
                 PICK(MOMENTS),
                 PICK(MOMENTS),
                 PICK(UUIDS),
                 PICK(BOOLEANS));
        const char *text = query_admin(f, sql);
        if (f->status != STATUS_OK)
            print_error("# %s: %s\n", sql, text);
        assert_int_equal(f->status, STATUS_OK);
    }
}

static int set_up(void **state)
{
    (void)state;
    const char *seed = getenv("TEST_SEED");
    random_state = seed ? strtoull(seed, NULL, 10) : random_u64() | 1;
    printf("# TEST_SEED=%llu\n", (unsigned long long)random_state);
    query_fixture_init(f);
    f->names_columns = true;
    fill_table("t");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    query_fixture_done(f);
    return 0;
}

/* ---- random expressions ---- */

typedef enum Sort { BOOL, INTEGER, DECIMAL, REAL, TEXT, MOMENT, OTHER, SORT_COUNT } Sort;

static void write_expr(Buf *out, Sort sort, int depth);

static const char *column_of(Sort sort)
{
    static const char *const NAMES[SORT_COUNT][5] = {
        [BOOL] = {"o"},
        [INTEGER] = {"si", "i", "b", "id"},
        [DECIMAL] = {"n", "w"},
        [REAL] = {"d", "f"},
        [TEXT] = {"t", "u"},
        [MOMENT] = {"ts", "dt", "da"},
        [OTHER] = {"j", "y", "g", "ti"},
    };
    int count = 0;
    while (count < 5 && NAMES[sort][count])
        count++;
    return NAMES[sort][below(count)];
}

static void write_literal(Buf *out, Sort sort)
{
    static const char *const NUMBERS[] = {"0", "1", "2", "-1", "3", "100", "NULL"};
    static const char *const FRACTIONS[] = {"0.5", "2.25", "-1.0", "10.00", "0.1"};
    static const char *const MOMENT_LITERALS[] = {
        "TIMESTAMP '2026-01-31 12:30:45.123456'", "DATE '2024-02-29'", "TIMESTAMP '1970-01-01'"};
    static const char *const OTHERS[] = {"g", "ti", "j", "y"};
    static const char *const KNOWN[] = {"true", "false", "NULL"};
    switch (sort) {
    case BOOL:
        buf_str_append(out, str_from_c(PICK(KNOWN)));
        break;
    case INTEGER:
        buf_str_append(out, str_from_c(PICK(NUMBERS)));
        break;
    case DECIMAL:
    case REAL:
        buf_str_append(out, str_from_c(PICK(FRACTIONS)));
        break;
    case TEXT:
        buf_str_append(out, str_from_c(PICK(TEXTS)));
        break;
    case MOMENT:
        buf_str_append(out, str_from_c(PICK(MOMENT_LITERALS)));
        break;
    default:
        buf_str_append(out, str_from_c(PICK(OTHERS)));
        break;
    }
}

/* A template: %b, %i, %n, %r, %t, %m stand for expressions of that sort, %s for this one. */
static void write_template(Buf *out, const char *template, Sort sort, int depth)
{
    static const char LETTERS[] = "binrtmx";
    for (const char *c = template; *c; c++) {
        if (*c != '%') {
            buf_byte(out, *c);
            continue;
        }
        c++;
        const char *letter = strchr(LETTERS, *c);
        if (*c == '%')
            buf_byte(out, '%');
        else
            write_expr(out, letter ? (Sort)(letter - LETTERS) : sort, depth - 1);
    }
}

static const char *template_of(Sort sort)
{
    static const char *const BOOLS[] = {"(%i = %i)",
                                        "(%i < %i)",
                                        "(%n >= %n)",
                                        "(%r <> %r)",
                                        "(%r < %i)",
                                        "(%n > %r)",
                                        "(%n <= %i)",
                                        "(%t = %t)",
                                        "(%t < %t)",
                                        "(%m < %m)",
                                        "(%m = %m)",
                                        "(%b AND %b)",
                                        "(%b OR %b)",
                                        "(NOT %b)",
                                        "(%i IS NULL)",
                                        "(%t IS NOT NULL)",
                                        "(%b IS TRUE)",
                                        "(%b IS NOT FALSE)",
                                        "(%b IS UNKNOWN)",
                                        "(%i IS DISTINCT FROM %i)",
                                        "(%t IS NOT DISTINCT FROM %t)",
                                        "(%i IN (1, %i, 3, NULL))",
                                        "(%t IN ('a', 'ab', %t))",
                                        "(%i NOT IN (0, 7, 42))",
                                        "(%i BETWEEN %i AND %i)",
                                        "(%m NOT BETWEEN %m AND %m)",
                                        "(%t LIKE 'a%%')",
                                        "(%t NOT LIKE '%%_b%%')",
                                        "(%t LIKE %t)",
                                        "(%t ILIKE 'A%%')",
                                        "(%t LIKE 'a\\%%b%%')",
                                        "(%t LIKE 'a!%%%%' ESCAPE '!')",
                                        "(j ? 'a')",
                                        "(%t > 'a' AND 10 / si > 1)",
                                        "(si = 0 OR 10 / si > 1)",
                                        "(g = g)",
                                        "(g < '80000000-0000-4000-8000-000000000001')",
                                        "(y >= X'61')",
                                        "(ti < '12:30:00')",
                                        "starts_with(%t, 'a')",
                                        "(CASE WHEN %b THEN %b ELSE %b END)"};
    static const char *const INTEGERS[] = {"(%i + %i)",
                                           "(%i - %i)",
                                           "(%i * %i)",
                                           "(%i / %i)",
                                           "(%i %% %i)",
                                           "(- %i)",
                                           "abs(%i)",
                                           "coalesce(%i, %i)",
                                           "nullif(%i, %i)",
                                           "length(%t)",
                                           "(CASE WHEN %b THEN %i ELSE %i END)",
                                           "(CASE %i WHEN 1 THEN 2 WHEN %i THEN 3 END)",
                                           "greatest(%i, %i)",
                                           "strpos(%t, 'b')",
                                           "CAST(%b AS INT)",
                                           "CAST(%i AS SMALLINT)",
                                           "CAST(%n AS BIGINT)",
                                           "CAST(%r AS INT)",
                                           "(si + 1)",
                                           "(i * 2)",
                                           "(si + si)",
                                           "(i - 1)",
                                           "(b + 1)"};
    static const char *const DECIMAL_TEMPLATES[] = {"(%n + %n)",
                                                    "(%n - %i)",
                                                    "(n * n)",
                                                    "(%n / %i)",
                                                    "(%n %% 7)",
                                                    "(n / w)",
                                                    "round(%n, 1)",
                                                    "coalesce(%n, %n)",
                                                    "CAST(%i AS DECIMAL(20,3))",
                                                    "CAST(%r AS DECIMAL(12,4))",
                                                    "(- %n)",
                                                    "(CASE WHEN %b THEN n ELSE w END)",
                                                    "least(%n, %n)"};
    static const char *const REAL_TEMPLATES[] = {"(%r + %r)",
                                                 "(%r - %i)",
                                                 "(%r * %r)",
                                                 "(%r / %r)",
                                                 "(%r + %n)",
                                                 "sqrt(abs(%r))",
                                                 "CAST(%i AS DOUBLE)",
                                                 "CAST(%n AS DOUBLE)",
                                                 "CAST(%i AS FLOAT)",
                                                 "coalesce(%r, %i)",
                                                 "round(%r)",
                                                 "(CASE WHEN %b THEN %r END)",
                                                 "floor(%r)"};
    static const char *const TEXT_TEMPLATES[] = {
        "(%t || %t)",         "upper(%t)",
        "substr(%t, 2, 3)",   "CAST(%i AS TEXT)",
        "CAST(%n AS TEXT)",   "CAST(%r AS TEXT)",
        "CAST(%m AS TEXT)",   "coalesce(%t, 'none')",
        "nullif(%t, 'a')",    "replace(%t, 'a', 'xx')",
        "reverse(%t)",        "(CASE WHEN %b THEN %t ELSE 'e' END)",
        "(j ->> 'a')",        "(j -> 'b' ->> 1)",
        "concat(%t, %i, %b)", "lpad(%t, 5, '*')",
        "typeof(%r)",         "CAST(g AS TEXT)",
        "CAST(j AS TEXT)",    "CAST(ti AS TEXT)",
        "CAST(y AS TEXT)"};
    static const char *const MOMENT_TEMPLATES[] = {"CAST(%m AS DATE)",
                                                   "CAST(%m AS TIMESTAMP)",
                                                   "date_trunc('month', %m)",
                                                   "CAST(da AS DATETIME)",
                                                   "coalesce(%m, %m)",
                                                   "(CASE WHEN %b THEN %m END)"};
    static const char *const OTHER_TEMPLATES[] = {
        "(j -> 'b')", "coalesce(j, j)", "json_get(j, 'a')", "nullif(g, g)"};
    switch (sort) {
    case BOOL:
        return PICK(BOOLS);
    case INTEGER:
        return PICK(INTEGERS);
    case DECIMAL:
        return PICK(DECIMAL_TEMPLATES);
    case REAL:
        return PICK(REAL_TEMPLATES);
    case TEXT:
        return PICK(TEXT_TEMPLATES);
    case MOMENT:
        return PICK(MOMENT_TEMPLATES);
    default:
        return PICK(OTHER_TEMPLATES);
    }
}

static void write_expr(Buf *out, Sort sort, int depth)
{
    if (depth <= 0 || below(6) == 0) {
        if (below(3) > 0)
            buf_str_append(out, str_from_c(column_of(sort)));
        else
            write_literal(out, sort);
        return;
    }
    write_template(out, template_of(sort), sort, depth);
}

/* ---- random statements ---- */

static void write_outputs(Buf *out)
{
    BUF_LIT(out, "SELECT id, ");
    write_expr(out, (Sort)below(SORT_COUNT), DEPTH);
    BUF_LIT(out, " AS x, ");
    write_expr(out, (Sort)below(SORT_COUNT), DEPTH);
    BUF_LIT(out, " FROM t");
    if (below(2)) {
        BUF_LIT(out, " WHERE ");
        write_expr(out, BOOL, 2);
    }
    buf_str_append(out, below(2) ? STR(" ORDER BY id") : STR(" ORDER BY x DESC, id"));
    if (below(3) == 0)
        BUF_LIT(out, " LIMIT 7 OFFSET 2");
}

static void write_condition(Buf *out)
{
    BUF_LIT(out, "SELECT * FROM t WHERE ");
    if (below(4) == 0)
        BUF_LIT(out, "si <> 0 AND 1000 / si > 1 AND ");
    write_expr(out, BOOL, DEPTH);
    if (below(2)) {
        BUF_LIT(out, " AND ");
        write_expr(out, BOOL, DEPTH);
    }
    BUF_LIT(out, " ORDER BY id");
}

static void write_groups(Buf *out)
{
    static const char *const AGGREGATES[] = {"count(*)",
                                             "count(%i)",
                                             "sum(%i)",
                                             "sum(%n)",
                                             "avg(%i)",
                                             "avg(%n)",
                                             "min(%t)",
                                             "max(%t)",
                                             "min(%m)",
                                             "max(%r)",
                                             "min(%n)",
                                             "max(g)",
                                             "min(y)",
                                             "count(DISTINCT %t)",
                                             "sum(DISTINCT si)",
                                             "avg(i) FILTER (WHERE %b)",
                                             "max(o)",
                                             "min(ti)",
                                             "sum(id) + count(*)",
                                             "max(%i) - min(%i)"};
    CLEANUP(buf_done) Buf key = {0};
    write_expr(&key, (Sort)below(SORT_COUNT), 2);
    buf_printf(out, "SELECT %.*s AS k, ", STR_ARG(buf_str(&key)));
    write_template(out, PICK(AGGREGATES), INTEGER, 2);
    BUF_LIT(out, ", ");
    write_template(out, PICK(AGGREGATES), INTEGER, 2);
    buf_printf(out, " FROM t GROUP BY %.*s", STR_ARG(buf_str(&key)));
    if (below(3) == 0)
        BUF_LIT(out, " HAVING count(*) > 1");
    BUF_LIT(out, " ORDER BY k NULLS FIRST");
}

static void write_statement(Buf *out)
{
    int kind = below(5);
    if (kind < 2)
        write_outputs(out);
    else if (kind < 4)
        write_condition(out);
    else
        write_groups(out);
}

static bool has_rows(const char *text)
{
    const char *line_end = strchr(text, '\n'); /* of the names of the columns */
    return line_end && line_end[1];
}

/* Sorting makes 0 of -0 in DuckDB. */
static const char *skip_minus_zero(const char *at, const char *start)
{
    bool begins = at == start || at[-1] == '|' || at[-1] == '\n';
    bool is_minus_zero = begins && at[0] == '-' && at[1] == '0' && (at[2] == '|' || at[2] == '\n');
    return is_minus_zero ? at + 1 : at;
}

/* Where the texts begin to differ, in both; false when they do not. */
static bool find_difference(const char *a, const char *b, size_t *ret_a, size_t *ret_b)
{
    const char *x = a, *y = b;
    for (;; x++, y++) {
        x = skip_minus_zero(x, a);
        y = skip_minus_zero(y, b);
        if (*x != *y || !*x)
            break;
    }
    *ret_a = (size_t)(x - a);
    *ret_b = (size_t)(y - b);
    return *x != *y;
}

/*
 * A row that is refused by one term is not asked about the others, so one
 * executor may meet an error that the other does not.  But DuckDB must not meet
 * one that the terms before would have kept away, unless the own executor ended
 * before, at a LIMIT or because it saw that there are no rows.
 */
static bool is_same(const char *sql, Status own_status, const char *own, const char *duck)
{
    size_t a, b;
    if (own_status != STATUS_OK)
        return true;
    if (f->status != STATUS_OK)
        return !has_rows(own) || strstr(sql, "LIMIT");
    return !find_difference(own, duck, &a, &b);
}

static size_t line_start(const char *text, size_t at)
{
    while (at > 0 && text[at - 1] != '\n')
        at--;
    return at;
}

static void report(const char *sql, const char *own, const char *duck)
{
    size_t a, b;
    (void)find_difference(own, duck, &a, &b);
    print_error("# %s\n# own:    %.200s\n# DuckDB: %.200s\n",
                sql,
                own + line_start(own, a),
                duck + line_start(duck, b));
}

static void both_executors_say_the_same(void **state)
{
    (void)state;
    int rounds = getenv("KALAMDB_TEST_LONG") ? LONG_ROUNDS : ROUNDS;
    int failed = 0, refused = 0;
    for (int round = 0; round < rounds; round++) {
        CLEANUP(buf_done) Buf sql = {0};
        write_statement(&sql);
        buf_byte(&sql, 0);
        ArenaMark mark = arena_mark(&f->ctx.arena);
        f->engine.only_duck = false;
        const char *own = query_admin(f, sql.ptr);
        Status own_status = f->status;
        f->engine.only_duck = true;
        const char *duck = query_admin(f, sql.ptr);
        f->engine.only_duck = false;
        refused += own_status != STATUS_OK;
        if (!is_same(sql.ptr, own_status, own, duck)) {
            report(sql.ptr, own, duck);
            failed++;
        }
        arena_rewind(&f->ctx.arena, mark);
    }
    printf("# %d statements, %d of them errors\n", rounds, refused);
    assert_int_equal(failed, 0);
}

/* ---- by example ---- */

static void explain_says_which_rows_are_read(void **state)
{
    (void)state;
    f->names_columns = false;
    query_admin(f, "CREATE TABLE e (id BIGINT PRIMARY KEY, n INT)");
    query_admin(f, "INSERT INTO e VALUES (1, 1), (2, 2), (3, 3), (4, 4)");
    EXPECT(f,
           "EXPLAIN SELECT * FROM e WHERE id > 2 AND n = 4 ORDER BY id DESC LIMIT 1",
           "logical_plan|Limit: 1\n"
           "  Sort: id DESC\n"
           "    Project: *\n"
           "      Filter: id > 2 AND n = 4\n"
           "        Table: e\n"
           "physical_plan|Own executor: on the reactor when it is short, else on a worker\n"
           "  Rows: default.e (shared), keys > 2\n"
           "  Filter: ((id > 2) AND (n = 4))\n"
           "  Sort: none, rows are read backwards\n"
           "  Limit: 1\n");
    const char *text = query_admin(
        f,
        "EXPLAIN ANALYZE SELECT a.n FROM e a JOIN e b USING (id) WHERE a.id IN (1, 3) AND b.n > 1");
    assert_non_null(strstr(text,
                           "Plan with Metrics|DuckDB joins, groups and sorts; conditions on one "
                           "table are tested here\n"
                           "  Rows: default.e (shared), 2 looked up by key\n"
                           "  Filter: (id IN (1, 3))\n"
                           "    2 rows read in 1 scans, 2 handed over\n"
                           "  Rows: default.e (shared), all\n"
                           "  Filter: (n > 1)\n"
                           "    4 rows read in 1 scans, 3 handed over\n"
                           "  Result: 1 rows in "));
    f->names_columns = true;
}

static void own_writes_are_seen_inside_a_transaction(void **state)
{
    (void)state;
    f->names_columns = false;
    query_admin(f, "CREATE TABLE tx (id BIGINT PRIMARY KEY, n INT)");
    query_admin(f, "INSERT INTO tx VALUES (1, 1)");
    const char *text = query_admin(f,
                                   "BEGIN; INSERT INTO tx VALUES (2, 5); UPDATE tx SET n = 3 WHERE "
                                   "id = 1; SELECT a.id, b.n FROM tx a JOIN tx b USING (id) ORDER "
                                   "BY 1; ROLLBACK");
    assert_non_null(strstr(text, "1|3\n2|5\n"));
    EXPECT(f, "SELECT count(*) FROM tx a JOIN tx b USING (id)", "1\n");
    f->names_columns = true;
}

static void rows_stream_through_a_sink_that_is_soon_full(void **state)
{
    (void)state;
    f->names_columns = false;
    f->sink_is_tiny = true;
    const char *text =
        query_admin(f, "SELECT x FROM generate_series(1, 5000) a (x) JOIN (SELECT 1) o ON true");
    assert_int_equal(f->done.row_count, 5000);
    assert_true(f->full_steps >= 5000);
    assert_int_equal(strncmp(text, "1\n2\n3\n", 6), 0);
    f->sink_is_tiny = false;
    f->names_columns = true;
}

static void limits_of_the_server_cut_what_duckdb_gives(void **state)
{
    (void)state;
    f->names_columns = false;
    f->engine.limits.max_query_limit = 3;
    query_admin(f, "SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3");
    assert_false(f->done.truncated);
    query_admin(f, "SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4");
    assert_int_equal(f->done.row_count, 3);
    assert_true(f->done.truncated);
    query_admin(f, "SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 LIMIT 2");
    assert_int_equal(f->done.row_count, 2);
    assert_false(f->done.truncated);
    f->engine.limits.max_query_limit = 0;
    f->names_columns = true;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_executors_say_the_same),
        cmocka_unit_test(explain_says_which_rows_are_read),
        cmocka_unit_test(own_writes_are_seen_inside_a_transaction),
        cmocka_unit_test(rows_stream_through_a_sink_that_is_soon_full),
        cmocka_unit_test(limits_of_the_server_cut_what_duckdb_gives),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("duck_select", tests, set_up, tear_down);
}
