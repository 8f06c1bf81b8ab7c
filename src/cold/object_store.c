/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registry of stores, and what is the same for all kinds.
 */
#include "cold/object_store.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/map.h"
#include "base/memory.h"
#include "cold/object_store_cache.h"
#include "cold/s3_config.h"
#include "cold/storage_secret.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

/* STORAGE CHECK's own directory in each storage. */
#define CHECK_DIRECTORY "kalamdb-check"

enum {
    CONNECT_TIMEOUT_MS = 10000,
    PROGRESS_TIMEOUT_MS = 60000,
    PROGRESS_TIMEOUT_MS_MIN = 1000,
};

struct ObjectStores {
    pthread_mutex_t lock; /* guards the map */
    Map stores;           /* id -> ObjectStore, newest asked for; counted */
    const StorageDefaults *defaults;
    Str key;
    ObjectCache *cache;
    int64_t connect_timeout_ms;
    int64_t progress_timeout_ms;
    Arena arena; /* holds the key */
};

/* ---- names ---- */

static bool is_name_byte(char c)
{
    char lower = ascii_lower(c);
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
}

static bool is_component(Str part)
{
    for (size_t i = 0; i < part.len; i++)
        if (!is_name_byte(part.ptr[i]))
            return false;
    return part.len > 0 && !str_equal(part, STR(".")) && !str_equal(part, STR(".."));
}

bool object_name_is_valid(Str name)
{
    Str part;
    if (name.len == 0 || name.len > OBJECT_NAME_LENGTH_MAX || name.ptr[name.len - 1] == '/')
        return false;
    while (str_split(&name, '/', &part))
        if (!is_component(part))
            return false;
    return true;
}

static Status check_name(Context *ctx, const ObjectStore *store, Str name)
{
    if (object_name_is_valid(name))
        return STATUS_OK;
    return fail(ctx,
                STATUS_INVALID_INPUT,
                "Storage '%.*s': '%.*s' is no name of an object",
                STR_ARG(store->storage->id),
                STR_ARG(name));
}

/* ---- shared by the kinds ---- */

Status object_store_fail(
    Context *ctx, const ObjectStore *store, const char *what, Str name, const char *why)
{
    return fail(ctx,
                STATUS_IO_ERROR,
                "Storage '%.*s': cannot %s %.*s: %s",
                STR_ARG(store->storage->id),
                what,
                STR_ARG(name),
                why);
}

ObjectFile *object_file_new(Str path, ObjectCacheEntry *entry)
{
    ObjectFile *file = mem_alloc(sizeof(*file) + path.len + 1);
    char *text = (char *)(file + 1);
    memcpy(text, path.ptr, path.len);
    text[path.len] = '\0';
    *file = (ObjectFile){.path = str_from(text, path.len), .entry = entry};
    return file;
}

Str object_file_path(const ObjectFile *file)
{
    return file->path;
}

void object_file_release(ObjectFile *file)
{
    if (file && file->entry)
        object_cache_release(file->entry);
    free(file);
}

Status object_list_add(Context *ctx, ObjectList *list, size_t *capacity, const ObjectInfo *info)
{
    if (list->count == OBJECT_LIST_MAX)
        return fail(ctx,
                    STATUS_LIMIT_EXCEEDED,
                    "a storage directory has more than %d files",
                    OBJECT_LIST_MAX);
    list->items = arena_grow(&ctx->arena, list->items, list->count, capacity, sizeof(*list->items));
    list->items[list->count++] = *info;
    return STATUS_OK;
}

/* ---- the registry ---- */

Status
object_stores_open(Context *ctx, const ObjectStoresOptions *options, ObjectStores **ret_stores)
{
    CLEANUP(object_stores_close) ObjectStores *stores = NEW(ObjectStores);
    pthread_mutex_init(&stores->lock, NULL);
    stores->defaults = options->defaults;
    stores->key = arena_str(&stores->arena, options->key);
    stores->connect_timeout_ms =
        options->connect_timeout_ms ? options->connect_timeout_ms : CONNECT_TIMEOUT_MS;
    stores->progress_timeout_ms =
        options->progress_timeout_ms ? options->progress_timeout_ms : PROGRESS_TIMEOUT_MS;
    if (stores->progress_timeout_ms < PROGRESS_TIMEOUT_MS_MIN)
        stores->progress_timeout_ms = PROGRESS_TIMEOUT_MS_MIN;
    TRY(object_cache_open(ctx, options->cache_directory, options->cache_bytes_max, &stores->cache));
    *ret_stores = TAKE(stores);
    return STATUS_OK;
}

void object_stores_close(ObjectStores *stores)
{
    if (!stores)
        return;
    ObjectStore *store;
    for (size_t at = 0; (store = map_next(&stores->stores, &at));)
        object_store_unref(store);
    map_done(&stores->stores);
    object_cache_close(stores->cache);
    arena_done(&stores->arena);
    pthread_mutex_destroy(&stores->lock);
    free(stores);
}

Str object_stores_key(const ObjectStores *stores)
{
    return stores->key;
}

Str object_stores_local_directory(const ObjectStores *stores)
{
    return stores->defaults->local_directory;
}

/* A storage that was dropped and made again is another one. */
static bool is_same_definition(const Storage *a, const Storage *b)
{
    return a->revision == b->revision && a->created_at_us == b->created_at_us;
}

static Status
open_s3(Context *ctx, ObjectStores *stores, const Storage *storage, ObjectStore **ret_store)
{
    Str prefix, credentials;
    S3Options options = {
        .connect_timeout_ms = stores->connect_timeout_ms,
        .progress_timeout_ms = stores->progress_timeout_ms,
    };
    TRY(s3_config_read_place(ctx, storage->directory, &options.bucket, &prefix));
    TRY(s3_config_read(ctx, storage->config_json, &options));
    TRY(storage_secret_unseal(ctx, stores->key, storage->id, storage->credentials, &credentials));
    TRY(s3_config_read_credentials(ctx, credentials, &options.credentials));
    *ret_store = s3_store_new(storage_copy(storage), &options, prefix, stores->cache);
    return STATUS_OK;
}

static Status
open_store(Context *ctx, ObjectStores *stores, const Storage *storage, ObjectStore **ret_store)
{
    if (storage->type == STORAGE_S3)
        return open_s3(ctx, stores, storage, ret_store);
    Str directory = storage->directory.len ? storage->directory : stores->defaults->local_directory;
    *ret_store = file_store_new(storage_copy(storage), directory);
    return STATUS_OK;
}

static ObjectStore *find_store(ObjectStores *stores, const Storage *storage)
{
    pthread_mutex_lock(&stores->lock);
    ObjectStore *store = map_get(&stores->stores, storage->id);
    if (store && is_same_definition(store->storage, storage))
        object_store_ref(store);
    else
        store = NULL;
    pthread_mutex_unlock(&stores->lock);
    return store;
}

static void keep_store(ObjectStores *stores, ObjectStore *store)
{
    pthread_mutex_lock(&stores->lock);
    /* The map borrows its key from the store it holds. */
    ObjectStore *before = map_remove(&stores->stores, store->storage->id);
    map_put(&stores->stores, store->storage->id, object_store_ref(store));
    pthread_mutex_unlock(&stores->lock);
    object_store_unref(before);
}

Status object_stores_get(Context *ctx,
                         ObjectStores *stores,
                         const Storage *storage,
                         ObjectStore **ret_store)
{
    ObjectStore *store = find_store(stores, storage);
    if (!store) {
        TRY(open_store(ctx, stores, storage, &store));
        keep_store(stores, store);
    }
    *ret_store = store;
    return STATUS_OK;
}

ObjectStore *object_store_ref(ObjectStore *store)
{
    refcount_inc(&store->refs);
    return store;
}

void object_store_unref(ObjectStore *store)
{
    if (store && refcount_dec(&store->refs))
        store->backend->close(store);
}

Str object_store_id(const ObjectStore *store)
{
    return store->storage->id;
}

Str object_store_local_root(const ObjectStores *stores, const ObjectStore *store)
{
    const Storage *storage = store->storage;
    if (storage->type != STORAGE_FILESYSTEM)
        return object_cache_directory(stores->cache);
    return storage->directory.len ? storage->directory : stores->defaults->local_directory;
}

/* ---- objects ---- */

Status object_store_draft(Context *ctx, ObjectStore *store, Str name, Str *ret_path)
{
    TRY(check_name(ctx, store, name));
    return store->backend->draft(ctx, store, name, ret_path);
}

static Status put_draft(Context *ctx, ObjectStore *store, const ObjectPut *put)
{
    TRY(check_name(ctx, store, put->name));
    TRY(context_check(ctx));
    return store->backend->put(ctx, store, put);
}

Status object_store_put(Context *ctx, ObjectStore *store, const ObjectPut *put)
{
    Status status = put_draft(ctx, store, put);
    unlink(put->draft.ptr); /* gone already when it was renamed */
    return status;
}

static Status fill_draft(Context *ctx, Str path, Str bytes)
{
    CLEANUP(file_done) FileHandle file = {open(path.ptr, O_WRONLY | O_TRUNC | O_CLOEXEC)};
    if (file.descriptor < 0)
        return file_fail(ctx, "open", path);
    return file_write_all(ctx, file.descriptor, path, bytes);
}

Status object_store_put_bytes(Context *ctx, ObjectStore *store, Str name, Str bytes)
{
    ObjectPut put = {.name = name, .replace = true};
    TRY(object_store_draft(ctx, store, name, &put.draft));
    Status status = fill_draft(ctx, put.draft, bytes);
    if (status == STATUS_OK)
        return object_store_put(ctx, store, &put);
    unlink(put.draft.ptr);
    return status;
}

Status object_store_remove(Context *ctx, ObjectStore *store, Str name)
{
    TRY(check_name(ctx, store, name));
    return store->backend->remove(ctx, store, name);
}

Status
object_store_fetch(Context *ctx, ObjectStore *store, Str name, uint64_t size, ObjectFile **ret_file)
{
    TRY(check_name(ctx, store, name));
    return store->backend->fetch(ctx, store, name, size, ret_file);
}

Status object_store_stat(Context *ctx, ObjectStore *store, Str name, ObjectInfo *ret_info)
{
    TRY(check_name(ctx, store, name));
    return store->backend->stat(ctx, store, name, ret_info);
}

static int compare_infos(const void *a, const void *b)
{
    return str_compare(((const ObjectInfo *)a)->name, ((const ObjectInfo *)b)->name);
}

Status object_store_list(Context *ctx, ObjectStore *store, Str directory, ObjectList *ret_list)
{
    ObjectList list = {0};
    if (directory.len)
        TRY(check_name(ctx, store, directory));
    TRY(store->backend->list(ctx, store, directory, &list));
    if (list.count)
        qsort(list.items, list.count, sizeof(*list.items), compare_infos);
    *ret_list = list;
    return STATUS_OK;
}

/* ---- checking ---- */

static Status check_reading(Context *ctx, ObjectStore *store, Str name, Str expected)
{
    Str bytes;
    CLEANUP(object_file_release) ObjectFile *file = NULL;
    TRY(object_store_fetch(ctx, store, name, expected.len, &file));
    TRY(file_read(ctx, file->path, expected.len, &bytes));
    if (str_equal(bytes, expected))
        return STATUS_OK;
    return object_store_fail(ctx, store, "read", name, "it holds other bytes than were written");
}

static Status check_listing(Context *ctx, ObjectStore *store, Str name)
{
    ObjectList list;
    TRY(object_store_list(ctx, store, STR(CHECK_DIRECTORY), &list));
    for (size_t i = 0; i < list.count; i++)
        if (str_equal(list.items[i].name, name))
            return STATUS_OK;
    return object_store_fail(ctx, store, "list", name, "what was written is not listed");
}

static Status check_deleting(Context *ctx, ObjectStore *store, Str name)
{
    ObjectInfo info;
    TRY(object_store_remove(ctx, store, name));
    Status status = object_store_stat(ctx, store, name, &info);
    if (status == STATUS_OK)
        return object_store_fail(ctx, store, "delete", name, "it is still there");
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* Notes the first error; true when there was none. */
static bool passes(Context *ctx, StorageCheck *check, Status status)
{
    if (status != STATUS_OK && check->error.len == 0)
        check->error = arena_str(&ctx->arena, ctx->message);
    context_clear_error(ctx);
    return status == STATUS_OK;
}

/* Without the object there is nothing to read or delete; listing needs none. */
static void check_object(Context *ctx, ObjectStore *store, StorageCheck *check)
{
    Str bytes = arena_printf(&ctx->arena, "%016llx\n", (unsigned long long)random_u64());
    Str name = arena_printf(
        &ctx->arena, CHECK_DIRECTORY "/%.*s", STR_ARG(str_from(bytes.ptr, bytes.len - 1)));
    check->writable = passes(ctx, check, object_store_put_bytes(ctx, store, name, bytes));
    if (!check->writable) {
        ObjectList list;
        check->listable =
            passes(ctx, check, object_store_list(ctx, store, STR(CHECK_DIRECTORY), &list));
        return;
    }
    check->readable = passes(ctx, check, check_reading(ctx, store, name, bytes));
    check->listable = passes(ctx, check, check_listing(ctx, store, name));
    check->deletable = passes(ctx, check, check_deleting(ctx, store, name));
}

void object_store_check(Context *ctx, ObjectStore *store, bool capacity, StorageCheck *ret_check)
{
    int64_t began_us = clock_monotonic_us();
    *ret_check = (StorageCheck){0};
    check_object(ctx, store, ret_check);
    ret_check->latency_ms = (clock_monotonic_us() - began_us) / 1000;
    if (capacity && store->backend->capacity)
        ret_check->has_capacity = passes(
            ctx,
            ret_check,
            store->backend->capacity(ctx, store, &ret_check->total_bytes, &ret_check->used_bytes));
}
