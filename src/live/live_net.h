/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The net effect of the change log between two sequence numbers on one query:
 * which rows are different now, and how.
 *
 * For each key that changed: was it in the result before, is it now, and what
 * was the last change that took it out.  A row that came and went meanwhile
 * leaves no entry.  Used to resume a subscription (decision 11) and to catch up
 * with the newest versions only (on_lag = latest).  Runs on a worker.
 */
#pragma once

#include "commit/change_log.h"
#include "live/live_delta.h"

typedef struct LiveNetEntry {
    Str key;   /* encoded primary key */
    SeqNo seq; /* IN: of the row's newest version; OUT: of the change that removed it */
    bool was_in;
    bool is_in;
    bool left;  /* OUT: the row still exists */
    bool hard;  /* OUT: removed physically */
    Str before; /* the image when the span began, if was_in */
    SeqNo before_seq;
    Str removed;       /* OUT: the image that the removing change took out */
    SeqNo removed_seq; /* of that image */
} LiveNetEntry;

typedef struct LiveNet {
    LiveNetEntry **entries; /* ascending seq */
    size_t count;
} LiveNet;

enum { LIVE_NET_BYTES_MAX = 64 << 20 };

/* Which part of the log, and for which query. */
typedef struct LiveNetSpan {
    Sequencer *sequencer;
    Snapshot *snapshot; /* until its sequence number */
    const LiveQuery *query;
    SeqNo after;
} LiveNetSpan;

/*
 * Entries live in `arena`.  STATUS_NOT_FOUND when the log does not reach back to
 * `after`, STATUS_MEMORY_LIMIT when the result would be larger than
 * LIVE_NET_BYTES_MAX: the subscriber starts over in both cases.
 */
MUST_CHECK Status live_net_compute(Context *ctx,
                                   Arena *arena,
                                   const LiveNetSpan *span,
                                   LiveNet *ret_net);
