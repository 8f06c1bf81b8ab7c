/* SPDX-License-Identifier: Apache-2.0 */
#include "expr_fixture.h"

#include "sql/parser.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void literals_have_the_type_of_sql(void **state)
{
    (void)state;
    static const FixtureCase CASES[] = {
        {"1", "1"},
        {"typeof(1)", "BIGINT"},
        {"typeof(1.5)", "DOUBLE"},
        {"typeof(1e3)", "DOUBLE"},
        {"typeof('x')", "TEXT"},
        {"typeof(true)", "BOOLEAN"},
        {"typeof(NULL)", "NULL"},
        {"typeof(X'00')", "BYTES"},
        {"typeof(DATE '2026-01-02')", "DATE"},
        {"-9223372036854775808", "-9223372036854775808"},
        {"9223372036854775807", "9223372036854775807"},
        {"9223372036854775808", "9223372036854775808"},
        {"typeof(9223372036854775808)", "DECIMAL(38,0)"},
        {"NULL", "NULL"},
        {"DATE '2026-13-02'", "!INVALID_VALUE"},
        {"'it''s'", "it's"},
    };
    FIXTURE_CHECK(CASES);
}

static void literals_adapt_to_the_other_side(void **state)
{
    (void)state;
    static const FixtureCase CASES[] = {
        {"id = '7'", "true"},
        {"'7' = id", "true"},
        {"id = 'seven'", "!INVALID_VALUE"},
        {"small = 100000", "false"},
        {"id = 7.0", "true"},
        {"id = 7.5", "false"},
        {"price = 12.5", "true"},
        {"price = 12.50000000000000000001", "false"},
        {"price = '12.5'", "true"},
        {"price < 1e300", "true"},
        {"weight = 0.1", "true"},
        {"weight < 1e300", "true"},
        {"ratio = '0.5'", "true"},
        {"uid = '00112233-4455-6677-8899-AABBCCDDEEFF'", "true"},
        {"uid = 'x'", "!INVALID_VALUE"},
        {"created > '2026-03-04'", "true"},
        {"created = '2026-03-04T05:06:07.089Z'", "true"},
        {"created > 1", "true"},
        {"born = '2000-02-29'", "true"},
        {"clock = '10:20:30'", "true"},
        {"done = 'true'", "true"},
        {"raw = '\\x00ff'", "true"},
        {"doc = '{'", "!INVALID_VALUE"},
        {"author = 5", "!TYPE_MISMATCH"},
        {"id = author", "!TYPE_MISMATCH"},
        {"done = 1", "!TYPE_MISMATCH"},
        {"uid = id", "!TYPE_MISMATCH"},
        {"clock = created", "!TYPE_MISMATCH"},
        {"created > born", "true"},
        {"created > seen", "true"},
        {"price = ratio + 12", "true"},
        {"typeof(small + 1)", "INT"},
        {"typeof(room + 1)", "INT"},
        {"typeof(room + 3000000000)", "BIGINT"},
        {"typeof(id + 1.5)", "DOUBLE"},
        {"typeof(price + 1.5)", "DECIMAL(38,2)"},
        {"price + 1.5", "14.00"},
        {"id + '5'", "12"},
    };
    FIXTURE_CHECK(CASES);
}

static void arithmetic_is_exact_or_an_error(void **state)
{
    (void)state;
    static const FixtureCase CASES[] = {
        {"1 + 2 * 3", "7"},
        {"7 / 2", "3"},
        {"-7 / 2", "-3"},
        {"-7 % 2", "-1"},
        {"7 / 0", "!DIVISION_BY_ZERO"},
        {"7 % 0", "!DIVISION_BY_ZERO"},
        {"7.5 / 0", "!DIVISION_BY_ZERO"},
        {"price / 0", "!DIVISION_BY_ZERO"},
        {"9223372036854775807 + 1", "!OUT_OF_RANGE"},
        {"-9223372036854775808 - 1", "!OUT_OF_RANGE"},
        {"9223372036854775807 * 2", "!OUT_OF_RANGE"},
        {"-9223372036854775808 / -1", "!OUT_OF_RANGE"},
        {"-9223372036854775808 % -1", "0"},
        {"- (-9223372036854775808)", "!OUT_OF_RANGE"},
        {"room + 2147483647", "!OUT_OF_RANGE"},
        {"1e308 * 10", "!OUT_OF_RANGE"},
        {"0.1 + 0.2 = 0.3", "false"},
        {"price * 2", "25.00"},
        {"price / 3", "4.166667"},
        {"price % 5", "2.50"},
        {"price - 0.01", "12.49"},
        {"- price", "-12.50"},
        {"+ id", "7"},
        {"NULL + 1", "NULL"},
        {"missing || 'x'", "NULL"},
        {"'a' || 'b' || 'c'", "abc"},
        {"author || id", "Ann7"},
        {"id || room", "!TYPE_MISMATCH"},
        {"author + 1", "!TYPE_MISMATCH"},
        {"created + 1", "!UNSUPPORTED"},
        {"- author", "!TYPE_MISMATCH"},
        {"mod(7, 4)", "3"},
        {"mod(price, 5)", "2.50"},
    };
    FIXTURE_CHECK(CASES);
}

static void conditions_know_three_values(void **state)
{
    (void)state;
    static const FixtureCase CASES[] = {
        {"NULL = NULL", "NULL"},
        {"missing = 'x'", "NULL"},
        {"missing <> 'x'", "NULL"},
        {"missing IS NULL", "true"},
        {"author IS NOT NULL", "true"},
        {"(missing = 'x') IS UNKNOWN", "true"},
        {"(missing = 'x') IS NOT TRUE", "true"},
        {"done IS TRUE", "true"},
        {"done IS NOT FALSE", "true"},
        {"missing IS DISTINCT FROM NULL", "false"},
        {"missing IS NOT DISTINCT FROM 'x'", "false"},
        {"id IS DISTINCT FROM 7", "false"},
        {"id IN (1, 7)", "true"},
        {"id IN (1, NULL)", "NULL"},
        {"id NOT IN (1, NULL)", "NULL"},
        {"id NOT IN (1, 2)", "true"},
        {"missing IN ('a')", "NULL"},
        {"id IN (room, room + 4)", "true"},
        {"id IN (1,2,3,4,5,6,7,8,9,10,11)", "true"},
        {"id IN (1,2,3,4,5,6,8,9,10,11)", "false"},
        {"id IN ('1', '7')", "true"},
        {"id IN ('x')", "!INVALID_VALUE"},
        {"'7' IN (author, 'x')", "false"},
        {"'7' IN ('x', id)", "!INVALID_VALUE"},
        {"price IN (1, 12.5, 3)", "true"},
        {"id IN (7.0, 8)", "true"},
        {"author IN ('Bob', 'Ann')", "true"},
        {"id BETWEEN 7 AND 8", "true"},
        {"id NOT BETWEEN 7 AND 8", "false"},
        {"id BETWEEN NULL AND 3", "false"},
        {"id BETWEEN NULL AND 9", "NULL"},
        {"id NOT BETWEEN NULL AND 3", "true"},
        {"author BETWEEN 'A' AND 'B'", "true"},
        {"'Infinity'::double < 'NaN'::double", "true"},
        {"'NaN'::double = 'NaN'::double", "true"},
        {"author < 'a'", "true"},
        {"NOT missing IS NULL", "false"},
        {"NOT author", "!TYPE_MISMATCH"},
        {"id AND done", "!TYPE_MISMATCH"},
        {"done AND 'true'", "true"},
        {"done AND NULL", "NULL"},
        {"false AND NULL", "false"},
        {"true OR NULL", "true"},
        {"NULL OR false", "NULL"},
    };
    FIXTURE_CHECK(CASES);
}

static void case_and_its_kin_choose_lazily(void **state)
{
    (void)state;
    static const FixtureCase CASES[] = {
        {"CASE WHEN id = 7 THEN 'seven' ELSE 'other' END", "seven"},
        {"CASE WHEN id = 8 THEN 'eight' END", "NULL"},
        {"CASE id WHEN 1 THEN 'a' WHEN 7 THEN 'b' END", "b"},
        {"CASE missing WHEN NULL THEN 1 ELSE 2 END", "2"},
        {"CASE '7' WHEN id THEN 1 ELSE 2 END", "1"},
        {"CASE WHEN id = 7 THEN 1 ELSE 1 / 0 END", "1"},
        {"CASE WHEN id = 7 THEN 1 / 0 ELSE 1 END", "!DIVISION_BY_ZERO"},
        {"typeof(CASE WHEN done THEN 1 ELSE 2.5 END)", "DOUBLE"},
        {"typeof(CASE WHEN done THEN room ELSE 1 END)", "INT"},
        {"typeof(CASE WHEN done THEN price ELSE 1.125 END)", "DECIMAL(38,3)"},
        {"CASE WHEN done THEN price ELSE 1.125 END", "12.500"},
        {"CASE WHEN done THEN id ELSE author END", "!TYPE_MISMATCH"},
        {"CASE WHEN id THEN 1 END", "!TYPE_MISMATCH"},
        {"coalesce(missing, 'none')", "none"},
        {"coalesce(NULL, NULL)", "NULL"},
        {"coalesce(id, 1 / 0)", "7"},
        {"coalesce(created, '2020-01-01')", "2026-03-04 05:06:07.089"},
        {"nullif(id, 7)", "NULL"},
        {"nullif(id, 8)", "7"},
        {"greatest(1, 3, NULL, 2)", "3"},
        {"least(price, 1.5)", "1.50"},
        {"greatest(missing, NULL)", "NULL"},
    };
    FIXTURE_CHECK(CASES);
}

static void casts_convert_or_fail(void **state)
{
    (void)state;
    static const FixtureCase CASES[] = {
        {"CAST('12' AS BIGINT)", "12"},
        {"'12'::int + 1", "13"},
        {"CAST('x' AS BIGINT)", "!INVALID_VALUE"},
        {"CAST(author AS BIGINT)", "!INVALID_VALUE"},
        {"CAST(100000 AS SMALLINT)", "!OUT_OF_RANGE"},
        {"CAST(id AS TEXT)", "7"},
        {"CAST(1.005 AS DECIMAL(10,3))", "1.005"},
        {"CAST(2.5 AS BIGINT)", "3"},
        {"CAST(price AS BIGINT)", "13"},
        {"CAST(done AS INT)", "1"},
        {"CAST(created AS DATE)", "2026-03-04"},
        {"CAST(uid AS BIGINT)", "!TYPE_MISMATCH"},
        {"CAST(NULL AS BIGINT)", "NULL"},
        {"CAST(id AS WIDGET)", "!INVALID_SQL"},
        {"typeof(CAST(NULL AS BIGINT))", "BIGINT"},
    };
    FIXTURE_CHECK(CASES);
}

static void names_are_found_with_and_without_qualifier(void **state)
{
    (void)state;
    static const FixtureCase CASES[] = {
        {"i.id", "7"},
        {"items.id", "7"},
        {"\"id\"", "7"},
        {"other.id", "!COLUMN_NOT_FOUND"},
        {"nothing", "!COLUMN_NOT_FOUND"},
        {"\"ID\"", "!COLUMN_NOT_FOUND"},
        {"_seq", "100"},
        {"_deleted", "false"},
        {"_updated", "1970-01-01 00:00:00"},
        {"_commit_seq", "!COLUMN_NOT_FOUND"},
    };
    FIXTURE_CHECK(CASES);
}

/* ---- errors say what and where ---- */

typedef struct ErrorCase {
    const char *text;
    Status status;
    int position;        /* 0 = any */
    const char *message; /* NULL = any */
    const char *hint;    /* NULL = any */
} ErrorCase;

static void check_errors(const ExprScope *scope, const ErrorCase *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        Context ctx = {0};
        const Expr *expr;
        Value value;
        Status status = fixture_bind(&ctx, scope, cases[i].text, &expr);
        if (status == STATUS_OK)
            status = expr_eval(&ctx, expr, fixture_row, &value);
        if (status != cases[i].status)
            fail_msg("%s: %s", cases[i].text, status_info(status)->name);
        if (cases[i].message && !str_equal(ctx.message, str_from_c(cases[i].message)))
            fail_msg("%s: message \"%.*s\"", cases[i].text, STR_ARG(ctx.message));
        if (cases[i].hint && !str_equal(ctx.hint, str_from_c(cases[i].hint)))
            fail_msg("%s: hint \"%.*s\"", cases[i].text, STR_ARG(ctx.hint));
        if (cases[i].position && ctx.position != cases[i].position)
            fail_msg("%s: position %d", cases[i].text, ctx.position);
        context_done(&ctx);
    }
}

#define CHECK_ERRORS(scope, cases)                                                                 \
    check_errors((scope), (cases), sizeof(cases) / sizeof((cases)[0]))

static void errors_name_the_thing_and_the_place(void **state)
{
    (void)state;
    static const ErrorCase CASES[] = {
        {"1 + autor",
         STATUS_COLUMN_NOT_FOUND,
         5,
         "Column 'autor' does not exist",
         "did you mean 'author'?"},
        {"author = \"Ann\"",
         STATUS_COLUMN_NOT_FOUND,
         10,
         "Column 'Ann' does not exist",
         "text is written in single quotes"},
        {"id = 'x'", STATUS_INVALID_VALUE, 6, "invalid input syntax for type BIGINT: \"x\"", NULL},
        {"lowr(author)",
         STATUS_FUNCTION_NOT_FOUND,
         1,
         "function lowr() does not exist",
         "did you mean lower()?"},
        {"string_agg(nope, ',')",
         STATUS_FUNCTION_NOT_FOUND,
         1,
         "function string_agg() does not exist",
         NULL},
        {"id + 1e400", STATUS_OUT_OF_RANGE, 6, "the number is out of range for type DOUBLE", NULL},
        {"lower()", STATUS_INVALID_SQL, 1, "lower() takes 1 argument(s), not 0", NULL},
        {"lower(id)", STATUS_TYPE_MISMATCH, 7, "lower() wants a text, not BIGINT", NULL},
        {"id / (room - 3)", STATUS_DIVISION_BY_ZERO, 1, "division by zero", NULL},
        {"lower(DISTINCT author)", STATUS_INVALID_SQL, 1, NULL, NULL},
        {"id + (SELECT 1)", STATUS_UNSUPPORTED, 6, "subqueries are not supported here", NULL},
        {"EXISTS (SELECT 1)", STATUS_UNSUPPORTED, 1, NULL, NULL},
        {"id IN (SELECT 1)", STATUS_UNSUPPORTED, 1, NULL, NULL},
        {"sum(id) OVER ()", STATUS_UNSUPPORTED, 1, "window functions are not supported here", NULL},
        {"ARRAY[1, 2]", STATUS_UNSUPPORTED, 1, "arrays are not supported here", NULL},
        {"count(*)",
         STATUS_INVALID_SQL,
         1,
         "aggregate count(): not allowed in this place",
         "conditions on groups stand in HAVING"},
        {"$1", STATUS_INVALID_PARAMETER, 1, "Parameter $1 has no value: 0 were given", NULL},
        {"repeat('x', 100000000)", STATUS_LIMIT_EXCEEDED, 1, NULL, NULL},
        {"author LIKE 'a' ESCAPE 'xy'", STATUS_INVALID_SQL, 24, NULL, NULL},
    };
    ExprScope scope = fixture_scope();
    CHECK_ERRORS(&scope, CASES);
}

static void streams_have_only_seq(void **state)
{
    (void)state;
    static const ErrorCase CASES[] = {
        {"_deleted", STATUS_COLUMN_NOT_FOUND, 1, "Column '_deleted' does not exist", NULL},
        {"_updated", STATUS_COLUMN_NOT_FOUND, 1, "Column '_updated' does not exist", NULL},
        {"_seq / 0", STATUS_DIVISION_BY_ZERO, 0, NULL, NULL},
    };
    ExprScope scope = fixture_scope();
    scope.table = &fixture_stream;
    CHECK_ERRORS(&scope, CASES);
}

static void live_filters_refuse_what_cannot_be_kept(void **state)
{
    (void)state;
    static const ErrorCase CASES[] = {
        {"created < NOW()",
         STATUS_INVALID_SQL,
         11,
         "a live query cannot be kept up to date with now(), which changes without a change of "
         "the row",
         NULL},
        {"id = SNOWFLAKE_ID()", STATUS_INVALID_SQL, 6, NULL, NULL},
        {"_deleted", STATUS_INVALID_SQL, 1, NULL, NULL},
        {"count(*) > 1", STATUS_INVALID_SQL, 1, NULL, NULL},
        {"id IN (SELECT 1)", STATUS_INVALID_SQL, 1, NULL, NULL},
        {"id = 1 / 0", STATUS_DIVISION_BY_ZERO, 6, NULL, NULL},
    };
    ExprScope scope = fixture_scope();
    scope.live = true;
    CHECK_ERRORS(&scope, CASES);

    Context ctx = {0};
    assert_true(str_equal(fixture_run(&ctx,
                                      &scope,
                                      "CURRENT_USER() = 'ann' AND _seq > 1 AND "
                                      "_updated IS NOT NULL"),
                          STR("true")));
    context_done(&ctx);
}

/* ---- parameters ---- */

static void parameters_adapt_like_literals(void **state)
{
    (void)state;
    Value values[] = {
        value_text(STR("7")),
        value_bigint(7),
        value_double(12.5),
        VALUE_NULL,
        value_boolean(true),
        value_bigint(1000000),
    };
    ExprParameters parameters = {values, sizeof(values) / sizeof(values[0])};
    ExprScope scope = fixture_scope();
    scope.parameters = &parameters;
    static const FixtureCase CASES[] = {
        {"id = $1", "true"},
        {"id = $2", "true"},
        {"author = $2", "false"},
        {"author || $2", "Ann7"},
        {"price = $3", "true"},
        {"typeof(price + $3)", "DECIMAL(38,2)"},
        {"id = $4", "NULL"},
        {"done = $5", "true"},
        {"created > $6", "true"},
        {"id IN ($1, $2)", "true"},
        {"lower($2)", "7"},
        {"id + $1", "14"},
        {"$7", "!INVALID_PARAMETER"},
        {"author = $5", "!TYPE_MISMATCH"},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        Context ctx = {0};
        Str result = fixture_run(&ctx, &scope, CASES[i].text);
        if (!str_equal(result, str_from_c(CASES[i].expected)))
            fail_msg("%s is %.*s", CASES[i].text, STR_ARG(result));
        context_done(&ctx);
    }
}

/* ---- assignment ---- */

typedef struct AssignCase {
    const char *text;
    int column;
    const char *expected;
} AssignCase;

static Str assign(Context *ctx, const AssignCase *example)
{
    const AstExpr *ast;
    const Expr *expr;
    Value value;
    ExprScope scope = fixture_scope();
    assert_int_equal(sql_parse_expr(ctx, str_from_c(example->text), &ast), STATUS_OK);
    Type type = fixture_table.columns[example->column].type;
    Status status = expr_bind_as(ctx, &ctx->arena, ast, &scope, type, &expr);
    if (status == STATUS_OK) {
        assert_true(type_equal(expr_type(expr), type));
        status = expr_eval(ctx, expr, fixture_row, &value);
    }
    if (status != STATUS_OK)
        return arena_printf(&ctx->arena, "!%s", status_info(status)->name);
    assert_true(value_is_null(&value) || value.kind == type.kind);
    return value_is_null(&value) ? STR("NULL") : value_to_text(&ctx->arena, &value);
}

static void assignment_casts_to_the_column(void **state)
{
    (void)state;
    static const AssignCase CASES[] = {
        {"5", COLUMN_SMALL, "5"},
        {"100000", COLUMN_SMALL, "!OUT_OF_RANGE"},
        {"small + 1", COLUMN_SMALL, "3"},
        {"12.345", COLUMN_PRICE, "12.35"},
        {"1.005", COLUMN_PRICE, "1.01"},
        {"99999999999", COLUMN_PRICE, "!OUT_OF_RANGE"},
        {"'true'", COLUMN_DONE, "true"},
        {"'x'", COLUMN_DONE, "!INVALID_VALUE"},
        {"1000000", COLUMN_CREATED, "1970-01-01 00:00:01"},
        {"'2026-01-02'", COLUMN_CREATED, "2026-01-02 00:00:00"},
        {"NOW()", COLUMN_CREATED, "2026-01-02 03:04:05.000006"},
        {"UUID_V7()", COLUMN_ID, "!INVALID_VALUE"},
        {"'{\"a\":1}'", COLUMN_DOC, "{\"a\":1}"},
        {"'{'", COLUMN_DOC, "!INVALID_VALUE"},
        {"NULL", COLUMN_ID, "NULL"},
        {"id", COLUMN_AUTHOR, "7"},
        {"uid", COLUMN_PRICE, "!TYPE_MISMATCH"},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        Context ctx = {0};
        Str result = assign(&ctx, &CASES[i]);
        if (!str_equal(result, str_from_c(CASES[i].expected)))
            fail_msg("%s is %.*s (%.*s)", CASES[i].text, STR_ARG(result), STR_ARG(ctx.message));
        context_done(&ctx);
    }
}

/* ---- grouping ---- */

static const Expr *bind_in_group(Context *ctx, ExprGrouping *grouping, const char *text)
{
    const Expr *expr;
    ExprScope scope = fixture_scope();
    scope.grouping = grouping;
    if (fixture_bind(ctx, &scope, text, &expr) != STATUS_OK)
        fail_msg("%s: %.*s", text, STR_ARG(ctx->message));
    return expr;
}

static void grouped_expressions_read_slots(void **state)
{
    (void)state;
    Context ctx = {0};
    ExprScope scope = fixture_scope();
    const AstExpr *keys[2];
    const Expr *key_exprs[2];
    assert_int_equal(sql_parse_expr(&ctx, STR("room"), &keys[0]), STATUS_OK);
    assert_int_equal(sql_parse_expr(&ctx, STR("lower(author)"), &keys[1]), STATUS_OK);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(expr_bind(&ctx, &ctx.arena, keys[i], &scope, &key_exprs[i]), STATUS_OK);
    ExprGrouping grouping = {.keys = keys, .key_exprs = key_exprs, .key_count = 2};

    assert_int_equal(expr_column(bind_in_group(&ctx, &grouping, "i.room")), 0);
    assert_int_equal(expr_column(bind_in_group(&ctx, &grouping, "lower(author)")), 1);
    assert_int_equal(expr_column(bind_in_group(&ctx, &grouping, "count(*)")), 2);
    assert_int_equal(expr_column(bind_in_group(&ctx, &grouping, "sum(room)")), 3);
    assert_int_equal(expr_column(bind_in_group(&ctx, &grouping, "count(*)")), 2);
    assert_int_equal(expr_column(bind_in_group(&ctx, &grouping, "count(DISTINCT author)")), 4);
    bind_in_group(&ctx, &grouping, "room + 1 > max(price) + count(*)");
    assert_int_equal(grouping.call_count, 4);
    assert_int_equal(grouping.calls[0].kind, AGGREGATE_COUNT_ALL);
    assert_null(grouping.calls[0].argument);
    assert_int_equal(grouping.calls[1].type.kind, TYPE_BIGINT);
    assert_int_equal(expr_column(grouping.calls[1].argument), COLUMN_ROOM);
    assert_true(grouping.calls[2].distinct);
    assert_true(type_equal(grouping.calls[3].type, fixture_table.columns[COLUMN_PRICE].type));

    const Value group[] = {value_integer(TYPE_INT, 3), value_text(STR("ann")), value_bigint(5)};
    Value value;
    const Expr *sum = bind_in_group(&ctx, &grouping, "room * 10 + count(*)");
    assert_int_equal(expr_eval(&ctx, sum, group, &value), STATUS_OK);
    assert_int_equal(value.integer, 35);
    context_done(&ctx);
}

static void grouping_refuses_loose_columns_and_nesting(void **state)
{
    (void)state;
    ExprGrouping grouping = {0};
    ExprScope scope = fixture_scope();
    scope.grouping = &grouping;
    static const ErrorCase CASES[] = {
        {"id", STATUS_INVALID_SQL, 1, NULL, NULL},
        {"sum(sum(id))",
         STATUS_INVALID_SQL,
         5,
         "aggregate sum(): calls of aggregates cannot be nested",
         NULL},
        {"sum(author)", STATUS_TYPE_MISMATCH, 1, NULL, NULL},
        {"count(DISTINCT *)", STATUS_INVALID_SQL, 1, NULL, NULL},
        {"avg(id, id)", STATUS_INVALID_SQL, 1, NULL, NULL},
    };
    CHECK_ERRORS(&scope, CASES);
}

static void aggregates_have_their_types(void **state)
{
    (void)state;
    static const FixtureCase CASES[] = {
        {"typeof(sum(id))", "BIGINT"},
        {"typeof(sum(small))", "BIGINT"},
        {"typeof(sum(price))", "DECIMAL(38,2)"},
        {"typeof(sum(weight))", "DOUBLE"},
        {"typeof(avg(id))", "DOUBLE"},
        {"typeof(min(created))", "TIMESTAMP"},
        {"typeof(max(small))", "SMALLINT"},
        {"typeof(count(author))", "BIGINT"},
        {"typeof(count(*) FILTER (WHERE done))", "BIGINT"},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        Context ctx = {0};
        ExprGrouping grouping = {0};
        const Expr *expr = bind_in_group(&ctx, &grouping, CASES[i].text);
        assert_true(str_equal(expr_constant(expr)->text, str_from_c(CASES[i].expected)));
        context_done(&ctx);
    }
}

/* ---- depth ---- */

static const char *repeated(Context *ctx, const char *head, const char *piece, const char *tail)
{
    CLEANUP(buf_done) Buf text = {0};
    buf_str_append(&text, str_from_c(head));
    for (int i = 0; i < 1000; i++)
        buf_str_append(&text, str_from_c(piece));
    buf_str_append(&text, str_from_c(tail));
    return arena_str(&ctx->arena, buf_str(&text)).ptr;
}

static void long_chains_are_no_depth_but_nesting_is(void **state)
{
    (void)state;
    Context ctx = {0};
    ExprScope scope = fixture_scope();
    const Expr *expr;
    bool holds;
    const char *chain = repeated(&ctx, "id = 7", " OR id = 8", "");
    assert_int_equal(fixture_bind(&ctx, &scope, chain, &expr), STATUS_OK);
    assert_int_equal(expr_test(&ctx, expr, fixture_row, &holds), STATUS_OK);
    assert_true(holds);
    assert_true(str_equal(fixture_run(&ctx, &scope, repeated(&ctx, "1", " + 1", "")), STR("1001")));

    const char *deep = repeated(&ctx, "id", " + 1", "");
    assert_int_equal(fixture_bind(&ctx, &scope, deep, &expr), STATUS_INVALID_SQL);
    context_done(&ctx);
}

/* ---- comparing and printing trees ---- */

static void equal_filters_are_known_as_equal(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool equal;
    } CASES[] = {
        {"room = 7 AND author <> 'x'", "i.room=7 and items.author<>'x'", true},
        {"id = 1 + 1", "id = 2", true},
        {"id = '2'", "id = 2", true},
        {"id = 2", "id = 3", false},
        {"id = 2", "id <> 2", false},
        {"id IN (1, 2)", "id IN (1, 2, 2)", true},
        {"id IN (1, 2)", "id NOT IN (1, 2)", false},
        {"ratio = 0.0", "ratio = -0.0", false},
        {"lower(author) = 'a'", "upper(author) = 'a'", false},
        {"author LIKE 'a%'", "author ILIKE 'a%'", false},
        {"author IS NULL", "author IS NOT NULL", false},
        {"SNOWFLAKE_ID()", "SNOWFLAKE_ID()", false},
    };
    ExprScope scope = fixture_scope();
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        Context ctx = {0};
        const Expr *a, *b;
        assert_int_equal(fixture_bind(&ctx, &scope, CASES[i].a, &a), STATUS_OK);
        assert_int_equal(fixture_bind(&ctx, &scope, CASES[i].b, &b), STATUS_OK);
        if (expr_equal(a, b) != CASES[i].equal)
            fail_msg("%s and %s", CASES[i].a, CASES[i].b);
        if (CASES[i].equal)
            assert_true(expr_hash(a) == expr_hash(b));
        context_done(&ctx);
    }
}

static void a_tree_prints_as_it_was_understood(void **state)
{
    (void)state;
    static const FixtureCase CASES[] = {
        {"room = 7 AND author <> 'x'", "((room = 7) AND (author <> 'x'))"},
        {"id + 1 * 2 > '5'", "((id + 2) > 5)"},
        {"NOT done OR _seq IN (1, 2)", "((NOT done) OR (_seq IN (1, 2)))"},
        {"author NOT LIKE 'a%'", "(author NOT LIKE 'a%')"},
        {"CAST(id AS TEXT) IS NULL", "(CAST(id AS TEXT) IS NULL)"},
        {"CASE WHEN done THEN 1 END", "CASE WHEN done THEN 1 ELSE NULL END"},
        {"doc->>'a' || coalesce(missing, 'x')",
         "(json_as_text(doc, 'a') || coalesce(missing, 'x'))"},
        {"id NOT BETWEEN 1 AND 2", "(id NOT BETWEEN 1 AND 2)"},
    };
    ExprScope scope = fixture_scope();
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        Context ctx = {0};
        CLEANUP(buf_done) Buf text = {0};
        const Expr *expr;
        assert_int_equal(fixture_bind(&ctx, &scope, CASES[i].text, &expr), STATUS_OK);
        expr_print(&text, expr, &fixture_table);
        if (!str_equal(buf_str(&text), str_from_c(CASES[i].expected)))
            fail_msg("%s prints %.*s", CASES[i].text, STR_ARG(buf_str(&text)));
        context_done(&ctx);
    }
}

static void columns_used_are_all_and_no_more(void **state)
{
    (void)state;
    Context ctx = {0};
    ExprScope scope = fixture_scope();
    const Expr *expr;
    uint64_t used = 0;
    assert_int_equal(
        fixture_bind(&ctx, &scope, "CASE WHEN done THEN id ELSE room END IN (1, _seq)", &expr),
        STATUS_OK);
    expr_columns_used(expr, &used, 1);
    assert_int_equal(used,
                     1u << COLUMN_DONE | 1u << COLUMN_ID | 1u << COLUMN_ROOM |
                         1u << (COLUMN_COUNT + SYSTEM_COLUMN_SEQ));
    context_done(&ctx);
}

static void constants_are_folded_and_volatile_calls_are_not(void **state)
{
    (void)state;
    Context ctx = {0};
    ExprScope scope = fixture_scope();
    const Expr *expr;
    assert_int_equal(fixture_bind(&ctx, &scope, "upper('a') || 1", &expr), STATUS_OK);
    assert_true(expr_is_constant(expr));
    assert_int_equal(fixture_bind(&ctx, &scope, "ulid() || 'x'", &expr), STATUS_OK);
    assert_false(expr_is_constant(expr));
    assert_int_equal(fixture_bind(&ctx, &scope, "now() > '2020-01-01'", &expr), STATUS_OK);
    assert_true(expr_is_constant(expr));
    assert_int_equal(fixture_bind(&ctx, &scope, "false AND id = 1", &expr), STATUS_OK);
    assert_true(expr_is_constant(expr));
    context_done(&ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(literals_have_the_type_of_sql),
        cmocka_unit_test(literals_adapt_to_the_other_side),
        cmocka_unit_test(arithmetic_is_exact_or_an_error),
        cmocka_unit_test(conditions_know_three_values),
        cmocka_unit_test(case_and_its_kin_choose_lazily),
        cmocka_unit_test(casts_convert_or_fail),
        cmocka_unit_test(names_are_found_with_and_without_qualifier),
        cmocka_unit_test(errors_name_the_thing_and_the_place),
        cmocka_unit_test(streams_have_only_seq),
        cmocka_unit_test(live_filters_refuse_what_cannot_be_kept),
        cmocka_unit_test(parameters_adapt_like_literals),
        cmocka_unit_test(assignment_casts_to_the_column),
        cmocka_unit_test(grouped_expressions_read_slots),
        cmocka_unit_test(grouping_refuses_loose_columns_and_nesting),
        cmocka_unit_test(aggregates_have_their_types),
        cmocka_unit_test(long_chains_are_no_depth_but_nesting_is),
        cmocka_unit_test(equal_filters_are_known_as_equal),
        cmocka_unit_test(a_tree_prints_as_it_was_understood),
        cmocka_unit_test(columns_used_are_all_and_no_more),
        cmocka_unit_test(constants_are_folded_and_volatile_calls_are_not),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("expr", tests, fixture_setup, NULL);
}
