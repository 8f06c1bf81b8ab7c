/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the syntax tree to the typed tree: the entry points, the choice by kind
 * of syntax, literals and parameters.
 */
#include "expr/bind.h"

#include "sql/parser.h"
#include "value/decimal.h"

Status bind_refuse_live(Binder *binder, const AstExpr *ast, const char *reason)
{
    if (!binder->scope->live)
        return STATUS_OK;
    return fail_at(binder->ctx,
                   STATUS_INVALID_SQL,
                   ast->offset,
                   "a live query cannot be kept up to date with %s",
                   reason);
}

/* ---- literals ---- */

static Expr *literal_node(Binder *binder, const AstExpr *ast, ExprLiteral literal, Value value)
{
    Type type = {.kind = value.kind};
    if (value.kind == TYPE_DECIMAL)
        type =
            (Type){.kind = TYPE_DECIMAL, .precision = DECIMAL_PRECISION_MAX, .scale = value.scale};
    Expr *node = build_constant(binder, type, &value, ast);
    node->literal = literal;
    return node;
}

static bool is_integer_text(Str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
    }
    return true;
}

/* An integer beyond 64 bits is a DECIMAL, beyond 38 digits a DOUBLE. */
static Status number_value(Binder *binder, Str text, const AstExpr *ast, Value *ret_value)
{
    int64_t integer;
    if (str_to_int64(text, &integer)) {
        *ret_value = value_bigint(integer);
        return STATUS_OK;
    }
    Value written = value_text(text);
    bool is_integer = is_integer_text(
        text.len > 0 && text.ptr[0] == '-' ? str_from(text.ptr + 1, text.len - 1) : text);
    Type huge = {.kind = TYPE_DECIMAL, .precision = DECIMAL_PRECISION_MAX};
    if (is_integer && value_cast(binder->ctx, &written, huge, ret_value) == STATUS_OK)
        return STATUS_OK;
    context_clear_error(binder->ctx);
    if (value_cast(binder->ctx, &written, TYPE(DOUBLE), ret_value) == STATUS_OK)
        return STATUS_OK;
    return fail_at(binder->ctx,
                   STATUS_OUT_OF_RANGE,
                   ast->offset,
                   "the number is out of range for type DOUBLE");
}

static Status bind_number(Binder *binder, const AstExpr *ast, Str text, const Expr **ret_expr)
{
    Value value;
    TRY(number_value(binder, text, ast, &value));
    Expr *node = literal_node(binder, ast, LITERAL_NUMBER, value);
    node->literal_text = arena_str(binder->arena, text);
    *ret_expr = node;
    return STATUS_OK;
}

/* -9223372036854775808 is a number; its digits alone are none of 64 bits. */
static bool is_negative_number(const AstExpr *ast)
{
    return ast->kind == AST_UNARY && ast->op == AST_OP_NEGATE && ast->args[0]->kind == AST_NUMBER;
}

static Status bind_negative_number(Binder *binder, const AstExpr *ast, const Expr **ret_expr)
{
    Str digits = ast->args[0]->text;
    Str text = arena_printf(binder->arena, "-%.*s", STR_ARG(digits));
    return bind_number(binder, ast, text, ret_expr);
}

static Status read_type(Binder *binder, const AstExpr *ast, Type *ret_type)
{
    const AstType *type = &ast->type;
    Status status = type_from_sql(binder->ctx, type->name, type->args, type->arg_count, ret_type);
    if (status != STATUS_OK)
        binder->ctx->position = (int)type->offset + 1;
    return status;
}

static Status bind_typed(Binder *binder, const AstExpr *ast, const Expr **ret_expr)
{
    Type type;
    TRY(read_type(binder, ast, &type));
    const Expr *expr = literal_node(binder, ast, LITERAL_TEXT, value_text(ast->text));
    TRY(coerce_cast(binder, &expr, type));
    *ret_expr = expr;
    return STATUS_OK;
}

static ExprLiteral parameter_literal(TypeKind kind)
{
    if (kind == TYPE_TEXT)
        return LITERAL_TEXT;
    return type_is_number(kind) ? LITERAL_NUMBER_PARAMETER : LITERAL_NONE;
}

/* A fraction is a DOUBLE whose text keeps the digits, as it is when it is written in the SQL. */
static Value parameter_value(const Value *given)
{
    bool is_fraction = given->kind == TYPE_DECIMAL && given->scale > 0;
    return is_fraction ? value_double(decimal_to_double(given)) : *given;
}

static Status bind_parameter(Binder *binder, const AstExpr *ast, const Expr **ret_expr)
{
    const ExprParameters *parameters = binder->scope->parameters;
    size_t count = parameters ? parameters->count : 0;
    if (ast->index == 0 || ast->index > count)
        return fail_at(binder->ctx,
                       STATUS_INVALID_PARAMETER,
                       ast->offset,
                       "Parameter $%u has no value: %zu were given",
                       (unsigned)ast->index,
                       count);
    const Value *given = &parameters->values[ast->index - 1];
    Value value = parameter_value(given);
    Expr *node = literal_node(binder, ast, parameter_literal(value.kind), value);
    if (node->literal == LITERAL_NUMBER_PARAMETER)
        node->literal_text = value_to_text(binder->arena, given);
    *ret_expr = node;
    return STATUS_OK;
}

static Status bind_cast(Binder *binder, const AstExpr *ast, const Expr **ret_expr)
{
    Type type;
    const Expr *expr;
    TRY(read_type(binder, ast, &type));
    TRY(bind_expr(binder, ast->args[0], &expr));
    TRY(coerce_cast(binder, &expr, type));
    *ret_expr = expr;
    return STATUS_OK;
}

/* ---- what there is not ---- */

static Status refuse(Binder *binder, const AstExpr *ast, const char *what)
{
    TRY(bind_refuse_live(binder, ast, what));
    return fail_at(binder->ctx, STATUS_UNSUPPORTED, ast->offset, "%s are not supported here", what);
}

static Status refuse_star(Binder *binder, const AstExpr *ast)
{
    return fail_at(binder->ctx,
                   STATUS_INVALID_SQL,
                   ast->offset,
                   "* stands only in a list of results and in count(*)");
}

static Status bind_literal(Binder *binder, const AstExpr *ast, const Expr **ret_expr)
{
    if (ast->kind == AST_NULL)
        *ret_expr = literal_node(binder, ast, LITERAL_NONE, VALUE_NULL);
    else if (ast->kind == AST_BOOLEAN)
        *ret_expr = literal_node(binder, ast, LITERAL_NONE, value_boolean(ast->boolean));
    else if (ast->kind == AST_STRING)
        *ret_expr = literal_node(binder, ast, LITERAL_TEXT, value_text(ast->text));
    else
        *ret_expr =
            literal_node(binder, ast, LITERAL_NONE, (Value){.kind = TYPE_BYTES, .text = ast->text});
    return STATUS_OK;
}

static Status bind_node(Binder *binder, const AstExpr *ast, const Expr **ret_expr)
{
    switch (ast->kind) {
    case AST_NULL:
    case AST_BOOLEAN:
    case AST_STRING:
    case AST_BYTES:
        return bind_literal(binder, ast, ret_expr);
    case AST_NUMBER:
        return bind_number(binder, ast, ast->text, ret_expr);
    case AST_TYPED:
        return bind_typed(binder, ast, ret_expr);
    case AST_PARAMETER:
        return bind_parameter(binder, ast, ret_expr);
    case AST_COLUMN:
        return bind_column(binder, ast, ret_expr);
    case AST_UNARY:
        return is_negative_number(ast) ? bind_negative_number(binder, ast, ret_expr)
                                       : bind_unary(binder, ast, ret_expr);
    case AST_BINARY:
        return bind_binary(binder, ast, ret_expr);
    case AST_IS:
        return bind_is(binder, ast, ret_expr);
    case AST_IN:
        return ast->select ? refuse(binder, ast, "subqueries") : bind_in(binder, ast, ret_expr);
    case AST_BETWEEN:
        return bind_between(binder, ast, ret_expr);
    case AST_LIKE:
        return bind_like(binder, ast, ret_expr);
    case AST_CASE:
        return bind_case(binder, ast, ret_expr);
    case AST_CAST:
        return bind_cast(binder, ast, ret_expr);
    case AST_FUNCTION:
        if (ast->window || ast->order_by)
            return refuse(binder, ast, ast->window ? "window functions" : "ordered aggregates");
        return bind_call(binder, ast, ret_expr);
    case AST_EXISTS:
    case AST_SUBQUERY:
        return refuse(binder, ast, "subqueries");
    case AST_ARRAY:
        return refuse(binder, ast, "arrays");
    case AST_GROUPING:
        return refuse(binder, ast, "ROLLUP, CUBE and GROUPING SETS");
    case AST_STAR:
        break;
    }
    return refuse_star(binder, ast);
}

static Status group_slot(Binder *binder, const AstExpr *ast, int key, const Expr **ret_expr)
{
    Type type = binder->grouping->key_exprs[key]->type;
    Expr *node = build_node(binder, EXPR_COLUMN, type, ast);
    node->column = (uint32_t)key;
    *ret_expr = node;
    return STATUS_OK;
}

/* *ret_expr stays NULL when the resolver leaves the node to us. */
static Status resolve(Binder *binder, const AstExpr *ast, const Expr **ret_expr)
{
    const ExprResolver *resolver = binder->scope->resolver;
    ExprSlot slot = {.index = EXPR_NO_SLOT};
    *ret_expr = NULL;
    if (resolver)
        TRY(resolver->resolve(resolver->data, ast, &slot));
    if (slot.index != EXPR_NO_SLOT)
        *ret_expr = build_slot(binder->arena, slot, ast->offset);
    return STATUS_OK;
}

Status bind_expr(Binder *binder, const AstExpr *ast, const Expr **ret_expr)
{
    TRY(resolve(binder, ast, ret_expr));
    if (*ret_expr)
        return STATUS_OK;
    int key = bind_group_key(binder, ast);
    if (key >= 0)
        return group_slot(binder, ast, key, ret_expr);
    if (binder->depth >= SQL_DEPTH_MAX)
        return fail_at(binder->ctx,
                       STATUS_INVALID_SQL,
                       ast->offset,
                       "the expression nests deeper than %d levels",
                       SQL_DEPTH_MAX);
    binder->depth++;
    Status status = bind_node(binder, ast, ret_expr);
    binder->depth--;
    return status;
}

Status bind_boolean(Binder *binder, const AstExpr *ast, const char *what, const Expr **ret_expr)
{
    const Expr *expr;
    TRY(bind_expr(binder, ast, &expr));
    TRY(coerce_literal(binder, &expr, TYPE(BOOLEAN)));
    if (expr->type.kind != TYPE_BOOLEAN && expr->type.kind != TYPE_NULL)
        return fail_at(binder->ctx,
                       STATUS_TYPE_MISMATCH,
                       ast->offset,
                       "%s wants a BOOLEAN, not %.*s",
                       what,
                       STR_ARG(type_name(binder, expr->type)));
    *ret_expr = expr;
    return STATUS_OK;
}

/* ---- entry points ---- */

static Binder binder_of(Context *ctx, Arena *arena, const ExprScope *scope)
{
    return (Binder){.ctx = ctx, .arena = arena, .scope = scope, .grouping = scope->grouping};
}

Status expr_bind(
    Context *ctx, Arena *arena, const AstExpr *ast, const ExprScope *scope, const Expr **ret_expr)
{
    Binder binder = binder_of(ctx, arena, scope);
    return bind_expr(&binder, ast, ret_expr);
}

Status expr_bind_as(Context *ctx,
                    Arena *arena,
                    const AstExpr *ast,
                    const ExprScope *scope,
                    Type type,
                    const Expr **ret_expr)
{
    Binder binder = binder_of(ctx, arena, scope);
    const Expr *expr;
    TRY(bind_expr(&binder, ast, &expr));
    TRY(coerce_cast(&binder, &expr, type));
    *ret_expr = expr;
    return STATUS_OK;
}

Status expr_bind_condition(
    Context *ctx, Arena *arena, const AstExpr *ast, const ExprScope *scope, const Expr **ret_expr)
{
    Binder binder = binder_of(ctx, arena, scope);
    return bind_boolean(&binder, ast, "the condition", ret_expr);
}
