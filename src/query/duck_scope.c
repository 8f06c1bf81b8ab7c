/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of columns, and what they stand for in DuckDB's text.
 */
#include "query/duck_plan_private.h"

#include "expr/nearest.h"

void scope_init(Scope *scope, Planner *planner, Scope *outer)
{
    *scope = (Scope){.planner = planner, .outer = outer};
    plan_resolver_init(scope);
}

uint32_t slot_new(Planner *planner, Str text, Type type)
{
    planner->slots = arena_grow(planner->arena,
                                planner->slots,
                                planner->slot_count,
                                &planner->slot_capacity,
                                sizeof(*planner->slots));
    planner->slots[planner->slot_count] = (Slot){text, type};
    return (uint32_t)planner->slot_count++;
}

ExprScope scope_expr(Scope *scope)
{
    ExprScope expr = run_scope(scope->planner->run, NULL);
    expr.resolver = &scope->resolver;
    return expr;
}

Relation *scope_add_relation(Scope *scope, Str alias, size_t column_count)
{
    Arena *arena = scope->planner->arena;
    Relation *relation = ARENA_NEW(arena, Relation);
    relation->alias = alias;
    relation->columns = ARENA_ARRAY(arena, RelationColumn, column_count + 1);
    relation->column_count = column_count;
    for (size_t i = 0; i < column_count; i++)
        relation->columns[i].relation = relation;
    scope->relations = arena_grow(
        arena, scope->relations, scope->relation_count, &scope->relation_capacity, sizeof(void *));
    scope->relations[scope->relation_count++] = relation;
    return relation;
}

/* ---- finding ---- */

static RelationColumn *find_in(Relation *relation, Str name, bool qualified)
{
    for (size_t i = 0; i < relation->column_count; i++) {
        RelationColumn *column = &relation->columns[i];
        if (str_equal(column->name, name) && (qualified || !column->merged))
            return column;
    }
    return NULL;
}

static Status fail_ambiguous(Context *ctx, const AstName *name)
{
    Status status = fail_at(ctx,
                            STATUS_INVALID_SQL,
                            name->offset,
                            "column '%.*s' is ambiguous: several relations have it",
                            STR_ARG(name->text));
    fail_hint(ctx, "say which one: relation.%.*s", STR_ARG(name->text));
    return status;
}

Status scope_find_among(
    Scope *scope, const AstName *name, size_t from, size_t to, RelationColumn **ret_column)
{
    *ret_column = NULL;
    for (size_t i = from; i < to; i++) {
        RelationColumn *column = find_in(scope->relations[i], name->text, false);
        if (column && *ret_column)
            return fail_ambiguous(scope->planner->ctx, name);
        if (column)
            *ret_column = column;
    }
    return STATUS_OK;
}

static bool has_alias(const Relation *relation, Str qualifier)
{
    return relation->alias.len > 0 && str_equal(relation->alias, qualifier);
}

/* An alias hides no table name, as in the own executor. */
static bool has_table_name(const Relation *relation, Str qualifier)
{
    return relation->ast_name && str_equal(relation->ast_name->name.text, qualifier);
}

Status scope_find_relation(Scope *scope, const AstName *qualifier, Relation **ret_relation)
{
    *ret_relation = NULL;
    for (int pass = 0; pass < 2 && !*ret_relation; pass++) {
        for (size_t i = 0; i < scope->relation_count; i++) {
            Relation *relation = scope->relations[i];
            bool matches = pass == 0 ? has_alias(relation, qualifier->text)
                                     : has_table_name(relation, qualifier->text);
            if (matches && *ret_relation)
                return fail_at(scope->planner->ctx,
                               STATUS_INVALID_SQL,
                               qualifier->offset,
                               "'%.*s' is ambiguous: give each relation an alias of its own",
                               STR_ARG(qualifier->text));
            if (matches)
                *ret_relation = relation;
        }
    }
    return STATUS_OK;
}

static Status find_here(Scope *scope, const AstExpr *ast, RelationColumn **ret_column)
{
    *ret_column = NULL;
    if (!ast->qualifier.text.ptr)
        return scope_find_among(scope, &ast->name, 0, scope->relation_count, ret_column);
    Relation *relation;
    TRY(scope_find_relation(scope, &ast->qualifier, &relation));
    if (relation)
        *ret_column = find_in(relation, ast->name.text, true);
    return STATUS_OK;
}

/* ---- failing ---- */

static Str nearest_column(const Scope *scope, Str name)
{
    Nearest nearest = {.wanted = name};
    for (; scope; scope = scope->outer) {
        for (size_t i = 0; i < scope->relation_count; i++) {
            const Relation *relation = scope->relations[i];
            for (size_t j = 0; j < relation->column_count; j++)
                nearest_offer(&nearest, relation->columns[j].name);
        }
    }
    return nearest.best;
}

static Status fail_unknown(Scope *scope, const AstExpr *ast)
{
    Context *ctx = scope->planner->ctx;
    bool qualified = ast->qualifier.text.ptr != NULL;
    Status status = fail_at(ctx,
                            STATUS_COLUMN_NOT_FOUND,
                            ast->offset,
                            "Column '%.*s%s%.*s' does not exist",
                            STR_ARG(ast->qualifier.text),
                            qualified ? "." : "",
                            STR_ARG(ast->name.text));
    Str nearest = nearest_column(scope, ast->name.text);
    if (nearest.ptr && !str_equal(nearest, ast->name.text))
        fail_hint(ctx, "did you mean '%.*s'?", STR_ARG(nearest));
    else if (ast->name.quoted)
        fail_hint(ctx, "text is written in single quotes");
    return status;
}

static Status fail_ungrouped(Scope *scope, const AstExpr *ast)
{
    return fail_at(scope->planner->ctx,
                   STATUS_INVALID_SQL,
                   ast->offset,
                   "column \"%.*s\" must appear in GROUP BY or inside an aggregate",
                   STR_ARG(ast->name.text));
}

/* ---- resolving ---- */

/* A condition that asks for _deleted wants to see deleted rows. */
static void note_deleted(const RelationColumn *column)
{
    const Relation *relation = column->relation;
    size_t index = (size_t)(column - relation->columns);
    TableSource *source = relation->source;
    if (source && index == source->table->column_count + SYSTEM_COLUMN_DELETED)
        source->include_deleted = true;
}

static Status grouped_slot(Scope *scope, const AstExpr *ast, uint32_t column, uint32_t *ret_slot)
{
    for (size_t i = 0; i < scope->key_count; i++) {
        if (scope->keys[i].column == (int64_t)column) {
            *ret_slot = scope->keys[i].slot;
            return STATUS_OK;
        }
    }
    return fail_ungrouped(scope, ast);
}

Status scope_resolve(Scope *scope, const AstExpr *ast, uint32_t *ret_slot)
{
    bool reads_deleted = scope->reads_deleted;
    for (Scope *at = scope; at; at = at->outer) {
        RelationColumn *column;
        TRY(find_here(at, ast, &column));
        if (!column)
            continue;
        if (reads_deleted)
            note_deleted(column);
        if (at->grouped && at->place != PLACE_ARGUMENT)
            return grouped_slot(at, ast, column->slot, ret_slot);
        *ret_slot = column->slot;
        return STATUS_OK;
    }
    return fail_unknown(scope, ast);
}
