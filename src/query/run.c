/* SPDX-License-Identifier: Apache-2.0 */
#include "query/run.h"

#include "query/transaction.h"

Status run_require_worker(QueryRun *run)
{
    if (run->thread == QUERY_ON_WORKER)
        return STATUS_OK;
    return fail(&run->ctx, STATUS_WOULD_BLOCK, "the statement needs a worker");
}

StoreTier run_tier(const QueryRun *run)
{
    return run->thread == QUERY_ON_REACTOR ? STORE_READ_MEMORY : STORE_READ_ANY;
}

Snapshot *run_row_snapshot(QueryRun *run, const Table *table)
{
    bool durable = run->transaction || run->durable_only || table->kind == TABLE_SYSTEM;
    if (durable || table_is_sync(table))
        return run->snapshot;
    /*
     * The newer snapshot replaces the older one of this statement.  Both know the
     * same version of the table unless it was altered in between; then the write
     * is refused as stale, and a read decodes by the columns it was planned with.
     */
    if (!run->rows)
        run->rows = published_applied(sequencer_published(run->engine->sequencer));
    return run->rows;
}

Owner run_owner(const QueryRun *run, const Table *table)
{
    return authorizer_owner(&run->principal, table);
}

ExprScope run_scope(const QueryRun *run, const Table *table)
{
    return (ExprScope){
        .table = table,
        .environment = &run->environment,
        .parameters = &run->parameters,
    };
}

Status run_check_memory(Context *ctx, MemoryShare *share, size_t bytes, size_t bytes_max)
{
    memory_share_set(share, bytes);
    if (bytes <= bytes_max)
        return memory_gauge_check(ctx, bytes);
    return fail(ctx,
                STATUS_MEMORY_LIMIT,
                "the query needs more than %zu bytes of memory (limits.max_query_memory)",
                bytes_max);
}

/* ---- results ---- */

void run_begin(QueryRun *run)
{
    run->request.sink->begin(run->request.sink_data, run->statement);
}

void run_columns(QueryRun *run, const ResultColumn *columns, size_t count)
{
    run->request.sink->columns(run->request.sink_data, columns, count);
}

Status run_row(QueryRun *run, const Value *values)
{
    return run->request.sink->row(run->request.sink_data, &run->ctx, values);
}

bool run_is_full(const QueryRun *run)
{
    return run->request.sink->is_full(run->request.sink_data);
}

void run_done(QueryRun *run, const ResultDone *done)
{
    ResultDone complete = *done;
    complete.as_user = run->principal.user_id;
    run->request.sink->done(run->request.sink_data, &complete);
}

void run_message(QueryRun *run, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    ResultDone done = {.message = arena_vprintf(&run->ctx.arena, format, args)};
    va_end(args);
    run_begin(run);
    run_done(run, &done);
}

void run_dml_done(QueryRun *run, DmlKind kind, const ResultDone *done)
{
    if (run->script.count == 1) {
        run_begin(run);
        run_done(run, done);
        return;
    }
    DmlSum *sum = &run->sums[kind];
    sum->last = run->statement;
    sum->row_count += done->row_count;
    sum->seq = done->seq ? done->seq : sum->seq;
    sum->as_user = run->principal.user_id;
}
