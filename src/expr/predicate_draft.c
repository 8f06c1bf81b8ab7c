/* SPDX-License-Identifier: Apache-2.0 */
#include "expr/predicate_draft.h"

#include "expr/value_set.h"

#include <stdlib.h>

/* ---- constants in the column's type ---- */

/* How a constant lies to what its column can hold. */
typedef enum Fit {
    FIT_EXACT,
    FIT_ROUNDED_UP,   /* the value is the least one above the constant */
    FIT_ROUNDED_DOWN, /* the value is the greatest one below the constant */
    FIT_ABOVE_ALL,    /* the constant is greater than all the column can hold */
    FIT_BELOW_ALL,
    FIT_UNKNOWN
} Fit;

/* value_cast() rounds to the nearest value, or down, so there is no other in between. */
static Fit fit_rounded(Arena *arena, const Value *constant, const Value *cast, Value *ret_value)
{
    int order = value_compare(cast, constant);
    *ret_value = value_copy(arena, cast);
    return order == 0 ? FIT_EXACT : order > 0 ? FIT_ROUNDED_UP : FIT_ROUNDED_DOWN;
}

/* Infinity and NaN, which FLOAT and DOUBLE hold, are beyond every range. */
static Fit fit_out_of_range(const Value *constant, Type type)
{
    bool exact_type = type_is_integer(type.kind) || type.kind == TYPE_DECIMAL;
    if (!exact_type || !type_is_number(constant->kind))
        return FIT_UNKNOWN;
    Value zero = value_bigint(0);
    return value_compare(constant, &zero) > 0 ? FIT_ABOVE_ALL : FIT_BELOW_ALL;
}

static bool is_comparable(TypeKind a, TypeKind b)
{
    bool moments = type_is_temporal(a) && type_is_temporal(b) && a != TYPE_TIME && b != TYPE_TIME;
    return a == b || (type_is_number(a) && type_is_number(b)) || moments;
}

static Fit fit_constant(Arena *arena, const Value *constant, Type type, Value *ret_value)
{
    CLEANUP(context_done) Context scratch = {0};
    Value cast;
    if (constant->kind == type.kind && type.kind != TYPE_DECIMAL)
        return fit_rounded(arena, constant, constant, ret_value);
    if (!is_comparable(constant->kind, type.kind))
        return FIT_UNKNOWN;
    Status status = value_cast(&scratch, constant, type, &cast);
    if (status == STATUS_OUT_OF_RANGE)
        return fit_out_of_range(constant, type);
    if (status != STATUS_OK || !is_comparable(cast.kind, constant->kind))
        return FIT_UNKNOWN;
    return fit_rounded(arena, constant, &cast, ret_value);
}

/* ---- collecting facts ---- */

static Fact *fact_of(Draft *draft, uint32_t column)
{
    for (size_t i = 0; i < draft->count; i++) {
        if (draft->facts[i].column == column)
            return &draft->facts[i];
    }
    draft->facts = arena_grow(
        draft->arena, draft->facts, draft->count, &draft->capacity, sizeof(*draft->facts));
    Fact *fact = &draft->facts[draft->count++];
    *fact = (Fact){.column = column, .bound = {.column = column}};
    return fact;
}

bool values_contain(const Value *values, size_t count, const Value *value)
{
    for (size_t i = 0; i < count; i++) {
        if (value_compare(&values[i], value) == 0)
            return true;
    }
    return false;
}

static bool is_within(const PredicateBound *bound, const Value *value)
{
    int to_lower = bound->lower ? value_compare(value, bound->lower) : 1;
    int to_upper = bound->upper ? value_compare(value, bound->upper) : -1;
    return (to_lower > 0 || (to_lower == 0 && bound->lower_inclusive)) &&
           (to_upper < 0 || (to_upper == 0 && bound->upper_inclusive));
}

/* The pin keeps what its bounds allow. */
static void narrow_pin(Draft *draft, Fact *fact)
{
    Value *kept = ARENA_ARRAY(draft->arena, Value, fact->count);
    size_t count = 0;
    for (size_t i = 0; i < fact->count; i++) {
        if (is_within(&fact->bound, &fact->values[i]))
            kept[count++] = fact->values[i];
    }
    fact->values = kept;
    fact->count = count;
    draft->never = draft->never || count == 0;
}

/* The column's value is one of these, which are distinct. */
void draft_pin(Draft *draft, uint32_t column, const Value *values, size_t count)
{
    Fact *fact = fact_of(draft, column);
    if (fact->pinned) {
        Value *common = ARENA_ARRAY(draft->arena, Value, count);
        size_t common_count = 0;
        for (size_t i = 0; i < count; i++) {
            if (values_contain(fact->values, fact->count, &values[i]))
                common[common_count++] = values[i];
        }
        values = common;
        count = common_count;
    }
    fact->pinned = true;
    fact->values = values;
    fact->count = count;
    narrow_pin(draft, fact);
}

static void narrow_lower(PredicateBound *bound, const Value *value, bool inclusive)
{
    int order = bound->lower ? value_compare(value, bound->lower) : 1;
    if (order < 0)
        return;
    bound->lower_inclusive = order == 0 ? bound->lower_inclusive && inclusive : inclusive;
    bound->lower = value;
}

static void narrow_upper(PredicateBound *bound, const Value *value, bool inclusive)
{
    int order = bound->upper ? value_compare(value, bound->upper) : -1;
    if (order > 0)
        return;
    bound->upper_inclusive = order == 0 ? bound->upper_inclusive && inclusive : inclusive;
    bound->upper = value;
}

static bool is_empty(const PredicateBound *bound)
{
    if (!bound->lower || !bound->upper)
        return false;
    int order = value_compare(bound->lower, bound->upper);
    return order > 0 || (order == 0 && !(bound->lower_inclusive && bound->upper_inclusive));
}

/* Either side may be open. */
void draft_bound(Draft *draft, const PredicateBound *bound)
{
    Fact *fact = fact_of(draft, bound->column);
    if (bound->lower)
        narrow_lower(&fact->bound, bound->lower, bound->lower_inclusive);
    if (bound->upper)
        narrow_upper(&fact->bound, bound->upper, bound->upper_inclusive);
    draft->never = draft->never || is_empty(&fact->bound);
    if (fact->pinned)
        narrow_pin(draft, fact);
}

/* ---- what one comparison says ---- */

void draft_equal(Draft *draft, const Expr *column, const Value *constant)
{
    Value *value = ARENA_NEW(draft->arena, Value);
    Fit fit = fit_constant(draft->arena, constant, column->type, value);
    if (fit == FIT_EXACT)
        draft_pin(draft, column->column, value, 1);
    else if (fit != FIT_UNKNOWN)
        draft->never = true;
}

/* column > constant, or >= */
static void say_greater(Draft *draft, const Expr *column, const Value *constant, bool inclusive)
{
    Value *value = ARENA_NEW(draft->arena, Value);
    Fit fit = fit_constant(draft->arena, constant, column->type, value);
    PredicateBound bound = {.column = column->column, .lower = value};
    if (fit == FIT_ABOVE_ALL) {
        draft->never = true;
    } else if (fit != FIT_BELOW_ALL && fit != FIT_UNKNOWN) {
        bound.lower_inclusive = fit == FIT_ROUNDED_UP || (fit == FIT_EXACT && inclusive);
        draft_bound(draft, &bound);
    }
}

static void say_less(Draft *draft, const Expr *column, const Value *constant, bool inclusive)
{
    Value *value = ARENA_NEW(draft->arena, Value);
    Fit fit = fit_constant(draft->arena, constant, column->type, value);
    PredicateBound bound = {.column = column->column, .upper = value};
    if (fit == FIT_BELOW_ALL) {
        draft->never = true;
    } else if (fit != FIT_ABOVE_ALL && fit != FIT_UNKNOWN) {
        bound.upper_inclusive = fit == FIT_ROUNDED_DOWN || (fit == FIT_EXACT && inclusive);
        draft_bound(draft, &bound);
    }
}

void draft_compare(Draft *draft, const Expr *column, AstOp op, const Value *constant)
{
    switch (op) {
    case AST_OP_EQ:
        draft_equal(draft, column, constant);
        break;
    case AST_OP_LT:
    case AST_OP_LE:
        say_less(draft, column, constant, op == AST_OP_LE);
        break;
    case AST_OP_GT:
    case AST_OP_GE:
        say_greater(draft, column, constant, op == AST_OP_GE);
        break;
    default: /* <> leaves too much */
        break;
    }
}

/* Constants the column cannot hold are left out; one that may or may not be held spoils the pin. */
void draft_in(Draft *draft, const Expr *column, const ValueSet *set)
{
    Value *values = ARENA_ARRAY(draft->arena, Value, set->count);
    size_t count = 0;
    for (uint32_t i = 0; i < set->count; i++) {
        Value value;
        Fit fit = fit_constant(draft->arena, &set->values[i], column->type, &value);
        if (fit == FIT_UNKNOWN)
            return;
        if (fit == FIT_EXACT && !values_contain(values, count, &value))
            values[count++] = value;
    }
    draft_pin(draft, column->column, values, count);
}

/* ---- the finished branch ---- */

static int compare_facts(const void *a, const void *b)
{
    uint32_t left = ((const Fact *)a)->column, right = ((const Fact *)b)->column;
    return (left > right) - (left < right);
}

static PredicateBranch branch_of(Draft *draft)
{
    PredicatePin *pins = ARENA_ARRAY(draft->arena, PredicatePin, draft->count);
    PredicateBound *bounds = ARENA_ARRAY(draft->arena, PredicateBound, draft->count);
    PredicateBranch branch = {.pins = pins, .bounds = bounds};
    if (draft->count > 0)
        qsort(draft->facts, draft->count, sizeof(Fact), compare_facts);
    for (size_t i = 0; i < draft->count; i++) {
        const Fact *fact = &draft->facts[i];
        if (fact->pinned)
            pins[branch.pin_count++] = (PredicatePin){fact->column, fact->values, fact->count};
        else if (fact->bound.lower || fact->bound.upper)
            bounds[branch.bound_count++] = fact->bound;
    }
    return branch;
}

Predicate draft_finish(Draft *draft)
{
    if (draft->never)
        return (Predicate){.never = true};
    PredicateBranch *branch = ARENA_NEW(draft->arena, PredicateBranch);
    *branch = branch_of(draft);
    return (Predicate){.branches = branch, .branch_count = 1};
}
