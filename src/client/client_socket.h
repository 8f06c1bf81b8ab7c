/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ClientSocket: a WebSocket to the server's /v1/ws, seen as JSON messages.
 *
 * Unpacks gzip'd frames, answers pings, and while someone waits in
 * client_socket_receive() sends its own every CLIENT_PING_INTERVAL_MS: the
 * server closes what it has not heard of for 10 s.  A server silent for
 * CLIENT_SILENCE_MAX_MS counts as gone.  Deadlines are monotonic microseconds.
 * One thread at a time.
 */
#pragma once

#include "base/context.h"
#include "client/client_url.h"

enum {
    CLIENT_PING_INTERVAL_MS = 5000,
    CLIENT_SILENCE_MAX_MS = 20000,
    CLIENT_MESSAGE_MAX = 256 * 1024 * 1024, /* bytes, unpacked */
};

typedef struct ClientSocket ClientSocket;

/*
 * Connects and authenticates.  STATUS_INVALID_CREDENTIALS: the token is refused;
 * STATUS_IO_ERROR, STATUS_TIMEOUT: there is no such server at the moment.
 */
MUST_CHECK Status client_socket_open(
    Context *ctx, const ClientUrl *url, Str token, int64_t deadline_us, ClientSocket **ret_socket);
/* Says goodbye without waiting for the answer. */
void client_socket_close(ClientSocket *socket);
DEFINE_CLEANUP(ClientSocket, client_socket_close)

/* One text message. */
MUST_CHECK Status client_socket_send(Context *ctx, ClientSocket *socket, Str text);

/*
 * The next message, in ctx's arena.  STATUS_TIMEOUT: none came until the deadline (the
 * connection is fine).  STATUS_IO_ERROR: the connection is gone; the message says why.
 */
MUST_CHECK Status client_socket_receive(Context *ctx,
                                        ClientSocket *socket,
                                        int64_t deadline_us,
                                        Str *ret_text);
