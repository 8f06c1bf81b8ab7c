/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Maintenance: one turn of work on the cold files of one (table, owner), of
 * which there is at most one at a time.
 *
 * A turn reads a durable snapshot, writes files and commits a changed manifest.
 * Before anything else it finishes what an earlier one left unsettled.  Workers
 * and jobs only.
 */
#pragma once

#include "cold/segment_writer.h"
#include "commit/sequencer.h"

typedef struct Maintenance {
    ColdTier *tier;
    Sequencer *sequencer;
    uint32_t table_id;
    Owner owner;
    bool hot_only; /* no files will be written: a table that is not cold stays so */
    bool locked;

    /* As of the last maintenance_refresh(). */
    Snapshot *snapshot;
    const Table *table; /* of the snapshot's catalog */
    ColdView *view;     /* NULL = nothing cold yet */
    Manifest *manifest; /* the view's, or an empty one with a place for files; version 0 */
    ObjectStore *store;
} Maintenance;

/*
 * Waits for its turn, marks the table as cold, settles what is unsettled, reads
 * the newest state.  STATUS_TABLE_NOT_FOUND when there is no such table.  To be
 * ended, whatever the result.
 */
MUST_CHECK Status maintenance_begin(Context *ctx, Maintenance *turn);
void maintenance_end(Maintenance *turn);
DEFINE_CLEANUP_IN_PLACE(Maintenance, maintenance_end)

/* Takes the newest durable snapshot, which shows everything that was committed before this call. */
MUST_CHECK Status maintenance_refresh(Context *ctx, Maintenance *turn);

/* ---- changing the manifest ---- */

typedef struct ManifestChange {
    const SegmentDraft *added;
    size_t added_count;
    const SeqSet *kills;     /* sorted; of the first added one.  NULL = none */
    const uint32_t *removed; /* ids */
    size_t removed_count;
    /* `kills` replaces those of all other segments; without an added segment they become the first
     * remaining one's. */
    bool all_kills;
    bool unsettled; /* the rows of the last added one are hot as well */
} ManifestChange;

/*
 * Commits it, and refreshes.  STATUS_CONFLICT when the manifest is not the one
 * that the turn read, or the table is gone: nothing happened.  *ret_seq is the
 * commit's number.
 */
MUST_CHECK Status maintenance_commit(Context *ctx,
                                     Maintenance *turn,
                                     const ManifestChange *change,
                                     SeqNo *ret_seq);

/* The same manifest, settled. */
MUST_CHECK Status maintenance_commit_settled(Context *ctx, Maintenance *turn);

/* Writes manifest.json as of the last refresh. */
MUST_CHECK Status maintenance_write_json(Context *ctx, Maintenance *turn);

/* Does nothing when the manifest is settled. */
MUST_CHECK Status maintenance_settle(Context *ctx, Maintenance *turn);

/* ---- hot rows ---- */

/* One hot version that is not needed any more, or that hides a cold one. */
typedef struct HotCopy {
    Str key;
    SeqNo seq;
    bool in_segment; /* a segment holds it: what is newer in the hot tier hides it */
} HotCopy;

/* Of each: the hot version of that number goes; a newer one learns what it hides. */
MUST_CHECK Status maintenance_evict(Context *ctx,
                                    Maintenance *turn,
                                    const HotCopy *copies,
                                    size_t count);
/* The same for all undead rows of a segment of the turn's manifest. */
MUST_CHECK Status maintenance_evict_segment(Context *ctx,
                                            Maintenance *turn,
                                            const Segment *segment);
