/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SeqClock: where sequence numbers come from.
 *
 * A number carries the millisecond it was given in (value/ids.h), a node id and
 * a counter.  When the counter is used up, or the wall clock steps back, the
 * clock counts on into the milliseconds that follow: numbers only ever rise.
 *
 * Async commits are told before they are on disk, so after a crash the store
 * may not remember the highest number that was ever seen outside.  The *lease*
 * makes up for it: numbers are used only before a millisecond that the store
 * holds, and a start goes on from there.  It is written ahead by seconds with
 * the commits themselves and given back at a clean end.
 *
 * Belongs to the executing seat (commit/crew.h).
 */
#pragma once

#include "store/layout.h"
#include "store/store.h"

enum { SEQ_WORKER_MAX = 1023 };

typedef struct SeqClock {
    SeqNo last;
    int64_t now_ms;   /* as of seq_clock_begin() */
    int64_t lease_ms; /* numbers before this millisecond may be used */
    uint16_t worker_id;
} SeqClock;

/* Goes on above `last` and above everything the lease in the store covers. */
MUST_CHECK Status
seq_clock_load(Context *ctx, Store *store, uint16_t worker_id, SeqNo last, SeqClock *ret_clock);

/* Reads the wall clock for the next commit and returns the commit's millisecond. */
int64_t seq_clock_begin(SeqClock *clock);

SeqNo seq_clock_next(SeqClock *clock);

/* Adds a longer lease to the batch when the present one runs out. */
void seq_clock_extend_lease(SeqClock *clock, StoreBatch *batch);
/* Adds the shortest lease that covers what was used: at a clean end. */
void seq_clock_return_lease(SeqClock *clock, StoreBatch *batch);

bool seq_lease_covers(int64_t lease_ms, SeqNo seq);
