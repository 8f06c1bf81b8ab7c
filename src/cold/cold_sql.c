/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of a relation:
 *
 *     (SELECT c.* FROM (
 *          SELECT "id", CAST("n" AS BIGINT) AS "n", CAST(NULL AS INTEGER) AS "new", _seq, _deleted
 *          FROM read_parquet(['..', '..'], ..)      -- files of one schema version
 *          UNION ALL SELECT ..                      -- of another
 *      ) c ANTI JOIN kalam_source(3) dead ON c._seq = dead.seq
 *      WHERE _deleted IS NOT NULL)
 *
 * Columns are matched by their ids: what a schema version does not have answers
 * as a row of it does, with the value that was its default when it was added.
 */
#include "base/memory.h"
#include "cold/cold_private.h"
#include "cold/sql_text.h"

/* ---- the dead ---- */

typedef struct DeadSource {
    DuckSource source;
    DuckColumn column;
    const SeqSet *dead; /* of the view */
    size_t at;
    Value value;
} DeadSource;

static Status open_dead(DuckSource *source, Context *ctx, const bool *wanted)
{
    (void)ctx;
    (void)wanted;
    CONTAINER_OF(source, DeadSource, source)->at = 0;
    return STATUS_OK;
}

static Status next_dead(DuckSource *source, Context *ctx, const Value **ret_values)
{
    DeadSource *dead = CONTAINER_OF(source, DeadSource, source);
    (void)ctx;
    *ret_values = NULL;
    if (dead->at == dead->dead->count)
        return STATUS_OK;
    dead->value = value_bigint((int64_t)dead->dead->items[dead->at++]);
    *ret_values = &dead->value;
    return STATUS_OK;
}

static void close_dead(DuckSource *source)
{
    (void)source;
}

static DuckSource *copy_dead(DuckSource *source)
{
    DeadSource *copy = mem_dup(CONTAINER_OF(source, DeadSource, source), sizeof(*copy));
    copy->source.columns = &copy->column;
    copy->at = 0;
    return &copy->source;
}

static void free_dead(DuckSource *source)
{
    free(CONTAINER_OF(source, DeadSource, source));
}

static DuckSource *dead_source(Context *ctx, const SeqSet *seqs)
{
    DeadSource *dead = ARENA_NEW(&ctx->arena, DeadSource);
    *dead = (DeadSource){
        .source = {.columns = &dead->column,
                   .column_count = 1,
                   .estimated_rows = seqs->count,
                   .open = open_dead,
                   .next = next_dead,
                   .close = close_dead,
                   .copy = copy_dead,
                   .free_copy = free_dead},
        .column = {.name = STR("seq"), .type = TYPE(BIGINT)},
        .dead = seqs,
    };
    return &dead->source;
}

/* Its number in kalam_source(). */
static size_t add_source(Context *ctx, DuckSourceList *sources, DuckSource *source)
{
    sources->items = arena_grow(
        &ctx->arena, sources->items, sources->count, &sources->capacity, sizeof(DuckSource *));
    sources->items[sources->count] = source;
    return sources->count++;
}

/* ---- which files ---- */

/* Could a value of the column lie within the bound? */
static bool may_meet(const ColumnStats *column, const ColdBound *bound)
{
    if (!column || !column->bounded)
        return true;
    if (value_is_null(&column->min))
        return false; /* nothing but NULLs, which no comparison accepts */
    bool below = !value_is_null(&bound->lower) && value_compare(&column->max, &bound->lower) < 0;
    bool above = !value_is_null(&bound->upper) && value_compare(&column->min, &bound->upper) > 0;
    return !below && !above;
}

static Status meets_bounds(Context *ctx,
                           ColdView *view,
                           const ColdRelation *relation,
                           const Segment *segment,
                           bool *ret_meets)
{
    ArenaMark mark = arena_mark(&ctx->arena);
    SegmentStats stats;
    *ret_meets = true;
    if (relation->bound_count == 0)
        return STATUS_OK;
    TRY(cold_load_stats(ctx, view, segment, &stats));
    for (size_t i = 0; i < relation->bound_count; i++) {
        const ColdBound *bound = &relation->bounds[i];
        uint32_t id = relation->table->columns[bound->column].id;
        *ret_meets &= may_meet(segment_stats_column(&stats, id), bound);
    }
    arena_rewind(&ctx->arena, mark);
    return STATUS_OK;
}

static bool in_ranges(const ColdRelation *relation, const Segment *segment)
{
    return segment_may_hold_range(segment, relation->key_lower, relation->key_upper) &&
           segment->seq_max >= relation->seq_min &&
           (relation->seq_max == 0 || segment->seq_min <= relation->seq_max);
}

/* *ret_chosen: per segment of the manifest; in ctx's arena. */
static Status choose_segments(Context *ctx,
                              ColdView *view,
                              const ColdRelation *relation,
                              bool **ret_chosen,
                              size_t *ret_count)
{
    const Manifest *manifest = view->manifest;
    bool *chosen = ARENA_ARRAY(&ctx->arena, bool, manifest->segment_count + 1);
    *ret_count = 0;
    for (size_t i = 0; i < manifest->segment_count; i++) {
        const Segment *segment = &manifest->segments[i];
        if (!in_ranges(relation, segment))
            continue;
        TRY(meets_bounds(ctx, view, relation, segment, &chosen[i]));
        *ret_count += chosen[i];
    }
    *ret_chosen = chosen;
    return STATUS_OK;
}

/* ---- the files of one schema version ---- */

static int column_by_id(const Table *table, uint32_t id)
{
    for (uint32_t i = 0; i < table->column_count; i++)
        if (table->columns[i].id == id)
            return (int)i;
    return -1;
}

/* What rows without the column answer. */
static Value missing_value(const Table *table, uint32_t id)
{
    for (uint32_t i = 0; i < table->layout.count; i++)
        if (table->layout.columns[i].id == id)
            return table->layout.columns[i].missing;
    return VALUE_NULL;
}

static void write_column(
    Context *ctx, Buf *out, const Column *column, const Table *version, const Value *missing)
{
    Str type = duck_type_sql(&ctx->arena, column->type);
    int at = column_by_id(version, column->id);
    if (at < 0) {
        sql_literal(out, type, missing);
    } else if (type_equal(version->columns[at].type, column->type)) {
        sql_identifier(out, version->columns[at].name);
    } else {
        BUF_LIT(out, "CAST(");
        sql_identifier(out, version->columns[at].name);
        buf_printf(out, " AS %.*s)", STR_ARG(type));
    }
    BUF_LIT(out, " AS ");
    sql_identifier(out, column->name);
    BUF_LIT(out, ", ");
}

static void
write_columns(Context *ctx, Buf *out, const ColdRelation *relation, const Table *version)
{
    const Table *table = relation->table;
    for (uint32_t i = 0; i < table->column_count; i++) {
        if (relation->wanted && !relation->wanted[i])
            continue;
        Value missing = missing_value(table, table->columns[i].id);
        write_column(ctx, out, &table->columns[i], version, &missing);
    }
}

/* The SELECT of all chosen files from `first` on that have its schema version; unchooses them. */
static Status write_version(Context *ctx,
                            ColdView *view,
                            const ColdRelation *relation,
                            Buf *out,
                            bool *chosen,
                            size_t first)
{
    const Manifest *manifest = view->manifest;
    uint32_t schema_version = manifest->segments[first].schema_version;
    const Table *version;
    TRY(cold_segment_table(ctx, view, &manifest->segments[first], &version));
    BUF_LIT(out, "SELECT ");
    write_columns(ctx, out, relation, version);
    BUF_LIT(out, "_seq, _deleted FROM read_parquet([");
    for (size_t i = first; i < manifest->segment_count; i++) {
        Str path;
        if (!chosen[i] || manifest->segments[i].schema_version != schema_version)
            continue;
        TRY(cold_segment_path(ctx, view, &manifest->segments[i], &path));
        if (i != first)
            BUF_LIT(out, ", ");
        sql_text(out, path);
        chosen[i] = false;
    }
    BUF_LIT(out, "], hive_partitioning = false)");
    return STATUS_OK;
}

static Status
write_files(Context *ctx, ColdView *view, const ColdRelation *relation, Buf *out, bool *chosen)
{
    bool any = false;
    for (size_t i = 0; i < view->manifest->segment_count; i++) {
        if (!chosen[i])
            continue;
        if (any)
            BUF_LIT(out, " UNION ALL ");
        any = true;
        TRY(write_version(ctx, view, relation, out, chosen, i));
    }
    return STATUS_OK;
}

Status cold_relation_sql(Context *ctx, ColdView *view, const ColdRelation *relation, ColdSql *sql)
{
    const SeqSet *dead;
    size_t count = 0;
    bool *chosen = NULL;
    if (view)
        TRY(choose_segments(ctx, view, relation, &chosen, &count));
    sql->empty = count == 0;
    sql->file_count = count;
    if (count == 0)
        return STATUS_OK;
    TRY(cold_load_dead(ctx, view, &dead));
    BUF_LIT(sql->out, "(SELECT c.* FROM (");
    TRY(write_files(ctx, view, relation, sql->out, chosen));
    BUF_LIT(sql->out, ") c");
    if (dead->count > 0)
        buf_printf(sql->out,
                   " ANTI JOIN kalam_source(%zu) dead ON c._seq = dead.seq",
                   add_source(ctx, sql->sources, dead_source(ctx, dead)));
    BUF_LIT(sql->out, " WHERE c._deleted IS NOT NULL)");
    return STATUS_OK;
}
