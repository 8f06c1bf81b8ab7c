/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transport: the border between a connection and its socket.
 *
 * Everything above it sees plain bytes in, plain bytes out; everything that
 * knows uv_tcp_t, errno and shutdown(2) is below.  TLS belongs here: a transport
 * that decrypts what it reads before on_read and encrypts in transport_write,
 * with nothing to change above.
 *
 * A transport lives inside its owner and is used by its loop's thread only.  The
 * callbacks never come from inside a call of this interface.
 */
#pragma once

#include "net/address.h"

#include <sys/types.h>
#include <uv.h>

typedef struct Transport Transport;

typedef struct TransportCallbacks {
    /* Where the next read may put its bytes: `size` of them, used up by the on_read that follows.
     */
    char *(*read_buffer)(Transport *transport, size_t *ret_size);
    void (*on_read)(Transport *transport, char *bytes, size_t len);
    /* The peer will send no more. */
    void (*on_end)(Transport *transport);
    /* Reset, timed out, ...; nothing but transport_close() makes sense now. */
    void (*on_error)(Transport *transport);
    /* `size` bytes of transport_write_later() are sent. */
    void (*on_written)(Transport *transport, size_t size);
    /* The last callback: the memory may be released. */
    void (*on_closed)(Transport *transport);
} TransportCallbacks;

struct Transport {
    uv_tcp_t tcp; /* its data are the TransportCallbacks */
};

/*
 * Takes an accepted, non-blocking socket over.  On failure, returns a libuv error and the
 * transport must still be closed with transport_close(), which closes fd as well.
 */
int transport_open(Transport *transport,
                   uv_loop_t *loop,
                   int fd,
                   const TransportCallbacks *callbacks);

/* Ends in on_closed.  No other callback comes once it is called. */
void transport_close(Transport *transport);

int transport_read_start(Transport *transport);
void transport_read_stop(Transport *transport);

/* How many bytes the socket took now (0: it would block), or a negative libuv error. */
ssize_t transport_write(Transport *transport, const uv_buf_t *buffers, unsigned count);

enum { TRANSPORT_LATER_MAX = 4 };

/*
 * Sends at most TRANSPORT_LATER_MAX buffers as soon as the socket takes them; they must stay
 * where they are until on_written or on_closed.  One at a time; no transport_write() meanwhile.
 */
int transport_write_later(Transport *transport, const uv_buf_t *buffers, unsigned count);

/* The loop it was opened in. */
static inline uv_loop_t *transport_loop(const Transport *transport)
{
    return transport->tcp.loop;
}

/* Tells the peer that nothing more will be sent. */
void transport_shutdown(Transport *transport);
