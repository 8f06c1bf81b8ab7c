/* SPDX-License-Identifier: Apache-2.0 */
#include "api/auth_job.h"

#include "api/reply.h"
#include "base/clock.h"
#include "base/memory.h"

AuthJob *auth_job_new(const ApiRequest *request, size_t size)
{
    AuthJob *job = mem_zalloc(size);
    job->home = request->home;
    job->http = http_request_ref(request->http);
    return job;
}

void auth_job_free(AuthJob *job)
{
    if (!job)
        return;
    snapshot_unref(job->snapshot);
    http_request_unref(job->http);
    context_done(&job->ctx);
    free(job);
}

/* Back on the reactor. */
static void on_worked(MailboxItem *item)
{
    AuthJob *job = CONTAINER_OF(item, AuthJob, item);
    ApiReactor *home = job->home;
    Connection *conn = http_find_exchange(job->ref);
    if (conn)
        job->answer(job, conn);
    auth_job_free(job);
    api_reactor_work_end(home);
}

static void run_on_worker(WorkerTask *task)
{
    AuthJob *job = CONTAINER_OF(task, AuthJob, task);
    job->work(job);
    reactor_post(job->home->reactor, &job->item);
}

void auth_job_start(AuthJob *job, Connection *conn)
{
    job->ref = connection_ref(conn);
    job->snapshot = api_snapshot(job->home->api);
    job->task.run = run_on_worker;
    job->item.run = on_worked;
    api_reactor_work_begin(job->home);
    worker_pool_submit(job->home->api->options.workers, &job->task);
}

bool auth_refuses_speed(const ApiRequest *request)
{
    if (ip_guard_auth_attempt(
            request->home->api->ip_guard, &request->client.address, clock_monotonic_us()))
        return false;
    reply_error(request->conn,
                429,
                "rate_limited",
                STR("Too many authentication attempts. Please retry shortly."));
    return true;
}
