/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http_request.h"

#include "base/memory.h"

enum { HEADER_COUNT_MAX = 128 };

static HttpRefusal refuse(int status, const char *reason)
{
    return (HttpRefusal){status, reason};
}

static const HttpRefusal accepted = {0, NULL};

static HttpMethod method_of(Str name)
{
    static const struct {
        Str name;
        HttpMethod method;
    } methods[] = {
        {STR_INIT("GET"), HTTP_GET},
        {STR_INIT("HEAD"), HTTP_HEAD_METHOD},
        {STR_INIT("POST"), HTTP_POST},
        {STR_INIT("PUT"), HTTP_PUT},
        {STR_INIT("PATCH"), HTTP_PATCH},
        {STR_INIT("DELETE"), HTTP_DELETE},
        {STR_INIT("OPTIONS"), HTTP_OPTIONS},
    };
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (str_equal(name, methods[i].name))
            return methods[i].method;
    }
    return HTTP_OTHER_METHOD;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static HttpRefusal parse_version(Str text, uint8_t *ret_minor)
{
    bool well_formed = text.len == 8 && str_starts_with(text, STR("HTTP/")) &&
                       is_digit(text.ptr[5]) && text.ptr[6] == '.' && is_digit(text.ptr[7]);
    if (!well_formed)
        return refuse(400, "malformed HTTP version");
    if (text.ptr[5] != '1')
        return refuse(505, "HTTP version not supported");
    *ret_minor = text.ptr[7] == '0' ? 0 : 1;
    return accepted;
}

/* Visible ASCII; a fragment never travels. */
static bool is_target(Str target)
{
    for (size_t i = 0; i < target.len; i++) {
        uint8_t c = (uint8_t)target.ptr[i];
        if (c <= 0x20 || c >= 0x7f || c == '#')
            return false;
    }
    return target.len > 0;
}

/* http://host/path?query, as sent to proxies: the path is what counts here. */
static Str strip_authority(Str target)
{
    Str schemes[] = {STR("http://"), STR("https://")};
    for (size_t i = 0; i < 2; i++) {
        Str start = str_from(target.ptr, schemes[i].len);
        if (target.len < start.len || !str_equal_nocase(start, schemes[i]))
            continue;
        Str rest = str_from(target.ptr + start.len, target.len - start.len);
        size_t slash = str_find_byte(rest, '/');
        return slash < rest.len ? str_from(rest.ptr + slash, rest.len - slash) : STR("/");
    }
    return target;
}

static HttpRefusal parse_target(HttpRequest *request)
{
    if (!is_target(request->target))
        return refuse(400, "malformed request target");
    Str path = strip_authority(request->target);
    bool asterisk = request->method == HTTP_OPTIONS && str_equal(path, STR("*"));
    if (path.ptr[0] != '/' && !asterisk)
        return refuse(400, "malformed request target");
    size_t mark = str_find_byte(path, '?');
    request->path = str_from(path.ptr, mark);
    if (mark < path.len)
        request->query = str_from(path.ptr + mark + 1, path.len - mark - 1);
    return accepted;
}

/* method SP target SP version */
static HttpRefusal parse_request_line(HttpRequest *request, Str line)
{
    if (!str_split(&line, ' ', &request->method_name) || !str_split(&line, ' ', &request->target) ||
        !http_is_token(request->method_name))
        return refuse(400, "malformed request line");
    request->method = method_of(request->method_name);
    HttpRefusal refusal = parse_version(line, &request->minor_version);
    return refusal.status ? refusal : parse_target(request);
}

static size_t count_headers(const HttpRequest *request, Str name)
{
    size_t count = 0;
    for (size_t i = 0; i < request->header_count; i++)
        count += str_equal_nocase(request->headers[i].name, name);
    return count;
}

static HttpRefusal check_host(const HttpRequest *request)
{
    size_t count = count_headers(request, STR("host"));
    if (count > 1)
        return refuse(400, "repeated Host");
    if (count == 0 && request->minor_version >= 1)
        return refuse(400, "missing Host");
    return accepted;
}

static HttpRefusal parse_expectation(HttpRequest *request)
{
    Str expect = http_request_header(request, STR("expect"));
    if (expect.len == 0)
        return accepted;
    if (!str_equal_nocase(expect, STR("100-continue")))
        return refuse(417, "unknown expectation");
    request->wants_continue = request->minor_version >= 1;
    return accepted;
}

static void parse_connection(HttpRequest *request)
{
    request->keep_alive = request->minor_version >= 1;
    for (size_t i = 0; i < request->header_count; i++) {
        if (!str_equal_nocase(request->headers[i].name, STR("connection")))
            continue;
        if (http_value_has_token(request->headers[i].value, STR("close"))) {
            request->keep_alive = false;
            return;
        }
        if (http_value_has_token(request->headers[i].value, STR("keep-alive")))
            request->keep_alive = true;
    }
}

static HttpRefusal parse_framing(HttpRequest *request)
{
    HttpRefusal refusal = http_framing(request->headers, request->header_count, &request->framing);
    if (!refusal.status && request->framing.chunked && request->minor_version == 0)
        return refuse(400, "Transfer-Encoding in HTTP/1.0");
    return refusal;
}

static HttpRefusal parse_head(HttpRequest *request, Str head, size_t header_max)
{
    HttpRefusal refusal = parse_request_line(request, head_take_line(&head));
    if (!refusal.status)
        refusal = head_parse_fields(head, request->headers, header_max, &request->header_count);
    if (!refusal.status)
        refusal = check_host(request);
    if (!refusal.status)
        refusal = parse_framing(request);
    if (!refusal.status)
        refusal = parse_expectation(request);
    if (!refusal.status)
        parse_connection(request);
    return refusal;
}

HttpRequest *http_request_parse(Str head, size_t line_count, HttpRefusal *ret_refusal)
{
    size_t header_max = line_count - 1;
    if (header_max > HEADER_COUNT_MAX)
        header_max = HEADER_COUNT_MAX;
    size_t struct_size = sizeof(HttpRequest) + header_max * sizeof(HttpHeader);
    HttpRequest *request = mem_alloc(struct_size + head.len);
    *request = (HttpRequest){.header_count = 0};
    refcount_init(&request->refs);
    char *text = (char *)request + struct_size;
    memcpy(text, head.ptr, head.len);
    *ret_refusal = parse_head(request, str_from(text, head.len), header_max);
    if (!ret_refusal->status)
        return request;
    http_request_unref(request);
    return NULL;
}

void http_request_set_body(HttpRequest *request, Buf *body)
{
    free(request->body_memory);
    size_t len;
    request->body_memory = buf_take(body, &len);
    request->body = str_from(request->body_memory, len);
}

HttpRequest *http_request_ref(HttpRequest *request)
{
    refcount_inc(&request->refs);
    return request;
}

void http_request_unref(HttpRequest *request)
{
    if (!request || !refcount_dec(&request->refs))
        return;
    memory_share_done(&request->body_share);
    free(request->body_memory);
    free(request);
}

Str http_request_header(const HttpRequest *request, Str name)
{
    const HttpHeader *header = http_header_find(request->headers, request->header_count, name);
    return header ? header->value : STR_NULL;
}

static int hex_digit(char c)
{
    if (is_digit(c))
        return c - '0';
    c = ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that %xx stands for; -1 when the escape is broken or means NUL. */
static int unescape(Str text, size_t at)
{
    if (text.len - at < 3)
        return -1;
    int high = hex_digit(text.ptr[at + 1]);
    int low = hex_digit(text.ptr[at + 2]);
    int byte = high * 16 + low;
    return high < 0 || low < 0 || byte == 0 ? -1 : byte;
}

bool http_percent_decode(Arena *arena, Str text, bool plus_is_blank, Str *ret_text)
{
    char *out = arena_alloc(arena, text.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '%') {
            int byte = unescape(text, i);
            if (byte < 0)
                return false;
            c = (char)byte;
            i += 2;
        } else if (c == '+' && plus_is_blank) {
            c = ' ';
        }
        out[len++] = c;
    }
    out[len] = 0;
    *ret_text = str_from(out, len);
    return true;
}

bool http_query_param(Arena *arena, Str query, Str name, Str *ret_value)
{
    for (Str pair; str_split(&query, '&', &pair);) {
        size_t equals = str_find_byte(pair, '=');
        Str key;
        if (!http_percent_decode(arena, str_from(pair.ptr, equals), true, &key) ||
            !str_equal(key, name))
            continue;
        Str value =
            equals < pair.len ? str_from(pair.ptr + equals + 1, pair.len - equals - 1) : STR_NULL;
        return http_percent_decode(arena, value, true, ret_value);
    }
    return false;
}
