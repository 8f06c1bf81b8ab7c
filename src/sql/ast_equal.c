/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Equality of trees, places aside.  Queries inside expressions are compared by
 * what they print: the printer leaves nothing out that has a meaning.
 */
#include "sql/printer.h"

static bool both_or_neither(const AstExpr *a, const AstExpr *b)
{
    return a && b ? ast_expr_equal(a, b) : a == b;
}

static bool
same_list(const AstExpr *const *a, size_t a_count, const AstExpr *const *b, size_t b_count)
{
    if (a_count != b_count)
        return false;
    for (size_t i = 0; i < a_count; i++)
        if (!both_or_neither(a[i], b[i]))
            return false;
    return true;
}

static bool same_type(const AstType *a, const AstType *b)
{
    if (!str_equal(a->name, b->name) || a->arg_count != b->arg_count)
        return false;
    for (size_t i = 0; i < a->arg_count; i++)
        if (a->args[i] != b->args[i])
            return false;
    return true;
}

static bool same_whens(const AstExpr *a, const AstExpr *b)
{
    if (a->when_count != b->when_count)
        return false;
    for (size_t i = 0; i < a->when_count; i++)
        if (!ast_expr_equal(a->whens[i].condition, b->whens[i].condition) ||
            !ast_expr_equal(a->whens[i].result, b->whens[i].result))
            return false;
    return true;
}

static bool same_print(const AstExpr *a, const AstExpr *b)
{
    CLEANUP(buf_done) Buf a_text = {0};
    CLEANUP(buf_done) Buf b_text = {0};
    sql_print_expr(&a_text, a);
    sql_print_expr(&b_text, b);
    return str_equal(buf_str(&a_text), buf_str(&b_text));
}

static bool same_orders(const AstOrderList *a, const AstOrderList *b)
{
    if (!a || !b || a->count != b->count)
        return a == b;
    for (size_t i = 0; i < a->count; i++) {
        const AstOrder *x = &a->items[i], *y = &b->items[i];
        if (x->descending != y->descending || x->nulls_given != y->nulls_given ||
            x->nulls_first != y->nulls_first || !ast_expr_equal(x->expr, y->expr))
            return false;
    }
    return true;
}

bool ast_expr_equal(const AstExpr *a, const AstExpr *b)
{
    bool same = a->kind == b->kind && a->op == b->op && a->negated == b->negated &&
                a->nocase == b->nocase && a->distinct == b->distinct && a->boolean == b->boolean &&
                a->is_what == b->is_what && a->grouping == b->grouping &&
                same_orders(a->order_by, b->order_by) && a->index == b->index &&
                str_equal(a->text, b->text) && str_equal(a->qualifier.text, b->qualifier.text) &&
                str_equal(a->name.text, b->name.text) && same_type(&a->type, &b->type) &&
                same_list(a->args, a->arg_count, b->args, b->arg_count) && same_whens(a, b) &&
                both_or_neither(a->operand, b->operand) &&
                both_or_neither(a->otherwise, b->otherwise) &&
                both_or_neither(a->filter, b->filter);
    if (!same || (!a->select && !b->select && !a->window && !b->window))
        return same;
    return !a->select == !b->select && !a->window == !b->window && same_print(a, b);
}
