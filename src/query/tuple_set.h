/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set of tuples of Values, numbered in the order they came: groups of GROUP
 * BY, rows of DISTINCT, arguments of COUNT(DISTINCT ..).  NULL equals NULL.
 *
 * Open addressing with linear probing; tuples are copied into the set's own
 * arena, whose size is tuple_set_bytes().
 */
#pragma once

#include "value/value.h"

typedef struct TupleSet {
    size_t width; /* values of a tuple */
    Arena arena;
    const Value **tuples; /* in order; heap */
    uint64_t *hashes;
    size_t count;
    size_t capacity; /* of tuples and hashes */
    uint32_t *slots; /* index + 1; 0 = free */
    size_t slot_count;
} TupleSet;

void tuple_set_init(TupleSet *set, size_t width);
void tuple_set_done(TupleSet *set);

/* True when the tuple is new; *ret_index is its number. */
bool tuple_set_add(TupleSet *set, const Value *tuple, size_t *ret_index);

size_t tuple_set_bytes(const TupleSet *set);
