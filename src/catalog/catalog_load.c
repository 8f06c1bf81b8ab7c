/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the catalog from the store.  Keys come sorted: what is cold before the
 * highest id, namespaces before tables, the versions of a table oldest first.
 */
#include "catalog/catalog.h"

#include "catalog/catalog_codec.h"
#include "catalog/catalog_parts.h"

static Status load_namespace(Context *ctx, Catalog *catalog, const CatalogKey *key, Str value)
{
    Namespace *space;
    TRY(namespace_decode(ctx, key->name, value, &space));
    catalog_put_namespace(catalog, space);
    return STATUS_OK;
}

static Status load_storage(Context *ctx, Catalog *catalog, const CatalogKey *key, Str value)
{
    Storage *storage;
    TRY(storage_decode(ctx, key->name, value, &storage));
    catalog_put_storage(catalog, storage);
    return STATUS_OK;
}

static Status check_table(Context *ctx, const Catalog *catalog, const CatalogKey *key, Table *table)
{
    const Table *newest = catalog_table_by_id(catalog, key->table_id);
    const Table *same_name = catalog_table(catalog, table->namespace_name, table->name);
    bool agrees = table->id == key->table_id && table->version == key->version &&
                  table->id >= TABLE_ID_FIRST && table->kind != TABLE_SYSTEM &&
                  newest == same_name && (!newest || newest->version < table->version);
    bool has_namespace = catalog_namespace(catalog, table->namespace_name) ||
                         namespace_is_builtin(table->namespace_name);
    if (!agrees || !has_namespace)
        return fail(ctx,
                    STATUS_CORRUPT,
                    "catalog entry of table %u version %u contradicts the others",
                    key->table_id,
                    key->version);
    return STATUS_OK;
}

static Status load_table(Context *ctx, Catalog *catalog, const CatalogKey *key, Str value)
{
    CLEANUP(table_unref) Table *table = NULL;
    TRY(table_decode(ctx, value, &table));
    TRY(check_table(ctx, catalog, key, table));
    if (key->table_id > catalog->last_table_id)
        catalog->last_table_id = key->table_id;
    const TableHistory *older = catalog_table_history(catalog, key->table_id);
    catalog_put_history(catalog, table_history_new(older, TAKE(table)));
    return STATUS_OK;
}

static Status load_user(Context *ctx, Catalog *catalog, const CatalogKey *key, Str value)
{
    User *user;
    TRY(user_decode(ctx, key->name, value, &user));
    catalog_put_account(catalog, user);
    return STATUS_OK;
}

static Status load_cold(Context *ctx, Catalog *catalog, const CatalogKey *key, Str value)
{
    uint32_t table_id;
    TRY(table_id_decode(ctx, value, &table_id));
    if (table_id != key->table_id)
        return fail(ctx, STATUS_CORRUPT, "catalog entry f/%u names another table", key->table_id);
    catalog_put_cold(catalog, table_id);
    return STATUS_OK;
}

/* Cold marks come before their tables. */
static Status check_cold(Context *ctx, const Catalog *catalog)
{
    size_t marked = catalog->cold_tables.count;
    const Table *table;
    for (size_t at = 0; (table = id_map_next(&catalog->tables_by_id, &at));)
        marked -= catalog_table_is_cold(catalog, table->id);
    if (marked)
        return fail(ctx, STATUS_CORRUPT, "the catalog calls %zu missing tables cold", marked);
    return STATUS_OK;
}

static Status load_entry(Context *ctx, Catalog *catalog, Str text, Str value)
{
    CatalogKey key;
    TRY(catalog_key_read(ctx, text, &key));
    switch (key.kind) {
    case CATALOG_KEY_NAMESPACE:
        return load_namespace(ctx, catalog, &key, value);
    case CATALOG_KEY_STORAGE:
        return load_storage(ctx, catalog, &key, value);
    case CATALOG_KEY_TABLE:
        return load_table(ctx, catalog, &key, value);
    case CATALOG_KEY_USER:
        return load_user(ctx, catalog, &key, value);
    case CATALOG_KEY_LAST_TABLE_ID:
        return table_id_decode(ctx, value, &catalog->last_table_id);
    case CATALOG_KEY_COLD:
        return load_cold(ctx, catalog, &key, value);
    case CATALOG_KEY_DROPPED:
        return STATUS_OK;
    }
    return STATUS_OK;
}

Status catalog_load(Context *ctx, Store *store, Catalog **ret_catalog)
{
    CLEANUP(catalog_unref) Catalog *catalog = catalog_new();
    StoreScanOptions all = {.read = {.family = FAMILY_CATALOG}};
    CLEANUP(store_scan_close) StoreScan *scan = store_scan_open(store, &all);
    while (store_scan_next(scan)) {
        ArenaMark mark = arena_mark(&ctx->arena);
        TRY(load_entry(ctx, catalog, scan->key, scan->value));
        arena_rewind(&ctx->arena, mark);
    }
    TRY(store_scan_status(ctx, scan));
    TRY(check_cold(ctx, catalog));
    catalog_add_builtin_namespaces(catalog);
    *ret_catalog = TAKE(catalog);
    return STATUS_OK;
}

Status catalog_dropped_tables(Context *ctx, Store *store, uint32_t **ret_ids, size_t *ret_count)
{
    StoreScanOptions dropped = {
        .read = {.family = FAMILY_CATALOG},
        .lower = STR("x/"),
        .upper = STR("x0"), /* '0' follows '/' */
    };
    CLEANUP(store_scan_close) StoreScan *scan = store_scan_open(store, &dropped);
    uint32_t *ids = NULL;
    size_t count = 0, capacity = 0;
    while (store_scan_next(scan)) {
        CatalogKey key;
        TRY(catalog_key_read(ctx, scan->key, &key));
        ids = arena_grow(&ctx->arena, ids, count, &capacity, sizeof(*ids));
        ids[count++] = key.table_id;
    }
    TRY(store_scan_status(ctx, scan));
    *ret_ids = ids;
    *ret_count = count;
    return STATUS_OK;
}
