/* SPDX-License-Identifier: Apache-2.0 */
#include "expr/value_set.h"

enum { VALUE_SET_FEW = 8 };

static bool find_linear(const ValueSet *set, const Value *value)
{
    for (uint32_t i = 0; i < set->count; i++) {
        if (values_equal(set->by, &set->values[i], value))
            return true;
    }
    return false;
}

/* The slot that holds the value, or the free one where it belongs. */
static uint32_t find_slot(const ValueSet *set, const Value *value)
{
    uint32_t at = (uint32_t)value_hash(value) & set->mask;
    while (set->slots[at] && !values_equal(set->by, &set->values[set->slots[at] - 1], value))
        at = (at + 1) & set->mask;
    return at;
}

static uint32_t slot_count(size_t values)
{
    uint32_t slots = 16;
    while (slots < values * 2)
        slots *= 2;
    return slots;
}

const ValueSet *value_set_new(Arena *arena, Value *values, size_t count, CompareBy by)
{
    ValueSet *set = ARENA_NEW(arena, ValueSet);
    uint32_t *slots = NULL;
    set->values = values;
    set->by = by;
    if (count > VALUE_SET_FEW) {
        set->mask = slot_count(count) - 1;
        set->slots = slots = ARENA_ARRAY(arena, uint32_t, (size_t)set->mask + 1);
    }
    for (size_t i = 0; i < count; i++) {
        if (value_set_has(set, &values[i]))
            continue;
        values[set->count] = values[i];
        if (slots)
            slots[find_slot(set, &values[i])] = set->count + 1;
        set->count++;
    }
    return set;
}

size_t value_set_size(const ValueSet *set)
{
    size_t slots = set->slots ? arena_rounded(sizeof(uint32_t) * ((size_t)set->mask + 1)) : 0;
    return arena_rounded(sizeof(*set)) + slots;
}

bool value_set_has(const ValueSet *set, const Value *value)
{
    return set->slots ? set->slots[find_slot(set, value)] != 0 : find_linear(set, value);
}
