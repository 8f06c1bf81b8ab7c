/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/table.h"

#include "base/memory.h"
#include "catalog/table_build.h"
#include "value/json.h"

#include <assert.h>

/* ---- making one ---- */

static ColumnDefault copy_default(Arena *arena, const ColumnDefault *from)
{
    ColumnDefault copy = *from;
    if (from->kind == DEFAULT_LITERAL)
        copy.literal = value_copy(arena, &from->literal);
    return copy;
}

static Str json_key_of(Arena *arena, Str name)
{
    CLEANUP(buf_done) Buf key = {0};
    json_write_key(&key, name);
    return arena_str(arena, buf_str(&key));
}

static void copy_columns(Table *table, const Column *from)
{
    Column *columns = ARENA_ARRAY(&table->arena, Column, table->column_count);
    table->primary_key = -1;
    for (uint32_t i = 0; i < table->column_count; i++) {
        columns[i] = from[i];
        columns[i].name = arena_str(&table->arena, from[i].name);
        columns[i].json_key = json_key_of(&table->arena, from[i].name);
        columns[i].default_value = copy_default(&table->arena, &from[i].default_value);
        if (columns[i].id == 0)
            columns[i].id = table->next_column_id++;
        if (columns[i].primary_key)
            table->primary_key = (int)i;
    }
    table->columns = columns;
}

/* Indices into columns by ascending id; ids mostly ascend already, so insertion is linear. */
static uint32_t *order_by_id(Table *table)
{
    uint32_t *order = ARENA_ARRAY(&table->arena, uint32_t, table->column_count);
    for (uint32_t i = 0; i < table->column_count; i++) {
        uint32_t at = i;
        for (; at > 0 && table->columns[order[at - 1]].id > table->columns[i].id; at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
    return order;
}

static void lay_out(Table *table, const Value *missing)
{
    uint32_t *order = order_by_id(table);
    RowColumn *columns = ARENA_ARRAY(&table->arena, RowColumn, table->column_count);
    for (uint32_t i = 0; i < table->column_count; i++) {
        const Column *column = &table->columns[order[i]];
        columns[i] = (RowColumn){
            .id = column->id,
            .type = column->type,
            .missing = missing ? value_copy(&table->arena, &missing[order[i]]) : VALUE_NULL,
        };
        assert(i == 0 || columns[i].id > columns[i - 1].id);
    }
    table->layout_order = order;
    table->layout = (RowLayout){.count = table->column_count, .columns = columns};
}

Table *table_build(const Table *like, const Value *missing)
{
    Table *table = NEW(Table);
    refcount_init(&table->refs);
    table->id = like->id;
    table->version = like->version;
    table->kind = like->kind;
    table->column_count = like->column_count;
    table->next_column_id = like->next_column_id ? like->next_column_id : 1;
    table->options = like->options;
    table->created_at_us = like->created_at_us;
    table->updated_at_us = like->updated_at_us;

    Arena *arena = &table->arena;
    table->namespace_name = arena_str(arena, like->namespace_name);
    table->name = arena_str(arena, like->name);
    table->full_name =
        arena_printf(arena, "%.*s.%.*s", STR_ARG(like->namespace_name), STR_ARG(like->name));
    table->comment = arena_str(arena, like->comment);
    table->created_by = arena_str(arena, like->created_by);
    table->options.storage_id = arena_str(arena, like->options.storage_id);
    copy_columns(table, like->columns);
    lay_out(table, missing);
    return table;
}

Table *table_ref(Table *table)
{
    refcount_inc(&table->refs);
    return table;
}

void table_unref(Table *table)
{
    if (!table || !refcount_dec(&table->refs))
        return;
    arena_done(&table->arena);
    free(table);
}

/* ---- asking it ---- */

int table_column(const Table *table, Str name)
{
    for (uint32_t i = 0; i < table->column_count; i++)
        if (str_equal(table->columns[i].name, name))
            return (int)i;
    return -1;
}

bool table_is_sync(const Table *table)
{
    return table->kind != TABLE_STREAM && !table->options.async;
}

int64_t table_change_log_keep_ms(const Table *table)
{
    return table->options.change_log_retention_hours * INT64_C(3600000);
}

bool table_is_per_user(const Table *table)
{
    return table->kind == TABLE_USER ||
           (table->kind == TABLE_STREAM && !table->options.scope_shared);
}

const char *table_kind_word(TableKind kind)
{
    static const char *const WORDS[] = {"user", "shared", "stream", "system"};
    return WORDS[kind];
}

const char *access_level_word(AccessLevel level)
{
    static const char *const WORDS[] = {"public", "private", "restricted", "dba"};
    return WORDS[level];
}
