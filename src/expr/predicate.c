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
#include "expr/predicate_draft.h"
#include "expr/value_set.h"

static Predicate analyse(Arena *arena, const Expr *expr, bool negated);
static void merge(Draft *draft, const Predicate *predicate);

/* ---- single conditions ---- */

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
        draft_compare(draft, left, op, &right->constant);
    else if (left->kind == EXPR_CONSTANT && right->kind == EXPR_COLUMN)
        draft_compare(draft, right, op_turned(op), &left->constant);
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
        draft_compare(draft, expr->args[0], AST_OP_GE, &expr->args[1]->constant);
    if (expr->args[2]->kind == EXPR_CONSTANT)
        draft_compare(draft, expr->args[0], AST_OP_LE, &expr->args[2]->constant);
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
        draft_in(draft, expr->args[0], expr->set);
}

static void say_boolean(Draft *draft, const Expr *column, bool boolean)
{
    Value value = value_boolean(boolean);
    draft_equal(draft, column, &value);
}

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
        draft_equal(draft, left, &right->constant);
    else if (left->kind == EXPR_CONSTANT && right->kind == EXPR_COLUMN)
        draft_equal(draft, right, &left->constant);
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
        draft_pin(draft, branch->pins[i].column, branch->pins[i].values, branch->pins[i].count);
    for (size_t i = 0; i < branch->bound_count; i++)
        draft_bound(draft, &branch->bounds[i]);
}

static Predicate nothing_known(Arena *arena)
{
    Draft draft = {.arena = arena};
    return draft_finish(&draft);
}

static Predicate analyse_and(Arena *arena, const Expr *expr, bool negated)
{
    Draft draft = {.arena = arena};
    for (uint32_t i = 0; i < expr->arg_count && !draft.never; i++) {
        Predicate part = analyse(arena, expr->args[i], negated);
        merge(&draft, &part);
    }
    return draft_finish(&draft);
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
            if (values_contain(values, count, &pin->values[j]))
                continue;
            if (count == PREDICATE_PIN_VALUES_MAX)
                return false;
            values[count++] = pin->values[j];
        }
    }
    Draft draft = {.arena = arena};
    draft_pin(&draft, column, values, count);
    *predicate = draft_finish(&draft);
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
    return draft_finish(&draft);
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
