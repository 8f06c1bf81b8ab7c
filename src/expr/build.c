/* SPDX-License-Identifier: Apache-2.0 */
#include "expr/bind.h"

ExprArgs expr_args_new(Arena *arena, size_t count)
{
    return (ExprArgs){ARENA_ARRAY(arena, const Expr *, count), count};
}

Expr *build_node(Binder *binder, ExprKind kind, Type type, const AstExpr *at)
{
    Expr *node = ARENA_NEW(binder->arena, Expr);
    node->kind = kind;
    node->type = type;
    node->offset = at->offset;
    node->depth = 1;
    return node;
}

const Expr *build_slot(Arena *arena, ExprSlot slot, uint32_t offset)
{
    Expr *node = ARENA_NEW(arena, Expr);
    *node = (Expr){
        .kind = EXPR_COLUMN, .type = slot.type, .column = slot.index, .offset = offset, .depth = 1};
    return node;
}

Expr *build_constant(Binder *binder, Type type, const Value *value, const AstExpr *at)
{
    Expr *node = build_node(binder, EXPR_CONSTANT, type, at);
    node->constant = value_copy(binder->arena, value);
    return node;
}

static Status fold(Binder *binder, Expr *node)
{
    Value value;
    Status status = expr_eval(binder->ctx, node, NULL, &value);
    if (status != STATUS_OK) {
        if (binder->scope->live || status == STATUS_CANCELLED || status == STATUS_TIMEOUT)
            return status;
        context_clear_error(binder->ctx);
        return STATUS_OK;
    }
    *node = (Expr){.kind = EXPR_CONSTANT,
                   .type = node->type,
                   .offset = node->offset,
                   .depth = 1,
                   .constant = value_copy(binder->arena, &value)};
    return STATUS_OK;
}

Status build_finish(Binder *binder, Expr *node, ExprArgs args, const Expr **ret_expr)
{
    bool all_constant = true;
    node->args = args.items;
    node->arg_count = (uint32_t)args.count;
    for (size_t i = 0; i < args.count; i++) {
        const Expr *arg = args.items[i];
        if (arg->depth >= node->depth)
            node->depth = arg->depth + 1;
        node->is_volatile = node->is_volatile || arg->is_volatile;
        all_constant = all_constant && arg->kind == EXPR_CONSTANT;
    }
    if (node->depth > SQL_DEPTH_MAX)
        return fail_at(binder->ctx,
                       STATUS_INVALID_SQL,
                       node->offset,
                       "the expression is more than %d operators deep",
                       SQL_DEPTH_MAX);
    if (all_constant && !node->is_volatile)
        TRY(fold(binder, node));
    *ret_expr = node;
    return STATUS_OK;
}
