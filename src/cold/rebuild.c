/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Only files that manifest.json names are used: others may be replaced ones that
 * nobody came to remove, or of a flush that never was committed.  It is written
 * before the hot copies of a segment leave and before replaced files are
 * removed, so that nothing is missing when it is one version behind.
 *
 * Kills are found by reading all files in key order: of the versions of a key the
 * one with the highest number lives.  Afterwards the hot tier is compared with
 * the files: of a row that is in both the newer version counts.
 */
#include "cold/rebuild.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "cold/maintenance.h"
#include "cold/manifest_json.h"
#include "cold/segment_reader.h"
#include "commit/catalog_commit.h"

#include <assert.h>

enum { MANIFEST_JSON_BYTES_MAX = 64 << 20 };

typedef struct Rebuild {
    const RebuildOptions *options;
    Snapshot *snapshot;
    const Storage *storage;
    ObjectStore *store;
    ObjectList objects; /* all of the storage, in order of their names */
    RebuildResult *result;
} Rebuild;

/* One directory with a manifest.json. */
typedef struct Place {
    Rebuild *rebuild;
    Str directory;
    ManifestSummary summary;
    const Table *table;
    Owner owner;
    Manifest *present; /* in the store; NULL = none that can be read */
    ColdView *view;    /* of a manifest that names the files and knows nothing else of them */
    SegmentDraft *drafts;
    size_t draft_count;
    SeqSet kills;
} Place;

/* ---- objects ---- */

static const ObjectInfo *find_object(const Rebuild *rebuild, Str name)
{
    size_t low = 0;
    size_t high = rebuild->objects.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = str_compare(rebuild->objects.items[middle].name, name);
        if (order == 0)
            return &rebuild->objects.items[middle];
        *(order < 0 ? &low : &high) = order < 0 ? middle + 1 : middle;
    }
    return NULL;
}

static Status
read_object(Context *ctx, const Rebuild *rebuild, const ObjectInfo *object, Str *ret_text)
{
    CLEANUP(object_file_release) ObjectFile *file = NULL;
    TRY(object_store_fetch(ctx, rebuild->store, object->name, object->size, &file));
    return file_read(ctx, object_file_path(file), MANIFEST_JSON_BYTES_MAX, ret_text);
}

/* ---- what is there ---- */

static Status find_table(Context *ctx, Place *place)
{
    Str rest = place->summary.table_name;
    Str space;
    const Catalog *catalog = place->rebuild->snapshot->catalog;
    place->table = str_split(&rest, '.', &space) ? catalog_table(catalog, space, rest) : NULL;
    bool has_owners = place->summary.user_id.ptr;
    if (!place->table || (place->table->kind != TABLE_USER && place->table->kind != TABLE_SHARED) ||
        table_is_per_user(place->table) != has_owners)
        return fail(ctx,
                    STATUS_TABLE_NOT_FOUND,
                    "there is no %s table %.*s",
                    has_owners ? "user" : "shared",
                    STR_ARG(place->summary.table_name));
    place->owner = owner_of(place->summary.user_id);
    return STATUS_OK;
}

static void read_present(Context *ctx, Place *place)
{
    assert(place->table);
    CLEANUP(buf_done) Buf key = {0};
    StoreRead read = {.snapshot = place->rebuild->snapshot->at, .family = FAMILY_MANIFEST};
    ManifestKey head = {.part = MANIFEST_HEAD, .table_id = place->table->id, .owner = place->owner};
    Str bytes = STR_NULL;
    manifest_key_append(&key, &head);
    Store *store = place->rebuild->options->tier->store;
    if (store_get(ctx, store, read, buf_str(&key), &bytes) != STATUS_OK || !bytes.ptr ||
        manifest_decode(ctx, bytes, &place->present) != STATUS_OK)
        context_clear_error(ctx);
}

/* Is the manifest in the store as new as manifest.json, and are its files there? */
static bool present_fits(Context *ctx, const Place *place)
{
    const Manifest *present = place->present;
    if (!present || present->version < place->summary.version ||
        !str_equal(present->directory, place->directory) ||
        !str_equal(present->storage_id, place->rebuild->storage->id))
        return false;
    for (size_t i = 0; i < present->segment_count; i++) {
        const Segment *segment = &present->segments[i];
        Str name = segment_object_name(&ctx->arena, present, segment->file_ms);
        const ObjectInfo *object = find_object(place->rebuild, name);
        if (!object || object->size != segment->size_bytes)
            return false;
    }
    return true;
}

/* ---- reading the files ---- */

/* False when the file is not there. */
static bool make_segment(Context *ctx, Place *place, const ManifestFile *file, Segment *segment)
{
    Str name =
        arena_printf(&ctx->arena, "%.*s/%.*s", STR_ARG(place->directory), STR_ARG(file->path));
    const ObjectInfo *object = find_object(place->rebuild, name);
    if (!object || !segment_file_name_read(file->path, &segment->file_ms))
        return false;
    segment->schema_version = file->schema_version;
    segment->size_bytes = object->size;
    segment->seq_max = UINT64_MAX;
    return true;
}

static uint64_t next_version(const Place *place)
{
    uint64_t known = place->present ? place->present->version : 0;
    return (known > place->summary.version ? known : place->summary.version) + 1;
}

/* A view of the named files, in which nothing is dead. */
static void open_files(Context *ctx, Place *place)
{
    Manifest *manifest = NEW(Manifest);
    Arena *arena = &manifest->arena;
    Segment *segments = ARENA_ARRAY(arena, Segment, place->summary.file_count + 1);
    refcount_init(&manifest->refs);
    manifest->version = UINT64_MAX; /* nobody else asks the cache for it */
    manifest->storage_id = arena_str(arena, place->rebuild->storage->id);
    manifest->directory = arena_str(arena, place->directory);
    for (size_t i = 0; i < place->summary.file_count; i++) {
        Segment *segment = &segments[manifest->segment_count];
        if (!make_segment(ctx, place, &place->summary.files[i], segment)) {
            place->rebuild->result->lost_files++;
            continue;
        }
        segment->id = (uint32_t)++manifest->segment_count;
    }
    manifest->segments = segments;
    place->view = cold_view_new(place->rebuild->options->tier,
                                &(ColdViewOptions){.snapshot = place->rebuild->snapshot,
                                                   .table = place->table,
                                                   .owner = place->owner},
                                manifest);
}

static Status collect_rows(Context *ctx, SegmentReader *reader, SegmentCollector *collector)
{
    ArenaMark mark = arena_mark(&ctx->arena);
    for (;;) {
        Str key;
        StoredRow row;
        bool more;
        TRY(segment_reader_next(ctx, reader, &key, &row, &more));
        if (!more)
            return STATUS_OK;
        if (str_compare(buf_str(&collector->last_key), key) >= 0)
            return fail(ctx, STATUS_CORRUPT, "a file is not in the order of its keys");
        TRY(segment_collector_add(ctx, collector, key, &row));
        arena_rewind(&ctx->arena, mark);
    }
}

static Status collect_segment(Context *ctx, Place *place, const Segment *segment)
{
    CLEANUP(segment_collector_done) SegmentCollector collector = {0};
    CLEANUP(segment_reader_close) SegmentReader *reader = NULL;
    const Table *table;
    TRY(cold_segment_table(ctx, place->view, segment, &table));
    segment_collector_init(&collector, table);
    SegmentReaderOptions options = {.view = place->view, .segment = segment};
    TRY(segment_reader_open(ctx, &options, &reader));
    TRY(collect_rows(ctx, reader, &collector));
    if (collector.segment.row_count == 0)
        return STATUS_OK;
    SegmentDraft *draft = &place->drafts[place->draft_count++];
    segment_collector_finish(&collector, draft);
    draft->segment.file_ms = segment->file_ms;
    draft->segment.size_bytes = segment->size_bytes;
    return STATUS_OK;
}

/* Of two versions of a key, the older one is killed. */
static Status note_versions(Context *ctx, Place *place, SeqNo a, SeqNo b)
{
    if (a == b)
        return fail(ctx, STATUS_CORRUPT, "version %llu is in two files", (unsigned long long)a);
    seq_set_append(&place->kills, a < b ? a : b);
    return STATUS_OK;
}

static Status collect_kills(Context *ctx, Place *place)
{
    CLEANUP(cold_scan_close)
    ColdScan *scan = cold_scan_open(place->view, &(ColdScanOptions){0});
    CLEANUP(buf_done) Buf last_key = {0};
    SeqNo newest = 0;
    Str key;
    StoredRow row;
    while (cold_scan_next(ctx, scan, &key, &row)) {
        bool same = newest && str_equal(key, buf_str(&last_key));
        if (same)
            TRY(note_versions(ctx, place, newest, row.seq));
        newest = same && newest > row.seq ? newest : row.seq;
        buf_clear(&last_key);
        buf_str_append(&last_key, key);
    }
    seq_set_sort(&place->kills);
    return cold_scan_status(ctx, scan);
}

static Status read_files(Context *ctx, Place *place)
{
    open_files(ctx, place);
    const Manifest *manifest = place->view->manifest;
    place->drafts = ARENA_ARRAY(&ctx->arena, SegmentDraft, manifest->segment_count + 1);
    for (size_t i = 0; i < manifest->segment_count; i++)
        TRY(collect_segment(ctx, place, &manifest->segments[i]));
    return collect_kills(ctx, place);
}

/* ---- the new manifest ---- */

typedef struct RebuildOp {
    WriteOp op;
    Place *place;
} RebuildOp;

static void put(CommitBuilder *builder, const Place *place, Str key, Str value)
{
    commit_add(builder,
               &(Change){
                   .kind = value.ptr ? CHANGE_MANIFEST_PUT : CHANGE_MANIFEST_DELETE,
                   .table_id = place->table->id,
                   .owner = place->owner,
                   .key = key,
                   .new_row = value,
               });
}

static Str part_key(Context *ctx, const Place *place, ManifestPart part, uint32_t segment)
{
    CLEANUP(buf_done) Buf key = {0};
    manifest_key_append(&key,
                        &(ManifestKey){
                            .part = part,
                            .table_id = place->table->id,
                            .owner = place->owner,
                            .segment = segment,
                        });
    return arena_str(&ctx->arena, buf_str(&key));
}

/* What is left of a manifest that could not be read may be anything. */
static Status remove_old_parts(Context *ctx, CommitBuilder *builder, const Place *place)
{
    for (ManifestPart part = MANIFEST_FILTER; part <= MANIFEST_STATS; part++) {
        CLEANUP(buf_done) Buf lower = {0};
        CLEANUP(buf_done) Buf upper = {0};
        manifest_prefix_append(&lower, part, place->table->id, place->owner);
        key_successor_append(&upper, buf_str(&lower));
        StoreScanOptions options = {
            .read = {.family = FAMILY_MANIFEST},
            .lower = buf_str(&lower),
            .upper = buf_str(&upper),
        };
        CLEANUP(store_scan_close)
        StoreScan *scan = store_scan_open(place->rebuild->options->tier->store, &options);
        while (store_scan_next(scan))
            put(builder, place, arena_str(&ctx->arena, scan->key), STR_NULL);
        TRY(store_scan_status(ctx, scan));
    }
    return STATUS_OK;
}

static Manifest new_manifest(Context *ctx, const Place *place)
{
    Segment *segments = ARENA_ARRAY(&ctx->arena, Segment, place->draft_count + 1);
    Manifest manifest = {
        .version = next_version(place),
        .last_segment = (uint32_t)place->draft_count,
        .created_at_ms = place->summary.created_at_ms,
        .updated_at_ms = clock_wall_us() / 1000,
        .storage_id = place->rebuild->storage->id,
        .directory = place->directory,
        .segment_count = place->draft_count,
        .segments = segments,
    };
    for (size_t i = 0; i < place->draft_count; i++) {
        segments[i] = place->drafts[i].segment;
        segments[i].id = (uint32_t)i + 1;
        if (segments[i].file_ms > manifest.last_file_ms)
            manifest.last_file_ms = segments[i].file_ms;
    }
    manifest.flushed_at_ms = manifest.last_file_ms;
    if (place->draft_count)
        segments[0].kill_count = place->kills.count;
    return manifest;
}

static Status mark_cold(Context *ctx, CommitBuilder *builder, uint32_t table_id)
{
    const Catalog *catalog = commit_catalog(builder);
    if (catalog_table_is_cold(catalog, table_id))
        return STATUS_OK;
    CLEANUP(catalog_edit_abort)
    CatalogEdit *edit = catalog_edit_begin(ctx, catalog, commit_time_ms(builder) * 1000);
    TRY(catalog_mark_cold(edit, table_id));
    commit_catalog_edit(builder, TAKE(edit));
    return STATUS_OK;
}

static void put_all(Context *ctx, CommitBuilder *builder, const Place *place)
{
    CLEANUP(buf_done) Buf bytes = {0};
    Manifest manifest = new_manifest(ctx, place);
    manifest_encode(&bytes, &manifest);
    put(builder,
        place,
        part_key(ctx, place, MANIFEST_HEAD, 0),
        arena_str(&ctx->arena, buf_str(&bytes)));
    for (size_t i = 0; i < place->draft_count; i++) {
        const SegmentDraft *draft = &place->drafts[i];
        uint32_t id = (uint32_t)i + 1;
        put(builder, place, part_key(ctx, place, MANIFEST_FILTER, id), buf_str(&draft->filter));
        put(builder, place, part_key(ctx, place, MANIFEST_STATS, id), buf_str(&draft->stats));
    }
    if (place->draft_count == 0 || place->kills.count == 0)
        return;
    buf_clear(&bytes);
    seq_set_encode(&bytes, &place->kills);
    put(builder,
        place,
        part_key(ctx, place, MANIFEST_KILLS, 1),
        arena_str(&ctx->arena, buf_str(&bytes)));
}

static Status execute_rebuild(WriteOp *op, CommitBuilder *builder)
{
    const Place *place = CONTAINER_OF(op, RebuildOp, op)->place;
    TRY(mark_cold(op->ctx, builder, place->table->id));
    TRY(remove_old_parts(op->ctx, builder, place));
    put_all(op->ctx, builder, place);
    return STATUS_OK;
}

static Status rebuild_manifest(Context *ctx, Place *place)
{
    RebuildResult *result = place->rebuild->result;
    RebuildOp op = {.op = {.ctx = ctx, .execute = execute_rebuild}, .place = place};
    TRY(read_files(ctx, place));
    TRY(sequencer_execute(place->rebuild->options->sequencer, &op.op));
    result->rebuilt_count++;
    for (size_t i = 0; i < place->draft_count; i++)
        result->row_count += place->drafts[i].segment.row_count;
    return STATUS_OK;
}

/* ---- the hot tier ---- */

static Status compare_segments(Context *ctx, Maintenance *turn)
{
    TRY(maintenance_begin(ctx, turn));
    for (size_t i = 0; i < turn->manifest->segment_count; i++)
        TRY(maintenance_evict_segment(ctx, turn, &turn->manifest->segments[i]));
    return maintenance_write_json(ctx, turn);
}

static Status compare_with_hot(Context *ctx, const Place *place)
{
    Maintenance turn = {
        .tier = place->rebuild->options->tier,
        .sequencer = place->rebuild->options->sequencer,
        .table_id = place->table->id,
        .owner = place->owner,
    };
    Status status = compare_segments(ctx, &turn);
    maintenance_end(&turn);
    return status;
}

/* ---- one directory after another ---- */

static Status rebuild_place(Context *ctx, Place *place, const ObjectInfo *manifest_json)
{
    Str text;
    TRY(read_object(ctx, place->rebuild, manifest_json, &text));
    TRY(manifest_json_read(ctx, text, &place->summary));
    TRY(find_table(ctx, place));
    read_present(ctx, place);
    if (present_fits(ctx, place))
        place->rebuild->result->kept_count++;
    else
        TRY(rebuild_manifest(ctx, place));
    return compare_with_hot(ctx, place);
}

static void place_done(Place *place)
{
    for (size_t i = 0; i < place->draft_count; i++)
        segment_draft_done(&place->drafts[i]);
    seq_set_done(&place->kills);
    cold_view_close(place->view);
    manifest_unref(place->present);
}

static bool is_manifest_json(Str name)
{
    return str_ends_with(name, STR("/manifest.json")) && name.len > STR("/manifest.json").len;
}

/* A directory that cannot be used is a problem of its own. */
static Status rebuild_directory(Context *ctx, Rebuild *rebuild, const ObjectInfo *manifest_json)
{
    const RebuildOptions *options = rebuild->options;
    CLEANUP(context_done) Context inner = {0};
    Str name = manifest_json->name;
    Place place = {
        .rebuild = rebuild,
        .directory = str_from(name.ptr, name.len - STR("/manifest.json").len),
    };
    TRY(context_check(ctx));
    if (rebuild_place(&inner, &place, manifest_json) != STATUS_OK)
        options->on_problem(options->data, place.directory, inner.message);
    place_done(&place);
    return STATUS_OK;
}

static Status rebuild_storage(Context *ctx, Rebuild *rebuild)
{
    TRY(cold_object_store(ctx,
                          rebuild->options->tier,
                          rebuild->snapshot->catalog,
                          rebuild->storage->id,
                          &rebuild->store));
    TRY(object_store_list(ctx, rebuild->store, STR_NULL, &rebuild->objects));
    for (size_t i = 0; i < rebuild->objects.count; i++)
        if (is_manifest_json(rebuild->objects.items[i].name))
            TRY(rebuild_directory(ctx, rebuild, &rebuild->objects.items[i]));
    return STATUS_OK;
}

Status cold_rebuild(Context *ctx, const RebuildOptions *options, RebuildResult *ret_result)
{
    *ret_result = (RebuildResult){0};
    CLEANUP(snapshot_unref)
    Snapshot *snapshot = published_durable(sequencer_published(options->sequencer));
    StorageList storages = catalog_storages(&ctx->arena, snapshot->catalog);
    Rebuild rebuild = {.options = options, .snapshot = snapshot, .result = ret_result};
    for (size_t i = 0; i < storages.count; i++) {
        rebuild.storage = storages.items[i];
        Status status = rebuild_storage(ctx, &rebuild);
        object_store_unref(TAKE(rebuild.store));
        TRY(status);
    }
    return STATUS_OK;
}
