/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Retention: tombstones whose time is over leave both tiers.
 *
 * In the hot tier those go that hide nothing cold; the others are flushed some
 * day and follow in the cold tier, where compaction of all segments drops them.
 * A compaction takes place when enough of an owner's rows would go.
 */
#pragma once

#include "cold/cold.h"

typedef struct RetentionResult {
    uint64_t purged_count;    /* tombstones that left the hot tier */
    uint64_t compacted_count; /* owners */
    int64_t next_ms;          /* when the next one is over, milliseconds since 1970 */
} RetentionResult;

/* Of all tables, on a job's thread; may be repeated after a failure. */
MUST_CHECK Status cold_retention(Context *ctx,
                                 ColdTier *tier,
                                 Sequencer *sequencer,
                                 RetentionResult *ret_result);
