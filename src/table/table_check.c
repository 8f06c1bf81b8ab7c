/* SPDX-License-Identifier: Apache-2.0 */
#include "table/table_check.h"

#include "table/row_image.h"
#include "table/row_scan.h"

/* What the sequencer may spend on it: about a millisecond. */
enum { COMMITS_CHECKED_MAX = 1000, CHECK_EVERY_ROWS = 64, SLOT_AND_TABLE_BYTES = 6 };

static Status
stored_meets(Context *ctx, const TableCheck *check, const StoredRow *stored, bool *ret_met)
{
    const Table *table = check->table;
    *ret_met = stored->deleted;
    if (stored->deleted || check->demand == DEMAND_EMPTY)
        return STATUS_OK;
    ArenaMark mark = arena_mark(&ctx->arena);
    Value *values = ARENA_ARRAY(&ctx->arena, Value, table_row_width(table) + table->column_count);
    TRY(row_image_read(ctx, table, stored, values + table_row_width(table), values));
    *ret_met = !value_is_null(&values[check->column]);
    arena_rewind(&ctx->arena, mark);
    return STATUS_OK;
}

/* ---- as of a snapshot ---- */

static Status
check_slot(Context *ctx, Snapshot *snapshot, const TableCheck *check, uint16_t slot, bool *ret_met)
{
    CLEANUP(buf_done) Buf lower = {0};
    CLEANUP(buf_done) Buf upper = {0};
    buf_u16be(&lower, slot);
    buf_u32be(&lower, check->table->id);
    key_successor_append(&upper, buf_str(&lower));
    StoreScanOptions options = {
        .read = {.snapshot = snapshot->at, .family = FAMILY_ROWS},
        .lower = buf_str(&lower),
        .upper = buf_str(&upper),
    };
    CLEANUP(store_scan_close) StoreScan *scan = store_scan_open(snapshot->store, &options);
    *ret_met = true;
    for (uint64_t count = 0; *ret_met && store_scan_next(scan); count++) {
        StoredRow stored;
        if (count % CHECK_EVERY_ROWS == 0)
            TRY(context_check(ctx));
        TRY(stored_row_read(ctx, scan->value, &stored));
        TRY(stored_meets(ctx, check, &stored, ret_met));
    }
    return store_scan_status(ctx, scan);
}

/* Rows of one owner that left the hot tier, too. */
static Status
check_owner(Context *ctx, Snapshot *snapshot, const TableCheck *check, Owner owner, bool *ret_met)
{
    TableScanOptions options = {
        .cold = check->cold, .snapshot = snapshot, .table = check->table, .owner = owner};
    CLEANUP(row_scan_close) RowScan *scan = row_scan_open(&options);
    Str key;
    StoredRow stored;
    for (uint64_t count = 0; *ret_met && row_scan_next(ctx, scan, &key, &stored); count++) {
        if (count % CHECK_EVERY_ROWS == 0)
            TRY(context_check(ctx));
        TRY(stored_meets(ctx, check, &stored, ret_met));
    }
    return row_scan_status(scan);
}

/* Every owner with cold rows has a manifest. */
static Status
check_cold_owners(Context *ctx, Snapshot *snapshot, const TableCheck *check, bool *ret_met)
{
    const char first = (char)MANIFEST_HEAD;
    const char last = (char)(MANIFEST_HEAD + 1);
    StoreScanOptions options = {
        .read = {.snapshot = snapshot->at, .family = FAMILY_MANIFEST},
        .lower = str_from(&first, 1),
        .upper = str_from(&last, 1),
    };
    CLEANUP(store_scan_close) StoreScan *scan = store_scan_open(snapshot->store, &options);
    while (*ret_met && store_scan_next(scan)) {
        ManifestKey key;
        TRY(manifest_key_read(ctx, scan->key, &key));
        if (key.table_id == check->table->id)
            TRY(check_owner(ctx, snapshot, check, key.owner, ret_met));
    }
    return store_scan_status(ctx, scan);
}

Status table_check_rows(Context *ctx, Snapshot *snapshot, const TableCheck *check, bool *ret_met)
{
    bool shared = check->table->kind == TABLE_SHARED;
    uint32_t first = shared ? slot_of(check->table->id, OWNER_SHARED) : 0;
    uint32_t last = shared ? first : SLOT_COUNT - 1;
    *ret_met = true;
    for (uint32_t slot = first; *ret_met && slot <= last; slot++)
        TRY(check_slot(ctx, snapshot, check, (uint16_t)slot, ret_met));
    bool cold = check->cold && catalog_table_is_cold(snapshot->catalog, check->table->id);
    return cold && *ret_met ? check_cold_owners(ctx, snapshot, check, ret_met) : STATUS_OK;
}

/* ---- since then ---- */

static Status
check_record(Context *ctx, const TableCheck *check, const CommitRecord *record, bool *ret_met)
{
    CommitChanges changes = commit_changes(record);
    *ret_met = true;
    for (Change change; *ret_met && commit_changes_next(&changes, &change);) {
        bool written = change.kind == CHANGE_INSERT || change.kind == CHANGE_UPDATE;
        if (!written || change.table_id != check->table->id)
            continue;
        StoredRow stored = {
            .seq = change.seq, .schema_version = change.schema_version, .row = change.new_row};
        TRY(stored_meets(ctx, check, &stored, ret_met));
    }
    return STATUS_OK;
}

static Status too_busy(Context *ctx, const Table *table)
{
    return fail(ctx,
                STATUS_STALE_PLAN,
                "table %.*s is being written while its rows are checked",
                STR_ARG(table->full_name));
}

Status table_check_changes(Context *ctx,
                           CommitBuilder *builder,
                           Store *store,
                           SeqNo after,
                           const TableCheck *check,
                           bool *ret_met)
{
    if (commit_group_has_table(builder, check->table->id))
        return too_busy(ctx, check->table);
    CLEANUP(buf_done) Buf lower = {0};
    log_key_append(&lower, after + 1);
    StoreScanOptions options = {.read = {.family = FAMILY_LOG}, .lower = buf_str(&lower)};
    CLEANUP(store_scan_close) StoreScan *scan = store_scan_open(store, &options);
    *ret_met = true;
    for (int count = 0; *ret_met && store_scan_next(scan); count++) {
        CLEANUP(commit_record_unref) CommitRecord *record = NULL;
        if (count == COMMITS_CHECKED_MAX)
            return too_busy(ctx, check->table);
        TRY(commit_record_decode(ctx, scan->value, &record));
        TRY(check_record(ctx, check, record, ret_met));
    }
    return store_scan_status(ctx, scan);
}
