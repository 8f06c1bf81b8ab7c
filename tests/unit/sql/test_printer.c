/* SPDX-License-Identifier: Apache-2.0 */
#include "random_sql.h"
#include "sql_fixture.h"

/* Both from shortly before they part. */
static void print_shape_difference(const Buf *text, Str before, Str after)
{
    size_t at = 0;
    while (at < before.len && at < after.len && before.ptr[at] == after.ptr[at])
        at++;
    at = at > 40 ? at - 40 : 0;
    print_error("# %.*s\n", STR_ARG(buf_str(text)));
    print_error("#   before ..%.80s\n", before.ptr + at);
    print_error("#   after  ..%.80s\n", after.ptr + at);
}

/* Names come back unquoted or quoted as they must be; their flag is no part of the meaning. */
static Str without_quotes(Buf *shape)
{
    size_t len = 0;
    buf_byte(shape, '\0');
    for (size_t i = 0; i < shape->len; i++)
        if (shape->ptr[i] != '"')
            shape->ptr[len++] = shape->ptr[i];
    shape->len = len;
    return buf_str(shape);
}

static bool expr_survives(const AstExpr *expr)
{
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(buf_done) Buf text = {0};
    CLEANUP(buf_done) Buf before = {0};
    CLEANUP(buf_done) Buf after = {0};
    const AstExpr *again;
    sql_print_expr(&text, expr);
    shape_expr(&before, expr);
    if (sql_parse_expr(&ctx, buf_str(&text), &again) == STATUS_OK)
        shape_expr(&after, again);
    else
        buf_str_append(&after, ctx.message);
    Str shapes[] = {without_quotes(&before), without_quotes(&after)};
    if (str_equal(shapes[0], shapes[1]) && ast_expr_equal(expr, again))
        return true;
    print_shape_difference(&text, shapes[0], shapes[1]);
    return false;
}

static bool select_survives(const AstSelect *select)
{
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(buf_done) Buf text = {0};
    CLEANUP(buf_done) Buf again = {0};
    CLEANUP(buf_done) Buf before = {0};
    CLEANUP(buf_done) Buf after = {0};
    const AstStatement *statement;
    sql_print_select(&text, select);
    shape_select(&before, select);
    if (sql_parse_one(&ctx, buf_str(&text), &statement) == STATUS_OK) {
        shape_select(&after, statement->select);
        sql_print_select(&again, statement->select);
    } else {
        buf_str_append(&after, ctx.message);
    }
    Str shapes[] = {without_quotes(&before), without_quotes(&after)};
    if (str_equal(shapes[0], shapes[1]) && str_equal(buf_str(&text), buf_str(&again)))
        return true;
    print_shape_difference(&text, shapes[0], shapes[1]);
    return false;
}

/* ---- what is printed ---- */

typedef struct PrintCase {
    const char *text;
    const char *printed;
} PrintCase;

static void expressions_get_the_parentheses_they_need(void **state)
{
    (void)state;
    static const PrintCase CASES[] = {
        {"((a))+(b*(c))", "a + b * c"},
        {"(a + b) * c", "(a + b) * c"},
        {"a - (b - c)", "a - (b - c)"},
        {"(a - b) - c", "a - b - c"},
        {"not(a)and(b or c)", "NOT a AND (b OR c)"},
        {"NOT (a AND b)", "NOT (a AND b)"},
        {"(a = b) = c", "(a = b) = c"},
        {"- (-a)", "- -a"},
        {"-(a + b)::int", "-(a + b)::int"},
        {"(-a)::int", "(-a)::int"},
        {"cast(a as decimal(10,2))", "a::decimal(10, 2)"},
        {"a::timestamp(3) WITH time zone", "a::timestamp(3) with time zone"},
        {"(a IS NULL) IS NULL", "a IS NULL IS NULL"},
        {"a IN (1,2) and b not  between 1 and 2", "a IN (1, 2) AND b NOT BETWEEN 1 AND 2"},
        {"a != 'it''s'", "a <> 'it''s'"},
        {"x'0AfF'", "X'0aff'"},
        {"e'a\\nb'", "'a\nb'"},
        {"\"Order\".\"order\"", "\"Order\".\"order\""},
        {"\"plain\"", "plain"},
        {"f( ) over ( )", "f() OVER ()"},
        {"count( * )", "count(*)"},
        {"sum(a) OVER (ROWS 1 PRECEDING)",
         "sum(a) OVER (ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)"},
        {"case when a then b else c end", "CASE WHEN a THEN b ELSE c END"},
        {"extract(year from a)", "date_part('year', a)"},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(*CASES); i++) {
        CLEANUP(context_done) Context ctx = {0};
        CLEANUP(buf_done) Buf text = {0};
        sql_print_expr(&text, must_parse_expr(&ctx, CASES[i].text));
        assert_str(buf_str(&text), CASES[i].printed);
    }
}

static void queries_are_printed_in_one_form(void **state)
{
    (void)state;
    static const PrintCase CASES[] = {
        {"select a x,b \"Y\" from app.t z", "SELECT a AS x, b AS \"Y\" FROM app.t AS z"},
        {"SELECT * FROM a, b JOIN c ON x", "SELECT * FROM a CROSS JOIN (b JOIN c ON x)"},
        {"(select 1 union select 2) union all (select 3)",
         "SELECT 1 UNION SELECT 2 UNION ALL SELECT 3"},
        {"select 1 union (select 2 union select 3)", "SELECT 1 UNION (SELECT 2 UNION SELECT 3)"},
        {"(select 1 limit 1) intersect select 2", "(SELECT 1 LIMIT 1) INTERSECT SELECT 2"},
        {"select 1 fetch first 3 rows only", "SELECT 1 LIMIT 3"},
        {"with x(a) as (values(1)) select distinct on (a) * from x order by a desc nulls last",
         "WITH x(a) AS (VALUES (1)) SELECT DISTINCT ON (a) * FROM x ORDER BY a DESC NULLS LAST"},
        {"select * from t as of seq 7", "SELECT * FROM t AS OF SEQ 7"},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(*CASES); i++) {
        CLEANUP(context_done) Context ctx = {0};
        CLEANUP(buf_done) Buf text = {0};
        sql_print_select(&text, must_parse_select(&ctx, CASES[i].text));
        assert_str(buf_str(&text), CASES[i].printed);
    }
}

static void names_are_quoted_when_they_must_be(void **state)
{
    (void)state;
    static const PrintCase CASES[] = {
        {"name", "name"},
        {"_x1", "_x1"},
        {"Name", "\"Name\""},
        {"select", "\"select\""},
        {"1st", "\"1st\""},
        {"a b", "\"a b\""},
        {"a\"b", "\"a\"\"b\""},
        {"\xc3\xa4", "\"\xc3\xa4\""},
        {"a$b", "\"a$b\""},
        {"current_user", "\"current_user\""},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(*CASES); i++) {
        CLEANUP(buf_done) Buf text = {0};
        sql_print_name(&text, str_from_c(CASES[i].text));
        assert_str(buf_str(&text), CASES[i].printed);
    }
}

/* ---- equality ---- */

static void different_expressions_are_not_equal(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {
        "a",
        "b",
        "t.a",
        "1",
        "1.0",
        "'1'",
        "X'31'",
        "DATE '1'",
        "$1",
        "$2",
        "NULL",
        "TRUE",
        "FALSE",
        "-a",
        "a + b",
        "b + a",
        "a - b",
        "a IS NULL",
        "a IS NOT NULL",
        "a IS TRUE",
        "a IN (1)",
        "a NOT IN (1)",
        "a IN (1, 2)",
        "a IN (SELECT 1)",
        "a IN (SELECT 2)",
        "a LIKE b",
        "a ILIKE b",
        "a LIKE b ESCAPE c",
        "a BETWEEN 1 AND 2",
        "CASE WHEN a THEN b END",
        "CASE WHEN a THEN c END",
        "CASE WHEN a THEN b ELSE c END",
        "CASE a WHEN a THEN b END",
        "a::int",
        "a::decimal(1)",
        "a::decimal(2)",
        "f(a)",
        "g(a)",
        "f(DISTINCT a)",
        "f(a) FILTER (WHERE b)",
        "f(a) OVER ()",
        "f(a) OVER (ORDER BY b)",
        "f(a) OVER (ORDER BY b DESC)",
        "f(*)",
        "f()",
        "(SELECT 1)",
        "EXISTS (SELECT 1)",
        "ARRAY[1]",
        "ARRAY[]",
    };
    CLEANUP(context_done) Context ctx = {0};
    enum { COUNT = sizeof(TEXTS) / sizeof(*TEXTS) };
    const AstExpr *a[COUNT];
    const AstExpr *b[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        a[i] = must_parse_expr(&ctx, TEXTS[i]);
        b[i] = must_parse_expr(&ctx, arena_printf(&ctx.arena, "  ( %s ) ", TEXTS[i]).ptr);
    }
    for (size_t i = 0; i < COUNT; i++)
        for (size_t j = 0; j < COUNT; j++)
            assert_int_equal(ast_expr_equal(a[i], b[j]), i == j);
}

/* ---- round trips ---- */

static void long_chains_survive(void **state)
{
    (void)state;
    static const char *const LINKS[] = {
        " + 1", " || 'x'", "::int", " IS NULL", " AND a", " OR b", " - 1", " IN (1)"};
    for (size_t i = 0; i < sizeof(LINKS) / sizeof(*LINKS); i++) {
        CLEANUP(context_done) Context ctx = {0};
        char *text = repeat("a", LINKS[i], 999, "");
        assert_true(expr_survives(must_parse_expr(&ctx, text)));
        free(text);
    }
    static const char *const UNIONS[] = {" UNION SELECT 1", " EXCEPT VALUES (1)"};
    for (size_t i = 0; i < sizeof(UNIONS) / sizeof(*UNIONS); i++) {
        CLEANUP(context_done) Context ctx = {0};
        char *text = repeat("SELECT 1", UNIONS[i], 400, "");
        assert_true(select_survives(must_parse_select(&ctx, text)));
        free(text);
    }
}

static void deep_nesting_survives(void **state)
{
    (void)state;
    static const char *const OPENINGS[] = {
        "- ", "NOT ", "f(", "(1 - ", "(SELECT ", "a IN (", "CASE WHEN ", "ARRAY[", "(a AND b OR "};
    static const char *const CLOSINGS[] = {"", "", ")", ")", ")", ")", " THEN b END", "]", ")"};
    for (size_t i = 0; i < sizeof(OPENINGS) / sizeof(*OPENINGS); i++) {
        CLEANUP(context_done) Context ctx = {0};
        char *open = repeat("", OPENINGS[i], 120, "1");
        char *text = repeat(open, CLOSINGS[i], 120, "");
        assert_true(expr_survives(must_parse_expr(&ctx, text)));
        free(text);
        free(open);
    }
}

static void random_expressions_survive(void **state)
{
    (void)state;
    for (int i = 0; i < 4000; i++) {
        CLEANUP(arena_done) Arena arena = {0};
        assert_true(expr_survives(random_expr(&arena, 1 + i % 5)));
    }
}

static void random_queries_survive(void **state)
{
    (void)state;
    for (int i = 0; i < 2000; i++) {
        CLEANUP(arena_done) Arena arena = {0};
        assert_true(select_survives(random_select(&arena, i % 4)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expressions_get_the_parentheses_they_need),
        cmocka_unit_test(queries_are_printed_in_one_form),
        cmocka_unit_test(names_are_quoted_when_they_must_be),
        cmocka_unit_test(different_expressions_are_not_equal),
        cmocka_unit_test(long_chains_survive),
        cmocka_unit_test(deep_nesting_survives),
        cmocka_unit_test(random_expressions_survive),
        cmocka_unit_test(random_queries_survive),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("sql/printer", tests, random_sql_seed, NULL);
}
