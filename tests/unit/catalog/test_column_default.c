/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog_test.h"

static const AstExpr NUMBER_5 = {.kind = AST_NUMBER, .text = STR_INIT("5")};
static const AstExpr NUMBER_HALF = {.kind = AST_NUMBER, .text = STR_INIT("0.5")};
static const AstExpr NUMBER_HUGE = {.kind = AST_NUMBER, .text = STR_INIT("99999999999")};
static const AstExpr *const FIVE[] = {&NUMBER_5};
static const AstExpr MINUS_5 = {
    .kind = AST_UNARY, .op = AST_OP_NEGATE, .args = FIVE, .arg_count = 1};
static const AstExpr TEXT_ABC = {.kind = AST_STRING, .text = STR_INIT("it's")};
static const AstExpr TRUE_WORD = {.kind = AST_BOOLEAN, .boolean = true};
static const AstExpr NULL_WORD = {.kind = AST_NULL};
static const AstExpr BARE_WORD = {.kind = AST_COLUMN, .name = {.text = STR_INIT("pending")}};
static const AstExpr CURRENT_TIMESTAMP = {.kind = AST_COLUMN,
                                          .name = {.text = STR_INIT("current_timestamp")}};
static const AstExpr A_DAY = {
    .kind = AST_TYPED, .type = {.name = STR_INIT("date")}, .text = STR_INIT("2026-01-02")};
static const AstExpr CAST_5 = {
    .kind = AST_CAST, .type = {.name = STR_INIT("text")}, .args = FIVE, .arg_count = 1};

#define CALL(function) ((AstExpr){.kind = AST_FUNCTION, .text = STR(function)})

static Status read(Context *ctx, const AstExpr *expr, Type type, Column *ret_column)
{
    AstColumnDef ast = {.name = NAME("c"), .default_value = expr};
    *ret_column = (Column){.type = type};
    return column_default_from_ast(ctx, &ast, type, &ret_column->default_value);
}

static void assert_default(const AstExpr *expr, Type type, const char *sql)
{
    CLEANUP(context_done) Context ctx = {0};
    Column column;
    assert_int_equal(read(&ctx, expr, type, &column), STATUS_OK);
    assert_str(column_default_sql(&ctx.arena, &column), sql);
    if (column.default_value.kind == DEFAULT_LITERAL)
        assert_int_equal(column.default_value.literal.kind, type.kind);
}

static void assert_refused(const AstExpr *expr, Type type)
{
    CLEANUP(context_done) Context ctx = {0};
    Column column;
    assert_int_not_equal(read(&ctx, expr, type, &column), STATUS_OK);
    assert_message(&ctx, "DEFAULT of column 'c'");
    assert_true(ctx.position > 0);
}

static void a_literal_is_cast_to_the_columns_type(void **state)
{
    (void)state;
    Type money = {.kind = TYPE_DECIMAL, .precision = 10, .scale = 2};
    assert_default(&NUMBER_5, TYPE(SMALLINT), "5");
    assert_default(&NUMBER_5, TYPE(BIGINT), "5");
    assert_default(&MINUS_5, TYPE(INT), "-5");
    assert_default(&NUMBER_5, TYPE(TEXT), "'5'");
    assert_default(&NUMBER_HALF, money, "0.50");
    assert_default(&TEXT_ABC, TYPE(TEXT), "'it''s'");
    assert_default(&TRUE_WORD, TYPE(BOOLEAN), "true");
    assert_default(&A_DAY, TYPE(DATE), "'2026-01-02'");
    assert_default(&CAST_5, TYPE(INT), "5");
    assert_default(&NULL_WORD, TYPE(INT), "");
}

static void a_literal_that_does_not_fit_is_an_error(void **state)
{
    (void)state;
    assert_refused(&NUMBER_HUGE, TYPE(INT));
    assert_refused(&TEXT_ABC, TYPE(INT));
    assert_refused(&TEXT_ABC, TYPE(JSON));
    assert_refused(&TEXT_ABC, TYPE(UUID));
    assert_refused(&TEXT_ABC, TYPE(TIMESTAMP));
}

static void functions_are_known_by_name_and_must_fit(void **state)
{
    (void)state;
    static const struct {
        Str name;
        TypeKind type;
        const char *sql; /* NULL = refused */
    } CASES[] = {
        {STR_INIT("now"), TYPE_TIMESTAMP, "NOW()"},
        {STR_INIT("now"), TYPE_DATE, "NOW()"},
        {STR_INIT("now"), TYPE_INT, NULL},
        {STR_INIT("current_timestamp"), TYPE_DATETIME, "NOW()"},
        {STR_INIT("snowflake_id"), TYPE_BIGINT, "SNOWFLAKE_ID()"},
        {STR_INIT("snowflake_id"), TYPE_TEXT, "SNOWFLAKE_ID()"},
        {STR_INIT("snowflake_id"), TYPE_INT, NULL},
        {STR_INIT("uuid_v7"), TYPE_UUID, "UUID_V7()"},
        {STR_INIT("uuid_v7"), TYPE_TEXT, "UUID_V7()"},
        {STR_INIT("ulid"), TYPE_TEXT, "ULID()"},
        {STR_INIT("ulid"), TYPE_UUID, NULL},
        {STR_INIT("current_user"), TYPE_TEXT, "CURRENT_USER()"},
        {STR_INIT("current_user"), TYPE_BYTES, NULL},
        {STR_INIT("random"), TYPE_DOUBLE, NULL},
        {STR_INIT("nosuch"), TYPE_TEXT, NULL},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        AstExpr call = CALL("");
        call.text = CASES[i].name;
        Type type = {.kind = CASES[i].type};
        if (CASES[i].sql)
            assert_default(&call, type, CASES[i].sql);
        else
            assert_refused(&call, type);
    }
    assert_default(&CURRENT_TIMESTAMP, TYPE(TIMESTAMP), "NOW()");
}

static void a_function_with_arguments_is_refused(void **state)
{
    (void)state;
    AstExpr call = CALL("now");
    call.args = FIVE;
    call.arg_count = 1;
    assert_refused(&call, TYPE(TIMESTAMP));
}

static void a_bare_word_is_text_for_text_columns_only(void **state)
{
    (void)state;
    assert_default(&BARE_WORD, TYPE(TEXT), "'pending'");
    assert_refused(&BARE_WORD, TYPE(INT));
}

static void auto_increment_is_a_snowflake_id(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    AstColumnDef ast = {.name = NAME("id"), .auto_increment = true};
    ColumnDefault given;
    assert_int_equal(column_default_from_ast(&ctx, &ast, TYPE(BIGINT), &given), STATUS_OK);
    assert_int_equal(given.kind, DEFAULT_FUNCTION);
    assert_int_equal(given.function, DEFAULT_SNOWFLAKE_ID);
}

static void an_expression_is_no_default(void **state)
{
    (void)state;
    const AstExpr *args[] = {&NUMBER_5, &NUMBER_5};
    AstExpr sum = {.kind = AST_BINARY, .op = AST_OP_ADD, .args = args, .arg_count = 2};
    assert_refused(&sum, TYPE(INT));
    AstExpr parameter = {.kind = AST_PARAMETER, .index = 1};
    assert_refused(&parameter, TYPE(INT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_literal_is_cast_to_the_columns_type),
        cmocka_unit_test(a_literal_that_does_not_fit_is_an_error),
        cmocka_unit_test(functions_are_known_by_name_and_must_fit),
        cmocka_unit_test(a_function_with_arguments_is_refused),
        cmocka_unit_test(a_bare_word_is_text_for_text_columns_only),
        cmocka_unit_test(auto_increment_is_a_snowflake_id),
        cmocka_unit_test(an_expression_is_no_default),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("column_default", tests, NULL, NULL);
}
