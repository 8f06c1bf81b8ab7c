/* SPDX-License-Identifier: Apache-2.0 */
#include "cold/cold_cache.h"

#include "base/map.h"
#include "base/memory.h"

#include <pthread.h>

/* The map's keys and the list are the cache's; both under the lock. */
struct ColdCache {
    pthread_mutex_t lock;
    Map items;
    CacheItem *newest;
    CacheItem *oldest;
    size_t bytes;
    size_t bytes_max;
};

enum { ITEM_OVERHEAD = 128 };

void cache_item_init(CacheItem *item, size_t size, void (*free_item)(CacheItem *item))
{
    *item = (CacheItem){.size = size, .free = free_item};
    refcount_init(&item->refs);
}

void cache_item_unref(CacheItem *item)
{
    if (!item || !refcount_dec(&item->refs))
        return;
    free((char *)item->key.ptr);
    item->free(item);
}

ColdCache *cold_cache_new(size_t bytes_max)
{
    ColdCache *cache = NEW(ColdCache);
    pthread_mutex_init(&cache->lock, NULL);
    cache->bytes_max = bytes_max;
    return cache;
}

/* ---- with the lock held ---- */

static void unlink_item(ColdCache *cache, CacheItem *item)
{
    *(item->newer ? &item->newer->older : &cache->newest) = item->older;
    *(item->older ? &item->older->newer : &cache->oldest) = item->newer;
    item->newer = item->older = NULL;
}

static void link_newest(ColdCache *cache, CacheItem *item)
{
    item->older = cache->newest;
    *(cache->newest ? &cache->newest->newer : &cache->oldest) = item;
    cache->newest = item;
}

static size_t cost(const CacheItem *item)
{
    return item->size + item->key.len + ITEM_OVERHEAD;
}

static void drop_oldest(ColdCache *cache)
{
    CacheItem *item = cache->oldest;
    unlink_item(cache, item);
    map_remove(&cache->items, item->key);
    cache->bytes -= cost(item);
    cache_item_unref(item);
}

static void insert(ColdCache *cache, Str key, CacheItem *item)
{
    refcount_inc(&item->refs);
    item->key = str_from(mem_dup(key.ptr, key.len), key.len);
    map_put(&cache->items, item->key, item);
    link_newest(cache, item);
    cache->bytes += cost(item);
    while (cache->bytes > cache->bytes_max && cache->oldest != item)
        drop_oldest(cache);
}

/* ---- */

void cold_cache_free(ColdCache *cache)
{
    if (!cache)
        return;
    while (cache->oldest)
        drop_oldest(cache);
    map_done(&cache->items);
    pthread_mutex_destroy(&cache->lock);
    free(cache);
}

CacheItem *cold_cache_get(ColdCache *cache, Str key)
{
    pthread_mutex_lock(&cache->lock);
    CacheItem *item = map_get(&cache->items, key);
    if (item) {
        refcount_inc(&item->refs);
        unlink_item(cache, item);
        link_newest(cache, item);
    }
    pthread_mutex_unlock(&cache->lock);
    return item;
}

void cold_cache_put(ColdCache *cache, Str key, CacheItem *item)
{
    pthread_mutex_lock(&cache->lock);
    if (!map_get(&cache->items, key))
        insert(cache, key, item);
    pthread_mutex_unlock(&cache->lock);
}

size_t cold_cache_bytes(ColdCache *cache)
{
    pthread_mutex_lock(&cache->lock);
    size_t bytes = cache->bytes;
    pthread_mutex_unlock(&cache->lock);
    return bytes;
}
