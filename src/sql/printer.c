/* SPDX-License-Identifier: Apache-2.0 */
#include "sql/printer.h"

#include "sql/lexer.h"

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

/* A plain word that is a function without parentheses, or a literal, would not read as a name. */
static bool reads_as_something_else(Str name)
{
    return str_starts_with(name, STR("current_"));
}

void sql_print_name(Buf *out, Str name)
{
    if (is_plain(name) && !reads_as_something_else(name))
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

static void print_names(Buf *out, const AstNameList *list)
{
    for (size_t i = 0; i < list->count; i++) {
        if (i)
            BUF_LIT(out, ", ");
        sql_print_name(out, list->items[i].text);
    }
}

static void print_table_name(Buf *out, const AstTableName *name)
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

static const char *op_text(AstOp op)
{
    static const char *const TEXTS[] = {
        [AST_OP_NONE] = "",       [AST_OP_NOT] = "NOT ",      [AST_OP_NEGATE] = "-",
        [AST_OP_PLUS] = "+",      [AST_OP_OR] = "OR",         [AST_OP_AND] = "AND",
        [AST_OP_EQ] = "=",        [AST_OP_NE] = "<>",         [AST_OP_LT] = "<",
        [AST_OP_LE] = "<=",       [AST_OP_GT] = ">",          [AST_OP_GE] = ">=",
        [AST_OP_ADD] = "+",       [AST_OP_SUBTRACT] = "-",    [AST_OP_MULTIPLY] = "*",
        [AST_OP_DIVIDE] = "/",    [AST_OP_MODULO] = "%",      [AST_OP_CONCAT] = "||",
        [AST_OP_JSON_GET] = "->", [AST_OP_JSON_TEXT] = "->>", [AST_OP_JSON_EXISTS] = "?",
    };
    return TEXTS[op];
}

/* Operators, and what is made of words, go in parentheses inside another one. */
static bool needs_parentheses(const AstExpr *expr)
{
    switch (expr->kind) {
    case AST_UNARY:
    case AST_BINARY:
    case AST_IS:
    case AST_IN:
    case AST_BETWEEN:
    case AST_LIKE:
        return true;
    default:
        return false;
    }
}

static void print_operand(Buf *out, const AstExpr *expr)
{
    bool parentheses = needs_parentheses(expr);
    if (parentheses)
        buf_byte(out, '(');
    sql_print_expr(out, expr);
    if (parentheses)
        buf_byte(out, ')');
}

static void print_list(Buf *out, const AstExpr *const *items, size_t count)
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

static void print_order(Buf *out, const AstOrderList *order)
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

static void print_bound(Buf *out, const AstFrameBound *bound)
{
    switch (bound->kind) {
    case AST_FRAME_UNBOUNDED_PRECEDING:
        BUF_LIT(out, "UNBOUNDED PRECEDING");
        return;
    case AST_FRAME_UNBOUNDED_FOLLOWING:
        BUF_LIT(out, "UNBOUNDED FOLLOWING");
        return;
    case AST_FRAME_CURRENT_ROW:
        BUF_LIT(out, "CURRENT ROW");
        return;
    case AST_FRAME_PRECEDING:
    case AST_FRAME_FOLLOWING:
        print_operand(out, bound->offset);
        buf_printf(out, " %s", bound->kind == AST_FRAME_PRECEDING ? "PRECEDING" : "FOLLOWING");
        return;
    }
}

static void print_window(Buf *out, const AstWindow *window)
{
    static const char *const FRAMES[] = {"", "ROWS", "RANGE", "GROUPS"};
    const char *space = "";
    BUF_LIT(out, " OVER (");
    if (window->partition_count) {
        BUF_LIT(out, "PARTITION BY ");
        print_list(out, window->partition, window->partition_count);
        space = " ";
    }
    if (window->order.count) {
        buf_printf(out, "%sORDER BY ", space);
        print_order(out, &window->order);
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
    /* CURRENT_USER and its like read back without parentheses too. */
    buf_str_append(out, expr->text);
    buf_printf(out, "(%s", expr->distinct ? "DISTINCT " : "");
    print_list(out, expr->args, expr->arg_count);
    buf_byte(out, ')');
    if (expr->filter) {
        BUF_LIT(out, " FILTER (WHERE ");
        sql_print_expr(out, expr->filter);
        buf_byte(out, ')');
    }
    if (expr->window)
        print_window(out, expr->window);
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
    print_operand(out, expr->args[0]);
    buf_printf(out, " IS %s%s", expr->negated ? "NOT " : "", WHATS[expr->is_what]);
    if (expr->is_what == AST_IS_DISTINCT_FROM)
        print_operand(out, expr->args[1]);
}

static void print_in(Buf *out, const AstExpr *expr)
{
    print_operand(out, expr->args[0]);
    buf_printf(out, " %sIN (", expr->negated ? "NOT " : "");
    if (expr->select)
        sql_print_select(out, expr->select);
    else
        print_list(out, expr->args + 1, expr->arg_count - 1);
    buf_byte(out, ')');
}

static void print_between(Buf *out, const AstExpr *expr)
{
    print_operand(out, expr->args[0]);
    buf_printf(out, " %sBETWEEN ", expr->negated ? "NOT " : "");
    print_operand(out, expr->args[1]);
    BUF_LIT(out, " AND ");
    print_operand(out, expr->args[2]);
}

static void print_like(Buf *out, const AstExpr *expr)
{
    print_operand(out, expr->args[0]);
    buf_printf(out, " %s%s ", expr->negated ? "NOT " : "", expr->nocase ? "ILIKE" : "LIKE");
    print_operand(out, expr->args[1]);
    if (expr->arg_count > 2) {
        BUF_LIT(out, " ESCAPE ");
        print_operand(out, expr->args[2]);
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

static void print_select_in_parentheses(Buf *out, const AstSelect *select)
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
        buf_printf(out, "%s", op_text(expr->op));
        print_operand(out, expr->args[0]);
        break;
    case AST_BINARY:
        print_operand(out, expr->args[0]);
        buf_printf(out, " %s ", op_text(expr->op));
        print_operand(out, expr->args[1]);
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
        BUF_LIT(out, "CAST(");
        sql_print_expr(out, expr->args[0]);
        BUF_LIT(out, " AS ");
        print_type(out, &expr->type);
        buf_byte(out, ')');
        break;
    case AST_FUNCTION:
        print_function(out, expr);
        break;
    case AST_EXISTS:
        BUF_LIT(out, "EXISTS ");
        print_select_in_parentheses(out, expr->select);
        break;
    case AST_SUBQUERY:
        print_select_in_parentheses(out, expr->select);
        break;
    case AST_ARRAY:
        BUF_LIT(out, "ARRAY[");
        print_list(out, expr->args, expr->arg_count);
        buf_byte(out, ']');
        break;
    }
}

/* ---- SELECT ---- */

static void print_alias(Buf *out, const AstName *alias)
{
    if (!alias->text.ptr)
        return;
    BUF_LIT(out, " AS ");
    sql_print_name(out, alias->text);
}

static void print_from(Buf *out, const AstFrom *from);

static void print_join(Buf *out, const AstFrom *from)
{
    static const char *const WORDS[] = {
        [AST_JOIN_INNER] = "JOIN",
        [AST_JOIN_LEFT] = "LEFT JOIN",
        [AST_JOIN_RIGHT] = "RIGHT JOIN",
        [AST_JOIN_FULL] = "FULL JOIN",
        [AST_JOIN_CROSS] = "CROSS JOIN",
    };
    print_from(out, from->left);
    buf_printf(out, " %s%s ", from->natural ? "NATURAL " : "", WORDS[from->join]);
    bool nested = from->right->kind == AST_FROM_JOIN;
    if (nested)
        buf_byte(out, '(');
    print_from(out, from->right);
    if (nested)
        buf_byte(out, ')');
    if (from->on) {
        BUF_LIT(out, " ON ");
        sql_print_expr(out, from->on);
    }
    if (from->using_columns.count) {
        BUF_LIT(out, " USING (");
        print_names(out, &from->using_columns);
        buf_byte(out, ')');
    }
}

static void print_from(Buf *out, const AstFrom *from)
{
    if (from->lateral)
        BUF_LIT(out, "LATERAL ");
    switch (from->kind) {
    case AST_FROM_TABLE:
        print_table_name(out, &from->table);
        break;
    case AST_FROM_SELECT:
    case AST_FROM_VALUES:
        print_select_in_parentheses(out, from->select);
        break;
    case AST_FROM_FUNCTION:
        sql_print_expr(out, from->function);
        break;
    case AST_FROM_JOIN:
        print_join(out, from);
        return;
    }
    print_alias(out, &from->alias);
    if (from->column_aliases.count) {
        buf_byte(out, '(');
        print_names(out, &from->column_aliases);
        buf_byte(out, ')');
    }
}

static void print_ctes(Buf *out, const AstSelect *select)
{
    buf_printf(out, "WITH %s", select->recursive ? "RECURSIVE " : "");
    for (size_t i = 0; i < select->cte_count; i++) {
        const AstCte *cte = &select->ctes[i];
        if (i)
            BUF_LIT(out, ", ");
        sql_print_name(out, cte->name.text);
        if (cte->columns.count) {
            buf_byte(out, '(');
            print_names(out, &cte->columns);
            buf_byte(out, ')');
        }
        BUF_LIT(out, " AS ");
        print_select_in_parentheses(out, cte->select);
    }
    buf_byte(out, ' ');
}

static void print_values(Buf *out, const AstValues *values)
{
    BUF_LIT(out, "VALUES ");
    for (size_t i = 0; i < values->row_count; i++) {
        buf_printf(out, "%s(", i ? ", " : "");
        print_list(out, values->rows[i], values->width);
        buf_byte(out, ')');
    }
}

static void print_set(Buf *out, const AstSelect *select)
{
    static const char *const WORDS[] = {
        [AST_SET_UNION] = "UNION", [AST_SET_INTERSECT] = "INTERSECT", [AST_SET_EXCEPT] = "EXCEPT"};
    print_select_in_parentheses(out, select->left);
    buf_printf(out, " %s%s ", WORDS[select->set_op], select->set_all ? " ALL" : "");
    print_select_in_parentheses(out, select->right);
}

static void print_block(Buf *out, const AstSelect *select)
{
    BUF_LIT(out, "SELECT ");
    if (select->distinct)
        BUF_LIT(out, "DISTINCT ");
    if (select->distinct_on_count) {
        BUF_LIT(out, "ON (");
        print_list(out, select->distinct_on, select->distinct_on_count);
        BUF_LIT(out, ") ");
    }
    for (size_t i = 0; i < select->item_count; i++) {
        if (i)
            BUF_LIT(out, ", ");
        sql_print_expr(out, select->items[i].expr);
        print_alias(out, &select->items[i].alias);
    }
    if (select->from) {
        BUF_LIT(out, " FROM ");
        print_from(out, select->from);
    }
    if (select->where) {
        BUF_LIT(out, " WHERE ");
        sql_print_expr(out, select->where);
    }
    if (select->group_by_count) {
        BUF_LIT(out, " GROUP BY ");
        print_list(out, select->group_by, select->group_by_count);
    }
    if (select->having) {
        BUF_LIT(out, " HAVING ");
        sql_print_expr(out, select->having);
    }
}

static void print_clause(Buf *out, const char *word, const AstExpr *expr)
{
    if (!expr)
        return;
    buf_printf(out, " %s ", word);
    sql_print_expr(out, expr);
}

void sql_print_select(Buf *out, const AstSelect *select)
{
    if (select->cte_count)
        print_ctes(out, select);
    if (select->set_op != AST_SET_NONE)
        print_set(out, select);
    else if (select->values)
        print_values(out, select->values);
    else
        print_block(out, select);
    if (select->order_by.count) {
        BUF_LIT(out, " ORDER BY ");
        print_order(out, &select->order_by);
    }
    print_clause(out, "LIMIT", select->limit);
    print_clause(out, "OFFSET", select->limit_offset);
    print_clause(out, "AS OF SEQ", select->as_of_seq);
}
