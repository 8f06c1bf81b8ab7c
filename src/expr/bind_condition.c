/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IS, IN, BETWEEN, LIKE and CASE.
 */
#include "expr/bind.h"

#include "expr/utf8.h"
#include "expr/value_set.h"

/* ---- IS ---- */

static Status bind_distinct(Binder *binder, const AstExpr *ast, const Expr **ret_expr)
{
    ExprArgs args = expr_args_new(binder->arena, 2);
    TRY(bind_expr(binder, ast->args[0], &args.items[0]));
    TRY(bind_expr(binder, ast->args[1], &args.items[1]));
    TRY(coerce_comparable(binder, ast, &args.items[0], &args.items[1]));
    Expr *node = build_node(binder, EXPR_DISTINCT, TYPE(BOOLEAN), ast);
    node->negated = ast->negated;
    node->compare_by = compare_by_types(args.items[0]->type.kind, args.items[1]->type.kind);
    return build_finish(binder, node, args, ret_expr);
}

Status bind_is(Binder *binder, const AstExpr *ast, const Expr **ret_expr)
{
    if (ast->is_what == AST_IS_DISTINCT_FROM)
        return bind_distinct(binder, ast, ret_expr);
    ExprArgs args = expr_args_new(binder->arena, 1);
    if (ast->is_what == AST_IS_NULL)
        TRY(bind_expr(binder, ast->args[0], &args.items[0]));
    else
        TRY(bind_boolean(binder, ast->args[0], "IS", &args.items[0]));
    Expr *node = build_node(binder, EXPR_IS, TYPE(BOOLEAN), ast);
    node->is_what = ast->is_what;
    node->negated = ast->negated;
    return build_finish(binder, node, args, ret_expr);
}

/* ---- IN ---- */

/* The second pass is for the items that came before the one that gave a literal needle its type. */
static Status bind_in_items(Binder *binder, const AstExpr *ast, ExprArgs args)
{
    for (size_t i = 0; i < args.count; i++)
        TRY(bind_expr(binder, ast->args[i], &args.items[i]));
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 1; i < args.count; i++)
            TRY(coerce_comparable(binder, ast->args[i], &args.items[0], &args.items[i]));
    }
    return STATUS_OK;
}

/* Constants go to the set, NULLs are only noted, the rest is evaluated each time. */
static void sort_items(Binder *binder, Expr *node, ExprArgs *args)
{
    Value *values = ARENA_ARRAY(binder->arena, Value, args->count);
    size_t value_count = 0, kept = 1;
    TypeKind needle = args->items[0]->type.kind;
    CompareBy by = COMPARE_VALUE;
    for (size_t i = 1; i < args->count; i++) {
        const Expr *item = args->items[i];
        if (item->kind != EXPR_CONSTANT) {
            args->items[kept++] = item;
        } else if (value_is_null(&item->constant)) {
            node->has_null = true;
        } else {
            CompareBy item_by = compare_by_types(needle, item->type.kind);
            by = value_count == 0 || item_by == by ? item_by : COMPARE_VALUE;
            values[value_count++] = item->constant;
        }
    }
    node->compare_by = COMPARE_VALUE;
    node->set = value_set_new(binder->arena, values, value_count, by);
    args->count = kept;
}

Status bind_in(Binder *binder, const AstExpr *ast, const Expr **ret_expr)
{
    ExprArgs args = expr_args_new(binder->arena, ast->arg_count);
    TRY(bind_in_items(binder, ast, args));
    Expr *node = build_node(binder, EXPR_IN, TYPE(BOOLEAN), ast);
    node->negated = ast->negated;
    sort_items(binder, node, &args);
    return build_finish(binder, node, args, ret_expr);
}

/* ---- BETWEEN ---- */

Status bind_between(Binder *binder, const AstExpr *ast, const Expr **ret_expr)
{
    ExprArgs args = expr_args_new(binder->arena, 3);
    for (size_t i = 0; i < 3; i++)
        TRY(bind_expr(binder, ast->args[i], &args.items[i]));
    TRY(coerce_comparable(binder, ast, &args.items[0], &args.items[1]));
    TRY(coerce_comparable(binder, ast, &args.items[0], &args.items[2]));
    TRY(coerce_comparable(binder, ast, &args.items[0], &args.items[1]));
    Expr *node = build_node(binder, EXPR_BETWEEN, TYPE(BOOLEAN), ast);
    node->negated = ast->negated;
    CompareBy lower = compare_by_types(args.items[0]->type.kind, args.items[1]->type.kind);
    CompareBy upper = compare_by_types(args.items[0]->type.kind, args.items[2]->type.kind);
    node->compare_by = lower == upper ? lower : COMPARE_VALUE;
    return build_finish(binder, node, args, ret_expr);
}

/* ---- LIKE ---- */

static Status bind_text(Binder *binder, const AstExpr *ast, const Expr **ret_expr)
{
    const Expr *expr;
    TRY(bind_expr(binder, ast, &expr));
    TRY(coerce_literal(binder, &expr, TYPE(TEXT)));
    TypeKind kind = expr->type.kind;
    if (kind != TYPE_TEXT && kind != TYPE_JSON && kind != TYPE_NULL)
        return fail_at(binder->ctx,
                       STATUS_TYPE_MISMATCH,
                       ast->offset,
                       "LIKE wants a TEXT, not %.*s",
                       STR_ARG(type_name(binder, expr->type)));
    TRY(coerce_cast(binder, &expr, TYPE(TEXT)));
    *ret_expr = expr;
    return STATUS_OK;
}

static Status check_escape(Binder *binder, const AstExpr *ast, const Expr *escape)
{
    bool one = escape->kind == EXPR_CONSTANT &&
               (value_is_null(&escape->constant) || utf8_count(escape->constant.text) <= 1);
    if (one)
        return STATUS_OK;
    return fail_at(
        binder->ctx, STATUS_INVALID_SQL, ast->offset, "ESCAPE wants one character, or none");
}

Status bind_like(Binder *binder, const AstExpr *ast, const Expr **ret_expr)
{
    ExprArgs args = expr_args_new(binder->arena, ast->arg_count);
    for (size_t i = 0; i < args.count; i++)
        TRY(bind_text(binder, ast->args[i], &args.items[i]));
    if (args.count == 3)
        TRY(check_escape(binder, ast->args[2], args.items[2]));
    Expr *node = build_node(binder, EXPR_LIKE, TYPE(BOOLEAN), ast);
    node->negated = ast->negated;
    node->nocase = ast->nocase;
    return build_finish(binder, node, args, ret_expr);
}

/* ---- CASE ---- */

/* CASE x WHEN a: each a must be comparable with x. */
static Status bind_whens(Binder *binder, const AstExpr *ast, ExprArgs args)
{
    size_t first = ast->operand ? 1 : 0;
    for (size_t i = 0; i < ast->when_count; i++) {
        const AstExpr *condition = ast->whens[i].condition;
        const Expr **slot = &args.items[first + 2 * i];
        if (ast->operand) {
            TRY(bind_expr(binder, condition, slot));
            TRY(coerce_comparable(binder, condition, &args.items[0], slot));
        } else {
            TRY(bind_boolean(binder, condition, "WHEN", slot));
        }
    }
    /* A later WHEN may have given a literal operand its type. */
    for (size_t i = 0; ast->operand && i < ast->when_count; i++)
        TRY(coerce_comparable(
            binder, ast->whens[i].condition, &args.items[0], &args.items[first + 2 * i]));
    return STATUS_OK;
}

static Status bind_else(Binder *binder, const AstExpr *ast, const Expr **ret_expr)
{
    if (ast->otherwise)
        return bind_expr(binder, ast->otherwise, ret_expr);
    Value null = VALUE_NULL;
    *ret_expr = build_constant(binder, TYPE(NULL), &null, ast);
    return STATUS_OK;
}

static Status bind_results(Binder *binder, const AstExpr *ast, ExprArgs args, Type *ret_type)
{
    size_t first = ast->operand ? 1 : 0;
    ExprArgs results = expr_args_new(binder->arena, ast->when_count + 1);
    for (size_t i = 0; i < ast->when_count; i++)
        TRY(bind_expr(binder, ast->whens[i].result, &results.items[i]));
    TRY(bind_else(binder, ast, &results.items[ast->when_count]));
    TRY(coerce_common(binder, ast, results, ret_type));
    for (size_t i = 0; i < ast->when_count; i++)
        args.items[first + 2 * i + 1] = results.items[i];
    args.items[args.count - 1] = results.items[ast->when_count];
    return STATUS_OK;
}

Status bind_case(Binder *binder, const AstExpr *ast, const Expr **ret_expr)
{
    ExprArgs args = expr_args_new(binder->arena, (ast->operand ? 1 : 0) + 2 * ast->when_count + 1);
    Type type;
    if (ast->operand)
        TRY(bind_expr(binder, ast->operand, &args.items[0]));
    TRY(bind_whens(binder, ast, args));
    TRY(bind_results(binder, ast, args, &type));
    Expr *node = build_node(binder, EXPR_CASE, type, ast);
    node->has_operand = ast->operand != NULL;
    return build_finish(binder, node, args, ret_expr);
}
