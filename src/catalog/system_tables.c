/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Columns are written as in sql.md 4: name, type letter, ! = NOT NULL, # =
 * primary key.  The letters: T TEXT, B BOOLEAN, S SMALLINT, I INT, L BIGINT,
 * J JSON, M TIMESTAMP.
 */
#include "catalog/system_tables.h"

#include "base/memory.h"
#include "catalog/catalog_parts.h"
#include "catalog/table_build.h"

#include <assert.h>

typedef struct SystemTable {
    SystemTableId id;
    Str namespace_name;
    Str name;
    Str columns;
} SystemTable;

#define SYSTEM      STR_INIT("system")
#define INFORMATION STR_INIT("information_schema")

#define SCHEMAS_COLUMNS                                                                            \
    "table_id T!#, table_name T!, namespace_id T!, table_type T!, created_at M!, "                 \
    "schema_version I!, columns J!, table_comment T, updated_at M!, options J, access_level T, "   \
    "is_latest B!, storage_id T, use_user_storage B"

#define STORAGES_COLUMNS                                                                           \
    "storage_id T!#, storage_name T!, description T, storage_type T!, base_directory T!, "         \
    "credentials J, config_json J, shared_tables_template T!, user_tables_template T!, "           \
    "created_at M!, updated_at M!"

/* clang-format off */
static const SystemTable TABLES[] = {
    {SYSTEM_USERS, SYSTEM, STR_INIT("users"), STR_INIT(
        "user_id T!#, password_hash T!, role T!, email T, auth_type T!, auth_data J, "
        "storage_mode T!, storage_id T, failed_login_attempts I!, locked_until M, "
        "last_login_at M, created_at M!, updated_at M!, last_seen M, deleted_at M")},
    {SYSTEM_SCHEMAS, SYSTEM, STR_INIT("schemas"), STR_INIT(SCHEMAS_COLUMNS)},
    {SYSTEM_TABLES, SYSTEM, STR_INIT("tables"), STR_INIT(
        "namespace_id T!, table_name T!, table_type T!, storage_id T, version L!, options T, "
        "comment T, updated_at M!, created_at M!")},
    {SYSTEM_NAMESPACES, SYSTEM, STR_INIT("namespaces"), STR_INIT(
        "namespace_id T!#, name T!, created_at M!, options J, table_count I!")},
    {SYSTEM_LIVE, SYSTEM, STR_INIT("live"), STR_INIT(
        "live_id T!#, connection_id T!, subscription_id T!, namespace_id T!, table_name T!, "
        "user_id T!, query T!, options J, status T!, created_at M!, last_update M!, changes L!, "
        "node_id L!, last_ping_at M!, lag_seq L!, queued_bytes L!, matched L!, sent L!, "
        "index_kind T!")},
    {SYSTEM_STATS, SYSTEM, STR_INIT("stats"), STR_INIT("metric_name T!#, metric_value T!")},
    {SYSTEM_COLUMNS, SYSTEM, STR_INIT("columns"), STR_INIT(
        "namespace_id T!, table_name T!, version L!, column_id L!, column_name T!, comment T, "
        "data_type T!, default_value T, ordinal L!, nullable B!, primary_key B!, "
        "primary_key_pos L")},
    {SYSTEM_STORAGES, SYSTEM, STR_INIT("storages"), STR_INIT(STORAGES_COLUMNS)},
    {SYSTEM_LIVE_QUERIES, SYSTEM, STR_INIT("live_queries"), STR_INIT(
        "live_id T!#, connection_id T!, table_name T!, query_id T!, user_id T!, query T!, "
        "options J, created_at M!, updated_at M!, changes L!, node L!")},
    {SYSTEM_TABLE_SCHEMAS, SYSTEM, STR_INIT("table_schemas"), STR_INIT(SCHEMAS_COLUMNS)},
    {SYSTEM_STORAGE_LOCATIONS, SYSTEM, STR_INIT("storage_locations"), STR_INIT(STORAGES_COLUMNS)},
    {INFORMATION_TABLES, INFORMATION, STR_INIT("tables"), STR_INIT(
        "table_catalog T!, table_schema T!, table_name T!, table_type T!")},
    {INFORMATION_COLUMNS, INFORMATION, STR_INIT("columns"), STR_INIT(
        "table_catalog T!, table_schema T!, table_name T!, column_name T!, ordinal_position L!, "
        "column_default T, is_nullable T!, data_type T!")},
    {INFORMATION_SCHEMATA, INFORMATION, STR_INIT("schemata"), STR_INIT(
        "catalog_name T!, schema_name T!, schema_owner T")},
    {SYSTEM_JOBS, SYSTEM, STR_INIT("jobs"), STR_INIT(
        "job_id T!#, job_type T!, status T!, leader_status T, parameters J, message T, "
        "exception_trace T, idempotency_key T, queue T, priority I, retry_count S!, "
        "max_retries S!, memory_used L, cpu_used L, created_at M!, updated_at M!, started_at M, "
        "finished_at M, node_id L!, leader_node_id L, result J")},
    {SYSTEM_JOB_NODES, SYSTEM, STR_INIT("job_nodes"), STR_INIT(
        "job_id T!#, node_id L!, status T!, error_message T, created_at M!, started_at M, "
        "finished_at M, updated_at M!")},
    {SYSTEM_MANIFEST, SYSTEM, STR_INIT("manifest"), STR_INIT(
        "cache_key T!#, namespace_id T!, table_name T!, scope T!, etag T, last_refreshed M!, "
        "last_accessed M!, in_memory B!, sync_state T!, manifest_json J!")},
};
/* clang-format on */

_Static_assert(sizeof(TABLES) / sizeof(TABLES[0]) == SYSTEM_TABLE_ID_END - 1,
               "every SystemTableId has its columns");

enum { COLUMN_COUNT_MAX = 32 };

static Type type_of_letter(char letter)
{
    switch (letter) {
    case 'T':
        return TYPE(TEXT);
    case 'B':
        return TYPE(BOOLEAN);
    case 'S':
        return TYPE(SMALLINT);
    case 'I':
        return TYPE(INT);
    case 'L':
        return TYPE(BIGINT);
    case 'J':
        return TYPE(JSON);
    default:
        assert(letter == 'M');
        return TYPE(TIMESTAMP);
    }
}

static uint32_t read_columns(Str text, Column columns[COLUMN_COUNT_MAX])
{
    uint32_t count = 0;
    Str part;
    while (str_split(&text, ',', &part)) {
        Str name;
        part = str_trim(part);
        bool has_letter = str_split(&part, ' ', &name);
        assert(has_letter && part.len > 0 && count < COLUMN_COUNT_MAX);
        columns[count++] = (Column){
            .name = name,
            .type = type_of_letter(part.ptr[0]),
            .not_null = str_find_byte(part, '!') < part.len,
            .primary_key = str_find_byte(part, '#') < part.len,
        };
    }
    return count;
}

static Table *make_table(const SystemTable *system)
{
    Column columns[COLUMN_COUNT_MAX];
    Table like = {
        .id = system->id,
        .version = 1,
        .kind = TABLE_SYSTEM,
        .namespace_name = system->namespace_name,
        .name = system->name,
        .column_count = read_columns(system->columns, columns),
        .columns = columns,
        .options = {.access_level = ACCESS_DBA, .storage_id = STR("local")},
        .created_by = STR("system"),
    };
    return table_build(&like, NULL);
}

void system_tables_add(Catalog *catalog)
{
    for (size_t i = 0; i < sizeof(TABLES) / sizeof(TABLES[0]); i++)
        catalog_put_history(catalog, table_history_new(NULL, make_table(&TABLES[i])));
}

bool namespace_is_system(Str name)
{
    return str_equal(name, STR("system")) || str_equal(name, STR("information_schema"));
}
