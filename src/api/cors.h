/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cross-origin requests (Fetch standard, section 3.2): which browser pages may
 * talk to us, from [security.cors].
 */
#pragma once

#include "base/str.h"
#include "net/http_request.h"

typedef struct StrList {
    const Str *items;
    size_t count;
} StrList;

typedef struct CorsSettings {
    StrList allowed_origins; /* empty, or one of them "*": any */
    Str allowed_methods;     /* "GET, POST" */
    Str allowed_headers;
    Str exposed_headers; /* empty = none */
    bool allow_credentials;
    bool allow_private_network;
    Str max_age; /* seconds, as text */
} CorsSettings;

/* Exactly one of the allowed ones, or all are. */
bool cors_allows(const CorsSettings *settings, Str origin);

/* Are origins restricted at all? */
bool cors_is_restricted(const CorsSettings *settings);

enum { CORS_HEADERS_MAX = 8 };

/* What an answer to this request has to say; none when it names no allowed origin. */
size_t cors_headers(const CorsSettings *settings,
                    const HttpRequest *request,
                    HttpHeader headers[CORS_HEADERS_MAX]);

/* Does the browser ask whether it may? */
bool cors_is_preflight(const HttpRequest *request);
