/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog_test.h"

static const AstColumnDef ID = {
    .name = {.text = STR_INIT("id")},
    .type = {.name = STR_INIT("bigint")},
    .primary_key = true,
};
static const AstColumnDef BODY = {
    .name = {.text = STR_INIT("body"), .offset = 30},
    .type = {.name = STR_INIT("text"), .offset = 35},
    .not_null = true,
};

typedef struct Statement {
    AstColumnDef columns[4];
    size_t count;
    AstCreateTable ast;
} Statement;

static void set_up(Statement *statement, AstTableKind kind, AstColumnDef first, AstColumnDef second)
{
    *statement = (Statement){.columns = {first, second}, .count = 2};
    statement->ast = (AstCreateTable){
        .table_kind = kind,
        .table = {.name = NAME("events")},
        .columns = statement->columns,
        .column_count = 2,
    };
}

static Status define(Context *ctx, const AstCreateTable *ast, Table **ret_table)
{
    TableDefinition definition = {
        .ast = ast,
        .namespace_name = STR("app"),
        .created_by = STR("alice"),
        .now_us = 77,
        .defaults = &DEFAULTS,
    };
    bool given;
    TRY(table_kind_from_ast(ctx, ast, &definition.kind, &given));
    return table_define(ctx, &definition, ret_table);
}

static Table *defined(const AstCreateTable *ast)
{
    CLEANUP(context_done) Context ctx = {0};
    Table *table = NULL;
    assert_int_equal(define(&ctx, ast, &table), STATUS_OK);
    return table;
}

static void refused(const AstCreateTable *ast, const char *words)
{
    CLEANUP(context_done) Context ctx = {0};
    Table *table = NULL;
    assert_int_not_equal(define(&ctx, ast, &table), STATUS_OK);
    assert_null(table);
    assert_message(&ctx, words);
    assert_true(ctx.position > 0);
}

static void r1_the_kind_comes_from_the_prefix_or_the_type_option(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    AstOption type = OPTION("type", "stream");
    AstCreateTable ast = {0};
    TableKind kind;
    bool given;
    assert_int_equal(table_kind_from_ast(&ctx, &ast, &kind, &given), STATUS_OK);
    assert_int_equal(kind, TABLE_SHARED);
    assert_false(given);
    ast.table_kind = AST_TABLE_USER;
    assert_int_equal(table_kind_from_ast(&ctx, &ast, &kind, &given), STATUS_OK);
    assert_int_equal(kind, TABLE_USER);
    assert_true(given);
    ast.options = (AstOptionList){.items = &type, .count = 1};
    assert_int_equal(table_kind_from_ast(&ctx, &ast, &kind, &given), STATUS_INVALID_SQL);
    ast.table_kind = AST_TABLE_UNSPECIFIED;
    assert_int_equal(table_kind_from_ast(&ctx, &ast, &kind, &given), STATUS_OK);
    assert_int_equal(kind, TABLE_STREAM);
    assert_true(given);
    type.value = STR("system");
    assert_int_equal(table_kind_from_ast(&ctx, &ast, &kind, &given), STATUS_INVALID_SQL);
}

static void a_definition_becomes_a_table(void **state)
{
    (void)state;
    Statement statement;
    set_up(&statement, AST_TABLE_USER, BODY, ID);
    CLEANUP(table_unref) Table *table = defined(&statement.ast);
    assert_str(table->full_name, "app.events");
    assert_int_equal(table->kind, TABLE_USER);
    assert_int_equal(table->column_count, 2);
    assert_int_equal(table->primary_key, 1);
    assert_true(table->columns[1].not_null);
    assert_int_equal(table->columns[0].id, 1);
    assert_int_equal(table->columns[1].id, 2);
    assert_int_equal(table->next_column_id, 3);
    assert_int_equal(table_column(table, STR("body")), 0);
    assert_int_equal(table_column(table, STR("_seq")), -1);
    assert_int_equal(table->created_at_us, 77);
    assert_str(table->created_by, "alice");
    assert_true(table_is_sync(table));
    assert_true(table_is_per_user(table));
    assert_int_equal(table_row_width(table), 5);
}

static void r6_a_stream_needs_no_key_and_gets_no_columns(void **state)
{
    (void)state;
    Statement statement;
    AstColumnDef plain = ID;
    plain.primary_key = false;
    set_up(&statement, AST_TABLE_STREAM, plain, BODY);
    CLEANUP(table_unref) Table *table = defined(&statement.ast);
    assert_int_equal(table->column_count, 2);
    assert_int_equal(table->primary_key, -1);
    assert_int_equal(table->columns[0].default_value.kind, DEFAULT_NONE);
    assert_false(table_is_sync(table));
    assert_true(table_is_per_user(table));
}

static void user_and_shared_tables_require_one_key_column(void **state)
{
    (void)state;
    Statement statement;
    AstColumnDef plain = ID;
    plain.primary_key = false;
    set_up(&statement, AST_TABLE_USER, plain, BODY);
    refused(&statement.ast, "User tables require a PRIMARY KEY column");
    statement.ast.table_kind = AST_TABLE_SHARED;
    refused(&statement.ast, "Shared tables require a PRIMARY KEY column");

    AstName key[] = {NAME("id"), NAME("body")};
    statement.ast.primary_key = (AstNameList){.items = key, .count = 1};
    CLEANUP(table_unref) Table *table = defined(&statement.ast);
    assert_int_equal(table->primary_key, 0);
    statement.ast.primary_key.count = 2;
    refused(&statement.ast, "single-column PRIMARY KEY");
    statement.ast.primary_key = (AstNameList){.items = &key[1], .count = 1};
    statement.columns[0].primary_key = true;
    refused(&statement.ast, "single-column PRIMARY KEY");
    AstName unknown = NAME("nope");
    statement.columns[0].primary_key = false;
    statement.ast.primary_key.items = &unknown;
    refused(&statement.ast, "PRIMARY KEY column 'nope' does not exist");
}

static void columns_that_contradict_themselves_are_refused(void **state)
{
    (void)state;
    Statement statement;
    AstColumnDef bad = BODY;
    bad.null_given = true;
    set_up(&statement, AST_TABLE_SHARED, ID, bad);
    refused(&statement.ast, "both NULL and NOT NULL");
    bad = ID;
    bad.null_given = true;
    set_up(&statement, AST_TABLE_SHARED, bad, BODY);
    refused(&statement.ast, "both NULL and PRIMARY KEY");
    set_up(&statement, AST_TABLE_SHARED, ID, ID);
    statement.columns[1].primary_key = false;
    refused(&statement.ast, "defined twice");
    set_up(&statement, AST_TABLE_SHARED, ID, BODY);
    statement.columns[1].name = NAME("_updated");
    refused(&statement.ast, "reserved system column name");
    set_up(&statement, AST_TABLE_SHARED, ID, BODY);
    statement.ast.column_count = 0;
    refused(&statement.ast, "1 to 1000 columns");
    set_up(&statement, AST_TABLE_SHARED, ID, BODY);
    statement.ast.table.name = NAME("Events");
    refused(&statement.ast, "lower-case letter");
}

static void types_of_a_later_version_are_refused_by_name(void **state)
{
    (void)state;
    Statement statement;
    set_up(&statement, AST_TABLE_SHARED, ID, BODY);
    statement.columns[1].type = TYPE_NAMED("embedding");
    refused(&statement.ast, "'embedding' is not supported in this version");
    statement.columns[1].type = TYPE_NAMED("file");
    refused(&statement.ast, "'file' is not supported in this version");
    statement.columns[1].type = TYPE_NAMED("tinyint");
    refused(&statement.ast, "tinyint");
}

static void serial_columns_are_wide_enough_for_what_fills_them(void **state)
{
    (void)state;
    Statement statement;
    set_up(&statement, AST_TABLE_SHARED, ID, BODY);
    statement.columns[0].type = TYPE_NAMED("serial");
    statement.columns[0].auto_increment = true;
    CLEANUP(table_unref) Table *table = defined(&statement.ast);
    assert_int_equal(table->columns[0].type.kind, TYPE_BIGINT);
    assert_int_equal(table->columns[0].default_value.function, DEFAULT_SNOWFLAKE_ID);
}

static void the_layout_is_sorted_by_column_id(void **state)
{
    (void)state;
    Column columns[] = {
        {.id = 7, .name = STR("a"), .type = TYPE(TEXT)},
        {.id = 2, .name = STR("b"), .type = TYPE(INT)},
        {.id = 0, .name = STR("c"), .type = TYPE(DATE)},
        {.id = 5, .name = STR("d"), .type = TYPE(UUID)},
    };
    Table like = {.namespace_name = STR("n"),
                  .name = STR("t"),
                  .columns = columns,
                  .column_count = 4,
                  .next_column_id = 8};
    CLEANUP(table_unref) Table *table = table_build(&like, NULL);
    static const uint32_t IDS[] = {2, 5, 7, 8};
    static const uint32_t ORDER[] = {1, 3, 0, 2};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(table->layout.columns[i].id, IDS[i]);
        assert_int_equal(table->layout_order[i], ORDER[i]);
        assert_true(type_equal(table->layout.columns[i].type, table->columns[ORDER[i]].type));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r1_the_kind_comes_from_the_prefix_or_the_type_option),
        cmocka_unit_test(a_definition_becomes_a_table),
        cmocka_unit_test(r6_a_stream_needs_no_key_and_gets_no_columns),
        cmocka_unit_test(user_and_shared_tables_require_one_key_column),
        cmocka_unit_test(columns_that_contradict_themselves_are_refused),
        cmocka_unit_test(types_of_a_later_version_are_refused_by_name),
        cmocka_unit_test(serial_columns_are_wide_enough_for_what_fills_them),
        cmocka_unit_test(the_layout_is_sorted_by_column_id),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("table_define", tests, NULL, NULL);
}
