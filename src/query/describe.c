/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DESCRIBE TABLE: two result sets, the columns (sql.md 4.3) and what else is to be
 * known of the table as (property, value) rows (decision 32).  With HISTORY: the
 * columns of every version, and the versions.
 */
#include "query/access.h"
#include "query/listing.h"
#include "query/work.h"
#include "table/stream_stats.h"
#include "table/table_stats.h"

typedef struct Describe {
    Work work;
    const AstDescribe *ast;
    const Table *table;
    Listing columns;
    Listing properties;
    bool columns_sent;
} Describe;

enum {
    COLUMN_NAME,
    ORDINAL_POSITION,
    COLUMN_ID,
    DATA_TYPE,
    IS_NULLABLE,
    IS_PRIMARY_KEY,
    COLUMN_DEFAULT,
    COLUMN_COMMENT,
    SCHEMA_VERSION,
    DESCRIBE_COLUMN_COUNT
};

static const ResultColumn DESCRIBE_COLUMNS[DESCRIBE_COLUMN_COUNT] = {
    [COLUMN_NAME] = {.name = STR_INIT("column_name"),
                     .type = {.kind = TYPE_TEXT},
                     .not_null = true},
    [ORDINAL_POSITION] = {.name = STR_INIT("ordinal_position"),
                          .type = {.kind = TYPE_INT},
                          .not_null = true},
    [COLUMN_ID] = {.name = STR_INIT("column_id"), .type = {.kind = TYPE_BIGINT}, .not_null = true},
    [DATA_TYPE] = {.name = STR_INIT("data_type"), .type = {.kind = TYPE_TEXT}, .not_null = true},
    [IS_NULLABLE] = {.name = STR_INIT("is_nullable"),
                     .type = {.kind = TYPE_BOOLEAN},
                     .not_null = true},
    [IS_PRIMARY_KEY] = {.name = STR_INIT("is_primary_key"),
                        .type = {.kind = TYPE_BOOLEAN},
                        .not_null = true},
    [COLUMN_DEFAULT] = {.name = STR_INIT("column_default"), .type = {.kind = TYPE_TEXT}},
    [COLUMN_COMMENT] = {.name = STR_INIT("column_comment"), .type = {.kind = TYPE_TEXT}},
    [SCHEMA_VERSION] = {.name = STR_INIT("schema_version"),
                        .type = {.kind = TYPE_INT},
                        .not_null = true},
};

static const ResultColumn PROPERTY_COLUMNS[] = {
    {.name = STR_INIT("property"), .type = {.kind = TYPE_TEXT}, .not_null = true},
    {.name = STR_INIT("value"), .type = {.kind = TYPE_TEXT}},
};

/* HISTORY: instead of the properties, a line for each version. */
static const ResultColumn VERSION_COLUMNS[] = {
    {.name = STR_INIT("schema_version"), .type = {.kind = TYPE_INT}, .not_null = true},
    {.name = STR_INIT("column_count"), .type = {.kind = TYPE_INT}, .not_null = true},
    {.name = STR_INIT("created_at"), .type = {.kind = TYPE_TIMESTAMP}, .not_null = true},
};

/* ---- columns ---- */

static void add_columns(QueryRun *run, Describe *describe, const Table *table)
{
    for (uint32_t i = 0; i < table->column_count; i++) {
        const Column *column = &table->columns[i];
        Str default_sql = column_default_sql(&run->ctx.arena, column);
        Value *row = listing_add(run, &describe->columns);
        row[COLUMN_NAME] = value_text(column->name);
        row[ORDINAL_POSITION] = value_integer(TYPE_INT, (int64_t)i + 1);
        row[COLUMN_ID] = value_bigint(column->id);
        row[DATA_TYPE] = value_text(type_display_name(&run->ctx.arena, column->type));
        row[IS_NULLABLE] = value_boolean(!column->not_null && !column->primary_key);
        row[IS_PRIMARY_KEY] = value_boolean(column->primary_key);
        if (default_sql.len)
            row[COLUMN_DEFAULT] = value_text(default_sql);
        row[SCHEMA_VERSION] = value_integer(TYPE_INT, table->version);
    }
}

static void list_columns(QueryRun *run, Describe *describe)
{
    const TableHistory *history =
        describe->ast->history ? catalog_table_history(run->snapshot->catalog, describe->table->id)
                               : NULL;
    if (!history)
        add_columns(run, describe, describe->table);
    for (size_t i = 0; history && i < history->count; i++)
        add_columns(run, describe, history->versions[i]);
}

static void list_versions(QueryRun *run, Describe *describe)
{
    const TableHistory *history =
        catalog_table_history(run->snapshot->catalog, describe->table->id);
    describe->properties.columns = VERSION_COLUMNS;
    describe->properties.column_count = sizeof(VERSION_COLUMNS) / sizeof(*VERSION_COLUMNS);
    for (size_t i = 0; history && i < history->count; i++) {
        const Table *version = history->versions[i];
        Value *row = listing_add(run, &describe->properties);
        row[0] = value_integer(TYPE_INT, version->version);
        row[1] = value_integer(TYPE_INT, version->column_count);
        row[2] = value_integer(TYPE_TIMESTAMP, version->updated_at_us);
    }
}

/* ---- properties ---- */

static void add_property(QueryRun *run, Describe *describe, Str name, Str value)
{
    Value *row = listing_add(run, &describe->properties);
    row[0] = value_text(name);
    if (value.ptr)
        row[1] = value_text(value);
}

static void add_number(QueryRun *run, Describe *describe, Str name, int64_t number)
{
    add_property(run, describe, name, arena_printf(&run->ctx.arena, "%lld", (long long)number));
}

static Str flush_policy_text(QueryRun *run, const FlushPolicy *policy)
{
    Arena *arena = &run->ctx.arena;
    if (policy->by_rows && policy->by_interval)
        return arena_printf(arena, "rows:%u,interval:%u", policy->rows, policy->interval_seconds);
    if (policy->by_rows)
        return arena_printf(arena, "rows:%u", policy->rows);
    if (policy->by_interval)
        return arena_printf(arena, "interval:%u", policy->interval_seconds);
    return STR_NULL;
}

/* How many events the caller would read now. */
static Status list_stream_properties(QueryRun *run, Describe *describe)
{
    const TableOptions *options = &describe->table->options;
    uint64_t event_count;
    StreamCountOptions count = {
        .snapshot = run_row_snapshot(run, describe->table),
        .table = describe->table,
        .owner = run_owner(run, describe->table),
    };
    TRY(run_require_worker(run));
    TRY(stream_count_events(&run->ctx, &count, &event_count));
    add_number(run, describe, STR("ttl_ms"), options->ttl_ms);
    add_property(run, describe, STR("ephemeral"), options->ephemeral ? STR("true") : STR("false"));
    add_number(run, describe, STR("max_buffer"), options->max_buffer);
    add_property(run, describe, STR("scope"), options->scope_shared ? STR("shared") : STR("user"));
    add_number(run, describe, STR("current_size"), (int64_t)event_count);
    add_property(run, describe, STR("system_columns"), STR("_seq"));
    return STATUS_OK;
}

/* The time in UTC; NULL before the first flush. */
static Status add_last_flush(QueryRun *run, Describe *describe)
{
    const Table *table = describe->table;
    int64_t flushed_at_ms = 0;
    TableStatsOptions options = {
        .cold = run->engine->cold,
        .snapshot = run_row_snapshot(run, table),
        .table = table,
        .everybody = authorizer_allows(&run->principal, ACTION_SYSTEM_READ, NULL),
        .owner = run_owner(run, table),
    };
    if (catalog_table_is_cold(options.snapshot->catalog, table->id)) {
        TRY(run_require_worker(run));
        TRY(table_last_flush(&run->ctx, &options, &flushed_at_ms));
    }
    Value at = value_integer(TYPE_TIMESTAMP, flushed_at_ms * 1000);
    add_property(run,
                 describe,
                 STR("last_flush"),
                 flushed_at_ms ? value_to_text(&run->ctx.arena, &at) : STR_NULL);
    return STATUS_OK;
}

static Str path_template(const QueryRun *run, const Table *table)
{
    const ColdTier *cold = run->engine->cold;
    return cold ? cold_path_template(cold, run->snapshot->catalog, table) : STR_NULL;
}

static Status list_row_properties(QueryRun *run, Describe *describe)
{
    const Table *table = describe->table;
    const TableOptions *options = &table->options;
    bool user = table->kind == TABLE_USER;
    add_property(run, describe, STR("storage"), options->storage_id);
    add_property(run, describe, STR("path_template"), path_template(run, table));
    add_property(
        run, describe, STR("flush_policy"), flush_policy_text(run, &options->flush_policy));
    TRY(add_last_flush(run, describe));
    add_number(run, describe, STR("deleted_retention_hours"), options->deleted_retention_hours);
    if (!user)
        add_property(run,
                     describe,
                     STR("access_level"),
                     str_from_c(access_level_word(options->access_level)));
    add_property(run, describe, STR("system_columns"), STR("_seq, _updated, _deleted"));
    return STATUS_OK;
}

static Status list_properties(QueryRun *run, Describe *describe)
{
    const Table *table = describe->table;
    add_property(run, describe, STR("table_type"), str_from_c(table_kind_word(table->kind)));
    if (table->kind == TABLE_STREAM)
        TRY(list_stream_properties(run, describe));
    else if (table->kind != TABLE_SYSTEM)
        TRY(list_row_properties(run, describe));
    if (table->kind != TABLE_SYSTEM)
        add_property(
            run, describe, STR("durability"), table_is_sync(table) ? STR("sync") : STR("async"));
    add_number(run, describe, STR("schema_version"), table->version);
    return STATUS_OK;
}

/* ---- the steps ---- */

static Status prepare_describe(QueryRun *run, Work *work)
{
    Describe *describe = CONTAINER_OF(work, Describe, work);
    TRY(access_table(run, &describe->ast->table, ACTION_DESCRIBE, &describe->table));
    describe->columns.columns = DESCRIBE_COLUMNS;
    describe->columns.column_count = DESCRIBE_COLUMN_COUNT;
    describe->properties.columns = PROPERTY_COLUMNS;
    describe->properties.column_count = sizeof(PROPERTY_COLUMNS) / sizeof(*PROPERTY_COLUMNS);
    list_columns(run, describe);
    if (describe->ast->history) {
        list_versions(run, describe);
        return STATUS_OK;
    }
    return list_properties(run, describe);
}

static Status emit_describe(QueryRun *run, Work *work, bool *ret_done)
{
    Describe *describe = CONTAINER_OF(work, Describe, work);
    if (!describe->columns_sent)
        TRY(listing_emit(run, &describe->columns, &describe->columns_sent));
    if (!describe->columns_sent)
        return STATUS_OK;
    return listing_emit(run, &describe->properties, ret_done);
}

Work *describe_work(QueryRun *run, const AstDescribe *ast)
{
    Describe *describe = ARENA_NEW(&run->ctx.arena, Describe);
    describe->work = (Work){.prepare = prepare_describe, .emit = emit_describe};
    describe->ast = ast;
    return &describe->work;
}
