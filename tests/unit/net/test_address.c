/* SPDX-License-Identifier: Apache-2.0 */
#include "net/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static Address parsed(const char *text)
{
    Address address = {0};
    assert_true(address_parse(str_from_c(text), &address));
    return address;
}

static void an_address_is_read_with_and_without_port(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *ip;
        uint16_t port;
    } cases[] = {
        {"10.1.2.3", "10.1.2.3", 0},
        {"10.1.2.3:80", "10.1.2.3", 80},
        {"::1", "::1", 0},
        {"[::1]", "::1", 0},
        {"[fd00::7]:8080", "fd00::7", 8080},
        {"::ffff:1.2.3.4", "1.2.3.4", 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[ADDRESS_TEXT_MAX];
        Address address = parsed(cases[i].text);
        assert_true(str_equal(address_format(&address, text), str_from_c(cases[i].ip)));
        assert_int_equal(address.port, cases[i].port);
    }
}

static void what_is_no_address_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "localhost",
                                        "1.2.3",
                                        "1.2.3.4.5",
                                        "1.2.3.4:x",
                                        "[::1",
                                        "[::1]x",
                                        "1.2.3.4:99999",
                                        ":80",
                                        "unknown",
                                        "[1.2.3.4]:",
                                        "::g"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        Address address;
        assert_false(address_parse(str_from_c(texts[i]), &address));
    }
}

static bool range_has(const char *range_text, const char *address_text)
{
    Context ctx = {0};
    AddressRange range;
    assert_int_equal(address_range_parse(&ctx, str_from_c(range_text), &range), STATUS_OK);
    context_done(&ctx);
    Address address = parsed(address_text);
    return address_range_contains(&range, &address);
}

static void a_range_contains_exactly_its_addresses(void **state)
{
    (void)state;
    assert_true(range_has("10.0.0.0/8", "10.255.0.1"));
    assert_false(range_has("10.0.0.0/8", "11.0.0.1"));
    assert_true(range_has("192.168.4.0/22", "192.168.7.255"));
    assert_false(range_has("192.168.4.0/22", "192.168.8.0"));
    assert_true(range_has("0.0.0.0/0", "8.8.8.8"));
    assert_false(range_has("0.0.0.0/0", "fd00::1"));
    assert_true(range_has("fd00::/8", "fdff::1"));
    assert_false(range_has("fd00::/8", "fe00::1"));
    assert_true(range_has("1.2.3.4", "1.2.3.4"));
    assert_false(range_has("1.2.3.4", "1.2.3.5"));
}

static void a_malformed_range_is_named_in_the_error(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "10.0.0.0/33", "10.0.0/8", "::/129", "1.2.3.4/", "x/8"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        Context ctx = {0};
        AddressRange range;
        assert_int_equal(address_range_parse(&ctx, str_from_c(texts[i]), &range),
                         STATUS_INVALID_INPUT);
        assert_non_null(memmem(ctx.message.ptr, ctx.message.len, texts[i], strlen(texts[i])));
        context_done(&ctx);
    }
}

static void a_client_behind_a_trusted_proxy_is_known_by_its_header(void **state)
{
    (void)state;
    static const struct {
        const char *peer;
        const char *forwarded_for;
        const char *real_ip;
        const char *client;
        bool is_local;
    } cases[] = {
        {"127.0.0.1", "", "", "127.0.0.1", true},
        {"9.9.9.9", "1.2.3.4", "", "9.9.9.9", false}, /* nobody trusts this peer */
        {"127.0.0.1", "1.2.3.4, 5.6.7.8", "", "1.2.3.4", false},
        {"10.0.0.1", " 1.2.3.4 ", "", "1.2.3.4", false},
        {"10.0.0.1", "", "4.4.4.4", "4.4.4.4", false},
        {"10.0.0.1", "unknown", "4.4.4.4", "4.4.4.4", false},
        {"127.0.0.1", "127.0.0.1", "", "127.0.0.1", false}, /* claims to be local */
        {"127.0.0.1", "::1", "localhost", "127.0.0.1", false},
        {"10.0.0.1", "", "", "10.0.0.1", false},
    };
    Context ctx = {0};
    AddressRange range;
    assert_int_equal(address_range_parse(&ctx, STR("10.0.0.0/8"), &range), STATUS_OK);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        Address peer = parsed(cases[i].peer);
        Address expected = parsed(cases[i].client);
        ClientAddress client = client_address(&peer,
                                              (AddressRanges){&range, 1},
                                              str_from_c(cases[i].forwarded_for),
                                              str_from_c(cases[i].real_ip));
        assert_true(address_same_ip(&client.address, &expected));
        assert_int_equal(client.is_local, cases[i].is_local);
    }
    context_done(&ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_read_with_and_without_port),
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(a_range_contains_exactly_its_addresses),
        cmocka_unit_test(a_malformed_range_is_named_in_the_error),
        cmocka_unit_test(a_client_behind_a_trusted_proxy_is_known_by_its_header),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("net/address", tests, NULL, NULL);
}
