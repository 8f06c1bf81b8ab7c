/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scalar functions kalam_call_<type>(i, ..).
 *
 * DuckDB wants to know what a function returns before it is bound, so there is
 * one for each type, for DECIMAL one for each scale.  The statement is found by
 * the connection that binds the call, the function in it by the number i.
 */
#include "duck/run.h"
#include "duck/vector.h"

enum { ARGUMENTS_MAX = 1024 };

/* ---- calls ---- */

typedef struct Arguments {
    DuckVector vectors[ARGUMENTS_MAX];
    Value values[ARGUMENTS_MAX];
    size_t count;
} Arguments;

static Status look_at_arguments(Context *ctx, duckdb_data_chunk chunk, Arguments *arguments)
{
    arguments->count = duckdb.data_chunk_get_column_count(chunk) - 1;
    if (arguments->count > ARGUMENTS_MAX)
        return fail(
            ctx, STATUS_LIMIT_EXCEEDED, "an expression reads more than %d columns", ARGUMENTS_MAX);
    for (size_t i = 0; i < arguments->count; i++) {
        DuckVector *vector = &arguments->vectors[i];
        duckdb_vector from = duckdb.data_chunk_get_vector(chunk, i + 1);
        duckdb_logical_type type = duckdb.vector_get_column_type(from);
        bool known = duck_type_read(type, &vector->layout);
        duckdb.destroy_logical_type(&type);
        if (!known)
            return fail(ctx, STATUS_INTERNAL, "an argument has a type that does not exist here");
        vector->data = duckdb.vector_get_data(from);
        vector->validity = duckdb.vector_get_validity(from);
    }
    return STATUS_OK;
}

static Status read_arguments(Context *ctx, Arguments *arguments, idx_t row)
{
    for (size_t i = 0; i < arguments->count; i++) {
        if (!duck_vector_get(&arguments->vectors[i], row, &arguments->values[i]))
            return fail(ctx, STATUS_OUT_OF_RANGE, "a number has more than 38 digits");
    }
    return STATUS_OK;
}

static Status
call_rows(Context *ctx, const DuckFunction *function, duckdb_data_chunk chunk, duckdb_vector output)
{
    Arguments *arguments = ARENA_NEW(&ctx->arena, Arguments);
    DuckColumn column = {.name = STR("result"), .type = function->result};
    idx_t row_count = duckdb.data_chunk_get_size(chunk);
    TRY(look_at_arguments(ctx, chunk, arguments));
    TRY(context_check(ctx));
    if (column.type.kind == TYPE_DECIMAL)
        column.type.precision = DECIMAL_PRECISION_MAX;
    ArenaMark mark = arena_mark(&ctx->arena);
    for (idx_t row = 0; row < row_count; row++) {
        Value value;
        TRY(read_arguments(ctx, arguments, row));
        TRY(function->eval(function->data, ctx, arguments->values, &value));
        TRY(duck_vector_put(ctx, output, row, &column, &value));
        arena_rewind(&ctx->arena, mark);
    }
    return STATUS_OK;
}

static Status
call_function(Context *ctx, DuckRun *run, duckdb_data_chunk chunk, duckdb_vector output)
{
    if (duckdb.data_chunk_get_size(chunk) == 0)
        return STATUS_OK;
    duckdb_vector numbers = duckdb.data_chunk_get_vector(chunk, 0);
    int64_t number = *(const int64_t *)duckdb.vector_get_data(numbers);
    if (number < 0 || (uint64_t)number >= run->function_count)
        return fail(ctx, STATUS_INTERNAL, "there is no such function");
    return call_rows(ctx, &run->functions[number], chunk, output);
}

/* ---- what DuckDB calls ---- */

static void *same_run(void *data)
{
    return data;
}

static void on_bind(duckdb_bind_info info)
{
    duckdb_client_context context;
    DuckInstance *instance = duckdb.scalar_function_bind_get_extra_info(info);
    duckdb.scalar_function_get_client_context(info, &context);
    DuckRun *run = duck_instance_find(instance, context);
    duckdb.destroy_client_context(&context);
    if (!run) {
        duckdb.scalar_function_bind_set_error(info, "there is no such function");
        return;
    }
    duckdb.scalar_function_set_bind_data(info, run, NULL);
    duckdb.scalar_function_set_bind_data_copy(info, same_run);
}

static void on_call(duckdb_function_info info, duckdb_data_chunk chunk, duckdb_vector output)
{
    DuckRun *run = duckdb.scalar_function_get_bind_data(info);
    CLEANUP(context_done) Context ctx = duck_run_context(run);
    if (call_function(&ctx, run, chunk, output) != STATUS_OK) {
        duck_run_keep_error(run, &ctx);
        duckdb.scalar_function_set_error(info, "a function failed");
    }
}

/* ---- names ---- */

static const char *const KIND_NAMES[TYPE_KIND_COUNT] = {
    [TYPE_NULL] = "text",
    [TYPE_BOOLEAN] = "boolean",
    [TYPE_SMALLINT] = "smallint",
    [TYPE_INT] = "int",
    [TYPE_BIGINT] = "bigint",
    [TYPE_FLOAT] = "float",
    [TYPE_DOUBLE] = "double",
    [TYPE_DECIMAL] = "decimal",
    [TYPE_TEXT] = "text",
    [TYPE_JSON] = "json",
    [TYPE_BYTES] = "bytes",
    [TYPE_DATE] = "date",
    [TYPE_TIME] = "time",
    [TYPE_TIMESTAMP] = "timestamp",
    [TYPE_DATETIME] = "datetime",
    [TYPE_UUID] = "uuid",
};

Str duck_function_name(Arena *arena, const DuckFunction *function)
{
    Type result = function->result;
    const char *suffix = function->is_volatile ? "_volatile" : "";
    if (result.kind == TYPE_DECIMAL)
        return arena_printf(arena, "kalam_call_decimal_%u%s", (unsigned)result.scale, suffix);
    return arena_printf(arena, "kalam_call_%s%s", KIND_NAMES[result.kind], suffix);
}

/* ---- registering ---- */

static duckdb_scalar_function make_function(DuckInstance *instance, const DuckFunction *like)
{
    CLEANUP(arena_done) Arena arena = {0};
    duckdb_scalar_function function = duckdb.create_scalar_function();
    duckdb_logical_type number = duckdb.create_logical_type(DUCKDB_TYPE_BIGINT);
    duckdb_logical_type any = duckdb.create_logical_type(DUCKDB_TYPE_ANY);
    duckdb_logical_type result = duck_type_make(like->result);
    duckdb.scalar_function_set_name(function, duck_function_name(&arena, like).ptr);
    duckdb.scalar_function_add_parameter(function, number);
    duckdb.scalar_function_set_varargs(function, any);
    duckdb.scalar_function_set_return_type(function, result);
    duckdb.scalar_function_set_extra_info(function, instance, NULL);
    duckdb.scalar_function_set_special_handling(function); /* of NULLs: by us */
    duckdb.scalar_function_set_bind(function, on_bind);
    duckdb.scalar_function_set_function(function, on_call);
    if (like->is_volatile)
        duckdb.scalar_function_set_volatile(function);
    duckdb.destroy_logical_type(&number);
    duckdb.destroy_logical_type(&any);
    duckdb.destroy_logical_type(&result);
    return function;
}

static Status register_one(Context *ctx,
                           DuckInstance *instance,
                           duckdb_connection connection,
                           const DuckFunction *like)
{
    duckdb_scalar_function function = make_function(instance, like);
    duckdb_state state = duckdb.register_scalar_function(connection, function);
    duckdb.destroy_scalar_function(&function);
    if (state == DuckDBError)
        return fail(ctx, STATUS_INTERNAL, "DuckDB refuses a function");
    return STATUS_OK;
}

Status duck_function_register(Context *ctx, DuckInstance *instance, duckdb_connection connection)
{
    for (int is_volatile = 0; is_volatile < 2; is_volatile++) {
        DuckFunction function = {.is_volatile = is_volatile != 0};
        for (int kind = TYPE_NULL + 1; kind < TYPE_KIND_COUNT; kind++) {
            function.result = (Type){.kind = (TypeKind)kind, .precision = DECIMAL_PRECISION_MAX};
            if (kind != TYPE_DECIMAL)
                TRY(register_one(ctx, instance, connection, &function));
        }
        function.result = (Type){.kind = TYPE_DECIMAL, .precision = DECIMAL_PRECISION_MAX};
        for (; function.result.scale <= DECIMAL_PRECISION_MAX; function.result.scale++)
            TRY(register_one(ctx, instance, connection, &function));
    }
    return STATUS_OK;
}
