/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GROUP BY: groups and the running state of their aggregates, by hash.
 *
 * A finished group is a row of its keys, then the results of the calls: what
 * expressions bound with ExprGrouping read.  Groups come in the order of their
 * first row.  Without keys there is exactly one group, even of no rows.
 */
#pragma once

#include "expr/expr.h"

typedef struct AggregatorOptions {
    const Expr *const *keys;
    size_t key_count;
    const AggregateCall *calls;
    size_t call_count;
    size_t bytes_max;
} AggregatorOptions;

typedef struct Aggregator Aggregator;

Aggregator *aggregator_new(const AggregatorOptions *options);
void aggregator_free(Aggregator *aggregator);
DEFINE_CLEANUP(Aggregator, aggregator_free)

/* STATUS_MEMORY_LIMIT, STATUS_OUT_OF_RANGE (a sum), or what an expression says. */
MUST_CHECK Status aggregator_add(Context *ctx, Aggregator *aggregator, const Value *row);

/* The next group, in ctx's arena; NULL after the last. */
MUST_CHECK Status aggregator_next(Context *ctx, Aggregator *aggregator, const Value **ret_group);
