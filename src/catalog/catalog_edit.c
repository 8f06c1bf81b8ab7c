/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A change of the catalog: the copy that will be published and the entries that
 * persist it, made by the same functions so that they cannot disagree.
 */
#include "catalog/catalog.h"

#include "catalog/catalog_codec.h"
#include "catalog/catalog_parts.h"
#include "catalog/system_tables.h"
#include "catalog/table_build.h"

#include <assert.h>

struct CatalogEdit {
    Context *ctx;
    Catalog *catalog; /* NULL after finish or abort */
    int64_t now_us;
    CatalogEntry *entries;
    size_t count, capacity;
};

CatalogEdit *catalog_edit_begin(Context *ctx, const Catalog *from, int64_t now_us)
{
    CatalogEdit *edit = ARENA_NEW(&ctx->arena, CatalogEdit);
    edit->ctx = ctx;
    edit->catalog = catalog_copy(from);
    edit->now_us = now_us;
    return edit;
}

size_t catalog_edit_entries(const CatalogEdit *edit, const CatalogEntry **ret_entries)
{
    *ret_entries = edit->entries;
    return edit->count;
}

const Catalog *catalog_edit_catalog(const CatalogEdit *edit)
{
    return edit->catalog;
}

Catalog *catalog_edit_finish(CatalogEdit *edit)
{
    return TAKE(edit->catalog);
}

void catalog_edit_abort(CatalogEdit *edit)
{
    if (edit)
        catalog_unref(TAKE(edit->catalog));
}

/* ---- entries ---- */

static void add_entry(CatalogEdit *edit, const CatalogKey *key, Str value)
{
    Arena *arena = &edit->ctx->arena;
    edit->entries =
        arena_grow(arena, edit->entries, edit->count, &edit->capacity, sizeof(*edit->entries));
    edit->entries[edit->count++] = (CatalogEntry){
        .key = catalog_key_write(arena, key),
        .value = value.ptr ? arena_str(arena, value) : STR_NULL,
    };
}

static void add_deletion(CatalogEdit *edit, const CatalogKey *key)
{
    add_entry(edit, key, STR_NULL);
}

static void add_table_entry(CatalogEdit *edit, const Table *table)
{
    CLEANUP(buf_done) Buf value = {0};
    table_encode(&value, table);
    CatalogKey key = {CATALOG_KEY_TABLE, STR_NULL, table->id, table->version};
    add_entry(edit, &key, buf_str(&value));
}

static void add_number_entry(CatalogEdit *edit, CatalogKeyKind kind, uint32_t table_id)
{
    CLEANUP(buf_done) Buf value = {0};
    table_id_encode(&value, table_id);
    CatalogKey key = {.kind = kind, .table_id = table_id};
    add_entry(edit, &key, buf_str(&value));
}

/* ---- namespaces ---- */

static void put_namespace(CatalogEdit *edit, Str name)
{
    CLEANUP(buf_done) Buf value = {0};
    Namespace *space = namespace_new(name, STR_NULL, edit->now_us);
    namespace_encode(&value, space);
    CatalogKey key = {.kind = CATALOG_KEY_NAMESPACE, .name = name};
    add_entry(edit, &key, buf_str(&value));
    catalog_put_namespace(edit->catalog, space);
}

Status catalog_create_namespace(CatalogEdit *edit, Str name)
{
    Context *ctx = edit->ctx;
    TRY(name_check_namespace(ctx, (AstName){.text = name}));
    if (catalog_namespace(edit->catalog, name))
        return fail(ctx, STATUS_ALREADY_EXISTS, "Namespace '%.*s' already exists", STR_ARG(name));
    if (namespace_is_reserved(name))
        return fail(
            ctx, STATUS_INVALID_OPERATION, "Namespace name '%.*s' is reserved", STR_ARG(name));
    put_namespace(edit, name);
    return STATUS_OK;
}

void catalog_persist_builtin_namespaces(CatalogEdit *edit)
{
    for (size_t i = 0; i < BUILTIN_NAMESPACE_COUNT; i++)
        if (catalog_namespace(edit->catalog, BUILTIN_NAMESPACES[i])->created_at_us == 0)
            put_namespace(edit, BUILTIN_NAMESPACES[i]);
}

static void remove_table(CatalogEdit *edit, const Table *table)
{
    uint32_t table_id = table->id;
    const TableHistory *history = catalog_table_history(edit->catalog, table_id);
    for (size_t i = 0; i < history->count; i++) {
        CatalogKey key = {CATALOG_KEY_TABLE, STR_NULL, table_id, history->versions[i]->version};
        add_deletion(edit, &key);
    }
    if (catalog_table_is_cold(edit->catalog, table_id)) {
        CatalogKey cold = {.kind = CATALOG_KEY_COLD, .table_id = table_id};
        add_deletion(edit, &cold);
    }
    add_number_entry(edit, CATALOG_KEY_DROPPED, table_id);
    catalog_remove_table(edit->catalog, table_id);
}

Status catalog_drop_namespace(CatalogEdit *edit, Str name)
{
    Context *ctx = edit->ctx;
    if (namespace_is_builtin(name))
        return fail(
            ctx, STATUS_INVALID_OPERATION, "Namespace '%.*s' cannot be dropped", STR_ARG(name));
    if (!catalog_namespace(edit->catalog, name))
        return fail(ctx, STATUS_NOT_FOUND, "Namespace '%.*s' does not exist", STR_ARG(name));
    TableList tables = catalog_tables(&ctx->arena, edit->catalog);
    for (size_t i = 0; i < tables.count; i++)
        if (str_equal(tables.items[i]->namespace_name, name))
            remove_table(edit, tables.items[i]);
    CatalogKey key = {.kind = CATALOG_KEY_NAMESPACE, .name = name};
    add_deletion(edit, &key);
    catalog_remove_namespace(edit->catalog, name);
    return STATUS_OK;
}

/* ---- storages ---- */

static void put_storage(CatalogEdit *edit, const Storage *definition, const Storage *before)
{
    CLEANUP(buf_done) Buf value = {0};
    Storage *storage = storage_copy(definition);
    storage->revision = before ? before->revision + 1 : 1;
    storage->created_at_us = before ? before->created_at_us : edit->now_us;
    storage->updated_at_us = edit->now_us;
    storage_encode(&value, storage);
    CatalogKey key = {.kind = CATALOG_KEY_STORAGE, .name = storage->id};
    add_entry(edit, &key, buf_str(&value));
    catalog_put_storage(edit->catalog, storage);
}

static Status unknown_storage(const CatalogEdit *edit, Str id)
{
    return fail(edit->ctx, STATUS_NOT_FOUND, "Storage '%.*s' not found", STR_ARG(id));
}

Status catalog_create_storage(CatalogEdit *edit, const Storage *storage)
{
    TRY(storage_id_check(edit->ctx, storage->id));
    if (catalog_storage(edit->catalog, storage->id))
        return fail(edit->ctx,
                    STATUS_ALREADY_EXISTS,
                    "Storage '%.*s' already exists",
                    STR_ARG(storage->id));
    put_storage(edit, storage, NULL);
    return STATUS_OK;
}

Status catalog_replace_storage(CatalogEdit *edit, const Storage *storage)
{
    const Storage *before = catalog_storage(edit->catalog, storage->id);
    if (!before)
        return unknown_storage(edit, storage->id);
    assert(storage->type == before->type && str_equal(storage->directory, before->directory));
    put_storage(edit, storage, before);
    return STATUS_OK;
}

static size_t count_tables_in(const Catalog *catalog, Str storage_id)
{
    size_t count = 0;
    const Table *table;
    for (size_t at = 0; (table = map_next(&catalog->tables, &at));)
        count += table->kind != TABLE_SYSTEM && str_equal(table->options.storage_id, storage_id);
    return count;
}

Status catalog_drop_storage(CatalogEdit *edit, Str id)
{
    if (!catalog_storage(edit->catalog, id))
        return unknown_storage(edit, id);
    if (str_equal(id, LOCAL_STORAGE_ID))
        return fail(edit->ctx, STATUS_INVALID_OPERATION, "Storage 'local' cannot be dropped");
    size_t count = count_tables_in(edit->catalog, id);
    if (count > 0)
        return fail(edit->ctx,
                    STATUS_INVALID_OPERATION,
                    "Cannot drop storage '%.*s': %zu table(s) still using it",
                    STR_ARG(id),
                    count);
    CatalogKey key = {.kind = CATALOG_KEY_STORAGE, .name = id};
    add_deletion(edit, &key);
    catalog_remove_storage(edit->catalog, id);
    return STATUS_OK;
}

/* ---- tables ---- */

static Status check_new_table(CatalogEdit *edit, const Table *definition)
{
    Context *ctx = edit->ctx;
    Str namespace_name = definition->namespace_name;
    assert(definition->kind != TABLE_SYSTEM);
    TRY(name_check_table(ctx, (AstName){.text = definition->name}));
    if (namespace_is_system(namespace_name))
        return fail(ctx,
                    STATUS_INVALID_OPERATION,
                    "Namespace '%.*s' holds system tables only",
                    STR_ARG(namespace_name));
    if (!catalog_namespace(edit->catalog, namespace_name))
        return fail(ctx,
                    STATUS_INVALID_OPERATION,
                    "Namespace '%.*s' does not exist. Create it first with CREATE NAMESPACE %.*s",
                    STR_ARG(namespace_name),
                    STR_ARG(namespace_name));
    if (catalog_table(edit->catalog, namespace_name, definition->name))
        return fail(ctx,
                    STATUS_ALREADY_EXISTS,
                    "Table '%.*s.%.*s' already exists",
                    STR_ARG(namespace_name),
                    STR_ARG(definition->name));
    Str storage_id = definition->options.storage_id; /* streams have none */
    if (storage_id.len && !catalog_storage(edit->catalog, storage_id))
        return fail(
            ctx, STATUS_INVALID_OPERATION, "Storage '%.*s' does not exist", STR_ARG(storage_id));
    if (edit->catalog->last_table_id == UINT32_MAX)
        return fail(ctx, STATUS_LIMIT_EXCEEDED, "all table ids are used up");
    return STATUS_OK;
}

Status catalog_create_table(CatalogEdit *edit, const Table *definition, const Table **ret_table)
{
    TRY(check_new_table(edit, definition));
    Arena *arena = &edit->ctx->arena;
    Column *columns = ARENA_ARRAY(arena, Column, definition->column_count);
    for (uint32_t i = 0; i < definition->column_count; i++) {
        columns[i] = definition->columns[i];
        columns[i].id = 0;
    }
    Table like = {
        .id = ++edit->catalog->last_table_id,
        .version = 1,
        .kind = definition->kind,
        .namespace_name = definition->namespace_name,
        .name = definition->name,
        .column_count = definition->column_count,
        .columns = columns,
        .options = definition->options,
        .comment = definition->comment,
        .created_at_us = edit->now_us,
        .updated_at_us = edit->now_us,
        .created_by = definition->created_by,
    };
    Table *table = table_build(&like, NULL);
    catalog_put_history(edit->catalog, table_history_new(NULL, table));
    add_number_entry(edit, CATALOG_KEY_LAST_TABLE_ID, table->id);
    add_table_entry(edit, table);
    *ret_table = table;
    return STATUS_OK;
}

/*
 * What rows written before a column existed answer: what it was when the column
 * came (in the column's present type), and for a column that comes now its
 * literal default.
 */
static Status
find_missing(Context *ctx, const Table *before, const Column *column, Value *ret_missing)
{
    if (column->id == 0) {
        bool has_literal = column->default_value.kind == DEFAULT_LITERAL;
        *ret_missing = has_literal ? column->default_value.literal : VALUE_NULL;
        return STATUS_OK;
    }
    for (uint32_t i = 0; i < before->layout.count; i++) {
        const RowColumn *old = &before->layout.columns[i];
        if (old->id != column->id)
            continue;
        *ret_missing = old->missing;
        return value_is_null(&old->missing)
                   ? STATUS_OK
                   : value_cast(ctx, &old->missing, column->type, ret_missing);
    }
    return fail(ctx,
                STATUS_INTERNAL,
                "table %.*s has no column %u",
                STR_ARG(before->full_name),
                column->id);
}

Status catalog_replace_table(CatalogEdit *edit, const Table *definition, const Table **ret_table)
{
    Context *ctx = edit->ctx;
    const Table *before = catalog_table_by_id(edit->catalog, definition->id);
    if (!before || before->kind == TABLE_SYSTEM)
        return fail(ctx,
                    STATUS_TABLE_NOT_FOUND,
                    "%.*s.%.*s",
                    STR_ARG(definition->namespace_name),
                    STR_ARG(definition->name));
    Value *missing = ARENA_ARRAY(&ctx->arena, Value, definition->column_count);
    for (uint32_t i = 0; i < definition->column_count; i++)
        TRY(find_missing(ctx, before, &definition->columns[i], &missing[i]));
    Table like = {
        .id = before->id,
        .version = before->version + 1,
        .kind = before->kind,
        .namespace_name = before->namespace_name,
        .name = before->name,
        .column_count = definition->column_count,
        .columns = definition->columns,
        .next_column_id = before->next_column_id,
        .options = definition->options,
        .comment = definition->comment,
        .created_at_us = before->created_at_us,
        .updated_at_us = edit->now_us,
        .created_by = before->created_by,
    };
    Table *table = table_build(&like, missing);
    const TableHistory *older = catalog_table_history(edit->catalog, before->id);
    catalog_put_history(edit->catalog, table_history_new(older, table));
    add_table_entry(edit, table);
    *ret_table = table;
    return STATUS_OK;
}

Status catalog_drop_table(CatalogEdit *edit, uint32_t table_id)
{
    Context *ctx = edit->ctx;
    const Table *table = catalog_table_by_id(edit->catalog, table_id);
    if (!table)
        return fail(ctx, STATUS_TABLE_NOT_FOUND, "number %u", table_id);
    if (table->kind == TABLE_SYSTEM)
        return fail(ctx,
                    STATUS_INVALID_OPERATION,
                    "Cannot drop system table '%.*s'",
                    STR_ARG(table->full_name));
    remove_table(edit, table);
    return STATUS_OK;
}

Status catalog_mark_cold(CatalogEdit *edit, uint32_t table_id)
{
    const Table *table = catalog_table_by_id(edit->catalog, table_id);
    if (!table || table->kind == TABLE_SYSTEM)
        return fail(edit->ctx, STATUS_TABLE_NOT_FOUND, "there is no table %u", table_id);
    if (catalog_table_is_cold(edit->catalog, table_id))
        return STATUS_OK;
    add_number_entry(edit, CATALOG_KEY_COLD, table_id);
    catalog_put_cold(edit->catalog, table_id);
    return STATUS_OK;
}

Status catalog_purged_table(CatalogEdit *edit, uint32_t table_id)
{
    CatalogKey key = {.kind = CATALOG_KEY_DROPPED, .table_id = table_id};
    if (catalog_table_by_id(edit->catalog, table_id))
        return fail(edit->ctx, STATUS_INTERNAL, "table %u is not dropped", table_id);
    add_deletion(edit, &key);
    return STATUS_OK;
}

/* ---- users ---- */

static bool credentials_differ(const User *a, const User *b)
{
    return a->role != b->role || a->auth_type != b->auth_type ||
           !str_equal(a->password_hash, b->password_hash) ||
           (a->deleted_at_us == 0) != (b->deleted_at_us == 0);
}

Status catalog_put_user(CatalogEdit *edit, const User *user)
{
    TRY(user_id_check(edit->ctx, user->id));
    const User *before = catalog_account(edit->catalog, user->id);
    User *after = user_copy(user);
    after->updated_at_us = edit->now_us;
    if (after->created_at_us == 0)
        after->created_at_us = edit->now_us;
    after->credentials_version = before ? before->credentials_version : 1;
    if (before && credentials_differ(before, after))
        after->credentials_version++;

    CLEANUP(buf_done) Buf value = {0};
    user_encode(&value, after);
    CatalogKey key = {.kind = CATALOG_KEY_USER, .name = after->id};
    add_entry(edit, &key, buf_str(&value));
    catalog_put_account(edit->catalog, after);
    return STATUS_OK;
}
