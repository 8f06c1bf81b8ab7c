/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_socket.h"

#include "base/clock.h"
#include "base/memory.h"
#include "client/response.h"
#include "net/gzip.h"
#include "net/websocket_frame.h"
#include "net/websocket_handshake.h"
#include "value/json.h"

enum { SEND_TIMEOUT_MS = 10000 };

struct ClientSocket {
    Stream *stream;
    WebSocketDecoder decoder;
    Buf input;         /* bytes from the server .. */
    size_t input_used; /* .. of which the decoder has seen these */
    int64_t ping_at_us;
    int64_t heard_at_us;
};

static const WebSocketLimits LIMITS = {
    .message_max = CLIENT_MESSAGE_MAX,
    .discard_max = CLIENT_MESSAGE_MAX,
    .from_client = false,
};

/* ---- frames ---- */

static Status send_frame(Context *ctx, ClientSocket *socket, WebSocketOpcode opcode, Str payload)
{
    CLEANUP(buf_done) Buf frame = {0};
    uint8_t header[WS_HEADER_MAX];
    uint8_t mask[4];
    random_bytes(mask, sizeof(mask));
    buf_append(&frame, header, websocket_header_encode(header, opcode, payload.len, mask));
    size_t start = frame.len;
    buf_str_append(&frame, payload);
    if (payload.len)
        websocket_mask(frame.ptr + start, payload.len, mask, 0);
    int64_t deadline = clock_monotonic_us() + SEND_TIMEOUT_MS * INT64_C(1000);
    return stream_write(ctx, socket->stream, buf_str(&frame), deadline);
}

Status client_socket_send(Context *ctx, ClientSocket *socket, Str text)
{
    return send_frame(ctx, socket, WS_TEXT, text);
}

void client_socket_close(ClientSocket *socket)
{
    static const char NORMAL[] = {(char)(WS_CODE_NORMAL >> 8), (char)(WS_CODE_NORMAL & 0xff)};
    if (!socket)
        return;
    if (socket->stream) {
        CLEANUP(context_done) Context ctx = {0};
        /* Whether the peer hears it or not, the connection ends here. */
        if (send_frame(&ctx, socket, WS_CLOSE, str_from(NORMAL, sizeof(NORMAL))) != STATUS_OK)
            context_clear_error(&ctx);
    }
    stream_close(socket->stream);
    websocket_decoder_done(&socket->decoder);
    buf_done(&socket->input);
    free(socket);
}

/* ---- receiving ---- */

static Status unpack(Context *ctx, Str payload, Str *ret_text)
{
    CLEANUP(buf_done) Buf text = {0};
    if (!gzip_is(payload)) {
        *ret_text = arena_str(&ctx->arena, payload);
        return STATUS_OK;
    }
    TRY(gzip_decompress(ctx, payload, CLIENT_MESSAGE_MAX, &text));
    *ret_text = arena_str(&ctx->arena, buf_str(&text));
    return STATUS_OK;
}

static Status handle_control(Context *ctx, ClientSocket *socket, const WebSocketEvent *event)
{
    if (event->opcode == WS_PING)
        return send_frame(ctx, socket, WS_PONG, event->payload);
    if (event->opcode == WS_CLOSE)
        return fail(ctx,
                    STATUS_IO_ERROR,
                    "the server closed the connection (%u%s%.*s)",
                    event->code,
                    event->payload.len ? ": " : "",
                    STR_ARG(event->payload));
    return STATUS_OK;
}

/* The next message out of what has been read; ret_text stays empty when there is none. */
static Status decode(Context *ctx, ClientSocket *socket, Str *ret_text)
{
    *ret_text = STR_NULL;
    while (socket->input_used < socket->input.len) {
        size_t used = 0;
        WebSocketEvent event = websocket_decode(&socket->decoder,
                                                &LIMITS,
                                                socket->input.ptr + socket->input_used,
                                                socket->input.len - socket->input_used,
                                                &used);
        socket->input_used += used;
        if (event.kind == WS_EVENT_MESSAGE)
            return unpack(ctx, event.payload, ret_text);
        if (event.kind == WS_EVENT_OVERSIZED || event.kind == WS_EVENT_FAILED)
            return fail(ctx, STATUS_IO_ERROR, "the server sent what is no WebSocket message");
        if (event.kind == WS_EVENT_CONTROL)
            TRY(handle_control(ctx, socket, &event));
    }
    buf_clear(&socket->input);
    socket->input_used = 0;
    return STATUS_OK;
}

static Status ping_when_due(Context *ctx, ClientSocket *socket)
{
    int64_t now = clock_monotonic_us();
    if (now - socket->heard_at_us > CLIENT_SILENCE_MAX_MS * INT64_C(1000))
        return fail(ctx, STATUS_IO_ERROR, "nothing heard for %d s", CLIENT_SILENCE_MAX_MS / 1000);
    if (now < socket->ping_at_us)
        return STATUS_OK;
    socket->ping_at_us = now + CLIENT_PING_INTERVAL_MS * INT64_C(1000);
    Status status = send_frame(ctx, socket, WS_PING, STR_NULL);
    if (status == STATUS_TIMEOUT)
        return fail(ctx, STATUS_IO_ERROR, "the server takes nothing any more");
    return status;
}

static Status read_more(Context *ctx, ClientSocket *socket, int64_t deadline_us)
{
    TRY(ping_when_due(ctx, socket));
    int64_t until = deadline_us < socket->ping_at_us ? deadline_us : socket->ping_at_us;
    Status status = stream_read(ctx, socket->stream, until, &socket->input);
    if (status == STATUS_TIMEOUT && until < deadline_us) {
        context_clear_error(ctx);
        return STATUS_OK;
    }
    TRY(status);
    if (socket->input.len == 0)
        return fail(ctx, STATUS_IO_ERROR, "the connection was cut");
    socket->heard_at_us = clock_monotonic_us();
    return STATUS_OK;
}

Status client_socket_receive(Context *ctx, ClientSocket *socket, int64_t deadline_us, Str *ret_text)
{
    for (;;) {
        Str text;
        TRY(decode(ctx, socket, &text));
        if (text.ptr) {
            *ret_text = text;
            return STATUS_OK;
        }
        TRY(read_more(ctx, socket, deadline_us));
    }
}

/* ---- opening ---- */

static Str upgrade_request(Context *ctx, const ClientUrl *url, Str token, const char *key)
{
    bool bracketed = str_find_byte(url->host, ':') < url->host.len;
    return arena_printf(&ctx->arena,
                        "GET /v1/ws HTTP/1.1\r\n"
                        "Host: %s%.*s%s:%u\r\n"
                        "Upgrade: websocket\r\n"
                        "Connection: Upgrade\r\n"
                        "Sec-WebSocket-Version: 13\r\n"
                        "Sec-WebSocket-Key: %s\r\n"
                        "Authorization: Bearer %.*s\r\n\r\n",
                        bracketed ? "[" : "",
                        STR_ARG(url->host),
                        bracketed ? "]" : "",
                        url->port,
                        key,
                        STR_ARG(token));
}

static Status check_upgrade(Context *ctx, const HttpResponseParser *answer, const char *key)
{
    char accept[WS_ACCEPT_LEN + 1];
    websocket_accept_make(str_from_c(key), accept);
    if (answer->status == 401 || answer->status == 403)
        return fail(ctx, STATUS_INVALID_CREDENTIALS, "%.*s", STR_ARG(buf_str(&answer->body)));
    if (answer->status != 101)
        return fail(
            ctx, STATUS_IO_ERROR, "the server refused the WebSocket: HTTP %d", answer->status);
    if (!str_equal(http_response_header(answer, STR("sec-websocket-accept")), str_from_c(accept)))
        return fail(ctx, STATUS_IO_ERROR, "what answers is no WebSocket server");
    return STATUS_OK;
}

/* What follows the answer stays in `input`: the first messages may have come with it. */
static Status read_upgrade(Context *ctx, ClientSocket *socket, const char *key, int64_t deadline_us)
{
    CLEANUP(http_response_parser_done) HttpResponseParser answer;
    http_response_parser_init(&answer, NULL);
    TRY(response_read(ctx, socket->stream, deadline_us, &socket->input, &answer));
    return check_upgrade(ctx, &answer, key);
}

static Status await_welcome(Context *ctx, ClientSocket *socket, int64_t deadline_us)
{
    for (;;) {
        Str text;
        const Json *message;
        TRY(client_socket_receive(ctx, socket, deadline_us, &text));
        TRY(json_parse(ctx, text, &message));
        const Json *type = json_member(message, STR("type"));
        const Json *reason = json_member(message, STR("message"));
        if (type && str_equal(type->text, STR("auth_success")))
            return STATUS_OK;
        if (type && str_equal(type->text, STR("auth_error")))
            return fail(ctx,
                        STATUS_INVALID_CREDENTIALS,
                        "%.*s",
                        STR_ARG(reason ? reason->text : STR("the token is refused")));
    }
}

Status client_socket_open(
    Context *ctx, const ClientUrl *url, Str token, int64_t deadline_us, ClientSocket **ret_socket)
{
    CLEANUP(client_socket_close) ClientSocket *socket = NEW(ClientSocket);
    char key[WS_KEY_LEN + 1];
    websocket_key_make(key);
    TRY(stream_open(ctx, url, deadline_us, &socket->stream));
    TRY(stream_write(ctx, socket->stream, upgrade_request(ctx, url, token, key), deadline_us));
    socket->heard_at_us = clock_monotonic_us();
    socket->ping_at_us = socket->heard_at_us + CLIENT_PING_INTERVAL_MS * INT64_C(1000);
    TRY(read_upgrade(ctx, socket, key, deadline_us));
    TRY(await_welcome(ctx, socket, deadline_us));
    *ret_socket = TAKE(socket);
    return STATUS_OK;
}
