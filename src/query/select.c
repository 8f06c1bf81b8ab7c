/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running a SELECT.
 *
 *     source -> WHERE -> [groups -> HAVING] -> outputs -> [DISTINCT]
 *            -> [sort] -> OFFSET, LIMIT -> sink
 *
 * Rows that need neither sorting nor grouping stream: on a worker they are
 * pulled while the sink takes them, in constant memory.  Everything else is
 * gathered first and sent from memory.
 *
 * On a reactor any SELECT may try its luck: it gathers whatever it computes and
 * gives up, having sent nothing, when it has seen REACTOR_ROWS_MAX rows or needs
 * the disk.  Then a worker starts it again.
 */
#include "query/aggregate.h"
#include "query/explain.h"
#include "query/row_source.h"
#include "query/select_plan.h"
#include "query/tuple_set.h"
#include "query/work.h"

enum {
    REACTOR_ROWS_MAX = 256,
    CHECK_EVERY_ROWS = 64,
};

typedef struct Select {
    Work work;
    QueryRun *run;
    Context *ctx;
    const AstSelect *ast;
    SelectPlan plan;
    RowSource *source;
    Aggregator *groups;
    Sorter *kept;  /* NULL while streaming */
    TupleSet seen; /* DISTINCT */
    MemoryShare seen_share;
    Value *outputs;
    Value *keys;
    uint64_t read;    /* rows of the source */
    int64_t skipped;  /* by OFFSET */
    int64_t produced; /* behind OFFSET */
    uint64_t sent;
    size_t kept_left; /* of the kept rows, to be sent */
    bool ended;       /* no more row can be needed */
    bool truncated;
    bool begun; /* the sink has seen the columns */
} Select;

/* ---- one output row ---- */

/* OFFSET and LIMIT: is the row that comes now wanted? */
static bool is_wanted(Select *select)
{
    const SelectPlan *plan = &select->plan;
    if (select->skipped < plan->offset) {
        select->skipped++;
        return false;
    }
    if (plan->limit >= 0 && select->produced == plan->limit) {
        select->ended = true;
        select->truncated = plan->limited_by_server;
        return false;
    }
    select->produced++;
    /* With a limit of the server's, one more row is awaited to tell whether it cut. */
    select->ended = select->produced == plan->limit && !plan->limited_by_server;
    return true;
}

static Status send_row(Select *select, const Value *row)
{
    select->sent++;
    return run_row(select->run, row);
}

static Status eval_outputs(Select *select, const Value *row)
{
    const SelectPlan *plan = &select->plan;
    for (size_t i = 0; i < plan->output_count; i++)
        TRY(expr_eval(select->ctx, plan->outputs[i], row, &select->outputs[i]));
    return STATUS_OK;
}

static Status eval_keys(Select *select, const Value *row)
{
    const SelectPlan *plan = &select->plan;
    for (size_t i = 0; i < plan->key_count; i++) {
        const SortKey *key = &plan->keys[i];
        if (key->expr)
            TRY(expr_eval(select->ctx, key->expr, row, &select->keys[i]));
        else
            select->keys[i] = select->outputs[key->output];
    }
    return STATUS_OK;
}

static Status is_new(Select *select, bool *ret_new)
{
    size_t index;
    *ret_new = tuple_set_add(&select->seen, select->outputs, &index);
    return run_check_memory(select->ctx,
                            &select->seen_share,
                            tuple_set_bytes(&select->seen),
                            select->run->limits.memory_bytes_max);
}

/* `row` is the table's or the grouped one. */
static Status produce(Select *select, const Value *row)
{
    bool distinct = true;
    TRY(eval_outputs(select, row));
    if (select->plan.distinct)
        TRY(is_new(select, &distinct));
    if (!distinct)
        return STATUS_OK;
    if (select->plan.sorted) {
        TRY(eval_keys(select, row));
        return sorter_add(select->ctx, select->kept, select->keys, select->outputs);
    }
    if (!is_wanted(select))
        return STATUS_OK;
    return select->kept ? sorter_add(select->ctx, select->kept, NULL, select->outputs)
                        : send_row(select, select->outputs);
}

/* ---- input rows ---- */

/* Without a table there is one row, which has no columns. */
static Status read_row(Select *select, TableRow *ret_row, bool *ret_found)
{
    if (select->source)
        return row_source_next(select->source, ret_row, ret_found);
    *ret_found = select->read == 0;
    *ret_row = (TableRow){0};
    return STATUS_OK;
}

/* The next row that passes WHERE. */
static Status next_row(Select *select, TableRow *ret_row, bool *ret_found)
{
    for (;;) {
        TRY(read_row(select, ret_row, ret_found));
        if (!*ret_found)
            return STATUS_OK;
        if (select->run->thread == QUERY_ON_REACTOR && select->read >= REACTOR_ROWS_MAX)
            return run_require_worker(select->run);
        if (++select->read % CHECK_EVERY_ROWS == 0)
            TRY(context_check(select->ctx));
        bool passes;
        TRY(expr_test(select->ctx, select->plan.where, ret_row->values, &passes));
        if (passes)
            return STATUS_OK;
    }
}

/* Reads one row and does with it what is to be done.  The arena is rewound behind it, so the text
 * of a sent row lives until the sink has taken it. */
static Status step(Select *select)
{
    ArenaMark mark = arena_mark(&select->ctx->arena);
    TableRow row;
    bool found;
    TRY(next_row(select, &row, &found));
    if (!found)
        select->ended = true;
    else if (select->groups)
        TRY(aggregator_add(select->ctx, select->groups, row.values));
    else
        TRY(produce(select, row.values));
    arena_rewind(&select->ctx->arena, mark);
    return STATUS_OK;
}

static Status produce_groups(Select *select)
{
    select->ended = false;
    while (!select->ended) {
        ArenaMark mark = arena_mark(&select->ctx->arena);
        const Value *group;
        TRY(aggregator_next(select->ctx, select->groups, &group));
        if (!group)
            break;
        bool passes;
        TRY(expr_test(select->ctx, select->plan.having, group, &passes));
        if (passes)
            TRY(produce(select, group));
        arena_rewind(&select->ctx->arena, mark);
    }
    return STATUS_OK;
}

/* ---- the steps ---- */

static Sorter *make_sorter(Select *select)
{
    const SelectPlan *plan = &select->plan;
    bool top = plan->sorted && plan->limit >= 0 && plan->limit < INT64_MAX - plan->offset - 1;
    int64_t extra = plan->limited_by_server; /* to see whether it cuts */
    SorterOptions options = {
        .orders = plan->orders,
        .key_count = plan->sorted ? plan->key_count : 0,
        .width = plan->output_count,
        .row_count_max = top ? (uint64_t)(plan->limit + plan->offset + extra) : 0,
        .bytes_max = select->run->limits.memory_bytes_max,
    };
    return sorter_new(&options);
}

/* Rows that were sorted have still to be cut. */
static void cut_kept(Select *select)
{
    const SelectPlan *plan = &select->plan;
    size_t count = sorter_count(select->kept);
    select->kept_left = count;
    if (!plan->sorted)
        return;
    size_t skip = (uint64_t)plan->offset < count ? (size_t)plan->offset : count;
    for (size_t i = 0; i < skip; i++)
        sorter_next(select->kept);
    select->kept_left = count - skip;
    if (plan->limit >= 0 && select->kept_left > (uint64_t)plan->limit) {
        select->kept_left = (size_t)plan->limit;
        select->truncated = plan->limited_by_server;
    }
}

static Status gather(Select *select)
{
    while (!select->ended)
        TRY(step(select));
    if (select->groups)
        TRY(produce_groups(select));
    row_source_close(TAKE(select->source));
    sorter_finish(select->kept);
    cut_kept(select);
    return STATUS_OK;
}

static void make_room(Select *select)
{
    const SelectPlan *plan = &select->plan;
    Arena *arena = &select->ctx->arena;
    select->outputs = ARENA_ARRAY(arena, Value, plan->output_count);
    select->keys = ARENA_ARRAY(arena, Value, plan->key_count);
    tuple_set_init(&select->seen, plan->output_count);
    if (!plan->grouped)
        return;
    AggregatorOptions options = {
        .keys = plan->grouping.key_exprs,
        .key_count = plan->grouping.key_count,
        .calls = plan->grouping.calls,
        .call_count = plan->grouping.call_count,
        .bytes_max = select->run->limits.memory_bytes_max,
    };
    select->groups = aggregator_new(&options);
}

static Status prepare_select(QueryRun *run, Work *work)
{
    Select *select = CONTAINER_OF(work, Select, work);
    SelectPlan *plan = &select->plan;
    TRY(select_plan_make(run, select->ast, plan));
    if (work->plan_only)
        return STATUS_OK;
    make_room(select);
    if (plan->table) {
        RowSourceOptions options = {
            .table = plan->table,
            .path = &plan->path,
            .include_deleted = plan->include_deleted,
            .reverse = plan->reverse,
            .tier = run_tier(run),
        };
        TRY(row_source_open(&run->ctx, run, &options, &select->source));
    }
    select->ended = plan->limit == 0 && !plan->limited_by_server && !plan->grouped;
    bool streams = !plan->grouped && !plan->sorted && run->thread == QUERY_ON_WORKER;
    if (streams)
        return STATUS_OK;
    select->kept = make_sorter(select);
    return gather(select);
}

static Status send_kept(Select *select, bool *ret_done)
{
    bool full = false;
    for (; select->kept_left > 0 && !full; select->kept_left--) {
        TRY(send_row(select, sorter_next(select->kept)));
        full = run_is_full(select->run);
    }
    *ret_done = select->kept_left == 0;
    return STATUS_OK;
}

static Status stream(Select *select, bool *ret_done)
{
    bool full = false;
    TRY(run_require_worker(select->run));
    while (!select->ended && !full) {
        TRY(step(select));
        full = run_is_full(select->run);
    }
    *ret_done = select->ended;
    return STATUS_OK;
}

static Status emit_select(QueryRun *run, Work *work, bool *ret_done)
{
    Select *select = CONTAINER_OF(work, Select, work);
    if (!select->begun) {
        run_begin(run);
        run_columns(run, select->plan.columns, select->plan.output_count);
        select->begun = true;
    }
    TRY(select->kept ? send_kept(select, ret_done) : stream(select, ret_done));
    if (*ret_done) {
        ResultDone done = {.row_count = select->sent, .truncated = select->truncated};
        run_done(run, &done);
    }
    return STATUS_OK;
}

static void close_select(Work *work)
{
    Select *select = CONTAINER_OF(work, Select, work);
    row_source_close(select->source);
    aggregator_free(select->groups);
    sorter_free(select->kept);
    tuple_set_done(&select->seen);
    memory_share_done(&select->seen_share);
}

/* ---- EXPLAIN ---- */

static void explain_order(const SelectPlan *plan, Buf *out)
{
    if (plan->sorted && plan->limit >= 0)
        buf_printf(out,
                   "  Sort: in memory, the first %lld kept\n",
                   (long long)(plan->limit + plan->offset));
    else if (plan->sorted)
        BUF_LIT(out, "  Sort: in memory\n");
    else if (plan->key_count > 0)
        buf_printf(out, "  Sort: none, rows are read %s\n", plan->reverse ? "backwards" : "so");
}

static void explain_select(QueryRun *run, Work *work, Buf *out)
{
    const Select *select = CONTAINER_OF(work, Select, work);
    const SelectPlan *plan = &select->plan;
    BUF_LIT(out, "Own executor: on the reactor when it is short, else on a worker\n");
    if (plan->table) {
        ExplainRows rows = {.table = plan->table,
                            .path = &plan->path,
                            .condition = plan->where,
                            .filter = plan->where,
                            .include_deleted = plan->include_deleted};
        explain_rows(run, out, &rows);
    }
    if (plan->grouped)
        buf_printf(out,
                   "  Group: %zu keys, %zu aggregates\n",
                   plan->grouping.key_count,
                   plan->grouping.call_count);
    if (plan->distinct)
        BUF_LIT(out, "  Distinct\n");
    explain_order(plan, out);
    if (plan->limit >= 0)
        buf_printf(out, "  Limit: %lld\n", (long long)plan->limit);
    if (!work->plan_only)
        buf_printf(out, "  %llu rows read\n", (unsigned long long)select->read);
}

Work *select_work(QueryRun *run, const AstSelect *ast)
{
    Select *select = ARENA_NEW(&run->ctx.arena, Select);
    select->work = (Work){.prepare = prepare_select,
                          .emit = emit_select,
                          .close = close_select,
                          .explain = explain_select};
    select->run = run;
    select->ctx = &run->ctx;
    select->ast = ast;
    return &select->work;
}
