/* SPDX-License-Identifier: Apache-2.0 */
#include "api/reply.h"

#include "api/sql_envelope.h"
#include "value/json.h"

#include <assert.h>

enum { REQUEST_ID_MAX = 128 };

void reply_header_add(ReplyHeaders *headers, Str name, Str value)
{
    assert(headers->count < REPLY_HEADERS_MAX);
    headers->items[headers->count++] = (HttpHeader){name, value};
}

ReplyHeaders reply_headers(Connection *conn)
{
    ReplyHeaders headers = {0};
    const ApiReactor *home = connection_handler_data(conn);
    const HttpRequest *request = http_current_request(conn);
    if (!request)
        return headers;
    headers.count = cors_headers(&home->api->options.settings.cors, request, headers.items);
    Str request_id = http_request_header(request, STR("x-request-id"));
    if (request_id.len > 0 && request_id.len <= REQUEST_ID_MAX)
        reply_header_add(&headers, STR("X-Request-ID"), request_id);
    return headers;
}

static void respond(Connection *conn, HttpResponse response, const ReplyHeaders *headers)
{
    const ApiReactor *home = connection_handler_data(conn);
    ReplyHeaders usual = headers ? *headers : reply_headers(conn);
    response.headers = usual.items;
    response.header_count = usual.count;
    response.close = home->draining;
    http_respond(conn, &response);
}

void reply_json(Connection *conn, int status, Buf *body, const ReplyHeaders *headers)
{
    HttpResponse response = {
        .status = status,
        .content_type = STR("application/json"),
        .body_buf = body,
    };
    respond(conn, response, headers);
}

void reply_text(Connection *conn, int status, Str text)
{
    HttpResponse response = {
        .status = status,
        .content_type = STR("text/plain; charset=utf-8"),
        .body = text,
    };
    respond(conn, response, NULL);
}

void reply_error(Connection *conn, int status, const char *code, Str message)
{
    Buf body = {0};
    BUF_LIT(&body, "{\"error\":");
    json_write_string(&body, str_from_c(code));
    BUF_LIT(&body, ",\"message\":");
    json_write_string(&body, message);
    BUF_LIT(&body, "}");
    reply_json(conn, status, &body, NULL);
}

void reply_error_text(Connection *conn, int status, const char *text)
{
    Buf body = {0};
    BUF_LIT(&body, "{\"error\":");
    json_write_string(&body, str_from_c(text));
    BUF_LIT(&body, "}");
    reply_json(conn, status, &body, NULL);
}

void reply_sql_error(Connection *conn, const SqlError *error)
{
    SqlEnvelope envelope;
    sql_envelope_init(&envelope, &(SqlEnvelopeOptions){0});
    sql_envelope_fail(&envelope, error, 0);
    reply_json(conn, error->http_status, &envelope.out, NULL);
    sql_envelope_done(&envelope);
}
