/* SPDX-License-Identifier: Apache-2.0 */
#include "net/transport.h"

#include "base/memory.h"

#include <assert.h>
#include <sys/socket.h>
#include <unistd.h>

/* Outlives its transport's closing only as far as libuv's write callback, which comes first. */
typedef struct TransportWrite {
    uv_write_t request;
    Transport *transport;
    size_t size;
} TransportWrite;

static Transport *transport_of(void *tcp)
{
    return CONTAINER_OF(tcp, Transport, tcp);
}

static const TransportCallbacks *callbacks_of(const Transport *transport)
{
    return transport->tcp.data;
}

int transport_open(Transport *transport,
                   uv_loop_t *loop,
                   int fd,
                   const TransportCallbacks *callbacks)
{
    int error = uv_tcp_init(loop, &transport->tcp);
    assert(error == 0); /* only unknown flags can make it fail */
    transport->tcp.data = (void *)callbacks;
    error = uv_tcp_open(&transport->tcp, fd);
    if (error) {
        close(fd);
        return error;
    }
    return uv_tcp_nodelay(&transport->tcp, 1);
}

static void on_uv_closed(uv_handle_t *handle)
{
    Transport *transport = transport_of(handle);
    callbacks_of(transport)->on_closed(transport);
}

void transport_close(Transport *transport)
{
    uv_close((uv_handle_t *)&transport->tcp, on_uv_closed);
}

static void on_uv_alloc(uv_handle_t *handle, size_t suggested_size, uv_buf_t *buffer)
{
    (void)suggested_size;
    Transport *transport = transport_of(handle);
    buffer->base = callbacks_of(transport)->read_buffer(transport, &buffer->len);
}

static void on_uv_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
    Transport *transport = transport_of(stream);
    if (count > 0)
        callbacks_of(transport)->on_read(transport, buffer->base, (size_t)count);
    else if (count == UV_EOF)
        callbacks_of(transport)->on_end(transport);
    else if (count < 0)
        callbacks_of(transport)->on_error(transport);
}

int transport_read_start(Transport *transport)
{
    return uv_read_start((uv_stream_t *)&transport->tcp, on_uv_alloc, on_uv_read);
}

void transport_read_stop(Transport *transport)
{
    uv_read_stop((uv_stream_t *)&transport->tcp);
}

ssize_t transport_write(Transport *transport, const uv_buf_t *buffers, unsigned count)
{
    int result = uv_try_write((uv_stream_t *)&transport->tcp, buffers, count);
    return result == UV_EAGAIN ? 0 : result;
}

static void on_uv_written(uv_write_t *request, int status)
{
    TransportWrite *write = CONTAINER_OF(request, TransportWrite, request);
    Transport *transport = write->transport;
    size_t size = write->size;
    free(write);
    if (uv_is_closing((uv_handle_t *)&transport->tcp))
        return;
    if (status < 0)
        callbacks_of(transport)->on_error(transport);
    else
        callbacks_of(transport)->on_written(transport, size);
}

int transport_write_later(Transport *transport, const uv_buf_t *buffers, unsigned count)
{
    assert(count > 0 && count <= TRANSPORT_LATER_MAX);
    TransportWrite *write = NEW(TransportWrite);
    write->transport = transport;
    for (unsigned i = 0; i < count; i++)
        write->size += buffers[i].len;
    int error =
        uv_write(&write->request, (uv_stream_t *)&transport->tcp, buffers, count, on_uv_written);
    if (error)
        free(write);
    return error;
}

void transport_shutdown(Transport *transport)
{
    int fd;
    if (uv_fileno((const uv_handle_t *)&transport->tcp, &fd) == 0)
        (void)shutdown(fd, SHUT_WR); /* a peer that is gone already needs no goodbye */
}
