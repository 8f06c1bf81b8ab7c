/* SPDX-License-Identifier: Apache-2.0 */
#include "table/row_scan.h"

#include "base/memory.h"

struct RowScan {
    TableScanOptions options;
    StoreScan *hot;
    ColdView *view; /* NULL: nothing is cold */
    ColdScan *cold;
    bool began;
    bool ended;
    Status status;
    /* The next row of each side, read ahead. */
    bool has_hot, has_cold;
    Str hot_key, cold_key;
    StoredRow hot_row, cold_row;
    bool hot_taken, cold_taken; /* read the next one first */
};

/* ---- the hot side ---- */

/* Where the rows lie; an empty key_upper leaves the end open. */
static void write_range(const TableScanOptions *options, Buf *lower, Buf *upper)
{
    uint32_t table_id = options->table->id;
    row_key_append(lower, table_id, options->owner, options->key_lower);
    if (options->key_upper.len > 0) {
        row_key_append(upper, table_id, options->owner, options->key_upper);
    } else {
        CLEANUP(buf_done) Buf prefix = {0};
        row_key_append(&prefix, table_id, options->owner, STR_NULL);
        key_successor_append(upper, buf_str(&prefix));
    }
}

uint64_t table_hot_bytes(Store *store, const TableScanOptions *options)
{
    CLEANUP(buf_done) Buf lower = {0};
    CLEANUP(buf_done) Buf upper = {0};
    write_range(options, &lower, &upper);
    return store_approximate_bytes(store, FAMILY_ROWS, buf_str(&lower), buf_str(&upper));
}

static StoreScan *open_hot(const TableScanOptions *options)
{
    CLEANUP(buf_done) Buf lower = {0};
    CLEANUP(buf_done) Buf upper = {0};
    write_range(options, &lower, &upper);
    StoreScanOptions scan = {
        .read = {.snapshot = options->snapshot->at, .family = FAMILY_ROWS, .tier = options->tier},
        .lower = buf_str(&lower),
        .upper = buf_str(&upper),
        .reverse = options->reverse,
    };
    return store_scan_open(options->snapshot->store, &scan);
}

static Status read_hot(Context *ctx, RowScan *scan)
{
    if (!scan->hot_taken)
        return STATUS_OK;
    scan->hot_taken = false;
    scan->has_hot = store_scan_next(scan->hot);
    if (!scan->has_hot)
        return store_scan_status(ctx, scan->hot);
    scan->hot_key = row_key_pk(scan->hot->key, scan->options.owner);
    return stored_row_read(ctx, scan->hot->value, &scan->hot_row);
}

/* ---- the cold side ---- */

/* Segments are files: whoever must not wait does not read them. */
static Status open_cold(Context *ctx, RowScan *scan)
{
    const TableScanOptions *options = &scan->options;
    if (!options->cold)
        return STATUS_OK;
    ColdViewOptions view = {
        .snapshot = options->snapshot,
        .table = options->table,
        .owner = options->owner,
        .tier = options->tier,
    };
    TRY(cold_view_open(ctx, options->cold, &view, &scan->view));
    if (!scan->view)
        return STATUS_OK;
    if (options->tier == STORE_READ_MEMORY)
        return STATUS_WOULD_BLOCK;
    ColdScanOptions cold = {
        .key_lower = options->key_lower,
        .key_upper = options->key_upper,
        .reverse = options->reverse,
    };
    scan->cold = cold_scan_open(scan->view, &cold);
    return STATUS_OK;
}

static Status read_cold(Context *ctx, RowScan *scan)
{
    if (!scan->cold || !scan->cold_taken)
        return STATUS_OK;
    scan->cold_taken = false;
    scan->has_cold = cold_scan_next(ctx, scan->cold, &scan->cold_key, &scan->cold_row);
    return scan->has_cold ? STATUS_OK : cold_scan_status(ctx, scan->cold);
}

/* ---- both ---- */

RowScan *row_scan_open(const TableScanOptions *options)
{
    RowScan *scan = NEW(RowScan);
    scan->options = *options;
    scan->hot = open_hot(options);
    scan->hot_taken = true;
    scan->cold_taken = true;
    return scan;
}

void row_scan_close(RowScan *scan)
{
    if (!scan)
        return;
    cold_scan_close(scan->cold);
    cold_view_close(scan->view);
    store_scan_close(scan->hot);
    free(scan);
}

static Status read_ahead(Context *ctx, RowScan *scan)
{
    if (!scan->began) {
        scan->began = true;
        TRY(open_cold(ctx, scan));
    }
    TRY(read_hot(ctx, scan));
    return read_cold(ctx, scan);
}

/* Which side comes next: < 0 the hot one, > 0 the cold one, 0 both have the key. */
static int compare_sides(const RowScan *scan)
{
    if (!scan->has_cold)
        return -1;
    if (!scan->has_hot)
        return 1;
    int order = str_compare(scan->hot_key, scan->cold_key);
    return scan->options.reverse ? -order : order;
}

/* Takes the next version off its side; what it hides goes with it. */
static void take(RowScan *scan, Str *ret_key, StoredRow *ret_stored)
{
    int side = compare_sides(scan);
    scan->hot_taken = side <= 0;
    scan->cold_taken = side >= 0;
    *ret_key = side <= 0 ? scan->hot_key : scan->cold_key;
    *ret_stored = side <= 0 ? scan->hot_row : scan->cold_row;
    if (side > 0)
        ret_stored->cold_seq = ret_stored->seq;
}

static bool shows(const RowScan *scan, const StoredRow *stored)
{
    if (stored->gone)
        return scan->options.include_gone;
    return !stored->deleted || scan->options.include_deleted;
}

static bool end_scan(RowScan *scan, Status status)
{
    scan->ended = true;
    scan->status = status;
    return false;
}

bool row_scan_next(Context *ctx, RowScan *scan, Str *ret_key, StoredRow *ret_stored)
{
    while (!scan->ended) {
        Status status = read_ahead(ctx, scan);
        if (status != STATUS_OK || (!scan->has_hot && !scan->has_cold))
            return end_scan(scan, status);
        take(scan, ret_key, ret_stored);
        if (shows(scan, ret_stored))
            return true;
    }
    return false;
}

Status row_scan_status(const RowScan *scan)
{
    return scan->status;
}

/* ---- by key ---- */

static Status get_hot(Context *ctx, const TableGet *get, StoredRow *ret_stored, bool *ret_found)
{
    CLEANUP(buf_done) Buf key = {0};
    row_key_append(&key, get->table->id, get->owner, get->key);
    StoreRead read = {.snapshot = get->snapshot->at, .family = FAMILY_ROWS, .tier = get->tier};
    Str bytes;
    TRY(store_get(ctx, get->snapshot->store, read, buf_str(&key), &bytes));
    *ret_found = bytes.ptr != NULL;
    return bytes.ptr ? stored_row_read(ctx, bytes, ret_stored) : STATUS_OK;
}

static Status open_view(Context *ctx, const TableGet *get, ColdView **ret_view)
{
    ColdViewOptions options = {
        .snapshot = get->snapshot, .table = get->table, .owner = get->owner, .tier = get->tier};
    return get->cold ? cold_view_open(ctx, get->cold, &options, ret_view) : STATUS_OK;
}

static Status get_cold(Context *ctx, const TableGet *get, StoredRow *ret_stored, bool *ret_found)
{
    CLEANUP(cold_view_close) ColdView *view = NULL;
    TRY(open_view(ctx, get, &view));
    TRY(cold_may_hold(ctx, view, get->key, get->tier, ret_found));
    if (!*ret_found)
        return STATUS_OK;
    if (get->tier == STORE_READ_MEMORY)
        return STATUS_WOULD_BLOCK;
    TRY(cold_find(ctx, view, &get->key, 1, ret_stored, ret_found));
    if (*ret_found)
        ret_stored->cold_seq = ret_stored->seq;
    return STATUS_OK;
}

Status row_get(Context *ctx, const TableGet *get, StoredRow *ret_stored, bool *ret_found)
{
    TRY(get_hot(ctx, get, ret_stored, ret_found));
    return *ret_found || !get->cold ? STATUS_OK : get_cold(ctx, get, ret_stored, ret_found);
}
