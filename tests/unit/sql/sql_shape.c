/* SPDX-License-Identifier: Apache-2.0 */
#include "sql_shape.h"

/* ---- names ---- */

void shape_name(Buf *out, const AstName *name)
{
    if (!name->text.ptr)
        BUF_LIT(out, "-");
    else if (name->quoted)
        buf_printf(out, "\"%.*s\"", STR_ARG(name->text));
    else
        buf_str_append(out, name->text);
}

void shape_table_name(Buf *out, const AstTableName *name)
{
    if (name->namespace_name.text.ptr) {
        shape_name(out, &name->namespace_name);
        buf_byte(out, '.');
    }
    shape_name(out, &name->name);
}

void shape_names(Buf *out, const AstNameList *list)
{
    buf_byte(out, '[');
    for (size_t i = 0; i < list->count; i++) {
        if (i)
            buf_byte(out, ' ');
        shape_name(out, &list->items[i]);
    }
    buf_byte(out, ']');
}

void shape_type(Buf *out, const AstType *type)
{
    buf_printf(out, "<%.*s", STR_ARG(type->name));
    for (size_t i = 0; i < type->arg_count; i++)
        buf_printf(out, "%s%lld", i ? "," : ":", (long long)type->args[i]);
    buf_byte(out, '>');
}

void shape_options(Buf *out, const AstOptionList *options)
{
    for (size_t i = 0; i < options->count; i++)
        buf_printf(out,
                   "%s%.*s=%.*s",
                   i ? " " : "",
                   STR_ARG(options->items[i].key),
                   STR_ARG(options->items[i].value));
}

/* ---- expressions ---- */

static const char *op_shape(AstOp op)
{
    static const char *const SHAPES[] = {
        [AST_OP_NONE] = "none",   [AST_OP_NOT] = "not",       [AST_OP_NEGATE] = "neg",
        [AST_OP_PLUS] = "pos",    [AST_OP_OR] = "or",         [AST_OP_AND] = "and",
        [AST_OP_EQ] = "=",        [AST_OP_NE] = "<>",         [AST_OP_LT] = "<",
        [AST_OP_LE] = "<=",       [AST_OP_GT] = ">",          [AST_OP_GE] = ">=",
        [AST_OP_ADD] = "+",       [AST_OP_SUBTRACT] = "-",    [AST_OP_MULTIPLY] = "*",
        [AST_OP_DIVIDE] = "/",    [AST_OP_MODULO] = "%",      [AST_OP_CONCAT] = "||",
        [AST_OP_JSON_GET] = "->", [AST_OP_JSON_TEXT] = "->>", [AST_OP_JSON_EXISTS] = "?",
    };
    return SHAPES[op];
}

static void shape_list(Buf *out, const AstExpr *const *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buf_byte(out, ' ');
        if (items[i])
            shape_expr(out, items[i]);
        else
            BUF_LIT(out, "default");
    }
}

static void shape_order(Buf *out, const AstOrderList *order)
{
    BUF_LIT(out, " (order");
    for (size_t i = 0; i < order->count; i++) {
        const AstOrder *item = &order->items[i];
        buf_byte(out, ' ');
        shape_expr(out, item->expr);
        buf_printf(out, "%s", item->descending ? ":desc" : "");
        if (item->nulls_given)
            buf_printf(out, "%s", item->nulls_first ? ":first" : ":last");
    }
    buf_byte(out, ')');
}

static void shape_bound(Buf *out, const AstFrameBound *bound)
{
    static const char *const KINDS[] = {
        [AST_FRAME_UNBOUNDED_PRECEDING] = "first",
        [AST_FRAME_PRECEDING] = "before",
        [AST_FRAME_CURRENT_ROW] = "current",
        [AST_FRAME_FOLLOWING] = "after",
        [AST_FRAME_UNBOUNDED_FOLLOWING] = "last",
    };
    buf_printf(out, " %s", KINDS[bound->kind]);
    if (bound->offset) {
        buf_byte(out, ':');
        shape_expr(out, bound->offset);
    }
}

static void shape_window(Buf *out, const AstWindow *window)
{
    static const char *const FRAMES[] = {"", "rows", "range", "groups"};
    BUF_LIT(out, " (over");
    if (window->partition_count) {
        BUF_LIT(out, " (partition");
        shape_list(out, window->partition, window->partition_count);
        buf_byte(out, ')');
    }
    if (window->order.count)
        shape_order(out, &window->order);
    if (window->frame != AST_FRAME_NONE) {
        buf_printf(out, " (%s", FRAMES[window->frame]);
        shape_bound(out, &window->start);
        shape_bound(out, &window->end);
        buf_byte(out, ')');
    }
    buf_byte(out, ')');
}

static void shape_function(Buf *out, const AstExpr *expr)
{
    buf_printf(out, "(%.*s()%s", STR_ARG(expr->text), expr->distinct ? " distinct" : "");
    shape_list(out, expr->args, expr->arg_count);
    if (expr->order_by)
        shape_order(out, expr->order_by);
    if (expr->filter) {
        BUF_LIT(out, " (filter ");
        shape_expr(out, expr->filter);
        buf_byte(out, ')');
    }
    if (expr->window)
        shape_window(out, expr->window);
    buf_byte(out, ')');
}

static void shape_chain(Buf *out, AstOp op, const AstExpr *expr)
{
    for (size_t i = 0; i < expr->arg_count; i++) {
        const AstExpr *arg = expr->args[i];
        if (arg->kind == AST_BINARY && arg->op == op) {
            shape_chain(out, op, arg);
        } else {
            buf_byte(out, ' ');
            shape_expr(out, arg);
        }
    }
}

static void shape_operator(Buf *out, const AstExpr *expr)
{
    buf_printf(out, "(%s", op_shape(expr->op));
    if (expr->op == AST_OP_AND || expr->op == AST_OP_OR)
        shape_chain(out, expr->op, expr);
    else
        shape_list(out, expr->args, expr->arg_count);
    buf_byte(out, ')');
}

static void shape_case(Buf *out, const AstExpr *expr)
{
    BUF_LIT(out, "(case");
    if (expr->operand)
        shape_list(out, &expr->operand, 1);
    for (size_t i = 0; i < expr->when_count; i++) {
        BUF_LIT(out, " (when");
        shape_list(out, &expr->whens[i].condition, 1);
        shape_list(out, &expr->whens[i].result, 1);
        buf_byte(out, ')');
    }
    if (expr->otherwise) {
        BUF_LIT(out, " (else");
        shape_list(out, &expr->otherwise, 1);
        buf_byte(out, ')');
    }
    buf_byte(out, ')');
}

static void shape_column(Buf *out, const AstExpr *expr)
{
    if (expr->qualifier.text.ptr) {
        shape_name(out, &expr->qualifier);
        buf_byte(out, '.');
    }
    if (expr->kind == AST_STAR)
        buf_byte(out, '*');
    else
        shape_name(out, &expr->name);
}

/* IS, IN, BETWEEN, LIKE: (word args.. {select}) */
static void shape_test(Buf *out, const AstExpr *expr)
{
    static const char *const WHATS[] = {
        [AST_IS_NULL] = "is-null",
        [AST_IS_TRUE] = "is-true",
        [AST_IS_FALSE] = "is-false",
        [AST_IS_UNKNOWN] = "is-unknown",
        [AST_IS_DISTINCT_FROM] = "is-distinct",
    };
    const char *word = expr->kind == AST_IS        ? WHATS[expr->is_what]
                       : expr->kind == AST_IN      ? "in"
                       : expr->kind == AST_BETWEEN ? "between"
                       : expr->nocase              ? "ilike"
                                                   : "like";
    buf_printf(out, "(%s%s", expr->negated ? "not-" : "", word);
    shape_list(out, expr->args, expr->arg_count);
    if (expr->select) {
        buf_byte(out, ' ');
        shape_select(out, expr->select);
    }
    buf_byte(out, ')');
}

static void shape_bytes(Buf *out, Str bytes)
{
    BUF_LIT(out, "x'");
    for (size_t i = 0; i < bytes.len; i++)
        buf_printf(out, "%02x", (unsigned char)bytes.ptr[i]);
    buf_byte(out, '\'');
}

/* (word argument..) */
static void shape_wrapped(Buf *out, const char *word, const AstExpr *expr)
{
    buf_printf(out, "(%s", word);
    shape_list(out, expr->args, expr->arg_count);
    if (expr->select) {
        buf_byte(out, ' ');
        shape_select(out, expr->select);
    }
    if (expr->type.name.ptr) {
        buf_byte(out, ' ');
        shape_type(out, &expr->type);
    }
    buf_byte(out, ')');
}

void shape_expr(Buf *out, const AstExpr *expr)
{
    switch (expr->kind) {
    case AST_NULL:
        BUF_LIT(out, "null");
        break;
    case AST_BOOLEAN:
        buf_printf(out, "%s", expr->boolean ? "true" : "false");
        break;
    case AST_NUMBER:
        buf_str_append(out, expr->text);
        break;
    case AST_STRING:
        buf_printf(out, "'%.*s'", STR_ARG(expr->text));
        break;
    case AST_BYTES:
        shape_bytes(out, expr->text);
        break;
    case AST_TYPED:
        shape_type(out, &expr->type);
        buf_printf(out, "'%.*s'", STR_ARG(expr->text));
        break;
    case AST_PARAMETER:
        buf_printf(out, "$%u", expr->index);
        break;
    case AST_COLUMN:
    case AST_STAR:
        shape_column(out, expr);
        break;
    case AST_UNARY:
    case AST_BINARY:
        shape_operator(out, expr);
        break;
    case AST_IS:
    case AST_IN:
    case AST_BETWEEN:
    case AST_LIKE:
        shape_test(out, expr);
        break;
    case AST_CASE:
        shape_case(out, expr);
        break;
    case AST_CAST:
        shape_wrapped(out, "cast", expr);
        break;
    case AST_FUNCTION:
        shape_function(out, expr);
        break;
    case AST_EXISTS:
        shape_wrapped(out, expr->negated ? "not-exists" : "exists", expr);
        break;
    case AST_SUBQUERY:
        shape_wrapped(out, "value", expr);
        break;
    case AST_ARRAY:
        shape_wrapped(out, "array", expr);
        break;
    case AST_GROUPING:
        buf_printf(out, "(grouping-%d", (int)expr->grouping);
        shape_list(out, expr->args, expr->arg_count);
        buf_byte(out, ')');
        break;
    }
}

/* ---- SELECT ---- */

static void shape_from(Buf *out, const AstFrom *from);

static void shape_join(Buf *out, const AstFrom *from)
{
    static const char *const JOINS[] = {
        [AST_JOIN_INNER] = "join",
        [AST_JOIN_LEFT] = "left",
        [AST_JOIN_RIGHT] = "right",
        [AST_JOIN_FULL] = "full",
        [AST_JOIN_CROSS] = "cross",
    };
    buf_printf(out, "(%s%s ", from->natural ? "natural-" : "", JOINS[from->join]);
    shape_from(out, from->left);
    buf_byte(out, ' ');
    shape_from(out, from->right);
    if (from->on) {
        BUF_LIT(out, " (on ");
        shape_expr(out, from->on);
        buf_byte(out, ')');
    }
    if (from->using_columns.count) {
        BUF_LIT(out, " (using ");
        shape_names(out, &from->using_columns);
        buf_byte(out, ')');
    }
    buf_byte(out, ')');
}

static void shape_from(Buf *out, const AstFrom *from)
{
    if (from->lateral)
        BUF_LIT(out, "lateral:");
    switch (from->kind) {
    case AST_FROM_TABLE:
        shape_table_name(out, &from->table);
        break;
    case AST_FROM_SELECT:
    case AST_FROM_VALUES:
        shape_select(out, from->select);
        break;
    case AST_FROM_FUNCTION:
        shape_expr(out, from->function);
        break;
    case AST_FROM_JOIN:
        shape_join(out, from);
        break;
    }
    if (from->alias.text.ptr) {
        buf_byte(out, ':');
        shape_name(out, &from->alias);
    }
    if (from->column_aliases.count)
        shape_names(out, &from->column_aliases);
}

void shape_items(Buf *out, const AstItem *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buf_byte(out, ' ');
        shape_expr(out, items[i].expr);
        if (items[i].alias.text.ptr) {
            buf_byte(out, ':');
            shape_name(out, &items[i].alias);
        }
    }
}

static void shape_ctes(Buf *out, const AstSelect *select)
{
    buf_printf(out, " (with%s", select->recursive ? "-recursive" : "");
    for (size_t i = 0; i < select->cte_count; i++) {
        buf_byte(out, ' ');
        shape_name(out, &select->ctes[i].name);
        if (select->ctes[i].columns.count)
            shape_names(out, &select->ctes[i].columns);
        buf_byte(out, ' ');
        shape_select(out, select->ctes[i].select);
    }
    buf_byte(out, ')');
}

static void shape_clause(Buf *out, const char *word, const AstExpr *const *items, size_t count)
{
    if (count == 0 || !items[0])
        return;
    buf_printf(out, " (%s", word);
    shape_list(out, items, count);
    buf_byte(out, ')');
}

static void shape_block(Buf *out, const AstSelect *select)
{
    BUF_LIT(out, "select");
    if (select->cte_count)
        shape_ctes(out, select);
    if (select->distinct)
        BUF_LIT(out, " distinct");
    shape_clause(out, "on", select->distinct_on, select->distinct_on_count);
    shape_items(out, select->items, select->item_count);
    if (select->from) {
        BUF_LIT(out, " (from ");
        shape_from(out, select->from);
        buf_byte(out, ')');
    }
    shape_clause(out, "where", &select->where, 1);
    shape_clause(out, "group", select->group_by, select->group_by_count);
    shape_clause(out, "having", &select->having, 1);
}

static void shape_values(Buf *out, const AstSelect *select)
{
    BUF_LIT(out, "values");
    if (select->cte_count)
        shape_ctes(out, select);
    for (size_t i = 0; i < select->values->row_count; i++) {
        BUF_LIT(out, " (row");
        shape_list(out, select->values->rows[i], select->values->width);
        buf_byte(out, ')');
    }
}

static void shape_set(Buf *out, const AstSelect *select)
{
    static const char *const OPS[] = {"none", "union", "intersect", "except"};
    buf_printf(out, "%s%s", OPS[select->set_op], select->set_all ? "-all" : "");
    if (select->cte_count)
        shape_ctes(out, select);
    buf_byte(out, ' ');
    shape_select(out, select->left);
    buf_byte(out, ' ');
    shape_select(out, select->right);
}

void shape_select(Buf *out, const AstSelect *select)
{
    buf_byte(out, '(');
    if (select->set_op != AST_SET_NONE)
        shape_set(out, select);
    else if (select->values)
        shape_values(out, select);
    else
        shape_block(out, select);
    if (select->order_by.count)
        shape_order(out, &select->order_by);
    shape_clause(out, "limit", &select->limit, 1);
    shape_clause(out, "offset", &select->limit_offset, 1);
    shape_clause(out, "as-of", &select->as_of_seq, 1);
    buf_byte(out, ')');
}
