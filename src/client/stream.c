/* SPDX-License-Identifier: Apache-2.0 */
#include "client/stream.h"

#include "base/clock.h"
#include "base/memory.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    WAIT_STEP_MS = 200, /* how late a cancellation may be noticed */
    ADDRESS_MAX = 300,
    READ_SIZE = 64 * 1024,
};

struct Stream {
    int fd;
    SSL *ssl; /* NULL = plain */
    char address[ADDRESS_MAX];
};

void stream_close(Stream *stream)
{
    if (!stream)
        return;
    if (stream->ssl) {
        SSL_shutdown(stream->ssl); /* only says so; nobody waits for the answer */
        SSL_free(stream->ssl);
    }
    if (stream->fd >= 0)
        close(stream->fd);
    free(stream);
}

static Status wait_until(Context *ctx, const Stream *stream, short events, int64_t deadline_us)
{
    for (;;) {
        TRY(context_check(ctx));
        int64_t left_ms = (deadline_us - clock_monotonic_us()) / 1000;
        if (left_ms <= 0)
            return fail(ctx, STATUS_TIMEOUT, "%s did not answer in time", stream->address);
        struct pollfd wanted = {.fd = stream->fd, .events = events};
        int ready = poll(&wanted, 1, left_ms < WAIT_STEP_MS ? (int)left_ms : WAIT_STEP_MS);
        if (ready > 0)
            return STATUS_OK;
        if (ready < 0 && errno != EINTR)
            return fail(ctx, STATUS_IO_ERROR, "poll: %s", strerror(errno));
    }
}

/* ---- opening ---- */

static Status connect_to(Context *ctx, Stream *stream, const struct addrinfo *to, int64_t deadline)
{
    int type = to->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC;
    int error = 0;
    socklen_t error_len = sizeof(error);

    stream->fd = socket(to->ai_family, type, to->ai_protocol);
    if (stream->fd < 0)
        return fail(ctx, STATUS_IO_ERROR, "socket: %s", strerror(errno));
    setsockopt(stream->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    if (connect(stream->fd, to->ai_addr, to->ai_addrlen) == 0)
        return STATUS_OK;
    error = errno;
    if (error == EINPROGRESS) {
        TRY(wait_until(ctx, stream, POLLOUT, deadline));
        getsockopt(stream->fd, SOL_SOCKET, SO_ERROR, &error, &error_len);
    }
    if (error != 0)
        return fail(
            ctx, STATUS_IO_ERROR, "could not connect to %s: %s", stream->address, strerror(error));
    return STATUS_OK;
}

/* The host may have several addresses: the first that answers. */
static Status connect_any(Context *ctx, Stream *stream, const ClientUrl *url, int64_t deadline)
{
    const struct addrinfo wanted = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    Str host = arena_str(&ctx->arena, url->host);
    struct addrinfo *found;
    char port[8];
    snprintf(port, sizeof(port), "%u", url->port);
    int code = getaddrinfo(host.ptr, port, &wanted, &found);
    if (code != 0)
        return fail(ctx, STATUS_IO_ERROR, "host %s: %s", host.ptr, gai_strerror(code));

    Status status = STATUS_IO_ERROR;
    for (const struct addrinfo *to = found; to; to = to->ai_next) {
        status = connect_to(ctx, stream, to, deadline);
        if (status == STATUS_OK || status == STATUS_CANCELLED)
            break;
        if (stream->fd >= 0)
            close(stream->fd);
        stream->fd = -1;
    }
    freeaddrinfo(found);
    return status;
}

static Status fail_tls(Context *ctx, const Stream *stream)
{
    char reason[256] = "the connection was closed";
    long verified = SSL_get_verify_result(stream->ssl);
    unsigned long error = ERR_get_error();
    if (verified != X509_V_OK)
        return fail(ctx,
                    STATUS_IO_ERROR,
                    "%s: certificate refused: %s",
                    stream->address,
                    X509_verify_cert_error_string(verified));
    if (error)
        ERR_error_string_n(error, reason, sizeof(reason));
    return fail(ctx, STATUS_IO_ERROR, "%s: TLS: %s", stream->address, reason);
}

/* Shared by all connections of the process and never freed; sessions are created by one thread. */
static SSL_CTX *tls_context(void)
{
    static SSL_CTX *context;
    if (!context) {
        context = SSL_CTX_new(TLS_client_method());
        SSL_CTX_set_default_verify_paths(context);
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
        SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    }
    return context;
}

/* What an SSL call that returned `result` waits for: 0 = nothing, it failed or ended. */
static short tls_wants(const Stream *stream, int result)
{
    int error = SSL_get_error(stream->ssl, result);
    return error == SSL_ERROR_WANT_READ ? POLLIN : error == SSL_ERROR_WANT_WRITE ? POLLOUT : 0;
}

/* An address is verified as such and is no name to ask for. */
static void expect_host(SSL *ssl, const char *host)
{
    unsigned char address[sizeof(struct in6_addr)];
    if (inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1) {
        X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host);
    } else {
        SSL_set1_host(ssl, host);
        SSL_set_tlsext_host_name(ssl, host);
    }
}

static Status start_tls(Context *ctx, Stream *stream, const ClientUrl *url, int64_t deadline)
{
    stream->ssl = SSL_new(tls_context());
    if (!stream->ssl)
        return fail(ctx, STATUS_IO_ERROR, "TLS cannot be used");
    expect_host(stream->ssl, arena_str(&ctx->arena, url->host).ptr);
    SSL_set_fd(stream->ssl, stream->fd);
    for (;;) {
        ERR_clear_error();
        int result = SSL_connect(stream->ssl);
        if (result == 1)
            return STATUS_OK;
        short events = tls_wants(stream, result);
        if (!events)
            return fail_tls(ctx, stream);
        TRY(wait_until(ctx, stream, events, deadline));
    }
}

Status stream_open(Context *ctx, const ClientUrl *url, int64_t deadline_us, Stream **ret_stream)
{
    CLEANUP(stream_close) Stream *stream = NEW(Stream);
    stream->fd = -1;
    snprintf(stream->address,
             sizeof(stream->address),
             "%s://%.*s:%u",
             url->tls ? "https" : "http",
             STR_ARG(url->host),
             url->port);
    TRY(connect_any(ctx, stream, url, deadline_us));
    if (url->tls)
        TRY(start_tls(ctx, stream, url, deadline_us));
    *ret_stream = TAKE(stream);
    return STATUS_OK;
}

/* ---- bytes ---- */

typedef struct Transfer {
    ssize_t len;  /* bytes moved; 0 = end of input; -1 = not yet or failed */
    short events; /* to wait for; 0 with len -1 = failed */
} Transfer;

static int clamp_int(size_t len)
{
    return len < INT_MAX ? (int)len : INT_MAX;
}

static Transfer tls_transfer(const Stream *stream, int result)
{
    if (result > 0)
        return (Transfer){result, 0};
    if (SSL_get_error(stream->ssl, result) == SSL_ERROR_ZERO_RETURN)
        return (Transfer){0, 0};
    return (Transfer){-1, tls_wants(stream, result)};
}

static Transfer plain_transfer(ssize_t result, short events)
{
    bool again = result < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
    return (Transfer){result, again ? events : 0};
}

static Transfer try_write(Stream *stream, Str bytes)
{
    ERR_clear_error();
    if (stream->ssl)
        return tls_transfer(stream, SSL_write(stream->ssl, bytes.ptr, clamp_int(bytes.len)));
    return plain_transfer(send(stream->fd, bytes.ptr, bytes.len, MSG_NOSIGNAL), POLLOUT);
}

static Transfer try_read(Stream *stream, char *room, size_t size)
{
    ERR_clear_error();
    if (stream->ssl)
        return tls_transfer(stream, SSL_read(stream->ssl, room, clamp_int(size)));
    return plain_transfer(recv(stream->fd, room, size, 0), POLLIN);
}

static Status fail_transfer(Context *ctx, const Stream *stream)
{
    if (stream->ssl)
        return fail_tls(ctx, stream);
    return fail(ctx, STATUS_IO_ERROR, "connection to %s: %s", stream->address, strerror(errno));
}

Status stream_write(Context *ctx, Stream *stream, Str bytes, int64_t deadline_us)
{
    while (bytes.len) {
        Transfer transfer = try_write(stream, bytes);
        if (transfer.len > 0)
            bytes = str_from(bytes.ptr + transfer.len, bytes.len - (size_t)transfer.len);
        else if (transfer.events)
            TRY(wait_until(ctx, stream, transfer.events, deadline_us));
        else
            return fail_transfer(ctx, stream);
    }
    return STATUS_OK;
}

Status stream_read(Context *ctx, Stream *stream, int64_t deadline_us, Buf *input)
{
    for (;;) {
        char *room = buf_reserve(input, READ_SIZE);
        if (!room)
            return fail(ctx, STATUS_LIMIT_EXCEEDED, "more than %zu bytes came", input->limit);
        Transfer transfer = try_read(stream, room, READ_SIZE);
        if (transfer.len < 0 && !transfer.events)
            return fail_transfer(ctx, stream);
        if (transfer.len >= 0) {
            buf_advance(input, (size_t)transfer.len);
            return STATUS_OK;
        }
        TRY(wait_until(ctx, stream, transfer.events, deadline_us));
    }
}

bool stream_is_stale(const Stream *stream)
{
    struct pollfd idle = {.fd = stream->fd, .events = POLLIN};
    return poll(&idle, 1, 0) != 0;
}
