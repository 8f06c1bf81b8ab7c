/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/table_alter.h"

#include "catalog/table_build.h"

/* ---- widening ---- */

/* Digits that a DECIMAL needs for every value of an integer type; 0 = it is none. */
static int integer_digits(TypeKind kind)
{
    switch (kind) {
    case TYPE_SMALLINT:
        return 5;
    case TYPE_INT:
        return 10;
    case TYPE_BIGINT:
        return 19;
    default:
        return 0;
    }
}

static bool widens_to_decimal(Type from, Type to)
{
    int digits = integer_digits(from.kind);
    if (from.kind == TYPE_DECIMAL)
        return to.scale >= from.scale && to.precision - to.scale >= from.precision - from.scale;
    return digits > 0 && to.precision - to.scale >= digits;
}

/* Types whose text is the same whoever writes it, and whatever type the column had before: a
 * DECIMAL's text would depend on the scale that its row was written with. */
static bool widens_to_text(TypeKind from)
{
    return integer_digits(from) > 0 || from == TYPE_BOOLEAN || from == TYPE_UUID ||
           from == TYPE_DATE || from == TYPE_JSON;
}

bool type_widens(Type from, Type to)
{
    switch (to.kind) {
    case TYPE_INT:
        return from.kind == TYPE_SMALLINT;
    case TYPE_BIGINT:
        return from.kind == TYPE_SMALLINT || from.kind == TYPE_INT;
    case TYPE_FLOAT:
        return from.kind == TYPE_SMALLINT;
    case TYPE_DOUBLE:
        return from.kind == TYPE_SMALLINT || from.kind == TYPE_INT || from.kind == TYPE_FLOAT;
    case TYPE_DECIMAL:
        return widens_to_decimal(from, to);
    case TYPE_TEXT:
        return widens_to_text(from.kind);
    case TYPE_TIMESTAMP:
        return from.kind == TYPE_DATE || from.kind == TYPE_DATETIME;
    case TYPE_DATETIME:
        return from.kind == TYPE_DATE || from.kind == TYPE_TIMESTAMP;
    default:
        return false;
    }
}

/* ---- a change in the making ---- */

typedef struct Alter {
    Context *ctx;
    const Table *before;
    const AstAlterTable *ast;
    Table after;     /* what it will be built like */
    Column *columns; /* of after; room for one more */
    uint32_t at;     /* the column in question */
    TableAlteration result;
    bool changed;
} Alter;

static Column *altered_column(Alter *alter)
{
    alter->changed = true;
    return &alter->columns[alter->at];
}

static void describe(Alter *alter, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void describe(Alter *alter, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    alter->result.text = arena_vprintf(&alter->ctx->arena, format, args);
    va_end(args);
}

static bool is_system_column(Str name)
{
    return str_equal(name, STR("_seq")) || str_equal(name, STR("_updated")) ||
           str_equal(name, STR("_deleted"));
}

/* The column the statement names, which may be changed. */
static Status find_column(Alter *alter, const char *verb)
{
    AstName name = alter->ast->column.name;
    int at = table_column(alter->before, name.text);
    if (is_system_column(name.text))
        return fail_at(alter->ctx,
                       STATUS_INVALID_OPERATION,
                       name.offset,
                       "Cannot %s column '%.*s': system column cannot be modified",
                       verb,
                       STR_ARG(name.text));
    if (at < 0)
        return fail_at(alter->ctx,
                       STATUS_COLUMN_NOT_FOUND,
                       name.offset,
                       "Column '%.*s' does not exist in table %.*s",
                       STR_ARG(name.text),
                       STR_ARG(alter->before->full_name));
    alter->at = (uint32_t)at;
    return STATUS_OK;
}

static Status find_ordinary_column(Alter *alter, const char *verb)
{
    TRY(find_column(alter, verb));
    if (!alter->columns[alter->at].primary_key)
        return STATUS_OK;
    return fail_at(alter->ctx,
                   STATUS_INVALID_OPERATION,
                   alter->ast->column.name.offset,
                   "Cannot %s column '%.*s': it is the primary key",
                   verb,
                   STR_ARG(alter->ast->column.name.text));
}

static Status check_new_name(Alter *alter, AstName name)
{
    TRY(name_check_column(alter->ctx, name));
    if (table_column(alter->before, name.text) < 0)
        return STATUS_OK;
    return fail_at(alter->ctx,
                   STATUS_ALREADY_EXISTS,
                   name.offset,
                   "Column '%.*s' in table %.*s",
                   STR_ARG(name.text),
                   STR_ARG(alter->before->full_name));
}

static Str type_text(Alter *alter, Type type)
{
    return type_to_sql(&alter->ctx->arena, type);
}

/* ---- the forms ---- */

static Status check_room(Alter *alter)
{
    if (alter->before->column_count < TABLE_COLUMNS_MAX)
        return STATUS_OK;
    return fail_at(alter->ctx,
                   STATUS_INVALID_SQL,
                   alter->ast->column.name.offset,
                   "A table has at most %d columns",
                   TABLE_COLUMNS_MAX);
}

/* Events are not counted before a column comes: decision 24. */
static Status demand_empty(Alter *alter)
{
    alter->result.demand = DEMAND_EMPTY;
    if (alter->before->kind != TABLE_STREAM)
        return STATUS_OK;
    return fail_at(alter->ctx,
                   STATUS_INVALID_OPERATION,
                   alter->ast->column.name.offset,
                   "Cannot add column '%.*s' to a stream: it must be nullable, or NOT NULL with a "
                   "literal DEFAULT",
                   STR_ARG(alter->ast->column.name.text));
}

static Status add_column(Alter *alter)
{
    const AstColumnDef *ast = &alter->ast->column;
    TRY(check_new_name(alter, ast->name));
    TRY(check_room(alter));
    if (ast->primary_key)
        return fail_at(alter->ctx,
                       STATUS_INVALID_OPERATION,
                       ast->name.offset,
                       "Cannot add column '%.*s' as PRIMARY KEY: a table's key does not change",
                       STR_ARG(ast->name.text));
    alter->at = alter->after.column_count++;
    Column *column = altered_column(alter);
    TRY(column_from_ast(alter->ctx, ast, column));
    bool filled = column->default_value.kind == DEFAULT_LITERAL;
    if (column->not_null && !filled)
        TRY(demand_empty(alter));
    describe(alter,
             "ADD COLUMN %.*s %.*s",
             STR_ARG(column->name),
             STR_ARG(type_text(alter, column->type)));
    return STATUS_OK;
}

static Status drop_column(Alter *alter)
{
    TRY(find_ordinary_column(alter, "drop"));
    if (alter->after.column_count == 1)
        return fail_at(alter->ctx,
                       STATUS_INVALID_OPERATION,
                       alter->ast->column.name.offset,
                       "Cannot drop column '%.*s': a table has at least one column",
                       STR_ARG(alter->ast->column.name.text));
    Column *column = altered_column(alter);
    describe(alter, "DROP COLUMN %.*s", STR_ARG(column->name));
    uint32_t behind = --alter->after.column_count - alter->at;
    memmove(column, column + 1, behind * sizeof(Column));
    return STATUS_OK;
}

static Status rename_column(Alter *alter)
{
    AstName name = alter->ast->new_name;
    TRY(find_ordinary_column(alter, "rename"));
    describe(alter,
             "RENAME COLUMN %.*s TO %.*s",
             STR_ARG(alter->ast->column.name.text),
             STR_ARG(name.text));
    if (str_equal(name.text, alter->ast->column.name.text))
        return STATUS_OK;
    TRY(check_new_name(alter, name));
    altered_column(alter)->name = name.text;
    return STATUS_OK;
}

static void set_not_null(Alter *alter, bool not_null)
{
    if (alter->columns[alter->at].not_null == not_null)
        return;
    altered_column(alter)->not_null = not_null;
    if (!not_null)
        return;
    alter->result.demand = DEMAND_NOT_NULL;
    alter->result.demand_column = alter->at;
}

static Status check_widening(Alter *alter, Type from, Type to)
{
    if (type_widens(from, to))
        return STATUS_OK;
    return fail_at(alter->ctx,
                   STATUS_TYPE_MISMATCH,
                   alter->ast->column.type.offset,
                   "Cannot modify column '%.*s': %.*s does not widen to %.*s",
                   STR_ARG(alter->ast->column.name.text),
                   STR_ARG(type_text(alter, from)),
                   STR_ARG(type_text(alter, to)));
}

static Status change_type(Alter *alter, Type type)
{
    if (type_equal(alter->columns[alter->at].type, type))
        return STATUS_OK;
    TRY(check_widening(alter, alter->columns[alter->at].type, type));
    Column *column = altered_column(alter);
    ColumnDefault *given = &column->default_value;
    column->type = type;
    return given->kind == DEFAULT_LITERAL
               ? value_cast(alter->ctx, &given->literal, type, &given->literal)
               : STATUS_OK;
}

static Status modify_column(Alter *alter)
{
    const AstColumnDef *ast = &alter->ast->column;
    Column wanted = {0};
    TRY(find_ordinary_column(alter, "modify"));
    TRY(column_from_ast(alter->ctx, ast, &wanted));
    TRY(change_type(alter, wanted.type));
    if (ast->not_null || ast->null_given)
        set_not_null(alter, ast->not_null);
    if (ast->default_value)
        altered_column(alter)->default_value = wanted.default_value;
    describe(alter,
             "MODIFY COLUMN %.*s %.*s%s",
             STR_ARG(ast->name.text),
             STR_ARG(type_text(alter, wanted.type)),
             ast->not_null     ? " NOT NULL"
             : ast->null_given ? " NULL"
                               : "");
    return STATUS_OK;
}

static Status alter_not_null(Alter *alter, bool not_null)
{
    TRY(find_ordinary_column(alter, "modify"));
    set_not_null(alter, not_null);
    describe(alter,
             "ALTER COLUMN %.*s %s NOT NULL",
             STR_ARG(alter->ast->column.name.text),
             not_null ? "SET" : "DROP");
    return STATUS_OK;
}

static Status set_default(Alter *alter)
{
    TRY(find_column(alter, "modify"));
    Column *column = altered_column(alter);
    TRY(column_default_from_ast(
        alter->ctx, &alter->ast->column, column->type, &column->default_value));
    describe(alter,
             "ALTER COLUMN %.*s SET DEFAULT %.*s",
             STR_ARG(column->name),
             STR_ARG(column_default_sql(&alter->ctx->arena, column)));
    return STATUS_OK;
}

static Status drop_default(Alter *alter)
{
    TRY(find_column(alter, "modify"));
    describe(alter, "ALTER COLUMN %.*s DROP DEFAULT", STR_ARG(alter->ast->column.name.text));
    if (alter->columns[alter->at].default_value.kind != DEFAULT_NONE)
        altered_column(alter)->default_value = (ColumnDefault){.kind = DEFAULT_NONE};
    return STATUS_OK;
}

static Status set_options(Alter *alter)
{
    const AstOptionList *list = &alter->ast->options;
    CLEANUP(buf_done) Buf text = {0};
    TRY(table_options_change(alter->ctx, list, alter->before, &alter->after.options));
    alter->changed = !table_options_equal(&alter->before->options, &alter->after.options);
    for (size_t i = 0; i < list->count; i++)
        buf_printf(&text,
                   "%s%.*s = %.*s",
                   i ? ", " : "SET ",
                   STR_ARG(list->items[i].key),
                   STR_ARG(list->items[i].value));
    describe(alter, "%.*s", STR_ARG(buf_str(&text)));
    return STATUS_OK;
}

static Status refuse_index(Alter *alter)
{
    return fail_at(alter->ctx,
                   STATUS_UNSUPPORTED,
                   alter->ast->column.name.offset,
                   "Indexes are not supported in this version (column '%.*s')",
                   STR_ARG(alter->ast->column.name.text));
}

static Status check_stream(Alter *alter)
{
    AstAlterKind kind = alter->ast->alter;
    if (alter->before->kind != TABLE_STREAM || kind == AST_ALTER_ADD_COLUMN ||
        kind == AST_ALTER_SET_OPTIONS)
        return STATUS_OK;
    return fail_at(alter->ctx,
                   STATUS_INVALID_OPERATION,
                   alter->ast->table.name.offset,
                   "Stream table %.*s: ALTER TABLE can add columns and set options only",
                   STR_ARG(alter->before->full_name));
}

static Status apply(Alter *alter)
{
    switch (alter->ast->alter) {
    case AST_ALTER_ADD_COLUMN:
        return add_column(alter);
    case AST_ALTER_DROP_COLUMN:
        return drop_column(alter);
    case AST_ALTER_RENAME_COLUMN:
        return rename_column(alter);
    case AST_ALTER_MODIFY_COLUMN:
        return modify_column(alter);
    case AST_ALTER_SET_NOT_NULL:
    case AST_ALTER_DROP_NOT_NULL:
        return alter_not_null(alter, alter->ast->alter == AST_ALTER_SET_NOT_NULL);
    case AST_ALTER_SET_DEFAULT:
        return set_default(alter);
    case AST_ALTER_DROP_DEFAULT:
        return drop_default(alter);
    case AST_ALTER_SET_OPTIONS:
        return set_options(alter);
    case AST_ALTER_CREATE_INDEX:
    case AST_ALTER_DROP_INDEX:
        return refuse_index(alter);
    }
    return STATUS_OK;
}

static const Table *definition_of(const Alter *alter)
{
    Table *definition = ARENA_NEW(&alter->ctx->arena, Table);
    *definition = alter->after;
    return definition;
}

Status table_alter(Context *ctx,
                   const Table *table,
                   const AstAlterTable *ast,
                   TableAlteration *ret_alteration)
{
    Alter alter = {.ctx = ctx, .before = table, .ast = ast, .after = *table};
    alter.columns = ARENA_ARRAY(&ctx->arena, Column, table->column_count + 1);
    memcpy(alter.columns, table->columns, table->column_count * sizeof(Column));
    alter.after.columns = alter.columns;
    TRY(check_stream(&alter));
    TRY(apply(&alter));
    if (alter.changed)
        alter.result.definition = definition_of(&alter);
    *ret_alteration = alter.result;
    return STATUS_OK;
}
