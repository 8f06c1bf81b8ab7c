/* SPDX-License-Identifier: Apache-2.0 */
#include "cold/object_store_cache.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/map.h"
#include "base/memory.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { WAIT_SLICE_MS = 100 };

struct ObjectCacheEntry {
    ObjectCache *cache;
    Str key;  /* behind the struct */
    Str path; /* likewise, with a NUL */
    uint64_t size;
    uint64_t used_at; /* ObjectCache.clock */
    int pins;
    bool loaded;
};

struct ObjectCache {
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t loaded;
    Map entries; /* key -> ObjectCacheEntry */
    uint64_t bytes;
    uint64_t bytes_max;
    uint64_t clock;
    Str directory; /* behind the struct */
};

/* ---- life cycle ---- */

static Status delete_files(Context *ctx, Str directory)
{
    DIR *handle = opendir(directory.ptr);
    if (!handle)
        return file_fail(ctx, "open", directory);
    for (const struct dirent *entry; (entry = readdir(handle));) {
        if (entry->d_name[0] == '.')
            continue;
        unlink(arena_printf(&ctx->arena, "%.*s/%s", STR_ARG(directory), entry->d_name).ptr);
    }
    closedir(handle);
    return STATUS_OK;
}

Status object_cache_open(Context *ctx, Str directory, uint64_t bytes_max, ObjectCache **ret_cache)
{
    directory = arena_str(&ctx->arena, directory);
    TRY(file_make_directories(ctx, directory));
    TRY(delete_files(ctx, directory));
    ObjectCache *cache = mem_zalloc(sizeof(*cache) + directory.len);
    memcpy(cache + 1, directory.ptr, directory.len);
    cache->directory = str_from((const char *)(cache + 1), directory.len);
    cache->bytes_max = bytes_max;
    pthread_mutex_init(&cache->lock, NULL);
    pthread_cond_init(&cache->loaded, NULL);
    *ret_cache = cache;
    return STATUS_OK;
}

void object_cache_close(ObjectCache *cache)
{
    if (!cache)
        return;
    ObjectCacheEntry *entry;
    for (size_t at = 0; (entry = map_next(&cache->entries, &at));) {
        unlink(entry->path.ptr);
        free(entry);
    }
    map_done(&cache->entries);
    pthread_cond_destroy(&cache->loaded);
    pthread_mutex_destroy(&cache->lock);
    free(cache);
}

Str object_cache_directory(const ObjectCache *cache)
{
    return cache->directory;
}

Str object_cache_draft_path(Arena *arena, ObjectCache *cache)
{
    return arena_printf(
        arena, "%.*s/%016llx.tmp", STR_ARG(cache->directory), (unsigned long long)random_u64());
}

/* ---- entries; under the lock ---- */

static ObjectCacheEntry *add_entry(ObjectCache *cache, Str key, uint64_t size)
{
    char name[32];
    int name_len = snprintf(name, sizeof(name), "/%016llx", (unsigned long long)random_u64());
    size_t path_len = cache->directory.len + (size_t)name_len;
    ObjectCacheEntry *entry = mem_zalloc(sizeof(*entry) + key.len + path_len + 1);
    char *text = (char *)(entry + 1);
    memcpy(text, key.ptr, key.len);
    memcpy(text + key.len, cache->directory.ptr, cache->directory.len);
    memcpy(text + key.len + cache->directory.len, name, (size_t)name_len + 1);
    *entry = (ObjectCacheEntry){
        .cache = cache,
        .key = str_from(text, key.len),
        .path = str_from(text + key.len, path_len),
        .size = size,
        .pins = 1,
    };
    map_put(&cache->entries, entry->key, entry);
    cache->bytes += size;
    return entry;
}

static void delete_entry(ObjectCache *cache, ObjectCacheEntry *entry)
{
    map_remove(&cache->entries, entry->key);
    cache->bytes -= entry->size;
    unlink(entry->path.ptr);
    free(entry);
}

static ObjectCacheEntry *longest_unused(ObjectCache *cache)
{
    ObjectCacheEntry *found = NULL;
    ObjectCacheEntry *entry;
    for (size_t at = 0; (entry = map_next(&cache->entries, &at));)
        if (entry->pins == 0 && (!found || entry->used_at < found->used_at))
            found = entry;
    return found;
}

/* What is pinned may exceed the limit: a query needs its files. */
static void make_room(ObjectCache *cache)
{
    ObjectCacheEntry *entry;
    while (cache->bytes > cache->bytes_max && (entry = longest_unused(cache)))
        delete_entry(cache, entry);
}

/* ---- getting and releasing ---- */

static void wait_a_little(ObjectCache *cache)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += WAIT_SLICE_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_cond_timedwait(&cache->loaded, &cache->lock, &until);
}

/* The entry, pinned; when it is new (not loaded) the caller has to load it. */
static Status
pin_entry(Context *ctx, ObjectCache *cache, const ObjectCacheLoad *load, ObjectCacheEntry **ret)
{
    for (;;) {
        ObjectCacheEntry *entry = map_get(&cache->entries, load->key);
        if (!entry) {
            *ret = add_entry(cache, load->key, load->size);
            make_room(cache);
            return STATUS_OK;
        }
        if (!entry->loaded) {
            TRY(context_check(ctx));
            wait_a_little(cache);
        } else if (entry->size == load->size) {
            entry->pins++;
            *ret = entry;
            return STATUS_OK;
        } else if (entry->pins > 0) {
            return fail(ctx, STATUS_CORRUPT, "%.*s has two sizes", STR_ARG(load->key));
        } else {
            delete_entry(cache, entry);
        }
    }
}

static Status load_entry(Context *ctx, ObjectCacheEntry *entry, const ObjectCacheLoad *load)
{
    ObjectCache *cache = entry->cache;
    Status status = load->load(ctx, load->data, entry->path);
    pthread_mutex_lock(&cache->lock);
    entry->loaded = status == STATUS_OK;
    if (!entry->loaded)
        delete_entry(cache, entry);
    pthread_cond_broadcast(&cache->loaded);
    pthread_mutex_unlock(&cache->lock);
    return status;
}

Status object_cache_get(Context *ctx,
                        ObjectCache *cache,
                        const ObjectCacheLoad *load,
                        ObjectFile **ret_file)
{
    ObjectCacheEntry *entry = NULL;
    pthread_mutex_lock(&cache->lock);
    Status status = pin_entry(ctx, cache, load, &entry);
    bool is_new = entry && !entry->loaded;
    pthread_mutex_unlock(&cache->lock);
    if (is_new)
        status = load_entry(ctx, entry, load);
    TRY(status);
    assert(entry);
    *ret_file = object_file_new(entry->path, entry);
    return STATUS_OK;
}

void object_cache_forget(ObjectCache *cache, Str key)
{
    pthread_mutex_lock(&cache->lock);
    ObjectCacheEntry *entry = map_get(&cache->entries, key);
    if (entry && entry->loaded && entry->pins == 0)
        delete_entry(cache, entry);
    pthread_mutex_unlock(&cache->lock);
}

void object_cache_release(ObjectCacheEntry *entry)
{
    ObjectCache *cache = entry->cache;
    pthread_mutex_lock(&cache->lock);
    entry->pins--;
    entry->used_at = ++cache->clock;
    make_room(cache);
    pthread_mutex_unlock(&cache->lock);
}
