/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where callbacks come from.  Three sources enter this file: the transport
 * (bytes, end, error, sent), the reactor (end of turn, time-out) and the upper
 * layer.  The upper layer's calls only change state and mark the connection
 * dirty; handlers run from the first two, so no handler is ever entered from
 * inside another one's call.
 */
#include "net/connection.h"

#include "base/log.h"
#include "base/memory.h"
#include "net/connection_private.h"
#include "net/reactor_private.h"
#include "net/websocket.h"

#include <assert.h>

enum { WRITE_LATER_MAX = 64 * 1024 };

void connection_set_user(Connection *conn, void *user)
{
    conn->user = user;
}

void *connection_user(const Connection *conn)
{
    return conn->user;
}

Reactor *connection_reactor(const Connection *conn)
{
    return reactor_of(conn);
}

void *connection_handler_data(const Connection *conn)
{
    return conn->handler->data;
}

const Address *connection_peer(const Connection *conn)
{
    return &conn->peer;
}

uint64_t connection_id(const Connection *conn)
{
    return conn->id;
}

bool connection_is_open(const Connection *conn)
{
    return !conn->closing;
}

bool connection_is_websocket(const Connection *conn)
{
    return conn->is_websocket;
}

ConnectionRef connection_ref(const Connection *conn)
{
    return (ConnectionRef){reactor_of(conn), conn->id, conn->request_number};
}

Connection *connection_find(ConnectionRef ref)
{
    assert(reactor_is_current(ref.reactor));
    Connection *conn = connection_table_find(&ref.reactor->connections, ref.id);
    return conn && connection_is_open(conn) ? conn : NULL;
}

void connection_mark_dirty(Connection *conn)
{
    if (conn->closed || conn->dirty)
        return;
    conn->dirty = true;
    reactor_mark_dirty(reactor_of(conn), conn->id);
}

/* Time-outs */

static uint32_t phase_timeout_ms(const Connection *conn)
{
    const ReactorOptions *options = &reactor_of(conn)->options;
    switch ((ConnectionPhase)conn->phase) {
    case PHASE_HEAD:
        return options->header_timeout_ms;
    case PHASE_BODY:
        return options->body_timeout_ms;
    case PHASE_BUSY:
        return 0;
    case PHASE_SENDING:
    case PHASE_FLUSHING:
        return options->send_timeout_ms;
    case PHASE_KEEP_ALIVE:
        return options->keep_alive_timeout_ms;
    case PHASE_WEBSOCKET:
        return options->ws_idle_timeout_ms;
    case PHASE_WS_CLOSING:
    case PHASE_LINGERING:
        return options->close_timeout_ms;
    }
    return 0;
}

/* A deadline that moved away is left in the wheel: it fires early, and is filed anew then. */
static void file_timer(Connection *conn)
{
    uint64_t due = conn->phase_due_ms;
    if (due == 0 || (conn->user_due_ms && conn->user_due_ms < due))
        due = conn->user_due_ms;
    if (due && (!conn->timer.link || due < conn->timer.due_ms))
        wheel_add(&reactor_of(conn)->wheel, &conn->timer, due);
}

void connection_set_phase(Connection *conn, ConnectionPhase phase)
{
    conn->phase = phase & 0xf;
    uint32_t timeout_ms = phase_timeout_ms(conn);
    conn->phase_due_ms = timeout_ms ? reactor_now_ms(reactor_of(conn)) + timeout_ms : 0;
    file_timer(conn);
}

void connection_set_deadline(Connection *conn, uint32_t delay_ms)
{
    if (conn->closed)
        return;
    conn->user_due_ms = delay_ms ? reactor_now_ms(reactor_of(conn)) + delay_ms : 0;
    file_timer(conn);
}

static void phase_expired(Connection *conn)
{
    switch ((ConnectionPhase)conn->phase) {
    case PHASE_HEAD:
    case PHASE_BODY:
        if (http_is_receiving(conn))
            http_refuse(conn, 408, "Request Timeout");
        else
            connection_close(conn);
        break;
    case PHASE_WEBSOCKET:
        if (conn->input_paused)
            connection_set_phase(conn, PHASE_WEBSOCKET);
        else
            websocket_close(conn, WS_CODE_NORMAL, STR("Heartbeat timeout"));
        break;
    case PHASE_KEEP_ALIVE:
        if (output_bytes(&conn->output) == 0) {
            connection_close(conn);
            break;
        }
        connection_abort(conn);
        break;
    default:
        connection_abort(conn);
    }
}

void connection_on_timer(Connection *conn)
{
    uint64_t now = reactor_now_ms(reactor_of(conn));
    if (conn->user_due_ms && now >= conn->user_due_ms) {
        conn->user_due_ms = 0;
        if (connection_is_open(conn) && conn->handler->on_deadline)
            conn->handler->on_deadline(conn);
    }
    if (!conn->closed && conn->phase_due_ms && now >= conn->phase_due_ms)
        phase_expired(conn);
    if (!conn->closed)
        file_timer(conn);
}

/* Output */

static void account_queued(Connection *conn, size_t bytes_before)
{
    const ReactorOptions *options = &reactor_of(conn)->options;
    size_t added = output_bytes(&conn->output) - bytes_before;
    atomic_fetch_add_explicit(&reactor_of(conn)->queued_bytes, added, memory_order_relaxed);
    if (output_bytes(&conn->output) > options->output_high_water)
        conn->congested = true;
    if (output_bytes(&conn->output) > options->output_max) {
        log_debug("net",
                  "output limit reached, connection aborted bytes=%zu",
                  output_bytes(&conn->output));
        connection_abort(conn);
    }
    connection_mark_dirty(conn);
}

void connection_write_copy(Connection *conn, Str bytes)
{
    if (conn->closing)
        return;
    size_t before = output_bytes(&conn->output);
    output_copy(&conn->output, &reactor_of(conn)->output_pool, bytes);
    account_queued(conn, before);
}

void connection_write_shared(Connection *conn, Shared *payload)
{
    if (conn->closing)
        return;
    size_t before = output_bytes(&conn->output);
    output_shared(&conn->output, &reactor_of(conn)->output_pool, payload);
    account_queued(conn, before);
}

size_t connection_queued_bytes(const Connection *conn)
{
    return output_bytes(&conn->output);
}

bool connection_is_congested(const Connection *conn)
{
    return conn->congested;
}

static void account_sent(Connection *conn, size_t size)
{
    output_consume(&conn->output, &reactor_of(conn)->output_pool, size);
    atomic_fetch_sub_explicit(&reactor_of(conn)->queued_bytes, size, memory_order_relaxed);
    if (conn->phase == PHASE_SENDING || conn->phase == PHASE_FLUSHING)
        connection_set_phase(conn, (ConnectionPhase)conn->phase);
}

/* Lets the transport send the first few buffers when it can; cut so that progress shows. */
static void write_later(Connection *conn)
{
    uv_buf_t *buffers = reactor_of(conn)->gather;
    unsigned count = output_gather(&conn->output, buffers, TRANSPORT_LATER_MAX);
    size_t room = WRITE_LATER_MAX;
    for (unsigned i = 0; i < count; i++) {
        if (buffers[i].len >= room) {
            buffers[i].len = room;
            count = i + 1;
        }
        room -= buffers[i].len;
    }
    conn->write_pending = true;
    if (transport_write_later(&conn->transport, buffers, count) < 0)
        connection_abort(conn);
}

static size_t total_len(const uv_buf_t *buffers, unsigned count)
{
    size_t total = 0;
    for (unsigned i = 0; i < count; i++)
        total += buffers[i].len;
    return total;
}

static void flush(Connection *conn)
{
    uv_buf_t *buffers = reactor_of(conn)->gather;
    while (output_bytes(&conn->output) > 0 && !conn->write_pending) {
        unsigned count = output_gather(&conn->output, buffers, GATHER_MAX);
        size_t offered = total_len(buffers, count);
        ssize_t sent = transport_write(&conn->transport, buffers, count);
        if (sent < 0) {
            connection_abort(conn);
            return;
        }
        account_sent(conn, (size_t)sent);
        if ((size_t)sent < offered) {
            write_later(conn);
            return;
        }
    }
}

static void tell_drained(Connection *conn)
{
    if (!conn->congested ||
        output_bytes(&conn->output) > reactor_of(conn)->options.output_low_water)
        return;
    conn->congested = false;
    connection_mark_dirty(conn); /* input that waited for room may go on */
    if (connection_is_open(conn) && conn->handler->on_drain)
        conn->handler->on_drain(conn);
}

/* Input */

bool connection_wants_input(const Connection *conn)
{
    if (conn->closing || conn->input_paused)
        return false;
    return conn->is_websocket || (!http_is_busy(conn) && !conn->congested);
}

void connection_pause_input(Connection *conn)
{
    conn->input_paused = true;
    connection_mark_dirty(conn);
}

void connection_resume_input(Connection *conn)
{
    if (!conn->input_paused)
        return;
    conn->input_paused = false;
    if (conn->phase == PHASE_WEBSOCKET && !conn->closed)
        connection_set_phase(conn, PHASE_WEBSOCKET);
    connection_mark_dirty(conn);
}

/* An upgrade in the middle changes the protocol of what follows. */
static size_t hand_up(Connection *conn, char *bytes, size_t len)
{
    size_t used = 0;
    while (used < len && connection_wants_input(conn)) {
        used += conn->is_websocket ? websocket_input(conn, bytes + used, len - used)
                                   : http_input(conn, bytes + used, len - used);
    }
    return used;
}

static void hand_up_waiting(Connection *conn)
{
    Buf *input = TAKE(conn->input);
    size_t used = hand_up(conn, input->ptr, input->len);
    if (used < input->len && !conn->closing) {
        buf_consume(input, used);
        conn->input = input;
        return;
    }
    buf_done(input);
    free(input);
}

static void keep_waiting(Connection *conn, Str bytes)
{
    if (!conn->input)
        conn->input = NEW(Buf);
    buf_str_append(conn->input, bytes);
}

static void receive(Connection *conn, char *bytes, size_t len)
{
    if (conn->closing)
        return;
    size_t used = conn->input ? 0 : hand_up(conn, bytes, len);
    if (used < len && !conn->closing)
        keep_waiting(conn, str_from(bytes + used, len - used));
    if (conn->input)
        connection_mark_dirty(conn);
}

static bool wants_reading(const Connection *conn)
{
    if (conn->peer_ended)
        return false;
    if (conn->closing)
        return true; /* to see the peer's end; the bytes are passed over */
    bool full = conn->input && conn->input->len >= reactor_of(conn)->options.input_max;
    return !conn->input_paused && !full;
}

static void update_reading(Connection *conn)
{
    bool wanted = wants_reading(conn);
    if (wanted == conn->reading)
        return;
    conn->reading = wanted;
    if (!wanted)
        transport_read_stop(&conn->transport);
    else if (transport_read_start(&conn->transport) < 0)
        connection_abort(conn);
}

/* Closing */

void connection_close(Connection *conn)
{
    if (conn->closing)
        return;
    conn->closing = true;
    connection_set_phase(conn, PHASE_FLUSHING);
    connection_mark_dirty(conn);
}

void connection_abort(Connection *conn)
{
    if (conn->closed)
        return;
    conn->closing = conn->closed = true;
    wheel_remove(&reactor_of(conn)->wheel, &conn->timer);
    connection_table_remove(&reactor_of(conn)->connections, conn->id);
    transport_close(&conn->transport);
}

/*
 * Everything is sent.  Closing now would make the kernel answer bytes still under way with a
 * reset, which can overtake what we sent; so the peer is told and given time to close first.
 */
static void linger(Connection *conn)
{
    if (conn->peer_ended) {
        connection_abort(conn);
    } else if (!conn->lingering) {
        conn->lingering = true;
        transport_shutdown(&conn->transport);
        connection_set_phase(conn, PHASE_LINGERING);
    }
}

static bool peer_is_served(const Connection *conn)
{
    return conn->peer_ended && !conn->closing && !conn->input && !http_is_busy(conn);
}

static void update_sending_phase(Connection *conn)
{
    bool blocked = output_bytes(&conn->output) > 0;
    if (conn->phase == PHASE_BUSY && blocked)
        connection_set_phase(conn, PHASE_SENDING);
    else if (conn->phase == PHASE_SENDING && !blocked)
        connection_set_phase(conn, PHASE_BUSY);
}

void connection_end_turn(Connection *conn)
{
    conn->dirty = false;
    if (conn->input && connection_wants_input(conn))
        hand_up_waiting(conn);
    if (peer_is_served(conn))
        connection_close(conn);
    if (!conn->closed)
        flush(conn);
    if (!conn->closed)
        tell_drained(conn);
    if (conn->closing && !conn->closed && output_bytes(&conn->output) == 0)
        linger(conn);
    if (conn->closed)
        return;
    update_sending_phase(conn);
    update_reading(conn);
}

/* What the transport tells */

static Connection *connection_of(Transport *transport)
{
    return CONTAINER_OF(transport, Connection, transport);
}

static char *on_read_buffer(Transport *transport, size_t *ret_size)
{
    *ret_size = READ_BUFFER_SIZE;
    return reactor_of(connection_of(transport))->read_buffer;
}

static void on_read(Transport *transport, char *bytes, size_t len)
{
    receive(connection_of(transport), bytes, len);
}

static void on_end(Transport *transport)
{
    Connection *conn = connection_of(transport);
    conn->peer_ended = true;
    connection_mark_dirty(conn);
}

static void on_error(Transport *transport)
{
    connection_abort(connection_of(transport));
}

static void on_written(Transport *transport, size_t size)
{
    Connection *conn = connection_of(transport);
    conn->write_pending = false;
    account_sent(conn, size);
    connection_mark_dirty(conn);
}

static void release_input(Connection *conn)
{
    if (conn->input)
        buf_done(conn->input);
    free(TAKE(conn->input));
}

static void on_closed(Transport *transport)
{
    Connection *conn = connection_of(transport);
    Reactor *reactor = reactor_of(conn);
    if (conn->opened && conn->handler->on_close)
        conn->handler->on_close(conn);
    atomic_fetch_sub_explicit(
        &reactor->queued_bytes, output_bytes(&conn->output), memory_order_relaxed);
    output_clear(&conn->output, &reactor->output_pool);
    http_release(conn);
    websocket_release(conn);
    release_input(conn);
    free(conn);
    reactor_connection_closed(reactor);
}

static const TransportCallbacks transport_callbacks = {
    .read_buffer = on_read_buffer,
    .on_read = on_read,
    .on_end = on_end,
    .on_error = on_error,
    .on_written = on_written,
    .on_closed = on_closed,
};

void connection_accept(Reactor *reactor,
                       const ConnectionHandler *handler,
                       int fd,
                       const struct sockaddr *peer)
{
    Connection *conn = NEW(Connection);
    conn->handler = handler;
    conn->peer = address_from_socket(peer);
    conn->id = connection_table_add(&reactor->connections, conn);
    reactor_connection_opened(reactor);
    int error = transport_open(&conn->transport, &reactor->loop, fd, &transport_callbacks);
    if (error) {
        connection_abort(conn);
        return;
    }
    connection_set_phase(conn, PHASE_HEAD);
    connection_mark_dirty(conn);
    conn->opened = true;
    if (handler->on_open)
        handler->on_open(conn);
    if (!conn->closed)
        update_reading(conn);
}
