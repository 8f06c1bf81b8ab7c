/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One background job as the store keeps it, under its id in the family `jobs`:
 * what system.jobs shows.  Pure functions; the bytes are in job_record.c.
 */
#pragma once

#include "base/buf.h"
#include "base/context.h"

/* The numbers are stored. */
typedef enum JobState {
    JOB_NEW,
    JOB_QUEUED,   /* waits for its turn */
    JOB_RUNNING,  /* found so after a restart, it has failed */
    JOB_RETRYING, /* failed, and will be tried again */
    JOB_COMPLETED,
    JOB_FAILED,
    JOB_CANCELLED, /* by KILL JOB */
    JOB_SKIPPED,   /* there was nothing to do */
    JOB_STATE_COUNT
} JobState;

enum {
    JOB_ID_BYTES = 15, /* "FL-0123456789ab" */
    JOB_PARAMETERS_BYTES_MAX = 64 << 10,
    JOB_TEXT_BYTES_MAX = 4096, /* of message, trace, result; longer ones are cut */
};

/* Times are microseconds since 1970, 0 = not yet.  Texts are borrowed; empty = none. */
typedef struct JobRecord {
    Str id;
    Str kind; /* job_type */
    JobState state;
    Str parameters; /* JSON */
    Str key;        /* no two unfinished jobs have the same */
    Str message;    /* for people */
    Str trace;      /* what the last failure was */
    Str result;     /* JSON */
    uint32_t retry_count;
    uint32_t retries_max;
    int64_t created_at_us;
    int64_t updated_at_us;
    int64_t started_at_us; /* of the last attempt */
    int64_t finished_at_us;
    uint64_t memory_bytes; /* of the last attempt's arena */
    uint64_t cpu_us;       /* of all attempts' threads */
} JobRecord;

/* "queued", ..; static */
Str job_state_word(JobState state);
/* Nothing will happen to such a job any more. */
bool job_state_is_final(JobState state);

void job_record_encode(Buf *out, const JobRecord *record);
/* Borrows from id and bytes.  STATUS_CORRUPT */
MUST_CHECK Status job_record_decode(Context *ctx, Str id, Str bytes, JobRecord *ret_record);
