/* SPDX-License-Identifier: Apache-2.0 */
#include "auth_test.h"

#define MINUTE_US INT64_C(60000000)

static void five_failures_lock_for_fifteen_minutes(void **state)
{
    (void)state;
    CLEANUP(login_guard_free) LoginGuard *guard = login_guard_new();
    int64_t now = START_US;
    for (int i = 1; i < LOGIN_FAILURES_MAX; i++) {
        login_guard_failed(guard, STR("bob"), now);
        assert_int_equal(login_guard_state(guard, STR("bob"), now).failed_attempts, i);
        assert_int_equal(login_guard_state(guard, STR("bob"), now).locked_until_us, 0);
    }
    login_guard_failed(guard, STR("bob"), now);
    int64_t until = now + LOGIN_LOCK_MINUTES * MINUTE_US;
    assert_int_equal(login_guard_state(guard, STR("bob"), now).locked_until_us, until);
    assert_int_equal(login_guard_state(guard, STR("bob"), until - 1).locked_until_us, until);
    assert_int_equal(login_guard_state(guard, STR("bob"), until).locked_until_us, 0);
    assert_int_equal(login_guard_state(guard, STR("bob"), until).failed_attempts, 0);
    assert_int_equal(login_guard_state(guard, STR("alice"), now).failed_attempts, 0);
}

static void success_forgets_failures_and_is_remembered(void **state)
{
    (void)state;
    CLEANUP(login_guard_free) LoginGuard *guard = login_guard_new();
    login_guard_failed(guard, STR("bob"), START_US);
    login_guard_failed(guard, STR("bob"), START_US);
    login_guard_succeeded(guard, STR("bob"), START_US + 5);
    LoginState bob = login_guard_state(guard, STR("bob"), START_US + 6);
    assert_int_equal(bob.failed_attempts, 0);
    assert_int_equal(bob.last_login_us, START_US + 5);
    login_guard_failed(guard, STR("bob"), START_US + 7);
    bob = login_guard_state(guard, STR("bob"), START_US + 8);
    assert_int_equal(bob.failed_attempts, 1);
    assert_int_equal(bob.last_login_us, START_US + 5);
}

static void failures_long_ago_count_no_longer(void **state)
{
    (void)state;
    CLEANUP(login_guard_free) LoginGuard *guard = login_guard_new();
    for (int i = 0; i < 20; i++)
        login_guard_failed(guard, STR("bob"), START_US + MINUTE_US * LOGIN_LOCK_MINUTES * i);
    int64_t now = START_US + MINUTE_US * LOGIN_LOCK_MINUTES * 20;
    assert_int_equal(login_guard_state(guard, STR("bob"), now).locked_until_us, 0);
}

static void a_lock_that_is_over_starts_counting_anew(void **state)
{
    (void)state;
    CLEANUP(login_guard_free) LoginGuard *guard = login_guard_new();
    for (int i = 0; i < LOGIN_FAILURES_MAX; i++)
        login_guard_failed(guard, STR("bob"), START_US);
    int64_t later = START_US + LOGIN_LOCK_MINUTES * MINUTE_US;
    login_guard_failed(guard, STR("bob"), later);
    LoginState bob = login_guard_state(guard, STR("bob"), later);
    assert_int_equal(bob.failed_attempts, 1);
    assert_int_equal(bob.locked_until_us, 0);
}

static void the_id_untouched_for_longest_gives_way(void **state)
{
    (void)state;
    CLEANUP(login_guard_free) LoginGuard *guard = login_guard_new();
    for (int i = 0; i < LOGIN_RECORDS_MAX + 3; i++) {
        char id[16];
        int len = snprintf(id, sizeof(id), "u%d", i);
        login_guard_failed(guard, str_from(id, (size_t)len), START_US + i);
    }
    int64_t now = START_US + LOGIN_RECORDS_MAX + 3;
    assert_int_equal(login_guard_state(guard, STR("u2"), now).failed_attempts, 0);
    assert_int_equal(login_guard_state(guard, STR("u3"), now).failed_attempts, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(five_failures_lock_for_fifteen_minutes),
        cmocka_unit_test(success_forgets_failures_and_is_remembered),
        cmocka_unit_test(failures_long_ago_count_no_longer),
        cmocka_unit_test(a_lock_that_is_over_starts_counting_anew),
        cmocka_unit_test(the_id_untouched_for_longest_gives_way),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("login_guard", tests, NULL, NULL);
}
