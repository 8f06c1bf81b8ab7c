/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One branch of a predicate while its facts are collected; private to this folder.
 *
 * Facts about one column are merged as they come: pins are intersected, bounds
 * narrowed, and what contradicts itself makes the branch impossible.  Constants
 * are brought to the column's type first.  Everything lives in the arena.
 */
#pragma once

#include "expr/node.h"
#include "expr/predicate.h"

/* What is known of one column. */
typedef struct Fact {
    uint32_t column;
    bool pinned;
    const Value *values; /* when pinned */
    size_t count;
    PredicateBound bound;
} Fact;

typedef struct Draft {
    Arena *arena;
    bool never; /* no row can satisfy it */
    Fact *facts;
    size_t count, capacity;
} Draft;

/* The column's value is one of these, which are distinct and of its type. */
void draft_pin(Draft *draft, uint32_t column, const Value *values, size_t count);
/* Either side may be open. */
void draft_bound(Draft *draft, const PredicateBound *bound);

/* column = constant; the constant is not NULL and may be of another type. */
void draft_equal(Draft *draft, const Expr *column, const Value *constant);
void draft_compare(Draft *draft, const Expr *column, AstOp op, const Value *constant);
/* column IN set */
void draft_in(Draft *draft, const Expr *column, const ValueSet *set);

bool values_contain(const Value *values, size_t count, const Value *value);

/* One branch, or never. */
Predicate draft_finish(Draft *draft);
