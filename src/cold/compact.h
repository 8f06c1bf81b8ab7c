/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compaction: several segments of one (table, owner) become one.
 *
 * Dead versions disappear; tombstones whose time is over disappear when all
 * segments take part, because only then no older version of the row is left in a
 * file.  Nobody sees a difference.  The files that were replaced are removed
 * when no snapshot can need them any more.
 */
#pragma once

#include "cold/maintenance.h"
#include "cold/tombstone.h"

typedef struct CompactOptions {
    ColdTier *tier;
    Sequencer *sequencer;
    uint32_t table_id;
    Owner owner;
    bool everything; /* all segments, when there is anything to be gained; else what is due */
    uint64_t segment_rows_max; /* 0 = SEGMENT_ROWS_MAX */
} CompactOptions;

typedef struct CompactResult {
    size_t segments_before; /* that were merged; 0 = nothing to do */
    size_t segments_after;
    uint64_t rows_before;
    uint64_t rows_after;
} CompactResult;

/* On a worker.  STATUS_TABLE_NOT_FOUND when the table was dropped meanwhile. */
MUST_CHECK Status cold_compact(Context *ctx,
                               const CompactOptions *options,
                               CompactResult *ret_result);

/* ---- what is due ---- */

typedef struct CompactChoice {
    const uint32_t *segments; /* ids; in the arena */
    size_t count;             /* 0 = nothing */
} CompactChoice;

typedef struct CompactState {
    const Manifest *manifest;
    uint64_t dead_count; /* versions */
    TombstoneRule rule;
} CompactState;

/*
 * Segments of about one size are merged when there are COMPACT_FAN_IN of them;
 * all are when too many of their rows are dead or expired.
 */
enum { COMPACT_FAN_IN = 4, COMPACT_SEGMENTS_MAX = 32 };
CompactChoice compact_choose(Arena *arena, const CompactState *state);
/* For STORAGE COMPACT. */
CompactChoice compact_choose_all(Arena *arena, const CompactState *state);
