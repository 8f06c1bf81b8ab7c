/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UPDATE and DELETE.
 *
 * First the candidates are found.  A condition that pins the primary key names
 * them itself; otherwise a worker searches the published snapshot and computes
 * the new rows there.  Then the sequencer takes each candidate's newest version:
 * when it is the one that was seen, the computed row is used; when it is
 * another, condition and assignments are evaluated again on it.  So the
 * statement acts on the newest state of every row it found, and the sequencer
 * does little per row.
 */
#include "query/access.h"
#include "query/dml.h"
#include "query/row_source.h"
#include "query/transaction.h"
#include "query/work.h"

enum { CHECK_EVERY_ROWS = 64 };

typedef struct Assignment {
    uint32_t column;
    const Expr *value;
} Assignment;

typedef struct Candidate {
    Str key;
    SeqNo seq;    /* of the version that was seen; 0 = none was */
    bool changes; /* UPDATE: does new_row differ? */
    Str row;      /* UPDATE: the new row; DELETE from a stream: the event */
    Str image;    /* as it is stored, when the owner has cold rows */
} Candidate;

typedef struct Modify {
    Work work;
    QueryRun *run;
    bool deletes;
    const AstTableName *name;
    const AstExpr *where_ast;
    const AstAssignment *assignment_asts;
    size_t assignment_count;
    size_t returning_count;

    const Table *table;
    Owner owner;
    const Expr *where;
    Assignment *assignments;
    AccessPath path;
    Candidate *candidates;
    size_t count;
    size_t capacity;
    ColdRows cold;  /* what the cold tier says of them */
    Value *scratch; /* the new row's values */
    RowIds ids;
} Modify;

static const char *statement_name(const Modify *modify)
{
    return modify->deletes ? "DELETE" : "UPDATE";
}

/* ---- planning ---- */

static Status check_supported(Modify *modify)
{
    Context *ctx = &modify->run->ctx;
    if (!modify->where_ast)
        return fail(
            ctx, STATUS_INVALID_OPERATION, "%s requires a WHERE clause", statement_name(modify));
    if (modify->returning_count)
        return fail(
            ctx, STATUS_UNSUPPORTED, "%s .. RETURNING is not supported", statement_name(modify));
    if (!modify->deletes && modify->table->kind == TABLE_STREAM)
        return fail(ctx, STATUS_UNSUPPORTED, "UPDATE is not supported for STREAM tables");
    return STATUS_OK;
}

static Status plan_assignment(Modify *modify, size_t index)
{
    Context *ctx = &modify->run->ctx;
    const AstAssignment *ast = &modify->assignment_asts[index];
    Assignment *assignment = &modify->assignments[index];
    TRY(dml_target_column(ctx, modify->table, ast->column, &assignment->column));
    for (size_t i = 0; i < index; i++)
        if (modify->assignments[i].column == assignment->column)
            return fail_at(ctx,
                           STATUS_INVALID_SQL,
                           ast->column.offset,
                           "column '%.*s' is assigned twice",
                           STR_ARG(ast->column.text));
    const Column *column = &modify->table->columns[assignment->column];
    if (column->primary_key)
        return fail_at(ctx,
                       STATUS_INVALID_OPERATION,
                       ast->column.offset,
                       "UPDATE cannot modify primary key column '%.*s'",
                       STR_ARG(column->name));
    ExprScope scope = run_scope(modify->run, modify->table);
    return expr_bind_as(ctx, &ctx->arena, ast->value, &scope, column->type, &assignment->value);
}

static Status plan_modify(Modify *modify)
{
    QueryRun *run = modify->run;
    Context *ctx = &run->ctx;
    Action action = modify->deletes ? ACTION_DELETE : ACTION_UPDATE;
    TRY(access_table(run, modify->name, action, &modify->table));
    TRY(check_supported(modify));
    modify->owner = run_owner(run, modify->table);
    modify->scratch = ARENA_ARRAY(&ctx->arena, Value, 2 * table_row_width(modify->table));
    ExprScope scope = run_scope(run, modify->table);
    TRY(expr_bind_condition(ctx, &ctx->arena, modify->where_ast, &scope, &modify->where));
    modify->assignments = ARENA_ARRAY(&ctx->arena, Assignment, modify->assignment_count);
    for (size_t i = 0; i < modify->assignment_count; i++)
        TRY(plan_assignment(modify, i));
    modify->path = access_path_make(ctx, modify->table, modify->where);
    return STATUS_OK;
}

/* ---- the new row ---- */

static Status compute_row(Modify *modify, Context *ctx, const Value *old, Candidate *candidate)
{
    const Table *table = modify->table;
    Value *values = modify->scratch;
    memcpy(values, old, table->column_count * sizeof(Value));
    candidate->changes = false;
    for (size_t i = 0; i < modify->assignment_count; i++) {
        const Assignment *assignment = &modify->assignments[i];
        Value *value = &values[assignment->column];
        TRY(expr_eval(ctx, assignment->value, old, value));
        candidate->changes = candidate->changes || !value_same(value, &old[assignment->column]);
    }
    RowImage image = {0};
    if (candidate->changes || table->kind == TABLE_STREAM)
        TRY(row_image_make(ctx, table, values, &image));
    candidate->row = image.row;
    return STATUS_OK;
}

/* ---- finding candidates ---- */

static Candidate *add_candidate(Modify *modify)
{
    modify->candidates = arena_grow(&modify->run->ctx.arena,
                                    modify->candidates,
                                    modify->count,
                                    &modify->capacity,
                                    sizeof(Candidate));
    return &modify->candidates[modify->count++];
}

static Status name_candidates(Modify *modify)
{
    const AccessPath *path = &modify->path;
    for (size_t i = 0; i < path->key_count; i++)
        *add_candidate(modify) = (Candidate){.key = path->keys[i]};
    if (modify->run->transaction)
        return STATUS_OK;
    return dml_look_ahead(modify->run, modify->table, path->keys, path->key_count, &modify->cold);
}

/*
 * One row of the search.  What it leaves is carried over the rewinding of the
 * arena in `keep`.
 */
static Status
judge_found(Modify *modify, const TableRow *row, Buf *keep, Candidate *ret, bool *ret_passes)
{
    Context *ctx = &modify->run->ctx;
    TRY(expr_test(ctx, modify->where, row->values, ret_passes));
    if (!*ret_passes)
        return STATUS_OK;
    *ret = (Candidate){.seq = row->seq};
    if (!modify->deletes || modify->table->kind == TABLE_STREAM)
        TRY(compute_row(modify, ctx, row->values, ret));
    buf_clear(keep);
    buf_str_append(keep, row->key);
    buf_str_append(keep, ret->row);
    ret->key.len = row->key.len;
    if (modify->cold.version > 0) {
        buf_str_append(keep, row->image);
        ret->image.len = row->image.len;
    }
    return STATUS_OK;
}

static void keep_candidate(Modify *modify, Candidate found, const Buf *keep)
{
    Str bytes = arena_str(&modify->run->ctx.arena, buf_str(keep));
    found.key.ptr = bytes.ptr;
    found.row.ptr = found.key.ptr + found.key.len;
    found.image.ptr = found.row.ptr + found.row.len;
    *add_candidate(modify) = found;
    /* A hot row may leave for the cold tier until it is written; it is the same version there. */
    if (modify->cold.version > 0) {
        StoredRow stored = {.seq = found.seq, .row = found.image};
        cold_rows_add(&modify->run->ctx, &modify->cold, found.key, &stored);
    }
}

static Status search_candidates(Modify *modify)
{
    QueryRun *run = modify->run;
    CLEANUP(buf_done) Buf keep = {0};
    CLEANUP(row_source_close) RowSource *source = NULL;
    RowSourceOptions options = {.table = modify->table, .path = &modify->path};
    TRY(run_require_worker(run));
    ColdRowsPlace place = dml_cold_place(run, modify->table);
    if (!run->transaction && modify->table->kind != TABLE_STREAM)
        TRY(cold_rows_begin(&run->ctx, &modify->cold, &place));
    TRY(row_source_open(&run->ctx, run, &options, &source));
    for (uint64_t read = 1;; read++) {
        ArenaMark mark = arena_mark(&run->ctx.arena);
        TableRow row;
        Candidate found;
        bool more;
        bool passes;
        TRY(row_source_next(source, &row, &more));
        if (!more)
            return STATUS_OK;
        if (read % CHECK_EVERY_ROWS == 0)
            TRY(context_check(&run->ctx));
        TRY(judge_found(modify, &row, &keep, &found, &passes));
        arena_rewind(&run->ctx.arena, mark);
        if (passes)
            keep_candidate(modify, found, &keep);
        TRY(dml_check_row_count(run, modify->count));
    }
}

/* ---- writing ---- */

/* The row has a version that was not seen before. */
static Status judge_again(
    Modify *modify, Context *ctx, const StoredRow *stored, Candidate *candidate, bool *ret_passes)
{
    Value *values = modify->scratch + table_row_width(modify->table);
    TRY(table_decode_image(ctx, modify->table, stored->row, stored->seq, false, values));
    TRY(expr_test(ctx, modify->where, values, ret_passes));
    if (*ret_passes && !modify->deletes)
        return compute_row(modify, ctx, values, candidate);
    return STATUS_OK;
}

static Status write_candidate(Modify *modify, const TableWrite *write, Candidate *candidate)
{
    StoredRow stored;
    bool found;
    TRY(table_find(write, candidate->key, &stored, &found));
    if (found && stored.seq != candidate->seq)
        TRY(judge_again(modify, write->ctx, &stored, candidate, &found));
    if (!found)
        return STATUS_OK;
    if (modify->deletes)
        TRY(table_delete(write, candidate->key, &stored));
    else if (candidate->changes)
        TRY(table_update(write, candidate->key, &stored, candidate->row));
    return row_ids_add(write->ctx, &modify->ids, modify->table, candidate->key, stored.seq);
}

static Status delete_event(Modify *modify, const TableWrite *write, const Candidate *candidate)
{
    bool found;
    TRY(stream_event_delete(
        write, modify->run->engine->store, candidate->seq, candidate->row, &found));
    modify->ids.row_count += found;
    return STATUS_OK;
}

static Status apply(Modify *modify, Context *ctx, RowTarget *target, const ColdRows *cold)
{
    TableWrite write = {
        .ctx = ctx,
        .target = target,
        .table = modify->table,
        .owner = modify->owner,
        .cold = cold,
    };
    modify->ids.count = 0;
    modify->ids.row_count = 0;
    for (size_t i = 0; i < modify->count; i++) {
        Candidate *candidate = &modify->candidates[i];
        if (modify->table->kind == TABLE_STREAM)
            TRY(delete_event(modify, &write, candidate));
        else
            TRY(write_candidate(modify, &write, candidate));
    }
    return STATUS_OK;
}

/* ---- the steps ---- */

static Status prepare_modify(QueryRun *run, Work *work)
{
    Modify *modify = CONTAINER_OF(work, Modify, work);
    TRY(plan_modify(modify));
    TRY(dml_require_thread(run));
    if (!modify->path.never)
        TRY(modify->path.by_key ? name_candidates(modify) : search_candidates(modify));
    TRY(dml_check_row_count(run, modify->count));
    modify->ids = row_ids_new(&run->ctx.arena, modify->count);
    if (run->transaction)
        return apply(modify, &run->ctx, transaction_target(run->transaction), NULL);
    work->writes = modify->count > 0;
    work->patient = table_is_sync(modify->table);
    return STATUS_OK;
}

static Status execute_modify(QueryRun *run, Work *work, CommitBuilder *builder)
{
    Modify *modify = CONTAINER_OF(work, Modify, work);
    CommitTarget target = commit_target(builder);
    TRY(table_write_begin(&run->ctx, builder, modify->table));
    TRY(cold_rows_check(&run->ctx, &modify->cold, builder, modify->table, modify->owner));
    return apply(modify, &run->ctx, &target.target, &modify->cold);
}

static Status finish_modify(QueryRun *run, Work *work)
{
    Modify *modify = CONTAINER_OF(work, Modify, work);
    ResultDone done = row_ids_result(run, &modify->ids, modify->deletes ? "Deleted" : "Updated");
    run_dml_done(run, modify->deletes ? DML_DELETE : DML_UPDATE, &done);
    return STATUS_OK;
}

static void close_modify(Work *work)
{
    cold_rows_done(&CONTAINER_OF(work, Modify, work)->cold);
}

static Modify *modify_new(QueryRun *run)
{
    Modify *modify = ARENA_NEW(&run->ctx.arena, Modify);
    modify->work = (Work){
        .prepare = prepare_modify,
        .execute = execute_modify,
        .finish = finish_modify,
        .close = close_modify,
    };
    modify->run = run;
    return modify;
}

Work *update_work(QueryRun *run, const AstUpdate *ast)
{
    Modify *modify = modify_new(run);
    modify->name = &ast->table;
    modify->where_ast = ast->where;
    modify->assignment_asts = ast->assignments;
    modify->assignment_count = ast->assignment_count;
    modify->returning_count = ast->returning_count;
    return &modify->work;
}

Work *delete_work(QueryRun *run, const AstDelete *ast)
{
    Modify *modify = modify_new(run);
    modify->deletes = true;
    modify->name = &ast->table;
    modify->where_ast = ast->where;
    modify->returning_count = ast->returning_count;
    return &modify->work;
}
