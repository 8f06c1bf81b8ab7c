/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server's other side, for benchmarks: HTTP and WebSocket connections with
 * as little of their own between the clock and the socket as possible.
 *
 * Which server is told by the environment: BENCH_PORT on this machine,
 * BENCH_TOKEN (an access token), BENCH_PID (its process).  Whatever goes wrong,
 * an error told by the server too, ends the program with a message.  One thread.
 */
#pragma once

#include "base/str.h"
#include "net/http_client.h"
#include "net/websocket_frame.h"

/* CPU time the server has used so far. */
int64_t server_cpu_ns(void);

typedef struct HttpPeer {
    int fd;
    Buf request;
    HttpResponseParser parser;
} HttpPeer;

void http_peer_open(HttpPeer *peer);
void http_peer_close(HttpPeer *peer);

/* Prepares POST /v1/api/sql with this statement; http_peer_send() may repeat it. */
void http_peer_prepare(HttpPeer *peer, const char *sql);
void http_peer_send(HttpPeer *peer);
/* Reads once, waiting if nothing is there; true when the answer is complete, and a success. */
bool http_peer_receive(HttpPeer *peer);
/* Sends what is prepared and waits for the answer. */
void http_peer_run(HttpPeer *peer);

typedef struct WebSocketPeer {
    int fd;
    WebSocketDecoder decoder;
} WebSocketPeer;

/* Returns when the server has said auth_success. */
void websocket_peer_open(WebSocketPeer *peer);
void websocket_peer_close(WebSocketPeer *peer);

/* Asks for a live query without initial rows; its acknowledgement is a message like others. */
void websocket_peer_subscribe(WebSocketPeer *peer, const char *id, const char *sql);

/*
 * Reads once, waiting if nothing is there; returns how many messages of this type
 * ("change", ..) were in it.
 */
size_t websocket_peer_receive(WebSocketPeer *peer, Str type);
/* Until there was one of that type. */
void websocket_peer_await(WebSocketPeer *peer, Str type);
