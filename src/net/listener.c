/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The socket is made and accepted from by hand and only watched by libuv: that
 * is what lets SO_REUSEPORT be set before bind, and accepting pause.
 */
#include "net/listener.h"

#include "base/log.h"
#include "base/memory.h"
#include "net/connection_private.h"
#include "net/listener_private.h"
#include "net/reactor_private.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    BACKLOG_DEFAULT = 4096,
    ACCEPTS_PER_TURN = 64, /* then other events get their turn */
    PAUSE_MS = 100,
};

struct Listener {
    uv_poll_t poll;
    uv_timer_t pause;
    ListNode node; /* in reactor->listeners */
    Reactor *reactor;
    const ConnectionHandler *handler;
    int fd;
    int open_handles; /* poll and pause, until both are closed */
    uint16_t port;
    bool waiting_for_room;
};

typedef struct sockaddr_storage SocketAddress;

typedef struct BoundAddress {
    SocketAddress address;
    socklen_t len;
} BoundAddress;

Listener *listener_of_node(ListNode *node)
{
    return CONTAINER_OF(node, Listener, node);
}

static Status resolve(Context *ctx, const char *host, uint16_t port, BoundAddress *ret_address)
{
    char service[8];
    snprintf(service, sizeof(service), "%u", port);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *found = NULL;
    int error = getaddrinfo(host, service, &hints, &found);
    if (error)
        return fail(
            ctx, STATUS_INVALID_INPUT, "cannot resolve host '%s': %s", host, gai_strerror(error));
    memcpy(&ret_address->address, found->ai_addr, found->ai_addrlen);
    ret_address->len = found->ai_addrlen;
    freeaddrinfo(found);
    return STATUS_OK;
}

static int bind_socket(const BoundAddress *to, bool share_port)
{
    int on = 1;
    int fd = socket(to->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    bool bound = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
                 (!share_port || setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) == 0) &&
                 bind(fd, (const struct sockaddr *)&to->address, to->len) == 0;
    if (bound)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

/* A socket that does not share sees whether somebody else listens there. */
static bool port_is_free(const BoundAddress *to)
{
    int fd = bind_socket(to, false);
    bool is_free = fd >= 0 && listen(fd, 1) == 0;
    int error = errno;
    if (fd >= 0)
        close(fd);
    errno = error;
    return is_free;
}

static uint16_t bound_port(int fd)
{
    SocketAddress address;
    socklen_t len = sizeof(address);
    if (getsockname(fd, (struct sockaddr *)&address, &len) != 0)
        return 0;
    return address_from_socket((const struct sockaddr *)&address).port;
}

static Status
open_socket(Context *ctx, const ListenerOptions *options, const char *host, int *ret_fd)
{
    BoundAddress to = {0};
    TRY(resolve(ctx, host, options->port, &to));
    bool must_be_free = options->port != 0 && !options->join_port;
    int fd = must_be_free && !port_is_free(&to) ? -1 : bind_socket(&to, true);
    if (fd < 0 || listen(fd, options->backlog ? options->backlog : BACKLOG_DEFAULT) != 0) {
        int error = errno;
        if (fd >= 0)
            close(fd);
        return fail(ctx,
                    STATUS_IO_ERROR,
                    "cannot listen on %s:%u: %s",
                    host,
                    options->port,
                    strerror(error));
    }
    *ret_fd = fd;
    return STATUS_OK;
}

static void on_readable(uv_poll_t *poll, int status, int events);

static void watch(Listener *listener)
{
    uv_poll_start(&listener->poll, UV_READABLE, on_readable);
}

static void on_pause_over(uv_timer_t *timer)
{
    watch(CONTAINER_OF(timer, Listener, pause));
}

/* Descriptors or memory ran out: the connection stays in the backlog. */
static void pause_accepting(Listener *listener, int error)
{
    log_debug("net", "accepting pauses port=%u error=\"%s\"", listener->port, strerror(error));
    uv_poll_stop(&listener->poll);
    uv_timer_start(&listener->pause, on_pause_over, PAUSE_MS, 0);
}

/* False when there is nothing more to accept now. */
static bool accept_one(Listener *listener)
{
    SocketAddress peer;
    socklen_t len = sizeof(peer);
    if (reactor_is_full(listener->reactor)) {
        listener->waiting_for_room = true;
        uv_poll_stop(&listener->poll);
        return false;
    }
    int fd = accept4(listener->fd, (struct sockaddr *)&peer, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
        connection_accept(listener->reactor, listener->handler, fd, (const struct sockaddr *)&peer);
        return true;
    }
    if (errno == EINTR || errno == ECONNABORTED)
        return true;
    if (errno != EAGAIN && errno != EWOULDBLOCK)
        pause_accepting(listener, errno);
    return false;
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    (void)events;
    Listener *listener = CONTAINER_OF(poll, Listener, poll);
    if (status < 0) {
        pause_accepting(listener, -status);
        return;
    }
    for (int i = 0; i < ACCEPTS_PER_TURN && !uv_is_closing((uv_handle_t *)poll); i++) {
        if (!accept_one(listener))
            return;
    }
}

void listener_resume(Listener *listener)
{
    if (!listener->waiting_for_room)
        return;
    listener->waiting_for_room = false;
    watch(listener);
}

Status listener_open(Context *ctx,
                     Reactor *reactor,
                     const ListenerOptions *options,
                     Listener **ret_listener)
{
    int fd = -1;
    TRY(open_socket(ctx, options, options->host ? options->host : "127.0.0.1", &fd));
    Listener *listener = NEW(Listener);
    int error = uv_poll_init(&reactor->loop, &listener->poll, fd);
    if (error) {
        close(fd);
        free(listener);
        return fail(
            ctx, STATUS_IO_ERROR, "cannot watch a listening socket: %s", uv_strerror(error));
    }
    uv_timer_init(&reactor->loop, &listener->pause);
    listener->reactor = reactor;
    listener->handler = options->handler;
    listener->fd = fd;
    listener->open_handles = 2;
    listener->port = bound_port(fd);
    list_append(&reactor->listeners, &listener->node);
    watch(listener);
    *ret_listener = listener;
    return STATUS_OK;
}

static void on_handle_closed(Listener *listener)
{
    if (--listener->open_handles == 0)
        free(listener);
}

static void on_poll_closed(uv_handle_t *handle)
{
    on_handle_closed(CONTAINER_OF(handle, Listener, poll));
}

static void on_pause_closed(uv_handle_t *handle)
{
    on_handle_closed(CONTAINER_OF(handle, Listener, pause));
}

void listener_close(Listener *listener)
{
    if (!listener)
        return;
    list_remove(&listener->node);
    uv_close((uv_handle_t *)&listener->poll, on_poll_closed);
    uv_close((uv_handle_t *)&listener->pause, on_pause_closed);
    close(listener->fd); /* uv_close() has stopped watching it already */
}

uint16_t listener_port(const Listener *listener)
{
    return listener->port;
}
