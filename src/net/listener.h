/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Listener: a listening socket of one reactor.
 *
 * Each reactor has its own socket on the same port (SO_REUSEPORT) and the kernel
 * spreads connections over them.  When descriptors run out, accepting pauses for
 * a moment; at the reactor's connection limit it pauses until one closes, and
 * clients wait in the backlog.
 *
 * Owned by its reactor, which closes it when it stops.
 */
#pragma once

#include "net/connection.h"

typedef struct Listener Listener;

typedef struct ListenerOptions {
    const char *host; /* NULL = 127.0.0.1 */
    uint16_t port;    /* 0 = any free one, see listener_port() */
    int backlog;      /* 0 = 4,096 */
    /*
     * The port belongs to another listener of this process.  Without it the port must be free,
     * so that two servers never share one by accident.
     */
    bool join_port;
    const ConnectionHandler *handler; /* lives as long as the listener and its connections */
} ListenerOptions;

/*
 * Before reactor_run() or in the reactor's thread.  STATUS_IO_ERROR names host, port and reason;
 * STATUS_INVALID_INPUT: the host is unknown.
 */
MUST_CHECK Status listener_open(Context *ctx,
                                Reactor *reactor,
                                const ListenerOptions *options,
                                Listener **ret_listener);

/* Stops accepting; connections stay.  The listener is gone afterwards. */
void listener_close(Listener *listener);

/* The port that was bound. */
uint16_t listener_port(const Listener *listener);
