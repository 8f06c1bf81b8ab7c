/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a USER or SHARED table holds, counted: for SHOW STATS.
 *
 * Exact as of a snapshot.  Every hot row is looked at; of the cold ones only the
 * manifests, unless there are tombstones among them (cold/cold_count.h).
 */
#pragma once

#include "table/scan.h"

typedef struct TableStatsOptions {
    ColdTier *cold; /* NULL: there is none */
    Snapshot *snapshot;
    const Table *table;
    bool everybody; /* all owners; else `owner` */
    Owner owner;
} TableStatsOptions;

typedef struct TableStats {
    uint64_t hot_rows;  /* that SELECT returns from the hot tier */
    uint64_t cold_rows; /* and from files */
    uint64_t tombstones;
    uint64_t hot_bytes;  /* keys and values, before compression */
    uint64_t cold_bytes; /* of files */
    uint64_t segments;
} TableStats;

/* Workers only. */
MUST_CHECK Status table_stats(Context *ctx,
                              const TableStatsOptions *options,
                              TableStats *ret_stats);

/* When rows went to a file the last time, in milliseconds since 1970; 0 = never. */
MUST_CHECK Status table_last_flush(Context *ctx,
                                   const TableStatsOptions *options,
                                   int64_t *ret_flushed_at_ms);
