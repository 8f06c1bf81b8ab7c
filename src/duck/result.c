/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a result: a chunk at a time, a row at a time out of it.
 */
#include "base/memory.h"
#include "duck/run.h"
#include "duck/vector.h"

struct DuckResult {
    DuckRun *run;
    duckdb_result result;
    bool has_result;
    Arena arena; /* of what the columns need */
    DuckColumn *columns;
    size_t column_count;
    duckdb_data_chunk chunk;
    DuckVector *vectors; /* of the chunk */
    idx_t row;
    idx_t row_count;
    Value *values;
    bool ended;
};

static Status describe_column(Context *ctx, DuckResult *result, size_t number)
{
    duckdb_logical_type logical = duckdb.column_logical_type(&result->result, number);
    DuckLayout *layout = &result->vectors[number].layout;
    bool known = duck_type_read(logical, layout);
    duckdb.destroy_logical_type(&logical);
    Str name = str_from_c(duckdb.column_name(&result->result, number));
    if (!known)
        return fail(ctx,
                    STATUS_UNSUPPORTED,
                    "column \"%.*s\" of the result has a type that does not exist here",
                    STR_ARG(name));
    result->columns[number].name = arena_str(&result->arena, name);
    result->columns[number].type = layout->type;
    return STATUS_OK;
}

static Status describe_columns(Context *ctx, DuckResult *result)
{
    size_t count = duckdb.column_count(&result->result);
    result->column_count = count;
    result->columns = ARENA_ARRAY(&result->arena, DuckColumn, count + 1);
    result->vectors = ARENA_ARRAY(&result->arena, DuckVector, count + 1);
    result->values = ARENA_ARRAY(&result->arena, Value, count + 1);
    for (size_t i = 0; i < count; i++)
        TRY(describe_column(ctx, result, i));
    return STATUS_OK;
}

Status duck_query(Context *ctx,
                  DuckEngine *engine,
                  const DuckStatement *statement,
                  DuckResult **ret_result)
{
    CLEANUP(duck_result_close) DuckResult *result = NEW(DuckResult);
    TRY(duck_run_start(ctx, engine, statement, &result->run));
    TRY(duck_run_execute(ctx, result->run, RUN_STREAMING, &result->result));
    result->has_result = true;
    TRY(describe_columns(ctx, result));
    *ret_result = TAKE(result);
    return STATUS_OK;
}

void duck_result_close(DuckResult *result)
{
    if (!result)
        return;
    if (result->chunk)
        duckdb.destroy_data_chunk(&result->chunk);
    if (result->has_result)
        duckdb.destroy_result(&result->result);
    duck_run_free(result->run);
    arena_done(&result->arena);
    free(result);
}

size_t duck_result_column_count(const DuckResult *result)
{
    return result->column_count;
}

const DuckColumn *duck_result_columns(const DuckResult *result)
{
    return result->columns;
}

static void look_at_chunk(DuckResult *result)
{
    result->row = 0;
    result->row_count = duckdb.data_chunk_get_size(result->chunk);
    for (size_t i = 0; i < result->column_count; i++) {
        duckdb_vector vector = duckdb.data_chunk_get_vector(result->chunk, i);
        result->vectors[i].data = duckdb.vector_get_data(vector);
        result->vectors[i].validity = duckdb.vector_get_validity(vector);
    }
}

/* Sets `ended` when there is no more; after a failure, too. */
static Status fetch_chunk(Context *ctx, DuckResult *result)
{
    if (result->chunk)
        duckdb.destroy_data_chunk(&result->chunk);
    TRY(context_check(ctx));
    duck_run_enter(result->run, ctx);
    result->chunk = duckdb.fetch_chunk(result->result);
    duck_run_leave(result->run);
    if (result->chunk) {
        look_at_chunk(result);
        return STATUS_OK;
    }
    result->ended = true;
    const char *error = duckdb.result_error(&result->result);
    return error && *error ? duck_run_fail(ctx, result->run, error) : STATUS_OK;
}

static Status read_row(Context *ctx, DuckResult *result)
{
    for (size_t i = 0; i < result->column_count; i++) {
        if (!duck_vector_get(&result->vectors[i], result->row, &result->values[i]))
            return fail(ctx,
                        STATUS_OUT_OF_RANGE,
                        "a number in column \"%.*s\" has more than 38 digits",
                        STR_ARG(result->columns[i].name));
    }
    result->row++;
    return STATUS_OK;
}

Status duck_result_next(Context *ctx, DuckResult *result, const Value **ret_values)
{
    while (result->row >= result->row_count) {
        result->row = result->row_count = 0;
        if (!result->ended)
            TRY(fetch_chunk(ctx, result));
        if (result->ended) {
            *ret_values = NULL;
            return STATUS_OK;
        }
    }
    TRY(read_row(ctx, result));
    *ret_values = result->values;
    return STATUS_OK;
}
