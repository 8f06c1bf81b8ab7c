/* SPDX-License-Identifier: Apache-2.0 */
#include "peer.h"

#include "base/memory.h"
#include "net/websocket_handshake.h"
#include "samples.h"
#include "value/json.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { INPUT_SIZE = 65536, MESSAGE_MAX = 1 << 24 };

static const WebSocketLimits LIMITS = {.message_max = MESSAGE_MAX, .discard_max = MESSAGE_MAX};

/* One for the process: whatever was received is used up before the next read. */
static char input[INPUT_SIZE];

static const char *setting(const char *name)
{
    const char *value = getenv(name);
    if (!value)
        die("%s is not set", name);
    return value;
}

int64_t server_cpu_ns(void)
{
    return process_cpu_ns((pid_t)argument_count(setting("BENCH_PID")));
}

/* --- sockets ------------------------------------------------------------------ */

static int connect_to_server(void)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)argument_count(setting("BENCH_PORT"))),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
        die_errno("connecting to the server");
    if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)) != 0)
        die_errno("TCP_NODELAY");
    return fd;
}

static void send_all(int fd, Str bytes)
{
    while (bytes.len > 0) {
        ssize_t sent = send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
        if (sent < 0)
            die_errno("sending to the server");
        bytes = str_from(bytes.ptr + sent, bytes.len - (size_t)sent);
    }
}

static Str receive_some(int fd)
{
    ssize_t got = recv(fd, input, sizeof(input), 0);
    if (got < 0)
        die_errno("receiving from the server");
    if (got == 0)
        die("the server closed the connection");
    return str_from(input, (size_t)got);
}

/* --- HTTP --------------------------------------------------------------------- */

void http_peer_open(HttpPeer *peer)
{
    *peer = (HttpPeer){.fd = connect_to_server()};
    http_response_parser_init(&peer->parser, NULL);
}

void http_peer_close(HttpPeer *peer)
{
    close(peer->fd);
    buf_done(&peer->request);
    http_response_parser_done(&peer->parser);
}

void http_peer_prepare(HttpPeer *peer, const char *sql)
{
    CLEANUP(buf_done) Buf body = {0};
    BUF_LIT(&body, "{\"sql\":");
    json_write_string(&body, str_from_c(sql));
    BUF_LIT(&body, "}");
    buf_clear(&peer->request);
    buf_printf(&peer->request,
               "POST /v1/api/sql HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n"
               "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%.*s",
               setting("BENCH_TOKEN"),
               body.len,
               STR_ARG(buf_str(&body)));
}

void http_peer_send(HttpPeer *peer)
{
    send_all(peer->fd, buf_str(&peer->request));
}

bool http_peer_receive(HttpPeer *peer)
{
    Str bytes = receive_some(peer->fd);
    HttpProgress progress = HTTP_PARSE_HEAD;
    while (progress == HTTP_PARSE_HEAD) {
        size_t used;
        progress = http_response_parser_feed(&peer->parser, bytes, &used);
        bytes = str_from(bytes.ptr + used, bytes.len - used);
    }
    if (progress == HTTP_PARSE_MORE)
        return false;
    if (progress == HTTP_PARSE_BAD || peer->parser.status != 200)
        die("HTTP %d: %.*s", peer->parser.status, STR_ARG(buf_str(&peer->parser.body)));
    http_response_parser_done(&peer->parser);
    http_response_parser_init(&peer->parser, NULL);
    return true;
}

void http_peer_run(HttpPeer *peer)
{
    http_peer_send(peer);
    while (!http_peer_receive(peer))
        ;
}

/* --- WebSocket ---------------------------------------------------------------- */

/* Counts the messages of one type in what was received. */
static size_t take_messages(WebSocketPeer *peer, Str bytes, Str type)
{
    char *at = input + (bytes.ptr - input);
    size_t left = bytes.len;
    size_t count = 0;
    for (;;) {
        size_t used;
        WebSocketEvent event = websocket_decode(&peer->decoder, &LIMITS, at, left, &used);
        at += used;
        left -= used;
        if (event.kind == WS_EVENT_NONE)
            return count;
        Str text = event.payload;
        if (event.kind != WS_EVENT_MESSAGE || str_starts_with(text, STR("{\"type\":\"error\"")) ||
            str_starts_with(text, STR("{\"type\":\"auth_error\"")))
            die("unexpected from the server: %.*s (%d)", STR_ARG(text), event.code);
        count += str_starts_with(text, STR("{\"type\":\"")) &&
                 str_starts_with(str_from(text.ptr + 9, text.len - 9), type);
    }
}

size_t websocket_peer_receive(WebSocketPeer *peer, Str type)
{
    return take_messages(peer, receive_some(peer->fd), type);
}

void websocket_peer_await(WebSocketPeer *peer, Str type)
{
    while (websocket_peer_receive(peer, type) == 0)
        ;
}

static void send_upgrade(int fd)
{
    CLEANUP(buf_done) Buf request = {0};
    char key[WS_KEY_LEN + 1];
    websocket_key_make(key);
    buf_printf(&request,
               "GET /v1/ws HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n"
               "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
               "Sec-WebSocket-Key: %s\r\n\r\n",
               setting("BENCH_TOKEN"),
               key);
    send_all(fd, buf_str(&request));
}

/* Reads the answer to the upgrade and returns what came behind it. */
static Str receive_upgrade(int fd)
{
    CLEANUP(http_response_parser_done) HttpResponseParser parser;
    http_response_parser_init(&parser, NULL);
    HttpProgress progress = HTTP_PARSE_MORE;
    Str bytes = STR_NULL;
    while (progress != HTTP_PARSE_DONE) {
        if (progress == HTTP_PARSE_MORE)
            bytes = receive_some(fd);
        size_t used;
        progress = http_response_parser_feed(&parser, bytes, &used);
        bytes = str_from(bytes.ptr + used, bytes.len - used);
        if (progress == HTTP_PARSE_BAD)
            die("the answer to an upgrade is no HTTP: %s", parser.error);
    }
    if (parser.status != 101)
        die("no upgrade: HTTP %d: %.*s", parser.status, STR_ARG(buf_str(&parser.body)));
    return bytes;
}

void websocket_peer_open(WebSocketPeer *peer)
{
    *peer = (WebSocketPeer){.fd = connect_to_server()};
    send_upgrade(peer->fd);
    if (take_messages(peer, receive_upgrade(peer->fd), STR("auth_success")) == 0)
        websocket_peer_await(peer, STR("auth_success"));
}

void websocket_peer_close(WebSocketPeer *peer)
{
    close(peer->fd);
    websocket_decoder_done(&peer->decoder);
}

void websocket_peer_subscribe(WebSocketPeer *peer, const char *id, const char *sql)
{
    CLEANUP(buf_done) Buf text = {0};
    BUF_LIT(&text, "{\"type\":\"subscribe\",\"subscription\":{\"id\":");
    json_write_string(&text, str_from_c(id));
    BUF_LIT(&text, ",\"sql\":");
    json_write_string(&text, str_from_c(sql));
    BUF_LIT(&text, "}}");

    static const uint8_t mask[4] = {0x17, 0x2a, 0x33, 0x4c};
    uint8_t header[WS_HEADER_MAX];
    size_t header_len = websocket_header_encode(header, WS_TEXT, text.len, mask);
    websocket_mask(text.ptr, text.len, mask, 0);
    CLEANUP(buf_done) Buf frame = {0};
    buf_append(&frame, header, header_len);
    buf_str_append(&frame, buf_str(&text));
    send_all(peer->fd, buf_str(&frame));
}
