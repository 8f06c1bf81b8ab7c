/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http_client.h"

#include "base/memory.h"

enum {
    HEAD_MAX_DEFAULT = 64 * 1024,
    BODY_MAX_DEFAULT = 1024 * 1024 * 1024,
};

static void start_head(HttpResponseParser *parser)
{
    buf_clear(&parser->head);
    parser->scanner = (HeadScanner){.head_max = parser->options.head_max,
                                    .first_line_max = parser->options.head_max};
}

void http_response_parser_init(HttpResponseParser *parser, const HttpResponseOptions *options)
{
    *parser = (HttpResponseParser){0};
    if (options)
        parser->options = *options;
    if (!parser->options.head_max)
        parser->options.head_max = HEAD_MAX_DEFAULT;
    if (!parser->options.body_max)
        parser->options.body_max = BODY_MAX_DEFAULT;
    parser->body.limit = parser->options.body_max;
    start_head(parser);
}

void http_response_parser_done(HttpResponseParser *parser)
{
    free(parser->headers);
    parser->headers = NULL;
    parser->header_count = 0;
    buf_done(&parser->head);
    buf_done(&parser->body);
}

Str http_response_header(const HttpResponseParser *parser, Str name)
{
    const HttpHeader *header = http_header_find(parser->headers, parser->header_count, name);
    return header ? header->value : STR_NULL;
}

static HttpProgress bad(HttpResponseParser *parser, const char *error)
{
    parser->error = error;
    return HTTP_PARSE_BAD;
}

/* HTTP/1.x SP three digits, then optionally SP and words nobody needs */
static bool parse_status_line(HttpResponseParser *parser, Str line)
{
    if (line.len < 12 || !str_starts_with(line, STR("HTTP/1.")) || line.ptr[8] != ' ')
        return false;
    uint64_t status;
    if (!str_to_uint64(str_from(line.ptr + 9, 3), &status) || status < 100)
        return false;
    if (line.len > 12 && line.ptr[12] != ' ')
        return false;
    parser->status = (int)status;
    parser->keep_alive = line.ptr[7] != '0';
    return true;
}

static void parse_connection(HttpResponseParser *parser)
{
    Str value = http_response_header(parser, STR("connection"));
    if (http_value_has_token(value, STR("close")))
        parser->keep_alive = false;
    else if (http_value_has_token(value, STR("keep-alive")))
        parser->keep_alive = true;
}

static bool has_no_body(const HttpResponseParser *parser)
{
    return parser->options.no_body || parser->status == 101 || parser->status == 204 ||
           parser->status == 304;
}

static const char *parse_head(HttpResponseParser *parser)
{
    size_t skipped = parser->scanner.skipped;
    Str head = str_from(parser->head.ptr + skipped, parser->head.len - skipped);
    if (!parse_status_line(parser, head_take_line(&head)))
        return "malformed status line";
    size_t count_max = parser->scanner.line_count - 1;
    free(parser->headers);
    parser->headers = mem_alloc((count_max + 1) * sizeof(HttpHeader));
    HttpRefusal refusal =
        head_parse_fields(head, parser->headers, count_max, &parser->header_count);
    if (refusal.status)
        return refusal.reason;
    refusal = http_framing(parser->headers, parser->header_count, &parser->framing);
    if (refusal.status)
        return refusal.reason;
    parse_connection(parser);
    parser->body_left = parser->framing.length;
    if (has_no_body(parser)) {
        parser->framing = (HttpFraming){.has_length = true};
        parser->body_left = 0;
    }
    if (!parser->framing.has_length && !parser->framing.chunked)
        parser->keep_alive = false;
    return NULL;
}

static HttpProgress feed_head(HttpResponseParser *parser, Str input, size_t *ret_used)
{
    size_t collected = parser->head.len;
    buf_str_append(&parser->head, input);
    HttpRefusal refusal;
    size_t head_len = head_scan(&parser->scanner, buf_str(&parser->head), &refusal);
    *ret_used = input.len;
    if (refusal.status)
        return bad(parser, refusal.reason);
    if (head_len == 0)
        return HTTP_PARSE_MORE;
    *ret_used = head_len - collected;
    parser->head.len = head_len;
    const char *error = parse_head(parser);
    if (error)
        return bad(parser, error);
    if (parser->status < 200 && parser->status != 101) {
        start_head(parser);
        return HTTP_PARSE_MORE;
    }
    parser->in_body = true;
    return HTTP_PARSE_HEAD;
}

static HttpProgress feed_chunked(HttpResponseParser *parser, Str input, size_t *ret_used)
{
    Str data = STR_NULL;
    switch (chunked_decode(&parser->chunked, input, ret_used, &data)) {
    case CHUNKED_DONE:
        return HTTP_PARSE_DONE;
    case CHUNKED_BAD:
        return bad(parser, "malformed chunk");
    case CHUNKED_DATA:
        buf_str_append(&parser->body, data);
        return HTTP_PARSE_MORE;
    case CHUNKED_MORE:
        break;
    }
    return HTTP_PARSE_MORE;
}

static HttpProgress feed_counted(HttpResponseParser *parser, Str input, size_t *ret_used)
{
    size_t size = parser->body_left < input.len ? (size_t)parser->body_left : input.len;
    buf_append(&parser->body, input.ptr, size);
    parser->body_left -= size;
    *ret_used = size;
    return parser->body_left == 0 ? HTTP_PARSE_DONE : HTTP_PARSE_MORE;
}

static HttpProgress feed_body(HttpResponseParser *parser, Str input, size_t *ret_used)
{
    if (parser->framing.chunked)
        return feed_chunked(parser, input, ret_used);
    if (parser->framing.has_length)
        return feed_counted(parser, input, ret_used);
    buf_str_append(&parser->body, input);
    *ret_used = input.len;
    return HTTP_PARSE_MORE;
}

/* HTTP_PARSE_MORE with input left over: an interim head or one chunk went by. */
HttpProgress http_response_parser_feed(HttpResponseParser *parser, Str input, size_t *ret_used)
{
    size_t used = 0;
    HttpProgress progress;
    do {
        size_t step;
        Str rest = str_from(input.ptr + used, input.len - used);
        progress =
            parser->in_body ? feed_body(parser, rest, &step) : feed_head(parser, rest, &step);
        used += step;
        if (parser->body.overflowed)
            progress = bad(parser, "response body exceeds the limit");
    } while (progress == HTTP_PARSE_MORE && used < input.len);
    *ret_used = used;
    return progress;
}

HttpProgress http_response_parser_end(HttpResponseParser *parser)
{
    if (parser->in_body && !parser->framing.chunked && !parser->framing.has_length)
        return HTTP_PARSE_DONE;
    return bad(parser, "connection closed before the response was complete");
}
