/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the cold tier keeps in memory: immutable, counted items under a key of
 * bytes, at most so many bytes together.  The least recently used ones leave
 * first; whoever still holds one keeps it alive.
 *
 * An owner embeds a CacheItem as the first member of what it caches.  Any thread.
 */
#pragma once

#include "base/cleanup.h"
#include "base/refcount.h"
#include "base/str.h"

typedef struct CacheItem CacheItem;
struct CacheItem {
    RefCount refs;
    size_t size; /* of all it holds, roughly */
    void (*free)(CacheItem *item);

    /* The cache's own. */
    Str key;
    CacheItem *newer;
    CacheItem *older;
};

/* Counted 1. */
void cache_item_init(CacheItem *item, size_t size, void (*free)(CacheItem *item));
void cache_item_unref(CacheItem *item);

typedef struct ColdCache ColdCache;
ColdCache *cold_cache_new(size_t bytes_max);
void cold_cache_free(ColdCache *cache);

/* Counted up; NULL when it is not there. */
CacheItem *cold_cache_get(ColdCache *cache, Str key);
/* Counts up.  When there is an item of that key already, that one stays. */
void cold_cache_put(ColdCache *cache, Str key, CacheItem *item);

size_t cold_cache_bytes(ColdCache *cache);
