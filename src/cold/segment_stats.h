/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SegmentStats: per column the smallest and the greatest value of a segment and
 * how many are NULL, by column id.
 *
 * Readers leave segments out by it, and manifest.json shows it.  A bound may be
 * unknown (JSON has none, texts of more than 64 bytes neither); then nothing
 * may be concluded from it.  Format in segment_stats.c.
 */
#pragma once

#include "catalog/table.h"

enum { STATS_TEXT_BYTES_MAX = 64 };

typedef struct ColumnStats {
    uint32_t column_id;
    Type type;    /* in the segment */
    bool bounded; /* min and max hold for every value that is not NULL */
    Value min;    /* NULL when all values are */
    Value max;
    uint64_t null_count;
} ColumnStats;

typedef struct SegmentStats {
    size_t count;
    const ColumnStats *columns; /* in declared order of the segment's schema version */
} SegmentStats;

/* NULL when the segment has no such column. */
const ColumnStats *segment_stats_column(const SegmentStats *stats, uint32_t column_id);

void segment_stats_encode(Buf *out, const SegmentStats *stats);
/* In ctx's arena; texts are borrowed from bytes. STATUS_CORRUPT */
MUST_CHECK Status segment_stats_decode(Context *ctx, Str bytes, SegmentStats *ret_stats);

/* Gathers the statistics of rows as they go by. */
typedef struct StatsCollector StatsCollector;
StatsCollector *stats_collector_new(const Table *table);
void stats_collector_free(StatsCollector *collector);
DEFINE_CLEANUP(StatsCollector, stats_collector_free)
/* values: table->column_count of them, in declared order. */
void stats_collector_add(StatsCollector *collector, const Value *values);
/* Borrowed from the collector. */
SegmentStats stats_collector_result(const StatsCollector *collector);
