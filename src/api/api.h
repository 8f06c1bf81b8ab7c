/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server's face: SQL over HTTP, live queries over the WebSocket, logins,
 * health, statistics (docs/protocol.md is the wire's own description).
 *
 * An Api is what all reactors share: settings, engines, counters and limits; it
 * is immutable but for the latter.  An ApiReactor is one reactor with its
 * connections, its live engine and the requests it has under way; all of that
 * belongs to its thread.
 *
 * A request is answered where it came in.  What may block goes to a worker with
 * everything it needs and comes back by the reactor's mailbox; a connection that
 * closed meanwhile is noticed then.
 */
#pragma once

#include "api/cors.h"
#include "api/ip_guard.h"
#include "auth/auth.h"
#include "live/live_engine.h"
#include "net/listener.h"
#include "query/query.h"

typedef struct Api Api;
typedef struct ApiReactor ApiReactor;

typedef struct ApiSettings { /* texts and lists are borrowed for the Api's life */
    Str version;
    Str build_date;
    int64_t started_at_us; /* wall clock */
    CorsSettings cors;
    AddressRanges trusted_proxies;
    bool strict_ws_origin_check;
    bool cookie_secure;
    bool allow_remote_setup;
    IpLimits ip_limits;
    uint32_t queries_per_second;  /* of one user; 0 = no limit */
    uint32_t messages_per_second; /* of one WebSocket; 0 = no limit */
    uint32_t ws_auth_timeout_ms;
    size_t ws_sql_result_max;    /* bytes of one sql_result */
    size_t parameter_bytes_max;  /* of one SQL parameter */
    Str body_limit_key;          /* the configuration's name of reactor.http.body_max */
    int64_t slow_query_us;       /* longer ones are logged; 0 = none */
    uint32_t drain_grace_ms;     /* how long idle connections are told 503 while draining */
    size_t connection_count_max; /* of the process, for statistics */
    ReactorOptions reactor;      /* limits and time-outs; index and data are filled in */
    LiveEngineOptions live;      /* limits; the rest is filled in */
} ApiSettings;

typedef struct ApiOptions {
    ApiSettings settings;
    Sequencer *sequencer;
    Store *store;
    ColdTier *cold; /* NULL: there is none */
    WorkerPool *workers;
    const QueryEngine *query;
    Auth *auth;
    LiveRegistry *registry;
    size_t reactor_count;
    /* A draining reactor has nothing left to do; from its thread. */
    void (*on_drained)(void *data);
    void *on_drained_data;
} ApiOptions;

/* Opens the reactors, too; they run when api_reactor_run() is called for each. */
MUST_CHECK Status api_new(Context *ctx, const ApiOptions *options, Api **ret_api);

/*
 * Ends all reactors' threads' work: call after each api_reactor_run() has returned (or none was
 * ever called), the worker pool and the sequencer are gone.
 */
void api_free(Api *api);
DEFINE_CLEANUP(Api, api_free)

ApiReactor *api_reactor(const Api *api, size_t index);

/*
 * Listens with every reactor on one port, before they run.  port 0 = any; the port that was
 * bound is returned.
 */
MUST_CHECK Status api_listen(
    Context *ctx, Api *api, const char *host, uint16_t port, int backlog, uint16_t *ret_port);

/* In the calling thread, until api_stop(). */
void api_reactor_run(ApiReactor *reactor);

/*
 * From any thread: accept nothing more, close the WebSockets with 1001, refuse new requests with
 * 503, finish what is under way.  on_drained is called once for each reactor that is done.
 */
void api_drain(Api *api);

/* From any thread: ask running statements to end. */
void api_cancel_all(Api *api);

/* From any thread: api_reactor_run() returns soon. */
void api_stop(Api *api);

/* Provides system.stats; before requests are served. */
void api_register_tables(Api *api, SystemTables *tables);
