/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FlushMonitor: starts flushes when a table's FLUSH_POLICY says so.
 *
 *     rows:N      N rows of the table are pending; within a second
 *     interval:S  the oldest of an owner's pending rows is S seconds old; looked at
 *                 every check interval
 *
 * Either asks for a job for the table, which flushes the owners that have
 * rows_min pending rows or more (N, where that is less): an owner with fewer is
 * not worth a file.  rows:0 means never by rows.  One thread, which begins with
 * the scan of PendingWrites.
 */
#pragma once

#include "cold/cold_jobs.h"

typedef struct FlushMonitor FlushMonitor;

typedef struct FlushMonitorOptions {
    const ColdJobs *jobs;      /* outlive the monitor */
    uint64_t rows_min;         /* flush.min_rows; 0 = 1,000 */
    int64_t check_interval_ms; /* flush.check_interval_seconds; 0 = 60,000 */
} FlushMonitorOptions;

/* After job_scheduler_start(). */
MUST_CHECK Status flush_monitor_start(Context *ctx,
                                      const FlushMonitorOptions *options,
                                      FlushMonitor **ret_monitor);
/* Before job_scheduler_stop(). */
void flush_monitor_stop(FlushMonitor *monitor);
DEFINE_CLEANUP(FlushMonitor, flush_monitor_stop)

/* ---- the decision ---- */

typedef struct FlushState {
    const FlushPolicy *policy;
    uint64_t rows_min;
    uint64_t row_count;      /* pending, of the table */
    uint64_t owner_rows_max; /* of one owner */
} FlushState;

/* From how many pending rows on an owner of such a table is flushed. */
uint64_t flush_owner_rows_min(const FlushPolicy *policy, uint64_t rows_min);
bool flush_is_due_by_rows(const FlushState *state);
/* Could some owner's rows be old enough? */
bool flush_may_be_due_by_interval(const FlushState *state);
