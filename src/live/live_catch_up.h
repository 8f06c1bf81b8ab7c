/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Feeding a subscription from the change log: after its initial load, or after
 * it lagged behind a slow client (decision 13).
 *
 * One round reads what happened after `position`, as change messages of at most
 * about `bytes_max`, whole commits only.  Runs on a worker against a fresh
 * published snapshot.
 */
#pragma once

#include "cold/cold.h"
#include "commit/sequencer.h"
#include "live/live_message.h"

typedef struct LiveCatchUp {
    Sequencer *sequencer;
    ColdTier *cold;   /* NULL: there is none */
    LiveQuery *query; /* borrowed */
    bool newest_only; /* on_lag = latest: the newest version of each row */
    size_t bytes_max;
    SeqNo position; /* in: sent up to here; out: the frames reach to here */
    /* out */
    LiveFrames frames;
    uint64_t row_count;
    bool complete; /* nothing is left up to the snapshot taken */
} LiveCatchUp;

/*
 * STATUS_NOT_FOUND: the log does not reach back to the position; the subscription starts over.
 * STATUS_STALE_PLAN: the table has a newer version than the query was bound to.
 */
MUST_CHECK Status live_catch_up_run(Context *ctx, LiveCatchUp *round);
