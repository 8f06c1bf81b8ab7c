/* SPDX-License-Identifier: Apache-2.0 */
#include "api/ws_sql.h"

#include "api/sql_job.h"
#include "base/clock.h"
#include "base/memory.h"
#include "net/websocket.h"

typedef struct WsSqlJob WsSqlJob;
struct WsSqlJob {
    SqlJob job;
    WsSession *session; /* NULL once it is closed */
    WsSqlJob *next;
    Str prefix; /* of the answer: type and id */
};

struct WsSqlQueue {
    WsSqlJob *first; /* the one that runs, if any does */
    WsSqlJob *last;
    size_t count;
    char *namespace_name; /* what USE chose; NULL = default */
    bool running;
    bool pumping;
};

static void free_job(WsSqlJob *request)
{
    sql_job_done(&request->job);
    free(request);
}

/* ---- answers ---- */

static Str answer_prefix(Arena *arena, Str id)
{
    CLEANUP(buf_done) Buf text = {0};
    BUF_LIT(&text, "\"type\":\"sql_result\",\"id\":");
    json_write_string(&text, id);
    BUF_LIT(&text, ",");
    return arena_str(arena, buf_str(&text));
}

static void send_envelope(WsSession *session, SqlEnvelope *envelope)
{
    CLEANUP(shared_unref) Shared *text = shared_take(&envelope->out);
    websocket_send_parts(session->conn, WS_TEXT, STR_NULL, text);
}

/* Refuses without running. */
static void refuse(WsSqlJob *request, const SqlError *error)
{
    SqlEnvelope *envelope = &request->job.envelope;
    sql_envelope_init(envelope, &(SqlEnvelopeOptions){.prefix = request->prefix});
    sql_envelope_fail(envelope, error, 0);
    send_envelope(request->session, envelope);
    free_job(request);
}

/* ---- the queue ---- */

static void pump(WsSession *session);

static WsSqlJob *take_first(WsSqlQueue *queue)
{
    WsSqlJob *request = queue->first;
    queue->first = request->next;
    if (!queue->first)
        queue->last = NULL;
    queue->count--;
    return request;
}

static void append(WsSqlQueue *queue, WsSqlJob *request)
{
    if (queue->last)
        queue->last->next = request;
    else
        queue->first = request;
    queue->last = request;
    queue->count++;
}

/* Decision 31: USE lasts for the connection. */
static void keep_namespace(WsSqlQueue *queue, Str used)
{
    if (used.len == 0)
        return;
    free(TAKE(queue->namespace_name));
    if (!str_equal(used, STR("default")))
        queue->namespace_name = mem_dup(used.ptr, used.len + 1); /* in an arena: NUL follows */
}

static void on_done(SqlJob *job)
{
    WsSqlJob *request = CONTAINER_OF(job, WsSqlJob, job);
    WsSession *session = request->session;
    if (session) {
        take_first(session->sql);
        session->sql->running = false;
        keep_namespace(session->sql, job->used_namespace);
        send_envelope(session, &job->envelope);
    }
    free_job(request);
    if (session)
        pump(session);
}

/* A session outlives requests: is it still what it was? */
static Status check_session(const WsSession *session, SqlJob *job)
{
    CLEANUP(snapshot_unref) Snapshot *snapshot = api_snapshot(job->home->api);
    Session identity = ws_session_identity(session);
    switch (auth_session_state(&identity, snapshot->catalog, clock_wall_us())) {
    case SESSION_ALIVE:
        return STATUS_OK;
    case SESSION_EXPIRED:
        return fail(&job->ctx, STATUS_TOKEN_EXPIRED, "The token has expired");
    case SESSION_REVOKED:
        break;
    }
    return fail(&job->ctx, STATUS_INVALID_CREDENTIALS, "The session was revoked");
}

static void start(WsSession *session, WsSqlJob *request)
{
    SqlJob *job = &request->job;
    if (check_session(session, job) != STATUS_OK) {
        SqlError error = sql_error_from_context(&job->ctx);
        take_first(session->sql);
        refuse(request, &error);
        return;
    }
    if (job->request.namespace_name.len == 0 && session->sql->namespace_name) {
        /* A copy: the job may outlive the session. */
        job->request.namespace_name =
            arena_str(&job->ctx.arena, str_from_c(session->sql->namespace_name));
    }
    session->sql->running = true;
    sql_job_start(job,
                  &(SqlEnvelopeOptions){
                      .prefix = request->prefix,
                      .user_id = job->principal.user_id,
                      .role = job->principal.role,
                      .size_max = job->home->api->options.settings.ws_sql_result_max,
                  });
}

/*
 * Starts what may run; nothing does while the client does not read its answers.  A request may be
 * answered at once: then the next, in this loop.
 */
static void pump(WsSession *session)
{
    WsSqlQueue *queue = session->sql;
    if (queue->pumping)
        return;
    queue->pumping = true;
    while (queue->first && !queue->running && !connection_is_congested(session->conn))
        start(session, queue->first);
    queue->pumping = false;
    if (!queue->first)
        ws_session_sql_idle(session);
}

/* ---- for the session ---- */

static WsSqlJob *new_request(WsSession *session, Str id)
{
    WsSqlJob *request = NEW(WsSqlJob);
    SqlJob *job = &request->job;
    sql_job_init(job, connection_handler_data(session->conn));
    job->on_done = on_done;
    job->principal.user_id = arena_str(&job->ctx.arena, session->user->id);
    job->principal.role = session->user->role;
    request->session = session;
    request->prefix = answer_prefix(&job->ctx.arena, id);
    return request;
}

/* The frame's bytes are gone when the request's turn comes: it is read from a copy. */
static Status read_request(const WsSession *session, SqlJob *job, const Json *message)
{
    const Api *api = job->home->api;
    const SqlRequestLimits limits = {
        .statement_bytes_max = api->options.query->limits.statement_bytes_max,
        .parameter_count_max = api->options.query->limits.parameters_max,
        .parameter_bytes_max = api->options.settings.parameter_bytes_max,
    };
    if (session->sql->count >= WS_SQL_WAITING_MAX)
        return fail(&job->ctx,
                    STATUS_RATE_LIMITED,
                    "%d statements of this connection wait already",
                    WS_SQL_WAITING_MAX);
    if (!rate_table_pass(api->query_rates, job->principal.user_id, clock_monotonic_us()))
        return fail(&job->ctx,
                    STATUS_RATE_LIMITED,
                    "Too many queries per second. Please slow down. "
                    "(rate_limit.max_queries_per_sec)");
    return sql_request_parse(
        &job->ctx, arena_str(&job->ctx.arena, message->source), &limits, &job->request);
}

void ws_sql_request(WsSession *session, Str id, const Json *message)
{
    if (!session->sql)
        session->sql = NEW(WsSqlQueue);
    WsSqlJob *request = new_request(session, id);
    if (read_request(session, &request->job, message) != STATUS_OK) {
        SqlError error = sql_error_from_context(&request->job.ctx);
        refuse(request, &error);
        return;
    }
    append(session->sql, request);
    pump(session);
}

void ws_sql_on_drain(WsSession *session)
{
    if (session->sql)
        pump(session);
}

bool ws_sql_is_busy(const WsSession *session)
{
    return session->sql && session->sql->first;
}

void ws_sql_abandon(WsSession *session)
{
    WsSqlQueue *queue = TAKE(session->sql);
    if (!queue)
        return;
    if (queue->running) {
        WsSqlJob *running = take_first(queue);
        running->session = NULL;
        sql_job_abandon(&running->job);
    }
    while (queue->first)
        free_job(take_first(queue));
    free(queue->namespace_name);
    free(queue);
}
