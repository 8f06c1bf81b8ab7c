/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commit that changes a manifest: head and parts together, and only if the
 * head in the store is still the one that was read.
 */
#include "base/clock.h"
#include "base/fault.h"
#include "base/memory.h"
#include "cold/maintenance.h"
#include "cold/manifest_json.h"

typedef struct ManifestOp {
    WriteOp op;
    const Maintenance *turn;
    const Manifest *next;
    const ManifestChange *change;
    uint32_t kills_of; /* the segment that gets the change's kills; 0 = none */
} ManifestOp;

/* ---- inside execute() ---- */

static Str key_of(Context *ctx, const Maintenance *turn, ManifestPart part, uint32_t segment)
{
    CLEANUP(buf_done) Buf key = {0};
    manifest_key_append(&key,
                        &(ManifestKey){
                            .part = part,
                            .table_id = turn->table_id,
                            .owner = turn->owner,
                            .segment = segment,
                        });
    return arena_str(&ctx->arena, buf_str(&key));
}

/* Is the newest manifest the one that the turn has read? */
static Status check_unchanged(Context *ctx, CommitBuilder *builder, const Maintenance *turn)
{
    Str bytes;
    CLEANUP(manifest_unref) Manifest *newest = NULL;
    TRY(commit_read_entry(builder, FAMILY_MANIFEST, key_of(ctx, turn, MANIFEST_HEAD, 0), &bytes));
    if (bytes.ptr)
        TRY(manifest_decode(ctx, bytes, &newest));
    uint64_t version = newest ? newest->version : 0;
    uint32_t unsettled = newest ? newest->unsettled : 0;
    bool has_table = catalog_table_by_id(commit_catalog(builder), turn->table_id);
    if (!has_table || version != turn->manifest->version || unsettled != turn->manifest->unsettled)
        return fail(ctx, STATUS_CONFLICT, "the cold files of the table were changed meanwhile");
    return STATUS_OK;
}

static void put(CommitBuilder *builder, const Maintenance *turn, Str key, Str value)
{
    commit_add(builder,
               &(Change){
                   .kind = value.ptr ? CHANGE_MANIFEST_PUT : CHANGE_MANIFEST_DELETE,
                   .table_id = turn->table_id,
                   .owner = turn->owner,
                   .key = key,
                   .new_row = value,
               });
}

static void put_head(ManifestOp *op, CommitBuilder *builder)
{
    CLEANUP(buf_done) Buf head = {0};
    Context *ctx = op->op.ctx;
    manifest_encode(&head, op->next);
    put(builder,
        op->turn,
        key_of(ctx, op->turn, MANIFEST_HEAD, 0),
        arena_str(&ctx->arena, buf_str(&head)));
}

static void put_parts(ManifestOp *op, CommitBuilder *builder, size_t index)
{
    Context *ctx = op->op.ctx;
    const SegmentDraft *draft = &op->change->added[index];
    uint32_t id = op->turn->manifest->last_segment + 1 + (uint32_t)index;
    put(builder, op->turn, key_of(ctx, op->turn, MANIFEST_FILTER, id), buf_str(&draft->filter));
    put(builder, op->turn, key_of(ctx, op->turn, MANIFEST_STATS, id), buf_str(&draft->stats));
}

static void remove_part(ManifestOp *op, CommitBuilder *builder, ManifestPart part, uint32_t id)
{
    put(builder, op->turn, key_of(op->op.ctx, op->turn, part, id), STR_NULL);
}

/* Of one segment: the change's kills, or none where it had some and all are replaced. */
static void put_kills(ManifestOp *op, CommitBuilder *builder, const Segment *segment)
{
    CLEANUP(buf_done) Buf kills = {0};
    Context *ctx = op->op.ctx;
    if (segment->id != op->kills_of) {
        const Segment *before = manifest_segment(op->turn->manifest, segment->id);
        if (op->change->all_kills && before && before->kill_count > 0)
            remove_part(op, builder, MANIFEST_KILLS, segment->id);
        return;
    }
    seq_set_encode(&kills, op->change->kills);
    put(builder,
        op->turn,
        key_of(ctx, op->turn, MANIFEST_KILLS, segment->id),
        arena_str(&ctx->arena, buf_str(&kills)));
}

static void remove_parts(ManifestOp *op, CommitBuilder *builder, uint32_t id)
{
    remove_part(op, builder, MANIFEST_FILTER, id);
    remove_part(op, builder, MANIFEST_STATS, id);
    if (manifest_segment(op->turn->manifest, id)->kill_count > 0)
        remove_part(op, builder, MANIFEST_KILLS, id);
}

static Status execute_change(WriteOp *write_op, CommitBuilder *builder)
{
    ManifestOp *op = CONTAINER_OF(write_op, ManifestOp, op);
    TRY(check_unchanged(write_op->ctx, builder, op->turn));
    put_head(op, builder);
    for (size_t i = 0; i < op->change->added_count; i++)
        put_parts(op, builder, i);
    for (size_t i = 0; i < op->next->segment_count; i++)
        put_kills(op, builder, &op->next->segments[i]);
    for (size_t i = 0; i < op->change->removed_count; i++)
        remove_parts(op, builder, op->change->removed[i]);
    return STATUS_OK;
}

/* ---- the next manifest ---- */

static bool is_removed(const ManifestChange *change, uint32_t id)
{
    for (size_t i = 0; i < change->removed_count; i++)
        if (change->removed[i] == id)
            return true;
    return false;
}

static size_t next_segments(const Manifest *from, const ManifestChange *change, Segment *segments)
{
    size_t count = 0;
    for (size_t i = 0; i < from->segment_count; i++)
        if (!is_removed(change, from->segments[i].id))
            segments[count++] = from->segments[i];
    for (size_t i = 0; i < change->added_count; i++) {
        Segment *segment = &segments[count++];
        *segment = change->added[i].segment;
        segment->id = from->last_segment + 1 + (uint32_t)i;
    }
    return count;
}

/* The segment that the change's kills go to gets their count; its id, or 0. */
static uint32_t count_kills(const ManifestChange *change, Segment *segments, size_t count)
{
    size_t at = change->added_count ? count - change->added_count : 0;
    for (size_t i = 0; change->all_kills && i < count; i++)
        segments[i].kill_count = 0;
    if (!change->kills || change->kills->count == 0 || count == 0)
        return 0;
    segments[at].kill_count = change->kills->count;
    return segments[at].id;
}

static int64_t last_file_ms(const Manifest *from, const ManifestChange *change)
{
    int64_t last = from->last_file_ms;
    for (size_t i = 0; i < change->added_count; i++)
        if (change->added[i].segment.file_ms > last)
            last = change->added[i].segment.file_ms;
    return last;
}

/* Shares its texts with the present one. */
static Manifest next_manifest(Context *ctx, ManifestOp *op, const Manifest *from)
{
    const ManifestChange *change = op->change;
    Segment *segments =
        ARENA_ARRAY(&ctx->arena, Segment, from->segment_count + change->added_count + 1);
    size_t count = next_segments(from, change, segments);
    op->kills_of = count_kills(change, segments, count);
    uint32_t last_segment = from->last_segment + (uint32_t)change->added_count;
    return (Manifest){
        .version = from->version + 1,
        .unsettled = change->unsettled ? last_segment : 0,
        .last_segment = last_segment,
        .created_at_ms = from->created_at_ms,
        .updated_at_ms = clock_wall_us() / 1000,
        .last_file_ms = last_file_ms(from, change),
        .flushed_at_ms = change->unsettled ? clock_wall_us() / 1000 : from->flushed_at_ms,
        .storage_id = from->storage_id,
        .directory = from->directory,
        .segment_count = count,
        .segments = segments,
    };
}

static Status commit_manifest(Context *ctx, ManifestOp *op, Maintenance *turn, SeqNo *ret_seq)
{
    op->op = (WriteOp){.ctx = ctx, .execute = execute_change};
    op->turn = turn;
    TRY(fault_point(ctx, "manifest.before_commit"));
    TRY(sequencer_execute(turn->sequencer, &op->op));
    *ret_seq = op->op.seq;
    TRY(fault_point(ctx, "manifest.after_commit"));
    return maintenance_refresh(ctx, turn);
}

Status
maintenance_commit(Context *ctx, Maintenance *turn, const ManifestChange *change, SeqNo *ret_seq)
{
    if (turn->manifest->segment_count + change->added_count > MANIFEST_SEGMENTS_MAX)
        return fail(ctx,
                    STATUS_LIMIT_EXCEEDED,
                    "table %.*s has %d cold files already: compact it",
                    STR_ARG(turn->table->full_name),
                    MANIFEST_SEGMENTS_MAX);
    ManifestOp op = {.change = change};
    Manifest next = next_manifest(ctx, &op, turn->manifest);
    op.next = &next;
    return commit_manifest(ctx, &op, turn, ret_seq);
}

Status maintenance_commit_settled(Context *ctx, Maintenance *turn)
{
    static const ManifestChange NOTHING = {0};
    Manifest next = *turn->manifest;
    ManifestOp op = {.change = &NOTHING, .next = &next};
    SeqNo seq;
    next.unsettled = 0;
    return commit_manifest(ctx, &op, turn, &seq);
}

/* ---- manifest.json ---- */

Status maintenance_write_json(Context *ctx, Maintenance *turn)
{
    CLEANUP(buf_done) Buf text = {0};
    TRY(cold_view_write_json(ctx, turn->view, &text));
    Str name = cold_object_name(&ctx->arena, turn->manifest, MANIFEST_JSON_NAME);
    return object_store_put_bytes(ctx, turn->store, name, buf_str(&text));
}
