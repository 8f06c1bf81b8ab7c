/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One reactor's connections, its live engine's clock, and how it drains:
 *
 *     stop accepting; close WebSockets (1001); after a grace period, in which
 *     late requests are told 503, close idle connections; when the last
 *     connection and the last piece of work are gone: drained.
 */
#include "api/api_reactor.h"

#include "api/api_private.h"
#include "api/sql_http.h"
#include "api/sql_job.h"
#include "api/ws_session.h"
#include "base/memory.h"

enum { LIVE_TICK_MS = 1000 };

/* ---- connections ---- */

static void check_drained(ApiReactor *home)
{
    if (!home->draining || home->drained || home->connection_count > 0 || home->work_count > 0)
        return;
    home->drained = true;
    live_engine_stop(home->live); /* from here on the sequencer may go */
    home->api->options.on_drained(home->api->options.on_drained_data);
}

static void count_connections(ApiReactor *home, size_t count)
{
    home->connection_count = count;
    counter_set(&home->open_connections, count);
}

static void on_open(Connection *conn)
{
    ApiReactor *home = connection_handler_data(conn);
    count_connections(home, home->connection_count + 1);
    ip_guard_opened(home->api->ip_guard, connection_peer(conn));
    if (home->grace_over)
        connection_close(conn);
}

static void on_drain(Connection *conn)
{
    if (connection_is_websocket(conn))
        ws_session_on_drain(conn);
    else if (connection_user(conn))
        sql_http_on_drain(connection_user(conn));
}

static void on_close(Connection *conn)
{
    ApiReactor *home = connection_handler_data(conn);
    if (connection_is_websocket(conn))
        ws_session_on_close(conn);
    else if (connection_user(conn))
        sql_http_abandon(connection_user(conn));
    ip_guard_closed(home->api->ip_guard, connection_peer(conn));
    count_connections(home, home->connection_count - 1);
    check_drained(home);
}

/* ---- work ---- */

void api_reactor_work_begin(ApiReactor *home)
{
    home->work_count++;
}

void api_reactor_work_end(ApiReactor *home)
{
    home->work_count--;
    check_drained(home);
}

/* ---- the live engine's clock: it stands while nobody has a live query ---- */

static void on_live_tick(ReactorTimer *timer, void *data)
{
    ApiReactor *home = data;
    live_engine_tick(home->live);
    if (live_engine_is_busy(home->live))
        return;
    reactor_timer_stop(timer);
    home->live_timer_runs = false;
}

void api_reactor_wake_live(ApiReactor *home)
{
    if (home->live_timer_runs)
        return;
    home->live_timer_runs = true;
    reactor_timer_start(home->live_timer, LIVE_TICK_MS, LIVE_TICK_MS);
}

static void post_to_reactor(void *data, MailboxItem *item)
{
    reactor_post(data, item);
}

/* ---- draining ---- */

/* Connections without a request under way will bring nothing we would still serve. */
static void close_idle(ApiReactor *home)
{
    Connection *conn;
    for (size_t at = 0; (conn = reactor_next_connection(home->reactor, &at));) {
        if (!connection_is_websocket(conn) && !http_current_request(conn))
            connection_close(conn);
    }
}

static void on_grace_over(ReactorTimer *timer, void *data)
{
    (void)timer;
    ApiReactor *home = data;
    home->grace_over = true;
    close_idle(home);
    check_drained(home);
}

static void start_draining(MailboxItem *item)
{
    ApiReactor *home = CONTAINER_OF(item, ApiReactor, drain_item);
    home->draining = true;
    listener_close(TAKE(home->listener));
    Connection *conn;
    for (size_t at = 0; (conn = reactor_next_connection(home->reactor, &at));) {
        if (connection_is_websocket(conn))
            ws_session_end(conn);
    }
    reactor_timer_start(home->grace_timer, home->api->options.settings.drain_grace_ms, 0);
    check_drained(home);
}

static void cancel_jobs(MailboxItem *item)
{
    ApiReactor *home = CONTAINER_OF(item, ApiReactor, cancel_item);
    sql_jobs_cancel(home->jobs);
}

/* ---- life cycle ---- */

static const ConnectionHandler HANDLER = {
    .on_open = on_open,
    .on_body_too_large = api_on_body_too_large,
    .on_request = api_on_request,
    .on_ws_message = ws_session_on_message,
    .on_ws_oversized = ws_session_on_oversized,
    .on_drain = on_drain,
    .on_deadline = ws_session_on_deadline,
    .on_close = on_close,
};

static LiveEngine *new_live_engine(const ApiReactor *home, unsigned index)
{
    const ApiOptions *options = &home->api->options;
    LiveEngineOptions live = options->settings.live;
    live.index = index;
    live.sequencer = options->sequencer;
    live.cold = options->cold;
    live.workers = options->workers;
    live.registry = options->registry;
    live.post = post_to_reactor;
    live.post_data = home->reactor;
    return live_engine_new(&live);
}

Status api_reactor_new(Context *ctx, Api *api, unsigned index, ApiReactor **ret_home)
{
    ApiReactor *home = NEW(ApiReactor);
    home->api = api;
    home->handler = HANDLER;
    home->handler.data = home;
    home->drain_item.run = start_draining;
    home->cancel_item.run = cancel_jobs;

    ReactorOptions options = api->options.settings.reactor;
    options.index = (int)index;
    options.data = home;
    Status status = reactor_new(ctx, &options, &home->reactor);
    if (status != STATUS_OK) {
        free(home);
        return status;
    }
    home->live = new_live_engine(home, index);
    home->live_timer = reactor_timer_new(home->reactor, on_live_tick, home);
    home->grace_timer = reactor_timer_new(home->reactor, on_grace_over, home);
    *ret_home = home;
    return STATUS_OK;
}

/* What was posted to the reactor speaks of the live engine: it has to run first. */
static void run_what_was_posted(ApiReactor *home)
{
    if (home->has_run)
        return;
    reactor_stop(home->reactor);
    reactor_run(home->reactor);
}

void api_reactor_free(ApiReactor *home)
{
    if (!home)
        return;
    run_what_was_posted(home);
    live_engine_free(home->live);
    reactor_free(home->reactor);
    free(home);
}

void api_reactor_run(ApiReactor *home)
{
    home->has_run = true;
    reactor_run(home->reactor);
}
