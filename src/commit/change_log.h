/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the change log back: the commits of one table and owner, or all, in
 * commit order, without touching others.
 *
 * The log is bounded: everything at or below the low-water mark may be gone,
 * and what single tables wanted less long at or below their own marks
 * (log_marks.h).  A reader checks the marks after reading (change_log_status
 * does), because the store may drop entries under a snapshot.
 */
#pragma once

#include "commit/sequencer.h"

typedef struct ChangeLogScan ChangeLogScan;

typedef struct ChangeLogRange {
    uint32_t table_id;
    Owner owner;
    bool everything; /* all tables and owners; table_id and owner are ignored */
    SeqNo after;     /* exclusive */
    SeqNo until;     /* inclusive; 0 = the snapshot's seq */
} ChangeLogRange;

ChangeLogScan *
change_log_open(Sequencer *sequencer, Snapshot *snapshot, const ChangeLogRange *range);
void change_log_close(ChangeLogScan *scan);
DEFINE_CLEANUP(ChangeLogScan, change_log_close)

/* The next commit (counted, the caller unrefs) or NULL at the end or on an error. */
CommitRecord *change_log_next(Context *ctx, ChangeLogScan *scan);

/* STATUS_NOT_FOUND when `after` is (meanwhile) below the mark of what is read: the reader must
 * start over. */
MUST_CHECK Status change_log_status(Context *ctx, ChangeLogScan *scan);

/* Entries <= this may be gone. 0 = all are there. */
SeqNo change_log_low_water(Sequencer *sequencer);
/* Of the part of one table, which may want less of the log than others do. */
SeqNo change_log_table_low_water(Sequencer *sequencer, uint32_t table_id);

/* For a store without a sequencer: up to where records may be missing in the middle of the log. */
MUST_CHECK Status change_log_thinned_until(Context *ctx, Store *store, SeqNo *ret_seq);

typedef struct ChangeLogRetention {
    int64_t keep_ms;    /* change_log.retention, for tables that say nothing; 0 = keep for ever */
    uint64_t max_bytes; /* change_log.max_bytes; 0 = unbounded */
} ChangeLogRetention;

/* Drops the oldest entries past the bounds, and what tables want less long; on a worker, now and
 * then, one call at a time. Returns the new low-water mark. */
MUST_CHECK Status change_log_trim(Context *ctx,
                                  Sequencer *sequencer,
                                  const ChangeLogRetention *retention,
                                  SeqNo *ret_low_water);

/*
 * Rebuilds a store from the log of another: for the test that a replay gives
 * the same store, and for kalamdb check.  Returns how many commits were applied.
 */
MUST_CHECK Status change_log_replay(Context *ctx, Store *from, Store *to, uint64_t *ret_count);

/* A checksum over all of rows, streams, catalog, manifest and jobs. */
MUST_CHECK Status store_checksum(Context *ctx, Store *store, uint64_t *ret_checksum);
