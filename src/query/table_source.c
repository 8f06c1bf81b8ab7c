/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DuckDB may scan a relation several times, also at a time and from several
 * threads: each scan is a TableScanner or ValuesScanner of its own, the
 * TableSource says only what to read.
 */
#include "query/table_source.h"

#include "base/memory.h"
#include "query/row_source.h"

enum { ESTIMATED_ROWS = 10000, CHECK_EVERY_ROWS = 256 };

static DuckColumn *number_columns(Arena *arena, size_t count)
{
    DuckColumn *columns = ARENA_ARRAY(arena, DuckColumn, count + 1);
    for (size_t i = 0; i < count; i++)
        columns[i].name = arena_printf(arena, "c%zu", i);
    return columns;
}

/* ---- tables ---- */

/* A copy of the source's head, with the state of one scan. */
typedef struct TableScanner {
    DuckSource source;
    TableSource *table;
    RowSource *rows;
    Context *ctx;
    uint64_t read_count;
    uint64_t returned_count;
} TableScanner;

static Status scanner_open(DuckSource *source, Context *ctx, const bool *wanted)
{
    (void)wanted;
    TableScanner *scanner = (TableScanner *)source;
    TableSource *table = scanner->table;
    RowSourceOptions options = {
        .table = table->table,
        .path = &table->path,
        .include_deleted = table->include_deleted,
        .tier = STORE_READ_ANY,
    };
    scanner->ctx = ctx;
    atomic_fetch_add(&table->scan_count, 1);
    return row_source_open(ctx, table->run, &options, &scanner->rows);
}

static Status scanner_next(DuckSource *source, Context *ctx, const Value **ret_values)
{
    TableScanner *scanner = (TableScanner *)source;
    for (;;) {
        TableRow row;
        bool found, passes;
        ArenaMark mark = arena_mark(&ctx->arena);
        TRY(row_source_next(scanner->rows, &row, &found));
        *ret_values = found ? row.values : NULL;
        if (!found)
            return STATUS_OK;
        if (++scanner->read_count % CHECK_EVERY_ROWS == 0)
            TRY(context_check(ctx));
        TRY(expr_test(ctx, scanner->table->filter, row.values, &passes));
        if (passes) {
            scanner->returned_count++;
            return STATUS_OK;
        }
        arena_rewind(&ctx->arena, mark);
    }
}

static void scanner_close(DuckSource *source)
{
    TableScanner *scanner = (TableScanner *)source;
    row_source_close(TAKE(scanner->rows));
    atomic_fetch_add(&scanner->table->read_count, scanner->read_count);
    atomic_fetch_add(&scanner->table->returned_count, scanner->returned_count);
    scanner->read_count = scanner->returned_count = 0;
}

static void scanner_free(DuckSource *source)
{
    free(source);
}

static DuckSource *scanner_copy(DuckSource *source)
{
    TableScanner *copy = NEW(TableScanner);
    copy->source = *source;
    copy->table = ((TableScanner *)source)->table;
    return &copy->source;
}

TableSource *table_source_new(QueryRun *run, const Table *table)
{
    static const TypeKind SYSTEM_TYPES[] = {TYPE_BIGINT, TYPE_TIMESTAMP, TYPE_BOOLEAN};
    Arena *arena = &run->ctx.arena;
    size_t count = table_row_width(table);
    TableSource *source = ARENA_NEW(arena, TableSource);
    TableScanner *scanner = ARENA_NEW(arena, TableScanner);
    DuckColumn *columns = number_columns(arena, count);
    for (size_t i = 0; i < count; i++)
        columns[i].type = i < table->column_count
                              ? table->columns[i].type
                              : (Type){.kind = SYSTEM_TYPES[i - table->column_count]};
    scanner->source = (DuckSource){.columns = columns,
                                   .column_count = count,
                                   .estimated_rows = ESTIMATED_ROWS,
                                   .open = scanner_open,
                                   .next = scanner_next,
                                   .close = scanner_close,
                                   .copy = scanner_copy,
                                   .free_copy = scanner_free};
    scanner->table = source;
    source->run = run;
    source->table = table;
    source->scanner = &scanner->source;
    return source;
}

/* ---- rows written in the statement ---- */

typedef struct ValuesScanner {
    DuckSource source;
    const Value *rows;
    size_t row_count;
    size_t next;
} ValuesScanner;

static Status values_open(DuckSource *source, Context *ctx, const bool *wanted)
{
    (void)ctx;
    (void)wanted;
    ((ValuesScanner *)source)->next = 0;
    return STATUS_OK;
}

static Status values_next(DuckSource *source, Context *ctx, const Value **ret_values)
{
    (void)ctx;
    ValuesScanner *scanner = (ValuesScanner *)source;
    bool ended = scanner->next == scanner->row_count;
    *ret_values = ended ? NULL : scanner->rows + scanner->next++ * source->column_count;
    return STATUS_OK;
}

static void values_close(DuckSource *source)
{
    (void)source;
}

static DuckSource *values_copy(DuckSource *source)
{
    return mem_dup(source, sizeof(ValuesScanner));
}

DuckSource *values_source_new(
    Context *ctx, const Type *types, size_t column_count, const Value *rows, size_t row_count)
{
    ValuesScanner *scanner = ARENA_NEW(&ctx->arena, ValuesScanner);
    DuckColumn *columns = number_columns(&ctx->arena, column_count);
    for (size_t i = 0; i < column_count; i++)
        columns[i].type = types[i];
    scanner->source = (DuckSource){.columns = columns,
                                   .column_count = column_count,
                                   .estimated_rows = row_count,
                                   .open = values_open,
                                   .next = values_next,
                                   .close = values_close,
                                   .copy = values_copy,
                                   .free_copy = scanner_free};
    scanner->rows = rows;
    scanner->row_count = row_count;
    return &scanner->source;
}
