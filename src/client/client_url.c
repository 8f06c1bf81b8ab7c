/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_url.h"

static bool take_prefix(Str *text, Str prefix)
{
    if (text->len < prefix.len || !str_equal_nocase(str_from(text->ptr, prefix.len), prefix))
        return false;
    *text = str_from(text->ptr + prefix.len, text->len - prefix.len);
    return true;
}

/* Takes host or [host] off the front. */
static bool take_host(Str *text, Str *ret_host)
{
    bool bracketed = text->len && text->ptr[0] == '[';
    size_t start = bracketed ? 1 : 0;
    size_t len =
        str_find_byte(str_from(text->ptr + start, text->len - start), bracketed ? ']' : ':');
    size_t after = start + len + (bracketed ? 1 : 0);
    if (len == 0 || after > text->len)
        return false;
    *ret_host = str_from(text->ptr + start, len);
    *text = str_from(text->ptr + after, text->len - after);
    return true;
}

static bool is_host(Str host)
{
    for (size_t i = 0; i < host.len; i++) {
        unsigned char c = (unsigned char)host.ptr[i];
        if (c <= ' ' || c == 0x7f || c == '@' || c == '/' || c == '?' || c == '#')
            return false;
    }
    return true;
}

Status client_url_parse(Context *ctx, Str url, ClientUrl *ret_url)
{
    Str rest = url;
    Str host;
    uint64_t port;
    bool tls = take_prefix(&rest, STR("https://"));
    bool plain = !tls && take_prefix(&rest, STR("http://"));
    port = tls ? CLIENT_PORT_TLS : CLIENT_PORT_DEFAULT;

    if (rest.len && rest.ptr[rest.len - 1] == '/' && (tls || plain))
        rest.len--;
    if (!take_host(&rest, &host) || !is_host(host))
        return fail(ctx,
                    STATUS_INVALID_INPUT,
                    "\"%.*s\" is no server address: http://host:port or https://host:port",
                    STR_ARG(url));
    if (rest.len &&
        (rest.ptr[0] != ':' || !str_to_uint64(str_from(rest.ptr + 1, rest.len - 1), &port) ||
         port == 0 || port > UINT16_MAX))
        return fail(
            ctx, STATUS_INVALID_INPUT, "\"%.*s\" has no valid port behind the host", STR_ARG(url));
    *ret_url = (ClientUrl){.host = host, .port = (uint16_t)port, .tls = tls};
    return STATUS_OK;
}
