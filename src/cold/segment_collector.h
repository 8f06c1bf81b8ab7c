/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SegmentCollector: what a manifest has to know about a segment, gathered from
 * its rows as they go by: counts, ranges, key filter, column statistics.
 */
#pragma once

#include "cold/cold_private.h"

/* What a manifest's commit needs. */
typedef struct SegmentDraft {
    Segment segment; /* without what is not known yet: id, file_ms, size and kills */
    Str file_name;   /* in the storage */
    Buf filter;      /* encoded parts */
    Buf stats;
    Arena arena; /* of the segment and the name */
} SegmentDraft;

void segment_draft_done(SegmentDraft *draft);
DEFINE_CLEANUP_IN_PLACE(SegmentDraft, segment_draft_done)

typedef struct SegmentCollector {
    const Table *table; /* the columns of the segment */
    Segment segment;
    StatsCollector *stats;
    KeyFilterBuilder filter;
    Buf first_key;
    Buf last_key;
    Value *values;  /* of the present row, in declared order; with room for two more */
    Value *decoded; /* scratch */
} SegmentCollector;

void segment_collector_init(SegmentCollector *collector, const Table *table);
void segment_collector_done(SegmentCollector *collector);
DEFINE_CLEANUP_IN_PLACE(SegmentCollector, segment_collector_done)

/*
 * Rows in key order.  The row's values are in collector->values afterwards; of one
 * that is gone all are NULL but the key.  Text is borrowed from the row or in
 * ctx's arena.
 */
MUST_CHECK Status segment_collector_add(Context *ctx,
                                        SegmentCollector *collector,
                                        Str key,
                                        const StoredRow *row);

/* At least one row was added. */
void segment_collector_finish(const SegmentCollector *collector, SegmentDraft *draft);
