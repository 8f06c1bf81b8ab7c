/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of Api and ApiReactor, and what its endpoints are, for the files of
 * this folder.
 */
#pragma once

#include "api/api.h"
#include "api/rate_table.h"
#include "net/http.h"

typedef struct SqlJob SqlJob;

struct Api {
    ApiOptions options;
    RateTable *query_rates; /* by user */
    IpGuard *ip_guard;
    atomic_bool draining;
    size_t reactor_count;
    ApiReactor *reactors[];
};

struct ApiReactor {
    Api *api;
    Reactor *reactor;
    LiveEngine *live;
    Listener *listener;
    ConnectionHandler handler;
    ReactorTimer *live_timer; /* runs while the live engine is busy */
    ReactorTimer *grace_timer;
    MailboxItem drain_item;
    MailboxItem cancel_item;
    SqlJob *jobs; /* under way */
    size_t connection_count;
    size_t work_count; /* requests that are away on workers or with the sequencer */
    bool has_run;      /* its loop was entered, by its thread */
    bool live_timer_runs;
    bool draining;
    bool grace_over;
    bool drained; /* and said so */
    /* Written here, read by anybody. */
    _Atomic uint64_t requests_total;
    _Atomic uint64_t statements_total; /* SQL requests */
    _Atomic uint64_t messages_total;   /* of WebSockets, received */
    _Atomic uint64_t websocket_count;
    _Atomic uint64_t open_connections;
};

/* Counters have one writer. */
static inline uint64_t counter_read(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static inline void counter_set(_Atomic uint64_t *counter, uint64_t value)
{
    atomic_store_explicit(counter, value, memory_order_relaxed);
}

static inline void counter_up(_Atomic uint64_t *counter)
{
    counter_set(counter, counter_read(counter) + 1);
}

static inline void counter_down(_Atomic uint64_t *counter)
{
    counter_set(counter, counter_read(counter) - 1);
}

/* Something left the reactor and will come back: draining waits for it. */
void api_reactor_work_begin(ApiReactor *home);
void api_reactor_work_end(ApiReactor *home);

/* The live engine has something to do from time to time. */
void api_reactor_wake_live(ApiReactor *home);

/* The newest durable snapshot; the caller unrefs. */
Snapshot *api_snapshot(const Api *api);

/* ---- endpoints ---- */

typedef struct ApiRequest {
    ApiReactor *home;
    Connection *conn;
    HttpRequest *http; /* until the request is answered */
    ClientAddress client;
} ApiRequest;

typedef void (*ApiHandler)(const ApiRequest *request);

/* Client on this machine, speaking for itself? */
static inline bool api_is_local(const ApiRequest *request)
{
    return request->client.is_local;
}

void api_on_request(Connection *conn, HttpRequest *request);
void api_on_body_too_large(Connection *conn, uint64_t size, size_t max);

void api_get_health(const ApiRequest *request);
void api_get_cluster_health(const ApiRequest *request);
void api_get_healthz(const ApiRequest *request);
void api_get_readyz(const ApiRequest *request);
void api_get_metrics(const ApiRequest *request);
void api_post_login(const ApiRequest *request);
void api_post_refresh(const ApiRequest *request);
void api_post_logout(const ApiRequest *request);
void api_get_me(const ApiRequest *request);
void api_get_setup_status(const ApiRequest *request);
void api_post_setup(const ApiRequest *request);
void api_post_sql(const ApiRequest *request);
void api_get_websocket(const ApiRequest *request);
