/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FROM: each relation gets a name of ours and columns c0, c1 ..
 */
#include "query/duck_plan_private.h"

static Status from_item(Scope *scope, const AstFrom *from, Buf *out);

static Status count_relation(Planner *planner, const AstFrom *from)
{
    if (planner->relation_count++ < DUCK_RELATIONS_MAX)
        return STATUS_OK;
    return fail_at(planner->ctx,
                   STATUS_LIMIT_EXCEEDED,
                   from->offset,
                   "the statement names more than %d tables and queries in FROM",
                   DUCK_RELATIONS_MAX);
}

/* t (a, b): new names for the first columns. */
static Status rename_columns(Planner *planner, const AstFrom *from, Relation *relation)
{
    const AstNameList *names = &from->column_aliases;
    size_t visible = 0;
    for (size_t i = 0; i < relation->column_count; i++)
        visible += !relation->columns[i].hidden;
    if (names->count > visible)
        return fail_at(planner->ctx,
                       STATUS_INVALID_SQL,
                       names->items[0].offset,
                       "%zu column aliases, but the relation has %zu columns",
                       names->count,
                       visible);
    for (size_t i = 0; i < names->count; i++)
        relation->columns[i].name = names->items[i].text;
    return STATUS_OK;
}

/* ---- tables ---- */

static Str system_column_name(size_t index)
{
    static const Str NAMES[] = {STR_INIT("_seq"), STR_INIT("_updated"), STR_INIT("_deleted")};
    return NAMES[index];
}

/* Streams have _seq only, system tables nothing behind their columns. */
static size_t nameable_columns(const Table *table)
{
    if (table->kind == TABLE_SYSTEM)
        return table->column_count;
    return table->kind == TABLE_STREAM ? table->column_count + 1 : table_row_width(table);
}

static void describe_table(Planner *planner, Relation *relation, Str name)
{
    const Table *table = relation->source->table;
    bool stream = table->kind == TABLE_STREAM;
    for (size_t i = 0; i < relation->column_count; i++) {
        RelationColumn *column = &relation->columns[i];
        bool own = i < table->column_count;
        column->name = own ? table->columns[i].name : system_column_name(i - table->column_count);
        column->hidden = !own && stream;
        Type type = relation->source->scanner->columns[i].type;
        column->slot = plan_column_slot(planner, name, i, type);
    }
}

static size_t add_source(Planner *planner, DuckSource *source)
{
    planner->sources = arena_grow(planner->arena,
                                  planner->sources,
                                  planner->source_count,
                                  &planner->source_capacity,
                                  sizeof(void *));
    planner->sources[planner->source_count] = source;
    return planner->source_count++;
}

static void add_table(Planner *planner, TableSource *source)
{
    planner->tables = arena_grow(planner->arena,
                                 planner->tables,
                                 planner->table_count,
                                 &planner->table_capacity,
                                 sizeof(void *));
    planner->tables[planner->table_count++] = source;
    if (source->table->kind != TABLE_SYSTEM && table_is_sync(source->table))
        planner->run->durable_only = true;
}

/* Where the rows are is known when the conditions are: plan_tables() writes it in place of this. */
static void write_table(Planner *planner, TableSource *source, Buf *out)
{
    source->number = add_source(planner, source->scanner);
    buf_printf(out, "%c%zu%c", PLAN_MARK, planner->table_count - 1, PLAN_MARK);
}

static Status from_table(Scope *scope, const AstFrom *from, Buf *out)
{
    Planner *planner = scope->planner;
    const Table *table;
    TRY(access_table(planner->run, &from->table, ACTION_SELECT, &table));
    Relation *relation = scope_add_relation(scope, from->alias.text, nameable_columns(table));
    Str name = plan_new_name(planner, "r");
    relation->ast_name = &from->table;
    relation->source = table_source_new(planner->run, table);
    add_table(planner, relation->source);
    describe_table(planner, relation, name);
    write_table(planner, relation->source, out);
    buf_printf(out, " AS %.*s", STR_ARG(name));
    return rename_columns(planner, from, relation);
}

/* ---- queries ---- */

static Relation *add_outputs(Scope *scope, Str alias, const Outputs *outputs, Str name)
{
    Relation *relation = scope_add_relation(scope, alias, outputs->count);
    for (size_t i = 0; i < outputs->count; i++) {
        relation->columns[i].name = outputs->items[i].name;
        relation->columns[i].slot =
            plan_column_slot(scope->planner, name, i, outputs->items[i].type);
    }
    return relation;
}

static const Cte *find_cte(const Planner *planner, const AstTableName *name)
{
    if (name->namespace_name.text.ptr)
        return NULL;
    for (const Cte *cte = planner->ctes; cte; cte = cte->outer) {
        if (str_equal(cte->name, name->name.text))
            return cte;
    }
    return NULL;
}

static Status from_cte(Scope *scope, const AstFrom *from, const Cte *cte, Buf *out)
{
    Planner *planner = scope->planner;
    Str name = plan_new_name(planner, "r");
    Relation *relation = add_outputs(scope, from->alias.text, &cte->outputs, name);
    relation->ast_name = &from->table;
    if (planner->fold_height < cte->fold_height)
        planner->fold_height = cte->fold_height;
    buf_printf(out, "%.*s AS %.*s", STR_ARG(cte->text), STR_ARG(name));
    return rename_columns(planner, from, relation);
}

/* Only LATERAL sees what stands left of it. */
static Status from_query(Scope *scope, const AstFrom *from, Buf *out)
{
    Planner *planner = scope->planner;
    Outputs outputs;
    Str name = plan_new_name(planner, "r");
    buf_str_append(out, from->lateral ? STR("LATERAL (") : STR("("));
    TRY(plan_query(planner, from->lateral ? scope : scope->outer, from->select, out, &outputs));
    buf_printf(out, ") AS %.*s", STR_ARG(name));
    return rename_columns(planner, from, add_outputs(scope, from->alias.text, &outputs, name));
}

/* generate_series(first, last [, step]) */
static Status from_function(Scope *scope, const AstFrom *from, Buf *out)
{
    Planner *planner = scope->planner;
    const AstExpr *call = from->function;
    Str name = plan_new_name(planner, "r");
    OutputColumn column = {call->text, TYPE(BIGINT)};
    Outputs outputs = {&column, 1};
    if (!str_equal(call->text, STR("generate_series")))
        return fail_at(planner->ctx,
                       STATUS_UNSUPPORTED,
                       call->offset,
                       "%.*s() is no table to select from; there is generate_series()",
                       STR_ARG(call->text));
    if (call->arg_count < 2 || call->arg_count > 3)
        return fail_at(planner->ctx,
                       STATUS_INVALID_SQL,
                       call->offset,
                       "generate_series() takes first, last and, if not 1, the step");
    BUF_LIT(out, "generate_series(");
    for (size_t i = 0; i < call->arg_count; i++) {
        ExprScope none = run_scope(planner->run, NULL);
        const Expr *expr;
        TRY(expr_bind_as(planner->ctx, planner->arena, call->args[i], &none, TYPE(BIGINT), &expr));
        if (i > 0)
            BUF_LIT(out, ", ");
        plan_write(planner, out, expr);
    }
    buf_printf(out, ") AS %.*s(c0)", STR_ARG(name));
    return rename_columns(planner, from, add_outputs(scope, from->alias.text, &outputs, name));
}

/* ---- joins ---- */

/* Relations of the scope, from .. to - 1. */
typedef struct Range {
    size_t from, to;
} Range;

static void mark_nullable(Scope *scope, Range range)
{
    for (size_t i = range.from; i < range.to; i++)
        scope->relations[i]->nullable = true;
}

/* What two columns of USING become: the one that is there. */
static Status merge_columns(Scope *scope,
                            const AstFrom *join,
                            const RelationColumn *left,
                            const RelationColumn *right,
                            uint32_t *ret_slot)
{
    Planner *planner = scope->planner;
    const Slot *slots = planner->slots;
    AstExpr at = {.offset = join->offset};
    const Expr *sides[] = {
        expr_slot(planner->ctx, (ExprSlot){left->slot, slots[left->slot].type}, join->offset),
        expr_slot(planner->ctx, (ExprSlot){right->slot, slots[right->slot].type}, join->offset)};
    Type type;
    TRY(expr_common_type(planner->ctx, &at, sides, 2, &type));
    Str texts[] = {plan_text(planner, sides[0]), plan_text(planner, sides[1])};
    Str text = texts[join->join == AST_JOIN_RIGHT];
    if (join->join == AST_JOIN_FULL)
        text = arena_printf(
            planner->arena, "COALESCE(%.*s, %.*s)", STR_ARG(texts[0]), STR_ARG(texts[1]));
    *ret_slot = slot_new(planner, text, type);
    return STATUS_OK;
}

typedef struct Using {
    const AstFrom *join;
    Range left, right;
    Relation *merged;
    const Expr **terms;
    size_t count;
} Using;

static Status find_side(Scope *scope, const AstName *name, Range range, RelationColumn **ret_column)
{
    TRY(scope_find_among(scope, name, range.from, range.to, ret_column));
    if (*ret_column)
        return STATUS_OK;
    return fail_at(scope->planner->ctx,
                   STATUS_COLUMN_NOT_FOUND,
                   name->offset,
                   "Column '%.*s' does not exist on both sides of the join",
                   STR_ARG(name->text));
}

static Status use_column(Scope *scope, Using *using, const AstName *name)
{
    Planner *planner = scope->planner;
    RelationColumn *left, *right;
    RelationColumn *merged = &using->merged->columns[using->count];
    AstExpr at = {.offset = name->offset ? name->offset : using->join->offset};
    TRY(find_side(scope, name, using->left, &left));
    TRY(find_side(scope, name, using->right, &right));
    merged->name = name->text;
    TRY(merge_columns(scope, using->join, left, right, &merged->slot));
    const Slot *slots = planner->slots;
    const Expr *a = expr_slot(planner->ctx, (ExprSlot){left->slot, slots[left->slot].type}, 0);
    const Expr *b = expr_slot(planner->ctx, (ExprSlot){right->slot, slots[right->slot].type}, 0);
    TRY(expr_equality(planner->ctx, &at, a, b, &using->terms[using->count]));
    left->merged = right->merged = true;
    using->count++;
    return STATUS_OK;
}

/* The merged columns come before those of both sides. */
static void put_in_front(Scope *scope, size_t at)
{
    Relation *merged = scope->relations[scope->relation_count - 1];
    memmove(&scope->relations[at + 1],
            &scope->relations[at],
            (scope->relation_count - 1 - at) * sizeof(void *));
    scope->relations[at] = merged;
}

static Status join_using(Scope *scope, const AstNameList *names, Using *using, Buf *out)
{
    Planner *planner = scope->planner;
    using->merged = scope_add_relation(scope, STR_NULL, names->count);
    using->merged->column_count = 0; /* not to be found while they are looked up */
    using->terms = ARENA_ARRAY(planner->arena, const Expr *, names->count + 1);
    for (size_t i = 0; i < names->count; i++)
        TRY(use_column(scope, using, &names->items[i]));
    using->merged->column_count = names->count;
    put_in_front(scope, using->left.from);
    BUF_LIT(out, " ON (");
    plan_write_conditions(planner, out, using->terms, using->count);
    buf_byte(out, ')');
    return STATUS_OK;
}

/* NATURAL: the names that both sides show. */
static AstNameList common_names(Scope *scope, const Using *using)
{
    Arena *arena = scope->planner->arena;
    AstName *names = NULL;
    size_t count = 0, capacity = 0;
    for (size_t i = using->left.from; i < using->left.to; i++) {
        const Relation *relation = scope->relations[i];
        for (size_t j = 0; j < relation->column_count; j++) {
            const RelationColumn *column = &relation->columns[j];
            AstName name = {.text = column->name, .offset = using->join->offset};
            RelationColumn *other = NULL;
            bool system = column->name.len > 0 && column->name.ptr[0] == '_' && relation->source;
            if (column->merged || column->hidden || system)
                continue;
            Status status =
                scope_find_among(scope, &name, using->right.from, using->right.to, &other);
            if (status != STATUS_OK || !other)
                continue;
            names = arena_grow(arena, names, count, &capacity, sizeof(*names));
            names[count++] = name;
        }
    }
    context_clear_error(scope->planner->ctx);
    return (AstNameList){names, count};
}

static Status join_on(Scope *scope, const AstExpr *on, Buf *out)
{
    Terms terms = {0};
    scope->place = PLACE_CONDITION;
    scope->reads_deleted = true;
    TRY(plan_bind_terms(scope, on, &terms));
    scope->reads_deleted = false;
    BUF_LIT(out, " ON (");
    plan_write_conditions(scope->planner, out, terms.items, terms.count);
    buf_byte(out, ')');
    return STATUS_OK;
}

static Status join_condition(Scope *scope, Using *using, Buf *out)
{
    const AstFrom *join = using->join;
    AstNameList names = join->natural ? common_names(scope, using) : join->using_columns;
    if (join->on)
        return join_on(scope, join->on, out);
    if (names.count > 0)
        return join_using(scope, &names, using, out);
    if (join->natural)
        BUF_LIT(out, " ON (TRUE)");
    return STATUS_OK;
}

static Status from_join(Scope *scope, const AstFrom *join, Buf *out)
{
    static const Str WORDS[] = {[AST_JOIN_INNER] = STR_INIT(" JOIN "),
                                [AST_JOIN_LEFT] = STR_INIT(" LEFT JOIN "),
                                [AST_JOIN_RIGHT] = STR_INIT(" RIGHT JOIN "),
                                [AST_JOIN_FULL] = STR_INIT(" FULL JOIN "),
                                [AST_JOIN_CROSS] = STR_INIT(" CROSS JOIN ")};
    Using using = {.join = join};
    if (join->alias.text.ptr)
        return plan_unsupported(scope->planner, join->offset, "an alias for a whole join");
    buf_byte(out, '(');
    using.left.from = scope->relation_count;
    TRY(from_item(scope, join->left, out));
    using.left.to = using.right.from = scope->relation_count;
    buf_str_append(out, WORDS[join->join]);
    TRY(from_item(scope, join->right, out));
    using.right.to = scope->relation_count;
    TRY(join_condition(scope, &using, out));
    buf_byte(out, ')');
    if (join->join == AST_JOIN_RIGHT || join->join == AST_JOIN_FULL)
        mark_nullable(scope, using.left);
    if (join->join == AST_JOIN_LEFT || join->join == AST_JOIN_FULL)
        mark_nullable(scope, using.right);
    return STATUS_OK;
}

/* ---- all ---- */

static Status from_item(Scope *scope, const AstFrom *from, Buf *out)
{
    const Cte *cte = NULL;
    if (from->kind != AST_FROM_JOIN)
        TRY(count_relation(scope->planner, from));
    switch (from->kind) {
    case AST_FROM_TABLE:
        cte = find_cte(scope->planner, &from->table);
        return cte ? from_cte(scope, from, cte, out) : from_table(scope, from, out);
    case AST_FROM_SELECT:
    case AST_FROM_VALUES:
        return from_query(scope, from, out);
    case AST_FROM_FUNCTION:
        return from_function(scope, from, out);
    case AST_FROM_JOIN:
        return from_join(scope, from, out);
    }
    return STATUS_OK;
}

Status plan_from(Scope *scope, const AstFrom *from, Buf *out)
{
    BUF_LIT(out, " FROM ");
    return from_item(scope, from, out);
}
