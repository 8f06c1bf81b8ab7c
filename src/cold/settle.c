/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Settling: after a segment was added to the manifest its rows are in both
 * tiers.  The hot copies go, a few hundred in one commit so that no writer waits
 * long; where a newer version came meanwhile, that one learns which cold version
 * it hides.
 *
 * The list of rows is the segment's file itself, so that a crash at any point
 * loses nothing: settling is done once more, from the beginning, and everything
 * in it may be done twice.
 */
#include "base/fault.h"
#include "cold/maintenance.h"
#include "cold/segment_reader.h"

enum { CHUNK_ROWS = 256 };

/* ---- hot rows ---- */

typedef struct EvictOp {
    WriteOp op;
    const Maintenance *turn;
    const HotCopy *copies;
    size_t count;
} EvictOp;

static void evict(CommitBuilder *builder, const Maintenance *turn, const HotCopy *copy, SeqNo seq)
{
    commit_add(builder,
               &(Change){
                   .kind = CHANGE_EVICT,
                   .table_id = turn->table_id,
                   .owner = turn->owner,
                   .key = copy->key,
                   .old_seq = seq,
               });
}

static Status evict_copy(CommitBuilder *builder, const Maintenance *turn, const HotCopy *copy)
{
    StoredRow newest;
    bool found;
    TRY(commit_read_row(builder, turn->table_id, turn->owner, copy->key, &newest, &found));
    /* An older one is there only when the hot tier was put back from an older copy. */
    if (found && newest.seq <= copy->seq) {
        evict(builder, turn, copy, newest.seq);
    } else if (found && copy->in_segment && newest.cold_seq != copy->seq) {
        CommitScope scope = {turn->table_id, turn->owner};
        Change change = change_cold_seq(scope, copy->key, &newest, copy->seq);
        commit_add(builder, &change);
    }
    return STATUS_OK;
}

static Status execute_evict(WriteOp *write_op, CommitBuilder *builder)
{
    EvictOp *op = CONTAINER_OF(write_op, EvictOp, op);
    if (!catalog_table_by_id(commit_catalog(builder), op->turn->table_id))
        return fail(write_op->ctx, STATUS_TABLE_NOT_FOUND, "the table was dropped");
    for (size_t i = 0; i < op->count; i++)
        TRY(evict_copy(builder, op->turn, &op->copies[i]));
    return STATUS_OK;
}

Status maintenance_evict(Context *ctx, Maintenance *turn, const HotCopy *copies, size_t count)
{
    for (size_t done = 0; done < count;) {
        size_t rows = count - done < CHUNK_ROWS ? count - done : CHUNK_ROWS;
        ArenaMark mark = arena_mark(&ctx->arena);
        EvictOp op = {
            .op = {.ctx = ctx, .execute = execute_evict},
            .turn = turn,
            .copies = copies + done,
            .count = rows,
        };
        TRY(context_check(ctx));
        TRY(fault_point(ctx, "settle.before_chunk"));
        TRY(sequencer_execute(turn->sequencer, &op.op));
        arena_rewind(&ctx->arena, mark);
        done += rows;
    }
    return STATUS_OK;
}

/* ---- a segment ---- */

/* Up to CHUNK_ROWS rows of the segment; in ctx's arena. */
static Status
read_chunk(Context *ctx, SegmentReader *reader, HotCopy copies[CHUNK_ROWS], size_t *ret_count)
{
    size_t count = 0;
    while (count < CHUNK_ROWS) {
        Str key;
        StoredRow row;
        bool more;
        TRY(segment_reader_next(ctx, reader, &key, &row, &more));
        if (!more)
            break;
        copies[count++] = (HotCopy){arena_str(&ctx->arena, key), row.seq, true};
    }
    *ret_count = count;
    return STATUS_OK;
}

Status maintenance_evict_segment(Context *ctx, Maintenance *turn, const Segment *segment)
{
    CLEANUP(segment_reader_close) SegmentReader *reader = NULL;
    bool *no_columns = ARENA_ARRAY(&ctx->arena, bool, turn->table->column_count);
    ColdScanOptions scan = {.wanted_columns = no_columns};
    SegmentReaderOptions options = {.view = turn->view, .segment = segment, .scan = &scan};
    HotCopy copies[CHUNK_ROWS];
    size_t count;
    TRY(segment_reader_open(ctx, &options, &reader));
    do {
        ArenaMark mark = arena_mark(&ctx->arena);
        TRY(read_chunk(ctx, reader, copies, &count));
        TRY(maintenance_evict(ctx, turn, copies, count));
        arena_rewind(&ctx->arena, mark);
    } while (count == CHUNK_ROWS);
    return STATUS_OK;
}

Status maintenance_settle(Context *ctx, Maintenance *turn)
{
    if (!turn->manifest->unsettled)
        return STATUS_OK;
    const Segment *segment = manifest_segment(turn->manifest, turn->manifest->unsettled);
    TRY(maintenance_write_json(ctx, turn));
    TRY(fault_point(ctx, "settle.begin"));
    TRY(maintenance_evict_segment(ctx, turn, segment));
    TRY(fault_point(ctx, "settle.before_end"));
    return maintenance_commit_settled(ctx, turn);
}
