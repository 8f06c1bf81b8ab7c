/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SqlJob: one SQL request under way.  It drives the QueryRun of query/query.h:
 * on the reactor while that is quick, on a worker when it has to wait, back by
 * the mailbox; and it collects the answer in an SqlEnvelope.
 *
 * A job is embedded in its owner's struct (a request over HTTP, a message of a
 * WebSocket), belongs to one reactor, and once started always ends with on_done,
 * also when nobody waits for the answer any more.
 *
 *     sql_job_init --> (fill ctx, request, principal) --> sql_job_start
 *         --> on_chunk ... --> on_done --> sql_job_done
 */
#pragma once

#include "api/api_private.h"
#include "api/sql_envelope.h"
#include "api/sql_request.h"

struct SqlJob {
    ApiReactor *home;
    Context ctx; /* holds what the request is made of */
    SqlRequest request;
    Principal principal;
    /*
     * envelope.out holds a piece of the answer; take it all.  False: do not go on before
     * sql_job_continue().  Only called when envelope.options.chunk_size is set.
     */
    bool (*on_chunk)(SqlJob *job);
    /* envelope.out holds the (rest of the) answer, http_status what it says.  The owner may free
     * the job. */
    void (*on_done)(SqlJob *job);

    SqlEnvelope envelope;
    int http_status;
    Str used_namespace; /* what the last USE chose; empty = none; in ctx */
    int64_t started_us; /* monotonic */

    /* The job's own. */
    QueryRun *run;
    QueryStep step;      /* what the worker came back with */
    bool came_by_worker; /* goes on there */
    bool paused;         /* on_chunk said so */
    bool abandoned;
    WorkerTask task;
    MailboxItem stepped;
    MailboxItem woken;
    SqlJob *previous, *next; /* in home->jobs */
};

void sql_job_init(SqlJob *job, ApiReactor *home);
/* Before it was started, or in or after on_done. */
void sql_job_done(SqlJob *job);

/* May call on_chunk and on_done before it returns. */
void sql_job_start(SqlJob *job, const SqlEnvelopeOptions *options);

/* After on_chunk returned false. */
void sql_job_continue(SqlJob *job);

/* Nobody waits for the answer: it is cancelled and its output thrown away. */
void sql_job_abandon(SqlJob *job);

/* Asks all jobs of the list to end. */
void sql_jobs_cancel(SqlJob *first);
