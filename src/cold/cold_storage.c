/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a table to the place of its files.  Storage and directory of an owner are
 * chosen when its first segment is written and then stand in its manifest.
 */
#include "cold/cold_private.h"

#include "base/clock.h"
#include "base/memory.h"
#include "cold/storage_path.h"

static Status
find_storage(Context *ctx, const Catalog *catalog, Str storage_id, const Storage **ret_storage)
{
    *ret_storage = catalog_storage(catalog, storage_id);
    if (!*ret_storage)
        return fail(ctx, STATUS_NOT_FOUND, "Storage '%.*s' does not exist", STR_ARG(storage_id));
    return STATUS_OK;
}

static Str template_of(const ColdTier *tier, const Storage *storage, const Table *table)
{
    const StorageDefaults *defaults = tier->defaults;
    if (table_is_per_user(table))
        return storage->user_template.len ? storage->user_template : defaults->user_template;
    return storage->shared_template.len ? storage->shared_template : defaults->shared_template;
}

Str cold_path_template(const ColdTier *tier, const Catalog *catalog, const Table *table)
{
    Str id = table->options.storage_id.len ? table->options.storage_id : LOCAL_STORAGE_ID;
    const Storage *storage = catalog_storage(catalog, id);
    return storage ? template_of(tier, storage, table) : STR_NULL;
}

Status cold_place(Context *ctx, ColdTier *tier, const ColdPlace *place, Manifest *manifest)
{
    const Table *table = place->table;
    const Storage *storage;
    Str id = table->options.storage_id.len ? table->options.storage_id : LOCAL_STORAGE_ID;
    TRY(find_storage(ctx, place->catalog, id, &storage));
    StoragePathNames names = {
        .namespace_name = table->namespace_name,
        .table_name = table->name,
        .user_id = place->owner.user_id,
    };
    manifest->storage_id = arena_str(&manifest->arena, id);
    manifest->directory =
        storage_path_expand(&manifest->arena, template_of(tier, storage, table), &names);
    return STATUS_OK;
}

/* DuckDB reads and writes below a directory only when it was told of it. */
static void allow_directory(ColdTier *tier, Str directory)
{
    pthread_mutex_lock(&tier->lock);
    if (!map_get(&tier->allowed, directory)) {
        char *copy = mem_dup(directory.ptr, directory.len);
        duck_engine_allow(tier->duck, directory);
        map_put(&tier->allowed, str_from(copy, directory.len), copy);
    }
    pthread_mutex_unlock(&tier->lock);
}

Status cold_object_store(
    Context *ctx, ColdTier *tier, const Catalog *catalog, Str storage_id, ObjectStore **ret_store)
{
    const Storage *storage;
    TRY(find_storage(ctx, catalog, storage_id, &storage));
    CLEANUP(object_store_unref) ObjectStore *store = NULL;
    TRY(object_stores_get(ctx, tier->objects, storage, &store));
    Str root = object_store_local_root(tier->objects, store);
    if (storage_path_has_pattern(root))
        return fail(ctx,
                    STATUS_INVALID_OPERATION,
                    "Storage '%.*s' cannot be used: its files would lie below '%.*s', and a path "
                    "with any of *?[ in it is a pattern for the reader of Parquet files",
                    STR_ARG(storage_id),
                    STR_ARG(root));
    allow_directory(tier, root);
    *ret_store = TAKE(store);
    return STATUS_OK;
}

Str cold_object_name(Arena *arena, const Manifest *manifest, Str name)
{
    return arena_printf(arena, "%.*s/%.*s", STR_ARG(manifest->directory), STR_ARG(name));
}

Str segment_object_name(Arena *arena, const Manifest *manifest, int64_t file_ms)
{
    CLEANUP(arena_done) Arena scratch = {0};
    return cold_object_name(arena, manifest, segment_file_name(&scratch, file_ms));
}

int64_t cold_next_file_ms(ColdTier *tier, int64_t above)
{
    int64_t ms = clock_wall_us() / 1000;
    if (ms <= above)
        ms = above + 1;
    int64_t last = atomic_load(&tier->last_file_ms);
    int64_t next;
    do
        next = ms > last ? ms : last + 1;
    while (!atomic_compare_exchange_weak(&tier->last_file_ms, &last, next));
    return next;
}
