/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Local copies of remote objects, in one directory of bounded size.
 *
 * A copy is pinned while somebody uses it; of the others the one that was unused
 * for longest goes when room is needed.  Two who want the same object at once
 * wait for one download.  Copies do not outlive the process.  Any thread.
 */
#pragma once

#include "cold/object_store_parts.h"

typedef struct ObjectCache ObjectCache;

/* Makes the directory and deletes the files in it. */
MUST_CHECK Status object_cache_open(Context *ctx,
                                    Str directory,
                                    uint64_t bytes_max,
                                    ObjectCache **ret_cache);
void object_cache_close(ObjectCache *cache);
DEFINE_CLEANUP(ObjectCache, object_cache_close)

typedef struct ObjectCacheLoad {
    Str key;
    uint64_t size; /* of the object; counted against the limit */
    /* Writes the object to a file that does not exist yet. */
    Status (*load)(Context *ctx, void *data, Str path);
    void *data;
} ObjectCacheLoad;

/* The copy, loaded if there is none.  STATUS_CORRUPT: somebody uses one of another size. */
MUST_CHECK Status object_cache_get(Context *ctx,
                                   ObjectCache *cache,
                                   const ObjectCacheLoad *load,
                                   ObjectFile **ret_file);

/* The object is gone or replaced: a copy that nobody uses is deleted. */
void object_cache_forget(ObjectCache *cache, Str key);

/* For object_file_release(). */
void object_cache_release(ObjectCacheEntry *entry);

/* Valid as long as the cache. */
Str object_cache_directory(const ObjectCache *cache);

/* A path in the directory that nobody uses; in the arena. */
Str object_cache_draft_path(Arena *arena, ObjectCache *cache);
