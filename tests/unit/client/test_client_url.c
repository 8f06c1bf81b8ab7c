/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void accept(const char *text, const char *host, uint16_t port, bool tls)
{
    CLEANUP(context_done) Context ctx = {0};
    ClientUrl url;
    assert_int_equal(client_url_parse(&ctx, str_from_c(text), &url), STATUS_OK);
    assert_true(str_equal(url.host, str_from_c(host)));
    assert_int_equal(url.port, port);
    assert_int_equal(url.tls, tls);
}

static void addresses_are_taken_apart(void **state)
{
    (void)state;
    accept("http://db.example.org:9000", "db.example.org", 9000, false);
    accept("HTTP://localhost", "localhost", CLIENT_PORT_DEFAULT, false);
    accept("https://db.example.org/", "db.example.org", CLIENT_PORT_TLS, true);
    accept("127.0.0.1:8081", "127.0.0.1", 8081, false);
    accept("localhost", "localhost", CLIENT_PORT_DEFAULT, false);
    accept("http://[::1]:8080", "::1", 8080, false);
    accept("[fe80::1]", "fe80::1", CLIENT_PORT_DEFAULT, false);
}

static void what_is_no_address_is_refused_by_name(void **state)
{
    (void)state;
    static const char *const BAD[] = {
        "",
        "http://",
        "http://:80",
        "ftp://host",
        "http://host:0",
        "host:65536",
        "http://host:80/ui",
        "http://a b:80",
        "http://host:x",
        "[::1",
        "host/path",
        "http://u:p@host",
        "http://h\r\nX:",
        "http://[::1]80",
    };
    for (size_t i = 0; i < sizeof(BAD) / sizeof(*BAD); i++) {
        CLEANUP(context_done) Context ctx = {0};
        ClientUrl url;
        assert_int_equal(client_url_parse(&ctx, str_from_c(BAD[i]), &url), STATUS_INVALID_INPUT);
        assert_true(ctx.message.len > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_taken_apart),
        cmocka_unit_test(what_is_no_address_is_refused_by_name),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("client/client_url", tests, NULL, NULL);
}
