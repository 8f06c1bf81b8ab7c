/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Thinning: taking out of the change log what tables with a short
 * CHANGE_LOG_RETENTION no longer want, while others still want their part.
 *
 * A record lives as long as the longest-lived table in it.  What only the
 * oldest bound of all decides is no matter of thinning: it goes as one range
 * (change_log_trim.c).
 */
#pragma once

#include "commit/published.h"
#include "commit/sequencer.h"

/* How far the log was thinned for one length of retention; lost at a stop, which costs a look. */
typedef struct ThinCursor {
    int64_t keep_ms;
    SeqNo until; /* inclusive */
} ThinCursor;

/* The trimming thread's own. */
typedef struct ThinCursors {
    ThinCursor *items;
    size_t count;
} ThinCursors;

enum { LOG_KEEP_FOREVER_MS = 0 };

/* The longest that any table wants, at least the server's; 0 = for ever. */
int64_t change_log_longest_keep_ms(const Catalog *catalog, int64_t server_keep_ms);

/* Removes from (low_water, snapshot's newest record) what has become too old for its tables. */
MUST_CHECK Status change_log_thin(Context *ctx,
                                  Sequencer *sequencer,
                                  const Snapshot *snapshot,
                                  int64_t server_keep_ms);
