/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directory of a (table, owner) is named by its manifest, which is committed
 * before the first file is written.  What lies directly in it, looks like a file
 * of ours and is not in the manifest is nobody's, when
 *
 *   - the storage is `local`: any other place may serve two servers, or one and
 *     its copy, and files that one of them does not know are the other's;
 *   - no other manifest has the directory, not even one of a dropped table;
 *   - the file is older than the look at the manifests: one that was made
 *     since then may have files of its own here.
 */
#include "cold/sweep.h"

#include "base/hash.h"
#include "base/memory.h"
#include "cold/cold_trash.h"
#include "cold/manifest_scan.h"

typedef struct Sweep {
    Maintenance turn;
    int64_t before_ms;     /* files from then on are left alone */
    uint64_t *directories; /* a hash per manifest of `local`, sorted */
    size_t directory_count;
    size_t directory_capacity;
    SweepResult *result;
} Sweep;

static void sweep_done(Sweep *sweep)
{
    free(sweep->directories);
}
DEFINE_CLEANUP_IN_PLACE(Sweep, sweep_done)

/* ---- whose directory it is ---- */

static bool is_local(const Manifest *manifest)
{
    return str_equal(manifest->storage_id, LOCAL_STORAGE_ID);
}

static void note_directory(Sweep *sweep, Str directory)
{
    if (sweep->directory_count == sweep->directory_capacity) {
        sweep->directory_capacity = sweep->directory_capacity ? sweep->directory_capacity * 2 : 64;
        sweep->directories =
            mem_realloc(sweep->directories, sweep->directory_capacity * sizeof(uint64_t));
    }
    sweep->directories[sweep->directory_count++] = hash_stable(directory);
}

static int by_value(const void *a, const void *b)
{
    uint64_t first = *(const uint64_t *)a;
    uint64_t second = *(const uint64_t *)b;
    return first < second ? -1 : first > second;
}

static Status note_directories(Context *ctx, Sweep *sweep)
{
    CLEANUP(manifest_scan_close)
    ManifestScan *scan = manifest_scan_open(sweep->turn.tier->store, NULL, 0);
    ScannedManifest scanned;
    bool more;
    TRY(manifest_scan_next(ctx, scan, &scanned, &more));
    while (more) {
        if (is_local(scanned.manifest))
            note_directory(sweep, scanned.manifest->directory);
        TRY(manifest_scan_next(ctx, scan, &scanned, &more));
    }
    if (sweep->directory_count)
        qsort(sweep->directories, sweep->directory_count, sizeof(uint64_t), by_value);
    return STATUS_OK;
}

/* Two directories of one hash are not swept: that is all. */
static bool is_of_one_owner(const Sweep *sweep, Str directory)
{
    uint64_t hash = hash_stable(directory);
    if (!sweep->directory_count)
        return false;
    const uint64_t *found =
        bsearch(&hash, sweep->directories, sweep->directory_count, sizeof(uint64_t), by_value);
    const uint64_t *end = sweep->directories + sweep->directory_count;
    return found && (found == sweep->directories || found[-1] != hash) &&
           (found + 1 == end || found[1] != hash);
}

/* ---- files ---- */

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

static bool is_orphan(const Sweep *sweep, Str object)
{
    const Maintenance *turn = &sweep->turn;
    int64_t file_ms;
    bool is_draft;
    Str name = name_in(turn->manifest, object);
    if (!name.ptr || !segment_any_name_read(name, &file_ms, &is_draft) ||
        file_ms >= sweep->before_ms)
        return false;
    return is_draft || (!is_named(turn->manifest, file_ms) &&
                        !cold_trash_has(turn->tier, turn->manifest->storage_id, object));
}

/* Moves the orphans to the list's front. */
static size_t keep_orphans(const Sweep *sweep, ObjectList *list)
{
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++)
        if (is_orphan(sweep, list->items[i].name))
            list->items[count++] = list->items[i];
    return count;
}

/* manifest.json may still name them: a rebuild from it must not miss what took their place. */
static Status sweep_files(Context *ctx, Sweep *sweep)
{
    Maintenance *turn = &sweep->turn;
    ObjectList list;
    if (!is_local(turn->manifest) || !is_of_one_owner(sweep, turn->manifest->directory))
        return STATUS_OK;
    TRY(object_store_list(ctx, turn->store, turn->manifest->directory, &list));
    size_t count = keep_orphans(sweep, &list);
    if (count > 0)
        TRY(maintenance_write_json(ctx, turn));
    for (size_t i = 0; i < count; i++) {
        TRY(context_check(ctx));
        TRY(object_store_remove(ctx, turn->store, list.items[i].name));
        sweep->result->removed_files++;
    }
    return STATUS_OK;
}

static Status sweep_owner(Context *ctx, Sweep *sweep)
{
    TRY(maintenance_begin(ctx, &sweep->turn));
    return sweep_files(ctx, sweep);
}

/* Tables that were dropped meanwhile are somebody else's work. */
static Status sweep_manifest(Context *ctx, Sweep *sweep, const ScannedManifest *scanned)
{
    ArenaMark mark = arena_mark(&ctx->arena);
    sweep->turn.table_id = scanned->table_id;
    sweep->turn.owner = scanned->owner;
    Status status = sweep_owner(ctx, sweep);
    maintenance_end(&sweep->turn);
    if (status == STATUS_TABLE_NOT_FOUND) {
        context_clear_error(ctx);
        status = STATUS_OK;
    }
    sweep->result->owner_count++;
    sweep->result->settled_count += scanned->manifest->unsettled != 0;
    arena_rewind(&ctx->arena, mark);
    return status;
}

Status cold_sweep(Context *ctx, ColdTier *tier, Sequencer *sequencer, SweepResult *ret_result)
{
    *ret_result = (SweepResult){0};
    CLEANUP(sweep_done)
    Sweep sweep = {
        .turn = {.tier = tier, .sequencer = sequencer},
        .before_ms = cold_next_file_ms(tier, 0),
        .result = ret_result,
    };
    TRY(note_directories(ctx, &sweep));
    CLEANUP(manifest_scan_close) ManifestScan *scan = manifest_scan_open(tier->store, NULL, 0);
    ScannedManifest scanned;
    bool more;
    TRY(manifest_scan_next(ctx, scan, &scanned, &more));
    while (more) {
        TRY(sweep_manifest(ctx, &sweep, &scanned));
        TRY(manifest_scan_next(ctx, scan, &scanned, &more));
    }
    return STATUS_OK;
}
