/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests and responses: whole input against split input.
 *
 * The first byte says how long the pieces are.  Whatever comes out must not
 * depend on it, and every Str must lie inside memory the sanitizers know.
 */
#include "net/http_client.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const HttpLimits limits = {.head_max = 1024, .request_line_max = 256, .body_max = 2048};

typedef struct Outcome {
    HttpProgress progress;
    int status;
    size_t used;
    HttpRequest *request;
} Outcome;

/* A piece in a heap block of its own, so that a read past its end is seen. */
static char *copy_piece(Str text, size_t at, size_t piece, size_t *ret_size)
{
    *ret_size = text.len - at < piece ? text.len - at : piece;
    char *copy = malloc(*ret_size ? *ret_size : 1);
    memcpy(copy, text.ptr + at, *ret_size);
    return copy;
}

static Outcome parse_request(Str text, size_t piece)
{
    Outcome outcome = {.progress = HTTP_PARSE_MORE};
    HttpParser parser;
    http_parser_init(&parser, &limits);
    while (outcome.progress <= HTTP_PARSE_HEAD && outcome.used < text.len) {
        size_t size;
        size_t used;
        char *copy = copy_piece(text, outcome.used, piece, &size);
        outcome.progress = http_parser_feed(&parser, str_from(copy, size), &used);
        assert(used <= size && (outcome.progress != HTTP_PARSE_MORE || used == size));
        outcome.used += used;
        free(copy);
    }
    outcome.status = parser.refusal.status;
    if (outcome.progress == HTTP_PARSE_DONE)
        outcome.request = http_parser_take(&parser);
    http_parser_done(&parser);
    return outcome;
}

static void compare_requests(const HttpRequest *a, const HttpRequest *b)
{
    assert(str_equal(a->method_name, b->method_name));
    assert(str_equal(a->target, b->target) && str_equal(a->path, b->path));
    assert(str_equal(a->query, b->query) && str_equal(a->body, b->body));
    assert(a->keep_alive == b->keep_alive && a->header_count == b->header_count);
    for (size_t i = 0; i < a->header_count; i++) {
        assert(http_is_token(a->headers[i].name) && http_is_field_value(a->headers[i].value));
        assert(str_equal(a->headers[i].name, b->headers[i].name));
        assert(str_equal(a->headers[i].value, b->headers[i].value));
    }
}

static void check_request(Str text, size_t piece)
{
    Outcome whole = parse_request(text, text.len);
    Outcome split = parse_request(text, piece);
    assert(whole.status == split.status && !whole.request == !split.request);
    if (whole.request) {
        CLEANUP(arena_done) Arena arena = {0};
        Str value;
        assert(whole.used == split.used);
        compare_requests(whole.request, split.request);
        (void)http_query_param(&arena, whole.request->query, STR("a"), &value);
    }
    http_request_unref(whole.request);
    http_request_unref(split.request);
}

static HttpProgress parse_response(HttpResponseParser *parser, Str text, size_t piece)
{
    static const HttpResponseOptions options = {.head_max = 1024, .body_max = 4096};
    HttpProgress progress = HTTP_PARSE_MORE;
    http_response_parser_init(parser, &options);
    for (size_t at = 0, used; progress <= HTTP_PARSE_HEAD && at < text.len; at += used) {
        size_t size;
        char *copy = copy_piece(text, at, piece, &size);
        progress = http_response_parser_feed(parser, str_from(copy, size), &used);
        assert(used <= size);
        free(copy);
    }
    return progress <= HTTP_PARSE_HEAD ? http_response_parser_end(parser) : progress;
}

static void check_response(Str text, size_t piece)
{
    CLEANUP(http_response_parser_done) HttpResponseParser whole;
    CLEANUP(http_response_parser_done) HttpResponseParser split;
    HttpProgress progress = parse_response(&whole, text, text.len);
    assert(progress == parse_response(&split, text, piece));
    if (progress == HTTP_PARSE_DONE) {
        assert(whole.status == split.status && whole.header_count == split.header_count);
        assert(str_equal(buf_str(&whole.body), buf_str(&split.body)));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    size_t piece = (size_t)(data[0] & 0x1f) + 1;
    Str text = str_from((const char *)data + 1, size - 1);
    check_request(text, piece);
    check_response(text, piece);
    return 0;
}
