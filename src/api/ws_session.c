/* SPDX-License-Identifier: Apache-2.0 */
#include "api/ws_session.h"

#include "api/auth_reply.h"
#include "api/ws_sql.h"
#include "base/clock.h"
#include "base/memory.h"
#include "live/live_message.h"
#include "net/websocket.h"
#include "value/ids.h"

static ApiReactor *home_of(const WsSession *session)
{
    return connection_handler_data(session->conn);
}

/* ---- sending ---- */

void ws_session_send_error(WsSession *session, Str subscription_id, const char *code, Str message)
{
    CLEANUP(buf_done) Buf text = {0};
    live_write_error(&text, subscription_id, code, message);
    websocket_send_text(session->conn, buf_str(&text));
}

static void send_auth_error(WsSession *session, Str message)
{
    CLEANUP(buf_done) Buf text = {0};
    BUF_LIT(&text, "{\"type\":\"auth_error\",\"message\":");
    json_write_string(&text, message);
    BUF_LIT(&text, "}");
    websocket_send_text(session->conn, buf_str(&text));
}

static void send_auth_success(WsSession *session)
{
    CLEANUP(buf_done) Buf text = {0};
    BUF_LIT(&text, "{\"type\":\"auth_success\",\"user\":");
    json_write_string(&text, session->user->id);
    BUF_LIT(&text, ",\"role\":");
    json_write_string(&text, str_from_c(role_word(session->user->role)));
    buf_printf(&text,
               ",\"protocol\":{\"serialization\":\"json\",\"compression\":\"%s\"}}",
               session->gzip ? "gzip" : "none");
    websocket_send_text(session->conn, buf_str(&text));
}

/* ---- live queries ---- */

static void live_send_parts(void *data, Str head, Shared *tail)
{
    const WsSession *session = data;
    websocket_send_parts(session->conn, WS_TEXT, head, tail);
}

static void live_send(void *data, Shared *message, bool binary)
{
    const WsSession *session = data;
    websocket_send_parts(session->conn, binary ? WS_BINARY : WS_TEXT, STR_NULL, message);
}

static size_t live_queued_bytes(void *data)
{
    const WsSession *session = data;
    return connection_queued_bytes(session->conn);
}

static size_t live_total_queued_bytes(void *data)
{
    const WsSession *session = data;
    return reactor_queued_bytes(home_of(session)->reactor);
}

static const LiveSink LIVE_SINK = {
    .send_parts = live_send_parts,
    .send = live_send,
    .queued_bytes = live_queued_bytes,
    .total_queued_bytes = live_total_queued_bytes,
};

/* Nobody sees it before there is a live query: it is made then. */
static Str new_connection_id(char text[32])
{
    static const char DIGITS[] = "0123456789abcdef";
    uint8_t id[16];
    uuid_v4_next(id);
    for (size_t i = 0; i < sizeof(id); i++) {
        text[2 * i] = DIGITS[id[i] >> 4];
        text[2 * i + 1] = DIGITS[id[i] & 15];
    }
    return str_from(text, 32);
}

static LiveClient *live_client_of(WsSession *session)
{
    char connection_id[32];
    if (session->live)
        return session->live;
    session->live = live_client_new(home_of(session)->live,
                                    &(LiveClientOptions){
                                        .sink = &LIVE_SINK,
                                        .sink_data = session,
                                        .connection_id = new_connection_id(connection_id),
                                        .user_id = session->user->id,
                                        .role = session->user->role,
                                        .credentials_version = session->user->credentials_version,
                                        .expires_at_ms = session->expires_at_us / 1000,
                                        .gzip = session->gzip,
                                    });
    return session->live;
}

static void subscribe(WsSession *session, Context *ctx, const WsMessage *message)
{
    LiveSubscribe subscribe = {.subscription_id = message->id, .sql = message->subscribe.sql};
    const Json *options = message->subscribe.options;
    const SqlRequestLimits limits = {
        .parameter_bytes_max = home_of(session)->api->options.settings.parameter_bytes_max,
    };
    if (str_trim(message->id).len == 0) {
        ws_session_send_error(session,
                              STR("invalid_subscription"),
                              "INVALID_SUBSCRIPTION_ID",
                              STR("Subscription ID cannot be empty"));
    } else if (live_options_parse(ctx, options, &subscribe.options) != STATUS_OK) {
        ws_session_send_error(session, message->id, "UNSUPPORTED", ctx->message);
    } else if (sql_parameters_read(ctx,
                                   message->subscribe.parameters,
                                   &limits,
                                   &subscribe.parameters,
                                   &subscribe.parameter_count) != STATUS_OK) {
        ws_session_send_error(session, message->id, "INVALID_SQL", ctx->message);
    } else {
        subscribe.options_json = options ? options->source : STR_NULL;
        live_subscribe(live_client_of(session), &subscribe);
        api_reactor_wake_live(home_of(session));
    }
}

/* ---- who is it? ---- */

Session ws_session_identity(const WsSession *session)
{
    return (Session){
        .principal = {.user_id = session->user->id, .role = session->user->role},
        .expires_at_us = session->expires_at_us,
        .credentials_version = session->user->credentials_version,
    };
}

/* What a token proves. */
typedef struct Proof {
    User *user; /* counted */
    int64_t expires_at_us;
} Proof;

static Status verify(const Api *api, Context *ctx, Str token, Proof *ret_proof)
{
    Session session;
    CLEANUP(snapshot_unref) Snapshot *snapshot = api_snapshot(api);
    const Catalog *catalog = snapshot->catalog;
    TRY(auth_verify_bearer(ctx, api->options.auth, catalog, token, &session));
    const User *user = catalog_user(catalog, session.principal.user_id);
    ret_proof->user = user_ref((User *)user);
    ret_proof->expires_at_us = session.expires_at_us;
    return STATUS_OK;
}

/* Takes over the reference to the user. */
static void begin(WsSession *session, const Proof *proof)
{
    session->user = proof->user;
    session->expires_at_us = proof->expires_at_us;
    connection_set_deadline(session->conn, 0);
    send_auth_success(session);
}

static void refuse(WsSession *session, Str message)
{
    send_auth_error(session, message);
    websocket_close(session->conn, WS_CODE_POLICY_VIOLATION, STR("Authentication failed"));
}

/* Again: the same account goes on with the new token's time; any other is refused and nothing
 * changes. */
static void extend(WsSession *session, const Proof *proof)
{
    CLEANUP(user_unref) User *user = proof->user;
    const User *now = session->user;
    if (!str_equal(user->id, now->id) || user->role != now->role ||
        user->credentials_version != now->credentials_version) {
        send_auth_error(session, STR("This connection belongs to another session"));
        return;
    }
    session->expires_at_us = proof->expires_at_us;
    if (session->live)
        live_client_extend(session->live, session->expires_at_us / 1000);
    send_auth_success(session);
}

static void authenticate(WsSession *session, Context *ctx, const WsAuthenticate *message)
{
    Proof proof;
    Status status = verify(home_of(session)->api, ctx, message->token, &proof);
    if (!session->user)
        session->gzip = session->gzip && message->gzip;
    if (status == STATUS_OK && session->user)
        extend(session, &proof);
    else if (status == STATUS_OK)
        begin(session, &proof);
    else if (session->user)
        send_auth_error(session, ctx->message);
    else
        refuse(session, ctx->message);
}

/* ---- messages ---- */

static void handle_before_auth(WsSession *session, Context *ctx, const WsMessage *message)
{
    static const Str TEXT = STR_INIT("Authentication required before this message");
    switch (message->kind) {
    case MESSAGE_AUTHENTICATE:
        authenticate(session, ctx, &message->authenticate);
        break;
    case MESSAGE_SUBSCRIBE:
        ws_session_send_error(session, STR("subscribe"), "AUTH_REQUIRED", TEXT);
        break;
    case MESSAGE_SQL:
        ws_session_send_error(session, STR("sql"), "AUTH_REQUIRED", TEXT);
        break;
    case MESSAGE_NEXT_BATCH:
    case MESSAGE_UNSUBSCRIBE:
    case MESSAGE_PING:
        break;
    }
}

static void handle(WsSession *session, Context *ctx, const WsMessage *message)
{
    switch (message->kind) {
    case MESSAGE_AUTHENTICATE:
        authenticate(session, ctx, &message->authenticate);
        break;
    case MESSAGE_SUBSCRIBE:
        subscribe(session, ctx, message);
        break;
    case MESSAGE_NEXT_BATCH:
        if (session->live)
            live_next_batch(
                session->live, message->id, message->next_batch.has_last, message->next_batch.last);
        break;
    case MESSAGE_UNSUBSCRIBE:
        if (session->live)
            live_unsubscribe(session->live, message->id);
        break;
    case MESSAGE_PING:
        break;
    case MESSAGE_SQL:
        ws_sql_request(session, message->id, message->sql);
        break;
    }
}

/* Bytes that are no JSON mean that the two sides do not understand each other at all. */
static void close_unparsable(WsSession *session, Context *ctx)
{
    Str reason = arena_printf(&ctx->arena, "Invalid message: %.*s", STR_ARG(ctx->message));
    websocket_close(session->conn, WS_CODE_INTERNAL_ERROR, reason);
}

static void handle_text(WsSession *session, Str text)
{
    CLEANUP(context_done) Context ctx = {0};
    WsMessage message;
    Status status = ws_message_parse(&ctx, text, &message);
    if (status == STATUS_INVALID_INPUT)
        ws_session_send_error(session, STR("protocol"), "PROTOCOL", ctx.message);
    else if (status != STATUS_OK)
        close_unparsable(session, &ctx);
    else if (session->user)
        handle(session, &ctx, &message);
    else
        handle_before_auth(session, &ctx, &message);
}

static bool passes_rate(WsSession *session)
{
    uint32_t per_second = home_of(session)->api->options.settings.messages_per_second;
    if (rate_gate_pass(&session->messages, per_second, clock_monotonic_us()))
        return true;
    ws_session_send_error(
        session, STR("rate_limit"), "RATE_LIMIT_EXCEEDED", STR("Too many messages"));
    return false;
}

void ws_session_on_message(Connection *conn, WebSocketOpcode opcode, Str payload)
{
    WsSession *session = connection_user(conn);
    counter_up(&home_of(session)->messages_total);
    if (session->ending || !passes_rate(session))
        return;
    if (session->live)
        live_client_seen(session->live, clock_wall_us());
    if (opcode == WS_TEXT)
        handle_text(session, payload);
    else
        ws_session_send_error(
            session, STR("protocol"), "UNSUPPORTED_DATA", STR("Binary not supported"));
}

void ws_session_on_oversized(Connection *conn)
{
    WsSession *session = connection_user(conn);
    CLEANUP(context_done) Context ctx = {0};
    ws_session_send_error(
        session,
        STR("protocol"),
        "MESSAGE_TOO_LARGE",
        arena_printf(&ctx.arena,
                     "A message may have %zu bytes (security.max_ws_message_size)",
                     reactor_options(connection_reactor(conn))->ws_message_max));
}

void ws_session_on_drain(Connection *conn)
{
    WsSession *session = connection_user(conn);
    if (session->live)
        live_client_drained(session->live);
    ws_sql_on_drain(session);
}

void ws_session_on_deadline(Connection *conn)
{
    WsSession *session = connection_user(conn);
    if (!connection_is_websocket(conn) || session->user)
        return;
    CLEANUP(context_done) Context ctx = {0};
    uint32_t timeout_ms = home_of(session)->api->options.settings.ws_auth_timeout_ms;
    send_auth_error(
        session,
        arena_printf(&ctx.arena,
                     "Authentication timeout - no auth message received within %g seconds",
                     timeout_ms / 1000.0));
    websocket_close(conn, WS_CODE_POLICY_VIOLATION, STR("Authentication timeout"));
}

/* ---- beginning and end ---- */

static void free_session(WsSession *session)
{
    ws_sql_abandon(session);
    live_client_free(session->live);
    user_unref(session->user);
    free(session);
}

void ws_session_on_close(Connection *conn)
{
    WsSession *session = connection_user(conn);
    ApiReactor *home = home_of(session);
    counter_down(&home->websocket_count);
    free_session(session);
}

static void say_goodbye(WsSession *session)
{
    websocket_close(session->conn, WS_CODE_GOING_AWAY, STR("Server shutting down"));
}

void ws_session_end(Connection *conn)
{
    WsSession *session = connection_user(conn);
    session->ending = true;
    if (!ws_sql_is_busy(session))
        say_goodbye(session);
}

void ws_session_sql_idle(WsSession *session)
{
    if (session->ending)
        say_goodbye(session);
}

/* Pages of other origins may not open sockets in a user's name. */
static bool origin_is_refused(const ApiRequest *request)
{
    const ApiSettings *settings = &request->home->api->options.settings;
    Str origin = http_request_header(request->http, STR("origin"));
    if (origin.len == 0)
        return settings->strict_ws_origin_check;
    return !cors_allows(&settings->cors, origin);
}

static bool wants_gzip(const ApiRequest *request)
{
    CLEANUP(context_done) Context ctx = {0};
    Str value;
    Str query = request->http->query;
    if (http_query_param(&ctx.arena, query, STR("compress"), &value) &&
        str_equal(value, STR("false")))
        return false;
    return !http_query_param(&ctx.arena, query, STR("compression"), &value) ||
           !str_equal(value, STR("none"));
}

static WsSession *new_session(const ApiRequest *request)
{
    WsSession *session = NEW(WsSession);
    session->conn = request->conn;
    session->gzip = wants_gzip(request);
    return session;
}

/* STATUS_NOT_FOUND: there was no header, a message will tell. */
static void open_session(WsSession *session, Status status, Context *ctx, const Proof *proof)
{
    ApiReactor *home = home_of(session);
    counter_up(&home->websocket_count);
    if (status == STATUS_OK)
        begin(session, proof);
    else if (status == STATUS_NOT_FOUND)
        connection_set_deadline(session->conn, home->api->options.settings.ws_auth_timeout_ms);
    else
        refuse(session, ctx->message);
}

static Status verify_header(const ApiRequest *request, Context *ctx, Proof *ret_proof)
{
    if (http_request_header(request->http, STR("authorization")).len == 0)
        return STATUS_NOT_FOUND;
    return verify(request->home->api, ctx, auth_bearer(request->http), ret_proof);
}

void api_get_websocket(const ApiRequest *request)
{
    if (origin_is_refused(request)) {
        reply_error_text(request->conn, 403, "Origin not allowed");
        return;
    }
    CLEANUP(context_done) Context ctx = {0};
    Proof proof = {0};
    WsSession *session = new_session(request);
    Status status = verify_header(request, &ctx, &proof);
    connection_set_user(request->conn, session);
    if (websocket_accept(request->conn)) {
        open_session(session, status, &ctx, &proof);
    } else {
        connection_set_user(request->conn, NULL);
        user_unref(proof.user);
        free_session(session);
    }
}
