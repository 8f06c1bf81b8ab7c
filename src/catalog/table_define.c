/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From CREATE TABLE's syntax tree to a Table: everything about the definition
 * that can be judged without the catalog.
 */
#include "catalog/table_build.h"

#include "base/map.h"

/* ---- the kind ---- */

static Status kind_from_word(Context *ctx, const AstOption *option, TableKind *ret_kind)
{
    for (TableKind kind = TABLE_USER; kind <= TABLE_STREAM; kind++) {
        if (!str_equal_nocase(option->value, str_from_c(table_kind_word(kind))))
            continue;
        *ret_kind = kind;
        return STATUS_OK;
    }
    return fail_at(ctx,
                   STATUS_INVALID_SQL,
                   option->offset,
                   "Invalid value '%.*s' for table option 'TYPE': expected 'USER', 'SHARED' or "
                   "'STREAM'",
                   STR_ARG(option->value));
}

static const AstOption *find_type_option(const AstOptionList *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (str_equal(list->items[i].key, STR("type")))
            return &list->items[i];
    return NULL;
}

Status
table_kind_from_ast(Context *ctx, const AstCreateTable *ast, TableKind *ret_kind, bool *ret_given)
{
    static const TableKind OF_PREFIX[] = {
        [AST_TABLE_UNSPECIFIED] = TABLE_SHARED,
        [AST_TABLE_USER] = TABLE_USER,
        [AST_TABLE_SHARED] = TABLE_SHARED,
        [AST_TABLE_STREAM] = TABLE_STREAM,
    };
    bool has_prefix = ast->table_kind != AST_TABLE_UNSPECIFIED;
    const AstOption *option = find_type_option(&ast->options);
    TableKind kind = OF_PREFIX[ast->table_kind];
    TableKind by_option = kind;
    if (option)
        TRY(kind_from_word(ctx, option, &by_option));
    if (has_prefix && by_option != kind)
        return fail_at(ctx,
                       STATUS_INVALID_SQL,
                       option->offset,
                       "Table option 'TYPE' says %s, but the statement creates a %s table",
                       table_kind_word(by_option),
                       table_kind_word(kind));
    *ret_kind = by_option;
    *ret_given = has_prefix || option;
    return STATUS_OK;
}

/* ---- columns ---- */

static Status column_type(Context *ctx, const AstColumnDef *ast, Type *ret_type)
{
    Type type;
    if (str_equal_nocase(ast->type.name, STR("embedding")) ||
        str_equal_nocase(ast->type.name, STR("file")))
        return fail_at(ctx,
                       STATUS_UNSUPPORTED,
                       ast->type.offset,
                       "Column '%.*s': the type '%.*s' is not supported in this version",
                       STR_ARG(ast->name.text),
                       STR_ARG(ast->type.name));
    if (type_from_sql(ctx, ast->type.name, ast->type.args, ast->type.arg_count, &type) !=
        STATUS_OK) {
        Str reason = ctx->message;
        return fail_at(ctx,
                       ctx->error,
                       ast->type.offset,
                       "Column '%.*s': %.*s",
                       STR_ARG(ast->name.text),
                       STR_ARG(reason));
    }
    /* A generated number has 63 bits: SERIAL and INT AUTO_INCREMENT are as wide as what fills them.
     */
    if (ast->auto_increment && type_is_integer(type.kind))
        type = TYPE(BIGINT);
    *ret_type = type;
    return STATUS_OK;
}

Status column_from_ast(Context *ctx, const AstColumnDef *ast, Column *ret_column)
{
    Column column = {.name = ast->name.text, .not_null = ast->not_null};
    TRY(name_check_column(ctx, ast->name));
    TRY(column_type(ctx, ast, &column.type));
    if (ast->null_given && (ast->not_null || ast->primary_key))
        return fail_at(ctx,
                       STATUS_INVALID_SQL,
                       ast->name.offset,
                       "Column '%.*s' cannot be both NULL and %s",
                       STR_ARG(ast->name.text),
                       ast->not_null ? "NOT NULL" : "PRIMARY KEY");
    TRY(column_default_from_ast(ctx, ast, column.type, &column.default_value));
    *ret_column = column;
    return STATUS_OK;
}

static Status check_names_differ(Context *ctx, const AstCreateTable *ast)
{
    CLEANUP(map_done) Map names = {0};
    for (size_t i = 0; i < ast->column_count; i++) {
        AstName name = ast->columns[i].name;
        if (map_put(&names, name.text, (void *)&ast->columns[i]))
            return fail_at(ctx,
                           STATUS_INVALID_SQL,
                           name.offset,
                           "Column '%.*s' is defined twice",
                           STR_ARG(name.text));
    }
    return STATUS_OK;
}

static Status check_column_count(Context *ctx, const AstCreateTable *ast)
{
    if (ast->column_count >= 1 && ast->column_count <= TABLE_COLUMNS_MAX)
        return STATUS_OK;
    return fail_at(ctx,
                   STATUS_INVALID_SQL,
                   ast->table.name.offset,
                   "A table has 1 to %d columns, not %zu",
                   TABLE_COLUMNS_MAX,
                   ast->column_count);
}

static Status define_columns(Context *ctx, const AstCreateTable *ast, Column *columns)
{
    for (size_t i = 0; i < ast->column_count; i++)
        TRY(column_from_ast(ctx, &ast->columns[i], &columns[i]));
    return check_names_differ(ctx, ast);
}

/* ---- the primary key ---- */

static const char *kind_title(TableKind kind)
{
    static const char *const TITLES[] = {"User", "Shared", "Stream", "System"};
    return TITLES[kind];
}

static Status more_than_one_key(Context *ctx, AstName name, TableKind kind)
{
    return fail_at(ctx,
                   STATUS_INVALID_SQL,
                   name.offset,
                   "%s tables take a single-column PRIMARY KEY",
                   kind_title(kind));
}

/* The index of the column that is the key, by column or by table constraint; -1 = none. */
static Status find_key(Context *ctx, const AstCreateTable *ast, TableKind kind, int *ret_key)
{
    int key = -1;
    for (size_t i = 0; i < ast->column_count; i++) {
        if (!ast->columns[i].primary_key)
            continue;
        if (key >= 0)
            return more_than_one_key(ctx, ast->columns[i].name, kind);
        key = (int)i;
    }
    if (ast->primary_key.count == 0) {
        *ret_key = key;
        return STATUS_OK;
    }
    AstName name = ast->primary_key.items[0];
    if (ast->primary_key.count > 1)
        return more_than_one_key(ctx, ast->primary_key.items[1], kind);
    if (key >= 0 && !str_equal(ast->columns[key].name.text, name.text))
        return more_than_one_key(ctx, name, kind);
    for (size_t i = 0; i < ast->column_count; i++) {
        if (!str_equal(ast->columns[i].name.text, name.text))
            continue;
        *ret_key = (int)i;
        return STATUS_OK;
    }
    return fail_at(ctx,
                   STATUS_COLUMN_NOT_FOUND,
                   name.offset,
                   "PRIMARY KEY column '%.*s' does not exist",
                   STR_ARG(name.text));
}

static Status define_key(Context *ctx, const AstCreateTable *ast, TableKind kind, Column *columns)
{
    int key = -1;
    TRY(find_key(ctx, ast, kind, &key));
    if (key < 0 && kind == TABLE_STREAM)
        return STATUS_OK;
    if (key < 0)
        return fail_at(ctx,
                       STATUS_INVALID_SQL,
                       ast->table.name.offset,
                       "%s tables require a PRIMARY KEY column",
                       kind_title(kind));
    if (ast->columns[key].null_given)
        return fail_at(ctx,
                       STATUS_INVALID_SQL,
                       ast->columns[key].name.offset,
                       "Column '%.*s' cannot be both NULL and PRIMARY KEY",
                       STR_ARG(ast->columns[key].name.text));
    columns[key].primary_key = true;
    columns[key].not_null = true;
    return STATUS_OK;
}

Status table_define(Context *ctx, const TableDefinition *definition, Table **ret_table)
{
    const AstCreateTable *ast = definition->ast;
    Table table = {
        .kind = definition->kind,
        .namespace_name = definition->namespace_name,
        .name = ast->table.name.text,
        .column_count = (uint32_t)ast->column_count,
        .created_by = definition->created_by,
        .created_at_us = definition->now_us,
        .updated_at_us = definition->now_us,
    };
    TRY(name_check_table(ctx, ast->table.name));
    TRY(check_column_count(ctx, ast));
    Column *columns = ARENA_ARRAY(&ctx->arena, Column, ast->column_count);
    TRY(define_columns(ctx, ast, columns));
    TRY(define_key(ctx, ast, definition->kind, columns));
    TRY(table_options_from_ast(
        ctx, &ast->options, definition->kind, definition->defaults, &table.options));
    table.columns = columns;
    *ret_table = table_build(&table, NULL);
    return STATUS_OK;
}
