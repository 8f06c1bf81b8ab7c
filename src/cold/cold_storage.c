/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a table to the place of its files.  Storage and directory of an owner are
 * chosen when its first segment is written and then stand in its manifest.
 */
#include "cold/cold_private.h"

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
    bool is_new = !map_get(&tier->allowed, directory);
    if (is_new) {
        char *copy = mem_dup(directory.ptr, directory.len);
        map_put(&tier->allowed, str_from(copy, directory.len), copy);
    }
    pthread_mutex_unlock(&tier->lock);
    if (is_new)
        duck_engine_allow(tier->duck, directory);
}

Status cold_object_store(
    Context *ctx, ColdTier *tier, const Catalog *catalog, Str storage_id, ObjectStore **ret_store)
{
    const Storage *storage;
    TRY(find_storage(ctx, catalog, storage_id, &storage));
    TRY(object_stores_get(ctx, tier->objects, storage, ret_store));
    allow_directory(tier, object_store_local_root(tier->objects, *ret_store));
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
