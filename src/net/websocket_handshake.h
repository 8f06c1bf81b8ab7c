/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The WebSocket opening handshake (RFC 6455, section 4), for both ends.
 */
#pragma once

#include "net/http_request.h"

enum {
    WS_KEY_LEN = 24,
    WS_ACCEPT_LEN = 28,
};

/* A random Sec-WebSocket-Key. */
void websocket_key_make(char key[WS_KEY_LEN + 1]);

/* The Sec-WebSocket-Accept that answers a key. */
void websocket_accept_make(Str key, char accept[WS_ACCEPT_LEN + 1]);

/* Does this request ask for a WebSocket at all? */
bool websocket_is_upgrade(const HttpRequest *request);

/* May it be granted?  Status 426: another protocol version is asked for. */
HttpRefusal websocket_check_upgrade(const HttpRequest *request);
