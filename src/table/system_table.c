/* SPDX-License-Identifier: Apache-2.0 */
#include "table/system_table.h"

#include "base/memory.h"
#include "table/system_catalog.h"
#include "table/system_users.h"

#include <assert.h>

typedef struct Provider {
    Str full_name;
    SystemProvider provide;
    void *data;
} Provider;

struct SystemTables {
    Map providers; /* full name -> Provider, owned */
    const StorageDefaults *storages;
};

struct SystemRows {
    Arena *arena;
    const Table *table;
    const SystemTables *tables;
    Value **rows;
    size_t count;
    size_t capacity;
};

SystemTables *system_tables_new(const StorageDefaults *storages)
{
    SystemTables *tables = NEW(SystemTables);
    tables->storages = storages;
    system_catalog_register(tables);
    system_users_register(tables, NULL);
    return tables;
}

void system_tables_free(SystemTables *tables)
{
    if (!tables)
        return;
    Provider *provider;
    for (size_t at = 0; (provider = map_next(&tables->providers, &at));)
        free(provider);
    map_done(&tables->providers);
    free(tables);
}

void system_tables_register(SystemTables *tables,
                            Str full_name,
                            SystemProvider provider,
                            void *data)
{
    Provider *entry = NEW(Provider);
    *entry = (Provider){.full_name = full_name, .provide = provider, .data = data};
    free(map_put(&tables->providers, entry->full_name, entry));
}

Status system_tables_read(Context *ctx,
                          const SystemTables *tables,
                          const SystemRequest *request,
                          SystemResult *ret_result)
{
    SystemRows rows = {.arena = &ctx->arena, .table = request->table, .tables = tables};
    const Provider *provider = map_get(&tables->providers, request->table->full_name);
    if (provider)
        TRY(provider->provide(ctx, request, &rows, provider->data));
    ret_result->rows = (const Value *const *)rows.rows;
    ret_result->count = rows.count;
    return STATUS_OK;
}

/* ---- for providers ---- */

void system_row_begin(SystemRows *rows)
{
    rows->rows = arena_grow(rows->arena, rows->rows, rows->count, &rows->capacity, sizeof(Value *));
    rows->rows[rows->count++] = ARENA_ARRAY(rows->arena, Value, table_row_width(rows->table));
}

const StorageDefaults *system_rows_storage_defaults(const SystemRows *rows)
{
    return rows->tables->storages;
}

/* The current row's value of a column and the column; NULL when there is no such column. */
static Value *find_value(SystemRows *rows, const char *name, const Column **ret_column)
{
    assert(rows->count > 0);
    int index = table_column(rows->table, str_from_c(name));
    if (index < 0)
        return NULL;
    *ret_column = &rows->table->columns[index];
    return &rows->rows[rows->count - 1][index];
}

void system_row_text(SystemRows *rows, const char *column, Str text)
{
    const Column *found;
    Value *value = find_value(rows, column, &found);
    if (value && text.ptr)
        *value = (Value){.kind = found->type.kind, .text = text};
}

void system_row_integer(SystemRows *rows, const char *column, int64_t integer)
{
    const Column *found;
    Value *value = find_value(rows, column, &found);
    if (value)
        *value = value_integer(found->type.kind, integer);
}

void system_row_boolean(SystemRows *rows, const char *column, bool boolean)
{
    const Column *found;
    Value *value = find_value(rows, column, &found);
    if (value)
        *value = value_boolean(boolean);
}

void system_row_double(SystemRows *rows, const char *column, double real)
{
    const Column *found;
    Value *value = find_value(rows, column, &found);
    if (value)
        *value = (Value){.kind = found->type.kind, .real = real};
}
