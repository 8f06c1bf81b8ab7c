/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A directory belongs to one (table, owner) and is named by its manifest, which
 * is committed before the first file is written.  So whatever lies directly in it,
 * looks like a file of ours and is not in the manifest is nobody's.
 */
#include "cold/sweep.h"

#include "cold/cold_trash.h"
#include "cold/manifest_scan.h"

/* The name inside of the directory; ptr NULL when the object lies deeper. */
static Str name_in(const Manifest *manifest, Str object)
{
    size_t head = manifest->directory.len + 1;
    Str name = str_from(object.ptr + head, object.len - head);
    return str_find_byte(name, '/') == name.len ? name : STR_NULL;
}

static bool is_named(const Manifest *manifest, int64_t file_ms)
{
    for (size_t i = 0; i < manifest->segment_count; i++)
        if (manifest->segments[i].file_ms == file_ms)
            return true;
    return false;
}

static bool is_orphan(const Maintenance *turn, Str object)
{
    int64_t file_ms;
    Str name = name_in(turn->manifest, object);
    if (!name.ptr || !str_starts_with(name, STR("batch-")))
        return false;
    if (str_ends_with(name, STR(".tmp")))
        return true;
    return segment_file_name_read(name, &file_ms) && !is_named(turn->manifest, file_ms) &&
           !cold_trash_has(turn->tier, turn->manifest->storage_id, object);
}

static Status sweep_files(Context *ctx, const Maintenance *turn, SweepResult *result)
{
    ObjectList list;
    TRY(object_store_list(ctx, turn->store, turn->manifest->directory, &list));
    for (size_t i = 0; i < list.count; i++) {
        TRY(context_check(ctx));
        if (!is_orphan(turn, list.items[i].name))
            continue;
        TRY(object_store_remove(ctx, turn->store, list.items[i].name));
        result->removed_files++;
    }
    return STATUS_OK;
}

static Status sweep_owner(Context *ctx, Maintenance *turn, SweepResult *result)
{
    TRY(maintenance_begin(ctx, turn));
    return sweep_files(ctx, turn, result);
}

/* Tables that were dropped meanwhile are somebody else's work. */
static Status
sweep_manifest(Context *ctx, Maintenance *turn, const ScannedManifest *scanned, SweepResult *result)
{
    ArenaMark mark = arena_mark(&ctx->arena);
    turn->table_id = scanned->table_id;
    turn->owner = scanned->owner;
    Status status = sweep_owner(ctx, turn, result);
    maintenance_end(turn);
    if (status == STATUS_TABLE_NOT_FOUND) {
        context_clear_error(ctx);
        status = STATUS_OK;
    }
    result->owner_count++;
    result->settled_count += scanned->manifest->unsettled != 0;
    arena_rewind(&ctx->arena, mark);
    return status;
}

Status cold_sweep(Context *ctx, ColdTier *tier, Sequencer *sequencer, SweepResult *ret_result)
{
    *ret_result = (SweepResult){0};
    CLEANUP(manifest_scan_close) ManifestScan *scan = manifest_scan_open(tier->store, NULL, 0);
    Maintenance turn = {.tier = tier, .sequencer = sequencer};
    ScannedManifest scanned;
    bool more;
    TRY(manifest_scan_next(ctx, scan, &scanned, &more));
    while (more) {
        TRY(sweep_manifest(ctx, &turn, &scanned, ret_result));
        TRY(manifest_scan_next(ctx, scan, &scanned, &more));
    }
    return STATUS_OK;
}
