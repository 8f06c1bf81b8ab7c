/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cors.h"

bool cors_is_restricted(const CorsSettings *settings)
{
    for (size_t i = 0; i < settings->allowed_origins.count; i++) {
        if (str_equal(settings->allowed_origins.items[i], STR("*")))
            return false;
    }
    return settings->allowed_origins.count > 0;
}

bool cors_allows(const CorsSettings *settings, Str origin)
{
    if (!cors_is_restricted(settings))
        return true;
    for (size_t i = 0; i < settings->allowed_origins.count; i++) {
        if (str_equal(settings->allowed_origins.items[i], origin))
            return true;
    }
    return false;
}

bool cors_is_preflight(const HttpRequest *request)
{
    return request->method == HTTP_OPTIONS && http_request_header(request, STR("origin")).len > 0 &&
           http_request_header(request, STR("access-control-request-method")).len > 0;
}

static void put(HttpHeader *headers, size_t *count, Str name, Str value)
{
    headers[(*count)++] = (HttpHeader){name, value};
}

static size_t preflight_headers(const CorsSettings *settings,
                                const HttpRequest *request,
                                HttpHeader *headers,
                                size_t count)
{
    put(headers, &count, STR("Access-Control-Allow-Methods"), settings->allowed_methods);
    put(headers, &count, STR("Access-Control-Allow-Headers"), settings->allowed_headers);
    put(headers, &count, STR("Access-Control-Max-Age"), settings->max_age);
    Str private_network =
        http_request_header(request, STR("access-control-request-private-network"));
    if (settings->allow_private_network && private_network.len > 0)
        put(headers, &count, STR("Access-Control-Allow-Private-Network"), STR("true"));
    return count;
}

size_t cors_headers(const CorsSettings *settings,
                    const HttpRequest *request,
                    HttpHeader headers[CORS_HEADERS_MAX])
{
    size_t count = 0;
    Str origin = http_request_header(request, STR("origin"));
    if (origin.len == 0)
        return 0;
    put(headers, &count, STR("Vary"), STR("Origin"));
    if (!cors_allows(settings, origin))
        return count;
    put(headers, &count, STR("Access-Control-Allow-Origin"), origin);
    if (settings->allow_credentials)
        put(headers, &count, STR("Access-Control-Allow-Credentials"), STR("true"));
    if (cors_is_preflight(request))
        return preflight_headers(settings, request, headers, count);
    if (settings->exposed_headers.len > 0)
        put(headers, &count, STR("Access-Control-Expose-Headers"), settings->exposed_headers);
    return count;
}
