/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EXPLAIN [ANALYZE] SELECT.
 *
 * The statement is planned as it would be to run, by the same code; with ANALYZE
 * it also runs, its rows going nowhere but into a count.
 */
#include "query/explain.h"

#include "base/clock.h"
#include "expr/predicate.h"
#include "query/listing.h"
#include "query/work.h"
#include "sql/printer.h"

/* ---- the tree as written ---- */

static void indent(Buf *out, int level)
{
    for (int i = 0; i < level; i++)
        BUF_LIT(out, "  ");
}

static void print_select(Buf *out, const AstSelect *ast, int level);

static void print_from(Buf *out, const AstFrom *from, int level)
{
    static const char *const JOINS[] = {[AST_JOIN_INNER] = "Join",
                                        [AST_JOIN_LEFT] = "Left join",
                                        [AST_JOIN_RIGHT] = "Right join",
                                        [AST_JOIN_FULL] = "Full join",
                                        [AST_JOIN_CROSS] = "Cross join"};
    indent(out, level);
    if (from->kind == AST_FROM_JOIN) {
        buf_str_append(out, str_from_c(JOINS[from->join]));
        if (from->on) {
            BUF_LIT(out, ": ");
            sql_print_expr(out, from->on);
        }
        BUF_LIT(out, "\n");
        print_from(out, from->left, level + 1);
        print_from(out, from->right, level + 1);
        return;
    }
    if (from->kind == AST_FROM_TABLE) {
        BUF_LIT(out, "Table: ");
        if (from->table.namespace_name.text.ptr)
            buf_printf(out, "%.*s.", STR_ARG(from->table.namespace_name.text));
        buf_str_append(out, from->table.name.text);
    } else if (from->kind == AST_FROM_FUNCTION) {
        BUF_LIT(out, "Function: ");
        sql_print_expr(out, from->function);
    } else {
        BUF_LIT(out, "Query");
    }
    if (from->alias.text.ptr)
        buf_printf(out, " AS %.*s", STR_ARG(from->alias.text));
    BUF_LIT(out, "\n");
    if (from->select)
        print_select(out, from->select, level + 1);
}

static void print_exprs(Buf *out, const AstExpr *const *exprs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            BUF_LIT(out, ", ");
        sql_print_expr(out, exprs[i]);
    }
}

static void print_line(Buf *out, int *level, const char *name, const AstExpr *expr)
{
    if (!expr)
        return;
    indent(out, (*level)++);
    buf_printf(out, "%s: ", name);
    sql_print_expr(out, expr);
    BUF_LIT(out, "\n");
}

static void print_order(Buf *out, int *level, const AstOrderList *list)
{
    if (list->count == 0)
        return;
    indent(out, (*level)++);
    BUF_LIT(out, "Sort: ");
    for (size_t i = 0; i < list->count; i++) {
        if (i > 0)
            BUF_LIT(out, ", ");
        sql_print_expr(out, list->items[i].expr);
        if (list->items[i].descending)
            BUF_LIT(out, " DESC");
    }
    BUF_LIT(out, "\n");
}

static void print_items(Buf *out, int *level, const AstSelect *ast)
{
    indent(out, (*level)++);
    buf_str_append(out, ast->distinct ? STR("Project distinct: ") : STR("Project: "));
    for (size_t i = 0; i < ast->item_count; i++) {
        if (i > 0)
            BUF_LIT(out, ", ");
        sql_print_expr(out, ast->items[i].expr);
        if (ast->items[i].alias.text.ptr)
            buf_printf(out, " AS %.*s", STR_ARG(ast->items[i].alias.text));
    }
    BUF_LIT(out, "\n");
}

static void print_block(Buf *out, const AstSelect *ast, int level)
{
    print_items(out, &level, ast);
    print_line(out, &level, "Having", ast->having);
    if (ast->group_by_count > 0) {
        indent(out, level++);
        BUF_LIT(out, "Group: ");
        print_exprs(out, ast->group_by, ast->group_by_count);
        BUF_LIT(out, "\n");
    }
    print_line(out, &level, "Filter", ast->where);
    if (ast->from)
        print_from(out, ast->from, level);
}

static void print_set_op(Buf *out, const AstSelect *ast, int level)
{
    static const char *const WORDS[] = {
        [AST_SET_UNION] = "Union", [AST_SET_INTERSECT] = "Intersect", [AST_SET_EXCEPT] = "Except"};
    indent(out, level);
    buf_printf(out, "%s%s\n", WORDS[ast->set_op], ast->set_all ? " all" : "");
    print_select(out, ast->left, level + 1);
    print_select(out, ast->right, level + 1);
}

static void print_select(Buf *out, const AstSelect *ast, int level)
{
    for (size_t i = 0; i < ast->cte_count; i++) {
        indent(out, level);
        buf_printf(out, "With: %.*s\n", STR_ARG(ast->ctes[i].name.text));
        print_select(out, ast->ctes[i].select, level + 1);
    }
    print_line(out, &level, "Limit", ast->limit);
    print_line(out, &level, "Offset", ast->limit_offset);
    print_order(out, &level, &ast->order_by);
    if (ast->set_op != AST_SET_NONE) {
        print_set_op(out, ast, level);
    } else if (ast->values) {
        indent(out, level);
        buf_printf(out, "Values: %zu rows\n", ast->values->row_count);
    } else {
        print_block(out, ast, level);
    }
}

void explain_logical(Buf *out, const AstSelect *ast)
{
    print_select(out, ast, 0);
}

/* ---- where rows come from ---- */

static void write_value(Buf *out, const char *before, const Value *value)
{
    buf_str_append(out, str_from_c(before));
    value_write_sql(out, value);
}

/* The range of keys that the filter leaves, as values. */
static void write_range(QueryRun *run, Buf *out, const ExplainRows *rows)
{
    Predicate predicate = predicate_analyse(&run->ctx.arena, rows->condition);
    uint32_t column = (uint32_t)rows->table->primary_key;
    const PredicateBound *bound =
        predicate.branch_count == 1 ? predicate_bound(&predicate.branches[0], column) : NULL;
    BUF_LIT(out, "keys");
    if (bound && rows->path->lower.len > 0)
        write_value(out, bound->lower_inclusive ? " >= " : " > ", bound->lower);
    if (bound && rows->path->upper.len > 0)
        write_value(out, bound->upper_inclusive ? " <= " : " < ", bound->upper);
}

static void write_path(QueryRun *run, Buf *out, const ExplainRows *rows)
{
    const AccessPath *path = rows->path;
    if (rows->table->kind == TABLE_SYSTEM)
        BUF_LIT(out, "generated");
    else if (path->never)
        BUF_LIT(out, "none can match");
    else if (path->by_key)
        buf_printf(out, "%zu looked up by key", path->key_count);
    else if (path->lower.len > 0 || path->upper.len > 0)
        write_range(run, out, rows);
    else
        BUF_LIT(out, "all");
}

void explain_rows(QueryRun *run, Buf *out, const ExplainRows *rows)
{
    buf_printf(out,
               "  Rows: %.*s (%s), ",
               STR_ARG(rows->table->full_name),
               table_kind_word(rows->table->kind));
    write_path(run, out, rows);
    if (rows->include_deleted)
        BUF_LIT(out, ", deleted ones too");
    BUF_LIT(out, "\n");
    if (!rows->filter)
        return;
    BUF_LIT(out, "  Filter: ");
    expr_print(out, rows->filter, rows->table);
    BUF_LIT(out, "\n");
}

/* ---- the statement ---- */

typedef struct Explain {
    Work work;
    const AstExplain *ast;
    Work *inner;
    Listing listing;
    uint64_t row_count;
    int64_t began_us;
} Explain;

static const ResultColumn COLUMNS[] = {
    {.name = STR_INIT("plan_type"), .type = {.kind = TYPE_TEXT}, .not_null = true},
    {.name = STR_INIT("plan"), .type = {.kind = TYPE_TEXT}, .not_null = true},
};

static void count_begin(void *data, const AstStatement *statement)
{
    (void)data;
    (void)statement;
}

static void count_columns(void *data, const ResultColumn *columns, size_t count)
{
    (void)data;
    (void)columns;
    (void)count;
}

static Status count_row(void *data, Context *ctx, const Value *values)
{
    (void)ctx;
    (void)values;
    ++*(uint64_t *)data;
    return STATUS_OK;
}

static void count_done(void *data, const ResultDone *done)
{
    (void)data;
    (void)done;
}

static bool count_is_full(void *data)
{
    (void)data;
    return false;
}

static const ResultSink COUNTING_SINK = {.begin = count_begin,
                                         .columns = count_columns,
                                         .row = count_row,
                                         .done = count_done,
                                         .is_full = count_is_full};

static Status run_inner(QueryRun *run, Explain *explain)
{
    QueryRequest request = run->request;
    Status status = STATUS_OK;
    bool done = false;
    run->request.sink = &COUNTING_SINK;
    run->request.sink_data = &explain->row_count;
    while (status == STATUS_OK && !done)
        status = explain->inner->emit(run, explain->inner, &done);
    run->request = request;
    return status;
}

static void add_row(QueryRun *run, Explain *explain, Str type, const Buf *plan)
{
    Value *row = listing_add(run, &explain->listing);
    row[0] = value_text(type);
    row[1] = value_text(arena_str(&run->ctx.arena, str_trim(buf_str(plan))));
}

static void write_plans(QueryRun *run, Explain *explain)
{
    CLEANUP(buf_done) Buf logical = {0}, physical = {0};
    explain->inner->explain(run, explain->inner, &physical);
    if (explain->ast->analyze) {
        buf_printf(&physical,
                   "  Result: %llu rows in %.3f ms",
                   (unsigned long long)explain->row_count,
                   (double)(clock_monotonic_us() - explain->began_us) / 1000);
        add_row(run, explain, STR("Plan with Metrics"), &physical);
        return;
    }
    explain_logical(&logical, explain->ast->statement->select);
    add_row(run, explain, STR("logical_plan"), &logical);
    add_row(run, explain, STR("physical_plan"), &physical);
}

static Status prepare_explain(QueryRun *run, Work *work)
{
    Explain *explain = CONTAINER_OF(work, Explain, work);
    const AstStatement *statement = explain->ast->statement;
    if (explain->ast->subscribe || statement->kind != AST_SELECT)
        return fail_at(&run->ctx,
                       STATUS_UNSUPPORTED,
                       statement->offset,
                       "EXPLAIN of %s is not supported",
                       ast_kind_name(statement->kind));
    TRY(run_require_worker(run));
    explain->began_us = clock_monotonic_us();
    explain->inner = select_work_chosen(run, statement->select);
    explain->inner->plan_only = !explain->ast->analyze;
    TRY(explain->inner->prepare(run, explain->inner));
    if (explain->ast->analyze)
        TRY(run_inner(run, explain));
    write_plans(run, explain);
    return STATUS_OK;
}

static Status emit_explain(QueryRun *run, Work *work, bool *ret_done)
{
    return listing_emit(run, &CONTAINER_OF(work, Explain, work)->listing, ret_done);
}

static void close_explain(Work *work)
{
    Work *inner = CONTAINER_OF(work, Explain, work)->inner;
    if (inner)
        inner->close(inner);
}

Work *explain_work(QueryRun *run, const AstExplain *ast)
{
    Explain *explain = ARENA_NEW(&run->ctx.arena, Explain);
    explain->work =
        (Work){.prepare = prepare_explain, .emit = emit_explain, .close = close_explain};
    explain->ast = ast;
    explain->listing.columns = COLUMNS;
    explain->listing.column_count = sizeof(COLUMNS) / sizeof(*COLUMNS);
    return &explain->work;
}
