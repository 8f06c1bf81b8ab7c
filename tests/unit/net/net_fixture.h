/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reactor in its own thread and blocking clients that talk to it over loopback.
 *
 * Handlers run in the reactor's thread, where cmocka's assertions must not be
 * used: they count in atomics, and the test waits for the counts.  Clients give
 * up after ten seconds, so no test hangs.
 */
#pragma once

#include "net/http.h"
#include "net/http_client.h"
#include "net/listener.h"
#include "net/websocket.h"

#include <pthread.h>
#include <stdatomic.h>

typedef struct TestServer {
    Context ctx;
    Reactor *reactor;
    Listener *listener;
    pthread_t thread;
    uint16_t port;
} TestServer;

/* The handler's `data` is the caller's. */
void server_start(TestServer *server,
                  const ReactorOptions *options,
                  const ConnectionHandler *handler);
void server_stop(TestServer *server);

/* Runs run(data) in the reactor's thread and waits for it. */
void server_call(TestServer *server, void (*run)(void *data), void *data);

/* Waits until *count >= wanted; false after ten seconds. */
bool wait_for(atomic_int *count, int wanted);
void sleep_ms(int ms);

/* Blocking client sockets. */
int client_connect(uint16_t port);
/* receive_buffer: SO_RCVBUF, to make a slow reader's queue fill early. */
int client_connect_small(uint16_t port, int receive_buffer);
void client_send(int fd, Str bytes);
/* What came until the peer closed (true) or nothing came for ten seconds (false). */
bool client_read_to_end(int fd, Buf *out);
/* Reads exactly size bytes. */
bool client_read(int fd, char *bytes, size_t size);
/* Closes with a reset instead of an orderly end. */
void client_reset(int fd);

/* One response; left-over bytes stay in `input` for the next.  False when there is none. */
bool client_response(int fd, Buf *input, HttpResponseParser *parser, bool no_body);
/* Its status and body; -1 when there is none. */
int client_status(int fd, Buf *input, Buf *ret_body);

/* WebSocket clients. */
int client_websocket(uint16_t port);
void client_frame(int fd, bool fin, int opcode, Str payload);
typedef struct ClientMessage {
    WebSocketEventKind kind;
    WebSocketOpcode opcode;
    uint16_t code;
    Buf payload;
} ClientMessage;
/* The next message or control frame; kind WS_EVENT_NONE when the peer has closed. */
void client_message(int fd, Buf *input, ClientMessage *ret_message);
