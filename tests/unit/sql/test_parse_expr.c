/* SPDX-License-Identifier: Apache-2.0 */
#include "sql_fixture.h"

/* The ranks of PostgreSQL's manual, section 4.1.6, pair by pair. */
static void operators_bind_as_in_postgresql(void **state)
{
    (void)state;
    static const ShapeCase CASES[] = {
        /* :: before the sign */
        {"-a::int", "(neg (cast a <int>))"},
        {"a::int::text", "(cast (cast a <int>) <text>)"},
        {"a->'b'::text", "(-> a (cast 'b' <text>))"},
        /* the sign before * */
        {"-a * b", "(* (neg a) b)"},
        {"a * -b", "(* a (neg b))"},
        {"- - a", "(neg (neg a))"},
        {"+-a", "(pos (neg a))"},
        /* * before + */
        {"a + b * c", "(+ a (* b c))"},
        {"a * b + c", "(+ (* a b) c)"},
        {"(a + b) * c", "(* (+ a b) c)"},
        {"a - b - c", "(- (- a b) c)"},
        {"a - (b - c)", "(- a (- b c))"},
        {"a / b * c % d", "(% (* (/ a b) c) d)"},
        /* + before the other operators */
        {"a || b + c", "(|| a (+ b c))"},
        {"a + b -> c", "(-> (+ a b) c)"},
        {"a || b || c", "(|| (|| a b) c)"},
        {"a -> 'b' ->> 'c' ? 'd'", "(? (->> (-> a 'b') 'c') 'd')"},
        {"a ->> 'b' || c", "(|| (->> a 'b') c)"},
        /* the other operators before BETWEEN IN LIKE */
        {"a || b LIKE c || d", "(like (|| a b) (|| c d))"},
        {"a ->> 'b' IN ('c')", "(in (->> a 'b') 'c')"},
        {"a BETWEEN b + 1 AND c || d", "(between a (+ b 1) (|| c d))"},
        /* BETWEEN IN LIKE before comparisons */
        {"a = b IN (c)", "(= a (in b c))"},
        {"a LIKE b = c", "(= (like a b) c)"},
        /* comparisons before IS */
        {"a = b IS NULL", "(is-null (= a b))"},
        {"a IS NULL = b", "(= (is-null a) b)"},
        {"a IS DISTINCT FROM b = c", "(is-distinct a (= b c))"},
        {"a < b IS TRUE", "(is-true (< a b))"},
        /* IS before NOT */
        {"NOT a IS NULL", "(not (is-null a))"},
        {"NOT a = b", "(not (= a b))"},
        {"NOT a IN (b)", "(not (in a b))"},
        {"NOT NOT a", "(not (not a))"},
        /* NOT before AND before OR */
        {"NOT a AND b", "(and (not a) b)"},
        {"a AND NOT b", "(and a (not b))"},
        {"a OR b AND c", "(or a (and b c))"},
        {"a AND b OR c AND d", "(or (and a b) (and c d))"},
        {"(a OR b) AND c", "(and (or a b) c)"},
        {"a BETWEEN 1 AND 2 AND b", "(and (between a 1 2) b)"},
        {"a AND b AND c AND d AND e", "(and a b c d e)"},
        {"a = 1 AND b <> 2 OR c != 3", "(or (and (= a 1) (<> b 2)) (<> c 3))"},
    };
    CHECK_EXPR_SHAPES(CASES);
}

static void predicates_take_not(void **state)
{
    (void)state;
    static const ShapeCase CASES[] = {
        {"a IS NOT NULL", "(not-is-null a)"},
        {"a IS NOT FALSE", "(not-is-false a)"},
        {"a IS UNKNOWN", "(is-unknown a)"},
        {"a IS NOT DISTINCT FROM NULL", "(not-is-distinct a null)"},
        {"a IN (1, 2, 3)", "(in a 1 2 3)"},
        {"a NOT IN (SELECT b FROM t)", "(not-in a (select b (from t)))"},
        {"a IN (VALUES (1))", "(in a (values (row 1)))"},
        {"a IN ((SELECT 1), 2)", "(in a (value (select 1)) 2)"},
        {"a NOT BETWEEN 1 AND 2", "(not-between a 1 2)"},
        {"a NOT ILIKE 'x%' ESCAPE '!'", "(not-ilike a 'x%' '!')"},
        {"NOT EXISTS (SELECT 1)", "(not (exists (select 1)))"},
    };
    CHECK_EXPR_SHAPES(CASES);
}

static void types_keep_their_words_and_arguments(void **state)
{
    (void)state;
    static const ShapeCase CASES[] = {
        {"CAST(a AS DECIMAL(10, 2))", "(cast a <decimal:10,2>)"},
        {"CAST(a + 1 AS double  PRECISION)", "(cast (+ a 1) <double precision>)"},
        {"a::TIMESTAMP(3) WITH TIME ZONE", "(cast a <timestamp with time zone:3>)"},
        {"a::time without time zone", "(cast a <time without time zone>)"},
        {"a::character varying(20)", "(cast a <character varying:20>)"},
    };
    CHECK_EXPR_SHAPES(CASES);
}

static void functions_with_a_grammar_of_their_own_become_plain_calls(void **state)
{
    (void)state;
    static const ShapeCase CASES[] = {
        {"EXTRACT(YEAR FROM a)", "(date_part() 'year' a)"},
        {"EXTRACT('epoch' FROM a + b)", "(date_part() 'epoch' (+ a b))"},
        {"SUBSTRING(a FROM 2 FOR 3)", "(substring() a 2 3)"},
        {"substring(a, 2)", "(substring() a 2)"},
        {"POSITION('x' IN a)", "(strpos() a 'x')"},
        {"TRIM(a)", "(btrim() a)"},
        {"TRIM(BOTH FROM a)", "(btrim() a)"},
        {"TRIM(LEADING 'x' FROM a)", "(ltrim() a 'x')"},
        {"TRIM(TRAILING FROM a)", "(rtrim() a)"},
        {"TRIM('x' FROM a)", "(btrim() a 'x')"},
        {"CURRENT_USER", "(current_user())"},
        {"CURRENT_USER()", "(current_user())"},
        {"current_timestamp", "(current_timestamp())"},
        {"COUNT(ALL a)", "(count() a)"},
        {"LEFT(a, 1) || right(a, 2)", "(|| (left() a 1) (right() a 2))"},
        {"replace(a, 'b', 'c')", "(replace() a 'b' 'c')"},
    };
    CHECK_EXPR_SHAPES(CASES);
}

static void windows_have_partitions_orders_and_frames(void **state)
{
    (void)state;
    static const ShapeCase CASES[] = {
        {"rank() OVER ()", "(rank() (over))"},
        {"rank() OVER (PARTITION BY a, b ORDER BY c DESC, d)",
         "(rank() (over (partition a b) (order c:desc d)))"},
        {"sum(x) OVER (ORDER BY a ROWS UNBOUNDED PRECEDING)",
         "(sum() x (over (order a) (rows first current)))"},
        {"sum(x) OVER (ORDER BY a GROUPS BETWEEN 2 PRECEDING AND 1 FOLLOWING)",
         "(sum() x (over (order a) (groups before:2 after:1)))"},
        {"sum(DISTINCT x) FILTER (WHERE y) OVER (RANGE BETWEEN CURRENT ROW AND UNBOUNDED "
         "FOLLOWING)",
         "(sum() distinct x (filter y) (over (range current last)))"},
    };
    CHECK_EXPR_SHAPES(CASES);
}

/* A parenthesis before a query may open a value, a query or an operand. */
static void a_parenthesis_holds_an_expression_or_a_query(void **state)
{
    (void)state;
    static const ShapeCase CASES[] = {
        {"(SELECT 1)", "(value (select 1))"},
        {"((SELECT 1))", "(value (select 1))"},
        {"(SELECT 1) + 2", "(+ (value (select 1)) 2)"},
        {"((SELECT 1) + 2)", "(+ (value (select 1)) 2)"},
        {"(((SELECT 1) + 2) * 3)", "(* (+ (value (select 1)) 2) 3)"},
        {"((SELECT 1) UNION (SELECT 2))", "(value (union (select 1) (select 2)))"},
        {"((SELECT 1) LIMIT 1)", "(value (select 1 (limit 1)))"},
        {"(WITH x AS (SELECT 1) SELECT * FROM x)",
         "(value (select (with x (select 1)) * (from x)))"},
        {"a IN ((SELECT 1) UNION SELECT 2)", "(in a (union (select 1) (select 2)))"},
        {"a IN ((SELECT 1))", "(in a (select 1))"},
        {"a IN (((SELECT 1)))", "(in a (select 1))"},
        {"a IN ((SELECT 1) + 0)", "(in a (+ (value (select 1)) 0))"},
    };
    CHECK_EXPR_SHAPES(CASES);
}

static void common_words_are_columns(void **state)
{
    (void)state;
    static const char *const NAMES[] = {
        "name",  "type",    "status",   "date",    "time",     "timestamp", "user",
        "role",  "key",     "value",    "text",    "json",     "data",      "options",
        "index", "level",   "position", "replace", "interval", "uuid",      "first",
        "rows",  "storage", "trim",     "filter",  "over",     "escape",    "unknown"};
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(*NAMES); i++) {
        CLEANUP(context_done) Context ctx = {0};
        const char *name = NAMES[i];
        Str text = arena_printf(&ctx.arena, "%s = 1 AND t.%s > %s", name, name, name);
        Str shape = arena_printf(&ctx.arena, "(and (= %s 1) (> t.%s %s))", name, name, name);
        assert_expr(must_parse_expr(&ctx, text.ptr), shape.ptr);
    }
}

static void left_and_right_are_reserved_as_in_postgresql(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstExpr *expr;
    assert_int_equal(sql_parse_expr(&ctx, STR("left = 1"), &expr), STATUS_SYNTAX_ERROR);
    assert_int_equal(sql_parse_expr(&ctx, STR("right"), &expr), STATUS_SYNTAX_ERROR);
    assert_expr(must_parse_expr(&ctx, "\"left\" = t.right"), "(= \"left\" t.right)");
}

static void literals_keep_their_value(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    assert_int_equal(must_parse_expr(&ctx, "NULL")->kind, AST_NULL);
    assert_true(must_parse_expr(&ctx, "TRUE")->boolean);
    assert_int_equal(must_parse_expr(&ctx, "false")->kind, AST_BOOLEAN);
    assert_str(must_parse_expr(&ctx, "1.50")->text, "1.50");
    assert_str(must_parse_expr(&ctx, "'it''s'")->text, "it's");
    assert_str(must_parse_expr(&ctx, "X'4142'")->text, "AB");
    assert_int_equal(must_parse_expr(&ctx, "$12")->index, 12);
    const AstExpr *date = must_parse_expr(&ctx, "DATE '2026-01-02'");
    assert_int_equal(date->kind, AST_TYPED);
    assert_str(date->type.name, "date");
    assert_str(date->text, "2026-01-02");
    const AstExpr *zoned = must_parse_expr(&ctx, "TIMESTAMP WITH TIME ZONE 'x'");
    assert_str(zoned->type.name, "timestamp with time zone");
    assert_int_equal(must_parse_expr(&ctx, "ARRAY[1, 2]")->arg_count, 2);
}

static void r2_names_are_folded_unless_quoted(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstExpr *column = must_parse_expr(&ctx, "Msgs.\"Room\"");
    assert_int_equal(column->kind, AST_COLUMN);
    assert_str(column->qualifier.text, "msgs");
    assert_str(column->name.text, "Room");
    assert_true(column->name.quoted);
    assert_int_equal(column->name.offset, 5);
    /* Behind a dot reserved words are names. */
    assert_str(must_parse_expr(&ctx, "m.order")->name.text, "order");
    assert_str(must_parse_expr(&ctx, "type || status")->args[0]->name.text, "type");
}

static void case_has_an_operand_or_conditions(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstExpr *simple =
        must_parse_expr(&ctx, "CASE a WHEN 1 THEN 'x' WHEN 2 THEN 'y' ELSE 'z' END");
    assert_non_null(simple->operand);
    assert_int_equal(simple->when_count, 2);
    assert_str(simple->whens[1].result->text, "y");
    assert_str(simple->otherwise->text, "z");
    const AstExpr *searched = must_parse_expr(&ctx, "CASE WHEN a THEN b END");
    assert_null(searched->operand);
    assert_null(searched->otherwise);
}

static void every_node_knows_its_place(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    Str text = STR("  (a + b) * upper( c ) = $1");
    const AstExpr *equal = must_parse_expr(&ctx, text.ptr);
    const AstExpr *product = equal->args[0];
    assert_int_equal(equal->offset, 2);
    assert_int_equal(equal->length, text.len - 2);
    assert_int_equal(product->offset, 2);
    assert_int_equal(product->length, 20);
    assert_int_equal(product->args[0]->offset, 3);
    assert_int_equal(product->args[0]->length, 5);
    assert_int_equal(product->args[1]->offset, 12);
    assert_int_equal(product->args[1]->length, 10);
    assert_int_equal(equal->args[1]->offset, 25);
}

static void the_highest_parameter_is_counted(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    assert_int_equal(must_parse(&ctx, "SELECT $2, $7, $3")->parameter_count, 7);
    assert_int_equal(must_parse(&ctx, "SELECT 1")->parameter_count, 0);
    AstScript script;
    assert_int_equal(sql_parse(&ctx, STR("SELECT $3; SELECT $1"), &script), STATUS_OK);
    assert_int_equal(script.statements[0]->parameter_count, 3);
    assert_int_equal(script.statements[1]->parameter_count, 1);
}

static void an_expression_ends_where_the_text_does(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {"1 2", "", "1;", "a b", "a)"};
    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(*TEXTS); i++) {
        CLEANUP(context_done) Context ctx = {0};
        const AstExpr *expr;
        assert_int_equal(sql_parse_expr(&ctx, str_from_c(TEXTS[i]), &expr), STATUS_SYNTAX_ERROR);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operators_bind_as_in_postgresql),
        cmocka_unit_test(predicates_take_not),
        cmocka_unit_test(types_keep_their_words_and_arguments),
        cmocka_unit_test(functions_with_a_grammar_of_their_own_become_plain_calls),
        cmocka_unit_test(windows_have_partitions_orders_and_frames),
        cmocka_unit_test(a_parenthesis_holds_an_expression_or_a_query),
        cmocka_unit_test(common_words_are_columns),
        cmocka_unit_test(left_and_right_are_reserved_as_in_postgresql),
        cmocka_unit_test(literals_keep_their_value),
        cmocka_unit_test(r2_names_are_folded_unless_quoted),
        cmocka_unit_test(case_has_an_operand_or_conditions),
        cmocka_unit_test(every_node_knows_its_place),
        cmocka_unit_test(the_highest_parameter_is_counted),
        cmocka_unit_test(an_expression_ends_where_the_text_does),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("sql/parse_expr", tests, NULL, NULL);
}
