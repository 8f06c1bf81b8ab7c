/* SPDX-License-Identifier: Apache-2.0 */
#include "table/row_image.h"

#include "table/scan.h"
#include "table/table_write.h"
#include "value/key.h"

#include <math.h>

static Status check_not_null(Context *ctx, const Table *table, const Value *values)
{
    for (uint32_t i = 0; i < table->column_count; i++) {
        const Column *column = &table->columns[i];
        if (value_is_null(&values[i]) && (column->not_null || column->primary_key))
            return fail(ctx,
                        STATUS_NOT_NULL_VIOLATION,
                        "NOT NULL constraint violation: column '%.*s' cannot be null",
                        STR_ARG(column->name));
    }
    return STATUS_OK;
}

Status row_key_make(Context *ctx, const Table *table, const Value *value, Str *ret_key)
{
    CLEANUP(buf_done) Buf key = {0};
    key_append(&key, value);
    if (key.len > TABLE_KEY_BYTES_MAX)
        return fail(ctx,
                    STATUS_LIMIT_EXCEEDED,
                    "primary key column '%.*s' holds a value of %zu bytes, the limit is %d",
                    STR_ARG(table->columns[table->primary_key].name),
                    key.len,
                    TABLE_KEY_BYTES_MAX);
    *ret_key = arena_str(&ctx->arena, buf_str(&key));
    return STATUS_OK;
}

Status row_key_text(Context *ctx, const Table *table, Str key, Str *ret_text)
{
    Value value;
    Reader reader = reader_from(key);
    TRY(key_read(ctx, &reader, table->columns[table->primary_key].type, &value));
    *ret_text = value_to_text(&ctx->arena, &value);
    return STATUS_OK;
}

/* Keys do not tell zeros and NaNs apart: a row holds what its key says. */
static void normalise_key(Value *key)
{
    if ((key->kind == TYPE_DOUBLE || key->kind == TYPE_FLOAT) && !(key->real < 0 || key->real > 0))
        key->real = isnan(key->real) ? (double)NAN : 0.0;
}

static Str encode_row(Context *ctx, const Table *table, const Value *values)
{
    CLEANUP(buf_done) Buf row = {0};
    ArenaMark mark = arena_mark(&ctx->arena);
    Value *ordered = ARENA_ARRAY(&ctx->arena, Value, table->column_count);
    for (uint32_t i = 0; i < table->column_count; i++) {
        ordered[i] = values[table->layout_order[i]];
        if ((int)table->layout_order[i] == table->primary_key)
            normalise_key(&ordered[i]);
    }
    row_encode(&row, &table->layout, ordered);
    arena_rewind(&ctx->arena, mark);
    return arena_str(&ctx->arena, buf_str(&row));
}

Status row_image_make(Context *ctx, const Table *table, const Value *values, RowImage *ret_image)
{
    RowImage image = {0};
    TRY(check_not_null(ctx, table, values));
    if (table->primary_key >= 0)
        TRY(row_key_make(ctx, table, &values[table->primary_key], &image.key));
    image.row = encode_row(ctx, table, values);
    *ret_image = image;
    return STATUS_OK;
}

static void system_values(const Table *table, const StoredRow *stored, Value *ret_values)
{
    int64_t written_us = snowflake_to_ms(stored->seq) * 1000;
    bool stream = table->kind == TABLE_STREAM;
    ret_values[SYSTEM_COLUMN_SEQ] = value_bigint((int64_t)stored->seq);
    ret_values[SYSTEM_COLUMN_UPDATED] =
        stream ? VALUE_NULL : value_integer(TYPE_TIMESTAMP, written_us);
    ret_values[SYSTEM_COLUMN_DELETED] = stream ? VALUE_NULL : value_boolean(stored->deleted);
}

Status row_image_read(
    Context *ctx, const Table *table, const StoredRow *stored, Value *scratch, Value *ret_values)
{
    TRY(row_decode(ctx, stored->row, &table->layout, scratch));
    for (uint32_t i = 0; i < table->column_count; i++)
        ret_values[table->layout_order[i]] = scratch[i];
    system_values(table, stored, ret_values + table->column_count);
    return STATUS_OK;
}

Status table_decode_image(
    Context *ctx, const Table *table, Str image, SeqNo seq, bool deleted, Value *ret_values)
{
    StoredRow stored = {.seq = seq, .deleted = deleted, .row = image};
    Value *scratch = ARENA_ARRAY(&ctx->arena, Value, table->column_count);
    return row_image_read(ctx, table, &stored, scratch, ret_values);
}
