/* SPDX-License-Identifier: Apache-2.0 */
#include "cold/cold_private.h"

#include "base/memory.h"

enum { DEFAULT_CACHE_BYTES = 64 << 20 };

ColdTier *cold_tier_new(const ColdTierOptions *options)
{
    ColdTier *tier = NEW(ColdTier);
    tier->store = options->store;
    tier->duck = options->duck;
    tier->objects = options->objects;
    tier->defaults = options->defaults;
    tier->cache =
        cold_cache_new(options->cache_bytes ? options->cache_bytes : (size_t)DEFAULT_CACHE_BYTES);
    pthread_mutex_init(&tier->lock, NULL);
    pthread_cond_init(&tier->turn_ended, NULL);
    return tier;
}

static void free_values(Map *map)
{
    size_t at = 0;
    for (void *value; (value = map_next(map, &at));)
        free(value);
    map_done(map);
}

void cold_tier_free(ColdTier *tier)
{
    if (!tier)
        return;
    cold_trash_done(tier);
    cold_cache_free(tier->cache);
    free_values(&tier->turns);
    free_values(&tier->allowed);
    pthread_cond_destroy(&tier->turn_ended);
    pthread_mutex_destroy(&tier->lock);
    free(tier);
}

/* Several jobs and statements share the memory. */
uint64_t cold_group_bytes_max(const ColdTier *tier)
{
    enum { SHARE = 8, BYTES_MIN = 4 << 20, BYTES_MAX = 64 << 20 };
    uint64_t bytes = duck_engine_memory_bytes(tier->duck) / SHARE;
    return bytes < BYTES_MIN ? BYTES_MIN : bytes > BYTES_MAX ? BYTES_MAX : bytes;
}
