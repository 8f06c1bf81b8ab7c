/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kinds of jobs share: one is about one table, which its parameters name.
 */
#pragma once

#include "cold/cold_jobs.h"
#include "value/json.h"

void flush_job_register(ColdJobs *jobs);
void compact_job_register(ColdJobs *jobs);
void sweep_job_register(ColdJobs *jobs);

typedef struct ColdJobTarget {
    const Json *parameters; /* in ctx's arena */
    Catalog *catalog;
    const Table *table; /* of the catalog; NULL: it was dropped, the job is skipped */
} ColdJobTarget;

/* To be released whatever the result. */
MUST_CHECK Status cold_job_target(Context *ctx,
                                  const ColdJobs *jobs,
                                  Job *job,
                                  ColdJobTarget *target);
void cold_job_target_done(ColdJobTarget *target);
DEFINE_CLEANUP_IN_PLACE(ColdJobTarget, cold_job_target_done)

typedef struct ColdJobRequest {
    const char *kind;
    const Table *table;
    Str extra; /* more members of the parameters */
} ColdJobRequest;

MUST_CHECK Status cold_job_submit(Context *ctx,
                                  const ColdJobs *jobs,
                                  const ColdJobRequest *request,
                                  Str *ret_id);
