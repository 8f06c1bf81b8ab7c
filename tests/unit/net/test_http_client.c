/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

typedef struct Case {
    const char *text;
    bool closed; /* by the peer, after the text */
    bool no_body;
    int status; /* 0 = an error */
    const char *body;
    size_t left; /* bytes that belong to what comes next */
} Case;

static const Case cases[] = {
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP", false, false, 200, "hello", 4},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n",
     false,
     false,
     200,
     "hello!",
     0},
    {"HTTP/1.1 204 No Content\r\n\r\nX", false, false, 204, "", 1},
    {"HTTP/1.1 304\r\nContent-Length: 5\r\n\r\n", false, false, 304, "", 0},
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", false, true, 200, "", 0},
    {"HTTP/1.0 200 OK\r\n\r\nuntil the end", true, false, 200, "until the end", 0},
    {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 1\r\n\r\nx",
     false,
     false,
     201,
     "x",
     0},
    {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x01x",
     false,
     false,
     101,
     "",
     3},
    {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false, false, 200, "", 0},
    {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", true, false, 0, "", 0},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", true, false, 0, "", 0},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxx", false, false, 0, "", 0},
    {"HTTP/2 200 OK\r\n\r\n", false, false, 0, "", 0},
    {"HTTP/1.1 2x0 OK\r\n\r\n", false, false, 0, "", 0},
    {"HTTP/1.1 200 OK\r\nbad header\r\n\r\n", false, false, 0, "", 0},
    {"HTTP/1.1 200 OK\nA: b\n\n", false, false, 0, "", 0},
    {"SSH-2.0-OpenSSH\r\n\r\n", false, false, 0, "", 0},
    {"", true, false, 0, "", 0},
};

static HttpProgress feed_split(HttpResponseParser *parser, Str text, size_t piece, size_t *ret_used)
{
    HttpProgress progress = HTTP_PARSE_MORE;
    size_t used = 0;
    while (progress == HTTP_PARSE_MORE || progress == HTTP_PARSE_HEAD) {
        size_t left = text.len - used;
        size_t step = 0;
        Str input = str_from(text.ptr + used, piece < left ? piece : left);
        progress = http_response_parser_feed(parser, input, &step);
        used += step;
        if (used == text.len && progress == HTTP_PARSE_MORE)
            break;
    }
    *ret_used = used;
    return progress;
}

static void check(const Case *expected, size_t piece)
{
    CLEANUP(http_response_parser_done) HttpResponseParser parser;
    HttpResponseOptions options = {.no_body = expected->no_body};
    Str text = str_from_c(expected->text);
    size_t used;
    http_response_parser_init(&parser, &options);
    HttpProgress progress = feed_split(&parser, text, piece, &used);
    if (progress == HTTP_PARSE_MORE && expected->closed)
        progress = http_response_parser_end(&parser);
    if (!expected->status) {
        assert_int_equal(progress, HTTP_PARSE_BAD);
        assert_non_null(parser.error);
        return;
    }
    assert_int_equal(progress, HTTP_PARSE_DONE);
    assert_int_equal(parser.status, expected->status);
    assert_true(str_equal(buf_str(&parser.body), str_from_c(expected->body)));
    assert_int_equal(text.len - used, expected->left);
}

static void responses_are_read_however_they_are_split(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (size_t piece = 1; piece <= strlen(cases[i].text) + 1; piece++)
            check(&cases[i], piece);
    }
}

static void headers_are_found_and_keep_alive_is_known(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool keep_alive;
    } heads[] = {
        {"HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 0\r\n\r\n", true},
        {"HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", false},
        {"HTTP/1.0 200 OK\r\nX-A: 1\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n", true},
        {"HTTP/1.1 200 OK\r\nX-A: 1\r\n\r\n", false},
    };
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        CLEANUP(http_response_parser_done) HttpResponseParser parser;
        size_t used;
        http_response_parser_init(&parser, NULL);
        assert_int_equal(http_response_parser_feed(&parser, str_from_c(heads[i].text), &used),
                         HTTP_PARSE_HEAD);
        assert_true(str_equal(http_response_header(&parser, STR("x-a")), STR("1")));
        assert_int_equal(parser.keep_alive, heads[i].keep_alive);
    }
}

static void a_body_beyond_the_limit_is_an_error_unless_it_is_drained(void **state)
{
    (void)state;
    for (int drained = 0; drained < 2; drained++) {
        CLEANUP(http_response_parser_done) HttpResponseParser parser;
        HttpResponseOptions options = {.body_max = 10};
        size_t used;
        http_response_parser_init(&parser, &options);
        Str head = STR("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n");
        assert_int_equal(http_response_parser_feed(&parser, head, &used), HTTP_PARSE_HEAD);
        assert_int_equal(http_response_parser_feed(&parser, STR("0123456789"), &used),
                         HTTP_PARSE_MORE);
        if (drained)
            buf_clear(&parser.body);
        assert_int_equal(http_response_parser_feed(&parser, STR("0123456789"), &used),
                         drained ? HTTP_PARSE_DONE : HTTP_PARSE_BAD);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(responses_are_read_however_they_are_split),
        cmocka_unit_test(headers_are_found_and_keep_alive_is_known),
        cmocka_unit_test(a_body_beyond_the_limit_is_an_error_unless_it_is_drained),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("net/http_client", tests, NULL, NULL);
}
