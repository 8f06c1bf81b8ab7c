/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bound expression in DuckDB's dialect.
 *
 * What DuckDB computes as we do to the last bit is written in its own words, so
 * that it can reorder, push down and vectorise; everything else becomes a call
 * of our evaluator.  A mistake in the choice would be a wrong answer, so the
 * rule is: ours, unless it is known to be the same.  Where only the first terms
 * keep a later one from failing (AND, OR, IN, CASE, COALESCE) the whole is ours,
 * because DuckDB keeps no order.
 */
#pragma once

#include "expr/expr.h"

typedef struct ExprWriter {
    Buf *out;
    void *data;
    void (*slot)(void *data, uint32_t index);
    void (*constant)(void *data, Type type, const Value *value);
    /* What our evaluator is to compute from the slots that the expression reads. */
    void (*call)(void *data, const Expr *expr);
} ExprWriter;

void expr_translate(const ExprWriter *writer, const Expr *expr);

/* Can the evaluation end with an error? */
bool expr_may_fail(const Expr *expr);
bool expr_is_volatile(const Expr *expr);

/* The slots that are read, ascending, in the arena. */
size_t expr_slots(Arena *arena, const Expr *expr, const uint32_t **ret_slots);

/* Where a row of another kind has what the slots hold. */
typedef struct ExprPlaces {
    const uint32_t *slots;  /* ascending */
    const uint32_t *places; /* of each slot; NULL = 0, 1, 2 .. */
    size_t count;
} ExprPlaces;

/* A copy that reads places[i] where the expression reads slots[i]. */
const Expr *expr_renumber(Arena *arena, const Expr *expr, const ExprPlaces *places);
