/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const Str ORIGINS[] = {STR_INIT("https://app.example"), STR_INIT("http://localhost:3000")};

static const CorsSettings any = {
    .allowed_methods = STR_INIT("GET, POST"),
    .allowed_headers = STR_INIT("Authorization"),
    .allow_credentials = true,
    .max_age = STR_INIT("3600"),
};
static const CorsSettings some = {
    .allowed_origins = {ORIGINS, 2},
    .allowed_methods = STR_INIT("GET, POST"),
    .allowed_headers = STR_INIT("Authorization"),
    .exposed_headers = STR_INIT("X-Request-ID"),
    .allow_private_network = true,
    .max_age = STR_INIT("60"),
};

static HttpRequest *parse(const char *text)
{
    size_t lines = 0;
    for (const char *at = text; (at = strstr(at, "\r\n")); at += 2)
        lines++;
    HttpRefusal refusal;
    HttpRequest *request = http_request_parse(str_from_c(text), lines - 1, &refusal);
    assert_non_null(request);
    return request;
}

static Str find(const HttpHeader *headers, size_t count, const char *name)
{
    const HttpHeader *header = http_header_find(headers, count, str_from_c(name));
    return header ? header->value : STR_NULL;
}

static void an_origin_matches_exactly_or_all_are_allowed(void **state)
{
    (void)state;
    const Str star[] = {STR_INIT("https://x"), STR_INIT("*")};
    const CorsSettings starred = {.allowed_origins = {star, 2}};
    assert_true(cors_allows(&any, STR("https://anything")));
    assert_true(cors_allows(&starred, STR("https://anything")));
    assert_false(cors_is_restricted(&starred));
    assert_true(cors_is_restricted(&some));
    assert_true(cors_allows(&some, STR("https://app.example")));
    assert_false(cors_allows(&some, STR("https://app.example.evil")));
    assert_false(cors_allows(&some, STR("http://app.example")));
    assert_false(cors_allows(&some, STR("null")));
}

static void a_request_without_origin_gets_no_headers(void **state)
{
    (void)state;
    HttpHeader headers[CORS_HEADERS_MAX];
    HttpRequest *request = parse("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_int_equal(cors_headers(&any, request, headers), 0);
    http_request_unref(request);
}

static void an_allowed_origin_is_echoed(void **state)
{
    (void)state;
    HttpHeader headers[CORS_HEADERS_MAX];
    HttpRequest *request =
        parse("GET / HTTP/1.1\r\nHost: h\r\nOrigin: https://app.example\r\n\r\n");
    size_t count = cors_headers(&some, request, headers);
    assert_true(str_equal(find(headers, count, "access-control-allow-origin"), ORIGINS[0]));
    assert_true(
        str_equal(find(headers, count, "access-control-expose-headers"), STR("X-Request-ID")));
    assert_true(str_equal(find(headers, count, "vary"), STR("Origin")));
    assert_null(find(headers, count, "access-control-allow-credentials").ptr);
    http_request_unref(request);
}

static void another_origin_is_told_nothing(void **state)
{
    (void)state;
    HttpHeader headers[CORS_HEADERS_MAX];
    HttpRequest *request = parse("GET / HTTP/1.1\r\nHost: h\r\nOrigin: https://evil\r\n\r\n");
    size_t count = cors_headers(&some, request, headers);
    assert_int_equal(count, 1);
    assert_null(find(headers, count, "access-control-allow-origin").ptr);
    http_request_unref(request);
}

static void a_preflight_is_told_what_is_allowed(void **state)
{
    (void)state;
    HttpHeader headers[CORS_HEADERS_MAX];
    HttpRequest *request = parse("OPTIONS /v1/api/sql HTTP/1.1\r\nHost: h\r\n"
                                 "Origin: https://app.example\r\n"
                                 "Access-Control-Request-Method: POST\r\n"
                                 "Access-Control-Request-Private-Network: true\r\n\r\n");
    assert_true(cors_is_preflight(request));
    size_t count = cors_headers(&some, request, headers);
    assert_true(str_equal(find(headers, count, "access-control-allow-methods"), STR("GET, POST")));
    assert_true(
        str_equal(find(headers, count, "access-control-allow-headers"), STR("Authorization")));
    assert_true(str_equal(find(headers, count, "access-control-max-age"), STR("60")));
    assert_true(
        str_equal(find(headers, count, "access-control-allow-private-network"), STR("true")));
    http_request_unref(request);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_origin_matches_exactly_or_all_are_allowed),
        cmocka_unit_test(a_request_without_origin_gets_no_headers),
        cmocka_unit_test(an_allowed_origin_is_echoed),
        cmocka_unit_test(another_origin_is_told_nothing),
        cmocka_unit_test(a_preflight_is_told_what_is_allowed),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("cors", tests, NULL, NULL);
}
