/* SPDX-License-Identifier: Apache-2.0 */
#include "query/cold_relation.h"

#include "expr/predicate.h"
#include "query/access.h"

/* ---- the view ---- */

static bool may_be_cold(QueryRun *run, const Table *table)
{
    bool has_rows = table->kind == TABLE_USER || table->kind == TABLE_SHARED;
    return has_rows && run->engine->cold && !run->transaction &&
           catalog_table_is_cold(run->snapshot->catalog, table->id);
}

Status cold_relation_open(QueryRun *run, TableSource *source)
{
    if (!may_be_cold(run, source->table) || source->path.by_key || source->path.never)
        return STATUS_OK;
    ColdViewOptions options = {
        .snapshot = run_row_snapshot(run, source->table),
        .table = source->table,
        .owner = run_owner(run, source->table),
        .tier = STORE_READ_ANY,
    };
    return cold_view_open(&run->ctx, run->engine->cold, &options, &source->view);
}

void cold_relation_close(TableSource *source)
{
    cold_view_close(TAKE(source->view));
}

/* ---- what the condition says about the files ---- */

static Value bound_value(const Value *value)
{
    return value ? *value : VALUE_NULL;
}

static void add_bound(ColdRelation *relation, ColdBound *bounds, ColdBound bound)
{
    bounds[relation->bound_count++] = bound;
}

static ColdBound pin_bound(const PredicatePin *pin)
{
    ColdBound bound = {.column = pin->column, .lower = pin->values[0], .upper = pin->values[0]};
    for (size_t i = 1; i < pin->count; i++) {
        if (value_compare(&pin->values[i], &bound.lower) < 0)
            bound.lower = pin->values[i];
        if (value_compare(&pin->values[i], &bound.upper) > 0)
            bound.upper = pin->values[i];
    }
    return bound;
}

/* _seq itself, and _updated, which is its time. */
static void bound_seq(ColdRelation *relation, const Table *table, const ColdBound *bound)
{
    bool updated = bound->column == table->column_count + SYSTEM_COLUMN_UPDATED;
    if (!updated && bound->column != table->column_count + SYSTEM_COLUMN_SEQ)
        return;
    int64_t lower = value_is_null(&bound->lower) ? 0 : bound->lower.integer;
    int64_t upper = value_is_null(&bound->upper) ? 0 : bound->upper.integer;
    if (updated && lower > 0)
        lower = (int64_t)snowflake_from_ms(lower / 1000);
    if (updated && upper > 0)
        upper = (int64_t)snowflake_from_ms(upper / 1000 + 1);
    if (lower > 0 && (SeqNo)lower > relation->seq_min)
        relation->seq_min = (SeqNo)lower;
    if (upper > 0 && (relation->seq_max == 0 || (SeqNo)upper < relation->seq_max))
        relation->seq_max = (SeqNo)upper;
}

static void note_bound(ColdRelation *relation, ColdBound *bounds, ColdBound bound)
{
    if (bound.column < relation->table->column_count)
        add_bound(relation, bounds, bound);
    else
        bound_seq(relation, relation->table, &bound);
}

static ColdRelation describe(QueryRun *run, const TableSource *source)
{
    Arena *arena = &run->ctx.arena;
    ColdRelation relation = {
        .table = source->table,
        .key_lower = source->path.lower,
        .key_upper = source->path.upper,
    };
    Predicate predicate = predicate_analyse(arena, source->condition);
    if (predicate.branch_count != 1)
        return relation;
    const PredicateBranch *branch = &predicate.branches[0];
    ColdBound *bounds = ARENA_ARRAY(arena, ColdBound, branch->pin_count + branch->bound_count + 1);
    for (size_t i = 0; i < branch->pin_count; i++)
        note_bound(&relation, bounds, pin_bound(&branch->pins[i]));
    for (size_t i = 0; i < branch->bound_count; i++) {
        const PredicateBound *bound = &branch->bounds[i];
        note_bound(&relation,
                   bounds,
                   (ColdBound){.column = bound->column,
                               .lower = bound_value(bound->lower),
                               .upper = bound_value(bound->upper)});
    }
    relation.bounds = bounds;
    return relation;
}

/* ---- the text ---- */

static void write_name(Buf *out, Str name)
{
    BUF_LIT(out, "k.\"");
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] == '"')
            BUF_LIT(out, "\"");
        buf_byte(out, name.ptr[i]);
    }
    BUF_LIT(out, "\"");
}

/* The columns of a cold row as c0, c1 ..; the times of commits follow from their numbers. */
static void write_cold_columns(Buf *out, const Table *table)
{
    uint32_t count = table->column_count;
    for (uint32_t i = 0; i < count; i++) {
        write_name(out, table->columns[i].name);
        buf_printf(out, " AS c%u, ", i);
    }
    buf_printf(out,
               "k._seq AS c%u, make_timestamp(((k._seq >> 22) + %lld) * 1000) AS c%u, "
               "k._deleted AS c%u",
               count + SYSTEM_COLUMN_SEQ,
               (long long)SNOWFLAKE_EPOCH_MS,
               count + SYSTEM_COLUMN_UPDATED,
               count + SYSTEM_COLUMN_DELETED);
}

static void write_hot_columns(Buf *out, const Table *table)
{
    for (size_t i = 0; i < table_row_width(table); i++)
        buf_printf(out, "%sc%zu", i > 0 ? ", " : "", i);
}

static void write_hidden(Buf *out, const TableSource *source, Str cold)
{
    const Table *table = source->table;
    uint32_t deleted = table->column_count + SYSTEM_COLUMN_DELETED;
    buf_printf(
        out, "(WITH h AS MATERIALIZED (SELECT * FROM kalam_source(%zu)) SELECT ", source->number);
    write_cold_columns(out, table);
    buf_printf(out, " FROM %.*s k ANTI JOIN h ON ", STR_ARG(cold));
    write_name(out, table->columns[table->primary_key].name);
    buf_printf(out,
               " = h.c%d%s UNION ALL SELECT ",
               table->primary_key,
               source->include_deleted ? "" : " WHERE NOT k._deleted");
    write_hot_columns(out, table);
    buf_printf(out,
               " FROM h WHERE NOT c%zu)",
               source->include_deleted ? table_row_width(table) : (size_t)deleted);
}

Status cold_relation_write(QueryRun *run, TableSource *source, DuckSourceList *sources, Buf *out)
{
    CLEANUP(buf_done) Buf cold = {0};
    ColdSql sql = {.out = &cold, .sources = sources};
    ColdRelation relation = describe(run, source);
    ColdStats stats;
    TRY(cold_relation_sql(&run->ctx, source->view, &relation, &sql));
    TRY(cold_view_stats(&run->ctx, source->view, &stats));
    source->file_count = sql.file_count;
    source->files_all = stats.segments;
    if (!sql.empty) {
        write_hidden(out, source, buf_str(&cold));
        return STATUS_OK;
    }
    /* No file can hold a row that matters: the hot ones are all there is. */
    buf_printf(out, "(SELECT ");
    write_hot_columns(out, source->table);
    buf_printf(out,
               " FROM kalam_source(%zu) WHERE NOT c%zu)",
               source->number,
               source->include_deleted
                   ? table_row_width(source->table)
                   : source->table->column_count + (size_t)SYSTEM_COLUMN_DELETED);
    return STATUS_OK;
}

/* ---- the choice ---- */

/* Few rows by key are looked up faster than DuckDB begins. */
static bool reads_few_keys(QueryRun *run, const Table *table, const AstSelect *ast)
{
    const Expr *where;
    ExprScope scope = run_scope(run, table);
    if (!ast->where ||
        expr_bind_condition(&run->ctx, &run->ctx.arena, ast->where, &scope, &where) != STATUS_OK)
        return false;
    AccessPath path = access_path_make(&run->ctx, table, where);
    return path.by_key || path.never;
}

bool cold_relation_is_wanted(QueryRun *run, const AstSelect *ast)
{
    if (!ast->from || ast->from->kind != AST_FROM_TABLE || !run->engine->duck)
        return false;
    const Table *table = access_find_table(run, &ast->from->table);
    if (!table || !may_be_cold(run, table))
        return false;
    bool few = reads_few_keys(run, table, ast);
    context_clear_error(&run->ctx);
    return !few;
}
