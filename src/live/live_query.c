/* SPDX-License-Identifier: Apache-2.0 */
#include "live/live_query.h"

#include "base/hash.h"
#include "base/memory.h"
#include "sql/parser.h"
#include "value/json.h"

#include <assert.h>

/* ---- what the SELECT may look like ---- */

#define REFUSE(...) fail(ctx, STATUS_INVALID_SQL, "Invalid SQL: Subscription query " __VA_ARGS__)

static Status parse_select(Context *ctx, const LiveQueryText *text, const AstSelect **ret_select)
{
    AstScript script;
    Status status = sql_parse(ctx, text->sql, &script);
    if (status != STATUS_OK)
        return fail(ctx,
                    status == STATUS_SYNTAX_ERROR ? status : STATUS_INVALID_SQL,
                    "Invalid SQL: Subscription query does not parse: %.*s",
                    STR_ARG(arena_str(&ctx->arena, ctx->message)));
    if (script.count != 1)
        return REFUSE("must be a single statement");
    if (script.statements[0]->kind != AST_SELECT)
        return REFUSE("is no SELECT. Only SELECT queries are supported for subscriptions");
    if (script.statements[0]->parameter_count != text->parameters.count)
        return REFUSE("expects %u parameter(s), %zu were given",
                      script.statements[0]->parameter_count,
                      text->parameters.count);
    *ret_select = script.statements[0]->select;
    return STATUS_OK;
}

static const char *from_problem(const AstFrom *from)
{
    if (!from)
        return "has no FROM";
    switch (from->kind) {
    case AST_FROM_TABLE:
        return NULL;
    case AST_FROM_JOIN:
        return from->join == AST_JOIN_CROSS ? "names several tables" : "uses JOIN";
    case AST_FROM_SELECT:
        return "uses a subquery as its source";
    case AST_FROM_FUNCTION:
        return "uses a table function";
    case AST_FROM_VALUES:
        return "uses VALUES";
    }
    return "has an unknown FROM";
}

static Status check_shape(Context *ctx, const AstSelect *select)
{
    const char *clause = select->cte_count        ? "WITH"
                         : select->set_op         ? "a set operation"
                         : select->values         ? "VALUES"
                         : select->order_by.count ? "ORDER BY"
                         : select->limit          ? "LIMIT"
                         : select->limit_offset   ? "OFFSET"
                         : select->distinct       ? "DISTINCT"
                         : select->having         ? "HAVING"
                         : select->group_by_count ? "GROUP BY"
                         : select->as_of_seq      ? "AS OF"
                                                  : NULL;
    if (clause)
        return REFUSE("uses %s; it supports only SELECT ... FROM ... [WHERE ...].", clause);
    const char *problem = from_problem(select->from);
    if (problem)
        return REFUSE("%s; it supports only SELECT ... FROM ... [WHERE ...].", problem);
    if (!select->from->table.namespace_name.text.ptr)
        return REFUSE("names a table without its namespace. Query must use namespace.table format");
    return STATUS_OK;
}

/* ---- the select list ---- */

static void add_column(LiveQuery *query, uint32_t *columns, uint32_t index)
{
    for (uint32_t i = 0; i < query->column_count; i++)
        if (columns[i] == index)
            return;
    columns[query->column_count++] = index;
}

static Status add_named(Context *ctx, LiveQuery *query, uint32_t *columns, const AstItem *item)
{
    const AstExpr *expr = item->expr;
    const Table *table = query->table;
    if (expr->kind != AST_COLUMN || item->alias.text.ptr)
        return REFUSE("may select only plain columns or *, without aliases");
    if (str_equal(expr->name.text, STR("_seq")) || str_equal(expr->name.text, STR("_deleted")))
        return REFUSE("cannot project system columns '_seq' or '_deleted'");
    if (str_equal(expr->name.text, STR("_updated")) && table->kind != TABLE_STREAM) {
        add_column(query, columns, table->column_count + SYSTEM_COLUMN_UPDATED);
        return STATUS_OK;
    }
    int index = table_column(table, expr->name.text);
    if (index < 0)
        return REFUSE("names a column that does not exist: Column '%.*s' does not exist",
                      STR_ARG(expr->name.text));
    add_column(query, columns, (uint32_t)index);
    return STATUS_OK;
}

static Status bind_columns(Context *ctx, LiveQuery *query, const AstSelect *select)
{
    const Table *table = query->table;
    uint32_t *columns = ARENA_ARRAY(&ctx->arena, uint32_t, table_row_width(table) + 1);
    for (size_t i = 0; i < select->item_count; i++) {
        if (select->items[i].expr->kind != AST_STAR) {
            TRY(add_named(ctx, query, columns, &select->items[i]));
            continue;
        }
        query->star = true;
        for (uint32_t column = 0; column < table->column_count; column++)
            add_column(query, columns, column);
    }
    query->selected_count = query->column_count;
    if (table->primary_key >= 0)
        add_column(query, columns, (uint32_t)table->primary_key);
    query->columns = columns;
    return STATUS_OK;
}

/* ---- the condition ---- */

static Status bind_condition(Context *ctx,
                             LiveQuery *query,
                             const AstSelect *select,
                             const Principal *principal,
                             const ExprParameters *parameters)
{
    if (!select->where)
        return STATUS_OK;
    if (select->where_nesting > LIVE_CONDITION_NESTING_MAX)
        return REFUSE("has a WHERE that nests %d levels of parentheses, calls and NOT; it may "
                      "nest %d",
                      select->where_nesting,
                      LIVE_CONDITION_NESTING_MAX);
    ExprEnvironment environment = {.user_id = principal->user_id, .role = principal->role};
    ExprScope scope = {
        .table = query->table,
        .alias = select->from->alias.text,
        .environment = &environment,
        .parameters = parameters,
        .live = true,
    };
    Status status = expr_bind_condition(ctx, &ctx->arena, select->where, &scope, &query->condition);
    if (status != STATUS_OK)
        return REFUSE("has a WHERE that cannot be kept live: %.*s",
                      STR_ARG(arena_str(&ctx->arena, ctx->message)));
    return STATUS_OK;
}

/* ---- equality ---- */

static uint64_t hash_query(const LiveQuery *query)
{
    uint64_t hash = hash_combine(query->table->id, query->table->version);
    hash = hash_combine(hash, hash_seeded(query->owner.user_id));
    hash = hash_combine(hash, query->condition ? expr_hash(query->condition) : 0);
    for (uint32_t i = 0; i < query->column_count; i++)
        hash = hash_combine(hash, query->columns[i]);
    return hash_combine(hash, (uint64_t)(query->star * 2 + query->full));
}

static bool same_condition(const Expr *a, const Expr *b)
{
    return a && b ? expr_equal(a, b) : a == b;
}

bool live_query_equal(const LiveQuery *a, const LiveQuery *b)
{
    if (a->hash != b->hash || a->table->id != b->table->id ||
        a->table->version != b->table->version || a->star != b->star || a->full != b->full ||
        a->column_count != b->column_count || a->selected_count != b->selected_count ||
        !str_equal(a->owner.user_id, b->owner.user_id))
        return false;
    for (uint32_t i = 0; i < a->column_count; i++)
        if (a->columns[i] != b->columns[i])
            return false;
    return same_condition(a->condition, b->condition);
}

/* ---- life cycle ---- */

static Status
find_table(Context *ctx, const Catalog *catalog, const AstTableName *name, const Table **ret_table)
{
    *ret_table = catalog_table(catalog, name->namespace_name.text, name->name.text);
    if (*ret_table)
        return STATUS_OK;
    return fail(ctx,
                STATUS_TABLE_NOT_FOUND,
                "%.*s.%.*s",
                STR_ARG(name->namespace_name.text),
                STR_ARG(name->name.text));
}

static Status check_table(Context *ctx, const Principal *principal, const Table *table)
{
    TRY(authorize(ctx, principal, ACTION_SUBSCRIBE, table));
    if (table->kind != TABLE_SYSTEM)
        return STATUS_OK;
    return fail(ctx,
                STATUS_UNSUPPORTED,
                "live queries on %.*s are not supported",
                STR_ARG(table->full_name));
}

Status live_query_bind(Context *ctx,
                       const Catalog *catalog,
                       const Principal *principal,
                       const LiveQueryText *text,
                       const LiveQuery **ret_query)
{
    const AstSelect *select = NULL;
    LiveQuery *query = ARENA_NEW(&ctx->arena, LiveQuery);
    TRY(parse_select(ctx, text, &select));
    assert(select);
    TRY(check_shape(ctx, select));
    query->table = text->table;
    if (!query->table)
        TRY(find_table(ctx, catalog, &select->from->table, &query->table));
    TRY(check_table(ctx, principal, query->table));
    query->owner = authorizer_owner(principal, query->table);
    query->sql = text->sql;
    query->full = text->full;
    TRY(bind_columns(ctx, query, select));
    TRY(bind_condition(ctx, query, select, principal, &text->parameters));
    query->hash = hash_query(query);
    *ret_query = query;
    return STATUS_OK;
}

static size_t owner_size(Owner owner)
{
    return owner.user_id.len ? arena_rounded(owner.user_id.len + 1) : 0;
}

static size_t kept_size(const LiveQuery *bound)
{
    return arena_rounded(sizeof(*bound)) + arena_rounded(bound->column_count * sizeof(uint32_t)) +
           owner_size(bound->owner) + arena_rounded(bound->sql.len + 1) +
           (bound->condition ? expr_copy_size(bound->condition) : 0);
}

LiveQuery *live_query_keep(const LiveQuery *bound)
{
    size_t size = kept_size(bound);
    Arena arena = arena_over(mem_alloc(size), size);
    LiveQuery *query = arena_alloc(&arena, sizeof(*query)); /* the first: at its begin */
    *query = *bound;
    refcount_init(&query->refs);
    uint32_t *columns = ARENA_ARRAY(&arena, uint32_t, bound->column_count);
    memcpy(columns, bound->columns, bound->column_count * sizeof(*columns));
    query->columns = columns;
    query->table = table_ref((Table *)bound->table);
    query->owner =
        bound->owner.user_id.len ? owner_of(arena_str(&arena, bound->owner.user_id)) : OWNER_SHARED;
    query->sql = arena_str(&arena, bound->sql);
    query->condition = bound->condition ? expr_copy(&arena, bound->condition) : NULL;
    assert(!arena.block);
    return query;
}

LiveQuery *live_query_ref(LiveQuery *query)
{
    refcount_inc(&query->refs);
    return query;
}

void live_query_unref(LiveQuery *query)
{
    if (!query || !refcount_dec(&query->refs))
        return;
    table_unref((Table *)query->table);
    free(query);
}

/* ---- errors ---- */

const char *live_error_code(Status status)
{
    switch (status) {
    case STATUS_INVALID_SQL:
    case STATUS_SYNTAX_ERROR:
        return "INVALID_SQL";
    case STATUS_TABLE_NOT_FOUND:
    case STATUS_NOT_FOUND:
        return "NOT_FOUND";
    case STATUS_PERMISSION_DENIED:
    case STATUS_UNAUTHORIZED:
        return "UNAUTHORIZED";
    case STATUS_TOKEN_EXPIRED:
        return "TOKEN_EXPIRED";
    case STATUS_UNSUPPORTED:
    case STATUS_INVALID_PARAMETER:
    case STATUS_INVALID_INPUT:
        return "UNSUPPORTED";
    default:
        return "SUBSCRIPTION_FAILED";
    }
}

Str live_error_message(Arena *arena, const Context *ctx, Audience audience)
{
    Str text = context_error_text(arena, ctx, audience);
    if (ctx->error != STATUS_TABLE_NOT_FOUND || audience == AUDIENCE_ALL)
        return text;
    return arena_printf(arena, "Not found: %.*s", STR_ARG(text));
}
