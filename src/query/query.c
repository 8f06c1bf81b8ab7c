/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a request.  Statements run one after the other; each gets a fresh
 * snapshot (inside a transaction: the transaction's), and its memory is given
 * back when it is over.
 *
 * A write whose table changed between planning and execution completes like any
 * other commit, without changes but waiting for the disk, so that the catalog
 * it was refused under is published when it is planned again.
 */
#include "base/clock.h"
#include "base/memory.h"
#include "query/access.h"
#include "query/transaction.h"
#include "query/work.h"

#include <assert.h>

enum {
    REPLANS_MAX = 3,
    REACTOR_TEXT_MAX = 64 << 10, /* longer scripts are parsed on a worker */
    PARAMETERS_MAX = 65535,
    TRANSACTION_MAX_MS = 300 * 1000,
};

#define STATEMENT_BYTES_MAX   ((size_t)1 << 20)
#define MEMORY_BYTES_MAX      ((size_t)256 << 20)
#define TRANSACTION_BYTES_MAX ((size_t)100 << 20)
#define WRITE_ROWS_MAX        UINT64_C(100000)
#define DEFAULT_NAMESPACE     STR("default")

/* ---- life cycle ---- */

static void complete_write(WriteOp *op);
static Status execute_write(WriteOp *op, CommitBuilder *builder);

static QueryLimits fill_limits(QueryLimits limits)
{
    if (!limits.parameters_max)
        limits.parameters_max = PARAMETERS_MAX;
    if (!limits.statement_bytes_max || limits.statement_bytes_max > STATEMENT_BYTES_MAX)
        limits.statement_bytes_max = STATEMENT_BYTES_MAX;
    if (!limits.memory_bytes_max)
        limits.memory_bytes_max = MEMORY_BYTES_MAX;
    if (!limits.write_rows_max)
        limits.write_rows_max = WRITE_ROWS_MAX;
    if (!limits.transaction_bytes_max)
        limits.transaction_bytes_max = TRANSACTION_BYTES_MAX;
    return limits;
}

QueryRun *query_new(const QueryEngine *engine, const QueryRequest *request)
{
    QueryRun *run = NEW(QueryRun);
    run->engine = engine;
    run->request = *request;
    run->limits = fill_limits(engine->limits);
    run->ctx.memory_limit = run->limits.memory_bytes_max;
    if (run->limits.deadline_ms)
        run->ctx.deadline_us = clock_monotonic_us() + run->limits.deadline_ms * 1000;
    run->actor = (Principal){.user_id = request->user_id, .role = request->role};
    run->principal = run->actor;
    run->parameters = (ExprParameters){request->parameters, request->parameter_count};
    buf_str_append(&run->namespace_name,
                   request->namespace_name.len ? request->namespace_name : DEFAULT_NAMESPACE);
    return run;
}

static void end_work(QueryRun *run)
{
    if (run->work && run->work->close)
        run->work->close(run->work);
    run->work = NULL;
    snapshot_unref(TAKE(run->snapshot));
    snapshot_unref(TAKE(run->rows));
}

void query_free(QueryRun *run)
{
    if (!run)
        return;
    assert(run->state != RUN_COMMITTING || atomic_load(&run->completed));
    end_work(run);
    transaction_free(run->transaction);
    buf_done(&run->namespace_name);
    context_done(&run->ctx);
    free(run);
}

void query_cancel(QueryRun *run)
{
    atomic_store(&run->ctx.cancelled, true);
}

/* ---- before the first statement ---- */

static Status refuse(QueryRun *run, const char *code, const char *message)
{
    run->error_code = code;
    return fail(&run->ctx, STATUS_INVALID_INPUT, "%s", message);
}

static Status check_request(QueryRun *run)
{
    const QueryRequest *request = &run->request;
    if (request->sql.len > run->limits.statement_bytes_max)
        return fail(&run->ctx,
                    STATUS_INVALID_SQL,
                    "the statement has %zu bytes, limits.max_statement_bytes is %zu",
                    request->sql.len,
                    run->limits.statement_bytes_max);
    if (request->parameter_count > run->limits.parameters_max)
        return fail(&run->ctx,
                    STATUS_INVALID_PARAMETER,
                    "%zu parameters given, limits.max_parameters is %zu",
                    request->parameter_count,
                    run->limits.parameters_max);
    return STATUS_OK;
}

static Status check_script(QueryRun *run)
{
    if (run->script.count == 0)
        return refuse(run, "EMPTY_SQL", "No SQL statements provided");
    for (size_t i = 0; i < run->script.count; i++)
        TRY(access_check_statement(run, run->script.statements[i]));
    if (run->script.count > 1 && run->request.parameter_count > 0)
        return refuse(
            run, "PARAMS_WITH_BATCH", "Parameters are not supported with several statements");
    return STATUS_OK;
}

/* A script that does not parse is told from one statement by a ';' that is not at its end. */
static bool looks_like_batch(Str sql)
{
    sql = str_trim(sql);
    return str_find_byte(sql, ';') + 1 < sql.len;
}

static Status parse_script(QueryRun *run)
{
    TRY(check_request(run));
    if (run->request.sql.len > REACTOR_TEXT_MAX)
        TRY(run_require_worker(run));
    Status status = sql_parse(&run->ctx, run->request.sql, &run->script);
    if (status == STATUS_SYNTAX_ERROR && looks_like_batch(run->request.sql))
        run->error_code = "BATCH_PARSE_ERROR";
    TRY(status);
    TRY(check_script(run));
    run->parsed = arena_mark(&run->ctx.arena);
    return STATUS_OK;
}

/* ---- one statement ---- */

static Status check_parameters(QueryRun *run, const AstStatement *statement)
{
    if (statement->parameter_count == run->request.parameter_count)
        return STATUS_OK;
    return fail(&run->ctx,
                STATUS_INVALID_PARAMETER,
                "the statement expects %u parameter(s), %zu were given",
                statement->parameter_count,
                run->request.parameter_count);
}

static Status check_transaction_age(QueryRun *run)
{
    if (!run->transaction || transaction_age_ms(run->transaction) < TRANSACTION_MAX_MS)
        return STATUS_OK;
    return fail(&run->ctx,
                STATUS_TIMEOUT,
                "the transaction is older than %d seconds and was rolled back",
                TRANSACTION_MAX_MS / 1000);
}

/* The current statement again from its start, or for the first time. */
static void reset_statement(QueryRun *run)
{
    end_work(run);
    context_clear_error(&run->ctx);
    arena_rewind(&run->ctx.arena, run->parsed);
    run->principal = run->actor;
    run->impersonated = false;
    run->durable_only = false;
    run->statement = run->script.statements[run->next - 1];
}

static Status plan_statement(QueryRun *run)
{
    TRY(context_check(&run->ctx));
    TRY(check_transaction_age(run));
    TRY(check_parameters(run, run->statement));
    run->snapshot = run->transaction
                        ? snapshot_ref(transaction_snapshot(run->transaction))
                        : published_durable(sequencer_published(run->engine->sequencer));
    if (run->statement->kind == AST_EXECUTE_AS)
        TRY(access_execute_as(run));
    run->environment = (ExprEnvironment){
        .now_us = clock_wall_us(),
        .user_id = run->principal.user_id,
        .role = run->principal.role,
    };
    TRY(work_new(run, run->statement, &run->work));
    return run->work->prepare(run, run->work);
}

static Status finish_statement(QueryRun *run)
{
    if (run->work->finish)
        TRY(run->work->finish(run, run->work));
    run->state = run->work->emit ? RUN_EMIT : RUN_STATEMENT;
    return STATUS_OK;
}

/* ---- writes ---- */

static Status execute_write(WriteOp *op, CommitBuilder *builder)
{
    QueryRun *run = CONTAINER_OF(op, QueryRun, op);
    Status status = run->work->execute(run, run->work, builder);
    if (status == STATUS_STALE_PLAN)
        commit_require_sync(builder);
    return status;
}

/* On a thread of the sequencer: after wake() the run may be gone. */
static void complete_write(WriteOp *op)
{
    QueryRun *run = CONTAINER_OF(op, QueryRun, op);
    void (*wake)(void *data) = run->request.wake;
    void *wake_data = run->request.wake_data;
    atomic_store_explicit(&run->completed, true, memory_order_release);
    wake(wake_data);
}

/* From here on another thread may advance the run, or free it: the caller must not touch it. */
static void submit_write(QueryRun *run)
{
    run->op = (WriteOp){
        .ctx = &run->ctx,
        .execute = execute_write,
        .complete = complete_write,
        .patient = run->work->patient,
    };
    atomic_store(&run->completed, false);
    run->state = RUN_COMMITTING;
    sequencer_submit(run->engine->sequencer, &run->op);
}

static Status write_completed(QueryRun *run)
{
    if (run->op.status == STATUS_OK)
        return finish_statement(run);
    if (run->op.status != STATUS_STALE_PLAN)
        return run->op.status;
    context_clear_error(&run->ctx);
    if (run->replans++ == REPLANS_MAX)
        return fail(&run->ctx,
                    STATUS_CONFLICT,
                    "the table changed %d times while the statement was planned",
                    REPLANS_MAX);
    run->state = RUN_PREPARE;
    return STATUS_OK;
}

/* ---- the machine ---- */

/* Is the statement's text to blame, rather than the data, the caller or the machine? */
static bool is_about_the_text(Status status)
{
    switch (status) {
    case STATUS_INVALID_SQL:
    case STATUS_INVALID_OPERATION:
    case STATUS_UNSUPPORTED:
    case STATUS_NOT_FOUND:
    case STATUS_ALREADY_EXISTS:
        return true;
    default:
        return false;
    }
}

/* Whoever refused without knowing a place meant what the statement is about. */
static void place_error(QueryRun *run)
{
    if (run->ctx.position == 0 && run->next > 0 && run->statement && !run->left_open &&
        is_about_the_text(run->ctx.error))
        context_place_error(&run->ctx, ast_subject_offset(run->statement));
}

static void end_run(QueryRun *run, Status status)
{
    if (status != STATUS_OK)
        place_error(run);
    run->status = status;
    run->state = RUN_DONE;
    end_work(run);
    transaction_free(TAKE(run->transaction));
}

static Status refuse_open_transaction(QueryRun *run)
{
    run->left_open = true;
    Status status = fail(&run->ctx,
                         STATUS_INVALID_OPERATION,
                         "Request completed with an open explicit transaction; rolled back "
                         "automatically");
    fail_hint(&run->ctx, "a transaction is one request: BEGIN, its statements and COMMIT together");
    return status;
}

static Status next_statement(QueryRun *run)
{
    if (run->next < run->script.count) {
        run->next++;
        run->replans = 0;
        run->state = RUN_PREPARE;
        return STATUS_OK;
    }
    end_work(run);
    if (run->transaction)
        return refuse_open_transaction(run);
    run->state = RUN_SUMS;
    return STATUS_OK;
}

static Status prepare_statement(QueryRun *run, bool *ret_submitted)
{
    reset_statement(run);
    TRY(plan_statement(run));
    *ret_submitted = run->work->writes;
    if (!run->work->writes)
        return finish_statement(run);
    submit_write(run);
    return STATUS_OK;
}

static Status emit_rows(QueryRun *run, bool *ret_full)
{
    bool done = false;
    TRY(context_check(&run->ctx));
    TRY(run->work->emit(run, run->work, &done));
    *ret_full = !done;
    if (done)
        run->state = RUN_STATEMENT;
    return STATUS_OK;
}

static Status report_sums(QueryRun *run)
{
    static const char *const VERBS[] = {"Inserted", "Updated", "Deleted"};
    for (int kind = 0; kind < DML_KIND_COUNT; kind++) {
        const DmlSum *sum = &run->sums[kind];
        if (!sum->last)
            continue;
        ResultDone done = {
            .row_count = sum->row_count,
            .message = arena_printf(
                &run->ctx.arena, "%s %llu row(s)", VERBS[kind], (unsigned long long)sum->row_count),
            .as_user = sum->as_user,
            .seq = sum->seq,
        };
        run->request.sink->begin(run->request.sink_data, sum->last);
        run->request.sink->done(run->request.sink_data, &done);
    }
    end_run(run, STATUS_OK);
    return STATUS_OK;
}

/* One state further.  *ret_step is set when the driver has to do something. */
static Status advance(QueryRun *run, bool *ret_pause, QueryStep *ret_step)
{
    bool full = false;
    switch (run->state) {
    case RUN_PARSE:
        TRY(parse_script(run));
        run->state = RUN_STATEMENT;
        return STATUS_OK;
    case RUN_STATEMENT:
        return next_statement(run);
    case RUN_PREPARE:
        *ret_step = QUERY_WAITING;
        return prepare_statement(run, ret_pause);
    case RUN_COMMITTING:
        *ret_pause = !atomic_load_explicit(&run->completed, memory_order_acquire);
        *ret_step = QUERY_WAITING;
        return *ret_pause ? STATUS_OK : write_completed(run);
    case RUN_EMIT:
        TRY(emit_rows(run, &full));
        *ret_pause = full;
        *ret_step = QUERY_OUTPUT_FULL;
        return STATUS_OK;
    case RUN_SUMS:
        return report_sums(run);
    case RUN_DONE:
        *ret_pause = true;
        *ret_step = QUERY_DONE;
        return STATUS_OK;
    }
    return STATUS_OK;
}

QueryStep query_advance(QueryRun *run, QueryThread thread)
{
    run->thread = thread;
    bool pause = false;
    QueryStep step = QUERY_DONE;
    while (!pause) {
        Status status = advance(run, &pause, &step);
        if (status == STATUS_WOULD_BLOCK) {
            assert(thread == QUERY_ON_REACTOR);
            context_clear_error(&run->ctx);
            return QUERY_NEEDS_WORKER;
        }
        if (status != STATUS_OK)
            end_run(run, status);
    }
    return step;
}

/* ---- afterwards ---- */

Status query_status(const QueryRun *run)
{
    return run->status;
}

const Context *query_context(const QueryRun *run)
{
    return &run->ctx;
}

const char *query_error_code(const QueryRun *run)
{
    return run->error_code ? run->error_code : status_info(run->status)->wire_code;
}

void query_write_error(const QueryRun *run, Buf *out)
{
    if (run->script.count > 1 && run->next > 0 && !run->left_open)
        buf_printf(out, "Statement %zu failed: ", run->next);
    if (!run->error_code)
        buf_str_append(out, str_from_c(status_info(run->status)->prefix));
    buf_str_append(out, run->ctx.message);
}

static bool holds_secrets(AstKind kind)
{
    return kind == AST_CREATE_USER || kind == AST_ALTER_USER || kind == AST_CREATE_STORAGE ||
           kind == AST_ALTER_STORAGE;
}

bool query_holds_secrets(const QueryRun *run)
{
    for (size_t i = 0; i < run->script.count; i++)
        if (holds_secrets(run->script.statements[i]->kind))
            return true;
    return run->script.count == 0;
}

Str query_failed_statement(const QueryRun *run)
{
    bool failed = run->status != STATUS_OK && run->next > 0 && !run->left_open;
    return failed ? run->script.statements[run->next - 1]->text : STR_NULL;
}

Str query_used_namespace(const QueryRun *run)
{
    return run->namespace_used ? buf_str(&run->namespace_name) : STR_NULL;
}
