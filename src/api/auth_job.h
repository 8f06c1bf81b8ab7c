/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AuthJob: a login or a set-up while its password is hashed on a worker.
 *
 *     reactor: new, fill in --> worker: work() --> reactor: answer(), gone
 *
 * answer() is left out when the client has not waited.
 */
#pragma once

#include "api/api_private.h"

typedef struct AuthJob AuthJob;
struct AuthJob {
    ApiReactor *home;
    Context ctx;
    HttpRequest *http; /* its bytes are the request's */
    void (*work)(AuthJob *job);
    void (*answer)(AuthJob *job, Connection *conn);
    Snapshot *snapshot; /* the accounts; taken by auth_job_start(), released at the end */

    WorkerTask task;
    MailboxItem item;
    ConnectionRef ref;
};

/* A zeroed `size` >= sizeof(AuthJob) whose first member is the AuthJob. */
AuthJob *auth_job_new(const ApiRequest *request, size_t size);
void auth_job_free(AuthJob *job);
DEFINE_CLEANUP(AuthJob, auth_job_free)

/* Owns the job from now on. */
void auth_job_start(AuthJob *job, Connection *conn);

/* 429 when this address tries too often; true then. */
bool auth_refuses_speed(const ApiRequest *request);
