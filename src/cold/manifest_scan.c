/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All heads are one range.  Those of one table lie in as many slots as it has
 * owners: one scan seeks from slot to slot.
 */
#include "cold/manifest_scan.h"

#include "base/memory.h"

struct ManifestScan {
    StoreScan *scan;
    uint32_t table_id;
    uint32_t slot; /* the next one to look at; of one table */
    bool in_slot;
    Context item; /* of the manifest that was given out */
    Manifest *manifest;
};

static StoreScan *scan_heads(Store *store, Snapshot *snapshot)
{
    static const char FIRST = MANIFEST_HEAD;
    static const char END = MANIFEST_HEAD + 1;
    return store_scan_open(
        store,
        &(StoreScanOptions){
            .read = {.snapshot = snapshot ? snapshot->at : NULL, .family = FAMILY_MANIFEST},
            .lower = str_from(&FIRST, 1),
            .upper = str_from(&END, 1),
        });
}

ManifestScan *manifest_scan_open(Store *store, Snapshot *snapshot, uint32_t table_id)
{
    ManifestScan *scan = NEW(ManifestScan);
    scan->scan = scan_heads(store, snapshot);
    scan->table_id = table_id;
    return scan;
}

void manifest_scan_close(ManifestScan *scan)
{
    if (!scan)
        return;
    store_scan_close(scan->scan);
    manifest_unref(scan->manifest);
    context_done(&scan->item);
    free(scan);
}

/* To the table's first head in the next slot that could have one. */
static bool seek_slot(ManifestScan *scan)
{
    while (scan->slot < SLOT_COUNT) {
        CLEANUP(buf_done) Buf prefix = {0};
        manifest_slot_prefix_append(&prefix, MANIFEST_HEAD, (uint16_t)scan->slot++, scan->table_id);
        store_scan_seek(scan->scan, buf_str(&prefix));
        if (!store_scan_next(scan->scan))
            return false;
        if (str_starts_with(scan->scan->key, buf_str(&prefix)))
            return true;
    }
    return false;
}

static bool is_of_table(const ManifestScan *scan)
{
    CLEANUP(buf_done) Buf prefix = {0};
    manifest_slot_prefix_append(&prefix, MANIFEST_HEAD, (uint16_t)(scan->slot - 1), scan->table_id);
    return str_starts_with(scan->scan->key, buf_str(&prefix));
}

static bool next_head(ManifestScan *scan)
{
    if (scan->table_id == 0)
        return store_scan_next(scan->scan);
    if (scan->in_slot && store_scan_next(scan->scan) && is_of_table(scan))
        return true;
    scan->in_slot = seek_slot(scan);
    return scan->in_slot;
}

Status
manifest_scan_next(Context *ctx, ManifestScan *scan, ScannedManifest *ret_scanned, bool *ret_more)
{
    ManifestKey key;
    manifest_unref(TAKE(scan->manifest));
    arena_clear(&scan->item.arena);
    *ret_more = next_head(scan);
    if (!*ret_more)
        return store_scan_status(ctx, scan->scan);
    TRY(context_check(ctx));
    Status status = manifest_key_read(&scan->item, scan->scan->key, &key);
    if (status == STATUS_OK)
        status = manifest_decode(&scan->item, scan->scan->value, &scan->manifest);
    if (status != STATUS_OK)
        return fail(ctx, status, "%.*s", STR_ARG(scan->item.message));
    *ret_scanned = (ScannedManifest){key.table_id, key.owner, scan->manifest};
    return STATUS_OK;
}
