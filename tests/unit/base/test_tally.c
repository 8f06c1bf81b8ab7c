/* SPDX-License-Identifier: Apache-2.0 */
#include "base/tally.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void each_key_has_its_own_count(void **state)
{
    (void)state;
    CLEANUP(tally_done) Tally tally = {0};
    assert_int_equal(tally_get(&tally, STR("a")), 0);
    tally_add(&tally, STR("a"));
    tally_add(&tally, STR("a"));
    tally_add(&tally, STR_NULL);
    assert_int_equal(tally_get(&tally, STR("a")), 2);
    assert_int_equal(tally_get(&tally, STR_NULL), 1);
    assert_int_equal(tally_get(&tally, STR("b")), 0);
}

static void what_is_taken_back_leaves_nothing_behind(void **state)
{
    (void)state;
    CLEANUP(tally_done) Tally tally = {0};
    char text[] = "key";
    tally_add(&tally, str_from_c(text));
    tally_add(&tally, str_from_c(text));
    text[0] = 'x'; /* the tally has a copy */
    tally_remove(&tally, STR("key"));
    assert_int_equal(tally_get(&tally, STR("key")), 1);
    tally_remove(&tally, STR("key"));
    assert_int_equal(tally_get(&tally, STR("key")), 0);
    assert_int_equal(tally.counts.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_key_has_its_own_count),
        cmocka_unit_test(what_is_taken_back_leaves_nothing_behind),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("tally", tests, NULL, NULL);
}
