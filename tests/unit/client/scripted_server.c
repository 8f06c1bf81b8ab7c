/* SPDX-License-Identifier: Apache-2.0 */
#include "scripted_server.h"

#include "net/gzip.h"
#include "net/websocket_frame.h"
#include "net/websocket_handshake.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { PATIENCE_MS = 20000, PAUSE_US = 30000 };

typedef struct Peer {
    int fd;
    Buf read;
    Buf messages; /* payloads of the frames read */
    WebSocketDecoder decoder;
} Peer;

static void peer_done(Peer *peer)
{
    if (peer->fd >= 0)
        close(peer->fd);
    buf_done(&peer->read);
    buf_done(&peer->messages);
    websocket_decoder_done(&peer->decoder);
    *peer = (Peer){.fd = -1};
}

static bool wait_readable(int fd)
{
    struct pollfd wanted = {.fd = fd, .events = POLLIN};
    return poll(&wanted, 1, PATIENCE_MS) == 1;
}

static bool read_some(Peer *peer)
{
    char *room = buf_reserve(&peer->read, 4096);
    if (!wait_readable(peer->fd))
        return false;
    ssize_t len = read(peer->fd, room, 4096);
    if (len > 0)
        buf_advance(&peer->read, (size_t)len);
    return len > 0;
}

static bool send_all(const Peer *peer, Str bytes)
{
    return send(peer->fd, bytes.ptr, bytes.len, MSG_NOSIGNAL) == (ssize_t)bytes.len;
}

static const char *find(const Buf *buf, const char *text)
{
    return buf->len ? memmem(buf->ptr, buf->len, text, strlen(text)) : NULL;
}

/* Up to the end of text; what follows is for the next step. */
static void consume(Buf *buf, const char *text)
{
    buf_consume(buf, (size_t)(find(buf, text) - buf->ptr) + strlen(text));
}

static bool expect(Peer *peer, const char *text)
{
    while (!find(&peer->read, text)) {
        if (!read_some(peer))
            return false;
    }
    consume(&peer->read, text);
    return true;
}

static bool upgrade(Peer *peer, const char *text)
{
    static const char NAME[] = "Sec-WebSocket-Key: ";
    char accept_text[WS_ACCEPT_LEN + 1];
    char answer[256];
    while (!find(&peer->read, "\r\n\r\n")) {
        if (!read_some(peer))
            return false;
    }
    const char *key = find(&peer->read, NAME);
    if (!key || !find(&peer->read, text))
        return false;
    websocket_accept_make(str_from(key + sizeof(NAME) - 1, WS_KEY_LEN), accept_text);
    int len = snprintf(answer,
                       sizeof(answer),
                       "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                       "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                       accept_text);
    buf_clear(&peer->read);
    return send_all(peer, str_from(answer, (size_t)len));
}

static bool send_frame(const Peer *peer, WebSocketOpcode opcode, Str payload)
{
    uint8_t header[WS_HEADER_MAX];
    size_t len = websocket_header_encode(header, opcode, payload.len, NULL);
    return send_all(peer, str_from((char *)header, len)) && send_all(peer, payload);
}

static bool send_packed(const Peer *peer, const char *text)
{
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(buf_done) Buf packed = {0};
    return gzip_compress(&ctx, str_from_c(text), &packed) == STATUS_OK &&
           send_frame(peer, WS_BINARY, buf_str(&packed));
}

static void decode_frames(Peer *peer)
{
    const WebSocketLimits limits = {1 << 20, 1 << 20, true};
    size_t at = 0;
    while (at < peer->read.len) {
        size_t used;
        WebSocketEvent event = websocket_decode(
            &peer->decoder, &limits, peer->read.ptr + at, peer->read.len - at, &used);
        at += used;
        if (event.kind == WS_EVENT_MESSAGE)
            buf_str_append(&peer->messages, event.payload);
        if (event.kind == WS_EVENT_CONTROL && event.opcode == WS_PING)
            BUF_LIT(&peer->messages, "ping");
    }
    buf_clear(&peer->read);
}

static bool expect_frame(Peer *peer, const char *text)
{
    decode_frames(peer);
    while (!find(&peer->messages, text)) {
        if (!read_some(peer))
            return false;
        decode_frames(peer);
    }
    consume(&peer->messages, text);
    return true;
}

static bool take_next(Peer *peer, int listener)
{
    peer_done(peer);
    if (wait_readable(listener))
        peer->fd = accept(listener, NULL, NULL);
    return peer->fd >= 0;
}

static bool play(Peer *peer, const Step *step, int listener)
{
    if (peer->fd < 0 && !take_next(peer, listener))
        return false;
    switch (step->kind) {
    case STEP_EXPECT:
        return expect(peer, step->text);
    case STEP_SEND:
        return send_all(peer, str_from_c(step->text));
    case STEP_UPGRADE:
        return upgrade(peer, step->text);
    case STEP_MESSAGE:
        return send_frame(peer, WS_TEXT, str_from_c(step->text));
    case STEP_PACKED:
        return send_packed(peer, step->text);
    case STEP_FRAME:
        return expect_frame(peer, step->text);
    case STEP_PAUSE:
        return usleep(PAUSE_US) == 0;
    case STEP_CUT:
        peer_done(peer);
        return true;
    }
    return false;
}

static void *run(void *data)
{
    ScriptedServer *server = data;
    Peer peer = {.fd = -1};
    for (size_t i = 0; i < server->count && !server->failure[0]; i++) {
        if (!play(&peer, &server->steps[i], server->listener))
            snprintf(server->failure,
                     sizeof(server->failure),
                     "step %zu (%s) did not come about; read: %.*s",
                     i,
                     server->steps[i].text ? server->steps[i].text : "",
                     (int)(peer.read.len < 300 ? peer.read.len : 300),
                     peer.read.len ? peer.read.ptr : "");
    }
    peer_done(&peer);
    return NULL;
}

void scripted_server_start(ScriptedServer *server, const Step *steps, size_t count)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof(address);
    *server = (ScriptedServer){.steps = steps, .count = count};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_return_code(bind(server->listener, (struct sockaddr *)&address, len), 0);
    assert_return_code(listen(server->listener, 8), 0);
    assert_return_code(getsockname(server->listener, (struct sockaddr *)&address, &len), 0);
    server->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&server->thread, NULL, run, server), 0);
}

void scripted_server_finish(ScriptedServer *server)
{
    pthread_join(server->thread, NULL);
    close(server->listener);
    assert_string_equal(server->failure, "");
}
