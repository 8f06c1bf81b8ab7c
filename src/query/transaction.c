/* SPDX-License-Identifier: Apache-2.0 */
#include "query/transaction.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/memory_gauge.h"
#include "query/work.h"
#include "table/row_scan.h"

/* What the cold tier says at COMMIT about the rows of one table and owner. */
typedef struct ColdScope {
    const Table *table;
    Owner owner;
    ColdRows rows;
} ColdScope;

struct Transaction {
    RowTarget target;
    Arena arena;
    ColdTier *cold;
    Snapshot *snapshot;
    size_t bytes_max;
    ColdScope *scopes; /* of COMMIT */
    size_t scope_count;
    size_t scope_capacity;
    Map by_key;            /* row key -> TransactionRow */
    TransactionRow **rows; /* in the order of their first write */
    size_t count;
    size_t capacity;
    SeqNo last_seq; /* provisional `_seq` of own writes, above the snapshot's */
    int64_t began_us;
    char id[26];
};

/* ---- life cycle ---- */

static Status read_row(
    RowTarget *target, Context *ctx, const RowPlace *place, StoredRow *ret_stored, bool *ret_found);
static Status add_change(
    RowTarget *target, Context *ctx, const Table *table, const Change *change, SeqNo *ret_seq);

Transaction *transaction_new(Snapshot *snapshot, ColdTier *cold, size_t bytes_max)
{
    Transaction *transaction = NEW(Transaction);
    transaction->target = (RowTarget){.read = read_row, .add = add_change};
    transaction->snapshot = snapshot_ref(snapshot);
    transaction->cold = cold;
    transaction->bytes_max = bytes_max;
    transaction->last_seq = snapshot->seq;
    transaction->began_us = clock_monotonic_us();
    ulid_next(transaction->id);
    return transaction;
}

void transaction_free(Transaction *transaction)
{
    if (!transaction)
        return;
    for (size_t i = 0; i < transaction->scope_count; i++)
        cold_rows_done(&transaction->scopes[i].rows);
    map_done(&transaction->by_key);
    snapshot_unref(transaction->snapshot);
    arena_done(&transaction->arena);
    free(transaction);
}

Snapshot *transaction_snapshot(Transaction *transaction)
{
    return transaction->snapshot;
}

int64_t transaction_age_ms(const Transaction *transaction)
{
    return (clock_monotonic_us() - transaction->began_us) / 1000;
}

Str transaction_id(const Transaction *transaction)
{
    return str_from(transaction->id, sizeof(transaction->id));
}

RowTarget *transaction_target(Transaction *transaction)
{
    return &transaction->target;
}

/* ---- the overlay ---- */

const TransactionRow *
transaction_row(const Transaction *transaction, const Table *table, Owner owner, Str key)
{
    CLEANUP(buf_done) Buf row_key = {0};
    row_key_append(&row_key, table->id, owner, key);
    return map_get(&transaction->by_key, buf_str(&row_key));
}

static Status read_base(Context *ctx,
                        const Transaction *transaction,
                        const RowPlace *place,
                        StoredRow *ret_stored,
                        bool *ret_found)
{
    TableGet get = {
        .cold = transaction->cold,
        .snapshot = transaction->snapshot,
        .table = place->table,
        .owner = place->owner,
        .key = place->key,
    };
    return row_get(ctx, &get, ret_stored, ret_found);
}

static Status read_row(
    RowTarget *target, Context *ctx, const RowPlace *place, StoredRow *ret_stored, bool *ret_found)
{
    Transaction *transaction = CONTAINER_OF(target, Transaction, target);
    const TransactionRow *row =
        transaction_row(transaction, place->table, place->owner, place->key);
    if (!row)
        return read_base(ctx, transaction, place, ret_stored, ret_found);
    *ret_found = !row->gone;
    if (!row->gone)
        *ret_stored = row->now;
    return STATUS_OK;
}

static Status touch_row(Context *ctx,
                        Transaction *transaction,
                        const Table *table,
                        const Change *change,
                        TransactionRow **ret_row)
{
    CLEANUP(buf_done) Buf row_key = {0};
    row_key_append(&row_key, table->id, change->owner, change->key);
    *ret_row = map_get(&transaction->by_key, buf_str(&row_key));
    if (*ret_row)
        return STATUS_OK;

    Arena *arena = &transaction->arena;
    TransactionRow *row = ARENA_NEW(arena, TransactionRow);
    RowPlace place = {table, change->owner, change->key};
    TRY(read_base(ctx, transaction, &place, &row->base, &row->base_found));
    row->base.row = arena_str(arena, row->base.row);
    row->table = table;
    row->owner = owner_of(arena_str(arena, change->owner.user_id));
    row->key = arena_str(arena, change->key);
    transaction->rows = arena_grow(arena,
                                   transaction->rows,
                                   transaction->count,
                                   &transaction->capacity,
                                   sizeof(TransactionRow *));
    transaction->rows[transaction->count++] = row;
    map_put(&transaction->by_key, arena_str(arena, buf_str(&row_key)), row);
    *ret_row = row;
    return STATUS_OK;
}

static Status add_change(
    RowTarget *target, Context *ctx, const Table *table, const Change *change, SeqNo *ret_seq)
{
    Transaction *transaction = CONTAINER_OF(target, Transaction, target);
    TransactionRow *row;
    TRY(touch_row(ctx, transaction, table, change, &row));
    bool deletes = change->kind == CHANGE_DELETE || change->kind == CHANGE_DELETE_HARD;
    row->gone = change->kind == CHANGE_DELETE_HARD;
    row->now = (StoredRow){
        .seq = ++transaction->last_seq,
        .schema_version = change->schema_version,
        .deleted = deletes,
        .row = arena_str(&transaction->arena, deletes ? change->old_row : change->new_row),
    };
    *ret_seq = row->now.seq;
    if (transaction->arena.allocated_bytes > transaction->bytes_max)
        return fail(ctx,
                    STATUS_LIMIT_EXCEEDED,
                    "the transaction writes more than %zu bytes (max_transaction_buffer_bytes)",
                    transaction->bytes_max);
    return memory_gauge_check(ctx, transaction->arena.allocated_bytes);
}

static bool
row_is_in_range(const TransactionRow *row, const Table *table, Owner owner, Str lower, Str upper)
{
    return row->table->id == table->id && str_equal(row->owner.user_id, owner.user_id) &&
           str_compare(row->key, lower) >= 0 &&
           (upper.len == 0 || str_compare(row->key, upper) < 0);
}

static int compare_rows(const void *a, const void *b)
{
    return str_compare((*(const TransactionRow *const *)a)->key,
                       (*(const TransactionRow *const *)b)->key);
}

TransactionRows transaction_rows(Context *ctx,
                                 const Transaction *transaction,
                                 const Table *table,
                                 Owner owner,
                                 Str lower,
                                 Str upper)
{
    TransactionRows rows = {
        .items = ARENA_ARRAY(&ctx->arena, const TransactionRow *, transaction->count + 1)};
    for (size_t i = 0; i < transaction->count; i++)
        if (row_is_in_range(transaction->rows[i], table, owner, lower, upper))
            rows.items[rows.count++] = transaction->rows[i];
    qsort(rows.items, rows.count, sizeof(const TransactionRow *), compare_rows);
    return rows;
}

/* ---- COMMIT ---- */

static Status
check_base(Context *ctx, const TransactionRow *row, bool found, const StoredRow *newest)
{
    if (found == row->base_found && (!found || newest->seq == row->base.seq))
        return STATUS_OK;
    Str key;
    TRY(row_key_text(ctx, row->table, row->key, &key));
    return fail(ctx,
                STATUS_CONFLICT,
                "row '%.*s' of table %.*s was changed by another transaction",
                STR_ARG(key),
                STR_ARG(row->table->full_name));
}

/* `newest` is the version of the base; since then it may have learnt what it hides in the cold
 * tier. */
static Status
commit_row(const TableWrite *write, const TransactionRow *row, const StoredRow *newest)
{
    bool was = row->base_found && !row->base.deleted;
    bool is = !row->gone && !row->now.deleted;
    if (!was && !is)
        return STATUS_OK;
    if (!was) {
        RowImage image = {.key = row->key, .row = row->now.row};
        SeqNo seq;
        return table_insert(write, &image, &seq);
    }
    if (!is)
        return table_delete(write, row->key, newest);
    if (str_equal(row->base.row, row->now.row))
        return STATUS_OK;
    return table_update(write, row->key, newest, row->now.row);
}

static Status begin_table(Context *ctx, CommitBuilder *builder, const Table *table)
{
    Status status = table_write_begin(ctx, builder, table);
    if (status != STATUS_STALE_PLAN)
        return status;
    return fail(ctx,
                STATUS_CONFLICT,
                "table %.*s changed during the transaction",
                STR_ARG(table->full_name));
}

static ColdScope *find_scope(const Transaction *transaction, const TransactionRow *row)
{
    for (size_t i = 0; i < transaction->scope_count; i++) {
        ColdScope *scope = &transaction->scopes[i];
        if (scope->table == row->table && str_equal(scope->owner.user_id, row->owner.user_id))
            return scope;
    }
    return NULL;
}

static void add_scope(Transaction *transaction, const TransactionRow *row)
{
    transaction->scopes = arena_grow(&transaction->arena,
                                     transaction->scopes,
                                     transaction->scope_count,
                                     &transaction->scope_capacity,
                                     sizeof(ColdScope));
    transaction->scopes[transaction->scope_count++] =
        (ColdScope){.table = row->table, .owner = row->owner};
}

static Status
ask_scope(Context *ctx, const Transaction *transaction, ColdScope *scope, Snapshot *snapshot)
{
    Str *keys = ARENA_ARRAY(&ctx->arena, Str, transaction->count);
    size_t count = 0;
    for (size_t i = 0; i < transaction->count; i++)
        if (find_scope(transaction, transaction->rows[i]) == scope)
            keys[count++] = transaction->rows[i]->key;
    ColdRowsPlace place = {
        .tier = transaction->cold,
        .snapshot = snapshot,
        .table = scope->table,
        .owner = scope->owner,
    };
    return cold_rows_ask(ctx, &scope->rows, &place, keys, count);
}

Status transaction_look_ahead(Context *ctx, Transaction *transaction, Snapshot *snapshot)
{
    for (size_t i = 0; i < transaction->count; i++)
        if (!find_scope(transaction, transaction->rows[i]))
            add_scope(transaction, transaction->rows[i]);
    for (size_t i = 0; i < transaction->scope_count; i++)
        TRY(ask_scope(ctx, transaction, &transaction->scopes[i], snapshot));
    return STATUS_OK;
}

static Status begin_scopes(Context *ctx, const Transaction *transaction, CommitBuilder *builder)
{
    for (size_t i = 0; i < transaction->scope_count; i++) {
        const ColdScope *scope = &transaction->scopes[i];
        TRY(begin_table(ctx, builder, scope->table));
        TRY(cold_rows_check(ctx, &scope->rows, builder, scope->table, scope->owner));
    }
    return STATUS_OK;
}

Status transaction_commit(Context *ctx, Transaction *transaction, CommitBuilder *builder)
{
    CommitTarget target = commit_target(builder);
    TRY(begin_scopes(ctx, transaction, builder));
    for (size_t i = 0; i < transaction->count; i++) {
        const TransactionRow *row = transaction->rows[i];
        TableWrite write = {
            .ctx = ctx,
            .target = &target.target,
            .table = row->table,
            .owner = row->owner,
            .cold = &find_scope(transaction, row)->rows,
        };
        StoredRow newest;
        bool found;
        TRY(table_read(&write, row->key, &newest, &found));
        TRY(check_base(ctx, row, found, &newest));
        TRY(commit_row(&write, row, &newest));
    }
    return STATUS_OK;
}

/* ---- the statements ---- */

/*
 * The durable snapshot is what a transaction may read, but an async write that
 * was acknowledged before BEGIN may not be in it yet: so BEGIN is itself an empty
 * operation that waits for the disk, and takes the snapshot behind that.
 */
static Status prepare_begin(QueryRun *run, Work *work)
{
    work->writes = true;
    if (!run->transaction)
        return STATUS_OK;
    return fail(&run->ctx,
                STATUS_CONFLICT,
                "transaction %.*s is open already",
                STR_ARG(transaction_id(run->transaction)));
}

static Status execute_begin(QueryRun *run, Work *work, CommitBuilder *builder)
{
    (void)run;
    (void)work;
    commit_require_sync(builder);
    return STATUS_OK;
}

static Status finish_begin(QueryRun *run, Work *work)
{
    (void)work;
    CLEANUP(snapshot_unref)
    Snapshot *snapshot = published_durable(sequencer_published(run->engine->sequencer));
    run->transaction =
        transaction_new(snapshot, run->engine->cold, run->limits.transaction_bytes_max);
    run_message(run, "Transaction started (%.*s)", STR_ARG(transaction_id(run->transaction)));
    return STATUS_OK;
}

Work *begin_work(QueryRun *run)
{
    Work *work = ARENA_NEW(&run->ctx.arena, Work);
    *work = (Work){.prepare = prepare_begin, .execute = execute_begin, .finish = finish_begin};
    return work;
}

static Status require_transaction(QueryRun *run, const char *statement)
{
    if (run->transaction)
        return STATUS_OK;
    return fail(
        &run->ctx, STATUS_INVALID_OPERATION, "%s without BEGIN: no transaction is open", statement);
}

static Status prepare_commit(QueryRun *run, Work *work)
{
    work->writes = true;
    TRY(require_transaction(run, "COMMIT"));
    TRY(run_require_worker(run));
    CLEANUP(snapshot_unref)
    Snapshot *newest = published_durable(sequencer_published(run->engine->sequencer));
    return transaction_look_ahead(&run->ctx, run->transaction, newest);
}

static Status execute_commit(QueryRun *run, Work *work, CommitBuilder *builder)
{
    (void)work;
    return transaction_commit(&run->ctx, run->transaction, builder);
}

static Status finish_commit(QueryRun *run, Work *work)
{
    (void)work;
    Transaction *transaction = TAKE(run->transaction);
    ResultDone done = {
        .message = arena_printf(
            &run->ctx.arena, "Transaction committed (%.*s)", STR_ARG(transaction_id(transaction))),
        .seq = run->op.seq,
    };
    transaction_free(transaction);
    run_begin(run);
    run_done(run, &done);
    return STATUS_OK;
}

Work *commit_work(QueryRun *run)
{
    Work *work = ARENA_NEW(&run->ctx.arena, Work);
    *work = (Work){.prepare = prepare_commit, .execute = execute_commit, .finish = finish_commit};
    return work;
}

static Status prepare_rollback(QueryRun *run, Work *work)
{
    (void)work;
    TRY(require_transaction(run, "ROLLBACK"));
    Transaction *transaction = TAKE(run->transaction);
    run_message(run, "Transaction rolled back (%.*s)", STR_ARG(transaction_id(transaction)));
    transaction_free(transaction);
    return STATUS_OK;
}

Work *rollback_work(QueryRun *run)
{
    Work *work = ARENA_NEW(&run->ctx.arena, Work);
    work->prepare = prepare_rollback;
    return work;
}
