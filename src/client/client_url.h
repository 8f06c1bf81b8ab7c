/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a server is: http://host[:port] or https://host[:port], without a path.
 * A bare host[:port] means http.  IPv6 addresses stand in brackets.
 */
#pragma once

#include "base/context.h"

enum { CLIENT_PORT_DEFAULT = 8080, CLIENT_PORT_TLS = 443 };

typedef struct ClientUrl {
    Str host;
    uint16_t port;
    bool tls;
} ClientUrl;

/* `host` is borrowed from `url`.  STATUS_INVALID_INPUT says what is wrong with it. */
MUST_CHECK Status client_url_parse(Context *ctx, Str url, ClientUrl *ret_url);
