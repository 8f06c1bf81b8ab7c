/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The job "cleanup" (CL-..): what DROP TABLE and DROP NAMESPACE leave to be
 * removed in the background.  The job is part of the commit that drops, so that
 * neither is ever there without the other.
 */
#pragma once

#include "cold/cold_drop.h"
#include "job/job.h"

/* What the jobs work on; must outlive the scheduler. */
typedef struct TableCleanup {
    Store *store;
    Sequencer *sequencer;
    ColdTier *cold; /* NULL = there is no cold tier */
} TableCleanup;

void table_cleanup_register(JobScheduler *scheduler, TableCleanup *cleanup);

/* For job_add() in the commit that drops the table; NULL: for whatever is dropped by then. */
MUST_CHECK Status table_cleanup_new(Context *ctx,
                                    JobScheduler *scheduler,
                                    const Table *table,
                                    Job **ret_job);

/* After job_scheduler_start(): goes on with what a job that a stop cut short has left. */
MUST_CHECK Status table_cleanup_resume(Context *ctx,
                                       JobScheduler *scheduler,
                                       const TableCleanup *cleanup);
