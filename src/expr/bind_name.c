/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Columns by name: those of the table, the system columns, the slots of a
 * grouped row.
 */
#include "expr/bind.h"

#include "expr/nearest.h"
#include "sql/printer.h"

typedef struct SystemColumn {
    Str name;
    TypeKind kind;
} SystemColumn;

static const SystemColumn SYSTEM_COLUMNS[SYSTEM_COLUMN_COUNT] = {
    [SYSTEM_COLUMN_SEQ] = {STR_INIT("_seq"), TYPE_BIGINT},
    [SYSTEM_COLUMN_UPDATED] = {STR_INIT("_updated"), TYPE_TIMESTAMP},
    [SYSTEM_COLUMN_DELETED] = {STR_INIT("_deleted"), TYPE_BOOLEAN},
};

static int system_column_count(const Table *table)
{
    return table->kind == TABLE_STREAM ? SYSTEM_COLUMN_SEQ + 1 : SYSTEM_COLUMN_COUNT;
}

/* The row index, or -1. */
static int find_column(const Table *table, Str name)
{
    int column = table_column(table, name);
    if (column >= 0)
        return column;
    for (int i = 0; i < system_column_count(table); i++) {
        if (str_equal(SYSTEM_COLUMNS[i].name, name))
            return (int)table->column_count + i;
    }
    return -1;
}

static Type column_type(const Table *table, int column)
{
    if ((uint32_t)column < table->column_count)
        return table->columns[column].type;
    return (Type){.kind = SYSTEM_COLUMNS[(uint32_t)column - table->column_count].kind};
}

static bool qualifier_matches(const ExprScope *scope, const AstName *qualifier)
{
    if (!qualifier->text.ptr)
        return true;
    if (scope->alias.len > 0 && str_equal(scope->alias, qualifier->text))
        return true;
    return str_equal(scope->table->name, qualifier->text);
}

static int resolve(const Binder *binder, const AstExpr *ast)
{
    const ExprScope *scope = binder->scope;
    if (ast->kind != AST_COLUMN || !scope->table || !qualifier_matches(scope, &ast->qualifier))
        return -1;
    return find_column(scope->table, ast->name.text);
}

int bind_group_key(Binder *binder, const AstExpr *ast)
{
    const ExprGrouping *grouping = binder->grouping;
    if (!grouping)
        return -1;
    int column = resolve(binder, ast);
    for (size_t i = 0; i < grouping->key_count; i++) {
        bool same_column = column >= 0 && expr_column(grouping->key_exprs[i]) == column;
        if (same_column || ast_expr_equal(ast, grouping->keys[i]))
            return (int)i;
    }
    return -1;
}

bool bind_is_whole(Binder *binder, const AstExpr *ast)
{
    const ExprResolver *resolver = binder->scope->resolver;
    if (resolver)
        return resolver->is_whole(resolver->data, ast);
    return bind_group_key(binder, ast) >= 0;
}

static Str nearest_column(const Table *table, Str name)
{
    Nearest nearest = {.wanted = name};
    for (uint32_t i = 0; i < table->column_count; i++)
        nearest_offer(&nearest, table->columns[i].name);
    for (int i = 0; i < system_column_count(table); i++)
        nearest_offer(&nearest, SYSTEM_COLUMNS[i].name);
    return nearest.best;
}

static Status fail_unknown(Binder *binder, const AstExpr *ast)
{
    const Table *table = binder->scope->table;
    bool qualified = ast->qualifier.text.ptr != NULL;
    Status status = fail_at(binder->ctx,
                            STATUS_COLUMN_NOT_FOUND,
                            ast->offset,
                            "Column '%.*s%s%.*s' does not exist",
                            STR_ARG(ast->qualifier.text),
                            qualified ? "." : "",
                            STR_ARG(ast->name.text));
    bool table_known = table && qualifier_matches(binder->scope, &ast->qualifier);
    Str nearest = table_known ? nearest_column(table, ast->name.text) : STR_NULL;
    if (nearest.ptr)
        fail_hint(binder->ctx, "did you mean '%.*s'?", STR_ARG(nearest));
    else if (ast->name.quoted)
        fail_hint(binder->ctx, "text is written in single quotes");
    else if (table && !table_known)
        fail_hint(binder->ctx, "the only table here is '%.*s'", STR_ARG(table->name));
    return status;
}

static Status check_use(Binder *binder, const AstExpr *ast, int column)
{
    const Table *table = binder->scope->table;
    if ((uint32_t)column == table->column_count + SYSTEM_COLUMN_DELETED)
        TRY(bind_refuse_live(binder, ast, "a filter on _deleted"));
    if (!binder->grouping)
        return STATUS_OK;
    return fail_at(binder->ctx,
                   STATUS_INVALID_SQL,
                   ast->offset,
                   "column \"%.*s\" must appear in GROUP BY or inside an aggregate",
                   STR_ARG(ast->name.text));
}

Status bind_column(Binder *binder, const AstExpr *ast, const Expr **ret_expr)
{
    int column = resolve(binder, ast);
    if (column < 0)
        return fail_unknown(binder, ast);
    TRY(check_use(binder, ast, column));
    Type type = column_type(binder->scope->table, column);
    Expr *node = build_node(binder, EXPR_COLUMN, type, ast);
    node->column = (uint32_t)column;
    *ret_expr = node;
    return STATUS_OK;
}
