/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All keys of a table start with slot and table id, in three families.  Most of
 * the 4,096 slots hold nothing of it, so each is looked at before it gets a
 * range tombstone.
 */
#include "table/table_purge.h"

#include "commit/catalog_commit.h"

enum { HEAD_BYTES = 6 /* slot, table */ };

static const StoreFamily PURGED_FAMILIES[] = {FAMILY_ROWS, FAMILY_STREAMS, FAMILY_LOG_BY_OWNER};

static Status purge_range(Context *ctx, Store *store, StoreFamily family, Str from, Str to)
{
    StoreScanOptions options = {.read = {.family = family}, .lower = from, .upper = to};
    CLEANUP(store_scan_close) StoreScan *scan = store_scan_open(store, &options);
    bool any = store_scan_next(scan);
    TRY(store_scan_status(ctx, scan));
    if (!any)
        return STATUS_OK;
    CLEANUP(store_batch_free) StoreBatch *batch = store_batch_new();
    store_batch_delete_range(batch, family, from, to);
    return store_write(ctx, store, batch);
}

Status table_purge_rows(Context *ctx, Store *store, uint32_t table_id)
{
    for (uint32_t slot = 0; slot < SLOT_COUNT; slot++) {
        CLEANUP(buf_done) Buf from = {0};
        CLEANUP(buf_done) Buf to = {0};
        TRY(context_check(ctx));
        stream_bucket_prefix_append(&from, (uint16_t)slot, table_id, 0);
        from.len = HEAD_BYTES;
        key_successor_append(&to, buf_str(&from));
        for (size_t i = 0; i < sizeof(PURGED_FAMILIES) / sizeof(*PURGED_FAMILIES); i++)
            TRY(purge_range(ctx, store, PURGED_FAMILIES[i], buf_str(&from), buf_str(&to)));
    }
    return STATUS_OK;
}

/* ---- telling the catalog ---- */

typedef struct PurgedOp {
    WriteOp op;
    uint32_t table_id;
} PurgedOp;

static Status execute_purged(WriteOp *op, CommitBuilder *builder)
{
    PurgedOp *purged = CONTAINER_OF(op, PurgedOp, op);
    int64_t now_us = commit_time_ms(builder) * 1000;
    CLEANUP(catalog_edit_abort)
    CatalogEdit *edit = catalog_edit_begin(op->ctx, commit_catalog(builder), now_us);
    TRY(catalog_purged_table(edit, purged->table_id));
    commit_catalog_edit(builder, TAKE(edit));
    return STATUS_OK;
}

Status table_purge(Context *ctx, Store *store, Sequencer *sequencer, uint32_t table_id)
{
    TRY(table_purge_rows(ctx, store, table_id));
    PurgedOp purged = {.op = {.ctx = ctx, .execute = execute_purged}, .table_id = table_id};
    return sequencer_execute(sequencer, &purged.op);
}
