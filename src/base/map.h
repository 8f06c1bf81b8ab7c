/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Map: text to pointer.  IdMap: 64-bit number to pointer.
 *
 * Open addressing with linear probing and backward-shift deletion (Knuth 6.4,
 * algorithm R), at most 3/4 full.  Maps do not own what they point to; Map
 * borrows its keys, which usually live inside the value.  Zeroed = empty.  One
 * thread at a time.  NULL values are not allowed.
 */
#pragma once

#include "base/cleanup.h"
#include "base/str.h"

typedef struct MapSlot {
    Str key;
    uint64_t hash;
    void *value; /* NULL = free */
} MapSlot;

typedef struct Map {
    MapSlot *slots;
    size_t capacity; /* a power of two, or 0 */
    size_t count;
} Map;

void map_done(Map *map);
DEFINE_CLEANUP_IN_PLACE(Map, map_done)
void *map_get(const Map *map, Str key);
/* Returns the value that was there before, or NULL.  On replacement the new key is kept. */
void *map_put(Map *map, Str key, void *value);
/* Returns the removed value, or NULL. */
void *map_remove(Map *map, Str key);
/* An independent map with the same keys and values. */
Map map_copy(const Map *map);

/* for (size_t at = 0; (value = map_next(map, &at));) -- in no particular order */
void *map_next(const Map *map, size_t *at);

typedef struct IdMapSlot {
    uint64_t key;
    void *value; /* NULL = free */
} IdMapSlot;

typedef struct IdMap {
    IdMapSlot *slots;
    size_t capacity;
    size_t count;
} IdMap;

void id_map_done(IdMap *map);
DEFINE_CLEANUP_IN_PLACE(IdMap, id_map_done)
void *id_map_get(const IdMap *map, uint64_t key);
void *id_map_put(IdMap *map, uint64_t key, void *value);
void *id_map_remove(IdMap *map, uint64_t key);
IdMap id_map_copy(const IdMap *map);
void *id_map_next(const IdMap *map, size_t *at);
