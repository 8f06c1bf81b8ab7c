/* SPDX-License-Identifier: Apache-2.0 */
#include "net/websocket.h"

#include "base/memory.h"
#include "net/connection_private.h"
#include "net/http.h"
#include "net/reactor_private.h"

#include <assert.h>

/* Opening */

static void send_switching(Connection *conn, const HttpRequest *request)
{
    char accept[WS_ACCEPT_LEN + 1];
    websocket_accept_make(http_request_header(request, STR("sec-websocket-key")), accept);
    connection_write_copy(conn,
                          STR("HTTP/1.1 101 Switching Protocols\r\n"
                              "Server: kalamdb\r\n"
                              "Upgrade: websocket\r\n"
                              "Connection: Upgrade\r\n"
                              "Sec-WebSocket-Accept: "));
    connection_write_copy(conn, str_from(accept, WS_ACCEPT_LEN));
    connection_write_copy(conn, STR("\r\n\r\n"));
}

static void refuse_upgrade(Connection *conn, HttpRefusal refusal)
{
    HttpHeader version = {STR_INIT("Sec-WebSocket-Version"), STR_INIT("13")};
    http_respond(conn,
                 &(HttpResponse){
                     .status = refusal.status,
                     .content_type = STR("text/plain"),
                     .body = str_from_c(refusal.reason),
                     .headers = &version,
                     .header_count = 1,
                 });
}

bool websocket_accept(Connection *conn)
{
    const HttpRequest *request = http_current_request(conn);
    if (!connection_is_open(conn))
        return false;
    assert(request);
    HttpRefusal refusal = websocket_check_upgrade(request);
    if (refusal.status) {
        refuse_upgrade(conn, refusal);
        return false;
    }
    send_switching(conn, request);
    http_release(conn);
    conn->is_websocket = true;
    connection_set_phase(conn, PHASE_WEBSOCKET);
    if (conn->handler->on_ws_open)
        conn->handler->on_ws_open(conn);
    return true;
}

void websocket_release(Connection *conn)
{
    if (!conn->is_websocket || !conn->decoder)
        return;
    websocket_decoder_done(conn->decoder);
    free(TAKE(conn->decoder));
}

/* Sending */

static void send_frame(Connection *conn, WebSocketOpcode opcode, Str head, Shared *tail)
{
    uint8_t header[WS_HEADER_MAX];
    size_t payload_len = head.len + (tail ? tail->len : 0);
    size_t header_len = websocket_header_encode(header, opcode, payload_len, NULL);
    connection_write_copy(conn, str_from((const char *)header, header_len));
    connection_write_copy(conn, head);
    if (tail)
        connection_write_shared(conn, tail);
}

void websocket_send_parts(Connection *conn, WebSocketOpcode opcode, Str head, Shared *tail)
{
    if (!connection_is_open(conn) || conn->close_frame_sent)
        return;
    assert(conn->is_websocket && (opcode == WS_TEXT || opcode == WS_BINARY));
    send_frame(conn, opcode, head, tail);
}

void websocket_send_text(Connection *conn, Str text)
{
    websocket_send_parts(conn, WS_TEXT, text, NULL);
}

void websocket_send_binary(Connection *conn, Str bytes)
{
    websocket_send_parts(conn, WS_BINARY, bytes, NULL);
}

/* Closing */

/* UTF-8 continuation bytes are 10xxxxxx: never cut before one. */
static Str cut_reason(Str reason)
{
    if (reason.len <= WS_REASON_MAX)
        return reason;
    size_t len = WS_REASON_MAX;
    while (len > 0 && ((uint8_t)reason.ptr[len] & 0xc0) == 0x80)
        len--;
    return str_from(reason.ptr, len);
}

static void send_close(Connection *conn, uint16_t code, Str reason)
{
    char payload[WS_CONTROL_MAX];
    size_t len = 0;
    if (code != WS_CODE_NONE) {
        reason = cut_reason(reason);
        payload[0] = (char)(code >> 8);
        payload[1] = (char)(code & 0xff);
        if (reason.len)
            memcpy(payload + 2, reason.ptr, reason.len);
        len = 2 + reason.len;
    }
    send_frame(conn, WS_CLOSE, str_from(payload, len), NULL);
    conn->close_frame_sent = true;
}

void websocket_close(Connection *conn, uint16_t code, Str reason)
{
    if (!connection_is_open(conn) || conn->close_frame_sent)
        return;
    send_close(conn, code, reason);
    if (connection_is_open(conn))
        connection_set_phase(conn, PHASE_WS_CLOSING);
}

/* The peer broke the rules: it is told, and nothing it sends counts any more. */
static void fail_websocket(Connection *conn, uint16_t code, Str reason)
{
    websocket_close(conn, code, reason);
    connection_close(conn);
}

static void on_close_frame(Connection *conn, uint16_t code)
{
    if (!conn->close_frame_sent)
        send_close(conn, code, STR_NULL);
    connection_close(conn);
}

/* Receiving */

static void on_control(Connection *conn, const WebSocketEvent *event)
{
    if (event->opcode == WS_CLOSE)
        on_close_frame(conn, event->code);
    /* A peer that does not read gets no pongs: they would pile up without limit. */
    else if (event->opcode == WS_PING && !conn->close_frame_sent && !conn->congested)
        send_frame(conn, WS_PONG, event->payload, NULL);
}

static void on_oversized(Connection *conn)
{
    if (conn->close_frame_sent)
        return;
    if (conn->handler->on_ws_oversized)
        conn->handler->on_ws_oversized(conn);
    else
        fail_websocket(conn, WS_CODE_TOO_BIG, STR("message is too long"));
}

static void on_event(Connection *conn, const WebSocketEvent *event)
{
    switch (event->kind) {
    case WS_EVENT_NONE:
        break;
    case WS_EVENT_MESSAGE:
        if (!conn->close_frame_sent && conn->handler->on_ws_message)
            conn->handler->on_ws_message(conn, event->opcode, event->payload);
        break;
    case WS_EVENT_CONTROL:
        on_control(conn, event);
        break;
    case WS_EVENT_OVERSIZED:
        on_oversized(conn);
        break;
    case WS_EVENT_FAILED:
        fail_websocket(conn, event->code, event->payload);
        break;
    }
}

static size_t decode_all(Connection *conn, WebSocketDecoder *decoder, char *bytes, size_t len)
{
    const ReactorOptions *options = &reactor_of(conn)->options;
    WebSocketLimits limits = {
        .message_max = options->ws_message_max,
        .discard_max = options->ws_discard_max,
        .from_client = true,
    };
    size_t used = 0;
    while (used < len && connection_wants_input(conn)) {
        size_t step;
        WebSocketEvent event = websocket_decode(decoder, &limits, bytes + used, len - used, &step);
        used += step;
        on_event(conn, &event);
    }
    return used;
}

/*
 * Most input is whole messages: a decoder on the stack does, and is moved to the heap only when
 * a message is incomplete at the end.
 */
size_t websocket_input(Connection *conn, char *bytes, size_t len)
{
    WebSocketDecoder fresh = {0};
    WebSocketDecoder *decoder = conn->decoder ? conn->decoder : &fresh;
    if (conn->phase == PHASE_WEBSOCKET)
        connection_set_phase(conn, PHASE_WEBSOCKET);
    size_t used = decode_all(conn, decoder, bytes, len);
    if (websocket_decoder_is_idle(decoder)) {
        websocket_decoder_done(decoder);
        if (decoder != &fresh)
            free(TAKE(conn->decoder));
    } else if (decoder == &fresh) {
        conn->decoder = mem_dup(&fresh, sizeof(fresh));
    }
    return used;
}
