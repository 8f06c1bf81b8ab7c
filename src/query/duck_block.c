/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One query block.
 *
 * Without groups:  SELECT outputs, orders FROM .. WHERE ..
 * With groups:     SELECT outputs, orders FROM (SELECT keys AS k0, .., aggregates AS a0, ..
 *                      FROM .. WHERE .. GROUP BY 1, ..) g0 WHERE having
 *
 * So a key is computed in one place, and what stands above groups reads
 * columns.  What ORDER BY and DISTINCT ON want besides the outputs are the
 * columns o0, o1 .., which the query around the block leaves out.
 */
#include "query/duck_plan_private.h"
#include "query/select_plan.h"
#include "sql/printer.h"

enum { CUBE_KEYS_MAX = 10 }; /* it groups by each subset of its keys */

/* An item of the select list: an expression, or a column that * stands for. */
typedef struct Item {
    const AstExpr *ast; /* NULL: the slot */
    uint32_t slot;
    Str name;
    bool aliased;
} Item;

typedef struct Block {
    Planner *planner;
    Scope scope;
    const AstSelect *ast;
    Item *items;
    size_t item_count, item_capacity;
    const Expr **outputs;
    Buf from, where;
    Buf grouped, group_by; /* the keys as columns; GROUP BY their numbers */
    Buf extra;             /* o0, o1 .. */
    size_t extra_count;
} Block;

static void block_done(Block *block)
{
    buf_done(&block->from);
    buf_done(&block->where);
    buf_done(&block->grouped);
    buf_done(&block->group_by);
    buf_done(&block->extra);
}
DEFINE_CLEANUP_IN_PLACE(Block, block_done)

/* ---- the select list ---- */

static void add_item(Block *block, Item item)
{
    block->items = arena_grow(block->planner->arena,
                              block->items,
                              block->item_count,
                              &block->item_capacity,
                              sizeof(*block->items));
    block->items[block->item_count++] = item;
}

static void add_columns(Block *block, const Relation *relation, bool qualified)
{
    for (size_t i = 0; i < relation->column_count; i++) {
        const RelationColumn *column = &relation->columns[i];
        bool shown = !column->hidden && (qualified || !column->merged);
        if (shown)
            add_item(block, (Item){.slot = column->slot, .name = column->name});
    }
}

static Status expand_star(Block *block, const AstExpr *star)
{
    Context *ctx = block->planner->ctx;
    if (!star->qualifier.text.ptr) {
        if (block->scope.relation_count == 0)
            return fail_at(ctx, STATUS_INVALID_SQL, star->offset, "SELECT * needs a FROM clause");
        for (size_t i = 0; i < block->scope.relation_count; i++)
            add_columns(block, block->scope.relations[i], false);
        return STATUS_OK;
    }
    Relation *relation;
    TRY(scope_find_relation(&block->scope, &star->qualifier, &relation));
    if (!relation)
        return fail_at(ctx,
                       STATUS_INVALID_SQL,
                       star->offset,
                       "there is no table '%.*s' in FROM",
                       STR_ARG(star->qualifier.text));
    add_columns(block, relation, true);
    return STATUS_OK;
}

static Status expand_items(Block *block)
{
    const AstSelect *ast = block->ast;
    for (size_t i = 0; i < ast->item_count; i++) {
        const AstItem *item = &ast->items[i];
        if (item->expr->kind == AST_STAR) {
            TRY(expand_star(block, item->expr));
            continue;
        }
        add_item(block,
                 (Item){.ast = item->expr,
                        .name = select_item_name(block->planner->arena, item),
                        .aliased = item->alias.text.ptr != NULL});
    }
    return STATUS_OK;
}

/* The item of that number or alias; SIZE_MAX = none. */
static Status find_item(Block *block, const AstExpr *expr, size_t *ret_item)
{
    int64_t ordinal;
    *ret_item = SIZE_MAX;
    if (expr->kind == AST_NUMBER && str_to_int64(expr->text, &ordinal)) {
        if (ordinal < 1 || (uint64_t)ordinal > block->item_count)
            return fail_at(block->planner->ctx,
                           STATUS_INVALID_SQL,
                           expr->offset,
                           "position %lld is not in the select list",
                           (long long)ordinal);
        *ret_item = (size_t)ordinal - 1;
        return STATUS_OK;
    }
    bool is_name = expr->kind == AST_COLUMN && !expr->qualifier.text.ptr;
    for (size_t i = 0; is_name && i < block->item_count && *ret_item == SIZE_MAX; i++)
        if (block->items[i].aliased && str_equal(block->items[i].name, expr->name.text))
            *ret_item = i;
    return STATUS_OK;
}

/* ---- FROM and WHERE ---- */

static Relation *relation_of(const Scope *scope, uint32_t slot)
{
    for (size_t i = 0; i < scope->relation_count; i++) {
        Relation *relation = scope->relations[i];
        for (size_t j = 0; j < relation->column_count; j++)
            if (relation->columns[j].slot == slot)
                return relation;
    }
    return NULL;
}

/* The table that a condition is about alone, when it may keep rows of it away; NULL = none. */
static Relation *only_table(const Scope *scope, const Expr *term)
{
    const uint32_t *slots;
    size_t count = expr_slots(scope->planner->arena, term, &slots);
    Relation *only = count > 0 ? relation_of(scope, slots[0]) : NULL;
    for (size_t i = 1; i < count && only; i++) {
        if (relation_of(scope, slots[i]) != only)
            return NULL;
    }
    return only && only->source && !only->nullable ? only : NULL;
}

/* The condition as the table's row has its columns. */
static const Expr *over_row(Planner *planner, const Relation *relation, const Expr *term)
{
    const uint32_t *slots;
    size_t count = expr_slots(planner->arena, term, &slots);
    uint32_t *places = ARENA_ARRAY(planner->arena, uint32_t, count + 1);
    for (size_t i = 0; i < count; i++) {
        while (relation->columns[places[i]].slot != slots[i])
            places[i]++;
    }
    ExprPlaces map = {.slots = slots, .places = places, .count = count};
    return expr_renumber(planner->arena, term, &map);
}

/*
 * Rows that a table's own conditions refuse never reach DuckDB.  The range of
 * keys follows from all of them; tested are those that cannot fail, because
 * others would be asked about rows that a condition on another table keeps away.
 */
static void filter_table(Block *block, const Terms *terms, Relation *relation)
{
    Planner *planner = block->planner;
    TableSource *source = relation->source;
    const Expr **own = ARENA_ARRAY(planner->arena, const Expr *, terms->count + 1);
    const Expr **safe = ARENA_ARRAY(planner->arena, const Expr *, terms->count + 1);
    size_t own_count = 0, safe_count = 0;
    for (size_t i = 0; i < terms->count; i++) {
        const Expr *term = terms->items[i];
        if (only_table(&block->scope, term) != relation)
            continue;
        own[own_count] = over_row(planner, relation, term);
        if (!expr_may_fail(term) && !expr_is_volatile(term))
            safe[safe_count++] = own[own_count];
        own_count++;
    }
    if (own_count == 0)
        return;
    source->condition = expr_conjunction(planner->ctx, own, own_count);
    source->filter = expr_conjunction(planner->ctx, safe, safe_count);
    source->path = access_path_make(planner->ctx, source->table, source->condition);
}

static Status read_from(Block *block)
{
    Terms terms = {0};
    if (block->ast->from)
        TRY(plan_from(&block->scope, block->ast->from, &block->from));
    if (!block->ast->where)
        return STATUS_OK;
    block->scope.place = PLACE_CONDITION;
    block->scope.reads_deleted = true;
    TRY(plan_bind_terms(&block->scope, block->ast->where, &terms));
    block->scope.reads_deleted = false;
    BUF_LIT(&block->where, " WHERE ");
    plan_write_conditions(block->planner, &block->where, terms.items, terms.count);
    for (size_t i = 0; i < block->scope.relation_count; i++)
        if (block->scope.relations[i]->source)
            filter_table(block, &terms, block->scope.relations[i]);
    return STATUS_OK;
}

/* ---- GROUP BY ---- */

static bool is_grouped(const Block *block)
{
    const AstSelect *ast = block->ast;
    bool grouped = ast->group_by_count > 0 || ast->having;
    for (size_t i = 0; i < block->item_count; i++)
        grouped = grouped || plan_has_aggregate(block->items[i].ast);
    for (size_t i = 0; i < ast->order_by.count; i++)
        grouped = grouped || plan_has_aggregate(ast->order_by.items[i].expr);
    return grouped;
}

/* Ordinals first, then columns of FROM, then aliases: as the own executor. */
static Status resolve_key(Block *block, const AstExpr *expr, size_t *ret_item)
{
    RelationColumn *column = NULL;
    bool is_name = expr->kind == AST_COLUMN && !expr->qualifier.text.ptr;
    if (is_name)
        TRY(scope_find_among(&block->scope, &expr->name, 0, block->scope.relation_count, &column));
    *ret_item = SIZE_MAX;
    return column ? STATUS_OK : find_item(block, expr, ret_item);
}

static Status bind_item(Block *block, const Item *item, const Expr **ret_expr)
{
    if (item->ast)
        return plan_bind(&block->scope, item->ast, ret_expr);
    Planner *planner = block->planner;
    uint32_t slot = item->slot;
    const Scope *scope = &block->scope;
    if (scope->grouped) {
        size_t key = 0;
        while (key < scope->key_count && scope->keys[key].column != (int64_t)slot)
            key++;
        if (key == scope->key_count)
            return fail_at(planner->ctx,
                           STATUS_INVALID_SQL,
                           block->ast->offset,
                           "column \"%.*s\" must appear in GROUP BY or inside an aggregate",
                           STR_ARG(item->name));
        slot = scope->keys[key].slot;
    }
    *ret_expr = expr_slot(planner->ctx, (ExprSlot){slot, planner->slots[slot].type}, 0);
    return STATUS_OK;
}

static Status bind_key(Block *block, const AstExpr *ast, GroupKey *ret_key)
{
    Planner *planner = block->planner;
    size_t index = block->scope.key_count;
    const Expr *expr;
    size_t item;
    TRY(resolve_key(block, ast, &item));
    ret_key->ast = item != SIZE_MAX && block->items[item].ast ? block->items[item].ast : ast;
    TRY(item != SIZE_MAX ? bind_item(block, &block->items[item], &expr)
                         : plan_bind(&block->scope, ast, &expr));
    Str name = arena_printf(planner->arena, "%.*s.k%zu", STR_ARG(block->scope.group), index);
    ret_key->text = plan_text(planner, expr);
    ret_key->column = expr_column(expr);
    ret_key->slot = slot_new(planner, name, expr_type(expr));
    buf_printf(
        &block->grouped, "%s%.*s AS k%zu", index > 0 ? ", " : "", STR_ARG(ret_key->text), index);
    return STATUS_OK;
}

/* Its number: in ROLLUP (a), ROLLUP (a, b) the key a is there once. */
static Status read_key(Block *block, const AstExpr *ast)
{
    Scope *scope = &block->scope;
    for (size_t i = 0; i < scope->key_count; i++) {
        if (ast_expr_equal(scope->keys[i].ast, ast)) {
            buf_printf(&block->group_by, "%zu", i + 1);
            return STATUS_OK;
        }
    }
    scope->keys = arena_grow(block->planner->arena,
                             scope->keys,
                             scope->key_count,
                             &scope->key_capacity,
                             sizeof(*scope->keys));
    GroupKey key = {0};
    TRY(bind_key(block, ast, &key));
    scope->keys[scope->key_count++] = key;
    buf_printf(&block->group_by, "%zu", scope->key_count);
    return STATUS_OK;
}

/* The parser bounds the depth. */
static Status read_grouping(Block *block, const AstExpr *ast)
{
    static const Str WORDS[] = {[AST_GROUPING_SET] = STR_INIT("("),
                                [AST_GROUPING_ROLLUP] = STR_INIT("ROLLUP ("),
                                [AST_GROUPING_CUBE] = STR_INIT("CUBE ("),
                                [AST_GROUPING_SETS] = STR_INIT("GROUPING SETS (")};
    if (ast->kind != AST_GROUPING)
        return read_key(block, ast);
    if (ast->grouping == AST_GROUPING_CUBE && ast->arg_count > CUBE_KEYS_MAX)
        return fail_at(block->planner->ctx,
                       STATUS_LIMIT_EXCEEDED,
                       ast->offset,
                       "CUBE takes at most %d keys",
                       CUBE_KEYS_MAX);
    buf_str_append(&block->group_by, WORDS[ast->grouping]);
    for (size_t i = 0; i < ast->arg_count; i++) {
        if (i > 0)
            BUF_LIT(&block->group_by, ", ");
        TRY(read_grouping(block, ast->args[i]));
    }
    buf_byte(&block->group_by, ')');
    return STATUS_OK;
}

static Status read_keys(Block *block)
{
    Scope *scope = &block->scope;
    scope->place = PLACE_CONDITION; /* no aggregates in keys */
    scope->group = plan_new_name(block->planner, "g");
    for (size_t i = 0; i < block->ast->group_by_count; i++) {
        buf_str_append(&block->group_by, i > 0 ? STR(", ") : STR(" GROUP BY "));
        TRY(read_grouping(block, block->ast->group_by[i]));
    }
    scope->grouped = true;
    return STATUS_OK;
}

/* SELECT keys, aggregates FROM .. WHERE .. GROUP BY .. */
static void write_groups(Block *block, Buf *out)
{
    const Scope *scope = &block->scope;
    buf_printf(out, "(SELECT %.*s", STR_ARG(buf_str(&block->grouped)));
    for (size_t i = 0; i < scope->call_count; i++) {
        if (i > 0 || scope->key_count > 0)
            BUF_LIT(out, ", ");
        buf_printf(out, "%.*s AS a%zu", STR_ARG(scope->calls[i].text), i);
    }
    if (scope->call_count == 0 && scope->key_count == 0)
        BUF_LIT(out, "count(*) AS a0");
    buf_str_append(out, buf_str(&block->from));
    buf_str_append(out, buf_str(&block->where));
    buf_str_append(out, buf_str(&block->group_by));
    buf_printf(out, ") AS %.*s", STR_ARG(scope->group));
}

/* ---- outputs and orders ---- */

static Status bind_outputs(Block *block, Outputs *ret_outputs)
{
    Planner *planner = block->planner;
    size_t count = block->item_count;
    block->scope.place = PLACE_OUTPUT;
    block->outputs = ARENA_ARRAY(planner->arena, const Expr *, count + 1);
    ret_outputs->items = ARENA_ARRAY(planner->arena, OutputColumn, count + 1);
    ret_outputs->count = count;
    for (size_t i = 0; i < count; i++) {
        TRY(bind_item(block, &block->items[i], &block->outputs[i]));
        ret_outputs->items[i] = (OutputColumn){block->items[i].name, expr_type(block->outputs[i])};
    }
    return STATUS_OK;
}

/* The column of the block that holds the value: an output, or a new one behind them. */
static Status order_column(Block *block, const AstExpr *ast, Str *ret_column)
{
    Planner *planner = block->planner;
    const Expr *expr;
    size_t item;
    TRY(find_item(block, ast, &item));
    for (size_t i = 0; i < block->item_count && item == SIZE_MAX; i++)
        if (block->items[i].ast && ast_expr_equal(block->items[i].ast, ast))
            item = i;
    if (item == SIZE_MAX) {
        TRY(plan_bind(&block->scope, ast, &expr));
        int slot = expr_column(expr);
        for (size_t i = 0; i < block->item_count && item == SIZE_MAX && slot >= 0; i++)
            if (expr_column(block->outputs[i]) == slot)
                item = i;
    }
    if (item != SIZE_MAX) {
        *ret_column = arena_printf(planner->arena, "c%zu", item);
        return STATUS_OK;
    }
    if (block->ast->distinct && block->ast->distinct_on_count == 0)
        return fail_at(planner->ctx,
                       STATUS_INVALID_SQL,
                       ast->offset,
                       "with SELECT DISTINCT, ORDER BY must name a column of the select list");
    *ret_column = arena_printf(planner->arena, "o%zu", block->extra_count++);
    BUF_LIT(&block->extra, ", ");
    plan_write(planner, &block->extra, expr);
    buf_printf(&block->extra, " AS %.*s", STR_ARG(*ret_column));
    return STATUS_OK;
}

static Status bind_orders(Block *block, BlockOrders *ret_orders)
{
    const AstSelect *ast = block->ast;
    Arena *arena = block->planner->arena;
    ret_orders->count = ast->order_by.count;
    ret_orders->columns = ARENA_ARRAY(arena, Str, ret_orders->count + 1);
    for (size_t i = 0; i < ret_orders->count; i++)
        TRY(order_column(block, ast->order_by.items[i].expr, &ret_orders->columns[i]));
    ret_orders->distinct_on_count = ast->distinct_on_count;
    ret_orders->distinct_on = ARENA_ARRAY(arena, Str, ast->distinct_on_count + 1);
    for (size_t i = 0; i < ast->distinct_on_count; i++)
        TRY(order_column(block, ast->distinct_on[i], &ret_orders->distinct_on[i]));
    return STATUS_OK;
}

/* sql.md 3.16: by the first table's key, else its _seq, where the output has it. */
static void find_implicit_order(Block *block, BlockOrders *orders)
{
    orders->primary_key = -1;
    const Scope *scope = &block->scope;
    if (scope->relation_count == 0 || scope->grouped || block->ast->distinct)
        return;
    const Relation *first = scope->relations[0];
    if (!first->source || first->source->table->kind == TABLE_SYSTEM)
        return;
    const Table *table = first->source->table;
    size_t key = table->primary_key >= 0 ? (size_t)table->primary_key : table->column_count;
    orders->first = first->source;
    for (size_t i = 0; i < block->item_count && orders->primary_key < 0; i++)
        if (expr_column(block->outputs[i]) == (int)first->columns[key].slot)
            orders->primary_key = (int)i;
}

/* ---- the whole ---- */

static void write_outputs(Block *block, Buf *out)
{
    bool distinct = block->ast->distinct && block->ast->distinct_on_count == 0;
    buf_str_append(out, distinct ? STR("SELECT DISTINCT ") : STR("SELECT "));
    for (size_t i = 0; i < block->item_count; i++) {
        if (i > 0)
            BUF_LIT(out, ", ");
        plan_write(block->planner, out, block->outputs[i]);
        buf_printf(out, " AS c%zu", i);
    }
    buf_str_append(out, buf_str(&block->extra));
}

static Status write_having(Block *block, Buf *out)
{
    Terms terms = {0};
    if (!block->ast->having)
        return STATUS_OK;
    block->scope.place = PLACE_HAVING;
    TRY(plan_bind_terms(&block->scope, block->ast->having, &terms));
    BUF_LIT(out, " WHERE ");
    plan_write_conditions(block->planner, out, terms.items, terms.count);
    return STATUS_OK;
}

static Status write_block(Block *block, Buf *out)
{
    CLEANUP(buf_done) Buf having = {0};
    TRY(write_having(block, &having)); /* may add aggregates */
    write_outputs(block, out);
    if (!block->scope.grouped) {
        buf_str_append(out, buf_str(&block->from));
        buf_str_append(out, buf_str(&block->where));
        return STATUS_OK;
    }
    BUF_LIT(out, " FROM ");
    write_groups(block, out);
    buf_str_append(out, buf_str(&having));
    return STATUS_OK;
}

Status plan_block(Planner *planner,
                  Scope *outer,
                  const AstSelect *ast,
                  Buf *out,
                  Outputs *ret_outputs,
                  BlockOrders *ret_orders)
{
    CLEANUP(block_done) Block block = {.planner = planner, .ast = ast};
    scope_init(&block.scope, planner, outer);
    *ret_orders = (BlockOrders){.primary_key = -1};
    TRY(read_from(&block));
    TRY(expand_items(&block));
    if (is_grouped(&block))
        TRY(read_keys(&block));
    TRY(bind_outputs(&block, ret_outputs));
    TRY(bind_orders(&block, ret_orders));
    find_implicit_order(&block, ret_orders);
    TRY(write_block(&block, out));
    return block.scope.grouped ? plan_add_fold(planner, ast->offset) : STATUS_OK;
}
