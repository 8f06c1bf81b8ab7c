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
