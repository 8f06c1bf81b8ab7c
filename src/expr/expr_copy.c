/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies of a bound tree.  Binding leaves scraps behind; whoever keeps a condition
 * for long copies it into memory of just the size it needs.
 */
#include "expr/value_set.h"

static bool has_text(const Value *value)
{
    return value->kind == TYPE_TEXT || value->kind == TYPE_JSON || value->kind == TYPE_BYTES;
}

/* Of what value_copy() takes from the arena. */
static size_t text_size(const Value *value)
{
    return has_text(value) ? arena_rounded(value->text.len + 1) : 0;
}

/* ---- sets ---- */

static size_t set_size(const ValueSet *set)
{
    size_t size = arena_rounded(sizeof(Value) * set->count) + value_set_size(set);
    for (uint32_t i = 0; i < set->count; i++)
        size += text_size(&set->values[i]);
    return size;
}

static const ValueSet *set_copy(Arena *arena, const ValueSet *set)
{
    Value *values = ARENA_ARRAY(arena, Value, set->count);
    for (uint32_t i = 0; i < set->count; i++)
        values[i] = value_copy(arena, &set->values[i]);
    return value_set_new(arena, values, set->count, set->by);
}

/* ---- trees ---- */

size_t expr_copy_size(const Expr *expr)
{
    size_t size = arena_rounded(sizeof(*expr));
    if (expr->kind == EXPR_CONSTANT)
        return size + text_size(&expr->constant);
    if (expr->set)
        size += set_size(expr->set);
    if (expr->arg_count)
        size += arena_rounded(sizeof(Expr *) * expr->arg_count);
    for (uint32_t i = 0; i < expr->arg_count; i++)
        size += expr_copy_size(expr->args[i]);
    return size;
}

static const Expr *const *copy_args(Arena *arena, const Expr *expr)
{
    const Expr **args = ARENA_ARRAY(arena, const Expr *, expr->arg_count);
    for (uint32_t i = 0; i < expr->arg_count; i++)
        args[i] = expr_copy(arena, expr->args[i]);
    return args;
}

const Expr *expr_copy(Arena *arena, const Expr *expr)
{
    Expr *copy = ARENA_NEW(arena, Expr);
    *copy = *expr;
    copy->literal = LITERAL_NONE;
    if (expr->kind == EXPR_CONSTANT) {
        copy->constant = value_copy(arena, &expr->constant);
        copy->literal_text = STR_NULL;
        return copy;
    }
    if (expr->set)
        copy->set = set_copy(arena, expr->set);
    if (expr->arg_count)
        copy->args = copy_args(arena, expr);
    return copy;
}
