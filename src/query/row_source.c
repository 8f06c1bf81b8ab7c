/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside a transaction two ordered sequences are merged, the snapshot's rows and
 * the transaction's; where both have a key the transaction's wins.
 */
#include "query/row_source.h"

#include "base/clock.h"
#include "base/memory.h"
#include "query/transaction.h"

struct RowSource {
    Context *ctx;
    QueryRun *run;
    RowSourceOptions options;
    Owner owner;
    Snapshot *rows;  /* borrowed from the run */
    size_t next_key; /* by_key: how many were looked up */
    SystemResult generated;
    size_t next_generated;
    TableScan *scan;
    /* Merging. */
    TransactionRows own;
    size_t next_own;
    Context ahead;   /* of the snapshot's next row: the caller rewinds its own arena */
    TableRow stored; /* fetched ahead */
    bool has_stored;
    bool stored_is_used; /* fetch the next one first */
};

/* ---- opening ---- */

static Status open_generated(RowSource *source)
{
    QueryRun *run = source->run;
    SystemRequest request = {
        .snapshot = run->snapshot,
        .table = source->options.table,
        .user_id = run->principal.user_id,
        .role = run->principal.role,
        .tier = run_tier(run),
    };
    return system_tables_read(
        source->ctx, run->engine->system_tables, &request, &source->generated);
}

static Status open_scan(RowSource *source)
{
    static const AccessPath EVERYTHING;
    QueryRun *run = source->run;
    const RowSourceOptions *options = &source->options;
    const AccessPath *path = options->path ? options->path : &EVERYTHING;
    TableScanOptions scan = {
        .cold = run->engine->cold,
        .snapshot = source->rows,
        .table = options->table,
        .owner = source->owner,
        .key_lower = path->lower,
        .key_upper = path->upper,
        .include_deleted = options->include_deleted,
        .reverse = options->reverse,
        .tier = options->tier,
        .now_ms = clock_wall_us() / 1000,
    };
    source->scan = table_scan_open(&scan);
    if (!run->transaction)
        return STATUS_OK;
    source->own = transaction_rows(
        source->ctx, run->transaction, options->table, source->owner, path->lower, path->upper);
    source->stored_is_used = true;
    return STATUS_OK;
}

Status row_source_open(Context *ctx,
                       QueryRun *run,
                       const RowSourceOptions *options,
                       RowSource **ret_source)
{
    CLEANUP(row_source_close) RowSource *source = NEW(RowSource);
    source->ctx = ctx;
    source->run = run;
    source->options = *options;
    if (options->table->kind == TABLE_SYSTEM) {
        TRY(open_generated(source));
    } else {
        source->owner = run_owner(run, options->table);
        source->rows = run_row_snapshot(run, options->table);
        bool lookup = options->path && (options->path->by_key || options->path->never);
        if (!lookup)
            TRY(open_scan(source));
    }
    *ret_source = TAKE(source);
    return STATUS_OK;
}

void row_source_close(RowSource *source)
{
    if (!source)
        return;
    table_scan_close(source->scan);
    context_done(&source->ahead);
    free(source);
}

/* ---- rows of the transaction ---- */

static bool own_row_shows(const RowSource *source, const TransactionRow *row)
{
    return !row->gone && (!row->now.deleted || source->options.include_deleted);
}

static Status read_own_row(RowSource *source, const TransactionRow *row, TableRow *ret_row)
{
    Context *ctx = source->ctx;
    Value *values = ARENA_ARRAY(&ctx->arena, Value, table_row_width(row->table));
    TRY(table_decode_image(ctx, row->table, row->now.row, row->now.seq, row->now.deleted, values));
    *ret_row = (TableRow){
        .seq = row->now.seq, .deleted = row->now.deleted, .key = row->key, .values = values};
    return STATUS_OK;
}

/* ---- by key ---- */

static Status look_up(RowSource *source, Str key, TableRow *ret_row, bool *ret_found)
{
    QueryRun *run = source->run;
    const Table *table = source->options.table;
    const TransactionRow *own =
        run->transaction ? transaction_row(run->transaction, table, source->owner, key) : NULL;
    if (own) {
        *ret_found = own_row_shows(source, own);
        return *ret_found ? read_own_row(source, own, ret_row) : STATUS_OK;
    }
    TableGet get = {
        .cold = run->engine->cold,
        .snapshot = source->rows,
        .table = table,
        .owner = source->owner,
        .key = key,
        .tier = source->options.tier,
        .include_deleted = source->options.include_deleted,
    };
    return table_get(source->ctx, &get, ret_row, ret_found);
}

static Status next_by_key(RowSource *source, TableRow *ret_row, bool *ret_found)
{
    const AccessPath *path = source->options.path;
    *ret_found = false;
    while (!path->never && !*ret_found && source->next_key < path->key_count) {
        size_t at = source->next_key++;
        Str key = path->keys[source->options.reverse ? path->key_count - 1 - at : at];
        TRY(look_up(source, key, ret_row, ret_found));
    }
    return STATUS_OK;
}

/* ---- merging ---- */

static const TransactionRow *peek_own(const RowSource *source)
{
    size_t left = source->own.count - source->next_own;
    if (left == 0)
        return NULL;
    return source->own.items[source->options.reverse ? left - 1 : source->next_own];
}

/* Which side comes next: < 0 the transaction's, > 0 the snapshot's, 0 both have the key. */
static int compare_sides(const RowSource *source, const TransactionRow *own)
{
    if (!own)
        return 1;
    if (!source->has_stored)
        return -1;
    int order = str_compare(own->key, source->stored.key);
    return source->options.reverse ? -order : order;
}

static Status fetch_stored(RowSource *source)
{
    if (!source->stored_is_used)
        return STATUS_OK;
    source->stored_is_used = false;
    arena_clear(&source->ahead.arena);
    source->has_stored = table_scan_next(&source->ahead, source->scan, &source->stored);
    Status status =
        source->has_stored ? STATUS_OK : table_scan_status(&source->ahead, source->scan);
    if (status != STATUS_OK)
        context_copy_error(source->ctx, &source->ahead);
    return status;
}

static Status next_merged(RowSource *source, TableRow *ret_row, bool *ret_found)
{
    for (;;) {
        TRY(fetch_stored(source));
        const TransactionRow *own = peek_own(source);
        *ret_found = own || source->has_stored;
        if (!*ret_found)
            return STATUS_OK;
        int side = compare_sides(source, own);
        source->stored_is_used = side >= 0;
        if (side > 0) {
            *ret_row = source->stored;
            return STATUS_OK;
        }
        source->next_own++;
        if (own_row_shows(source, own))
            return read_own_row(source, own, ret_row);
    }
}

/* ---- next ---- */

static Status next_scanned(RowSource *source, TableRow *ret_row, bool *ret_found)
{
    Context *ctx = source->ctx;
    *ret_found = table_scan_next(ctx, source->scan, ret_row);
    return *ret_found ? STATUS_OK : table_scan_status(ctx, source->scan);
}

static Status next_generated(RowSource *source, TableRow *ret_row, bool *ret_found)
{
    *ret_found = source->next_generated < source->generated.count;
    if (*ret_found)
        *ret_row = (TableRow){.values = source->generated.rows[source->next_generated++]};
    return STATUS_OK;
}

Status row_source_next(RowSource *source, TableRow *ret_row, bool *ret_found)
{
    if (source->options.table->kind == TABLE_SYSTEM)
        return next_generated(source, ret_row, ret_found);
    if (!source->scan)
        return next_by_key(source, ret_row, ret_found);
    if (source->run->transaction)
        return next_merged(source, ret_row, ret_found);
    return next_scanned(source, ret_row, ret_found);
}
