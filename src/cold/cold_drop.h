/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a dropped table leaves in the cold tier: files and manifests.
 */
#pragma once

#include "cold/cold.h"

/*
 * Removes them, outside the change log, once no reader can see the table any
 * more.  May be repeated after a failure.  On a job's thread: waits for readers.
 * *ret_lost: files that stay where they are, because their storage was dropped.
 */
MUST_CHECK Status cold_drop_table(
    Context *ctx, ColdTier *tier, Sequencer *sequencer, uint32_t table_id, uint64_t *ret_lost);
