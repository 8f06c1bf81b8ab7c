/* SPDX-License-Identifier: Apache-2.0 */
#include "query/select_plan.h"

#include "query/access.h"
#include "sql/printer.h"

/* What making a plan needs besides the plan. */
typedef struct Planner {
    QueryRun *run;
    Context *ctx;
    const AstSelect *ast;
    SelectPlan *plan;
    ExprScope scope;
    const AstItem *items; /* stars expanded */
    size_t item_count;
} Planner;

/* ---- what is not here ---- */

static Status unsupported(Planner *planner, size_t offset, const char *feature)
{
    return fail_at(planner->ctx, STATUS_UNSUPPORTED, offset, "%s is not supported", feature);
}

static const char *unsupported_from(const AstFrom *from)
{
    switch (from->kind) {
    case AST_FROM_TABLE:
        return from->column_aliases.count ? "a list of column aliases" : NULL;
    case AST_FROM_SELECT:
        return "a subquery in FROM";
    case AST_FROM_FUNCTION:
        return "a table function";
    case AST_FROM_JOIN:
        return "a join of several tables";
    case AST_FROM_VALUES:
        return "VALUES in FROM";
    }
    return NULL;
}

static Status check_supported(Planner *planner)
{
    const AstSelect *ast = planner->ast;
    if (ast->cte_count)
        return unsupported(planner, ast->offset, "WITH (a common table expression)");
    if (ast->set_op != AST_SET_NONE)
        return unsupported(planner, ast->offset, "UNION, INTERSECT or EXCEPT");
    if (ast->values)
        return unsupported(planner, ast->offset, "VALUES as a query");
    if (ast->distinct_on_count)
        return unsupported(planner, ast->distinct_on[0]->offset, "DISTINCT ON");
    if (ast->as_of_seq)
        return unsupported(planner, ast->as_of_seq->offset, "AS OF SEQ");
    const char *feature = ast->from ? unsupported_from(ast->from) : NULL;
    return feature ? unsupported(planner, ast->from->offset, feature) : STATUS_OK;
}

/* ---- FROM and WHERE ---- */

static Status plan_from(Planner *planner)
{
    const AstFrom *from = planner->ast->from;
    if (from)
        TRY(access_table(planner->run, &from->table, ACTION_SELECT, &planner->plan->table));
    planner->scope = run_scope(planner->run, planner->plan->table);
    if (from)
        planner->scope.alias = from->alias.text;
    return STATUS_OK;
}

static bool reads_column(Planner *planner, const Expr *expr, size_t row_index)
{
    size_t words = table_row_width(planner->plan->table) / 64 + 1;
    uint64_t *used = ARENA_ARRAY(&planner->ctx->arena, uint64_t, words);
    expr_columns_used(expr, used, words);
    return used[row_index / 64] >> (row_index % 64) & 1;
}

static Status plan_where(Planner *planner)
{
    SelectPlan *plan = planner->plan;
    if (planner->ast->where)
        TRY(expr_bind_condition(planner->ctx,
                                &planner->ctx->arena,
                                planner->ast->where,
                                &planner->scope,
                                &plan->where));
    if (!plan->table)
        return STATUS_OK;
    plan->include_deleted =
        plan->where &&
        reads_column(planner, plan->where, plan->table->column_count + SYSTEM_COLUMN_DELETED);
    plan->path = access_path_make(planner->ctx, plan->table, plan->where);
    return STATUS_OK;
}

/* ---- the select list ---- */

static size_t star_width(const Table *table)
{
    bool rows = table->kind == TABLE_USER || table->kind == TABLE_SHARED;
    return table->column_count + (rows ? SYSTEM_COLUMN_COUNT : 0);
}

static Str star_column_name(const Table *table, size_t index)
{
    static const Str SYSTEM_NAMES[] = {
        STR_INIT("_seq"), STR_INIT("_updated"), STR_INIT("_deleted")};
    return index < table->column_count ? table->columns[index].name
                                       : SYSTEM_NAMES[index - table->column_count];
}

static Status check_star(Planner *planner, const AstExpr *star)
{
    const Table *table = planner->plan->table;
    if (!table)
        return fail_at(
            planner->ctx, STATUS_INVALID_SQL, star->offset, "SELECT * needs a FROM clause");
    Str qualifier = star->qualifier.text;
    Str name = planner->scope.alias.len ? planner->scope.alias : table->name;
    if (!qualifier.ptr || str_equal(qualifier, name))
        return STATUS_OK;
    return fail_at(planner->ctx,
                   STATUS_INVALID_SQL,
                   star->offset,
                   "there is no table '%.*s' in FROM",
                   STR_ARG(qualifier));
}

static void expand_star(Planner *planner, const AstExpr *star, AstItem *items)
{
    const Table *table = planner->plan->table;
    for (size_t i = 0; i < star_width(table); i++) {
        AstExpr *column = ARENA_NEW(&planner->ctx->arena, AstExpr);
        column->kind = AST_COLUMN;
        column->offset = star->offset;
        column->name = (AstName){.text = star_column_name(table, i), .offset = star->offset};
        items[i].expr = column;
    }
}

static Status expand_items(Planner *planner)
{
    const AstSelect *ast = planner->ast;
    size_t width = planner->plan->table ? star_width(planner->plan->table) : 0;
    size_t count = 0;
    for (size_t i = 0; i < ast->item_count; i++)
        count += ast->items[i].expr->kind == AST_STAR ? width : 1;

    AstItem *items = ARENA_ARRAY(&planner->ctx->arena, AstItem, count);
    size_t at = 0;
    for (size_t i = 0; i < ast->item_count; i++) {
        if (ast->items[i].expr->kind != AST_STAR) {
            items[at++] = ast->items[i];
            continue;
        }
        TRY(check_star(planner, ast->items[i].expr));
        expand_star(planner, ast->items[i].expr, items + at);
        at += width;
    }
    planner->items = items;
    planner->item_count = count;
    return STATUS_OK;
}

Str select_item_name(Arena *arena, const AstItem *item)
{
    if (item->alias.text.ptr)
        return item->alias.text;
    if (item->expr->kind == AST_COLUMN)
        return item->expr->name.text;
    CLEANUP(buf_done) Buf text = {0};
    sql_print_expr(&text, item->expr);
    return arena_str(arena, buf_str(&text));
}

static void describe_output(Planner *planner, size_t index)
{
    SelectPlan *plan = planner->plan;
    ResultColumn *column = &plan->columns[index];
    const Expr *expr = plan->outputs[index];
    column->name = select_item_name(&planner->ctx->arena, &planner->items[index]);
    column->type = expr_type(expr);
    if (column->type.kind == TYPE_NULL)
        column->type = TYPE(TEXT);

    int row_index = plan->grouped || !plan->table ? -1 : expr_column(expr);
    if (row_index < 0)
        return;
    uint32_t column_count = plan->table->column_count;
    if ((uint32_t)row_index < column_count) {
        column->primary_key = plan->table->columns[row_index].primary_key;
        column->not_null = plan->table->columns[row_index].not_null || column->primary_key;
    } else {
        column->not_null = (uint32_t)row_index != column_count + SYSTEM_COLUMN_UPDATED;
    }
}

static Status plan_outputs(Planner *planner)
{
    SelectPlan *plan = planner->plan;
    Arena *arena = &planner->ctx->arena;
    plan->output_count = planner->item_count;
    plan->outputs = ARENA_ARRAY(arena, const Expr *, plan->output_count);
    plan->columns = ARENA_ARRAY(arena, ResultColumn, plan->output_count);
    for (size_t i = 0; i < plan->output_count; i++) {
        TRY(expr_bind(
            planner->ctx, arena, planner->items[i].expr, &planner->scope, &plan->outputs[i]));
        describe_output(planner, i);
    }
    return STATUS_OK;
}

/* ---- GROUP BY ---- */

static bool is_aggregate_name(Str name)
{
    static const Str NAMES[] = {
        STR_INIT("count"), STR_INIT("sum"), STR_INIT("avg"), STR_INIT("min"), STR_INIT("max")};
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(*NAMES); i++)
        if (str_equal(NAMES[i], name))
            return true;
    return false;
}

/* The parser bounds the depth. */
static bool has_aggregate(const AstExpr *expr)
{
    if (!expr)
        return false;
    if (expr->kind == AST_FUNCTION && is_aggregate_name(expr->text))
        return true;
    for (size_t i = 0; i < expr->arg_count; i++)
        if (has_aggregate(expr->args[i]))
            return true;
    for (size_t i = 0; i < expr->when_count; i++)
        if (has_aggregate(expr->whens[i].condition) || has_aggregate(expr->whens[i].result))
            return true;
    return has_aggregate(expr->operand) || has_aggregate(expr->otherwise);
}

static bool is_grouped(const Planner *planner)
{
    const AstSelect *ast = planner->ast;
    bool grouped = ast->group_by_count > 0 || ast->having;
    for (size_t i = 0; i < planner->item_count; i++)
        grouped = grouped || has_aggregate(planner->items[i].expr);
    for (size_t i = 0; i < ast->order_by.count; i++)
        grouped = grouped || has_aggregate(ast->order_by.items[i].expr);
    return grouped;
}

/* 1, 2 .. in GROUP BY and ORDER BY; *ret_item is unchanged when expr is no such number. */
static Status find_ordinal(Planner *planner, const AstExpr *expr, size_t *ret_item)
{
    int64_t ordinal;
    if (expr->kind != AST_NUMBER || !str_to_int64(expr->text, &ordinal))
        return STATUS_OK;
    if (ordinal < 1 || (uint64_t)ordinal > planner->item_count)
        return fail_at(planner->ctx,
                       STATUS_INVALID_SQL,
                       expr->offset,
                       "position %lld is not in the select list",
                       (long long)ordinal);
    *ret_item = (size_t)ordinal - 1;
    return STATUS_OK;
}

static void find_alias(const Planner *planner, const AstExpr *expr, size_t *ret_item)
{
    if (expr->kind != AST_COLUMN || expr->qualifier.text.ptr)
        return;
    for (size_t i = 0; i < planner->item_count; i++)
        if (planner->items[i].alias.text.ptr &&
            str_equal(planner->items[i].alias.text, expr->name.text)) {
            *ret_item = i;
            return;
        }
}

/* Ordinals first, then the table's columns, then aliases. */
static Status resolve_group_key(Planner *planner, const AstExpr *expr, const AstExpr **ret_key)
{
    size_t item = SIZE_MAX;
    TRY(find_ordinal(planner, expr, &item));
    const Table *table = planner->plan->table;
    bool is_column = expr->kind == AST_COLUMN && table && table_column(table, expr->name.text) >= 0;
    if (item == SIZE_MAX && !is_column)
        find_alias(planner, expr, &item);
    *ret_key = item == SIZE_MAX ? expr : planner->items[item].expr;
    return STATUS_OK;
}

static Status plan_groups(Planner *planner)
{
    SelectPlan *plan = planner->plan;
    const AstSelect *ast = planner->ast;
    Arena *arena = &planner->ctx->arena;
    plan->grouped = is_grouped(planner);
    if (!plan->grouped)
        return STATUS_OK;

    size_t count = ast->group_by_count;
    const AstExpr **keys = ARENA_ARRAY(arena, const AstExpr *, count);
    const Expr **exprs = ARENA_ARRAY(arena, const Expr *, count);
    for (size_t i = 0; i < count; i++) {
        TRY(resolve_group_key(planner, ast->group_by[i], &keys[i]));
        TRY(expr_bind(planner->ctx, arena, keys[i], &planner->scope, &exprs[i]));
    }
    plan->grouping = (ExprGrouping){.keys = keys, .key_exprs = exprs, .key_count = count};
    planner->scope.grouping = &plan->grouping;
    if (!ast->having)
        return STATUS_OK;
    return expr_bind_condition(planner->ctx, arena, ast->having, &planner->scope, &plan->having);
}

/* ---- ORDER BY ---- */

/* The item whose value an order wants, or none when it wants something else. */
static Status find_item(Planner *planner, const AstExpr *expr, size_t *ret_item)
{
    *ret_item = SIZE_MAX;
    TRY(find_ordinal(planner, expr, ret_item));
    if (*ret_item == SIZE_MAX)
        find_alias(planner, expr, ret_item);
    for (size_t i = 0; i < planner->item_count && *ret_item == SIZE_MAX; i++)
        if (ast_expr_equal(planner->items[i].expr, expr))
            *ret_item = i;
    return STATUS_OK;
}

static Status plan_sort_key(Planner *planner, const AstExpr *expr, SortKey *ret_key)
{
    size_t item;
    *ret_key = (SortKey){0};
    TRY(find_item(planner, expr, &item));
    if (item != SIZE_MAX) {
        ret_key->output = item;
        return STATUS_OK;
    }
    if (planner->plan->distinct)
        return fail_at(planner->ctx,
                       STATUS_INVALID_SQL,
                       expr->offset,
                       "with SELECT DISTINCT, ORDER BY must name a column of the select list");
    return expr_bind(planner->ctx, &planner->ctx->arena, expr, &planner->scope, &ret_key->expr);
}

/* The row index by which the source orders its rows, no two being equal; -1 = by none. */
static int source_order(const Table *table)
{
    if (table->kind == TABLE_STREAM)
        return (int)table->column_count + SYSTEM_COLUMN_SEQ;
    return table->kind == TABLE_SYSTEM ? -1 : table->primary_key;
}

/* Does reading the source forwards or backwards give the order already? */
static bool order_is_free(const SelectPlan *plan)
{
    if (plan->key_count == 0)
        return true;
    if (plan->grouped || !plan->table)
        return false;
    const SortKey *first = &plan->keys[0];
    const Expr *expr = first->expr ? first->expr : plan->outputs[first->output];
    int row_index = expr_column(expr);
    return row_index >= 0 && row_index == source_order(plan->table);
}

static Status plan_order(Planner *planner)
{
    SelectPlan *plan = planner->plan;
    const AstOrderList *list = &planner->ast->order_by;
    SortKey *keys = ARENA_ARRAY(&planner->ctx->arena, SortKey, list->count);
    SortOrder *orders = ARENA_ARRAY(&planner->ctx->arena, SortOrder, list->count);
    for (size_t i = 0; i < list->count; i++) {
        const AstOrder *order = &list->items[i];
        TRY(plan_sort_key(planner, order->expr, &keys[i]));
        orders[i].descending = order->descending;
        orders[i].nulls_first = order->nulls_given ? order->nulls_first : order->descending;
    }
    plan->keys = keys;
    plan->orders = orders;
    plan->key_count = list->count;
    plan->sorted = !order_is_free(plan);
    plan->reverse = !plan->sorted && list->count > 0 && orders[0].descending;
    return STATUS_OK;
}

/* ---- LIMIT ---- */

Status select_plan_count(QueryRun *run, const AstExpr *ast, const char *clause, int64_t *ret_count)
{
    Context *ctx = &run->ctx;
    *ret_count = -1;
    if (!ast)
        return STATUS_OK;
    ExprScope scope = run_scope(run, NULL);
    const Expr *expr;
    Value value;
    TRY(expr_bind_as(ctx, &ctx->arena, ast, &scope, TYPE(BIGINT), &expr));
    TRY(expr_eval(ctx, expr, NULL, &value));
    if (value_is_null(&value))
        return STATUS_OK;
    if (value.integer < 0)
        return fail_at(ctx,
                       STATUS_INVALID_SQL,
                       ast->offset,
                       "%s must not be negative, it is %lld",
                       clause,
                       (long long)value.integer);
    *ret_count = value.integer;
    return STATUS_OK;
}

static bool lower(int64_t *limit, int64_t server_limit)
{
    if (server_limit <= 0 || (*limit >= 0 && *limit <= server_limit))
        return false;
    *limit = server_limit;
    return true;
}

bool select_plan_limit(const QueryRun *run, int64_t *limit)
{
    const QueryLimits *limits = &run->limits;
    bool lowered = *limit < 0 && lower(limit, limits->default_query_limit);
    return lower(limit, limits->max_query_limit) || lowered;
}

static Status plan_limit(Planner *planner)
{
    SelectPlan *plan = planner->plan;
    TRY(select_plan_count(planner->run, planner->ast->limit, "LIMIT", &plan->limit));
    TRY(select_plan_count(planner->run, planner->ast->limit_offset, "OFFSET", &plan->offset));
    if (plan->offset < 0)
        plan->offset = 0;
    plan->limited_by_server = select_plan_limit(planner->run, &plan->limit);
    return STATUS_OK;
}

Status select_plan_make(QueryRun *run, const AstSelect *ast, SelectPlan *ret_plan)
{
    /* In its place from the start: the scope points into it. */
    SelectPlan *plan = ret_plan;
    *plan = (SelectPlan){.distinct = ast->distinct};
    Planner planner = {.run = run, .ctx = &run->ctx, .ast = ast, .plan = plan};
    TRY(check_supported(&planner));
    TRY(plan_from(&planner));
    TRY(plan_where(&planner));
    TRY(expand_items(&planner));
    TRY(plan_groups(&planner));
    TRY(plan_outputs(&planner));
    TRY(plan_order(&planner));
    return plan_limit(&planner);
}
