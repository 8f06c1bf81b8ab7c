/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DuckDB may scan a relation several times, also at a time and from several
 * threads: each scan is a TableScanner or ValuesScanner of its own, the
 * TableSource says only what to read.
 */
#include "query/table_source.h"

#include "base/memory.h"
#include "query/row_source.h"
#include "table/row_scan.h"
#include "value/key.h"

enum { GENERATED_ROWS = 100, ROWS_IN_MEMORY = 1000, BYTES_PER_ROW = 100, CHECK_EVERY_ROWS = 256 };

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
    RowSource *rows; /* of both tiers, or: */
    RowScan *hot;    /* hot ones, tombstones and markers too */
    Value *values;
    Context *ctx;
    uint64_t read_count;
    uint64_t returned_count;
} TableScanner;

/* The caller hides cold rows by what it gets: nothing may be missing. */
static void open_hot(TableScanner *scanner)
{
    TableSource *table = scanner->table;
    TableScanOptions options = {
        .snapshot = run_row_snapshot(table->run, table->table),
        .table = table->table,
        .owner = run_owner(table->run, table->table),
        .key_lower = table->path.lower,
        .key_upper = table->path.upper,
        .include_deleted = true,
        .include_gone = true,
    };
    scanner->hot = row_scan_open(&options);
    scanner->values = mem_zalloc((table_row_width(table->table) + 1) * sizeof(Value));
}

static Status scanner_open(DuckSource *source, Context *ctx, const bool *wanted)
{
    (void)wanted;
    TableScanner *scanner = (TableScanner *)source;
    TableSource *table = scanner->table;
    if (table->view) {
        scanner->ctx = ctx;
        atomic_fetch_add(&table->scan_count, 1);
        open_hot(scanner);
        return STATUS_OK;
    }
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

/* Of a marker only the key is known. */
static Status
fill_hot(Context *ctx, const Table *table, Str key, const StoredRow *row, Value *values)
{
    size_t width = table_row_width(table);
    values[width] = value_boolean(row->gone);
    if (!row->gone)
        return table_decode_image(ctx, table, row->row, row->seq, row->deleted, values);
    for (size_t i = 0; i < width; i++)
        values[i] = VALUE_NULL;
    values[table->column_count + SYSTEM_COLUMN_DELETED] = value_boolean(true);
    Reader reader = reader_from(key);
    const Column *column = &table->columns[table->primary_key];
    return key_read(ctx, &reader, column->type, &values[table->primary_key]);
}

static Status next_hot(TableScanner *scanner, Context *ctx, const Value **ret_values)
{
    Str key;
    StoredRow row;
    *ret_values = NULL;
    if (!row_scan_next(ctx, scanner->hot, &key, &row))
        return row_scan_status(scanner->hot);
    if (++scanner->read_count % CHECK_EVERY_ROWS == 0)
        TRY(context_check(ctx));
    scanner->returned_count++;
    *ret_values = scanner->values;
    return fill_hot(ctx, scanner->table->table, key, &row, scanner->values);
}

static Status scanner_next(DuckSource *source, Context *ctx, const Value **ret_values)
{
    TableScanner *scanner = (TableScanner *)source;
    if (scanner->hot)
        return next_hot(scanner, ctx, ret_values);
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
    row_scan_close(TAKE(scanner->hot));
    free(TAKE(scanner->values));
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
    /* The last one says of hot rows whether they are markers. */
    static const TypeKind SYSTEM_TYPES[] = {
        TYPE_BIGINT, TYPE_TIMESTAMP, TYPE_BOOLEAN, TYPE_BOOLEAN};
    Arena *arena = &run->ctx.arena;
    size_t count = table_row_width(table) + 1;
    TableSource *source = ARENA_NEW(arena, TableSource);
    TableScanner *scanner = ARENA_NEW(arena, TableScanner);
    DuckColumn *columns = number_columns(arena, count);
    for (size_t i = 0; i < count; i++)
        columns[i].type = i < table->column_count
                              ? table->columns[i].type
                              : (Type){.kind = SYSTEM_TYPES[i - table->column_count]};
    scanner->source = (DuckSource){.columns = columns,
                                   .column_count = count,
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

static uint64_t hot_rows(const TableSource *source)
{
    const AccessPath *path = &source->path;
    TableScanOptions scan = {
        .table = source->table,
        .owner = run_owner(source->run, source->table),
        .key_lower = path->lower,
        .key_upper = path->upper,
    };
    if (path->by_key || path->never)
        return path->by_key ? path->key_count : 0;
    if (source->table->kind == TABLE_STREAM)
        return ROWS_IN_MEMORY;
    return table_hot_bytes(source->run->engine->store, &scan) / BYTES_PER_ROW + ROWS_IN_MEMORY;
}

void table_source_estimate(TableSource *source)
{
    bool generated = source->table->kind == TABLE_SYSTEM;
    source->scanner->estimated_rows = generated ? GENERATED_ROWS : hot_rows(source);
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
