/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flush: the hot rows of one (table, owner) become segments.
 *
 * Every row is readable in exactly one version all the time, before, during and
 * after it, through a crash at any point.  Rows that are written meanwhile stay
 * hot.  Tombstones whose time is over and that hide nothing cold are dropped.
 */
#pragma once

#include "cold/maintenance.h"

/* Rows of one file; more go to several. */
enum { SEGMENT_ROWS_MAX = 4 << 20 };

typedef struct FlushOptions {
    ColdTier *tier;
    Sequencer *sequencer;
    uint32_t table_id;
    Owner owner;
    uint64_t segment_rows_max; /* 0 = SEGMENT_ROWS_MAX */
    bool purge_only; /* nothing is written to files: only tombstones that are over are dropped */
} FlushOptions;

typedef struct FlushResult {
    uint64_t row_count;     /* written to files */
    uint64_t dropped_count; /* tombstones that went for good */
    size_t file_count;
    const Str *files;     /* names in the storage; in ctx's arena */
    size_t segment_count; /* of the owner afterwards */
} FlushResult;

/*
 * On a worker.  *ret_result counts what was done even when it fails.
 * STATUS_TABLE_NOT_FOUND when the table was dropped meanwhile.
 */
MUST_CHECK Status cold_flush(Context *ctx, const FlushOptions *options, FlushResult *ret_result);
