/* SPDX-License-Identifier: Apache-2.0 */
#include "api/ip_guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { SECOND_US = 1000000 };

static const IpLimits limits = {
    .requests_per_second = 5,
    .auth_attempts_per_second = 2,
    .connections_max = 2,
    .ban_seconds = 300,
};

static Address address(const char *text)
{
    Address result;
    assert_true(address_parse(str_from_c(text), &result));
    return result;
}

static void loopback_is_exempt(void **state)
{
    (void)state;
    IpGuard *guard = ip_guard_new(&limits);
    Address local = address("127.0.0.1");
    for (int i = 0; i < 1000; i++) {
        ip_guard_opened(guard, &local);
        assert_int_equal(ip_guard_request(guard, &local, &local, SECOND_US).verdict, IP_FINE);
        assert_true(ip_guard_auth_attempt(guard, &local, SECOND_US));
    }
    ip_guard_free(guard);
}

static void who_asks_too_fast_is_told_and_then_banned(void **state)
{
    (void)state;
    IpGuard *guard = ip_guard_new(&limits);
    Address peer = address("192.0.2.1");
    for (int i = 0; i < 5; i++)
        assert_int_equal(ip_guard_request(guard, &peer, &peer, SECOND_US).verdict, IP_FINE);
    for (int i = 0; i < 9; i++)
        assert_int_equal(ip_guard_request(guard, &peer, &peer, SECOND_US).verdict, IP_TOO_FAST);
    IpJudgement ban = ip_guard_request(guard, &peer, &peer, SECOND_US);
    assert_int_equal(ban.verdict, IP_BANNED);
    assert_int_equal(ban.retry_after_seconds, 300);
    ban = ip_guard_request(guard, &peer, &peer, 101 * (int64_t)SECOND_US);
    assert_int_equal(ban.verdict, IP_BANNED);
    assert_int_equal(ban.retry_after_seconds, 200);
    ban = ip_guard_request(guard, &peer, &peer, 302 * (int64_t)SECOND_US);
    assert_int_equal(ban.verdict, IP_FINE);
    ip_guard_free(guard);
}

static void a_client_behind_a_proxy_is_judged_by_its_own_address(void **state)
{
    (void)state;
    IpGuard *guard = ip_guard_new(&limits);
    Address proxy = address("127.0.0.1");
    Address client = address("192.0.2.1");
    Address other = address("192.0.2.2");
    for (int i = 0; i < 5; i++)
        assert_int_equal(ip_guard_request(guard, &proxy, &client, SECOND_US).verdict, IP_FINE);
    assert_int_equal(ip_guard_request(guard, &proxy, &client, SECOND_US).verdict, IP_TOO_FAST);
    assert_int_equal(ip_guard_request(guard, &proxy, &other, SECOND_US).verdict, IP_FINE);
    ip_guard_free(guard);
}

static void connections_are_counted_while_they_are_open(void **state)
{
    (void)state;
    IpGuard *guard = ip_guard_new(&limits);
    Address peer = address("192.0.2.1");
    for (int i = 0; i < 3; i++)
        ip_guard_opened(guard, &peer);
    IpJudgement judgement = ip_guard_request(guard, &peer, &peer, SECOND_US);
    assert_int_equal(judgement.verdict, IP_TOO_MANY_CONNECTIONS);
    assert_int_equal(judgement.connection_count, 3);
    ip_guard_closed(guard, &peer);
    assert_int_equal(ip_guard_request(guard, &peer, &peer, SECOND_US).verdict, IP_FINE);
    ip_guard_free(guard);
}

static void login_attempts_have_their_own_rate(void **state)
{
    (void)state;
    IpGuard *guard = ip_guard_new(&limits);
    Address client = address("192.0.2.1");
    assert_true(ip_guard_auth_attempt(guard, &client, SECOND_US));
    assert_true(ip_guard_auth_attempt(guard, &client, SECOND_US));
    assert_false(ip_guard_auth_attempt(guard, &client, SECOND_US));
    assert_true(ip_guard_auth_attempt(guard, &client, 2 * SECOND_US));
    ip_guard_free(guard);
}

static void a_banned_address_stays_known_when_others_are_forgotten(void **state)
{
    (void)state;
    IpGuard *guard = ip_guard_new(&limits);
    Address peer = address("192.0.2.1");
    for (int i = 0; i < 20; i++)
        (void)ip_guard_request(guard, &peer, &peer, SECOND_US);
    for (uint32_t i = 0; i < 5000; i++) {
        Address other = address("2001:db8::1");
        memcpy(other.ip + 12, &i, sizeof(i));
        (void)ip_guard_request(guard, &other, &other, 2 * SECOND_US + (int64_t)i * 1000);
    }
    assert_int_equal(ip_guard_request(guard, &peer, &peer, 10 * SECOND_US).verdict, IP_BANNED);
    ip_guard_free(guard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loopback_is_exempt),
        cmocka_unit_test(who_asks_too_fast_is_told_and_then_banned),
        cmocka_unit_test(a_client_behind_a_proxy_is_judged_by_its_own_address),
        cmocka_unit_test(connections_are_counted_while_they_are_open),
        cmocka_unit_test(login_attempts_have_their_own_rate),
        cmocka_unit_test(a_banned_address_stays_known_when_others_are_forgotten),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("ip_guard", tests, NULL, NULL);
}
