/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running a SELECT through DuckDB: planned and started on a worker, then rows
 * are pulled while the sink takes them.  DuckDB's threads read the tables from
 * the snapshots of this statement, also between two calls of emit.
 */
#include "query/duck_plan.h"
#include "query/explain.h"
#include "query/work.h"

typedef struct DuckSelect {
    Work work;
    const AstSelect *ast;
    DuckPlan plan;
    DuckResult *result;
    Value *row; /* of the types that were promised */
    uint64_t sent;
    bool begun;
    bool ended;
    bool truncated;
} DuckSelect;

Status duck_plan_run(QueryRun *run, const DuckPlan *plan, DuckResult **ret_result)
{
    DuckStatement statement = {
        .sql = plan->sql,
        .parameters = plan->parameters,
        .parameter_count = plan->parameter_count,
        .sources = plan->sources,
        .source_count = plan->source_count,
        .functions = plan->functions,
        .function_count = plan->function_count,
    };
    if (!run->engine->duck)
        return fail(&run->ctx, STATUS_UNSUPPORTED, "there is no engine for this query");
    return duck_query(&run->ctx, run->engine->duck, &statement, ret_result);
}

static Status prepare_duck_select(QueryRun *run, Work *work)
{
    DuckSelect *select = CONTAINER_OF(work, DuckSelect, work);
    TRY(run_require_worker(run));
    TRY(duck_plan_make(run, select->ast, &select->plan));
    if (work->plan_only)
        return STATUS_OK;
    select->row = ARENA_ARRAY(&run->ctx.arena, Value, select->plan.column_count + 1);
    return duck_plan_run(run, &select->plan, &select->result);
}

static Status send_row(QueryRun *run, DuckSelect *select, const Value *values)
{
    const DuckPlan *plan = &select->plan;
    for (size_t i = 0; i < plan->column_count; i++) {
        bool is_promised = values[i].kind == plan->columns[i].type.kind;
        select->row[i] = values[i];
        if (!is_promised && !value_is_null(&values[i]))
            TRY(value_cast(&run->ctx, &values[i], plan->columns[i].type, &select->row[i]));
    }
    select->sent++;
    return run_row(run, select->row);
}

static Status step(QueryRun *run, DuckSelect *select)
{
    const Value *values;
    ArenaMark mark = arena_mark(&run->ctx.arena);
    TRY(duck_result_next(&run->ctx, select->result, &values));
    bool cut = values && select->plan.limit >= 0 && select->sent == (uint64_t)select->plan.limit;
    select->truncated = cut;
    select->ended = !values || cut;
    if (!select->ended)
        TRY(send_row(run, select, values));
    arena_rewind(&run->ctx.arena, mark);
    return STATUS_OK;
}

static Status emit_duck_select(QueryRun *run, Work *work, bool *ret_done)
{
    DuckSelect *select = CONTAINER_OF(work, DuckSelect, work);
    bool full = false;
    if (!select->begun) {
        run_begin(run);
        run_columns(run, select->plan.columns, select->plan.column_count);
        select->begun = true;
    }
    TRY(run_require_worker(run));
    while (!select->ended && !full) {
        TRY(step(run, select));
        full = run_is_full(run);
    }
    *ret_done = select->ended;
    if (select->ended) {
        duck_result_close(TAKE(select->result));
        ResultDone done = {.row_count = select->sent, .truncated = select->truncated};
        run_done(run, &done);
    }
    return STATUS_OK;
}

static void close_duck_select(Work *work)
{
    DuckSelect *select = CONTAINER_OF(work, DuckSelect, work);
    duck_result_close(TAKE(select->result));
    duck_plan_done(&select->plan);
}

/* ---- EXPLAIN ---- */

static void explain_counters(Buf *out, const TableSource *table)
{
    buf_printf(out,
               "    %llu rows read in %llu scans, %llu handed over\n",
               (unsigned long long)atomic_load(&table->read_count),
               (unsigned long long)atomic_load(&table->scan_count),
               (unsigned long long)atomic_load(&table->returned_count));
}

static void explain_duck_select(QueryRun *run, Work *work, Buf *out)
{
    const DuckPlan *plan = &CONTAINER_OF(work, DuckSelect, work)->plan;
    BUF_LIT(out, "DuckDB joins, groups and sorts; conditions on one table are tested here\n");
    for (size_t i = 0; i < plan->table_count; i++) {
        const TableSource *table = plan->tables[i];
        ExplainRows rows = {.table = table->table,
                            .path = &table->path,
                            .condition = table->condition,
                            .filter = table->filter,
                            .include_deleted = table->include_deleted};
        explain_rows(run, out, &rows);
        if (table->view)
            buf_printf(out,
                       "    hot rows, and %zu of %llu files\n",
                       table->file_count,
                       (unsigned long long)table->files_all);
        if (!work->plan_only)
            explain_counters(out, table);
    }
}

Work *duck_select_work(QueryRun *run, const AstSelect *ast)
{
    DuckSelect *select = ARENA_NEW(&run->ctx.arena, DuckSelect);
    select->work = (Work){
        .prepare = prepare_duck_select,
        .emit = emit_duck_select,
        .close = close_duck_select,
        .explain = explain_duck_select,
    };
    select->ast = ast;
    return &select->work;
}
