/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What system.schemas says about a table.  Member names and words are those
 * that clients parse (sql.md 4.1); ours are added behind them.
 */
#include "catalog/table.h"

#include "value/json.h"

/* ---- columns ---- */

static void write_literal(Buf *out, const Value *literal)
{
    switch (literal->kind) {
    case TYPE_BOOLEAN:
        buf_str_append(out, literal->boolean ? STR("true") : STR("false"));
        return;
    case TYPE_SMALLINT:
    case TYPE_INT:
    case TYPE_BIGINT:
        buf_int64(out, literal->integer);
        return;
    default: {
        CLEANUP(buf_done) Buf text = {0};
        value_write_text(&text, literal);
        json_write_string(out, buf_str(&text));
        return;
    }
    }
}

static void write_default(Buf *out, const ColumnDefault *given)
{
    switch (given->kind) {
    case DEFAULT_NONE:
        BUF_LIT(out, "\"None\"");
        return;
    case DEFAULT_LITERAL:
        BUF_LIT(out, "{\"Literal\":");
        write_literal(out, &given->literal);
        BUF_LIT(out, "}");
        return;
    case DEFAULT_FUNCTION:
        buf_printf(out,
                   "{\"FunctionCall\":{\"name\":\"%s\",\"args\":[]}}",
                   default_function_name(given->function));
        return;
    }
}

static void write_flag(Buf *out, const char *name, bool flag)
{
    buf_printf(out, ",\"%s\":%s", name, flag ? "true" : "false");
}

static void write_column(Buf *out, const Column *column, uint32_t ordinal)
{
    buf_printf(out, "{\"column_id\":%u,\"column_name\":", column->id);
    json_write_string(out, column->name);
    BUF_LIT(out, ",\"column_comment\":null,\"data_type\":");
    type_write_json(out, column->type);
    BUF_LIT(out, ",\"default_value\":");
    write_default(out, &column->default_value);
    buf_printf(out, ",\"ordinal_position\":%u", ordinal);
    write_flag(out, "is_nullable", !column->not_null);
    write_flag(out, "is_primary_key", column->primary_key);
    write_flag(out, "is_partition_key", false);
    BUF_LIT(out, "}");
}

void table_write_columns_json(Buf *out, const Table *table)
{
    BUF_LIT(out, "[");
    for (uint32_t i = 0; i < table->column_count; i++) {
        if (i > 0)
            BUF_LIT(out, ",");
        write_column(out, &table->columns[i], i + 1);
    }
    BUF_LIT(out, "]");
}

/* ---- options ---- */

static void write_flush_policy(Buf *out, const TableOptions *options)
{
    const FlushPolicy *policy = &options->flush_policy;
    BUF_LIT(out, ",\"flush_policy\":");
    if (policy->by_rows && policy->by_interval)
        buf_printf(out,
                   "{\"type\":\"combined\",\"row_limit\":%u,\"interval_seconds\":%u}",
                   policy->rows,
                   policy->interval_seconds);
    else if (policy->by_rows)
        buf_printf(out, "{\"type\":\"row_limit\",\"row_limit\":%u}", policy->rows);
    else
        buf_printf(
            out, "{\"type\":\"time_interval\",\"interval_seconds\":%u}", policy->interval_seconds);
}

static void write_storage_id(Buf *out, const TableOptions *options)
{
    BUF_LIT(out, ",\"storage_id\":");
    json_write_string(out, options->storage_id);
}

static void write_access_level(Buf *out, AccessLevel level)
{
    static const char *const WORDS[] = {"Public", "Private", "Restricted", "Dba"};
    buf_printf(out, ",\"access_level\":\"%s\"", WORDS[level]);
}

static void write_keeping(Buf *out, const Table *table)
{
    buf_printf(out,
               ",\"compression\":\"zstd\",\"durability\":\"%s\",\"deleted_retention_hours\":%lld",
               table_is_sync(table) ? "sync" : "async",
               (long long)table->options.deleted_retention_hours);
    if (table->options.change_log_retention_hours)
        buf_printf(out,
                   ",\"change_log_retention_hours\":%lld",
                   (long long)table->options.change_log_retention_hours);
}

static void write_user_options(Buf *out, const Table *table)
{
    BUF_LIT(out, "{\"table_type\":\"USER\"");
    write_storage_id(out, &table->options);
    write_flag(out, "use_user_storage", table->options.use_user_storage);
    write_flush_policy(out, &table->options);
    write_keeping(out, table);
    BUF_LIT(out, "}");
}

static void write_shared_options(Buf *out, const Table *table)
{
    BUF_LIT(out, "{\"table_type\":\"SHARED\"");
    write_storage_id(out, &table->options);
    write_access_level(out, table->options.access_level);
    write_flush_policy(out, &table->options);
    write_keeping(out, table);
    BUF_LIT(out, "}");
}

static void write_stream_options(Buf *out, const Table *table)
{
    const TableOptions *options = &table->options;
    buf_printf(out,
               "{\"table_type\":\"STREAM\",\"ttl_seconds\":%lld,"
               "\"eviction_strategy\":\"time_based\",\"max_stream_size_bytes\":0,"
               "\"compression\":\"zstd\"",
               (long long)(options->ttl_ms / 1000));
    write_flag(out, "ephemeral", options->ephemeral);
    buf_printf(out,
               ",\"max_buffer\":%lld,\"scope\":\"%s\"",
               (long long)options->max_buffer,
               options->scope_shared ? "shared" : "user");
    if (options->scope_shared)
        write_access_level(out, options->access_level);
    BUF_LIT(out, "}");
}

void table_write_options_json(Buf *out, const Table *table)
{
    switch (table->kind) {
    case TABLE_USER:
        write_user_options(out, table);
        return;
    case TABLE_SHARED:
        write_shared_options(out, table);
        return;
    case TABLE_STREAM:
        write_stream_options(out, table);
        return;
    case TABLE_SYSTEM:
        BUF_LIT(out, "{\"table_type\":\"SYSTEM\"}");
        return;
    }
}
