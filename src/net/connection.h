/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connection: one accepted socket, from accept to close.
 *
 * It speaks HTTP/1.1 (net/http.h) and, after an accepted upgrade, WebSocket
 * (net/websocket.h); both report to the ConnectionHandler of the upper layer.
 * An idle connection holds no buffers: input lands in the reactor's shared
 * buffer, and memory is taken only while a message is incomplete or output
 * waits.
 *
 * A connection belongs to its reactor's thread.  Whoever answers from another
 * thread keeps a ConnectionRef and posts to the reactor; there,
 * connection_find() tells whether the connection is still the same.
 *
 * Closing: connection_close() sends what is queued first, connection_abort()
 * does not.  Either way on_close comes exactly once, never from inside a call of
 * this interface, and is the last one; until then the pointer is valid and
 * writing to it does nothing.
 */
#pragma once

#include "net/address.h"
#include "net/http_request.h"
#include "net/reactor.h"
#include "net/shared.h"
#include "net/websocket_frame.h"

/*
 * What the upper layer does with a connection.  All in the reactor's thread; all but on_request
 * may be NULL.
 */
typedef struct ConnectionHandler {
    void *data; /* the upper layer's, see connection_handler_data() */

    /* Just accepted; may abort. */
    void (*on_open)(Connection *conn);
    /* The head is here, a body follows: how long may it be?  NULL = the reactor's limit. */
    size_t (*body_limit)(Connection *conn, const HttpRequest *request);
    /*
     * A body is longer than `max`: answer 413 with http_respond(); the connection closes then.
     * `size` is what the head told, or what came so far.  NULL = the usual words.
     */
    void (*on_body_too_large)(Connection *conn, uint64_t size, size_t max);
    /*
     * A complete request.  It must be answered now or later by http_respond(),
     * http_stream_begin() or websocket_accept(); the next one is not handed up before that is
     * complete.  `request` is valid until then; take a reference to use it on another thread.
     */
    void (*on_request)(Connection *conn, HttpRequest *request);
    /* The upgrade is done: from inside websocket_accept(). */
    void (*on_ws_open)(Connection *conn);
    /* WS_TEXT (valid UTF-8) or WS_BINARY; payload is valid during the call. */
    void (*on_ws_message)(Connection *conn, WebSocketOpcode opcode, Str payload);
    /* A message longer than ws_message_max begins; its bytes are passed over. */
    void (*on_ws_oversized)(Connection *conn);
    /* The output queue fell to the low-water mark after it had been above the high one. */
    void (*on_drain)(Connection *conn);
    /* The time set by connection_set_deadline() has come. */
    void (*on_deadline)(Connection *conn);
    /* The connection is over; release what hangs on it. */
    void (*on_close)(Connection *conn);
} ConnectionHandler;

/* The upper layer's pointer; NULL at first. */
void connection_set_user(Connection *conn, void *user);
void *connection_user(const Connection *conn);

Reactor *connection_reactor(const Connection *conn);
void *connection_handler_data(const Connection *conn);
const Address *connection_peer(const Connection *conn);

/* Unique in its reactor for ever; never 0. */
uint64_t connection_id(const Connection *conn);

/* Neither closed nor closing: what is written now may still be sent. */
bool connection_is_open(const Connection *conn);
bool connection_is_websocket(const Connection *conn);

/* May be kept anywhere and copied to any thread. */
typedef struct ConnectionRef {
    Reactor *reactor;
    uint64_t id;
    uint32_t request_number; /* of the request under way, see http_find_exchange() */
} ConnectionRef;

ConnectionRef connection_ref(const Connection *conn);

/* Reactor's thread: the connection, or NULL when it is closed or closing. */
Connection *connection_find(ConnectionRef ref);

/* Raw output, in order; sent at the end of the turn. */
void connection_write_copy(Connection *conn, Str bytes);
/* Takes a reference of its own. */
void connection_write_shared(Connection *conn, Shared *payload);

size_t connection_queued_bytes(const Connection *conn);
/* Above the high-water mark, and not yet down to the low one. */
bool connection_is_congested(const Connection *conn);

/* Sends what is queued, then closes; input is passed over from now on. */
void connection_close(Connection *conn);
/* Closes at once. */
void connection_abort(Connection *conn);

/* on_deadline is called once after delay_ms; 0 cancels. */
void connection_set_deadline(Connection *conn, uint32_t delay_ms);

/*
 * Hands up no more messages or requests until resumed; what arrives waits in a bounded buffer,
 * then in the socket.  A paused WebSocket does not time out for being silent.
 */
void connection_pause_input(Connection *conn);
void connection_resume_input(Connection *conn);
