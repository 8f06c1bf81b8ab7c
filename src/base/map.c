/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"

#include "base/hash.h"
#include "base/memory.h"

#include <assert.h>

/* Many maps hold one thing only: the live queries of a connection, for example. */
enum { FIRST_CAPACITY = 4 };

static bool is_full(size_t count, size_t capacity)
{
    return (count + 1) * 4 > capacity * 3;
}

/* May the entry at `home`..`at` move back into `hole`?  (Distances along the probe sequence.) */
static bool fills_hole(size_t home, size_t at, size_t hole, size_t mask)
{
    return ((at - home) & mask) >= ((at - hole) & mask);
}

void map_done(Map *map)
{
    free(map->slots);
    *map = (Map){0};
}

static size_t map_find(const Map *map, Str key, uint64_t hash)
{
    size_t mask = map->capacity - 1;
    size_t at = hash & mask;
    while (map->slots[at].value &&
           (map->slots[at].hash != hash || !str_equal(map->slots[at].key, key)))
        at = (at + 1) & mask;
    return at;
}

void *map_get(const Map *map, Str key)
{
    if (map->count == 0)
        return NULL;
    return map->slots[map_find(map, key, hash_seeded(key))].value;
}

static void map_grow(Map *map)
{
    Map grown = {.capacity = map->capacity ? map->capacity * 2 : FIRST_CAPACITY,
                 .count = map->count};
    grown.slots = mem_zalloc(grown.capacity * sizeof(*grown.slots));
    for (size_t i = 0; i < map->capacity; i++) {
        MapSlot *slot = &map->slots[i];
        if (slot->value)
            grown.slots[map_find(&grown, slot->key, slot->hash)] = *slot;
    }
    free(map->slots);
    *map = grown;
}

void *map_put(Map *map, Str key, void *value)
{
    assert(value);
    if (is_full(map->count, map->capacity))
        map_grow(map);
    uint64_t hash = hash_seeded(key);
    MapSlot *slot = &map->slots[map_find(map, key, hash)];
    void *before = slot->value;
    *slot = (MapSlot){.key = key, .hash = hash, .value = value};
    if (!before)
        map->count++;
    return before;
}

void *map_remove(Map *map, Str key)
{
    if (map->count == 0)
        return NULL;
    size_t mask = map->capacity - 1;
    size_t hole = map_find(map, key, hash_seeded(key));
    void *removed = map->slots[hole].value;
    if (!removed)
        return NULL;
    for (size_t at = (hole + 1) & mask; map->slots[at].value; at = (at + 1) & mask) {
        if (!fills_hole(map->slots[at].hash & mask, at, hole, mask))
            continue;
        map->slots[hole] = map->slots[at];
        hole = at;
    }
    map->slots[hole] = (MapSlot){0};
    map->count--;
    return removed;
}

Map map_copy(const Map *map)
{
    Map copy = *map;
    if (map->capacity)
        copy.slots = mem_dup(map->slots, map->capacity * sizeof(*map->slots));
    return copy;
}

void *map_next(const Map *map, size_t *at)
{
    while (*at < map->capacity) {
        void *value = map->slots[(*at)++].value;
        if (value)
            return value;
    }
    return NULL;
}

/* Finalizer of SplitMix64 (Steele, Lea, Flood 2014): ids are often consecutive. */
static uint64_t id_hash(uint64_t key)
{
    key = (key ^ (key >> 30)) * 0xbf58476d1ce4e5b9u;
    key = (key ^ (key >> 27)) * 0x94d049bb133111ebu;
    return key ^ (key >> 31);
}

void id_map_done(IdMap *map)
{
    free(map->slots);
    *map = (IdMap){0};
}

static size_t id_map_find(const IdMap *map, uint64_t key)
{
    size_t mask = map->capacity - 1;
    size_t at = id_hash(key) & mask;
    while (map->slots[at].value && map->slots[at].key != key)
        at = (at + 1) & mask;
    return at;
}

void *id_map_get(const IdMap *map, uint64_t key)
{
    return map->count ? map->slots[id_map_find(map, key)].value : NULL;
}

static void id_map_grow(IdMap *map)
{
    IdMap grown = {.capacity = map->capacity ? map->capacity * 2 : FIRST_CAPACITY,
                   .count = map->count};
    grown.slots = mem_zalloc(grown.capacity * sizeof(*grown.slots));
    for (size_t i = 0; i < map->capacity; i++)
        if (map->slots[i].value)
            grown.slots[id_map_find(&grown, map->slots[i].key)] = map->slots[i];
    free(map->slots);
    *map = grown;
}

void *id_map_put(IdMap *map, uint64_t key, void *value)
{
    assert(value);
    if (is_full(map->count, map->capacity))
        id_map_grow(map);
    IdMapSlot *slot = &map->slots[id_map_find(map, key)];
    void *before = slot->value;
    *slot = (IdMapSlot){.key = key, .value = value};
    if (!before)
        map->count++;
    return before;
}

void *id_map_remove(IdMap *map, uint64_t key)
{
    if (map->count == 0)
        return NULL;
    size_t mask = map->capacity - 1;
    size_t hole = id_map_find(map, key);
    void *removed = map->slots[hole].value;
    if (!removed)
        return NULL;
    for (size_t at = (hole + 1) & mask; map->slots[at].value; at = (at + 1) & mask) {
        if (!fills_hole(id_hash(map->slots[at].key) & mask, at, hole, mask))
            continue;
        map->slots[hole] = map->slots[at];
        hole = at;
    }
    map->slots[hole] = (IdMapSlot){0};
    map->count--;
    return removed;
}

IdMap id_map_copy(const IdMap *map)
{
    IdMap copy = *map;
    if (map->capacity)
        copy.slots = mem_dup(map->slots, map->capacity * sizeof(*map->slots));
    return copy;
}

void *id_map_next(const IdMap *map, size_t *at)
{
    while (*at < map->capacity) {
        void *value = map->slots[(*at)++].value;
        if (value)
            return value;
    }
    return NULL;
}
