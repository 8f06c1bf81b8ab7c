/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions about a bound expression.
 */
#include "expr/functions.h"
#include "expr/value_set.h"

#include "base/hash.h"

#include <assert.h>

Type expr_type(const Expr *expr)
{
    return expr->type;
}

bool expr_is_constant(const Expr *expr)
{
    return expr->kind == EXPR_CONSTANT;
}

const Value *expr_constant(const Expr *expr)
{
    assert(expr->kind == EXPR_CONSTANT);
    return &expr->constant;
}

int expr_column(const Expr *expr)
{
    return expr->kind == EXPR_COLUMN ? (int)expr->column : -1;
}

void expr_columns_used(const Expr *expr, uint64_t *used, size_t word_count)
{
    if (expr->kind == EXPR_COLUMN) {
        assert(expr->column / 64 < word_count);
        used[expr->column / 64] |= UINT64_C(1) << expr->column % 64;
    }
    for (uint32_t i = 0; i < expr->arg_count; i++)
        expr_columns_used(expr->args[i], used, word_count);
}

/* ---- equality ---- */

/*
 * Stricter than value_same(): 0.0 and -0.0, 1 and 1.0 are equal but do not
 * print alike.
 */
static bool constants_equal(const Value *a, const Value *b)
{
    if (a->kind != b->kind)
        return false;
    if (a->kind == TYPE_FLOAT || a->kind == TYPE_DOUBLE)
        return a->integer == b->integer; /* the same 64 bits */
    return (a->kind != TYPE_DECIMAL || a->scale == b->scale) && value_same(a, b);
}

static bool sets_equal(const ValueSet *a, const ValueSet *b)
{
    if (!a || !b)
        return a == b;
    if (a->count != b->count)
        return false;
    for (uint32_t i = 0; i < a->count; i++) {
        if (!constants_equal(&a->values[i], &b->values[i]))
            return false;
    }
    return true;
}

static bool contents_equal(const Expr *a, const Expr *b)
{
    if (a->kind == EXPR_CONSTANT)
        return constants_equal(&a->constant, &b->constant);
    return a->column == b->column && a->function == b->function && sets_equal(a->set, b->set);
}

static bool nodes_equal(const Expr *a, const Expr *b)
{
    return a->kind == b->kind && a->op == b->op && a->is_what == b->is_what &&
           type_equal(a->type, b->type) && a->negated == b->negated && a->nocase == b->nocase &&
           a->has_operand == b->has_operand && a->has_null == b->has_null &&
           a->arg_count == b->arg_count && contents_equal(a, b);
}

bool expr_equal(const Expr *a, const Expr *b)
{
    if (a == b)
        return true;
    if (!a || !b || a->is_volatile || !nodes_equal(a, b))
        return false;
    for (uint32_t i = 0; i < a->arg_count; i++) {
        if (!expr_equal(a->args[i], b->args[i]))
            return false;
    }
    return true;
}

static uint64_t hash_contents(uint64_t hash, const Expr *expr)
{
    if (expr->kind == EXPR_CONSTANT)
        return hash_combine(hash, value_hash(&expr->constant));
    hash = hash_combine(hash, expr->column);
    if (expr->function)
        hash = hash_combine(hash, hash_stable(expr->function->name));
    for (uint32_t i = 0; expr->set && i < expr->set->count; i++)
        hash = hash_combine(hash, value_hash(&expr->set->values[i]));
    return hash;
}

uint64_t expr_hash(const Expr *expr)
{
    if (!expr)
        return 0;
    uint64_t hash = hash_combine((uint64_t)expr->kind, (uint64_t)expr->op);
    hash = hash_combine(hash, (uint64_t)expr->type.kind);
    hash = hash_combine(hash, (uint64_t)expr->is_what << 1 | expr->negated);
    hash = hash_contents(hash, expr);
    for (uint32_t i = 0; i < expr->arg_count; i++)
        hash = hash_combine(hash, expr_hash(expr->args[i]));
    return hash;
}
