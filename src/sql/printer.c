/* SPDX-License-Identifier: Apache-2.0 */
#include "sql/printer.h"

#include "sql/lexer.h"
#include "sql/printer_internal.h"

/* ---- names and strings ---- */

static bool is_plain(Str name)
{
    if (name.len == 0 || sql_is_reserved(name) || (name.ptr[0] >= '0' && name.ptr[0] <= '9'))
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool plain = (c >= 'a' && c <= 'z') || c == '_' || (c >= '0' && c <= '9');
        if (!plain)
            return false;
    }
    return true;
}

static void print_quoted(Buf *out, Str text, char quote)
{
    buf_byte(out, quote);
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == quote)
            buf_byte(out, quote);
        buf_byte(out, text.ptr[i]);
    }
    buf_byte(out, quote);
}

void sql_print_name(Buf *out, Str name)
{
    if (is_plain(name))
        buf_str_append(out, name);
    else
        print_quoted(out, name, '"');
}

void sql_print_string(Buf *out, Str text)
{
    print_quoted(out, text, '\'');
}

static void print_bytes(Buf *out, Str bytes)
{
    BUF_LIT(out, "X'");
    for (size_t i = 0; i < bytes.len; i++)
        buf_printf(out, "%02x", (unsigned char)bytes.ptr[i]);
    buf_byte(out, '\'');
}

void print_name_list(Buf *out, const AstNameList *list)
{
    for (size_t i = 0; i < list->count; i++) {
        if (i)
            BUF_LIT(out, ", ");
        sql_print_name(out, list->items[i].text);
    }
}

void print_table_name(Buf *out, const AstTableName *name)
{
    if (name->namespace_name.text.ptr) {
        sql_print_name(out, name->namespace_name.text);
        buf_byte(out, '.');
    }
    sql_print_name(out, name->name.text);
}

static void print_type(Buf *out, const AstType *type)
{
    /* WITH TIME ZONE stands behind the arguments. */
    static const char *const ZONES[] = {" with time zone", " without time zone"};
    Str name = type->name;
    const char *zone = "";
    for (size_t i = 0; i < 2; i++)
        if (str_ends_with(name, str_from_c(ZONES[i])))
            zone = ZONES[i];
    name.len -= strlen(zone);
    buf_str_append(out, name);
    for (size_t i = 0; i < type->arg_count; i++)
        buf_printf(out, "%s%lld", i ? ", " : "(", (long long)type->args[i]);
    if (type->arg_count)
        buf_byte(out, ')');
    buf_printf(out, "%s", zone);
}

/* ---- expressions ---- */

static Rank rank_of(const AstExpr *expr)
{
    switch (expr->kind) {
    case AST_UNARY:
    case AST_BINARY:
        return operator_rank(expr->op);
    case AST_IS:
        return RANK_IS;
    case AST_IN:
    case AST_BETWEEN:
    case AST_LIKE:
        return RANK_RANGE;
    case AST_CAST:
        return RANK_CAST;
    default:
        return RANK_PRIMARY;
    }
}

/* In parentheses when it binds less tightly than `rank`. */
static void print_operand(Buf *out, const AstExpr *expr, Rank rank)
{
    bool parentheses = rank_of(expr) < rank;
    if (parentheses)
        buf_byte(out, '(');
    sql_print_expr(out, expr);
    if (parentheses)
        buf_byte(out, ')');
}

static bool is_binary(const AstExpr *expr, AstOp op)
{
    return expr->kind == AST_BINARY && expr->op == op;
}

/*
 * The number of terms when the tree is the balanced one that the parser makes
 * of a AND b AND .., so that it can be printed without parentheses; else 0.
 */
static size_t chain_length(const AstExpr *expr, AstOp op)
{
    if (!is_binary(expr, op))
        return 1;
    size_t left = chain_length(expr->args[0], op);
    size_t right = chain_length(expr->args[1], op);
    return left && right && left == (left + right) / 2 ? left + right : 0;
}

static void print_between_terms(Buf *out, AstOp op)
{
    buf_byte(out, ' ');
    buf_str_append(out, operator_text(op));
    buf_byte(out, ' ');
}

static void print_chain(Buf *out, const AstExpr *expr, AstOp op)
{
    if (!is_binary(expr, op)) {
        print_operand(out, expr, operator_rank(op) + 1);
        return;
    }
    print_chain(out, expr->args[0], op);
    print_between_terms(out, op);
    print_chain(out, expr->args[1], op);
}

/* Operators lean to the left; comparisons do not chain at all. */
static void print_binary(Buf *out, const AstExpr *expr)
{
    Rank rank = operator_rank(expr->op);
    bool is_condition = rank == RANK_AND || rank == RANK_OR;
    if (is_condition && chain_length(expr, expr->op) > 0) {
        print_chain(out, expr, expr->op);
        return;
    }
    print_operand(out, expr->args[0], rank + (is_condition || rank == RANK_COMPARE ? 1 : 0));
    print_between_terms(out, expr->op);
    print_operand(out, expr->args[1], rank + 1);
}

/* Two signs in a row are kept apart: -- would begin a comment. */
static void print_unary(Buf *out, const AstExpr *expr)
{
    const AstExpr *operand = expr->args[0];
    buf_str_append(out, operator_text(expr->op));
    if (expr->op == AST_OP_NOT || operand->kind == AST_UNARY)
        buf_byte(out, ' ');
    print_operand(out, operand, operator_rank(expr->op));
}

void print_expr_list(Buf *out, const AstExpr *const *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i)
            BUF_LIT(out, ", ");
        if (items[i])
            sql_print_expr(out, items[i]);
        else
            BUF_LIT(out, "DEFAULT");
    }
}

void print_order_list(Buf *out, const AstOrderList *order)
{
    for (size_t i = 0; i < order->count; i++) {
        const AstOrder *item = &order->items[i];
        if (i)
            BUF_LIT(out, ", ");
        sql_print_expr(out, item->expr);
        if (item->descending)
            BUF_LIT(out, " DESC");
        if (item->nulls_given)
            buf_printf(out, " NULLS %s", item->nulls_first ? "FIRST" : "LAST");
    }
}

/* A column of the name `current` or `unbounded` reads as a name in parentheses only. */
static void print_offset(Buf *out, const AstExpr *offset, const char *direction)
{
    bool parentheses = offset->kind != AST_NUMBER && offset->kind != AST_PARAMETER;
    if (parentheses)
        buf_byte(out, '(');
    sql_print_expr(out, offset);
    buf_printf(out, "%s %s", parentheses ? ")" : "", direction);
}

static void print_bound(Buf *out, const AstFrameBound *bound)
{
    switch (bound->kind) {
    case AST_FRAME_UNBOUNDED_PRECEDING:
        BUF_LIT(out, "UNBOUNDED PRECEDING");
        break;
    case AST_FRAME_PRECEDING:
        print_offset(out, bound->offset, "PRECEDING");
        break;
    case AST_FRAME_CURRENT_ROW:
        BUF_LIT(out, "CURRENT ROW");
        break;
    case AST_FRAME_FOLLOWING:
        print_offset(out, bound->offset, "FOLLOWING");
        break;
    case AST_FRAME_UNBOUNDED_FOLLOWING:
        BUF_LIT(out, "UNBOUNDED FOLLOWING");
        break;
    }
}

static void print_window(Buf *out, const AstWindow *window)
{
    static const char *const FRAMES[] = {"", "ROWS", "RANGE", "GROUPS"};
    const char *space = "";
    BUF_LIT(out, " OVER (");
    if (window->partition_count) {
        BUF_LIT(out, "PARTITION BY ");
        print_expr_list(out, window->partition, window->partition_count);
        space = " ";
    }
    if (window->order.count) {
        buf_printf(out, "%sORDER BY ", space);
        print_order_list(out, &window->order);
        space = " ";
    }
    if (window->frame != AST_FRAME_NONE) {
        buf_printf(out, "%s%s BETWEEN ", space, FRAMES[window->frame]);
        print_bound(out, &window->start);
        BUF_LIT(out, " AND ");
        print_bound(out, &window->end);
    }
    buf_byte(out, ')');
}

static void print_function(Buf *out, const AstExpr *expr)
{
    buf_str_append(out, expr->text);
    buf_printf(out, "(%s", expr->distinct ? "DISTINCT " : "");
    print_expr_list(out, expr->args, expr->arg_count);
    if (expr->order_by) {
        BUF_LIT(out, " ORDER BY ");
        print_order_list(out, expr->order_by);
    }
    buf_byte(out, ')');
    if (expr->filter) {
        BUF_LIT(out, " FILTER (WHERE ");
        sql_print_expr(out, expr->filter);
        buf_byte(out, ')');
    }
    if (expr->window)
        print_window(out, expr->window);
}

static void print_grouping(Buf *out, const AstExpr *expr)
{
    static const char *const WORDS[] = {"", "ROLLUP ", "CUBE ", "GROUPING SETS "};
    buf_printf(out, "%s(", WORDS[expr->grouping]);
    print_expr_list(out, expr->args, expr->arg_count);
    buf_byte(out, ')');
}

static void print_is(Buf *out, const AstExpr *expr)
{
    static const char *const WHATS[] = {
        [AST_IS_NULL] = "NULL",
        [AST_IS_TRUE] = "TRUE",
        [AST_IS_FALSE] = "FALSE",
        [AST_IS_UNKNOWN] = "UNKNOWN",
        [AST_IS_DISTINCT_FROM] = "DISTINCT FROM ",
    };
    print_operand(out, expr->args[0], RANK_IS);
    buf_printf(out, " IS %s%s", expr->negated ? "NOT " : "", WHATS[expr->is_what]);
    if (expr->is_what == AST_IS_DISTINCT_FROM)
        print_operand(out, expr->args[1], RANK_IS + 1);
}

static void print_in(Buf *out, const AstExpr *expr)
{
    print_operand(out, expr->args[0], RANK_RANGE);
    buf_printf(out, " %sIN (", expr->negated ? "NOT " : "");
    if (expr->select)
        sql_print_select(out, expr->select);
    else
        print_expr_list(out, expr->args + 1, expr->arg_count - 1);
    buf_byte(out, ')');
}

static void print_between(Buf *out, const AstExpr *expr)
{
    print_operand(out, expr->args[0], RANK_RANGE);
    buf_printf(out, " %sBETWEEN ", expr->negated ? "NOT " : "");
    print_operand(out, expr->args[1], RANK_RANGE + 1);
    BUF_LIT(out, " AND ");
    print_operand(out, expr->args[2], RANK_RANGE + 1);
}

static void print_like(Buf *out, const AstExpr *expr)
{
    print_operand(out, expr->args[0], RANK_RANGE);
    buf_printf(out, " %s%s ", expr->negated ? "NOT " : "", expr->nocase ? "ILIKE" : "LIKE");
    print_operand(out, expr->args[1], RANK_RANGE + 1);
    if (expr->arg_count > 2) {
        BUF_LIT(out, " ESCAPE ");
        print_operand(out, expr->args[2], RANK_RANGE + 1);
    }
}

static void print_case(Buf *out, const AstExpr *expr)
{
    BUF_LIT(out, "CASE");
    if (expr->operand) {
        buf_byte(out, ' ');
        sql_print_expr(out, expr->operand);
    }
    for (size_t i = 0; i < expr->when_count; i++) {
        BUF_LIT(out, " WHEN ");
        sql_print_expr(out, expr->whens[i].condition);
        BUF_LIT(out, " THEN ");
        sql_print_expr(out, expr->whens[i].result);
    }
    if (expr->otherwise) {
        BUF_LIT(out, " ELSE ");
        sql_print_expr(out, expr->otherwise);
    }
    BUF_LIT(out, " END");
}

static void print_column(Buf *out, const AstExpr *expr)
{
    if (expr->qualifier.text.ptr) {
        sql_print_name(out, expr->qualifier.text);
        buf_byte(out, '.');
    }
    if (expr->kind == AST_STAR)
        buf_byte(out, '*');
    else
        sql_print_name(out, expr->name.text);
}

void print_query_in_parentheses(Buf *out, const AstSelect *select)
{
    buf_byte(out, '(');
    sql_print_select(out, select);
    buf_byte(out, ')');
}

void sql_print_expr(Buf *out, const AstExpr *expr)
{
    switch (expr->kind) {
    case AST_NULL:
        BUF_LIT(out, "NULL");
        break;
    case AST_BOOLEAN:
        buf_printf(out, "%s", expr->boolean ? "TRUE" : "FALSE");
        break;
    case AST_NUMBER:
        buf_str_append(out, expr->text);
        break;
    case AST_STRING:
        sql_print_string(out, expr->text);
        break;
    case AST_BYTES:
        print_bytes(out, expr->text);
        break;
    case AST_TYPED:
        print_type(out, &expr->type);
        buf_byte(out, ' ');
        sql_print_string(out, expr->text);
        break;
    case AST_PARAMETER:
        buf_printf(out, "$%u", expr->index);
        break;
    case AST_COLUMN:
    case AST_STAR:
        print_column(out, expr);
        break;
    case AST_UNARY:
        print_unary(out, expr);
        break;
    case AST_BINARY:
        print_binary(out, expr);
        break;
    case AST_IS:
        print_is(out, expr);
        break;
    case AST_IN:
        print_in(out, expr);
        break;
    case AST_BETWEEN:
        print_between(out, expr);
        break;
    case AST_LIKE:
        print_like(out, expr);
        break;
    case AST_CASE:
        print_case(out, expr);
        break;
    case AST_CAST:
        print_operand(out, expr->args[0], RANK_CAST);
        BUF_LIT(out, "::");
        print_type(out, &expr->type);
        break;
    case AST_FUNCTION:
        print_function(out, expr);
        break;
    case AST_EXISTS:
        BUF_LIT(out, "EXISTS ");
        print_query_in_parentheses(out, expr->select);
        break;
    case AST_SUBQUERY:
        print_query_in_parentheses(out, expr->select);
        break;
    case AST_GROUPING:
        print_grouping(out, expr);
        break;
    case AST_ARRAY:
        BUF_LIT(out, "ARRAY[");
        print_expr_list(out, expr->args, expr->arg_count);
        buf_byte(out, ']');
        break;
    }
}
