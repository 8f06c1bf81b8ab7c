/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sweep: what a crash has left behind in the cold tier is put in order.
 *
 * Files of the storage `local` that no manifest names are removed (a flush that
 * did not get as far as its commit, replaced files that nobody came back to
 * remove), and what is unsettled is settled in all storages.  Nobody waits for it: until it ran,
 * files take up space and rows are in both tiers, and that is all.
 */
#pragma once

#include "cold/maintenance.h"

typedef struct SweepResult {
    uint64_t owner_count;
    uint64_t settled_count;
    uint64_t removed_files;
} SweepResult;

/* Of all tables; once after a start, on a job's thread. */
MUST_CHECK Status cold_sweep(Context *ctx,
                             ColdTier *tier,
                             Sequencer *sequencer,
                             SweepResult *ret_result);
