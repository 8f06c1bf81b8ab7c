/* SPDX-License-Identifier: Apache-2.0 */
#include "query/tuple_set.h"

#include "base/hash.h"
#include "base/memory.h"

enum { SLOTS_FIRST = 16 };

void tuple_set_init(TupleSet *set, size_t width)
{
    *set = (TupleSet){.width = width};
}

void tuple_set_done(TupleSet *set)
{
    arena_done(&set->arena);
    free(set->tuples);
    free(set->hashes);
    free(set->slots);
}

size_t tuple_set_bytes(const TupleSet *set)
{
    return set->arena.allocated_bytes + set->capacity * (sizeof(const Value *) + sizeof(uint64_t)) +
           set->slot_count * sizeof(uint32_t);
}

static uint64_t hash_tuple(const Value *tuple, size_t width)
{
    uint64_t hash = width;
    for (size_t i = 0; i < width; i++)
        hash = hash_combine(hash, value_is_null(&tuple[i]) ? 0 : value_hash(&tuple[i]));
    return hash;
}

static bool same_tuple(const Value *a, const Value *b, size_t width)
{
    for (size_t i = 0; i < width; i++)
        if (!value_same(&a[i], &b[i]))
            return false;
    return true;
}

static void rehash(TupleSet *set, size_t slot_count)
{
    free(set->slots);
    set->slots = mem_zalloc(slot_count * sizeof(*set->slots));
    set->slot_count = slot_count;
    for (size_t i = 0; i < set->count; i++) {
        size_t at = set->hashes[i] & (slot_count - 1);
        while (set->slots[at])
            at = (at + 1) & (slot_count - 1);
        set->slots[at] = (uint32_t)i + 1;
    }
}

static void reserve(TupleSet *set)
{
    if (set->count == set->capacity) {
        set->capacity = set->capacity ? set->capacity * 2 : SLOTS_FIRST;
        set->tuples = mem_realloc(set->tuples, set->capacity * sizeof(const Value *));
        set->hashes = mem_realloc(set->hashes, set->capacity * sizeof(*set->hashes));
    }
    if ((set->count + 1) * 4 > set->slot_count * 3)
        rehash(set, set->slot_count ? set->slot_count * 2 : SLOTS_FIRST);
}

static const Value *copy_tuple(Arena *arena, const Value *tuple, size_t width)
{
    Value *copy = ARENA_ARRAY(arena, Value, width);
    for (size_t i = 0; i < width; i++)
        copy[i] = value_copy(arena, &tuple[i]);
    return copy;
}

bool tuple_set_add(TupleSet *set, const Value *tuple, size_t *ret_index)
{
    reserve(set);
    uint64_t hash = hash_tuple(tuple, set->width);
    size_t at = hash & (set->slot_count - 1);
    for (; set->slots[at]; at = (at + 1) & (set->slot_count - 1)) {
        size_t index = set->slots[at] - 1;
        if (set->hashes[index] == hash && same_tuple(set->tuples[index], tuple, set->width)) {
            *ret_index = index;
            return false;
        }
    }
    *ret_index = set->count;
    set->hashes[set->count] = hash;
    set->tuples[set->count++] = copy_tuple(&set->arena, tuple, set->width);
    set->slots[at] = (uint32_t)set->count;
    return true;
}
