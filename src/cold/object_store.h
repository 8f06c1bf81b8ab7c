/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the files of the cold tier lie: a directory or an S3 bucket, with one
 * set of functions for both.
 *
 * An object is a file with a name such as "app/msgs/_55ser/batch-17.parquet",
 * relative to its storage.  It appears whole or not at all, is durable when
 * object_store_put() returns, and is never changed.  (manifest.json, which is
 * replaced, is for people and tools; the server does not read it.)
 *
 * An ObjectStore is one storage as of one revision of its definition; ALTER
 * STORAGE makes a new one, the old one serves who holds it.  Callable from any
 * thread that may block: a worker or a job, never a reactor or the sequencer.
 * Long calls end with ctx's deadline or cancellation.
 *
 * Errors.  STATUS_IO_ERROR: the storage is away, full or refuses us; the message
 * names the storage, what was tried and the reason, and never a credential.
 * STATUS_NOT_FOUND: no such object.  STATUS_ALREADY_EXISTS: names are used once.
 */
#pragma once

#include "catalog/storage.h"

enum { OBJECT_NAME_LENGTH_MAX = 900 };

/* One upload of S3 takes no more. */
#define OBJECT_BYTES_MAX (UINT64_C(5) << 30)

typedef struct ObjectStores ObjectStores;
typedef struct ObjectStore ObjectStore;

/* ---- all storages of the server ---- */

typedef struct ObjectStoresOptions {
    const StorageDefaults *defaults;
    Str key;                     /* what credentials are encrypted with; any secret text */
    Str cache_directory;         /* copies of remote objects; emptied when opened */
    uint64_t cache_bytes_max;    /* pinned copies may exceed it */
    int64_t connect_timeout_ms;  /* storage.remote_timeouts.connect_timeout_secs; 0 = 10 s */
    int64_t progress_timeout_ms; /* .request_timeout_secs: nothing comes or goes; 0 = 60 s */
} ObjectStoresOptions;

/* Copies the options' text but what `defaults` points to. */
MUST_CHECK Status object_stores_open(Context *ctx,
                                     const ObjectStoresOptions *options,
                                     ObjectStores **ret_stores);
/* All stores and files are released before. */
void object_stores_close(ObjectStores *stores);
DEFINE_CLEANUP(ObjectStores, object_stores_close)

/* The store of a definition; the caller's reference.  Opens nothing yet: only a definition that
 * makes no sense fails. */
MUST_CHECK Status object_stores_get(Context *ctx,
                                    ObjectStores *stores,
                                    const Storage *storage,
                                    ObjectStore **ret_store);
ObjectStore *object_store_ref(ObjectStore *store);
void object_store_unref(ObjectStore *store);
DEFINE_CLEANUP(ObjectStore, object_store_unref)

/* The id of its storage; valid as long as the store. */
Str object_store_id(const ObjectStore *store);

/* The directory that all local files of the store (drafts, fetched ones) lie below. */
Str object_store_local_root(const ObjectStores *stores, const ObjectStore *store);

/* ---- writing ---- */

/*
 * A new, empty local file to be filled with what will be put: in the store's own
 * directory when that is local (putting is then a rename), else in the cache's.
 * The path is in ctx's arena and ends in ".tmp".  Give it to object_store_put()
 * or unlink it.
 */
MUST_CHECK Status object_store_draft(Context *ctx, ObjectStore *store, Str name, Str *ret_path);

typedef struct ObjectPut {
    Str name;
    Str draft;    /* path of a file made by object_store_draft() for this store */
    bool replace; /* an object of that name may be there */
} ObjectPut;
/* Makes the draft the object; the draft is gone afterwards, whatever the result.  After an error
 * the object may exist. */
MUST_CHECK Status object_store_put(Context *ctx, ObjectStore *store, const ObjectPut *put);

/* A small object, replacing one that is there. */
MUST_CHECK Status object_store_put_bytes(Context *ctx, ObjectStore *store, Str name, Str bytes);

/* No such object: nothing to do.  Directories that become empty are removed, too. */
MUST_CHECK Status object_store_remove(Context *ctx, ObjectStore *store, Str name);

/* ---- reading ---- */

typedef struct ObjectFile ObjectFile;

/*
 * A local file with the object's bytes, pinned until released.  `size` must be
 * the object's: with the name it is the key in the cache.  An object removed
 * meanwhile stays readable through a file that is already open.
 */
MUST_CHECK Status object_store_fetch(
    Context *ctx, ObjectStore *store, Str name, uint64_t size, ObjectFile **ret_file);
Str object_file_path(const ObjectFile *file); /* absolute, with a NUL behind it */
void object_file_release(ObjectFile *file);
DEFINE_CLEANUP(ObjectFile, object_file_release)

typedef struct ObjectInfo {
    Str name;
    uint64_t size;
    int64_t modified_ms;
} ObjectInfo;

MUST_CHECK Status object_store_stat(Context *ctx,
                                    ObjectStore *store,
                                    Str name,
                                    ObjectInfo *ret_info);

/*
 * The objects whose names start with `directory` and a slash (empty = all), in
 * all directories below, in order of their names; in ctx's arena.  Drafts of a
 * local store are among them (".tmp").
 */
typedef struct ObjectList {
    ObjectInfo *items;
    size_t count;
} ObjectList;
enum { OBJECT_LIST_MAX = 1000000 }; /* more: STATUS_LIMIT_EXCEEDED */
MUST_CHECK Status object_store_list(Context *ctx,
                                    ObjectStore *store,
                                    Str directory,
                                    ObjectList *ret_list);

/* ---- STORAGE CHECK ---- */

typedef struct StorageCheck {
    bool readable, writable, listable, deletable;
    int64_t latency_ms; /* of all of it together */
    bool has_capacity;  /* asked for, and known: not in S3 */
    uint64_t total_bytes, used_bytes;
    Str error; /* of the first step that failed; empty = none */
} StorageCheck;

/* Writes, reads, lists and deletes a small object; what fails is in the result.  In ctx's arena. */
void object_store_check(Context *ctx, ObjectStore *store, bool capacity, StorageCheck *ret_check);
