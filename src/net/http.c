/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An exchange is one request and its answer.  It exists from the request's first
 * byte until the answer's last one is queued; a connection between two requests
 * has none.
 *
 *     receiving --(parser done)--> busy --(stream_begin)--> streaming --> gone
 *         \--(refused)--> gone, closing
 */
#include "net/http.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/memory_gauge.h"
#include "net/connection_private.h"
#include "net/http_parser.h"
#include "net/reactor_private.h"

#include <assert.h>
#include <stdio.h>
#include <time.h>

struct HttpExchange {
    HttpParser parser;
    HttpRequest *request; /* NULL while receiving */
    bool old_version;     /* HTTP/1.0 */
    bool keep_alive;
    bool omit_body; /* HEAD */
    bool streaming;
    bool chunked;
};

/* NULL between two requests, and of a WebSocket. */
static HttpExchange *exchange_of(const Connection *conn)
{
    return conn->is_websocket ? NULL : conn->exchange;
}

/* Receiving */

bool http_is_busy(const Connection *conn)
{
    const HttpExchange *exchange = exchange_of(conn);
    return exchange && exchange->request;
}

bool http_is_receiving(const Connection *conn)
{
    const HttpExchange *exchange = exchange_of(conn);
    return exchange && !exchange->request && !http_parser_is_empty(&exchange->parser);
}

void http_release(Connection *conn)
{
    HttpExchange *exchange = exchange_of(conn);
    if (!exchange)
        return;
    conn->exchange = NULL;
    http_parser_done(&exchange->parser);
    http_request_unref(exchange->request);
    free(exchange);
}

static HttpExchange *begin_exchange(Connection *conn)
{
    conn->exchange = NEW(HttpExchange);
    http_parser_init(&conn->exchange->parser, &reactor_of(conn)->options.http);
    if (conn->phase != PHASE_HEAD) /* a new connection's time runs already */
        connection_set_phase(conn, PHASE_HEAD);
    return conn->exchange;
}

/* What of the request decides how the answer looks. */
static void note_request(HttpExchange *exchange, const HttpRequest *request)
{
    exchange->old_version = request->minor_version == 0;
    exchange->keep_alive = request->keep_alive;
    exchange->omit_body = request->method == HTTP_HEAD_METHOD;
}

static void refuse_body(Connection *conn, uint64_t size)
{
    HttpExchange *exchange = conn->exchange;
    if (!conn->handler->on_body_too_large) {
        http_refuse(conn, 413, "Payload Too Large");
        return;
    }
    exchange->keep_alive = false;
    conn->handler->on_body_too_large(conn, size, exchange->parser.body_max);
}

static void refuse_request(Connection *conn)
{
    const HttpParser *parser = &conn->exchange->parser;
    if (parser->refusal.status == 413)
        refuse_body(conn, parser->body_size);
    else
        http_refuse(conn, parser->refusal.status, parser->refusal.reason);
}

static void on_head(Connection *conn)
{
    HttpParser *parser = &conn->exchange->parser;
    note_request(conn->exchange, parser->request);
    if (conn->handler->body_limit)
        parser->body_max = conn->handler->body_limit(conn, parser->request);
    if (memory_gauge_is_full() && parser->body_max > MEMORY_SMALL)
        parser->body_max = MEMORY_SMALL;
    if (parser->request->framing.length > parser->body_max) {
        refuse_body(conn, parser->request->framing.length);
        return;
    }
    if (parser->request->wants_continue)
        connection_write_copy(conn, STR("HTTP/1.1 100 Continue\r\n\r\n"));
    connection_set_phase(conn, PHASE_BODY);
}

static void on_complete(Connection *conn)
{
    HttpExchange *exchange = conn->exchange;
    exchange->request = http_parser_take(&exchange->parser);
    http_parser_done(&exchange->parser);
    note_request(exchange, exchange->request);
    conn->request_number++;
    connection_set_phase(conn, PHASE_BUSY);
    conn->handler->on_request(conn, exchange->request);
}

size_t http_input(Connection *conn, char *bytes, size_t len)
{
    HttpExchange *exchange = conn->exchange ? conn->exchange : begin_exchange(conn);
    size_t used;
    switch (http_parser_feed(&exchange->parser, str_from(bytes, len), &used)) {
    case HTTP_PARSE_MORE:
        if (conn->phase == PHASE_BODY)
            connection_set_phase(conn, PHASE_BODY);
        break;
    case HTTP_PARSE_HEAD:
        on_head(conn);
        break;
    case HTTP_PARSE_DONE:
        on_complete(conn);
        break;
    case HTTP_PARSE_BAD:
        refuse_request(conn);
        break;
    }
    return used;
}

/* Answering */

const char *http_status_text(int status)
{
    static const struct {
        int status;
        const char *text;
    } texts[] = {
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {206, "Partial Content"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {307, "Temporary Redirect"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {411, "Length Required"},
        {413, "Payload Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {416, "Range Not Satisfiable"},
        {417, "Expectation Failed"},
        {418, "I'm a teapot"},
        {422, "Unprocessable Entity"},
        {426, "Upgrade Required"},
        {428, "Precondition Required"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (texts[i].status == status)
            return texts[i].text;
    }
    return "Unknown";
}

/* The exchange to answer, or NULL when the connection is over. */
static HttpExchange *answerable(Connection *conn)
{
    if (!connection_is_open(conn))
        return NULL;
    assert(exchange_of(conn)); /* somebody answers what nobody asked */
    return conn->exchange;
}

static const char *date_text(Reactor *reactor)
{
    time_t now = (time_t)(clock_wall_us() / 1000000);
    if (now != reactor->date_second) {
        struct tm fields;
        gmtime_r(&now, &fields);
        strftime(reactor->date, sizeof(reactor->date), "%a, %d %b %Y %H:%M:%S GMT", &fields);
        reactor->date_second = now;
    }
    return reactor->date;
}

static void put_header(Buf *head, Str name, Str value)
{
    if (!http_is_token(name) || !http_is_field_value(value))
        return;
    buf_str_append(head, name);
    BUF_LIT(head, ": ");
    buf_str_append(head, value);
    BUF_LIT(head, "\r\n");
}

static void put_status_line(Buf *head, int status)
{
    BUF_LIT(head, "HTTP/1.1 ");
    buf_int64(head, status);
    buf_byte(head, ' ');
    buf_str_append(head, str_from_c(http_status_text(status)));
    BUF_LIT(head, "\r\nServer: kalamdb\r\n");
}

/* The head without what tells the body's length and without the closing empty line. */
static Buf *start_head(Connection *conn, HttpExchange *exchange, const HttpResponse *response)
{
    Buf *head = &reactor_of(conn)->scratch;
    assert(response->status >= 200 && response->status <= 599);
    buf_clear(head);
    put_status_line(head, response->status);
    put_header(head, STR("Date"), str_from_c(date_text(reactor_of(conn))));
    if (response->content_type.len > 0)
        put_header(head, STR("Content-Type"), response->content_type);
    if (response->close)
        exchange->keep_alive = false;
    for (size_t i = 0; i < response->header_count; i++)
        put_header(head, response->headers[i].name, response->headers[i].value);
    return head;
}

static void send_head(Connection *conn, const HttpExchange *exchange, Buf *head)
{
    if (!exchange->keep_alive)
        BUF_LIT(head, "Connection: close\r\n");
    else if (exchange->old_version)
        BUF_LIT(head, "Connection: keep-alive\r\n");
    BUF_LIT(head, "\r\n");
    connection_write_copy(conn, buf_str(head));
}

/* 204 and 304 have no body and tell no length. */
static bool has_length(const HttpResponse *response)
{
    return response->status != 204 && response->status != 304;
}

static size_t body_len(const HttpResponse *response)
{
    if (response->shared)
        return response->shared->len;
    return response->body_buf ? response->body_buf->len : response->body.len;
}

static void send_body(Connection *conn, const HttpResponse *response)
{
    if (response->shared) {
        connection_write_shared(conn, response->shared);
    } else if (response->body_buf) {
        CLEANUP(shared_unref) Shared *body = shared_take(response->body_buf);
        connection_write_shared(conn, body);
    } else {
        connection_write_copy(conn, response->body);
    }
}

static void complete(Connection *conn)
{
    bool keep_alive = conn->exchange->keep_alive;
    http_release(conn);
    connection_mark_dirty(conn); /* a pipelined request may be waiting */
    if (keep_alive)
        connection_set_phase(conn, PHASE_KEEP_ALIVE);
    else
        connection_close(conn);
}

static void respond(Connection *conn, HttpExchange *exchange, const HttpResponse *response)
{
    assert(!exchange->streaming);
    Buf *head = start_head(conn, exchange, response);
    if (has_length(response)) {
        BUF_LIT(head, "Content-Length: ");
        buf_uint64(head, body_len(response));
        BUF_LIT(head, "\r\n");
    }
    send_head(conn, exchange, head);
    if (has_length(response) && !exchange->omit_body)
        send_body(conn, response);
    if (connection_is_open(conn)) /* the output limit may have ended it */
        complete(conn);
}

void http_respond(Connection *conn, const HttpResponse *response)
{
    HttpExchange *exchange = answerable(conn);
    if (exchange)
        respond(conn, exchange, response);
    if (response->body_buf)
        buf_done(response->body_buf);
}

void http_respond_error(Connection *conn, int status, const char *reason)
{
    char body[256];
    snprintf(body, sizeof(body), "{\"error\":\"%s\"}", reason);
    http_respond(conn,
                 &(HttpResponse){
                     .status = status,
                     .content_type = STR("application/json"),
                     .body = str_from_c(body),
                 });
}

void http_refuse(Connection *conn, int status, const char *reason)
{
    HttpExchange *exchange = answerable(conn);
    if (!exchange)
        return;
    exchange->keep_alive = false;
    http_respond_error(conn, status, reason);
}

void http_stream_begin(Connection *conn, const HttpResponse *response)
{
    HttpExchange *exchange = answerable(conn);
    if (!exchange)
        return;
    assert(!exchange->streaming && has_length(response));
    exchange->streaming = true;
    exchange->chunked = !exchange->old_version;
    if (!exchange->chunked)
        exchange->keep_alive = false; /* the end of the body is the end of the connection */
    Buf *head = start_head(conn, exchange, response);
    if (exchange->chunked)
        BUF_LIT(head, "Transfer-Encoding: chunked\r\n");
    send_head(conn, exchange, head);
}

/* The exchange that a piece of `len` bytes goes to; NULL: there is nothing to send. */
static HttpExchange *begin_piece(Connection *conn, size_t len)
{
    HttpExchange *exchange = answerable(conn);
    if (!exchange)
        return NULL;
    assert(exchange->streaming);
    if (len == 0 || exchange->omit_body)
        return NULL;
    char text[CHUNK_HEAD_MAX];
    if (exchange->chunked)
        connection_write_copy(conn, chunk_head_format(text, len));
    return exchange;
}

static void end_piece(Connection *conn, const HttpExchange *exchange)
{
    if (exchange->chunked)
        connection_write_copy(conn, STR("\r\n"));
}

void http_stream_write(Connection *conn, Str bytes)
{
    HttpExchange *exchange = begin_piece(conn, bytes.len);
    if (!exchange)
        return;
    connection_write_copy(conn, bytes);
    end_piece(conn, exchange);
}

void http_stream_write_shared(Connection *conn, Shared *payload)
{
    HttpExchange *exchange = begin_piece(conn, payload->len);
    if (!exchange)
        return;
    connection_write_shared(conn, payload);
    end_piece(conn, exchange);
}

void http_stream_end(Connection *conn)
{
    HttpExchange *exchange = answerable(conn);
    if (!exchange)
        return;
    assert(exchange->streaming);
    if (exchange->chunked && !exchange->omit_body)
        connection_write_copy(conn, STR("0\r\n\r\n"));
    if (connection_is_open(conn))
        complete(conn);
}

HttpRequest *http_current_request(const Connection *conn)
{
    const HttpExchange *exchange = exchange_of(conn);
    return exchange ? exchange->request : NULL;
}

Connection *http_find_exchange(ConnectionRef ref)
{
    Connection *conn = connection_find(ref);
    return conn && http_is_busy(conn) && conn->request_number == ref.request_number ? conn : NULL;
}
