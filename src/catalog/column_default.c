/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DEFAULT: from the syntax tree to what is stored, and back to SQL text.
 *
 * A literal is cast to the column's type when the table is made, so that an
 * INSERT never fails on a default.  A bare word is taken as text, for TEXT
 * columns alone: everywhere else it is more likely a mistake.
 */
#include "catalog/table_build.h"

#include "value/decimal.h"

typedef struct FunctionInfo {
    Str name;
    DefaultFunction function;
    bool bare; /* may be written without parentheses */
} FunctionInfo;

static const FunctionInfo FUNCTIONS[] = {
    {STR_INIT("now"), DEFAULT_NOW, false},
    {STR_INIT("current_timestamp"), DEFAULT_NOW, true},
    {STR_INIT("snowflake_id"), DEFAULT_SNOWFLAKE_ID, false},
    {STR_INIT("uuid_v7"), DEFAULT_UUID_V7, false},
    {STR_INIT("ulid"), DEFAULT_ULID, false},
    {STR_INIT("current_user"), DEFAULT_CURRENT_USER, true},
};

enum { FUNCTION_COUNT = sizeof(FUNCTIONS) / sizeof(FUNCTIONS[0]) };

static const FunctionInfo *find_function(Str name)
{
    for (size_t i = 0; i < FUNCTION_COUNT; i++)
        if (str_equal(FUNCTIONS[i].name, name))
            return &FUNCTIONS[i];
    return NULL;
}

const char *default_function_name(DefaultFunction function)
{
    static const char *const NAMES[] = {"NOW", "SNOWFLAKE_ID", "UUID_V7", "ULID", "CURRENT_USER"};
    return NAMES[function];
}

/* Can every result of the function be stored in the column? */
static bool function_fits(const FunctionInfo *info, Type type)
{
    if (type.kind == TYPE_TEXT)
        return true;
    switch (info->function) {
    case DEFAULT_NOW:
        return type_is_temporal(type.kind);
    case DEFAULT_SNOWFLAKE_ID:
        return type.kind == TYPE_BIGINT;
    case DEFAULT_UUID_V7:
        return type.kind == TYPE_UUID;
    case DEFAULT_ULID:
    case DEFAULT_CURRENT_USER:
        return false;
    }
    return false;
}

static Status use_function(Context *ctx,
                           const AstColumnDef *ast,
                           const FunctionInfo *info,
                           Type type,
                           ColumnDefault *ret_default)
{
    if (!function_fits(info, type)) {
        Str type_name = type_to_sql(&ctx->arena, type);
        return fail_at(ctx,
                       STATUS_TYPE_MISMATCH,
                       ast->name.offset,
                       "DEFAULT of column '%.*s': %s() does not fit the type %.*s",
                       STR_ARG(ast->name.text),
                       default_function_name(info->function),
                       STR_ARG(type_name));
    }
    *ret_default = (ColumnDefault){.kind = DEFAULT_FUNCTION, .function = info->function};
    return STATUS_OK;
}

static Status number_literal(Context *ctx, Str text, Value *ret_value)
{
    int64_t integer;
    if (str_to_int64(text, &integer)) {
        *ret_value = value_bigint(integer);
        return STATUS_OK;
    }
    if (decimal_parse(text, ret_value))
        return STATUS_OK;
    Value as_text = value_text(text);
    return value_cast(ctx, &as_text, TYPE(DOUBLE), ret_value);
}

/* ret_literal is false when the expression is more than a literal. */
static Status read_literal(Context *ctx, const AstExpr *expr, Value *ret_value, bool *ret_literal)
{
    *ret_literal = true;
    switch (expr->kind) {
    case AST_NULL:
        *ret_value = VALUE_NULL;
        return STATUS_OK;
    case AST_BOOLEAN:
        *ret_value = value_boolean(expr->boolean);
        return STATUS_OK;
    case AST_NUMBER:
        return number_literal(ctx, expr->text, ret_value);
    case AST_STRING:
        *ret_value = value_text(expr->text);
        return STATUS_OK;
    case AST_BYTES:
        *ret_value = (Value){.kind = TYPE_BYTES, .text = expr->text};
        return STATUS_OK;
    case AST_TYPED: {
        Type type;
        Value text = value_text(expr->text);
        TRY(type_from_sql(ctx, expr->type.name, expr->type.args, expr->type.arg_count, &type));
        return value_cast(ctx, &text, type, ret_value);
    }
    default:
        *ret_literal = false;
        return STATUS_OK;
    }
}

/* Literals with a sign or a cast around them; these nest no deeper than the parser allows. */
static Status read_constant(Context *ctx, const AstExpr *expr, Value *ret_value, bool *ret_constant)
{
    if (expr->kind == AST_CAST) {
        Type type;
        Value inner;
        TRY(read_constant(ctx, expr->args[0], &inner, ret_constant));
        if (!*ret_constant)
            return STATUS_OK;
        TRY(type_from_sql(ctx, expr->type.name, expr->type.args, expr->type.arg_count, &type));
        return value_cast(ctx, &inner, type, ret_value);
    }
    bool is_signed = expr->kind == AST_UNARY && expr->args[0]->kind == AST_NUMBER;
    if (is_signed && expr->op == AST_OP_PLUS)
        return read_literal(ctx, expr->args[0], ret_value, ret_constant);
    if (is_signed && expr->op == AST_OP_NEGATE) {
        *ret_constant = true;
        Str text = arena_printf(&ctx->arena, "-%.*s", STR_ARG(expr->args[0]->text));
        return number_literal(ctx, text, ret_value);
    }
    return read_literal(ctx, expr, ret_value, ret_constant);
}

/* The failed Status again, with the column's name before its message. */
static Status name_the_column(Context *ctx, const AstColumnDef *ast, Status status)
{
    Str reason = ctx->message;
    return fail_at(ctx,
                   status,
                   ast->default_value->offset,
                   "DEFAULT of column '%.*s': %.*s",
                   STR_ARG(ast->name.text),
                   STR_ARG(reason));
}

static Status use_literal(Context *ctx,
                          const AstColumnDef *ast,
                          const Value *literal,
                          Type type,
                          ColumnDefault *ret_default)
{
    ColumnDefault result = {.kind = DEFAULT_NONE};
    if (!value_is_null(literal)) {
        result.kind = DEFAULT_LITERAL;
        Status status = value_cast(ctx, literal, type, &result.literal);
        if (status != STATUS_OK)
            return name_the_column(ctx, ast, status);
    }
    *ret_default = result;
    return STATUS_OK;
}

static Status refuse(Context *ctx, const AstColumnDef *ast)
{
    const AstExpr *expr = ast->default_value;
    if (expr->kind == AST_FUNCTION)
        return fail_at(ctx,
                       STATUS_FUNCTION_NOT_FOUND,
                       expr->offset,
                       "DEFAULT of column '%.*s': unknown function '%.*s' (known: NOW(), "
                       "CURRENT_TIMESTAMP, SNOWFLAKE_ID(), UUID_V7(), ULID(), CURRENT_USER())",
                       STR_ARG(ast->name.text),
                       STR_ARG(expr->text));
    return fail_at(ctx,
                   STATUS_INVALID_SQL,
                   expr->offset,
                   "DEFAULT of column '%.*s' must be a literal or one of NOW(), "
                   "CURRENT_TIMESTAMP, SNOWFLAKE_ID(), UUID_V7(), ULID(), CURRENT_USER()",
                   STR_ARG(ast->name.text));
}

static const FunctionInfo *called_function(const AstExpr *expr)
{
    if (expr->kind == AST_FUNCTION && expr->arg_count == 0)
        return find_function(expr->text);
    if (expr->kind == AST_COLUMN && !expr->qualifier.text.ptr && !expr->name.quoted) {
        const FunctionInfo *info = find_function(expr->name.text);
        return info && info->bare ? info : NULL;
    }
    return NULL;
}

Status column_default_from_ast(Context *ctx,
                               const AstColumnDef *ast,
                               Type type,
                               ColumnDefault *ret_default)
{
    const AstExpr *expr = ast->default_value;
    if (!expr) {
        *ret_default = (ColumnDefault){.kind = DEFAULT_NONE};
        return ast->auto_increment
                   ? use_function(ctx, ast, find_function(STR("snowflake_id")), type, ret_default)
                   : STATUS_OK;
    }
    const FunctionInfo *function = called_function(expr);
    if (function)
        return use_function(ctx, ast, function, type, ret_default);

    bool is_constant = false;
    Value literal = VALUE_NULL;
    Status status = read_constant(ctx, expr, &literal, &is_constant);
    if (status != STATUS_OK)
        return name_the_column(ctx, ast, status);
    if (!is_constant && expr->kind == AST_COLUMN && !expr->qualifier.text.ptr &&
        type.kind == TYPE_TEXT) {
        literal = value_text(expr->name.text);
        is_constant = true;
    }
    if (!is_constant)
        return refuse(ctx, ast);
    return use_literal(ctx, ast, &literal, type, ret_default);
}

/* Read back by a cast to the column's type, so the text of any value does, quoted unless a number.
 */
static void write_literal(Buf *out, const Value *literal)
{
    CLEANUP(buf_done) Buf text = {0};
    value_write_text(&text, literal);
    Value as_text = value_text(buf_str(&text));
    if (type_is_number(literal->kind) || literal->kind == TYPE_BOOLEAN)
        buf_str_append(out, as_text.text);
    else
        value_write_sql(out, &as_text);
}

Str column_default_sql(Arena *arena, const Column *column)
{
    const ColumnDefault *given = &column->default_value;
    if (given->kind == DEFAULT_NONE)
        return STR_NULL;
    if (given->kind == DEFAULT_FUNCTION)
        return arena_printf(arena, "%s()", default_function_name(given->function));
    CLEANUP(buf_done) Buf text = {0};
    write_literal(&text, &given->literal);
    return arena_str(arena, buf_str(&text));
}
