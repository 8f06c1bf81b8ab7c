/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of a Connection, for the files of this folder.
 *
 * Many thousand of these lie idle at a time: an idle WebSocket is this struct
 * and nothing else, so it has no room for what only a busy one needs.
 */
#pragma once

#include "net/connection.h"
#include "net/reactor_private.h"
#include "net/transport.h"

typedef struct HttpExchange HttpExchange;

/* What a connection waits for; each phase has its time-out. */
typedef enum ConnectionPhase {
    PHASE_HEAD,       /* the rest of a request's head */
    PHASE_BODY,       /* more of its body */
    PHASE_BUSY,       /* the upper layer; no time-out here */
    PHASE_SENDING,    /* the same, and the peer does not read */
    PHASE_KEEP_ALIVE, /* the next request */
    PHASE_WEBSOCKET,  /* any frame */
    PHASE_WS_CLOSING, /* the answer to our close frame */
    PHASE_FLUSHING,   /* the peer to take what is queued, to close then */
    PHASE_LINGERING   /* the peer to close, too */
} ConnectionPhase;

struct Connection {
    Transport transport; /* its loop is the reactor's: see reactor_of() */
    const ConnectionHandler *handler;
    void *user;
    uint64_t id;
    Output output;
    WheelTimer timer;      /* at the earlier of the next two, or before it */
    uint64_t phase_due_ms; /* 0 = none */
    uint64_t user_due_ms;
    Buf *input; /* what cannot be looked at yet; NULL when empty */
    union {
        HttpExchange *exchange;    /* a request under way */
        WebSocketDecoder *decoder; /* of a WebSocket: a message that is incomplete */
    };
    uint32_t request_number;
    Address peer;
    unsigned phase : 4;
    bool is_websocket : 1;
    bool dirty : 1;         /* the reactor looks at it at the end of this turn */
    bool opened : 1;        /* on_open was called, on_close will be */
    bool closing : 1;       /* no more input is handed up, no more output accepted */
    bool closed : 1;        /* the transport is being closed; includes closing */
    bool lingering : 1;     /* everything is sent, the peer was told */
    bool peer_ended : 1;    /* the peer will send no more */
    bool reading : 1;       /* the transport is */
    bool input_paused : 1;  /* by the upper layer */
    bool write_pending : 1; /* the transport holds the first bytes of output */
    bool congested : 1;
    bool close_frame_sent : 1;
};

static inline Reactor *reactor_of(const Connection *conn)
{
    return CONTAINER_OF(transport_loop(&conn->transport), Reactor, loop);
}

/* For listeners: takes fd over. */
void connection_accept(Reactor *reactor,
                       const ConnectionHandler *handler,
                       int fd,
                       const struct sockaddr *peer);

/* For the reactor: at the end of a turn in which it became dirty, and when `timer` has expired. */
void connection_end_turn(Connection *conn);
void connection_on_timer(Connection *conn);

/* Has the reactor look at it at the end of this turn. */
void connection_mark_dirty(Connection *conn);

/* Starts the phase's time-out anew. */
void connection_set_phase(Connection *conn, ConnectionPhase phase);

/* May input be handed up now? */
bool connection_wants_input(const Connection *conn);

/* The two protocols; each uses what it can of the input and returns how much. */
size_t http_input(Connection *conn, char *bytes, size_t len);
size_t websocket_input(Connection *conn, char *bytes, size_t len);

/* A request was handed up and its response is not complete; false of a WebSocket. */
bool http_is_busy(const Connection *conn);
/* Part of a request has arrived; false of a WebSocket. */
bool http_is_receiving(const Connection *conn);
/* Refuses the request that is being received, and closes. */
void http_refuse(Connection *conn, int status, const char *reason);
/* Frees what the protocol holds, if it is the one that is spoken. */
void http_release(Connection *conn);
void websocket_release(Connection *conn);
