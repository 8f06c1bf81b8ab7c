/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table function kalam_source(i).
 *
 * DuckDB binds it (columns, size), then starts a scan, maybe several times, and
 * pulls chunks of 2,048 rows.  The statement is found by the connection that
 * asks, so the number alone opens nothing.  A scan is closed as soon as it is
 * at its end: a recursive query starts the next one before it drops the last.
 */
#include "duck/run.h"

#include "base/memory.h"
#include "duck/vector.h"

struct DuckScan {
    DuckScan *previous;
    DuckScan *next;
    BoundSource *bound;
    DuckSource *source; /* NULL = closed */
    bool is_copy;
    Context ctx;
    ArenaMark mark; /* behind what open() took */
    bool *wanted;
    size_t *columns; /* per column of the chunk: which of the source's */
    size_t column_count;
};

/* ---- life of a scan ---- */

/* The source itself, or a copy when it is being read already; NULL = cannot be. */
static DuckSource *take_source(DuckScan *scan)
{
    BoundSource *bound = scan->bound;
    pthread_mutex_lock(&bound->run->lock);
    scan->is_copy = bound->is_open;
    bound->is_open = true;
    pthread_mutex_unlock(&bound->run->lock);
    if (!scan->is_copy)
        return bound->source;
    return bound->source->copy ? bound->source->copy(bound->source) : NULL;
}

static void give_back(DuckScan *scan, DuckSource *source)
{
    if (scan->is_copy) {
        source->free_copy(source);
        return;
    }
    pthread_mutex_lock(&scan->bound->run->lock);
    scan->bound->is_open = false;
    pthread_mutex_unlock(&scan->bound->run->lock);
}

static void scan_close(DuckScan *scan)
{
    DuckSource *source = TAKE(scan->source);
    if (!source)
        return;
    source->close(source);
    give_back(scan, source);
}

static void enlist(DuckScan *scan)
{
    DuckRun *run = scan->bound->run;
    pthread_mutex_lock(&run->lock);
    scan->next = run->scans;
    if (scan->next)
        scan->next->previous = scan;
    run->scans = scan;
    pthread_mutex_unlock(&run->lock);
}

static void strike_off(DuckScan *scan)
{
    DuckRun *run = scan->bound->run;
    pthread_mutex_lock(&run->lock);
    if (scan->previous)
        scan->previous->next = scan->next;
    else
        run->scans = scan->next;
    if (scan->next)
        scan->next->previous = scan->previous;
    pthread_mutex_unlock(&run->lock);
}

void duck_scans_cancel(DuckScan *scans)
{
    for (DuckScan *scan = scans; scan; scan = scan->next)
        atomic_store_explicit(&scan->ctx.cancelled, true, memory_order_relaxed);
}

static void scan_free(void *data)
{
    DuckScan *scan = data;
    scan_close(scan);
    strike_off(scan);
    context_done(&scan->ctx);
    free(scan->wanted);
    free(scan->columns);
    free(scan);
}

static DuckScan *scan_new(BoundSource *bound, duckdb_init_info info)
{
    DuckScan *scan = NEW(DuckScan);
    size_t source_columns = bound->source->column_count;
    scan->bound = bound;
    scan->ctx = duck_run_context(bound->run);
    scan->column_count = duckdb.init_get_column_count(info);
    scan->columns = mem_zalloc((scan->column_count + 1) * sizeof(*scan->columns));
    scan->wanted = mem_zalloc(source_columns * sizeof(*scan->wanted));
    for (size_t i = 0; i < scan->column_count; i++) {
        scan->columns[i] = duckdb.init_get_column_index(info, i);
        if (scan->columns[i] < source_columns)
            scan->wanted[scan->columns[i]] = true;
    }
    enlist(scan);
    return scan;
}

static Status scan_open(DuckScan *scan)
{
    DuckSource *source = take_source(scan);
    if (!source)
        return fail(&scan->ctx, STATUS_UNSUPPORTED, "a relation cannot be read twice at a time");
    Status status = source->open(source, &scan->ctx, scan->wanted);
    if (status != STATUS_OK) {
        give_back(scan, source);
        return status;
    }
    scan->source = source;
    scan->mark = arena_mark(&scan->ctx.arena);
    return STATUS_OK;
}

/* ---- what DuckDB calls ---- */

static BoundSource *find_source(DuckInstance *instance, duckdb_bind_info info)
{
    duckdb_client_context context;
    duckdb.table_function_get_client_context(info, &context);
    DuckRun *run = duck_instance_find(instance, context);
    duckdb.destroy_client_context(&context);
    duckdb_value value = duckdb.bind_get_parameter(info, 0);
    int64_t number = duckdb.get_int64(value);
    duckdb.destroy_value(&value);
    if (!run || number < 0 || (uint64_t)number >= run->source_count)
        return NULL;
    return &run->sources[number];
}

static void add_column(duckdb_bind_info info, const DuckColumn *column)
{
    char *name = mem_zalloc(column->name.len + 1);
    memcpy(name, column->name.ptr, column->name.len);
    duckdb_logical_type type = duck_type_make(column->type);
    duckdb.bind_add_result_column(info, name, type);
    duckdb.destroy_logical_type(&type);
    free(name);
}

static void on_bind(duckdb_bind_info info)
{
    BoundSource *bound = find_source(duckdb.bind_get_extra_info(info), info);
    if (!bound) {
        duckdb.bind_set_error(info, "there is no such source");
        return;
    }
    for (size_t i = 0; i < bound->source->column_count; i++)
        add_column(info, &bound->source->columns[i]);
    duckdb.bind_set_cardinality(info, bound->source->estimated_rows, false);
    duckdb.bind_set_bind_data(info, bound, NULL);
}

static void on_init(duckdb_init_info info)
{
    BoundSource *bound = duckdb.init_get_bind_data(info);
    DuckScan *scan = scan_new(bound, info);
    duckdb.init_set_max_threads(info, 1);
    duckdb.init_set_init_data(info, scan, scan_free);
    if (scan_open(scan) != STATUS_OK) {
        duck_run_keep_error(bound->run, &scan->ctx);
        duckdb.init_set_error(info, "a source failed");
    }
}

static Status put_row(DuckScan *scan, duckdb_data_chunk chunk, idx_t row, const Value *values)
{
    const DuckColumn *columns = scan->bound->source->columns;
    for (size_t i = 0; i < scan->column_count; i++) {
        size_t column = scan->columns[i];
        if (column >= scan->bound->source->column_count)
            continue; /* a row id, of which only the number counts */
        duckdb_vector vector = duckdb.data_chunk_get_vector(chunk, i);
        TRY(duck_vector_put(&scan->ctx, vector, row, &columns[column], &values[column]));
    }
    return STATUS_OK;
}

static Status fill(DuckScan *scan, duckdb_data_chunk chunk)
{
    idx_t row_max = duckdb.vector_size();
    idx_t row = 0;
    TRY(context_check(&scan->ctx));
    while (scan->source && row < row_max) {
        const Value *values;
        arena_rewind(&scan->ctx.arena, scan->mark);
        TRY(scan->source->next(scan->source, &scan->ctx, &values));
        if (!values)
            scan_close(scan);
        else
            TRY(put_row(scan, chunk, row++, values));
    }
    duckdb.data_chunk_set_size(chunk, row);
    return STATUS_OK;
}

static void on_fill(duckdb_function_info info, duckdb_data_chunk chunk)
{
    DuckScan *scan = duckdb.function_get_init_data(info);
    if (fill(scan, chunk) != STATUS_OK) {
        duck_run_keep_error(scan->bound->run, &scan->ctx);
        duckdb.function_set_error(info, "a source failed");
    }
}

Status duck_source_register(Context *ctx, DuckInstance *instance, duckdb_connection connection)
{
    duckdb_table_function function = duckdb.create_table_function();
    duckdb_logical_type number = duckdb.create_logical_type(DUCKDB_TYPE_BIGINT);
    duckdb.table_function_set_name(function, "kalam_source");
    duckdb.table_function_add_parameter(function, number);
    duckdb.table_function_set_extra_info(function, instance, NULL);
    duckdb.table_function_set_bind(function, on_bind);
    duckdb.table_function_set_init(function, on_init);
    duckdb.table_function_set_function(function, on_fill);
    duckdb.table_function_supports_projection_pushdown(function, true);
    duckdb_state state = duckdb.register_table_function(connection, function);
    duckdb.destroy_logical_type(&number);
    duckdb.destroy_table_function(&function);
    if (state == DuckDBError)
        return fail(ctx, STATUS_INTERNAL, "DuckDB refuses the table function");
    return STATUS_OK;
}
