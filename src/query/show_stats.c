/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHOW STATS FOR TABLE: one row (sql.md 4.5, decision 33).  Administrators see
 * everybody's rows counted, others their own.
 */
#include "query/access.h"
#include "query/listing.h"
#include "query/work.h"
#include "table/stream_stats.h"
#include "table/table_stats.h"

typedef struct ShowStats {
    Work work;
    const AstShow *ast;
    Listing listing;
} ShowStats;

enum {
    TABLE_NAME,
    NAMESPACE,
    SCHEMA_VERSION,
    LOGICAL_ROWS,
    FLUSHED_SEGMENTS,
    ACTIVE_STREAMS,
    MEMORY_BYTES,
    HOT_ROWS,
    COLD_ROWS,
    TOTAL_ROWS,
    TOMBSTONES,
    HOT_BYTES,
    COLD_BYTES,
    SEGMENTS,
    LIVE_QUERIES,
    BUFFERED_EVENTS,
    STATS_COLUMN_COUNT
};

#define COLUMN(name_, kind_)                                                                       \
    {                                                                                              \
        .name = STR_INIT(name_), .type = {.kind = TYPE_##kind_ }                                   \
    }

static const ResultColumn STATS_COLUMNS[STATS_COLUMN_COUNT] = {
    [TABLE_NAME] = COLUMN("table_name", TEXT),
    [NAMESPACE] = COLUMN("namespace", TEXT),
    [SCHEMA_VERSION] = COLUMN("schema_version", BIGINT),
    [LOGICAL_ROWS] = COLUMN("logical_rows", BIGINT),
    [FLUSHED_SEGMENTS] = COLUMN("flushed_segments", BIGINT),
    [ACTIVE_STREAMS] = COLUMN("active_streams", BIGINT),
    [MEMORY_BYTES] = COLUMN("memory_bytes", BIGINT),
    [HOT_ROWS] = COLUMN("hot_rows", BIGINT),
    [COLD_ROWS] = COLUMN("cold_rows", BIGINT),
    [TOTAL_ROWS] = COLUMN("total_rows", BIGINT),
    [TOMBSTONES] = COLUMN("tombstones", BIGINT),
    [HOT_BYTES] = COLUMN("hot_bytes", BIGINT),
    [COLD_BYTES] = COLUMN("cold_bytes", BIGINT),
    [SEGMENTS] = COLUMN("segments", BIGINT),
    [LIVE_QUERIES] = COLUMN("live_queries", BIGINT),
    [BUFFERED_EVENTS] = COLUMN("buffered_events", BIGINT),
};

static bool is_administrator(const QueryRun *run)
{
    return authorizer_allows(&run->principal, ACTION_SYSTEM_READ, NULL);
}

static uint64_t count_live_queries(const QueryRun *run, const Table *table)
{
    const QueryHooks *hooks = &run->engine->hooks;
    Str user_id = is_administrator(run) ? STR_NULL : run->principal.user_id;
    return hooks->count_watchers ? hooks->count_watchers(hooks->data, table->id, user_id) : 0;
}

static void set(Value *row, int column, uint64_t number)
{
    row[column] = value_bigint((int64_t)number);
}

static Status set_rows(QueryRun *run, const Table *table, Value *row)
{
    TableStats stats;
    TableStatsOptions options = {
        .cold = run->engine->cold,
        .snapshot = run_row_snapshot(run, table),
        .table = table,
        .everybody = table_is_per_user(table) && is_administrator(run),
        .owner = run_owner(run, table),
    };
    TRY(table_stats(&run->ctx, &options, &stats));
    set(row, LOGICAL_ROWS, stats.hot_rows + stats.cold_rows);
    set(row, FLUSHED_SEGMENTS, stats.segments);
    set(row, MEMORY_BYTES, stats.hot_bytes);
    set(row, HOT_ROWS, stats.hot_rows);
    set(row, COLD_ROWS, stats.cold_rows);
    set(row, TOTAL_ROWS, stats.hot_rows + stats.cold_rows);
    set(row, TOMBSTONES, stats.tombstones);
    set(row, HOT_BYTES, stats.hot_bytes);
    set(row, COLD_BYTES, stats.cold_bytes);
    set(row, SEGMENTS, stats.segments);
    return STATUS_OK;
}

static Status set_events(QueryRun *run, const Table *table, Value *row)
{
    uint64_t count;
    StreamCountOptions options = {
        .snapshot = run_row_snapshot(run, table),
        .table = table,
        .everybody = table_is_per_user(table) && is_administrator(run),
        .owner = run_owner(run, table),
    };
    TRY(stream_count_events(&run->ctx, &options, &count));
    set(row, LOGICAL_ROWS, count);
    set(row, BUFFERED_EVENTS, count);
    return STATUS_OK;
}

static Status prepare_stats(QueryRun *run, Work *work)
{
    ShowStats *show = CONTAINER_OF(work, ShowStats, work);
    const Table *table;
    TRY(access_table(run, &show->ast->table, ACTION_DESCRIBE, &table));
    if (table->kind == TABLE_SYSTEM)
        return fail_at(&run->ctx,
                       STATUS_UNSUPPORTED,
                       show->ast->table.name.offset,
                       "SHOW STATS is not supported for system table '%.*s': it stores nothing",
                       STR_ARG(table->full_name));
    TRY(run_require_worker(run));
    Value *row = listing_add(run, &show->listing);
    for (int i = SCHEMA_VERSION; i < STATS_COLUMN_COUNT; i++)
        set(row, i, 0);
    row[TABLE_NAME] = value_text(table->name);
    row[NAMESPACE] = value_text(table->namespace_name);
    set(row, SCHEMA_VERSION, table->version);
    set(row, ACTIVE_STREAMS, count_live_queries(run, table));
    row[LIVE_QUERIES] = row[ACTIVE_STREAMS];
    return table->kind == TABLE_STREAM ? set_events(run, table, row) : set_rows(run, table, row);
}

static Status emit_stats(QueryRun *run, Work *work, bool *ret_done)
{
    return listing_emit(run, &CONTAINER_OF(work, ShowStats, work)->listing, ret_done);
}

Work *show_stats_work(QueryRun *run, const AstShow *ast)
{
    ShowStats *show = ARENA_NEW(&run->ctx.arena, ShowStats);
    show->work = (Work){.prepare = prepare_stats, .emit = emit_stats};
    show->ast = ast;
    show->listing = (Listing){.columns = STATS_COLUMNS, .column_count = STATS_COLUMN_COUNT};
    return &show->work;
}
