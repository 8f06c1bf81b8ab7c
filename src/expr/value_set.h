/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The constants of an IN list: searched one by one while they are few, by hash
 * when they are many.  Values of different numeric kinds may be mixed.
 * Immutable; lives in the arena it was built in, as do its values.
 */
#pragma once

#include "expr/node.h"

struct ValueSet {
    const Value *values; /* distinct, none NULL, in the order given */
    uint32_t count;
    uint32_t mask;         /* slots - 1 */
    const uint32_t *slots; /* index + 1, 0 = free; NULL while few */
    CompareBy by;
};

/* Keeps `values` and drops repeated ones from it; all comparable with each other. */
const ValueSet *value_set_new(Arena *arena, Value *values, size_t count, CompareBy by);
/* What value_set_new() took from the arena. */
size_t value_set_size(const ValueSet *set);
/* value: not NULL, comparable with the members. */
bool value_set_has(const ValueSet *set, const Value *value);
