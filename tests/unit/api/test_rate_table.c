/* SPDX-License-Identifier: Apache-2.0 */
#include "api/rate_gate.h"
#include "api/rate_table.h"

#include <stdio.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { SECOND_US = 1000000 };

static void one_second_is_worth_the_whole_rate_at_once(void **state)
{
    (void)state;
    RateGate gate = {0};
    for (int i = 0; i < 50; i++)
        assert_true(rate_gate_pass(&gate, 50, 5 * SECOND_US));
    assert_false(rate_gate_pass(&gate, 50, 5 * SECOND_US));
}

static void a_used_up_gate_opens_again_at_the_rate(void **state)
{
    (void)state;
    RateGate gate = {0};
    while (rate_gate_pass(&gate, 10, SECOND_US))
        ;
    assert_false(rate_gate_pass(&gate, 10, SECOND_US + 99000));
    assert_true(rate_gate_pass(&gate, 10, SECOND_US + 100000));
    assert_false(rate_gate_pass(&gate, 10, SECOND_US + 100000));
    for (int i = 0; i < 10; i++)
        assert_true(rate_gate_pass(&gate, 10, 10 * SECOND_US));
}

static void zero_means_no_limit(void **state)
{
    (void)state;
    RateGate gate = {0};
    RateTable *table = rate_table_new(0);
    for (int i = 0; i < 100000; i++)
        assert_true(rate_gate_pass(&gate, 0, 0) && rate_table_pass(table, STR("a"), 0));
    rate_table_free(table);
}

static void keys_do_not_share_their_rate(void **state)
{
    (void)state;
    RateTable *table = rate_table_new(2);
    assert_true(rate_table_pass(table, STR("a"), SECOND_US));
    assert_true(rate_table_pass(table, STR("a"), SECOND_US));
    assert_false(rate_table_pass(table, STR("a"), SECOND_US));
    assert_true(rate_table_pass(table, STR("b"), SECOND_US));
    rate_table_free(table);
}

static void keys_that_owe_nothing_are_forgotten(void **state)
{
    (void)state;
    RateTable *table = rate_table_new(1);
    char key[16];
    for (int i = 0; i < 10000; i++) {
        int len = snprintf(key, sizeof(key), "user%d", i);
        assert_true(rate_table_pass(table, str_from(key, (size_t)len), (int64_t)i * SECOND_US));
    }
    assert_true(rate_table_count(table) <= 1024);
    rate_table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_second_is_worth_the_whole_rate_at_once),
        cmocka_unit_test(a_used_up_gate_opens_again_at_the_rate),
        cmocka_unit_test(zero_means_no_limit),
        cmocka_unit_test(keys_do_not_share_their_rate),
        cmocka_unit_test(keys_that_owe_nothing_are_forgotten),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("rate_table", tests, NULL, NULL);
}
