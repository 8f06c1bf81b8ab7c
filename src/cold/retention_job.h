/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The job "retention" (RT-..): cold/retention.h, as soon as a tombstone is over.
 */
#pragma once

#include "cold/cold.h"
#include "job/job.h"

/* Must outlive the scheduler; zeroed but for what it works on. */
typedef struct RetentionJob {
    ColdTier *tier;
    Sequencer *sequencer;

    _Atomic int64_t due_ms; /* milliseconds since 1970; 0 = at once */
} RetentionJob;

/* Before job_scheduler_start(). */
void retention_job_register(JobScheduler *scheduler, RetentionJob *retention);
