/* SPDX-License-Identifier: Apache-2.0 */
#include "expr/compose.h"

#include "expr/arithmetic.h"
#include "expr/bind.h"
#include "sql/parser.h"

/* A binder for nodes that read no names. */
#define BINDER_OF(ctx_)                                                                            \
    {                                                                                              \
        .ctx = (ctx_), .arena = &(ctx_)->arena, .scope = &(ExprScope)                              \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }

const Expr *expr_slot(Context *ctx, ExprSlot slot, uint32_t offset)
{
    return build_slot(&ctx->arena, slot, offset);
}

const Expr *expr_constant_new(Context *ctx, Type type, const Value *value, uint32_t offset)
{
    Binder binder = BINDER_OF(ctx);
    AstExpr at = {.offset = offset};
    return build_constant(&binder, type, value, &at);
}

Status expr_cast(Context *ctx, const Expr **expr, Type type)
{
    Binder binder = BINDER_OF(ctx);
    return coerce_cast(&binder, expr, type);
}

Status expr_comparable(Context *ctx, const AstExpr *at, const Expr **a, const Expr **b)
{
    Binder binder = BINDER_OF(ctx);
    return coerce_comparable(&binder, at, a, b);
}

Status
expr_equality(Context *ctx, const AstExpr *at, const Expr *a, const Expr *b, const Expr **ret_expr)
{
    Binder binder = BINDER_OF(ctx);
    ExprArgs args = expr_args_new(&ctx->arena, 2);
    TRY(coerce_comparable(&binder, at, &a, &b));
    args.items[0] = a;
    args.items[1] = b;
    Expr *node = build_node(&binder, EXPR_COMPARE, TYPE(BOOLEAN), at);
    node->op = AST_OP_EQ;
    node->compare_by = compare_by_types(a->type.kind, b->type.kind);
    return build_finish(&binder, node, args, ret_expr);
}

Status
expr_common_type(Context *ctx, const AstExpr *at, const Expr **exprs, size_t count, Type *ret_type)
{
    Binder binder = BINDER_OF(ctx);
    return coerce_common(&binder, at, (ExprArgs){exprs, count}, ret_type);
}

const Expr *expr_conjunction(Context *ctx, const Expr *const *exprs, size_t count)
{
    if (count < 2)
        return count ? exprs[0] : NULL;
    Expr *node = ARENA_NEW(&ctx->arena, Expr);
    ExprArgs args = expr_args_new(&ctx->arena, count);
    *node = (Expr){.kind = EXPR_AND, .type = TYPE(BOOLEAN), .offset = exprs[0]->offset};
    for (size_t i = 0; i < count; i++) {
        args.items[i] = exprs[i];
        node->is_volatile = node->is_volatile || exprs[i]->is_volatile;
        if (exprs[i]->depth >= node->depth)
            node->depth = exprs[i]->depth + 1;
    }
    node->args = args.items;
    node->arg_count = (uint32_t)count;
    return node;
}

/* Numbers widen, JSON is read as its text, a DATE is a moment. */
static bool widens(Type from, Type to)
{
    if (from.kind == TYPE_NULL || from.kind == to.kind)
        return true;
    if (type_is_number(from.kind) && type_is_number(to.kind))
        return to.kind == TYPE_DOUBLE || (type_is_integer(from.kind) && to.kind > from.kind);
    if (to.kind == TYPE_TIMESTAMP)
        return from.kind == TYPE_DATE || from.kind == TYPE_DATETIME;
    return to.kind == TYPE_TEXT && from.kind == TYPE_JSON;
}

Status expr_argument(Context *ctx, Str function, Type type, const Expr **expr)
{
    Binder binder = BINDER_OF(ctx);
    TRY(coerce_literal(&binder, expr, type));
    Type from = (*expr)->type;
    bool fits = (*expr)->kind == EXPR_CONSTANT && type_is_integer(from.kind) &&
                type_is_integer(type.kind) && !value_is_null(&(*expr)->constant) &&
                integer_fits(type.kind, (*expr)->constant.integer);
    if (!fits && !widens(from, type))
        return fail_at(ctx,
                       STATUS_TYPE_MISMATCH,
                       (*expr)->offset,
                       "%.*s() wants %.*s, not %.*s",
                       STR_ARG(function),
                       STR_ARG(type_name(&binder, type)),
                       STR_ARG(type_name(&binder, from)));
    return from.kind == type.kind ? STATUS_OK : coerce_cast(&binder, expr, type);
}
