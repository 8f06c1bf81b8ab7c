/* SPDX-License-Identifier: Apache-2.0 */
/*
 * INSERT .. VALUES: rows are computed and encoded here, and judged (does the key
 * exist?) by the sequencer, or by the open transaction.
 */
#include "base/clock.h"
#include "query/access.h"
#include "query/dml.h"
#include "query/transaction.h"
#include "query/work.h"

enum { CHECK_EVERY_ROWS = 64 };

typedef struct Insert {
    Work work;
    QueryRun *run;
    const AstInsert *ast;
    const Table *table;
    Owner owner;
    uint32_t *columns; /* target of each expression of a row */
    size_t column_count;
    RowImage *images;
    size_t count;
    ColdRows cold;
    RowIds ids;
    SeqNo last_seq;
    bool discards; /* an ephemeral stream that nobody watches */
} Insert;

/* ---- what is inserted where ---- */

static Status check_supported(Insert *insert)
{
    const AstInsert *ast = insert->ast;
    Context *ctx = &insert->run->ctx;
    if (ast->on_conflict)
        return fail(ctx, STATUS_UNSUPPORTED, "INSERT .. ON CONFLICT is not supported");
    if (ast->returning_count)
        return fail(ctx, STATUS_UNSUPPORTED, "INSERT .. RETURNING is not supported");
    if (!ast->default_values && !ast->source->values)
        return fail_at(ctx,
                       STATUS_UNSUPPORTED,
                       ast->source->offset,
                       "INSERT .. SELECT is not supported; use INSERT .. VALUES");
    return STATUS_OK;
}

static Status check_not_repeated(Insert *insert, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (insert->columns[i] == insert->columns[index])
            return fail_at(&insert->run->ctx,
                           STATUS_INVALID_SQL,
                           insert->ast->columns.items[index].offset,
                           "column '%.*s' is named twice",
                           STR_ARG(insert->ast->columns.items[index].text));
    return STATUS_OK;
}

static Status resolve_columns(Insert *insert)
{
    const AstNameList *names = &insert->ast->columns;
    const Table *table = insert->table;
    bool all = names->count == 0;
    insert->column_count = all ? table->column_count : names->count;
    insert->columns = ARENA_ARRAY(&insert->run->ctx.arena, uint32_t, insert->column_count);
    for (uint32_t i = 0; i < insert->column_count; i++) {
        insert->columns[i] = i;
        if (all)
            continue;
        TRY(dml_target_column(&insert->run->ctx, table, names->items[i], &insert->columns[i]));
        TRY(check_not_repeated(insert, i));
    }
    return STATUS_OK;
}

/* ---- rows ---- */

/* All columns get their defaults first. */
static Status fill_defaults(Insert *insert, const bool *given, Value *values)
{
    for (uint32_t i = 0; i < insert->table->column_count; i++)
        if (!given[i])
            TRY(dml_default_value(insert->run, &insert->table->columns[i], &values[i]));
    return STATUS_OK;
}

static Status eval_row(Insert *insert, const AstExpr *const *exprs, Value *values)
{
    Context *ctx = &insert->run->ctx;
    ExprScope scope = run_scope(insert->run, NULL);
    bool *given = ARENA_ARRAY(&ctx->arena, bool, insert->table->column_count);
    for (size_t i = 0; exprs && i < insert->column_count; i++) {
        uint32_t column = insert->columns[i];
        if (!exprs[i]) /* DEFAULT */
            continue;
        const Expr *expr;
        Type type = insert->table->columns[column].type;
        TRY(expr_bind_as(ctx, &ctx->arena, exprs[i], &scope, type, &expr));
        TRY(expr_eval(ctx, expr, NULL, &values[column]));
        given[column] = true;
    }
    return fill_defaults(insert, given, values);
}

static Status check_width(Insert *insert, const AstValues *rows)
{
    /* Without a list of columns, trailing ones may be left out. */
    bool fits = insert->ast->columns.count ? rows->width == insert->column_count
                                           : rows->width <= insert->column_count;
    if (!fits)
        return fail_at(&insert->run->ctx,
                       STATUS_INVALID_SQL,
                       insert->ast->source->offset,
                       "INSERT names %zu columns but gives %zu values",
                       insert->column_count,
                       rows->width);
    insert->column_count = rows->width;
    return STATUS_OK;
}

static Status make_image(Insert *insert, const AstExpr *const *exprs, RowImage *ret_image)
{
    Context *ctx = &insert->run->ctx;
    Value *values = ARENA_ARRAY(&ctx->arena, Value, insert->table->column_count);
    TRY(eval_row(insert, exprs, values));
    return row_image_make(ctx, insert->table, values, ret_image);
}

static Status make_images(Insert *insert)
{
    Context *ctx = &insert->run->ctx;
    const AstValues *rows = insert->ast->default_values ? NULL : insert->ast->source->values;
    if (rows)
        TRY(check_width(insert, rows));
    insert->count = rows ? rows->row_count : 1;
    TRY(dml_check_row_count(insert->run, insert->count));
    insert->images = ARENA_ARRAY(&ctx->arena, RowImage, insert->count);
    for (size_t i = 0; i < insert->count; i++) {
        if (i % CHECK_EVERY_ROWS == 0)
            TRY(context_check(ctx));
        TRY(make_image(insert, rows ? rows->rows[i] : NULL, &insert->images[i]));
    }
    return STATUS_OK;
}

/* ---- writing ---- */

static Status apply(Insert *insert, Context *ctx, RowTarget *target, const ColdRows *cold)
{
    TableWrite write = {
        .ctx = ctx,
        .target = target,
        .table = insert->table,
        .owner = insert->owner,
        .cold = cold,
    };
    insert->ids.count = 0;
    insert->ids.row_count = 0;
    for (size_t i = 0; i < insert->count; i++) {
        const RowImage *image = &insert->images[i];
        TRY(table_insert(&write, image, &insert->last_seq));
        TRY(row_ids_add(ctx, &insert->ids, insert->table, image->key, insert->last_seq));
    }
    return STATUS_OK;
}

static Status look_ahead(Insert *insert)
{
    if (insert->table->kind == TABLE_STREAM)
        return STATUS_OK;
    Str *keys = ARENA_ARRAY(&insert->run->ctx.arena, Str, insert->count);
    for (size_t i = 0; i < insert->count; i++)
        keys[i] = insert->images[i].key;
    return dml_look_ahead(insert->run, insert->table, keys, insert->count, &insert->cold);
}

static bool nobody_watches(const Insert *insert)
{
    const QueryHooks *hooks = &insert->run->engine->hooks;
    if (insert->table->kind != TABLE_STREAM || !insert->table->options.ephemeral)
        return false;
    return !hooks->has_watcher ||
           !hooks->has_watcher(hooks->data, insert->table->id, insert->owner);
}

static Status prepare_insert(QueryRun *run, Work *work)
{
    Insert *insert = CONTAINER_OF(work, Insert, work);
    TRY(access_table(run, &insert->ast->table, ACTION_INSERT, &insert->table));
    TRY(check_supported(insert));
    TRY(dml_require_thread(run));
    insert->owner = run_owner(run, insert->table);
    TRY(resolve_columns(insert));
    TRY(make_images(insert));
    insert->ids = row_ids_new(&run->ctx.arena, insert->count);
    if (run->transaction)
        return apply(insert, &run->ctx, transaction_target(run->transaction), NULL);
    TRY(look_ahead(insert));
    insert->discards = nobody_watches(insert);
    work->writes = !insert->discards;
    work->patient = table_is_sync(insert->table);
    return STATUS_OK;
}

static Status execute_insert(QueryRun *run, Work *work, CommitBuilder *builder)
{
    Insert *insert = CONTAINER_OF(work, Insert, work);
    CommitTarget target = commit_target(builder);
    TRY(table_write_begin(&run->ctx, builder, insert->table));
    TRY(cold_rows_check(&run->ctx, &insert->cold, builder, insert->table, insert->owner));
    return apply(insert, &run->ctx, &target.target, &insert->cold);
}

static Status finish_insert(QueryRun *run, Work *work)
{
    Insert *insert = CONTAINER_OF(work, Insert, work);
    if (insert->discards)
        insert->ids.row_count = insert->count;
    ResultDone done = row_ids_result(run, &insert->ids, "Inserted");
    if (insert->table->kind == TABLE_STREAM) {
        done.has_timestamp = true;
        done.timestamp_ms =
            insert->discards ? clock_wall_us() / 1000 : snowflake_to_ms(insert->last_seq);
        done.has_discarded = insert->table->options.ephemeral;
        done.discarded = insert->discards ? insert->count : 0;
    }
    run_dml_done(run, DML_INSERT, &done);
    return STATUS_OK;
}

static void close_insert(Work *work)
{
    cold_rows_done(&CONTAINER_OF(work, Insert, work)->cold);
}

Work *insert_work(QueryRun *run, const AstInsert *ast)
{
    Insert *insert = ARENA_NEW(&run->ctx.arena, Insert);
    insert->work = (Work){
        .prepare = prepare_insert,
        .execute = execute_insert,
        .finish = finish_insert,
        .close = close_insert,
    };
    insert->run = run;
    insert->ast = ast;
    return &insert->work;
}
