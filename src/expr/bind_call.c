/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls of functions.
 */
#include "expr/bind.h"

static Status fail_unknown(Binder *binder, const AstExpr *ast, Str name)
{
    Status status = fail_at(binder->ctx,
                            STATUS_FUNCTION_NOT_FOUND,
                            ast->offset,
                            "function %.*s() does not exist",
                            STR_ARG(name));
    Str nearest = function_nearest(name);
    if (nearest.ptr)
        fail_hint(binder->ctx, "did you mean %.*s()?", STR_ARG(nearest));
    return status;
}

static Status
check_count(Binder *binder, const AstExpr *ast, const Function *function, size_t count)
{
    size_t most = function->arg_max == FUNCTION_ANY_COUNT ? FUNCTION_ARGS_MAX : function->arg_max;
    if (count >= function->arg_min && count <= most)
        return STATUS_OK;
    if (function->arg_min == most)
        return fail_at(binder->ctx,
                       STATUS_INVALID_SQL,
                       ast->offset,
                       "%.*s() takes %zu argument(s), not %zu",
                       STR_ARG(function->name),
                       most,
                       count);
    return fail_at(binder->ctx,
                   STATUS_INVALID_SQL,
                   ast->offset,
                   "%.*s() takes %d to %zu arguments, not %zu",
                   STR_ARG(function->name),
                   function->arg_min,
                   most,
                   count);
}

/* Arguments with a type of their own one by one, those of a common type together. */
static Status
coerce_args(Binder *binder, const AstExpr *ast, const Function *function, ExprArgs args)
{
    Type common;
    if (function->parameters[0] == PARAMETER_COMMON)
        return coerce_common(binder, ast, args, &common);
    for (size_t i = 0; i < args.count; i++) {
        Parameter wanted = function_parameter(function, i);
        TRY(coerce_parameter(binder, function, wanted, &args.items[i]));
    }
    return STATUS_OK;
}

/* ---- functions of the environment ---- */

static Status bind_environment(Binder *binder,
                               const AstExpr *ast,
                               const Function *function,
                               const Expr **ret_expr)
{
    const ExprEnvironment *environment = binder->scope->environment;
    if (!environment)
        return fail_at(binder->ctx,
                       STATUS_INVALID_SQL,
                       ast->offset,
                       "%.*s() cannot be used here",
                       STR_ARG(function->name));
    Value value = function->of_environment(environment);
    *ret_expr = build_constant(binder, (Type){.kind = function->result}, &value, ast);
    return STATUS_OK;
}

/* ---- the special forms ---- */

static Status
bind_coalesce(Binder *binder, const AstExpr *ast, ExprArgs args, const Expr **ret_expr)
{
    Type type;
    TRY(coerce_common(binder, ast, args, &type));
    return build_finish(binder, build_node(binder, EXPR_COALESCE, type, ast), args, ret_expr);
}

static Status bind_nullif(Binder *binder, const AstExpr *ast, ExprArgs args, const Expr **ret_expr)
{
    TRY(coerce_comparable(binder, ast, &args.items[0], &args.items[1]));
    Expr *node = build_node(binder, EXPR_NULLIF, args.items[0]->type, ast);
    node->compare_by = compare_by_types(args.items[0]->type.kind, args.items[1]->type.kind);
    return build_finish(binder, node, args, ret_expr);
}

static Status bind_typeof(Binder *binder, const AstExpr *ast, ExprArgs args, const Expr **ret_expr)
{
    Value name = value_text(type_name(binder, args.items[0]->type));
    *ret_expr = build_constant(binder, TYPE(TEXT), &name, ast);
    return STATUS_OK;
}

/* ---- calls ---- */

static Status refuse_in_live(Binder *binder, const AstExpr *ast, const Function *function)
{
    if (function->volatility != FUNCTION_STATEMENT && function->volatility != FUNCTION_VOLATILE)
        return STATUS_OK;
    Str what = arena_printf(&binder->ctx->arena,
                            "%.*s(), which changes without a change of the row",
                            STR_ARG(function->name));
    return bind_refuse_live(binder, ast, what.ptr);
}

static Status build_call(Binder *binder,
                         const AstExpr *ast,
                         const Function *function,
                         ExprArgs args,
                         const Expr **ret_expr)
{
    TRY(coerce_args(binder, ast, function, args));
    Type type = function->result_of ? function->result_of(args.items, args.count)
                                    : (Type){.kind = function->result};
    Expr *node = build_node(binder, EXPR_CALL, type, ast);
    node->function = function;
    node->is_volatile = function->volatility == FUNCTION_VOLATILE;
    return build_finish(binder, node, args, ret_expr);
}

Status
bind_call_of(Binder *binder, const AstExpr *ast, Str name, ExprArgs args, const Expr **ret_expr)
{
    const Function *function = function_find(name);
    if (!function)
        return fail_unknown(binder, ast, name);
    TRY(check_count(binder, ast, function, args.count));
    TRY(refuse_in_live(binder, ast, function));
    if (function->of_environment)
        return bind_environment(binder, ast, function, ret_expr);
    switch (function->form) {
    case FORM_COALESCE:
        return bind_coalesce(binder, ast, args, ret_expr);
    case FORM_NULLIF:
        return bind_nullif(binder, ast, args, ret_expr);
    case FORM_MODULO:
        return bind_arithmetic(binder, ast, AST_OP_MODULO, args, ret_expr);
    case FORM_TYPEOF:
        return bind_typeof(binder, ast, args, ret_expr);
    case FORM_CALL:
        break;
    }
    return build_call(binder, ast, function, args, ret_expr);
}

Status bind_call(Binder *binder, const AstExpr *ast, const Expr **ret_expr)
{
    AggregateKind aggregate;
    if (aggregate_find(ast->text, &aggregate))
        return bind_aggregate(binder, ast, aggregate, ret_expr);
    if (!function_find(ast->text)) /* before any complaint about the arguments */
        return fail_unknown(binder, ast, ast->text);
    if (ast->distinct || ast->filter)
        return fail_at(binder->ctx,
                       STATUS_INVALID_SQL,
                       ast->offset,
                       "%.*s() is no aggregate: DISTINCT and FILTER do not go with it",
                       STR_ARG(ast->text));
    if (ast->arg_count > FUNCTION_ARGS_MAX)
        return fail_at(binder->ctx,
                       STATUS_INVALID_SQL,
                       ast->offset,
                       "a function takes at most %d arguments",
                       FUNCTION_ARGS_MAX);
    ExprArgs args = expr_args_new(binder->arena, ast->arg_count);
    for (size_t i = 0; i < args.count; i++)
        TRY(bind_expr(binder, ast->args[i], &args.items[i]));
    return bind_call_of(binder, ast, ast->text, args, ret_expr);
}
