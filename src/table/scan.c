/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of USER and SHARED tables come from a RowScan.  Events are
 * found by a StreamCursor that starts at the oldest bucket that can hold a
 * visible one; MAX_BUFFER is exact because the newest N are counted first, from
 * the end.
 */
#include "table/scan.h"

#include "base/memory.h"
#include "table/row_image.h"
#include "table/row_scan.h"
#include "table/stream_store.h"

#include <assert.h>

struct TableScan {
    TableScanOptions options;
    RowScan *rows;        /* USER, SHARED */
    StreamCursor *events; /* STREAM; opened by the first next() */
    bool ended;
    int64_t events_left; /* reverse with MAX_BUFFER; else -1 */
    Status status;
    Value *values; /* table_row_width(), then column_count of scratch */
};

static StoreRead scan_read(const TableScanOptions *options)
{
    return (StoreRead){
        .snapshot = options->snapshot->at,
        .family = options->table->kind == TABLE_STREAM ? FAMILY_STREAMS : FAMILY_ROWS,
        .tier = options->tier,
    };
}

TableScan *table_scan_open(const TableScanOptions *options)
{
    assert(options->table->kind != TABLE_SYSTEM);
    const Table *table = options->table;
    TableScan *scan = NEW(TableScan);
    scan->options = *options;
    scan->events_left = -1;
    scan->values = mem_zalloc((table_row_width(table) + table->column_count) * sizeof(Value));
    if (table->kind != TABLE_STREAM)
        scan->rows = row_scan_open(options);
    return scan;
}

void table_scan_close(TableScan *scan)
{
    if (!scan)
        return;
    row_scan_close(scan->rows);
    stream_cursor_close(scan->events);
    free(scan->values);
    free(scan);
}

static bool end_scan(TableScan *scan, Status status)
{
    scan->ended = true;
    scan->status = status;
    return false;
}

static bool decode(Context *ctx, TableScan *scan, const StoredRow *stored, TableRow *ret_row)
{
    const Table *table = scan->options.table;
    Value *scratch = scan->values + table_row_width(table);
    Status status = row_image_read(ctx, table, stored, scratch, scan->values);
    if (status != STATUS_OK)
        return end_scan(scan, status);
    ret_row->seq = stored->seq;
    ret_row->cold = stored->cold_seq == stored->seq;
    ret_row->deleted = stored->deleted;
    ret_row->image = stored->row;
    ret_row->values = scan->values;
    return true;
}

static bool next_stored(Context *ctx, TableScan *scan, TableRow *ret_row)
{
    StoredRow stored;
    if (!row_scan_next(ctx, scan->rows, &ret_row->key, &stored))
        return end_scan(scan, row_scan_status(scan->rows));
    return decode(ctx, scan, &stored, ret_row);
}

/* ---- streams ---- */

bool stream_is_expired(const Table *table, SeqNo seq, int64_t now_ms)
{
    int64_t ttl_ms = table->options.ttl_ms;
    return ttl_ms > 0 && now_ms - snowflake_to_ms(seq) >= ttl_ms;
}

/*
 * The bucket comes from the commit's clock, `_seq` may run ahead of it in a
 * burst: one bucket more makes up for that.
 */
static uint64_t first_bucket(const TableScanOptions *options)
{
    int64_t ttl_ms = options->table->options.ttl_ms;
    if (ttl_ms == 0 || options->now_ms <= ttl_ms)
        return 0;
    uint64_t bucket = stream_bucket(options->table, options->now_ms - ttl_ms);
    return bucket > 0 ? bucket - 1 : 0;
}

static StreamCursorOptions cursor_options(const TableScanOptions *options)
{
    return (StreamCursorOptions){
        .store = options->snapshot->store,
        .read = scan_read(options),
        .table_id = options->table->id,
        .owner = options->owner,
        .first_bucket = first_bucket(options),
        .reverse = options->reverse,
    };
}

/* The oldest of the newest max_buffer events; zeroes when there are fewer. */
static Status
find_oldest_kept(Context *ctx, const TableScanOptions *options, StreamEvent *ret_event)
{
    StreamCursorOptions newest_first = cursor_options(options);
    newest_first.reverse = true;
    CLEANUP(stream_cursor_close) StreamCursor *cursor = stream_cursor_open(&newest_first);

    int64_t count = 0;
    StreamEvent event = {0};
    while (count < options->table->options.max_buffer && stream_cursor_next(ctx, cursor, &event))
        count++;
    TRY(stream_cursor_status(ctx, cursor));
    *ret_event = count == options->table->options.max_buffer ? event : (StreamEvent){0};
    return STATUS_OK;
}

static Status open_events(Context *ctx, TableScan *scan)
{
    const TableScanOptions *options = &scan->options;
    StreamCursorOptions cursor = cursor_options(options);
    int64_t max_buffer = options->table->options.max_buffer;
    if (max_buffer > 0 && options->reverse)
        scan->events_left = max_buffer;
    if (max_buffer > 0 && !options->reverse) {
        StreamEvent oldest;
        TRY(find_oldest_kept(ctx, options, &oldest));
        if (oldest.bucket > cursor.first_bucket)
            cursor.first_bucket = oldest.bucket;
        cursor.first_seq = oldest.seq;
    }
    scan->events = stream_cursor_open(&cursor);
    return STATUS_OK;
}

static bool next_event(Context *ctx, TableScan *scan, TableRow *ret_row)
{
    if (!scan->events) {
        Status status = open_events(ctx, scan);
        if (status != STATUS_OK)
            return end_scan(scan, status);
    }
    StreamEvent event;
    do {
        if (scan->events_left == 0)
            return end_scan(scan, STATUS_OK);
        if (!stream_cursor_next(ctx, scan->events, &event))
            return end_scan(scan, stream_cursor_status(ctx, scan->events));
        if (scan->events_left > 0)
            scan->events_left--;
    } while (stream_is_expired(scan->options.table, event.seq, scan->options.now_ms));
    ret_row->key = STR_NULL;
    return decode(ctx, scan, &event.stored, ret_row);
}

bool table_scan_next(Context *ctx, TableScan *scan, TableRow *ret_row)
{
    if (scan->ended)
        return false;
    return scan->rows ? next_stored(ctx, scan, ret_row) : next_event(ctx, scan, ret_row);
}

Status table_scan_status(Context *ctx, TableScan *scan)
{
    (void)ctx;
    return scan->status;
}

/* ---- one row ---- */

Status table_get(Context *ctx, const TableGet *get, TableRow *ret_row, bool *ret_found)
{
    StoredRow stored;
    TRY(row_get(ctx, get, &stored, ret_found));
    *ret_found = *ret_found && !stored.gone && (!stored.deleted || get->include_deleted);
    if (!*ret_found)
        return STATUS_OK;
    Value *values = ARENA_ARRAY(&ctx->arena, Value, table_row_width(get->table));
    TRY(table_decode_image(ctx, get->table, stored.row, stored.seq, stored.deleted, values));
    *ret_row = (TableRow){
        .seq = stored.seq,
        .cold = stored.cold_seq == stored.seq,
        .deleted = stored.deleted,
        .key = get->key,
        .image = stored.row,
        .values = values,
    };
    return STATUS_OK;
}
