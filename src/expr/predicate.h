/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a condition pins down: the normal form that key look-ups and the live
 * index file conditions under.
 *
 * NOT is pushed down and comparisons are turned round so that the column stands
 * left; the top-level conjuncts of the form column = constant and column IN
 * (constants) become *pins*, comparisons with constants become *bounds* (merged
 * per column).  Pins and bounds are implied by the condition, never stronger:
 * whoever uses them still tests the whole condition on the candidates.
 * A pin's values are non-NULL, distinct and of the column's type; a constant
 * that the column's type cannot hold makes no pin, or an impossible condition.
 */
#pragma once

#include "expr/expr.h"

enum { PREDICATE_PIN_VALUES_MAX = 64, PREDICATE_BRANCHES_MAX = 64 };

typedef struct PredicatePin {
    uint32_t column; /* row index */
    const Value *values;
    size_t count; /* 1 = equality */
} PredicatePin;

typedef struct PredicateBound {
    uint32_t column;
    const Value *lower, *upper; /* NULL = open */
    bool lower_inclusive, upper_inclusive;
} PredicateBound;

/* One branch of a top-level OR (a condition without OR has one branch). */
typedef struct PredicateBranch {
    const PredicatePin *pins; /* ascending by column, each column once */
    size_t pin_count;
    const PredicateBound *bounds;
    size_t bound_count;
} PredicateBranch;

typedef struct Predicate {
    bool never; /* can be true for no row */
    const PredicateBranch *branches;
    size_t branch_count; /* 1 with no pins and bounds = nothing is known */
} Predicate;

/* condition NULL = always true.  Everything lives in the arena. */
Predicate predicate_analyse(Arena *arena, const Expr *condition);

/* The pin of that column in a branch, or NULL. */
const PredicatePin *predicate_pin(const PredicateBranch *branch, uint32_t column);
const PredicateBound *predicate_bound(const PredicateBranch *branch, uint32_t column);
