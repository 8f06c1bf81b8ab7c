/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fact is something that holds for every row for which the condition is TRUE.
 *
 * analyse() asks what follows when an expression is TRUE, or FALSE (`negated`):
 * NOT turns the question round, so nothing is rewritten.  UNKNOWN is neither,
 * hence a fact never has to allow for NULL: a comparison that is TRUE or FALSE
 * had no NULL in it.  A conjunction collects the facts of its parts in one
 * Draft per branch; a disjunction at the top gives one branch per part.  Inside a
 * conjunction a disjunction counts only when it boils down to one branch, as
 * a = 1 OR a = 2 does.
 */
#include "expr/predicate.h"

#include "expr/node.h"
#include "expr/value_set.h"

#include <stdlib.h>

/* What is known of one column in one branch. */
typedef struct Fact {
    uint32_t column;
    bool pinned;
    const Value *values; /* when pinned */
    size_t count;
    PredicateBound bound;
} Fact;

/* A branch being collected. */
typedef struct Draft {
    Arena *arena;
    bool never;
    Fact *facts;
    size_t count, capacity;
} Draft;

static Predicate analyse(Arena *arena, const Expr *expr, bool negated);

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

static bool contains(const Value *values, size_t count, const Value *value)
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
static void add_pin(Draft *draft, uint32_t column, const Value *values, size_t count)
{
    Fact *fact = fact_of(draft, column);
    if (fact->pinned) {
        Value *common = ARENA_ARRAY(draft->arena, Value, count);
        size_t common_count = 0;
        for (size_t i = 0; i < count; i++) {
            if (contains(fact->values, fact->count, &values[i]))
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
static void add_bound(Draft *draft, const PredicateBound *bound)
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

static AstOp op_negated(AstOp op)
{
    static const AstOp NEGATED[] = {
        [AST_OP_EQ] = AST_OP_NE,
        [AST_OP_NE] = AST_OP_EQ,
        [AST_OP_LT] = AST_OP_GE,
        [AST_OP_LE] = AST_OP_GT,
        [AST_OP_GT] = AST_OP_LE,
        [AST_OP_GE] = AST_OP_LT,
    };
    return NEGATED[op];
}

static AstOp op_turned(AstOp op)
{
    static const AstOp TURNED[] = {
        [AST_OP_EQ] = AST_OP_EQ,
        [AST_OP_NE] = AST_OP_NE,
        [AST_OP_LT] = AST_OP_GT,
        [AST_OP_LE] = AST_OP_GE,
        [AST_OP_GT] = AST_OP_LT,
        [AST_OP_GE] = AST_OP_LE,
    };
    return TURNED[op];
}

static void say_equal(Draft *draft, const Expr *column, const Value *constant)
{
    Value *value = ARENA_NEW(draft->arena, Value);
    Fit fit = fit_constant(draft->arena, constant, column->type, value);
    if (fit == FIT_EXACT)
        add_pin(draft, column->column, value, 1);
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
        add_bound(draft, &bound);
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
        add_bound(draft, &bound);
    }
}

static void say_compared(Draft *draft, const Expr *column, AstOp op, const Value *constant)
{
    switch (op) {
    case AST_OP_EQ:
        say_equal(draft, column, constant);
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

static bool is_null_constant(const Expr *expr)
{
    return expr->kind == EXPR_CONSTANT && value_is_null(&expr->constant);
}

static void collect_compare(Draft *draft, const Expr *expr, bool negated)
{
    const Expr *left = expr->args[0], *right = expr->args[1];
    AstOp op = negated ? op_negated(expr->op) : expr->op;
    if (is_null_constant(left) || is_null_constant(right))
        draft->never = true;
    else if (left->kind == EXPR_COLUMN && right->kind == EXPR_CONSTANT)
        say_compared(draft, left, op, &right->constant);
    else if (left->kind == EXPR_CONSTANT && right->kind == EXPR_COLUMN)
        say_compared(draft, right, op_turned(op), &left->constant);
}

static void collect_between(Draft *draft, const Expr *expr, bool negated)
{
    if (negated != expr->negated)
        return;
    for (uint32_t i = 0; i < 3; i++)
        draft->never = draft->never || is_null_constant(expr->args[i]);
    if (draft->never || expr->args[0]->kind != EXPR_COLUMN)
        return;
    if (expr->args[1]->kind == EXPR_CONSTANT)
        say_compared(draft, expr->args[0], AST_OP_GE, &expr->args[1]->constant);
    if (expr->args[2]->kind == EXPR_CONSTANT)
        say_compared(draft, expr->args[0], AST_OP_LE, &expr->args[2]->constant);
}

/* Constants the column cannot hold are left out; one that may or may not be held spoils the pin. */
static void say_in(Draft *draft, const Expr *column, const ValueSet *set)
{
    Value *values = ARENA_ARRAY(draft->arena, Value, set->count);
    size_t count = 0;
    for (uint32_t i = 0; i < set->count; i++) {
        Value value;
        Fit fit = fit_constant(draft->arena, &set->values[i], column->type, &value);
        if (fit == FIT_UNKNOWN)
            return;
        if (fit == FIT_EXACT && !contains(values, count, &value))
            values[count++] = value;
    }
    add_pin(draft, column->column, values, count);
}

static void collect_in(Draft *draft, const Expr *expr, bool negated)
{
    if (negated != expr->negated) { /* NOT IN with a NULL is never TRUE */
        draft->never = draft->never || expr->has_null;
        return;
    }
    bool pins = expr->args[0]->kind == EXPR_COLUMN && expr->arg_count == 1 &&
                expr->set->count <= PREDICATE_PIN_VALUES_MAX;
    if (pins)
        say_in(draft, expr->args[0], expr->set);
}

static void say_boolean(Draft *draft, const Expr *column, bool boolean)
{
    Value value = value_boolean(boolean);
    say_equal(draft, column, &value);
}

static void merge(Draft *draft, const Predicate *predicate);

/* (c IS TRUE) is TRUE when c is; IS NOT and IS NULL say nothing that helps. */
static void collect_is(Draft *draft, const Expr *expr, bool negated)
{
    bool decides = expr->is_what == AST_IS_TRUE || expr->is_what == AST_IS_FALSE;
    if (negated != expr->negated || !decides)
        return;
    Predicate inner = analyse(draft->arena, expr->args[0], expr->is_what == AST_IS_FALSE);
    merge(draft, &inner);
}

static void collect_distinct(Draft *draft, const Expr *expr, bool negated)
{
    const Expr *left = expr->args[0], *right = expr->args[1];
    bool null = is_null_constant(left) || is_null_constant(right);
    if (negated == expr->negated || null) /* only IS NOT DISTINCT FROM a value pins */
        return;
    if (left->kind == EXPR_COLUMN && right->kind == EXPR_CONSTANT)
        say_equal(draft, left, &right->constant);
    else if (left->kind == EXPR_CONSTANT && right->kind == EXPR_COLUMN)
        say_equal(draft, right, &left->constant);
}

static void collect_constant(Draft *draft, const Expr *expr, bool negated)
{
    bool holds = !value_is_null(&expr->constant) && expr->constant.boolean != negated;
    draft->never = draft->never || !holds;
}

/* Adds to the branch what follows when the expression is TRUE (negated: FALSE). */
static void collect(Draft *draft, const Expr *expr, bool negated)
{
    switch (expr->kind) {
    case EXPR_COMPARE:
        collect_compare(draft, expr, negated);
        break;
    case EXPR_BETWEEN:
        collect_between(draft, expr, negated);
        break;
    case EXPR_IN:
        collect_in(draft, expr, negated);
        break;
    case EXPR_IS:
        collect_is(draft, expr, negated);
        break;
    case EXPR_DISTINCT:
        collect_distinct(draft, expr, negated);
        break;
    case EXPR_COLUMN:
        say_boolean(draft, expr, !negated);
        break;
    case EXPR_CONSTANT:
        collect_constant(draft, expr, negated);
        break;
    default:
        break;
    }
}

/* ---- branches ---- */

/* A conjunct that has several branches adds nothing. */
static void merge(Draft *draft, const Predicate *predicate)
{
    if (predicate->never)
        draft->never = true;
    if (predicate->branch_count != 1)
        return;
    const PredicateBranch *branch = &predicate->branches[0];
    for (size_t i = 0; i < branch->pin_count; i++)
        add_pin(draft, branch->pins[i].column, branch->pins[i].values, branch->pins[i].count);
    for (size_t i = 0; i < branch->bound_count; i++)
        add_bound(draft, &branch->bounds[i]);
}

static int compare_facts(const void *a, const void *b)
{
    uint32_t left = ((const Fact *)a)->column, right = ((const Fact *)b)->column;
    return (left > right) - (left < right);
}

static PredicateBranch finish(Draft *draft)
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

static Predicate one_branch(Draft *draft)
{
    if (draft->never)
        return (Predicate){.never = true};
    PredicateBranch *branch = ARENA_NEW(draft->arena, PredicateBranch);
    *branch = finish(draft);
    return (Predicate){.branches = branch, .branch_count = 1};
}

static Predicate nothing_known(Arena *arena)
{
    Draft draft = {.arena = arena};
    return one_branch(&draft);
}

static Predicate analyse_and(Arena *arena, const Expr *expr, bool negated)
{
    Draft draft = {.arena = arena};
    for (uint32_t i = 0; i < expr->arg_count && !draft.never; i++) {
        Predicate part = analyse(arena, expr->args[i], negated);
        merge(&draft, &part);
    }
    return one_branch(&draft);
}

/* a IN (1) OR a = 2: when each branch pins this one column and says no more, one pin says it all.
 */
static bool join_pins(Arena *arena, Predicate *predicate)
{
    Value *values = ARENA_ARRAY(arena, Value, PREDICATE_PIN_VALUES_MAX);
    uint32_t column = 0;
    size_t count = 0;
    for (size_t i = 0; i < predicate->branch_count; i++) {
        const PredicateBranch *branch = &predicate->branches[i];
        if (branch->pin_count != 1 || branch->bound_count != 0)
            return false;
        const PredicatePin *pin = branch->pins;
        if (i > 0 && pin->column != column)
            return false;
        column = pin->column;
        for (size_t j = 0; j < pin->count; j++) {
            if (contains(values, count, &pin->values[j]))
                continue;
            if (count == PREDICATE_PIN_VALUES_MAX)
                return false;
            values[count++] = pin->values[j];
        }
    }
    Draft draft = {.arena = arena};
    add_pin(&draft, column, values, count);
    *predicate = one_branch(&draft);
    return true;
}

static Predicate analyse_or(Arena *arena, const Expr *expr, bool negated)
{
    PredicateBranch *branches = ARENA_ARRAY(arena, PredicateBranch, PREDICATE_BRANCHES_MAX);
    Predicate result = {.branches = branches};
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        Predicate part = analyse(arena, expr->args[i], negated);
        if (result.branch_count + part.branch_count > PREDICATE_BRANCHES_MAX)
            return nothing_known(arena);
        for (size_t j = 0; j < part.branch_count; j++)
            branches[result.branch_count++] = part.branches[j];
    }
    if (result.branch_count == 0)
        return (Predicate){.never = true};
    if (result.branch_count > 1)
        join_pins(arena, &result);
    return result;
}

static Predicate analyse(Arena *arena, const Expr *expr, bool negated)
{
    if (expr->kind == EXPR_NOT)
        return analyse(arena, expr->args[0], !negated);
    if (expr->kind == EXPR_AND || expr->kind == EXPR_OR) {
        bool conjunction = (expr->kind == EXPR_AND) != negated;
        return conjunction ? analyse_and(arena, expr, negated) : analyse_or(arena, expr, negated);
    }
    Draft draft = {.arena = arena};
    collect(&draft, expr, negated);
    return one_branch(&draft);
}

Predicate predicate_analyse(Arena *arena, const Expr *condition)
{
    return condition ? analyse(arena, condition, false) : nothing_known(arena);
}

const PredicatePin *predicate_pin(const PredicateBranch *branch, uint32_t column)
{
    for (size_t i = 0; i < branch->pin_count; i++) {
        if (branch->pins[i].column == column)
            return &branch->pins[i];
    }
    return NULL;
}

const PredicateBound *predicate_bound(const PredicateBranch *branch, uint32_t column)
{
    for (size_t i = 0; i < branch->bound_count; i++) {
        if (branch->bounds[i].column == column)
            return &branch->bounds[i];
    }
    return NULL;
}
