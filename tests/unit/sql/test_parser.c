/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scripts of several statements, and the limits.
 */
#include "sql_fixture.h"

#include "base/clock.h"

/* ---- scripts ---- */

static void statements_know_their_text_and_place(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    AstScript script;
    Str text = STR(" ;; SELECT a ; -- note\n  DELETE FROM t WHERE b /* c */ ;");
    assert_int_equal(sql_parse(&ctx, text, &script), STATUS_OK);
    assert_int_equal(script.count, 2);
    const AstStatement *select = script.statements[0];
    assert_str(select->text, "SELECT a");
    assert_int_equal(select->offset, 4);
    assert_int_equal(select->select->items[0].expr->offset, 11);
    const AstStatement *second = script.statements[1];
    assert_str(second->text, "DELETE FROM t WHERE b");
    assert_int_equal(second->offset, 25);
    assert_int_equal(second->delete_from.table.name.offset, 37);
    assert_int_equal(second->delete_from.where->offset, 45);
}

static void empty_scripts_have_no_statements(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {"", "  ", ";", " ; ;; ", "-- nothing", "/* nothing */;"};
    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(*TEXTS); i++) {
        CLEANUP(context_done) Context ctx = {0};
        AstScript script;
        assert_int_equal(sql_parse(&ctx, str_from_c(TEXTS[i]), &script), STATUS_OK);
        assert_int_equal(script.count, 0);
    }
}

static void one_statement_means_exactly_one(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstStatement *statement;
    assert_int_equal(sql_parse_one(&ctx, STR("SELECT 1;"), &statement), STATUS_OK);
    assert_int_equal(sql_parse_one(&ctx, STR("SELECT 1; SELECT 2"), &statement),
                     STATUS_INVALID_SQL);
    assert_str(ctx.message, "expected one statement, got 2");
    assert_int_equal(ctx.position, 11);
    assert_int_equal(sql_parse_one(&ctx, STR(""), &statement), STATUS_INVALID_SQL);
}

static void every_kind_has_a_name(void **state)
{
    (void)state;
    for (AstKind kind = AST_SELECT; kind <= AST_ROLLBACK; kind++)
        assert_non_null(ast_kind_name(kind));
    assert_string_equal(ast_kind_name(AST_CREATE_TABLE), "CREATE TABLE");
    assert_string_equal(ast_kind_name(AST_EXECUTE_AS), "EXECUTE AS USER");
}

/* ---- limits ---- */

/* Parses `text`, which is freed, as an expression; the status is that of the parser. */
static Status parse_generated(Context *ctx, char *text, const AstExpr **ret_expr)
{
    Status status = sql_parse_expr(ctx, str_from_c(text), ret_expr);
    free(text);
    return status;
}

static void assert_limit(char *text, const char *message)
{
    CLEANUP(context_done) Context ctx = {0};
    const AstExpr *expr;
    assert_int_equal(parse_generated(&ctx, text, &expr), STATUS_INVALID_SQL);
    assert_str(ctx.message, message);
    assert_true(ctx.position > 0);
}

static char *parenthesised(size_t depth)
{
    char *open = repeat("", "(", depth, "1");
    char *text = repeat(open, ")", depth, "");
    free(open);
    return text;
}

static void nesting_is_limited_to_256(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstExpr *expr;
    static const char MESSAGE[] = "the statement nests deeper than 256 levels";
    assert_int_equal(parse_generated(&ctx, parenthesised(SQL_DEPTH_MAX - 1), &expr), STATUS_OK);
    assert_expr(expr, "1");
    assert_limit(parenthesised(SQL_DEPTH_MAX), MESSAGE);
    assert_limit(repeat("", "(", 500000, ""), MESSAGE);
    assert_limit(repeat("", "- ", 300, "1"), MESSAGE);
    assert_limit(repeat("", "NOT ", 300, "a"), MESSAGE);
    assert_limit(repeat("", "f(", 300, "1"), MESSAGE);
    assert_limit(repeat("", "position(", 100000, "1"), MESSAGE);
    assert_limit(repeat("", "trim(", 100000, "1"), MESSAGE);
    assert_limit(repeat("", "extract(a FROM ", 60000, "1"), MESSAGE);
    assert_limit(repeat("", "substring(", 100000, "1"), MESSAGE);
    assert_limit(repeat("", "cast(", 100000, "1"), MESSAGE);
    assert_limit(repeat("", "f() FILTER (WHERE ", 50000, "1"), MESSAGE);
    assert_limit(repeat("", "f() OVER (ROWS ", 60000, "1"), MESSAGE);
    assert_limit(repeat("", "f() OVER (ROWS BETWEEN CURRENT ROW AND ", 20000, "1"), MESSAGE);
    assert_limit(repeat("", "f() OVER (ORDER BY ", 50000, "1"), MESSAGE);
    assert_limit(repeat("", "a LIKE (", 100000, "1"), MESSAGE);
    assert_limit(repeat("", "a BETWEEN (", 90000, "1"), MESSAGE);
    assert_limit(repeat("", "EXISTS (SELECT ", 60000, "1"), MESSAGE);
    assert_limit(repeat("", "(WITH x AS (SELECT ", 50000, "1"), MESSAGE);
    assert_limit(repeat("", "(SELECT * FROM LATERAL (SELECT ", 30000, "1"), MESSAGE);
    assert_limit(repeat("(SELECT * FROM ", "t CROSS JOIN (", 70000, ""), MESSAGE);
    assert_limit(repeat("", "(VALUES (", 100000, "1"), MESSAGE);
    assert_limit(repeat("", "CASE WHEN ", 300, "1"), MESSAGE);
    assert_limit(repeat("", "(SELECT ", 300, "1"), MESSAGE);
    assert_limit(repeat("", "a IN (", 300, "1"), MESSAGE);
    assert_limit(repeat("", "ARRAY[", 300, "1"), MESSAGE);
    assert_limit(repeat("(SELECT * FROM ", "(", 300, ""), MESSAGE);
}

static void nested_statements_are_limited(void **state)
{
    (void)state;
    static const char *const PREFIXES[] = {"EXECUTE AS USER u (", "(((("};
    for (size_t i = 0; i < sizeof(PREFIXES) / sizeof(*PREFIXES); i++) {
        CLEANUP(context_done) Context ctx = {0};
        AstScript script;
        char *text = repeat("", PREFIXES[i], 300, "SELECT 1");
        assert_int_equal(sql_parse(&ctx, str_from_c(text), &script), STATUS_INVALID_SQL);
        free(text);
    }
}

static size_t height_of(const AstExpr *expr)
{
    size_t height = 0;
    for (size_t i = 0; i < expr->arg_count; i++) {
        size_t below = height_of(expr->args[i]);
        if (below > height)
            height = below;
    }
    return height + 1;
}

static void long_conditions_are_balanced(void **state)
{
    (void)state;
    static const char *const WORDS[] = {" AND a", " OR a"};
    for (size_t i = 0; i < 2; i++) {
        CLEANUP(context_done) Context ctx = {0};
        const AstExpr *expr;
        int64_t start = clock_monotonic_us();
        assert_int_equal(parse_generated(&ctx, repeat("a", WORDS[i], 99999, ""), &expr), STATUS_OK);
        assert_true(height_of(expr) <= 20);
        /* Some 20 ms; a quadratic algorithm would take minutes. */
        assert_true(clock_monotonic_us() - start < 5 * 1000 * 1000);
    }
}

static void long_lists_are_fine(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstExpr *expr;
    assert_int_equal(parse_generated(&ctx, repeat("a IN (0", ",1", 200000, ")"), &expr), STATUS_OK);
    assert_int_equal(expr->arg_count, 200002);
}

static void chains_of_operators_have_a_limit_that_is_named(void **state)
{
    (void)state;
    static const char *const LINKS[] = {
        "+1", "||'x'", "->'k'", "::int", " IS NULL", " IN (1)", "-1"};
    for (size_t i = 0; i < sizeof(LINKS) / sizeof(*LINKS); i++) {
        CLEANUP(context_done) Context ctx = {0};
        const AstExpr *expr;
        assert_int_equal(parse_generated(&ctx, repeat("1", LINKS[i], 1000, ""), &expr), STATUS_OK);
        Status status = parse_generated(&ctx, repeat("1", LINKS[i], 20000, ""), &expr);
        assert_int_equal(status, STATUS_INVALID_SQL);
        assert_non_null(memmem(ctx.message.ptr, ctx.message.len, "more than", 9));
    }
}

/* Chains within chains would make a tree as high as the text is long. */
static void nested_chains_are_no_higher_than_one(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstExpr *expr;
    char *open = repeat("", "(", 200, "1");
    char *link = repeat("", "+1", 500, ")");
    Status status = parse_generated(&ctx, repeat(open, link, 200, ""), &expr);
    free(open);
    free(link);
    assert_int_equal(status, STATUS_INVALID_SQL);
}

static void long_set_operations_and_joins_have_limits(void **state)
{
    (void)state;
    static const struct {
        const char *start;
        const char *link;
    } CHAINS[] = {
        {"SELECT 1", " UNION SELECT 1"},
        {"SELECT 1", " INTERSECT SELECT 1"},
        {"SELECT * FROM t", ", t"},
        {"SELECT * FROM t", " CROSS JOIN t"},
    };
    for (size_t i = 0; i < sizeof(CHAINS) / sizeof(*CHAINS); i++) {
        CLEANUP(context_done) Context ctx = {0};
        AstScript script;
        char *few = repeat(CHAINS[i].start, CHAINS[i].link, 99, "");
        char *many = repeat(CHAINS[i].start, CHAINS[i].link, 20000, "");
        assert_int_equal(sql_parse(&ctx, str_from_c(few), &script), STATUS_OK);
        assert_int_equal(sql_parse(&ctx, str_from_c(many), &script), STATUS_INVALID_SQL);
        free(few);
        free(many);
    }
}

static void text_is_limited_to_a_mebibyte(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    AstScript script;
    char *text = repeat("SELECT '", "x", SQL_TEXT_MAX - 9, "'");
    assert_int_equal(strlen(text), SQL_TEXT_MAX);
    assert_int_equal(sql_parse(&ctx, str_from_c(text), &script), STATUS_OK);
    free(text);
    text = repeat("SELECT '", "x", SQL_TEXT_MAX - 8, "'");
    assert_int_not_equal(sql_parse(&ctx, str_from_c(text), &script), STATUS_OK);
    assert_str(ctx.message, "the SQL text has 1048577 bytes, at most 1048576 are allowed");
    free(text);
}

static void text_is_utf8(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {"SELECT '\xff'", "\xc3(", "SELECT \xed\xa0\x80"};
    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(*TEXTS); i++) {
        CLEANUP(context_done) Context ctx = {0};
        AstScript script;
        assert_int_equal(sql_parse(&ctx, str_from_c(TEXTS[i]), &script), STATUS_SYNTAX_ERROR);
    }
}

static void statements_are_limited_in_number(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    AstScript script;
    char *text = repeat("", "COMMIT;", SQL_STATEMENTS_MAX, "");
    assert_int_equal(sql_parse(&ctx, str_from_c(text), &script), STATUS_OK);
    assert_int_equal(script.count, SQL_STATEMENTS_MAX);
    assert_int_equal(script.statements[SQL_STATEMENTS_MAX - 1]->kind, AST_COMMIT);
    free(text);
    text = repeat("", "COMMIT;", SQL_STATEMENTS_MAX + 1, "");
    assert_int_equal(sql_parse(&ctx, str_from_c(text), &script), STATUS_INVALID_SQL);
    assert_str(ctx.message, "more than 10000 statements");
    assert_int_equal(ctx.position, SQL_STATEMENTS_MAX * 7 + 1);
    free(text);
}

/* An error in a text of a mebibyte quotes no more of it than anybody reads, and whole characters.
 */
static void messages_are_short_and_valid(void **state)
{
    (void)state;
    static const char *const STARTS[] = {
        "SELECT 1 ", "", "CREATE ", "X'0", "$", "1", "SHOW ", "SELECT $1", "SELECT f() OVER "};
    for (size_t i = 0; i < sizeof(STARTS) / sizeof(*STARTS); i++) {
        for (size_t shift = 0; shift < 3; shift++) {
            CLEANUP(context_done) Context ctx = {0};
            AstScript script;
            char *start = repeat(STARTS[i], "a", shift, "");
            char *text = repeat(start, "\xe2\x82\xac", 100000, "'");
            assert_int_not_equal(sql_parse(&ctx, str_from_c(text), &script), STATUS_OK);
            assert_true(ctx.message.len < 200);
            assert_true(str_is_utf8(ctx.message));
            assert_true(ctx.hint.len < 400);
            assert_true(str_is_utf8(ctx.hint));
            free(text);
            free(start);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statements_know_their_text_and_place),
        cmocka_unit_test(empty_scripts_have_no_statements),
        cmocka_unit_test(one_statement_means_exactly_one),
        cmocka_unit_test(every_kind_has_a_name),
        cmocka_unit_test(nesting_is_limited_to_256),
        cmocka_unit_test(nested_statements_are_limited),
        cmocka_unit_test(long_conditions_are_balanced),
        cmocka_unit_test(long_lists_are_fine),
        cmocka_unit_test(chains_of_operators_have_a_limit_that_is_named),
        cmocka_unit_test(nested_chains_are_no_higher_than_one),
        cmocka_unit_test(long_set_operations_and_joins_have_limits),
        cmocka_unit_test(text_is_limited_to_a_mebibyte),
        cmocka_unit_test(text_is_utf8),
        cmocka_unit_test(statements_are_limited_in_number),
        cmocka_unit_test(messages_are_short_and_valid),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("sql/parser", tests, NULL, NULL);
}
