/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that no manifest names any more, until no reader can need them.
 *
 * A file that a commit M replaced may be open in a reader whose snapshot is
 * older than M.  The list is in memory only: what a crash leaves behind is found
 * by the sweep at the next start (cold/sweep.h).  Any thread.
 */
#pragma once

#include "cold/cold_private.h"

/* `file` of the storage was replaced by the commit `seq`. */
void cold_trash_add(ColdTier *tier, Str storage_id, Str file, SeqNo seq);
bool cold_trash_has(ColdTier *tier, Str storage_id, Str file);

/*
 * Removes the files that no snapshot can see any more.  On a worker.  What cannot
 * be removed stays in the list until the next call, and does not hold up the rest;
 * the last such error is returned.
 */
MUST_CHECK Status cold_trash_empty(Context *ctx, ColdTier *tier, Sequencer *sequencer);
