/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of routes, and what every request passes before its endpoint:
 * the address guard, the preflight of browsers, the refusals of a server that is
 * draining.
 */
#include "api/reply.h"

#include "base/clock.h"
#include "base/memory_gauge.h"

#include <stdio.h>

typedef struct Route {
    Str path;
    ApiHandler handler;
    HttpMethod method;
    bool while_draining; /* answered to the end */
} Route;

static const Route ROUTES[] = {
    {STR_INIT("/v1/api/sql"), api_post_sql, HTTP_POST, false},
    {STR_INIT("/v1/ws"), api_get_websocket, HTTP_GET, false},
    {STR_INIT("/v1/api/auth/login"), api_post_login, HTTP_POST, false},
    {STR_INIT("/v1/api/auth/refresh"), api_post_refresh, HTTP_POST, false},
    {STR_INIT("/v1/api/auth/logout"), api_post_logout, HTTP_POST, false},
    {STR_INIT("/v1/api/auth/me"), api_get_me, HTTP_GET, false},
    {STR_INIT("/v1/api/auth/status"), api_get_setup_status, HTTP_GET, false},
    {STR_INIT("/v1/api/auth/setup"), api_post_setup, HTTP_POST, false},
    {STR_INIT("/health"), api_get_health, HTTP_GET, false},
    {STR_INIT("/v1/api/healthcheck"), api_get_health, HTTP_GET, false},
    {STR_INIT("/v1/api/cluster/health"), api_get_cluster_health, HTTP_GET, false},
    {STR_INIT("/healthz"), api_get_healthz, HTTP_GET, true},
    {STR_INIT("/readyz"), api_get_readyz, HTTP_GET, true},
    {STR_INIT("/metrics"), api_get_metrics, HTTP_GET, true},
};

enum { ROUTE_COUNT = sizeof(ROUTES) / sizeof(*ROUTES) };

static const Route *find_route(Str path)
{
    for (size_t i = 0; i < ROUTE_COUNT; i++) {
        if (str_equal(ROUTES[i].path, path))
            return &ROUTES[i];
    }
    return NULL;
}

/* HEAD is a GET without body; the connection leaves the body out. */
static bool method_fits(const Route *route, HttpMethod method)
{
    return method == route->method || (method == HTTP_HEAD_METHOD && route->method == HTTP_GET);
}

static Str allowed_methods(const Route *route)
{
    return route->method == HTTP_POST ? STR("POST, OPTIONS") : STR("GET, HEAD, OPTIONS");
}

static void refuse_method(const ApiRequest *request, const Route *route)
{
    ReplyHeaders headers = reply_headers(request->conn);
    Str allowed = allowed_methods(route);
    reply_header_add(&headers, STR("Allow"), allowed);
    Buf body = {0};
    buf_printf(&body,
               "{\"error\":\"method_not_allowed\",\"message\":\"%s takes %.*s\"}",
               route->path.ptr,
               STR_ARG(allowed));
    reply_json(request->conn, 405, &body, &headers);
}

/* 204; route NULL: a page's preflight, which the CORS headers alone answer. */
static void answer_options(Connection *conn, const Route *route)
{
    ReplyHeaders headers = reply_headers(conn);
    if (route)
        reply_header_add(&headers, STR("Allow"), allowed_methods(route));
    http_respond(conn,
                 &(HttpResponse){
                     .status = 204,
                     .headers = headers.items,
                     .header_count = headers.count,
                 });
}

/* ---- the address guard ---- */

static void refuse_speed(const ApiRequest *request, const IpJudgement *judgement)
{
    bool banned = judgement->verdict == IP_BANNED;
    char seconds[16];
    Str text = str_from(
        seconds, (size_t)snprintf(seconds, sizeof(seconds), "%u", judgement->retry_after_seconds));
    ReplyHeaders headers = reply_headers(request->conn);
    reply_header_add(&headers, STR("Retry-After"), text);
    reply_header_add(&headers, STR("X-RateLimit-Reset"), text);
    Buf body = {0};
    buf_printf(&body,
               "{\"error\":\"%s\",\"message\":\"%s\",\"retry_after_seconds\":%s}",
               banned ? "IP_BANNED" : "RATE_LIMIT_EXCEEDED",
               banned ? "This address is banned for a while: it ignored "
                        "rate_limit.max_requests_per_ip_per_sec."
                      : "Too many requests per second from this address "
                        "(rate_limit.max_requests_per_ip_per_sec).",
               seconds);
    reply_json(request->conn, 429, &body, &headers);
}

static void refuse_connection(const ApiRequest *request, const IpJudgement *judgement)
{
    Buf body = {0};
    buf_printf(&body,
               "{\"error\":\"TOO_MANY_CONNECTIONS\",\"message\":\"Too many connections from this "
               "address (rate_limit.max_connections_per_ip).\",\"current\":%u,\"max\":%u}",
               judgement->connection_count,
               request->home->api->options.settings.ip_limits.connections_max);
    reply_json(request->conn, 503, &body, NULL);
    connection_close(request->conn);
}

static void reply_short_of_memory(Connection *conn)
{
    Buf body = {0};
    buf_printf(&body,
               "{\"error\":\"OUT_OF_MEMORY\",\"message\":\"All requests together hold more than "
               "memory.limit leaves them; bodies above %d bytes have to wait.\",\"max_bytes\":%d}",
               MEMORY_SMALL,
               MEMORY_SMALL);
    reply_json(conn, 503, &body, NULL);
}

void api_on_body_too_large(Connection *conn, uint64_t size, size_t max)
{
    const ApiReactor *home = connection_handler_data(conn);
    Buf body = {0};
    if (max == MEMORY_SMALL && memory_gauge_is_full()) {
        reply_short_of_memory(conn);
        return;
    }
    buf_printf(&body,
               "{\"error\":\"BODY_TOO_LARGE\",\"message\":\"The body is larger than %zu bytes "
               "(%.*s).\",\"size_bytes\":%llu,\"max_bytes\":%zu}",
               max,
               STR_ARG(home->api->options.settings.body_limit_key),
               (unsigned long long)size,
               max);
    reply_json(conn, 413, &body, NULL);
}

/* True: refused. */
static bool guard_refuses(const ApiRequest *request)
{
    IpJudgement judgement = ip_guard_request(request->home->api->ip_guard,
                                             connection_peer(request->conn),
                                             &request->client.address,
                                             clock_monotonic_us());
    switch (judgement.verdict) {
    case IP_FINE:
        return false;
    case IP_TOO_FAST:
    case IP_BANNED:
        refuse_speed(request, &judgement);
        return true;
    case IP_TOO_MANY_CONNECTIONS:
        refuse_connection(request, &judgement);
        return true;
    }
    return false;
}

/* ---- dispatch ---- */

/* Clients of SQL read its envelope whatever the status says. */
static void refuse_while_draining(const ApiRequest *request, const Route *route)
{
    static const SqlError DRAINING = {
        .http_status = 503,
        .code = "INTERNAL_ERROR",
        .message = STR_INIT("Execution error: The server is shutting down"),
    };
    if (route->handler == api_post_sql)
        reply_sql_error(request->conn, &DRAINING);
    else
        reply_error(request->conn, 503, "shutting_down", STR("The server is shutting down"));
}

static void dispatch(const ApiRequest *request)
{
    const Route *route = find_route(request->http->path);
    if (!route)
        reply_error(request->conn, 404, "not_found", STR("There is nothing at this path"));
    else if (request->http->method == HTTP_OPTIONS)
        answer_options(request->conn, route);
    else if (!method_fits(route, request->http->method))
        refuse_method(request, route);
    else if (request->home->draining && !route->while_draining)
        refuse_while_draining(request, route);
    else
        route->handler(request);
}

void api_on_request(Connection *conn, HttpRequest *http)
{
    ApiReactor *home = connection_handler_data(conn);
    const ApiRequest request = {
        .home = home,
        .conn = conn,
        .http = http,
        .client = client_address(connection_peer(conn),
                                 home->api->options.settings.trusted_proxies,
                                 http_request_header(http, STR("x-forwarded-for")),
                                 http_request_header(http, STR("x-real-ip"))),
    };
    counter_up(&home->requests_total);
    if (guard_refuses(&request))
        return;
    if (cors_is_preflight(http))
        answer_options(conn, NULL);
    else
        dispatch(&request);
}
