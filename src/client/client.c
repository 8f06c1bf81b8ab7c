/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client.h"

#include "base/clock.h"
#include "base/memory.h"
#include "client/response.h"

enum { CONNECT_TIMEOUT_MS = 10000, REQUEST_TIMEOUT_MS = 30000 };

struct Client {
    ClientUrl url; /* host lies in host_text */
    Buf host_text;
    int connect_timeout_ms;
    int request_timeout_ms;
    Stream *stream; /* NULL = to be opened at the next request */
    Buf user;
    Buf role;
    Buf access_token;
    Buf refresh_token;
};

typedef struct Call {
    const char *method;
    Str path;
    Str token; /* empty = none */
    Str body;
} Call;

/* ---- life ---- */

static void set(Buf *place, Str text)
{
    buf_clear(place);
    buf_str_append(place, text);
}

static void set_from(Buf *place, const Json *string)
{
    if (string && string->kind == JSON_STRING)
        set(place, string->text);
}

Status client_connect(Context *ctx, const ClientOptions *options, Client **ret_client)
{
    CLEANUP(client_close) Client *client = NEW(Client);
    int connect_timeout_ms = options->connect_timeout_ms;
    int request_timeout_ms = options->request_timeout_ms;
    client->connect_timeout_ms = connect_timeout_ms ? connect_timeout_ms : CONNECT_TIMEOUT_MS;
    client->request_timeout_ms = request_timeout_ms ? request_timeout_ms : REQUEST_TIMEOUT_MS;

    TRY(client_url_parse(ctx, options->url, &client->url));
    set(&client->host_text, client->url.host);
    client->url.host = buf_str(&client->host_text);
    TRY(stream_open(ctx, &client->url, client_connect_deadline_us(client), &client->stream));
    *ret_client = TAKE(client);
    return STATUS_OK;
}

void client_close(Client *client)
{
    if (!client)
        return;
    stream_close(client->stream);
    buf_done(&client->host_text);
    buf_done(&client->user);
    buf_done(&client->role);
    buf_done(&client->access_token);
    buf_done(&client->refresh_token);
    free(client);
}

void client_set_token(Client *client, Str access_token)
{
    set(&client->access_token, access_token);
    buf_clear(&client->refresh_token);
}

Str client_user(const Client *client)
{
    return buf_str(&client->user);
}

Str client_role(const Client *client)
{
    return buf_str(&client->role);
}

Str client_token(const Client *client)
{
    return buf_str(&client->access_token);
}

const ClientUrl *client_url(const Client *client)
{
    return &client->url;
}

int64_t client_connect_deadline_us(const Client *client)
{
    return clock_monotonic_us() + client->connect_timeout_ms * INT64_C(1000);
}

/* ---- one exchange ---- */

static void write_request(const Client *client, const Call *call, Buf *out)
{
    bool bracketed = str_find_byte(client->url.host, ':') < client->url.host.len;
    buf_printf(out,
               "%s %.*s HTTP/1.1\r\nHost: %s%.*s%s:%u\r\nAccept: application/json\r\n",
               call->method,
               STR_ARG(call->path),
               bracketed ? "[" : "",
               STR_ARG(client->url.host),
               bracketed ? "]" : "",
               client->url.port);
    if (call->token.len) {
        BUF_LIT(out, "Authorization: Bearer ");
        buf_str_append(out, call->token);
        BUF_LIT(out, "\r\n");
    }
    if (call->body.len)
        buf_printf(
            out, "Content-Type: application/json\r\nContent-Length: %zu\r\n", call->body.len);
    BUF_LIT(out, "\r\n");
    buf_str_append(out, call->body);
}

/* Opens the connection when there is none that can be used. */
static Status be_connected(Context *ctx, Client *client)
{
    if (client->stream && stream_is_stale(client->stream)) {
        stream_close(client->stream);
        client->stream = NULL;
    }
    if (client->stream)
        return STATUS_OK;
    return stream_open(ctx, &client->url, client_connect_deadline_us(client), &client->stream);
}

static Status exchange(Context *ctx, Client *client, const Call *call, ClientReply *ret_reply)
{
    CLEANUP(http_response_parser_done) HttpResponseParser parser;
    CLEANUP(buf_done) Buf request = {0};
    CLEANUP(buf_done) Buf input = {0};
    int64_t deadline = clock_monotonic_us() + client->request_timeout_ms * INT64_C(1000);
    http_response_parser_init(&parser, NULL);
    write_request(client, call, &request);

    TRY(be_connected(ctx, client));
    Status status = stream_write(ctx, client->stream, buf_str(&request), deadline);
    if (status == STATUS_OK)
        status = response_read(ctx, client->stream, deadline, &input, &parser);
    if (status != STATUS_OK || !parser.keep_alive || input.len) {
        stream_close(client->stream);
        client->stream = NULL;
    }
    TRY(status);

    ClientReply reply = {parser.status, arena_str(&ctx->arena, buf_str(&parser.body)), NULL};
    if (json_parse(ctx, reply.body, &reply.json) != STATUS_OK)
        context_clear_error(ctx);
    *ret_reply = reply;
    return STATUS_OK;
}

/* ---- tokens ---- */

static void take_identity(Client *client, const Json *answer)
{
    const Json *user = json_member(answer, STR("user"));
    set_from(&client->user, json_member(user, STR("id")));
    set_from(&client->role, json_member(user, STR("role")));
}

static void take_tokens(Client *client, const Json *answer)
{
    take_identity(client, answer);
    set_from(&client->access_token, json_member(answer, STR("access_token")));
    set_from(&client->refresh_token, json_member(answer, STR("refresh_token")));
}

static Status refused(Context *ctx, const ClientReply *reply)
{
    const Json *message = json_member(reply->json, STR("message"));
    Str text = message ? message->text : reply->body;
    switch (reply->http_status) {
    case 400:
    case 401:
    case 403:
        return fail(ctx, STATUS_INVALID_CREDENTIALS, "%.*s", STR_ARG(text));
    case 428:
        fail(ctx, STATUS_INVALID_OPERATION, "%.*s", STR_ARG(text));
        fail_hint(ctx, "set the server up first: POST /v1/api/auth/setup, or its web page");
        return STATUS_INVALID_OPERATION;
    case 429:
        return fail(ctx, STATUS_RATE_LIMITED, "%.*s", STR_ARG(text));
    default:
        return fail(ctx, STATUS_IO_ERROR, "HTTP %d: %.*s", reply->http_status, STR_ARG(text));
    }
}

static Status authenticate(Context *ctx, Client *client, const Call *call)
{
    ClientReply reply;
    TRY(exchange(ctx, client, call, &reply));
    if (reply.http_status != 200)
        return refused(ctx, &reply);
    const Json *token = json_member(reply.json, STR("access_token"));
    if (!token || token->kind != JSON_STRING)
        return fail(ctx, STATUS_IO_ERROR, "what answers is no KalamDB server");
    take_tokens(client, reply.json);
    return STATUS_OK;
}

Status client_login(Context *ctx, Client *client, Str user, Str password)
{
    CLEANUP(buf_done) Buf body = {0};
    if (!str_is_utf8(user) || !str_is_utf8(password))
        return fail(ctx, STATUS_INVALID_INPUT, "user and password must be UTF-8");
    BUF_LIT(&body, "{");
    json_write_key(&body, STR("user"));
    json_write_string(&body, user);
    BUF_LIT(&body, ",");
    json_write_key(&body, STR("password"));
    json_write_string(&body, password);
    BUF_LIT(&body, "}");
    Call call = {"POST", STR("/v1/api/auth/login"), STR_NULL, buf_str(&body)};
    return authenticate(ctx, client, &call);
}

Status client_refresh(Context *ctx, Client *client)
{
    Call call = {"POST", STR("/v1/api/auth/refresh"), buf_str(&client->refresh_token), STR("{}")};
    if (call.token.len == 0)
        return fail(ctx, STATUS_INVALID_CREDENTIALS, "the token has expired");
    return authenticate(ctx, client, &call);
}

static bool token_has_expired(const ClientReply *reply)
{
    const Json *code = json_member(json_member(reply->json, STR("error")), STR("code"));
    return reply->http_status == 401 && code && str_equal(code->text, STR("TOKEN_EXPIRED"));
}

/* With the access token; once more with a new one when it has expired. */
static Status authorized(Context *ctx, Client *client, Call *call, ClientReply *ret_reply)
{
    call->token = buf_str(&client->access_token);
    TRY(exchange(ctx, client, call, ret_reply));
    if (!token_has_expired(ret_reply) || client->refresh_token.len == 0)
        return STATUS_OK;
    TRY(client_refresh(ctx, client));
    call->token = buf_str(&client->access_token);
    return exchange(ctx, client, call, ret_reply);
}

Status client_identify(Context *ctx, Client *client)
{
    ClientReply reply;
    TRY(client_get(ctx, client, STR("/v1/api/auth/me"), &reply));
    if (reply.http_status != 200)
        return refused(ctx, &reply);
    take_identity(client, reply.json);
    return STATUS_OK;
}

/* ---- requests ---- */

Status
client_sql(Context *ctx, Client *client, const ClientStatement *statement, ClientReply *ret_reply)
{
    CLEANUP(buf_done) Buf body = {0};
    if (!str_is_utf8(statement->sql))
        return fail(ctx, STATUS_INVALID_INPUT, "the statement is not UTF-8");
    BUF_LIT(&body, "{");
    json_write_key(&body, STR("sql"));
    json_write_string(&body, statement->sql);
    if (statement->params.len) {
        BUF_LIT(&body, ",");
        json_write_key(&body, STR("params"));
        buf_str_append(&body, statement->params);
    }
    if (statement->namespace.len) {
        BUF_LIT(&body, ",");
        json_write_key(&body, STR("namespace_id"));
        json_write_string(&body, statement->namespace);
    }
    BUF_LIT(&body, "}");
    Call call = {"POST", STR("/v1/api/sql"), STR_NULL, buf_str(&body)};
    return authorized(ctx, client, &call, ret_reply);
}

Status client_get(Context *ctx, Client *client, Str path, ClientReply *ret_reply)
{
    Call call = {"GET", path, STR_NULL, STR_NULL};
    return authorized(ctx, client, &call, ret_reply);
}
