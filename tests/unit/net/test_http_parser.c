/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http_parser.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define HOST "Host: h\r\n"

typedef struct Outcome {
    HttpRequest *request; /* NULL when refused or incomplete */
    int status;           /* of the refusal */
    size_t used;
} Outcome;

static const HttpLimits limits = {.head_max = 2000, .request_line_max = 500, .body_max = 1000};

/* Feeds the text in pieces of at most `piece` bytes, the first one of `first` bytes. */
static Outcome parse(Str text, size_t first, size_t piece)
{
    HttpParser parser;
    Outcome outcome = {0};
    HttpProgress progress = HTTP_PARSE_MORE;
    http_parser_init(&parser, &limits);
    while ((progress == HTTP_PARSE_MORE || progress == HTTP_PARSE_HEAD) &&
           outcome.used < text.len) {
        size_t size = outcome.used < first ? first - outcome.used : piece;
        if (size > text.len - outcome.used)
            size = text.len - outcome.used;
        size_t used;
        progress = http_parser_feed(&parser, str_from(text.ptr + outcome.used, size), &used);
        assert_true(used <= size && (progress != HTTP_PARSE_MORE || used == size));
        outcome.used += used;
    }
    if (progress == HTTP_PARSE_DONE)
        outcome.request = http_parser_take(&parser);
    if (progress == HTTP_PARSE_BAD)
        outcome.status = parser.refusal.status;
    http_parser_done(&parser);
    return outcome;
}

static void assert_same(const Outcome *a, const Outcome *b)
{
    assert_int_equal(a->status, b->status);
    assert_int_equal(!a->request, !b->request);
    if (!a->request)
        return;
    assert_int_equal(a->used, b->used);
    assert_true(str_equal(a->request->method_name, b->request->method_name));
    assert_true(str_equal(a->request->path, b->request->path));
    assert_true(str_equal(a->request->query, b->request->query));
    assert_true(str_equal(a->request->body, b->request->body));
    assert_int_equal(a->request->keep_alive, b->request->keep_alive);
    assert_int_equal(a->request->header_count, b->request->header_count);
    for (size_t i = 0; i < a->request->header_count; i++) {
        assert_true(str_equal(a->request->headers[i].name, b->request->headers[i].name));
        assert_true(str_equal(a->request->headers[i].value, b->request->headers[i].value));
    }
}

/* The outcome in one piece; checks that every way to split gives the same. */
static Outcome parse_all_ways(Str text)
{
    Outcome whole = parse(text, text.len, text.len);
    for (size_t first = 0; first <= text.len; first++) {
        Outcome split = parse(text, first, text.len);
        assert_same(&whole, &split);
        http_request_unref(split.request);
    }
    Outcome bytewise = parse(text, 0, 1);
    assert_same(&whole, &bytewise);
    http_request_unref(bytewise.request);
    return whole;
}

static HttpRequest *accepted(const char *text)
{
    Outcome outcome = parse_all_ways(str_from_c(text));
    assert_non_null(outcome.request);
    return outcome.request;
}

static void a_request_is_taken_apart(void **state)
{
    (void)state;
    CLEANUP(http_request_unref)
    HttpRequest *request =
        accepted("GET /v1/api/sql?a=1&b=%20x+y HTTP/1.1\r\n"
                 "Host: db.example\r\nX-Empty:\r\nAccept:  text/html \t\r\n\r\n");
    assert_int_equal(request->method, HTTP_GET);
    assert_true(str_equal(request->path, STR("/v1/api/sql")));
    assert_true(str_equal(request->query, STR("a=1&b=%20x+y")));
    assert_int_equal(request->header_count, 3);
    assert_true(str_equal(http_request_header(request, STR("HOST")), STR("db.example")));
    assert_true(str_equal(http_request_header(request, STR("accept")), STR("text/html")));
    assert_int_equal(http_request_header(request, STR("x-empty")).len, 0);
    assert_int_equal(http_request_header(request, STR("absent")).len, 0);
    assert_true(request->keep_alive);
    assert_int_equal(request->body.len, 0);
}

static void a_body_comes_by_length_or_in_chunks(void **state)
{
    (void)state;
    CLEANUP(http_request_unref)
    HttpRequest *counted =
        accepted("POST / HTTP/1.1\r\n" HOST "Content-Length: 11\r\n\r\nhello world");
    assert_true(str_equal(counted->body, STR("hello world")));
    CLEANUP(http_request_unref)
    HttpRequest *chunked =
        accepted("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: Chunked\r\n\r\n"
                 "5\r\nhello\r\n1;ext=\"v\"\r\n \r\n0005\r\nworld\r\n0\r\nTrailer: x\r\n\r\n");
    assert_true(str_equal(chunked->body, STR("hello world")));
    CLEANUP(http_request_unref)
    HttpRequest *empty =
        accepted("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    assert_int_equal(empty->body.len, 0);
}

static void bytes_of_the_next_request_are_left(void **state)
{
    (void)state;
    Str first = STR("POST /a HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc");
    CLEANUP(buf_done) Buf both = {0};
    buf_str_append(&both, first);
    BUF_LIT(&both, "GET /b HTTP/1.1\r\n" HOST "\r\n");
    Outcome outcome = parse_all_ways(buf_str(&both));
    assert_int_equal(outcome.used, first.len);
    http_request_unref(outcome.request);
}

static void one_empty_line_before_a_request_is_ignored(void **state)
{
    (void)state;
    CLEANUP(http_request_unref)
    HttpRequest *request = accepted("\r\nGET / HTTP/1.1\r\n" HOST "\r\n");
    assert_true(str_equal(request->path, STR("/")));
}

static void keep_alive_follows_version_and_header(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool keep_alive;
    } cases[] = {
        {"GET / HTTP/1.1\r\n" HOST "\r\n", true},
        {"GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", false},
        {"GET / HTTP/1.1\r\n" HOST "Connection: Upgrade, CLOSE\r\n\r\n", false},
        {"GET / HTTP/1.0\r\n\r\n", false},
        {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CLEANUP(http_request_unref) HttpRequest *request = accepted(cases[i].text);
        assert_int_equal(request->keep_alive, cases[i].keep_alive);
    }
}

static void the_target_may_be_absolute_or_an_asterisk(void **state)
{
    (void)state;
    static const struct {
        const char *target;
        const char *path;
    } cases[] = {
        {"GET http://h/a/b?x", "/a/b"},
        {"GET HTTPS://h:1", "/"},
        {"OPTIONS *", "*"},
        {"PROPFIND /x", "/x"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CLEANUP(buf_done) Buf text = {0};
        buf_printf(&text, "%s HTTP/1.1\r\n" HOST "\r\n", cases[i].target);
        buf_byte(&text, 0);
        CLEANUP(http_request_unref) HttpRequest *request = accepted(text.ptr);
        assert_true(str_equal(request->path, str_from_c(cases[i].path)));
    }
}

static void what_is_malformed_is_refused_with_its_status(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int status;
    } cases[] = {
        {"\n", 400},
        {"\r\n\r\n", 400},
        {"GET / HTTP/1.1\nHost: h\n\n", 400},
        {"GET / HTTP/1.1\r\nHost: h\n\r\n", 400},
        {"GET /\r\n\r\n", 400},
        {"GET  / HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET / HTTP/1.1 \r\n" HOST "\r\n", 400},
        {" GET / HTTP/1.1\r\n" HOST "\r\n", 400},
        {"G(T / HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET /a\x01 HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET /a\xc3\xa4 HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET /a#b HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET * HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET a HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET / http/1.1\r\n" HOST "\r\n", 400},
        {"GET / HTTP/1.10\r\n" HOST "\r\n", 400},
        {"GET / HTTP/2.0\r\n" HOST "\r\n", 505},
        {"GET / HTTP/1.1\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n" HOST HOST "\r\n", 400},
        {"GET / HTTP/1.1\r\nHost : h\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n" HOST "A: b\r\n folded\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n" HOST "no colon\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n" HOST ": nameless\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n" HOST "A: b\rc\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n" HOST "A: b\x7f\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx", 400},
        {"GET / HTTP/1.1\r\n" HOST "Content-Length: 1, 1\r\n\r\nx", 400},
        {"GET / HTTP/1.1\r\n" HOST "Content-Length: +1\r\n\r\nx", 400},
        {"GET / HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\nx", 400},
        {"GET / HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\nx", 400},
        {"GET / HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999\r\n\r\nx", 400},
        {"GET / HTTP/1.1\r\n" HOST "Content-Length: 1001\r\n\r\nx", 413},
        {"GET / HTTP/1.1\r\n" HOST "Content-Length: 18446744073709551615\r\n\r\nx", 413},
        {"GET / HTTP/1.1\r\n" HOST
         "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         400},
        {"GET / HTTP/1.1\r\n" HOST
         "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         400},
        {"GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip\r\n\r\n0\r\n\r\n", 501},
        {"GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501},
        {"GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n" HOST "Expect: wonders\r\n\r\n", 417},
        {"GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nx\r\n", 400},
        {"GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n1\nx\r\n", 400},
        {"GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n", 400},
        {"GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n-1\r\nx\r\n", 400},
        {"GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\n", 400},
        {"GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n1234567890abcdef0\r\n", 400},
        {"GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n3e9\r\nx", 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        Outcome outcome = parse_all_ways(str_from_c(cases[i].text));
        if (outcome.request || outcome.status != cases[i].status)
            fail_msg("case %zu: status %d instead of %d", i, outcome.status, cases[i].status);
    }
}

static int status_of(Buf *text)
{
    Outcome outcome = parse_all_ways(buf_str(text));
    http_request_unref(outcome.request);
    return outcome.request ? 200 : outcome.status;
}

static void fill(Buf *text, char byte, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buf_byte(text, byte);
}

static void limits_hold_to_the_byte(void **state)
{
    (void)state;
    static const struct {
        size_t target_len; /* "GET " + target + " HTTP/1.1\r\n" */
        int status;
    } lines[] = {{485, 200}, {486, 414}, {2500, 414}};
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        CLEANUP(buf_done) Buf text = {0};
        BUF_LIT(&text, "GET ");
        fill(&text, '/', lines[i].target_len);
        BUF_LIT(&text, " HTTP/1.1\r\n" HOST "\r\n");
        assert_int_equal(status_of(&text), lines[i].status);
    }
    static const struct {
        size_t padding;
        int status;
    } heads[] = {{2000 - 16 - 9 - 3 - 4, 200}, {2000 - 16 - 9 - 3 - 3, 431}, {5000, 431}};
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        CLEANUP(buf_done) Buf text = {0};
        BUF_LIT(&text, "GET / HTTP/1.1\r\n" HOST "A: ");
        fill(&text, 'x', heads[i].padding);
        BUF_LIT(&text, "\r\n\r\n");
        assert_int_equal(status_of(&text), heads[i].status);
    }
}

static void too_many_headers_are_refused(void **state)
{
    (void)state;
    static const struct {
        int count;
        int status;
    } cases[] = {{128, 200}, {129, 431}};
    for (size_t i = 0; i < 2; i++) {
        CLEANUP(buf_done) Buf text = {0};
        BUF_LIT(&text, "GET / HTTP/1.1\r\n" HOST);
        for (int n = 1; n < cases[i].count; n++)
            BUF_LIT(&text, "a:b\r\n");
        BUF_LIT(&text, "\r\n");
        assert_int_equal(status_of(&text), cases[i].status);
    }
}

static void a_chunked_body_is_bounded(void **state)
{
    (void)state;
    for (int extra = 0; extra < 2; extra++) {
        CLEANUP(buf_done) Buf text = {0};
        BUF_LIT(&text, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n");
        for (int i = 0; i < 2; i++) {
            BUF_LIT(&text, "1f4\r\n");
            fill(&text, 'x', 500);
            BUF_LIT(&text, "\r\n");
        }
        if (extra)
            BUF_LIT(&text, "1\r\nx\r\n");
        BUF_LIT(&text, "0\r\n\r\n");
        assert_int_equal(status_of(&text), extra ? 413 : 200);
    }
}

static void a_request_outlives_its_parser(void **state)
{
    (void)state;
    HttpRequest *request = accepted("GET /kept HTTP/1.1\r\n" HOST "\r\n");
    HttpRequest *second = http_request_ref(request);
    http_request_unref(request);
    assert_true(str_equal(second->path, STR("/kept")));
    http_request_unref(second);
}

static void escapes_are_resolved(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *decoded; /* NULL = refused */
    } cases[] = {{"a%20b+c", "a b c"},
                 {"%C3%a4", "\xc3\xa4"},
                 {"", ""},
                 {"%2", NULL},
                 {"%zz", NULL},
                 {"%00", NULL},
                 {"%", NULL}};
    CLEANUP(arena_done) Arena arena = {0};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        Str decoded = STR_NULL;
        bool done = http_percent_decode(&arena, str_from_c(cases[i].text), true, &decoded);
        assert_int_equal(done, cases[i].decoded != NULL);
        if (done)
            assert_true(str_equal(decoded, str_from_c(cases[i].decoded)));
    }
    Str kept;
    assert_true(http_percent_decode(&arena, STR("a+b"), false, &kept));
    assert_true(str_equal(kept, STR("a+b")));
}

static void query_parameters_are_found_by_name(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    Str query = STR("compress=false&flag&na%6de=a%26b&bad=%");
    Str value;
    assert_true(http_query_param(&arena, query, STR("compress"), &value));
    assert_true(str_equal(value, STR("false")));
    assert_true(http_query_param(&arena, query, STR("flag"), &value));
    assert_int_equal(value.len, 0);
    assert_true(http_query_param(&arena, query, STR("name"), &value));
    assert_true(str_equal(value, STR("a&b")));
    assert_false(http_query_param(&arena, query, STR("bad"), &value));
    assert_false(http_query_param(&arena, query, STR("absent"), &value));
    assert_false(http_query_param(&arena, STR_NULL, STR("absent"), &value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_taken_apart),
        cmocka_unit_test(a_body_comes_by_length_or_in_chunks),
        cmocka_unit_test(bytes_of_the_next_request_are_left),
        cmocka_unit_test(one_empty_line_before_a_request_is_ignored),
        cmocka_unit_test(keep_alive_follows_version_and_header),
        cmocka_unit_test(the_target_may_be_absolute_or_an_asterisk),
        cmocka_unit_test(what_is_malformed_is_refused_with_its_status),
        cmocka_unit_test(limits_hold_to_the_byte),
        cmocka_unit_test(too_many_headers_are_refused),
        cmocka_unit_test(a_chunked_body_is_bounded),
        cmocka_unit_test(a_request_outlives_its_parser),
        cmocka_unit_test(escapes_are_resolved),
        cmocka_unit_test(query_parameters_are_found_by_name),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("net/http_parser", tests, NULL, NULL);
}
