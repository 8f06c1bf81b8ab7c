/* SPDX-License-Identifier: Apache-2.0 */
#include "query/dml.h"

Status dml_target_column(Context *ctx, const Table *table, AstName name, uint32_t *ret_column)
{
    int index = table_column(table, name.text);
    if (index < 0)
        return fail_at(ctx,
                       STATUS_COLUMN_NOT_FOUND,
                       name.offset,
                       "Column '%.*s' does not exist",
                       STR_ARG(name.text));
    *ret_column = (uint32_t)index;
    return STATUS_OK;
}

/* ---- defaults ---- */

static Value generate_uuid(Context *ctx)
{
    uint8_t uuid[16];
    char *text = arena_alloc(&ctx->arena, 36);
    uuid_v7_next(uuid);
    uuid_format(uuid, text);
    return value_text(str_from(text, 36));
}

static Value generate_ulid(Context *ctx)
{
    char *text = arena_alloc(&ctx->arena, 26);
    ulid_next(text);
    return value_text(str_from(text, 26));
}

static Value generate_default(QueryRun *run, DefaultFunction function)
{
    switch (function) {
    case DEFAULT_NOW:
        return value_integer(TYPE_TIMESTAMP, run->environment.now_us);
    case DEFAULT_SNOWFLAKE_ID:
        return value_bigint(snowflake_next());
    case DEFAULT_UUID_V7:
        return generate_uuid(&run->ctx);
    case DEFAULT_ULID:
        return generate_ulid(&run->ctx);
    case DEFAULT_CURRENT_USER:
        return value_text(run->environment.user_id);
    }
    return VALUE_NULL;
}

Status dml_default_value(QueryRun *run, const Column *column, Value *ret_value)
{
    const ColumnDefault *default_value = &column->default_value;
    if (default_value->kind == DEFAULT_FUNCTION) {
        Value value = generate_default(run, default_value->function);
        return value_cast(&run->ctx, &value, column->type, ret_value);
    }
    *ret_value = default_value->kind == DEFAULT_LITERAL ? default_value->literal : VALUE_NULL;
    return STATUS_OK;
}

/* ---- before the write ---- */

static Status warm(QueryRun *run, const Table *table, Owner owner, Str key)
{
    ArenaMark mark = arena_mark(&run->ctx.arena);
    CLEANUP(buf_done) Buf row_key = {0};
    row_key_append(&row_key, table->id, owner, key);
    StoreRead read = {.family = FAMILY_ROWS, .tier = run_tier(run)};
    Str ignored;
    TRY(store_get(&run->ctx, run->engine->store, read, buf_str(&row_key), &ignored));
    arena_rewind(&run->ctx.arena, mark);
    return STATUS_OK;
}

ColdRowsPlace dml_cold_place(QueryRun *run, const Table *table)
{
    return (ColdRowsPlace){
        .tier = run->engine->cold,
        .snapshot = run_row_snapshot(run, table),
        .table = table,
        .owner = run_owner(run, table),
        .how = run_tier(run),
    };
}

Status
dml_look_ahead(QueryRun *run, const Table *table, const Str *keys, size_t count, ColdRows *cold)
{
    ColdRowsPlace place = dml_cold_place(run, table);
    for (size_t i = 0; i < count; i++)
        TRY(warm(run, table, place.owner, keys[i]));
    return cold_rows_ask(&run->ctx, cold, &place, keys, count);
}

Status dml_require_thread(QueryRun *run)
{
    return run->transaction ? run_require_worker(run) : STATUS_OK;
}

Status dml_check_row_count(QueryRun *run, uint64_t row_count)
{
    if (row_count <= run->limits.write_rows_max)
        return STATUS_OK;
    return fail(&run->ctx,
                STATUS_LIMIT_EXCEEDED,
                "the statement writes more than %llu rows (limits.max_write_rows)",
                (unsigned long long)run->limits.write_rows_max);
}

/* ---- after it ---- */

RowIds row_ids_new(Arena *arena, uint64_t row_count_max)
{
    size_t room = row_count_max < RESULT_ROW_IDS_MAX ? row_count_max : RESULT_ROW_IDS_MAX;
    return (RowIds){.items = ARENA_ARRAY(arena, Str, room)};
}

Status row_ids_add(Context *ctx, RowIds *ids, const Table *table, Str key, SeqNo seq)
{
    if (++ids->row_count > RESULT_ROW_IDS_MAX)
        return STATUS_OK;
    Str *id = &ids->items[ids->count++];
    if (table->primary_key >= 0)
        return row_key_text(ctx, table, key, id);
    *id = arena_printf(&ctx->arena, "%llu", (unsigned long long)seq);
    return STATUS_OK;
}

ResultDone row_ids_result(QueryRun *run, const RowIds *ids, const char *verb)
{
    bool listed = ids->row_count <= RESULT_ROW_IDS_MAX;
    return (ResultDone){
        .row_count = ids->row_count,
        .message = arena_printf(
            &run->ctx.arena, "%s %llu row(s)", verb, (unsigned long long)ids->row_count),
        .seq = run->work->writes ? run->op.seq : 0,
        .row_ids = ids->items,
        .row_id_count = listed ? ids->count : 0,
    };
}
