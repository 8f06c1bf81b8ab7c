/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as statements and as an expression: what parses has its places
 * within the text, and what is printed of it parses to the same again.
 */
#include "sql/parser.h"
#include "sql/printer.h"

#include <assert.h>

/* `text` behind `prefix`, which makes a statement of it. */
static const AstStatement *parse_printed(Context *ctx, const char *prefix, Str text)
{
    CLEANUP(buf_done) Buf whole = {0};
    const AstStatement *statement = NULL;
    buf_str_append(&whole, str_from_c(prefix));
    buf_str_append(&whole, text);
    Status status = sql_parse_one(ctx, buf_str(&whole), &statement);
    assert(status == STATUS_OK || whole.len > SQL_TEXT_MAX);
    return statement;
}

/* Only INSERT may have DEFAULT in its VALUES. */
static void check_select(const AstSelect *select, bool is_source)
{
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(buf_done) Buf first = {0};
    CLEANUP(buf_done) Buf second = {0};
    sql_print_select(&first, select);
    const AstStatement *again =
        parse_printed(&ctx, is_source ? "INSERT INTO t " : "", buf_str(&first));
    if (!again)
        return;
    assert(again->kind == (is_source ? AST_INSERT : AST_SELECT));
    sql_print_select(&second, is_source ? again->insert.source : again->select);
    assert(str_equal(buf_str(&first), buf_str(&second)));
}

static void check_expr(const AstExpr *expr)
{
    if (!expr)
        return;
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(buf_done) Buf first = {0};
    CLEANUP(buf_done) Buf second = {0};
    const AstExpr *again;
    sql_print_expr(&first, expr);
    if (first.len > SQL_TEXT_MAX)
        return;
    Status status = sql_parse_expr(&ctx, buf_str(&first), &again);
    assert(status == STATUS_OK);
    sql_print_expr(&second, again);
    assert(str_equal(buf_str(&first), buf_str(&second)));
    assert(ast_expr_equal(expr, again));
}

static void check_statement(Str text, const AstStatement *statement)
{
    assert(statement->offset + statement->text.len <= text.len);
    assert(str_equal(statement->text, str_from(text.ptr + statement->offset, statement->text.len)));
    assert(ast_kind_name(statement->kind));
    switch (statement->kind) {
    case AST_SELECT:
        check_select(statement->select, false);
        break;
    case AST_INSERT:
        if (statement->insert.source)
            check_select(statement->insert.source, true);
        check_expr(statement->insert.conflict_where);
        break;
    case AST_UPDATE:
        for (size_t i = 0; i < statement->update.assignment_count; i++)
            check_expr(statement->update.assignments[i].value);
        check_expr(statement->update.where);
        break;
    case AST_DELETE:
        check_expr(statement->delete_from.where);
        break;
    case AST_CREATE_TABLE:
        for (size_t i = 0; i < statement->create_table.column_count; i++)
            check_expr(statement->create_table.columns[i].default_value);
        break;
    case AST_ALTER_TABLE:
        check_expr(statement->alter_table.column.default_value);
        break;
    case AST_CREATE_VIEW:
        check_select(statement->view.select, false);
        break;
    case AST_SUBSCRIBE:
        check_select(statement->subscribe.select, false);
        break;
    case AST_EXPLAIN:
        check_statement(text, statement->explain.statement);
        break;
    case AST_EXECUTE_AS:
        check_statement(text, statement->execute_as.statement);
        break;
    default:
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    CLEANUP(context_done) Context ctx = {0};
    Str text = str_from((const char *)bytes, size);
    AstScript script;
    const AstExpr *expr;
    if (sql_parse(&ctx, text, &script) == STATUS_OK)
        for (size_t i = 0; i < script.count; i++)
            check_statement(text, script.statements[i]);
    else
        assert(ctx.message.len > 0 && ctx.position <= (int)size + 1 && str_is_utf8(ctx.message));
    if (sql_parse_expr(&ctx, text, &expr) == STATUS_OK)
        check_expr(expr);
    return 0;
}
