/* SPDX-License-Identifier: Apache-2.0 */
#include "table/system_catalog.h"

#define CATALOG_NAME STR("kalam")

/* Is valid JSON, as the column is. */
#define HIDDEN_CREDENTIALS STR("\"***\"")

static Str buf_to_arena(Context *ctx, const Buf *buf)
{
    return arena_str(&ctx->arena, buf_str(buf));
}

static Str word_in_case(Context *ctx, const char *word, bool upper)
{
    Str text = str_from_c(word);
    char *letters = arena_text(&ctx->arena, text);
    for (size_t i = 0; upper && i < text.len; i++)
        letters[i] = ascii_upper(letters[i]);
    return str_from(letters, text.len);
}

/* ---- system.namespaces, information_schema.schemata ---- */

typedef struct NamespaceList {
    const Namespace **items;
    size_t count;
} NamespaceList;

static int compare_namespaces(const void *a, const void *b)
{
    return str_compare((*(const Namespace *const *)a)->name, (*(const Namespace *const *)b)->name);
}

static NamespaceList sorted_namespaces(Context *ctx, const Catalog *catalog)
{
    size_t capacity = catalog->namespaces.count + 1;
    NamespaceList list = {.items = ARENA_ARRAY(&ctx->arena, const Namespace *, capacity)};
    const Namespace *item;
    for (size_t at = 0; (item = map_next(&catalog->namespaces, &at));)
        list.items[list.count++] = item;
    qsort(list.items, list.count, sizeof(const Namespace *), compare_namespaces);
    return list;
}

/* `tables` are sorted by namespace; *at moves behind those of this one. */
static int64_t count_tables(const TableList *tables, Str namespace_name, size_t *at)
{
    int64_t count = 0;
    while (*at < tables->count &&
           str_compare(tables->items[*at]->namespace_name, namespace_name) < 0)
        ++*at;
    for (; *at < tables->count && str_equal(tables->items[*at]->namespace_name, namespace_name);
         ++*at)
        count++;
    return count;
}

static Status
provide_namespaces(Context *ctx, const SystemRequest *request, SystemRows *rows, void *data)
{
    (void)data;
    const Catalog *catalog = request->snapshot->catalog;
    NamespaceList list = sorted_namespaces(ctx, catalog);
    TableList tables = catalog_tables(&ctx->arena, catalog);
    size_t at = 0;
    for (size_t i = 0; i < list.count; i++) {
        const Namespace *item = list.items[i];
        system_row_begin(rows);
        system_row_text(rows, "namespace_id", item->name);
        system_row_text(rows, "name", item->name);
        system_row_integer(rows, "created_at", item->created_at_us);
        if (item->options_json.len)
            system_row_text(rows, "options", item->options_json);
        system_row_integer(rows, "table_count", count_tables(&tables, item->name, &at));
    }
    return STATUS_OK;
}

static void add_schema_name(SystemRows *rows, Str name)
{
    system_row_begin(rows);
    system_row_text(rows, "catalog_name", CATALOG_NAME);
    system_row_text(rows, "schema_name", name);
}

/* The namespaces, and among them the one that exists only as views. */
static Status
provide_schemata(Context *ctx, const SystemRequest *request, SystemRows *rows, void *data)
{
    (void)data;
    const Str own = STR("information_schema");
    NamespaceList list = sorted_namespaces(ctx, request->snapshot->catalog);
    size_t i = 0;
    for (; i < list.count && str_compare(list.items[i]->name, own) < 0; i++)
        add_schema_name(rows, list.items[i]->name);
    add_schema_name(rows, own);
    for (; i < list.count; i++)
        add_schema_name(rows, list.items[i]->name);
    return STATUS_OK;
}

/* ---- system.storages ---- */

static Str text_or(Str text, Str otherwise)
{
    return text.len ? text : otherwise;
}

/* `local` is as old as the server's data. */
static int64_t created_at(const Catalog *catalog, const Storage *storage)
{
    const Namespace *oldest = catalog_namespace(catalog, STR("default"));
    return storage->created_at_us || !oldest ? storage->created_at_us : oldest->created_at_us;
}

static void add_storage(SystemRows *rows, const Catalog *catalog, const Storage *storage)
{
    const StorageDefaults *defaults = system_rows_storage_defaults(rows);
    int64_t created_at_us = created_at(catalog, storage);
    int64_t updated_at_us = storage->updated_at_us ? storage->updated_at_us : created_at_us;
    system_row_begin(rows);
    system_row_text(rows, "storage_id", storage->id);
    system_row_text(rows, "storage_name", storage->name);
    system_row_text(rows, "description", storage->description);
    system_row_text(rows, "storage_type", str_from_c(storage_type_word(storage->type)));
    system_row_text(rows, "base_directory", text_or(storage->directory, defaults->local_directory));
    if (storage->credentials.ptr)
        system_row_text(rows, "credentials", HIDDEN_CREDENTIALS);
    system_row_text(rows, "config_json", storage->config_json);
    system_row_text(rows,
                    "shared_tables_template",
                    text_or(storage->shared_template, defaults->shared_template));
    system_row_text(
        rows, "user_tables_template", text_or(storage->user_template, defaults->user_template));
    system_row_integer(rows, "created_at", created_at_us);
    system_row_integer(rows, "updated_at", updated_at_us);
}

static Status
provide_storages(Context *ctx, const SystemRequest *request, SystemRows *rows, void *data)
{
    (void)data;
    const Catalog *catalog = request->snapshot->catalog;
    StorageList list = catalog_storages(&ctx->arena, catalog);
    for (size_t i = 0; i < list.count; i++)
        add_storage(rows, catalog, list.items[i]);
    return STATUS_OK;
}

/* ---- system.tables, system.schemas ---- */

/* Streams and system tables have no storage of their own; the clients expect a word. */
static Str storage_id_of(const Table *table)
{
    return table->options.storage_id.len ? table->options.storage_id : LOCAL_STORAGE_ID;
}

static Str options_json(Context *ctx, const Table *table)
{
    CLEANUP(buf_done) Buf json = {0};
    table_write_options_json(&json, table);
    return buf_to_arena(ctx, &json);
}

static Status
provide_tables(Context *ctx, const SystemRequest *request, SystemRows *rows, void *data)
{
    (void)data;
    TableList list = catalog_tables(&ctx->arena, request->snapshot->catalog);
    for (size_t i = 0; i < list.count; i++) {
        const Table *table = list.items[i];
        system_row_begin(rows);
        system_row_text(rows, "namespace_id", table->namespace_name);
        system_row_text(rows, "table_name", table->name);
        system_row_text(rows, "table_type", str_from_c(table_kind_word(table->kind)));
        system_row_text(
            rows, "storage_id", table->kind == TABLE_STREAM ? STR("") : storage_id_of(table));
        system_row_integer(rows, "version", table->version);
        system_row_text(rows, "options", options_json(ctx, table));
        if (table->comment.len)
            system_row_text(rows, "comment", table->comment);
        system_row_integer(rows, "updated_at", table->updated_at_us);
        system_row_integer(rows, "created_at", table->created_at_us);
    }
    return STATUS_OK;
}

static Str table_type_word(Context *ctx, const SystemRequest *request, const Table *table)
{
    bool upper = str_equal(request->table->name, STR("table_schemas"));
    return word_in_case(ctx, table_kind_word(table->kind), upper);
}

static void add_schema(
    Context *ctx, const SystemRequest *request, SystemRows *rows, const Table *table, bool latest)
{
    CLEANUP(buf_done) Buf columns = {0};
    table_write_columns_json(&columns, table);
    bool shared =
        table->kind == TABLE_SHARED || (table->kind == TABLE_STREAM && table->options.scope_shared);

    system_row_begin(rows);
    system_row_text(
        rows,
        "table_id",
        arena_printf(
            &ctx->arena, "%.*s:%.*s", STR_ARG(table->namespace_name), STR_ARG(table->name)));
    system_row_text(rows, "table_name", table->name);
    system_row_text(rows, "namespace_id", table->namespace_name);
    system_row_text(rows, "table_type", table_type_word(ctx, request, table));
    system_row_integer(rows, "created_at", table->created_at_us);
    system_row_integer(rows, "schema_version", table->version);
    system_row_text(rows, "columns", buf_to_arena(ctx, &columns));
    if (table->comment.len)
        system_row_text(rows, "table_comment", table->comment);
    system_row_integer(rows, "updated_at", table->updated_at_us);
    system_row_text(rows, "options", options_json(ctx, table));
    if (shared)
        system_row_text(
            rows, "access_level", str_from_c(access_level_word(table->options.access_level)));
    system_row_boolean(rows, "is_latest", latest);
    system_row_text(rows, "storage_id", storage_id_of(table));
    system_row_boolean(rows, "use_user_storage", table->options.use_user_storage);
}

static Status
provide_schemas(Context *ctx, const SystemRequest *request, SystemRows *rows, void *data)
{
    (void)data;
    const Catalog *catalog = request->snapshot->catalog;
    TableList list = catalog_tables(&ctx->arena, catalog);
    for (size_t i = 0; i < list.count; i++) {
        const TableHistory *history = catalog_table_history(catalog, list.items[i]->id);
        for (size_t version = 0; history && version < history->count; version++)
            add_schema(
                ctx, request, rows, history->versions[version], version + 1 == history->count);
    }
    return STATUS_OK;
}

/* ---- system.columns, information_schema ---- */

static Str default_text(Context *ctx, const Column *column)
{
    Str text = column_default_sql(&ctx->arena, column);
    return text.len ? text : STR_NULL;
}

static void add_column(Context *ctx, SystemRows *rows, const Table *table, uint32_t index)
{
    const Column *column = &table->columns[index];
    system_row_begin(rows);
    system_row_text(rows, "namespace_id", table->namespace_name);
    system_row_text(rows, "table_name", table->name);
    system_row_integer(rows, "version", table->version);
    system_row_integer(rows, "column_id", column->id);
    system_row_text(rows, "column_name", column->name);
    system_row_text(rows, "data_type", type_display_name(&ctx->arena, column->type));
    system_row_text(rows, "default_value", default_text(ctx, column));
    system_row_integer(rows, "ordinal", (int64_t)index + 1);
    system_row_boolean(rows, "nullable", !column->not_null && !column->primary_key);
    system_row_boolean(rows, "primary_key", column->primary_key);
    if (column->primary_key)
        system_row_integer(rows, "primary_key_pos", 1);
}

static Status
provide_columns(Context *ctx, const SystemRequest *request, SystemRows *rows, void *data)
{
    (void)data;
    TableList list = catalog_tables(&ctx->arena, request->snapshot->catalog);
    for (size_t i = 0; i < list.count; i++)
        for (uint32_t column = 0; column < list.items[i]->column_count; column++)
            add_column(ctx, rows, list.items[i], column);
    return STATUS_OK;
}

static Status
provide_information_tables(Context *ctx, const SystemRequest *request, SystemRows *rows, void *data)
{
    (void)data;
    TableList list = catalog_tables(&ctx->arena, request->snapshot->catalog);
    for (size_t i = 0; i < list.count; i++) {
        const Table *table = list.items[i];
        system_row_begin(rows);
        system_row_text(rows, "table_catalog", CATALOG_NAME);
        system_row_text(rows, "table_schema", table->namespace_name);
        system_row_text(rows, "table_name", table->name);
        system_row_text(
            rows, "table_type", table->kind == TABLE_SYSTEM ? STR("VIEW") : STR("BASE TABLE"));
    }
    return STATUS_OK;
}

static void
add_information_column(Context *ctx, SystemRows *rows, const Table *table, uint32_t index)
{
    const Column *column = &table->columns[index];
    bool nullable = !column->not_null && !column->primary_key;
    system_row_begin(rows);
    system_row_text(rows, "table_catalog", CATALOG_NAME);
    system_row_text(rows, "table_schema", table->namespace_name);
    system_row_text(rows, "table_name", table->name);
    system_row_text(rows, "column_name", column->name);
    system_row_integer(rows, "ordinal_position", (int64_t)index + 1);
    system_row_text(rows, "column_default", default_text(ctx, column));
    system_row_text(rows, "is_nullable", nullable ? STR("YES") : STR("NO"));
    system_row_text(rows, "data_type", type_arrow_name(&ctx->arena, column->type));
}

static Status provide_information_columns(Context *ctx,
                                          const SystemRequest *request,
                                          SystemRows *rows,
                                          void *data)
{
    (void)data;
    TableList list = catalog_tables(&ctx->arena, request->snapshot->catalog);
    for (size_t i = 0; i < list.count; i++)
        for (uint32_t column = 0; column < list.items[i]->column_count; column++)
            add_information_column(ctx, rows, list.items[i], column);
    return STATUS_OK;
}

void system_catalog_register(SystemTables *tables)
{
    system_tables_register(tables, STR("system.namespaces"), provide_namespaces, NULL);
    system_tables_register(tables, STR("system.storages"), provide_storages, NULL);
    system_tables_register(tables, STR("system.storage_locations"), provide_storages, NULL);
    system_tables_register(tables, STR("system.tables"), provide_tables, NULL);
    system_tables_register(tables, STR("system.schemas"), provide_schemas, NULL);
    system_tables_register(tables, STR("system.table_schemas"), provide_schemas, NULL);
    system_tables_register(tables, STR("system.columns"), provide_columns, NULL);
    system_tables_register(
        tables, STR("information_schema.tables"), provide_information_tables, NULL);
    system_tables_register(
        tables, STR("information_schema.columns"), provide_information_columns, NULL);
    system_tables_register(tables, STR("information_schema.schemata"), provide_schemata, NULL);
}
