/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One turn of the loop: timers, then events (sockets and mailbox), then the end
 * of the turn.  libuv runs `prepare` handles before it waits and `check` handles
 * after the events, so both end a turn: what timers queued leaves before the
 * wait, what events queued right after them.
 */
#include "net/reactor.h"

#include "base/memory.h"
#include "net/connection_private.h"
#include "net/listener_private.h"
#include "net/reactor_private.h"

#include <assert.h>

enum {
    KIB = 1024,
    MIB = 1024 * 1024,
    POOL_BLOCKS_MAX = 4096, /* 4 MiB of output blocks kept for reuse */
    DIRTY_CAPACITY_FIRST = 64,
};

struct ReactorTimer {
    uv_timer_t timer;
    ListNode node; /* in reactor->timers */
    void (*run)(ReactorTimer *timer, void *data);
    void *data;
};

static void default_u32(uint32_t *value, uint32_t fallback)
{
    if (*value == 0)
        *value = fallback;
}

static void default_size(size_t *value, size_t fallback)
{
    if (*value == 0)
        *value = fallback;
}

static void fill_defaults(ReactorOptions *options)
{
    default_u32(&options->header_timeout_ms, 5000);
    default_u32(&options->body_timeout_ms, 30000);
    default_u32(&options->send_timeout_ms, 30000);
    default_u32(&options->keep_alive_timeout_ms, 75000);
    default_u32(&options->close_timeout_ms, 2000);
    default_u32(&options->ws_idle_timeout_ms, 10000);
    default_size(&options->ws_message_max, MIB);
    default_size(&options->ws_discard_max, (size_t)64 * MIB);
    default_size(&options->connection_count_max, 25000);
    default_size(&options->output_high_water, (size_t)256 * KIB);
    default_size(&options->output_low_water, (size_t)64 * KIB);
    default_size(&options->output_max, (size_t)256 * MIB);
    default_size(&options->input_max, (size_t)64 * KIB);
}

static void wake_loop(void *data)
{
    uv_async_send(data);
}

static void run_hooks(Reactor *reactor)
{
    for (ReactorHook *hook = reactor->hooks, *next; hook; hook = next) {
        next = hook->next;
        hook->run(hook);
    }
}

void reactor_mark_dirty(Reactor *reactor, uint64_t connection_id)
{
    ConnectionIds *dirty = &reactor->dirty;
    if (dirty->count == dirty->capacity) {
        dirty->capacity = dirty->capacity ? dirty->capacity * 2 : DIRTY_CAPACITY_FIRST;
        dirty->items = mem_realloc(dirty->items, dirty->capacity * sizeof(*dirty->items));
    }
    dirty->items[dirty->count++] = connection_id;
}

/* What becomes dirty while this runs waits for the next turn, so nobody starves the others. */
static void visit_dirty(Reactor *reactor)
{
    ConnectionIds ids = reactor->dirty;
    reactor->dirty = reactor->flushing;
    reactor->flushing = ids;
    for (size_t i = 0; i < ids.count; i++) {
        Connection *conn = connection_table_find(&reactor->connections, ids.items[i]);
        if (conn)
            connection_end_turn(conn);
    }
    reactor->flushing.count = 0;
}

static void on_wheel_timer(uv_timer_t *timer)
{
    Reactor *reactor = CONTAINER_OF(timer, Reactor, wheel_timer);
    reactor->wheel_armed_ms = WHEEL_NEVER;
    WheelTimer *expired;
    while ((expired = wheel_expire(&reactor->wheel, reactor_now_ms(reactor))))
        connection_on_timer(CONTAINER_OF(expired, Connection, timer));
}

static void arm_wheel(Reactor *reactor)
{
    uint64_t next = wheel_next_ms(&reactor->wheel);
    if (next == reactor->wheel_armed_ms)
        return;
    reactor->wheel_armed_ms = next;
    if (next == WHEEL_NEVER) {
        uv_timer_stop(&reactor->wheel_timer);
        return;
    }
    uint64_t now = reactor_now_ms(reactor);
    uv_timer_start(&reactor->wheel_timer, on_wheel_timer, next > now ? next - now : 0, 0);
}

static void on_no_sleep(uv_idle_t *idle)
{
    (void)idle; /* being active is its whole task */
}

static void end_turn(Reactor *reactor)
{
    run_hooks(reactor);
    visit_dirty(reactor);
    if (reactor->stopped)
        return;
    if (reactor->dirty.count == 0)
        uv_idle_stop(&reactor->no_sleep);
    else
        uv_idle_start(&reactor->no_sleep, on_no_sleep);
    arm_wheel(reactor);
}

static void on_before_poll(uv_prepare_t *handle)
{
    end_turn(CONTAINER_OF(handle, Reactor, before_poll));
}

static void on_after_poll(uv_check_t *handle)
{
    end_turn(CONTAINER_OF(handle, Reactor, after_poll));
}

static void free_timers(Reactor *reactor)
{
    while (!list_is_empty(&reactor->timers))
        reactor_timer_free(CONTAINER_OF(reactor->timers.next, ReactorTimer, node));
}

/* The last step of a stop: without handles the loop ends. */
static void close_handles(Reactor *reactor)
{
    reactor->stopped = true;
    mailbox_close(&reactor->mailbox);
    mailbox_run(&reactor->mailbox);
    free_timers(reactor);
    uv_close((uv_handle_t *)&reactor->wake, NULL);
    uv_close((uv_handle_t *)&reactor->before_poll, NULL);
    uv_close((uv_handle_t *)&reactor->after_poll, NULL);
    uv_close((uv_handle_t *)&reactor->no_sleep, NULL);
    uv_close((uv_handle_t *)&reactor->wheel_timer, NULL);
}

static void finish_stop(Reactor *reactor)
{
    if (reactor->stopping && !reactor->stopped && reactor_connection_count(reactor) == 0)
        close_handles(reactor);
}

static void begin_stop(Reactor *reactor)
{
    if (reactor->stopping)
        return;
    reactor->stopping = true;
    while (!list_is_empty(&reactor->listeners))
        listener_close(listener_of_node(reactor->listeners.next));
    Connection *conn;
    for (size_t at = 0; (conn = reactor_next_connection(reactor, &at));)
        connection_abort(conn);
    finish_stop(reactor);
}

static void on_wake(uv_async_t *handle)
{
    Reactor *reactor = CONTAINER_OF(handle, Reactor, wake);
    mailbox_run(&reactor->mailbox);
    if (atomic_load(&reactor->stop_requested))
        begin_stop(reactor);
}

/* Apart from uv_async_init(), which needs a descriptor, these cannot fail. */
static int init_handles(Reactor *reactor)
{
    int error = uv_async_init(&reactor->loop, &reactor->wake, on_wake);
    if (error)
        return error;
    uv_prepare_init(&reactor->loop, &reactor->before_poll);
    uv_check_init(&reactor->loop, &reactor->after_poll);
    uv_idle_init(&reactor->loop, &reactor->no_sleep);
    uv_timer_init(&reactor->loop, &reactor->wheel_timer);
    uv_prepare_start(&reactor->before_poll, on_before_poll);
    uv_check_start(&reactor->after_poll, on_after_poll);
    return 0;
}

static void init_members(Reactor *reactor, const ReactorOptions *options)
{
    reactor->options = *options;
    fill_defaults(&reactor->options);
    list_init(&reactor->listeners);
    list_init(&reactor->timers);
    reactor->thread = pthread_self();
    reactor->output_pool.count_max = POOL_BLOCKS_MAX;
    reactor->read_buffer = mem_alloc(READ_BUFFER_SIZE);
    reactor->wheel_armed_ms = WHEEL_NEVER;
    wheel_init(&reactor->wheel, uv_now(&reactor->loop));
    mailbox_init(&reactor->mailbox, wake_loop, &reactor->wake);
}

Status reactor_new(Context *ctx, const ReactorOptions *options, Reactor **ret_reactor)
{
    Reactor *reactor = NEW(Reactor);
    int error = uv_loop_init(&reactor->loop);
    if (!error) {
        error = init_handles(reactor);
        if (error)
            uv_loop_close(&reactor->loop);
    }
    if (error) {
        free(reactor);
        return fail(ctx, STATUS_IO_ERROR, "cannot create an event loop: %s", uv_strerror(error));
    }
    init_members(reactor, options);
    *ret_reactor = reactor;
    return STATUS_OK;
}

void reactor_run(Reactor *reactor)
{
    reactor->thread = pthread_self();
    uv_run(&reactor->loop, UV_RUN_DEFAULT);
    assert(reactor->stopped);
}

void reactor_stop(Reactor *reactor)
{
    atomic_store(&reactor->stop_requested, true);
    /* Under the mailbox's lock the handle cannot be closed: close_handles() closes the mailbox
     * first. */
    pthread_mutex_lock(&reactor->mailbox.lock);
    if (!reactor->mailbox.closed)
        uv_async_send(&reactor->wake);
    pthread_mutex_unlock(&reactor->mailbox.lock);
}

void reactor_free(Reactor *reactor)
{
    if (!reactor)
        return;
    if (!reactor->stopped) {
        reactor_stop(reactor);
        reactor_run(reactor);
    }
    int error = uv_loop_close(&reactor->loop);
    assert(error == 0); /* every handle is closed */
    (void)error;
    mailbox_done(&reactor->mailbox);
    connection_table_done(&reactor->connections);
    output_pool_done(&reactor->output_pool);
    buf_done(&reactor->scratch);
    free(reactor->dirty.items);
    free(reactor->flushing.items);
    free(reactor->read_buffer);
    free(reactor);
}

bool reactor_post(Reactor *reactor, MailboxItem *item)
{
    return mailbox_post(&reactor->mailbox, item);
}

void *reactor_data(const Reactor *reactor)
{
    return reactor->options.data;
}

int reactor_index(const Reactor *reactor)
{
    return reactor->options.index;
}

const ReactorOptions *reactor_options(const Reactor *reactor)
{
    return &reactor->options;
}

bool reactor_is_current(const Reactor *reactor)
{
    return pthread_equal(reactor->thread, pthread_self());
}

uint64_t reactor_now_ms(const Reactor *reactor)
{
    return uv_now(&reactor->loop);
}

size_t reactor_connection_count(const Reactor *reactor)
{
    return atomic_load_explicit(&reactor->connection_count, memory_order_relaxed);
}

size_t reactor_queued_bytes(const Reactor *reactor)
{
    return atomic_load_explicit(&reactor->queued_bytes, memory_order_relaxed);
}

Connection *reactor_next_connection(Reactor *reactor, size_t *at)
{
    return connection_table_next(&reactor->connections, at);
}

bool reactor_is_full(const Reactor *reactor)
{
    return reactor_connection_count(reactor) >= reactor->options.connection_count_max;
}

void reactor_connection_opened(Reactor *reactor)
{
    atomic_fetch_add_explicit(&reactor->connection_count, 1, memory_order_relaxed);
}

void reactor_connection_closed(Reactor *reactor)
{
    bool was_full = reactor_is_full(reactor);
    atomic_fetch_sub_explicit(&reactor->connection_count, 1, memory_order_relaxed);
    finish_stop(reactor);
    if (!was_full)
        return;
    for (ListNode *node = reactor->listeners.next; node != &reactor->listeners; node = node->next)
        listener_resume(listener_of_node(node));
}

void reactor_add_hook(Reactor *reactor, ReactorHook *hook)
{
    ReactorHook **place = &reactor->hooks;
    while (*place)
        place = &(*place)->next;
    hook->next = NULL;
    *place = hook;
}

void reactor_remove_hook(Reactor *reactor, ReactorHook *hook)
{
    ReactorHook **place = &reactor->hooks;
    while (*place && *place != hook)
        place = &(*place)->next;
    if (*place)
        *place = hook->next;
}

ReactorTimer *
reactor_timer_new(Reactor *reactor, void (*run)(ReactorTimer *timer, void *data), void *data)
{
    ReactorTimer *timer = NEW(ReactorTimer);
    uv_timer_init(&reactor->loop, &timer->timer);
    timer->run = run;
    timer->data = data;
    list_append(&reactor->timers, &timer->node);
    return timer;
}

static void on_timer(uv_timer_t *handle)
{
    ReactorTimer *timer = CONTAINER_OF(handle, ReactorTimer, timer);
    timer->run(timer, timer->data);
}

void reactor_timer_start(ReactorTimer *timer, uint64_t delay_ms, uint64_t repeat_ms)
{
    uv_timer_start(&timer->timer, on_timer, delay_ms, repeat_ms);
}

void reactor_timer_stop(ReactorTimer *timer)
{
    uv_timer_stop(&timer->timer);
}

static void on_timer_closed(uv_handle_t *handle)
{
    free(CONTAINER_OF(handle, ReactorTimer, timer));
}

void reactor_timer_free(ReactorTimer *timer)
{
    if (!timer)
        return;
    list_remove(&timer->node);
    uv_close((uv_handle_t *)&timer->timer, on_timer_closed);
}
