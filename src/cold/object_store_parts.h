/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kinds of stores implement, and what they share.  Names are checked
 * before a backend sees them.
 */
#pragma once

#include "cold/object_store.h"

typedef struct ObjectBackend {
    Status (*draft)(Context *ctx, ObjectStore *store, Str name, Str *ret_path);
    /* The draft is removed by the caller. */
    Status (*put)(Context *ctx, ObjectStore *store, const ObjectPut *put);
    Status (*remove)(Context *ctx, ObjectStore *store, Str name);
    Status (*fetch)(
        Context *ctx, ObjectStore *store, Str name, uint64_t size, ObjectFile **ret_file);
    Status (*stat)(Context *ctx, ObjectStore *store, Str name, ObjectInfo *ret_info);
    /* In any order. */
    Status (*list)(Context *ctx, ObjectStore *store, Str directory, ObjectList *ret_list);
    /* NULL: unknown for this kind */
    Status (*capacity)(Context *ctx, ObjectStore *store, uint64_t *ret_total, uint64_t *ret_used);
    /* Frees the store. */
    void (*close)(ObjectStore *store);
} ObjectBackend;

/* The first member of every kind of store. */
struct ObjectStore {
    RefCount refs;
    const ObjectBackend *backend;
    Storage *storage;
};

typedef struct ObjectCacheEntry ObjectCacheEntry;

struct ObjectFile {
    Str path;                /* behind the struct */
    ObjectCacheEntry *entry; /* pinned; NULL = the store's own file */
};

/* What credentials are encrypted with. */
Str object_stores_key(const ObjectStores *stores);

Str object_stores_local_directory(const ObjectStores *stores);

ObjectFile *object_file_new(Str path, ObjectCacheEntry *entry);

/* "Storage 'x': cannot <what> <name>: <why>" */
Status object_store_fail(
    Context *ctx, const ObjectStore *store, const char *what, Str name, const char *why);

/* Below the directory or bucket: letters, digits and . _ - between slashes. */
bool object_name_is_valid(Str name);

/* Appends one; *capacity as in arena_grow().  STATUS_LIMIT_EXCEEDED above OBJECT_LIST_MAX. */
MUST_CHECK Status object_list_add(Context *ctx,
                                  ObjectList *list,
                                  size_t *capacity,
                                  const ObjectInfo *info);

typedef struct ObjectCache ObjectCache;
typedef struct S3Options S3Options;

/* Each takes over the storage.  `directory` is absolute; `prefix` of all keys, without slashes at
 * its ends, may be empty. */
ObjectStore *file_store_new(Storage *storage, Str directory);
ObjectStore *
s3_store_new(Storage *storage, const S3Options *options, Str prefix, ObjectCache *cache);
