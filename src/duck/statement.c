/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running a statement: connect, prepare, bind, execute.
 */
#include "base/memory.h"
#include "duck/error.h"
#include "duck/parameter.h"
#include "duck/run.h"

static void interrupt(Watch *watch)
{
    DuckRun *run = (DuckRun *)((char *)watch - offsetof(DuckRun, watch));
    duckdb.interrupt(run->connection);
    pthread_mutex_lock(&run->lock);
    duck_scans_cancel(run->scans);
    pthread_mutex_unlock(&run->lock);
}

void duck_run_enter(DuckRun *run, Context *ctx)
{
    pthread_mutex_lock(&run->lock);
    run->deadline_us = ctx->deadline_us;
    run->memory_limit = ctx->memory_limit;
    pthread_mutex_unlock(&run->lock);
    watchdog_begin(&run->engine->watchdog, &run->watch, ctx);
}

void duck_run_leave(DuckRun *run)
{
    watchdog_end(&run->engine->watchdog, &run->watch);
}

void duck_run_keep_error(DuckRun *run, const Context *from)
{
    pthread_mutex_lock(&run->lock);
    if (run->error.error == STATUS_OK)
        context_copy_error(&run->error, from);
    pthread_mutex_unlock(&run->lock);
}

Context duck_run_context(DuckRun *run)
{
    pthread_mutex_lock(&run->lock);
    Context ctx = {.deadline_us = run->deadline_us, .memory_limit = run->memory_limit};
    pthread_mutex_unlock(&run->lock);
    return ctx;
}

/* A source's own words are best, then the bound that was reached, then DuckDB's. */
Status duck_run_fail(Context *ctx, DuckRun *run, const char *text)
{
    TRY(context_check(ctx));
    pthread_mutex_lock(&run->lock);
    Status status = run->error.error;
    if (status != STATUS_OK)
        context_copy_error(ctx, &run->error);
    pthread_mutex_unlock(&run->lock);
    if (status != STATUS_OK)
        return status;
    bool fatal;
    status = duck_error(ctx, str_from_c(text), &fatal);
    if (fatal)
        duck_engine_give_up(run->engine, run->instance);
    return status;
}

/* ---- preparing ---- */

static void bind_sources(DuckRun *run, const DuckStatement *statement)
{
    run->source_count = statement->source_count;
    run->sources = mem_zalloc((run->source_count + 1) * sizeof(*run->sources));
    for (size_t i = 0; i < run->source_count; i++)
        run->sources[i] = (BoundSource){.run = run, .source = statement->sources[i]};
}

static Status connect(Context *ctx, DuckRun *run)
{
    if (duckdb.connect(run->instance->database, &run->connection) == DuckDBError)
        return fail(ctx, STATUS_INTERNAL, "cannot connect to DuckDB");
    duckdb_client_context context;
    duckdb.connection_get_client_context(run->connection, &context);
    run->connection_id = duckdb.client_context_get_connection_id(context);
    duckdb.destroy_client_context(&context);
    duck_instance_add(run->instance, run->connection_id, run);
    return STATUS_OK;
}

static Status prepare(Context *ctx, DuckRun *run, Str sql)
{
    if (str_find_byte(sql, '\0') < sql.len)
        return fail(ctx, STATUS_INTERNAL, "a statement for DuckDB holds a zero byte");
    const char *text = arena_str(&ctx->arena, sql).ptr;
    duck_run_enter(run, ctx);
    duckdb_state state = duckdb.prepare(run->connection, text, &run->prepared);
    duck_run_leave(run);
    if (state == DuckDBError)
        return duck_run_fail(ctx, run, duckdb.prepare_error(run->prepared));
    return STATUS_OK;
}

static Status bind_parameters(Context *ctx, DuckRun *run, const DuckStatement *statement)
{
    if (duckdb.nparams(run->prepared) != statement->parameter_count)
        return fail(ctx, STATUS_INTERNAL, "the number of parameters is wrong");
    for (size_t i = 0; i < statement->parameter_count; i++)
        TRY(duck_parameter_bind(ctx, run->prepared, i + 1, &statement->parameters[i]));
    return STATUS_OK;
}

Status
duck_run_start(Context *ctx, DuckEngine *engine, const DuckStatement *statement, DuckRun **ret_run)
{
    CLEANUP(duck_instance_unref) DuckInstance *instance = NULL;
    TRY(context_check(ctx));
    TRY(duck_engine_instance(ctx, engine, &instance));
    CLEANUP(duck_run_free) DuckRun *run = NEW(DuckRun);
    run->engine = engine;
    run->instance = TAKE(instance);
    run->watch.fire = interrupt;
    pthread_mutex_init(&run->lock, NULL);
    bind_sources(run, statement);
    run->functions = statement->functions;
    run->function_count = statement->function_count;
    TRY(connect(ctx, run));
    TRY(prepare(ctx, run, statement->sql));
    TRY(bind_parameters(ctx, run, statement));
    *ret_run = TAKE(run);
    return STATUS_OK;
}

void duck_run_free(DuckRun *run)
{
    if (!run)
        return;
    duckdb.destroy_prepare(&run->prepared);
    if (run->connection) {
        duck_instance_remove(run->instance, run->connection_id);
        duckdb.disconnect(&run->connection);
    }
    duck_instance_unref(run->instance);
    pthread_mutex_destroy(&run->lock);
    context_done(&run->error);
    free(run->sources);
    free(run);
}

/* ---- executing ---- */

static Status
start_pending(Context *ctx, DuckRun *run, RunMode mode, duckdb_pending_result *ret_pending)
{
    duckdb_state state = mode == RUN_STREAMING
                             ? duckdb.pending_prepared_streaming(run->prepared, ret_pending)
                             : duckdb.pending_prepared(run->prepared, ret_pending);
    if (state == DuckDBSuccess)
        return STATUS_OK;
    Status status = duck_run_fail(ctx, run, duckdb.pending_error(*ret_pending));
    duckdb.destroy_pending(ret_pending);
    return status;
}

static Status execute(Context *ctx, DuckRun *run, RunMode mode, duckdb_result *ret_result)
{
    duckdb_pending_result pending;
    TRY(start_pending(ctx, run, mode, &pending));
    duckdb_state state = duckdb.execute_pending(pending, ret_result);
    duckdb.destroy_pending(&pending);
    if (state == DuckDBSuccess)
        return STATUS_OK;
    Status status = duck_run_fail(ctx, run, duckdb.result_error(ret_result));
    duckdb.destroy_result(ret_result);
    return status;
}

Status duck_run_execute(Context *ctx, DuckRun *run, RunMode mode, duckdb_result *ret_result)
{
    duck_run_enter(run, ctx);
    Status status = execute(ctx, run, mode, ret_result);
    duck_run_leave(run);
    return status;
}

Status
duck_execute(Context *ctx, DuckEngine *engine, const DuckStatement *statement, uint64_t *ret_rows)
{
    CLEANUP(duck_run_free) DuckRun *run = NULL;
    duckdb_result result;
    TRY(duck_run_start(ctx, engine, statement, &run));
    TRY(duck_run_execute(ctx, run, RUN_TO_THE_END, &result));
    *ret_rows = duckdb.rows_changed(&result);
    duckdb.destroy_result(&result);
    return STATUS_OK;
}
