/* SPDX-License-Identifier: Apache-2.0 */
#include "net/websocket_handshake.h"

#include "base/clock.h"

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

enum { KEY_BYTES = 16 };

static const char accept_guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

void websocket_key_make(char key[WS_KEY_LEN + 1])
{
    uint8_t bytes[KEY_BYTES];
    random_bytes(bytes, sizeof(bytes));
    EVP_EncodeBlock((unsigned char *)key, bytes, sizeof(bytes));
}

void websocket_accept_make(Str key, char accept[WS_ACCEPT_LEN + 1])
{
    uint8_t text[WS_KEY_LEN + sizeof(accept_guid) - 1];
    uint8_t digest[SHA_DIGEST_LENGTH];
    assert(key.len == WS_KEY_LEN);
    memcpy(text, key.ptr, WS_KEY_LEN);
    memcpy(text + WS_KEY_LEN, accept_guid, sizeof(accept_guid) - 1);
    SHA1(text, sizeof(text), digest);
    EVP_EncodeBlock((unsigned char *)accept, digest, sizeof(digest));
}

static bool header_has_token(const HttpRequest *request, Str name, Str token)
{
    for (size_t i = 0; i < request->header_count; i++) {
        if (str_equal_nocase(request->headers[i].name, name) &&
            http_value_has_token(request->headers[i].value, token))
            return true;
    }
    return false;
}

bool websocket_is_upgrade(const HttpRequest *request)
{
    return header_has_token(request, STR("upgrade"), STR("websocket"));
}

/* 16 bytes of base64; which ones does not matter. */
static bool is_key(Str key)
{
    uint8_t bytes[WS_KEY_LEN];
    if (key.len != WS_KEY_LEN || !str_ends_with(key, STR("==")))
        return false;
    return EVP_DecodeBlock(bytes, (const unsigned char *)key.ptr, (int)key.len) == 18;
}

HttpRefusal websocket_check_upgrade(const HttpRequest *request)
{
    if (request->method != HTTP_GET || request->minor_version < 1)
        return (HttpRefusal){400, "a WebSocket starts with GET and HTTP/1.1"};
    if (!websocket_is_upgrade(request) ||
        !header_has_token(request, STR("connection"), STR("upgrade")))
        return (HttpRefusal){400, "not a WebSocket handshake"};
    if (!str_equal(http_request_header(request, STR("sec-websocket-version")), STR("13")))
        return (HttpRefusal){426, "WebSocket version 13 is required"};
    if (!is_key(http_request_header(request, STR("sec-websocket-key"))))
        return (HttpRefusal){400, "malformed Sec-WebSocket-Key"};
    return (HttpRefusal){0, NULL};
}
