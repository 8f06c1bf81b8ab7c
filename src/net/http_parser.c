/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http_parser.h"

#include <assert.h>

enum {
    HEAD_MAX_DEFAULT = 16 * 1024,
    REQUEST_LINE_MAX_DEFAULT = 8 * 1024,
    BODY_MAX_DEFAULT = 10 * 1024 * 1024,
};

static size_t or_default(size_t value, size_t fallback)
{
    return value ? value : fallback;
}

void http_parser_init(HttpParser *parser, const HttpLimits *limits)
{
    *parser = (HttpParser){
        .body_max = or_default(limits->body_max, BODY_MAX_DEFAULT),
        .scanner = {.first_line_max =
                        or_default(limits->request_line_max, REQUEST_LINE_MAX_DEFAULT),
                    .head_max = or_default(limits->head_max, HEAD_MAX_DEFAULT)},
    };
}

void http_parser_done(HttpParser *parser)
{
    http_request_unref(parser->request);
    parser->request = NULL;
    buf_done(&parser->head);
    buf_done(&parser->body);
}

bool http_parser_is_empty(const HttpParser *parser)
{
    return !parser->request && parser->scanner.scanned == parser->scanner.skipped;
}

HttpRequest *http_parser_take(HttpParser *parser)
{
    assert(parser->request);
    if (parser->body.len > 0)
        http_request_set_body(parser->request, &parser->body);
    return TAKE(parser->request);
}

static HttpProgress refuse(HttpParser *parser, int status, const char *reason)
{
    parser->refusal = (HttpRefusal){status, reason};
    return HTTP_PARSE_BAD;
}

static HttpProgress refuse_body(HttpParser *parser, uint64_t size)
{
    parser->body_size = size;
    return refuse(parser, 413, "Payload Too Large");
}

static HttpProgress take_head(HttpParser *parser, Str head)
{
    HttpRefusal refusal;
    parser->request = http_request_parse(head, parser->scanner.line_count, &refusal);
    buf_done(&parser->head);
    if (!parser->request)
        return refuse(parser, refusal.status, refusal.reason);
    parser->body_left = parser->request->framing.length;
    bool has_body = parser->request->framing.chunked || parser->body_left > 0;
    return has_body ? HTTP_PARSE_HEAD : HTTP_PARSE_DONE;
}

/* Scans in place when the head started in this input, else in what was collected. */
static HttpProgress feed_head(HttpParser *parser, Str input, size_t *ret_used)
{
    size_t collected = parser->head.len;
    if (collected > 0)
        buf_str_append(&parser->head, input);
    Str bytes = collected > 0 ? buf_str(&parser->head) : input;
    HttpRefusal refusal;
    size_t head_len = head_scan(&parser->scanner, bytes, &refusal);
    *ret_used = input.len;
    if (refusal.status)
        return refuse(parser, refusal.status, refusal.reason);
    if (head_len == 0) {
        if (collected == 0)
            buf_str_append(&parser->head, input);
        return HTTP_PARSE_MORE;
    }
    *ret_used = head_len - collected;
    size_t skipped = parser->scanner.skipped;
    return take_head(parser, str_from(bytes.ptr + skipped, head_len - skipped));
}

static HttpProgress feed_plain_body(HttpParser *parser, Str input, size_t *ret_used)
{
    size_t size = parser->body_left < input.len ? (size_t)parser->body_left : input.len;
    buf_append(&parser->body, input.ptr, size);
    memory_share_set(&parser->request->body_share, parser->body.capacity);
    parser->body_left -= size;
    *ret_used = size;
    return parser->body_left == 0 ? HTTP_PARSE_DONE : HTTP_PARSE_MORE;
}

static HttpProgress feed_chunked_body(HttpParser *parser, Str input, size_t *ret_used)
{
    size_t used = 0;
    for (;;) {
        Str data = STR_NULL;
        size_t step;
        ChunkedProgress progress = chunked_decode(
            &parser->chunked, str_from(input.ptr + used, input.len - used), &step, &data);
        used += step;
        *ret_used = used;
        if (progress == CHUNKED_MORE)
            return HTTP_PARSE_MORE;
        if (progress == CHUNKED_DONE)
            return HTTP_PARSE_DONE;
        if (progress == CHUNKED_BAD)
            return refuse(parser, 400, "malformed chunk");
        if (data.len > parser->body_max - parser->body.len)
            return refuse_body(parser, parser->body.len + data.len);
        buf_str_append(&parser->body, data);
        memory_share_set(&parser->request->body_share, parser->body.capacity);
    }
}

static HttpProgress feed_body(HttpParser *parser, Str input, size_t *ret_used)
{
    *ret_used = 0;
    if (parser->body_left > parser->body_max - parser->body.len)
        return refuse_body(parser, parser->body_left);
    return parser->request->framing.chunked ? feed_chunked_body(parser, input, ret_used)
                                            : feed_plain_body(parser, input, ret_used);
}

HttpProgress http_parser_feed(HttpParser *parser, Str input, size_t *ret_used)
{
    return parser->request ? feed_body(parser, input, ret_used)
                           : feed_head(parser, input, ret_used);
}
