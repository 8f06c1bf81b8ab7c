/* SPDX-License-Identifier: Apache-2.0 */
#include "api/sql_http.h"

#include "api/reply.h"
#include "api/sql_job.h"
#include "base/clock.h"
#include "base/memory.h"

enum { CHUNK_SIZE = 128 << 10 };

struct SqlHttp {
    SqlJob job;
    Connection *conn;  /* NULL once it is closed */
    HttpRequest *http; /* its bytes are the statement's */
    bool streaming;
};

static void free_exchange(SqlHttp *exchange)
{
    if (exchange->conn)
        connection_set_user(exchange->conn, NULL);
    sql_job_done(&exchange->job);
    http_request_unref(exchange->http);
    free(exchange);
}

/* ---- the answer ---- */

static void begin_stream(SqlHttp *exchange)
{
    ReplyHeaders headers = reply_headers(exchange->conn);
    http_stream_begin(exchange->conn,
                      &(HttpResponse){
                          .status = 200,
                          .content_type = STR("application/json"),
                          .headers = headers.items,
                          .header_count = headers.count,
                          .close = exchange->job.home->draining,
                      });
    exchange->streaming = true;
    sql_envelope_start_streaming(&exchange->job.envelope);
}

static void write_stream(SqlHttp *exchange)
{
    CLEANUP(shared_unref) Shared *chunk = shared_take(&exchange->job.envelope.out);
    http_stream_write_shared(exchange->conn, chunk);
}

static bool on_chunk(SqlJob *job)
{
    SqlHttp *exchange = CONTAINER_OF(job, SqlHttp, job);
    if (!exchange->streaming)
        begin_stream(exchange);
    write_stream(exchange);
    return !connection_is_congested(exchange->conn);
}

static void end_stream(SqlHttp *exchange)
{
    write_stream(exchange);
    http_stream_end(exchange->conn);
    if (exchange->job.home->draining)
        connection_close(exchange->conn);
}

static void on_done(SqlJob *job)
{
    SqlHttp *exchange = CONTAINER_OF(job, SqlHttp, job);
    if (exchange->conn && exchange->streaming)
        end_stream(exchange);
    else if (exchange->conn)
        reply_json(exchange->conn, job->http_status, &job->envelope.out, NULL);
    free_exchange(exchange);
}

void sql_http_on_drain(SqlHttp *exchange)
{
    sql_job_continue(&exchange->job);
}

void sql_http_abandon(SqlHttp *exchange)
{
    exchange->conn = NULL;
    sql_job_abandon(&exchange->job);
}

/* ---- the request ---- */

static Status authenticate(const ApiRequest *request, Context *ctx, Principal *ret_principal)
{
    const Api *api = request->home->api;
    Session session;
    CLEANUP(snapshot_unref) Snapshot *snapshot = api_snapshot(api);
    TRY(auth_verify_header(ctx,
                           api->options.auth,
                           snapshot->catalog,
                           http_request_header(request->http, STR("authorization")),
                           &session));
    *ret_principal = session.principal;
    return STATUS_OK;
}

static SqlError authentication_error(const ApiRequest *request, Context *ctx)
{
    if (http_request_header(request->http, STR("authorization")).len > 0)
        return sql_error_from_context(ctx);
    return (SqlError){
        .http_status = 401,
        .code = "MISSING_AUTHORIZATION",
        .message = STR("Authentication required"),
    };
}

static bool is_multipart(const HttpRequest *http)
{
    static const Str MULTIPART = STR_INIT("multipart/");
    Str type = http_request_header(http, STR("content-type"));
    return type.len >= MULTIPART.len &&
           str_equal_nocase(str_from(type.ptr, MULTIPART.len), MULTIPART);
}

static Status read_request(const ApiRequest *request, SqlJob *job)
{
    Api *api = request->home->api;
    const SqlRequestLimits limits = {
        .statement_bytes_max = api->options.query->limits.statement_bytes_max,
        .parameter_count_max = api->options.query->limits.parameters_max,
        .parameter_bytes_max = api->options.settings.parameter_bytes_max,
    };
    if (!rate_table_pass(api->query_rates, job->principal.user_id, clock_monotonic_us()))
        return fail(&job->ctx,
                    STATUS_RATE_LIMITED,
                    "Too many queries per second. Please slow down. "
                    "(rate_limit.max_queries_per_sec)");
    if (is_multipart(request->http))
        return fail(&job->ctx,
                    STATUS_INVALID_INPUT,
                    "Invalid JSON payload: the body must be application/json");
    return sql_request_parse(&job->ctx, request->http->body, &limits, &job->request);
}

static void start(SqlHttp *exchange)
{
    SqlJob *job = &exchange->job;
    job->on_chunk = on_chunk;
    job->on_done = on_done;
    connection_set_user(exchange->conn, exchange);
    sql_job_start(job,
                  &(SqlEnvelopeOptions){
                      .user_id = job->principal.user_id,
                      .role = job->principal.role,
                      .chunk_size = CHUNK_SIZE,
                  });
}

void api_post_sql(const ApiRequest *request)
{
    SqlHttp *exchange = NEW(SqlHttp);
    SqlJob *job = &exchange->job;
    sql_job_init(job, request->home);
    exchange->conn = request->conn;
    exchange->http = http_request_ref(request->http);

    SqlError error;
    if (authenticate(request, &job->ctx, &job->principal) != STATUS_OK) {
        error = authentication_error(request, &job->ctx);
    } else if (read_request(request, job) != STATUS_OK) {
        error = sql_error_from_context(&job->ctx);
    } else {
        start(exchange);
        return;
    }
    reply_sql_error(request->conn, &error);
    free_exchange(exchange);
}
