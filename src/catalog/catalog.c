/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who owns what: a Catalog holds one reference to each Namespace, Storage,
 * TableHistory and User; a TableHistory holds one to each version of its table.  The maps of
 * tables borrow from the histories.
 */
#include "catalog/catalog.h"

#include "base/memory.h"
#include "catalog/catalog_parts.h"
#include "catalog/system_tables.h"

#include <stdlib.h>

const Str BUILTIN_NAMESPACES[BUILTIN_NAMESPACE_COUNT] = {
    STR_INIT("default"), STR_INIT("system"), STR_INIT("dba")};

static const Storage LOCAL_STORAGE = {
    .id = STR_INIT("local"),
    .revision = 1,
    .name = STR_INIT("Local Filesystem"),
    .description = STR_INIT("Default local filesystem storage"),
};

bool namespace_is_builtin(Str name)
{
    for (size_t i = 0; i < BUILTIN_NAMESPACE_COUNT; i++)
        if (str_equal(name, BUILTIN_NAMESPACES[i]))
            return true;
    return false;
}

/* ---- namespaces and histories ---- */

/* One allocation: the text stands behind the struct. */
Namespace *namespace_new(Str name, Str options_json, int64_t created_at_us)
{
    Namespace *space = mem_alloc(sizeof(*space) + name.len + options_json.len);
    char *text = (char *)(space + 1);
    if (name.len)
        memcpy(text, name.ptr, name.len);
    if (options_json.len)
        memcpy(text + name.len, options_json.ptr, options_json.len);
    *space = (Namespace){
        .name = str_from(text, name.len),
        .options_json = str_from(text + name.len, options_json.len),
        .created_at_us = created_at_us,
    };
    refcount_init(&space->refs);
    return space;
}

void namespace_unref(Namespace *space)
{
    if (space && refcount_dec(&space->refs))
        free(space);
}

TableHistory *table_history_new(const TableHistory *older, Table *newest)
{
    size_t count = (older ? older->count : 0) + 1;
    TableHistory *history = mem_alloc(sizeof(*history) + count * sizeof(Table *));
    refcount_init(&history->refs);
    history->count = count;
    for (size_t i = 0; i + 1 < count; i++)
        history->versions[i] = table_ref(older->versions[i]);
    history->versions[count - 1] = newest;
    return history;
}

void table_history_unref(TableHistory *history)
{
    if (!history || !refcount_dec(&history->refs))
        return;
    for (size_t i = 0; i < history->count; i++)
        table_unref(history->versions[i]);
    free(history);
}

static Table *newest_version(const TableHistory *history)
{
    return history->versions[history->count - 1];
}

/* ---- life cycle ---- */

Catalog *catalog_new(void)
{
    Catalog *catalog = NEW(Catalog);
    refcount_init(&catalog->refs);
    catalog->version = 1;
    catalog->last_table_id = TABLE_ID_FIRST - 1;
    system_tables_add(catalog);
    catalog_put_storage(catalog, storage_copy(&LOCAL_STORAGE));
    return catalog;
}

Catalog *catalog_copy(const Catalog *from)
{
    Catalog *catalog = NEW(Catalog);
    refcount_init(&catalog->refs);
    catalog->version = from->version + 1;
    catalog->last_table_id = from->last_table_id;
    catalog->namespaces = map_copy(&from->namespaces);
    catalog->storages = map_copy(&from->storages);
    catalog->tables = map_copy(&from->tables);
    catalog->tables_by_id = id_map_copy(&from->tables_by_id);
    catalog->histories = id_map_copy(&from->histories);
    catalog->users = map_copy(&from->users);
    catalog->cold_tables = id_map_copy(&from->cold_tables);

    Namespace *space;
    for (size_t at = 0; (space = map_next(&catalog->namespaces, &at));)
        refcount_inc(&space->refs);
    Storage *storage;
    for (size_t at = 0; (storage = map_next(&catalog->storages, &at));)
        storage_ref(storage);
    TableHistory *history;
    for (size_t at = 0; (history = id_map_next(&catalog->histories, &at));)
        refcount_inc(&history->refs);
    User *user;
    for (size_t at = 0; (user = map_next(&catalog->users, &at));)
        refcount_inc(&user->refs);
    return catalog;
}

Catalog *catalog_ref(Catalog *catalog)
{
    refcount_inc(&catalog->refs);
    return catalog;
}

void catalog_unref(Catalog *catalog)
{
    if (!catalog || !refcount_dec(&catalog->refs))
        return;
    Namespace *space;
    for (size_t at = 0; (space = map_next(&catalog->namespaces, &at));)
        namespace_unref(space);
    Storage *storage;
    for (size_t at = 0; (storage = map_next(&catalog->storages, &at));)
        storage_unref(storage);
    TableHistory *history;
    for (size_t at = 0; (history = id_map_next(&catalog->histories, &at));)
        table_history_unref(history);
    User *user;
    for (size_t at = 0; (user = map_next(&catalog->users, &at));)
        user_unref(user);
    map_done(&catalog->namespaces);
    map_done(&catalog->storages);
    map_done(&catalog->tables);
    id_map_done(&catalog->tables_by_id);
    id_map_done(&catalog->histories);
    map_done(&catalog->users);
    id_map_done(&catalog->cold_tables);
    free(catalog);
}

/* ---- putting parts in and out ---- */

void catalog_put_namespace(Catalog *catalog, Namespace *space)
{
    namespace_unref(map_put(&catalog->namespaces, space->name, space));
}

void catalog_put_storage(Catalog *catalog, Storage *storage)
{
    /* The map borrows its key from the storage it holds. */
    storage_unref(map_remove(&catalog->storages, storage->id));
    map_put(&catalog->storages, storage->id, storage);
}

void catalog_remove_storage(Catalog *catalog, Str id)
{
    storage_unref(map_remove(&catalog->storages, id));
}

void catalog_put_history(Catalog *catalog, TableHistory *history)
{
    Table *newest = newest_version(history);
    map_put(&catalog->tables, newest->full_name, newest);
    id_map_put(&catalog->tables_by_id, newest->id, newest);
    table_history_unref(id_map_put(&catalog->histories, newest->id, history));
}

void catalog_put_account(Catalog *catalog, User *user)
{
    user_unref(map_put(&catalog->users, user->id, user));
}

void catalog_put_cold(Catalog *catalog, uint32_t table_id)
{
    id_map_put(&catalog->cold_tables, table_id, catalog);
}

void catalog_remove_namespace(Catalog *catalog, Str name)
{
    namespace_unref(map_remove(&catalog->namespaces, name));
}

void catalog_remove_table(Catalog *catalog, uint32_t table_id)
{
    TableHistory *history = id_map_remove(&catalog->histories, table_id);
    id_map_remove(&catalog->cold_tables, table_id);
    if (!history)
        return;
    id_map_remove(&catalog->tables_by_id, table_id);
    map_remove(&catalog->tables, newest_version(history)->full_name);
    table_history_unref(history);
}

void catalog_add_builtin_namespaces(Catalog *catalog)
{
    for (size_t i = 0; i < BUILTIN_NAMESPACE_COUNT; i++)
        if (!map_get(&catalog->namespaces, BUILTIN_NAMESPACES[i]))
            catalog_put_namespace(catalog, namespace_new(BUILTIN_NAMESPACES[i], STR_NULL, 0));
}

/* ---- look-ups ---- */

const Namespace *catalog_namespace(const Catalog *catalog, Str name)
{
    return map_get(&catalog->namespaces, name);
}

const Storage *catalog_storage(const Catalog *catalog, Str id)
{
    return map_get(&catalog->storages, id);
}

static int compare_storages(const void *a, const void *b)
{
    return str_compare((*(const Storage *const *)a)->id, (*(const Storage *const *)b)->id);
}

StorageList catalog_storages(Arena *arena, const Catalog *catalog)
{
    StorageList list = {.items = ARENA_ARRAY(arena, const Storage *, catalog->storages.count)};
    const Storage *storage;
    for (size_t at = 0; (storage = map_next(&catalog->storages, &at));)
        list.items[list.count++] = storage;
    qsort(list.items, list.count, sizeof(const Storage *), compare_storages);
    return list;
}

const Table *catalog_table(const Catalog *catalog, Str namespace_name, Str name)
{
    char full_name[NAME_LENGTH_MAX * 2 + 1];
    if (namespace_name.len > NAME_LENGTH_MAX || name.len > NAME_LENGTH_MAX)
        return NULL;
    if (namespace_name.len)
        memcpy(full_name, namespace_name.ptr, namespace_name.len);
    full_name[namespace_name.len] = '.';
    if (name.len)
        memcpy(full_name + namespace_name.len + 1, name.ptr, name.len);
    return map_get(&catalog->tables, str_from(full_name, namespace_name.len + 1 + name.len));
}

const Table *catalog_table_by_id(const Catalog *catalog, uint32_t table_id)
{
    return id_map_get(&catalog->tables_by_id, table_id);
}

const User *catalog_account(const Catalog *catalog, Str user_id)
{
    return map_get(&catalog->users, user_id);
}

const User *catalog_user(const Catalog *catalog, Str user_id)
{
    const User *user = catalog_account(catalog, user_id);
    return user && user->deleted_at_us == 0 ? user : NULL;
}

const TableHistory *catalog_table_history(const Catalog *catalog, uint32_t table_id)
{
    return id_map_get(&catalog->histories, table_id);
}

bool catalog_table_is_cold(const Catalog *catalog, uint32_t table_id)
{
    return id_map_get(&catalog->cold_tables, table_id);
}

static int compare_tables(const void *a, const void *b)
{
    const Table *first = *(const Table *const *)a;
    const Table *second = *(const Table *const *)b;
    int order = str_compare(first->namespace_name, second->namespace_name);
    return order ? order : str_compare(first->name, second->name);
}

TableList catalog_tables(Arena *arena, const Catalog *catalog)
{
    TableList list = {.items = ARENA_ARRAY(arena, const Table *, catalog->tables.count)};
    const Table *table;
    for (size_t at = 0; (table = map_next(&catalog->tables, &at));)
        list.items[list.count++] = table;
    qsort(list.items, list.count, sizeof(const Table *), compare_tables);
    return list;
}
