/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/display.h"

#include "cli/terminal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_clean(const char *text, const char *expected)
{
    CLEANUP(buf_done) Buf out = {0};
    display_clean(str_from_c(text), &out);
    assert_true(str_equal(buf_str(&out), str_from_c(expected)));
}

static void assert_cut(const char *text, size_t width, const char *expected)
{
    CLEANUP(buf_done) Buf out = {0};
    display_cut(str_from_c(text), width, &out);
    assert_true(str_equal(buf_str(&out), str_from_c(expected)));
    assert_true(display_width(buf_str(&out)) <= width);
}

static void width_is_what_the_terminal_shows(void **state)
{
    (void)state;
    assert_int_equal(display_width(STR("")), 0);
    assert_int_equal(display_width(STR("abc")), 3);
    assert_int_equal(display_width(STR("größe")), 5);
    assert_int_equal(display_width(STR("漢字")), 4);
    assert_int_equal(display_width(STR("🙂")), 2);
    assert_int_equal(display_width(STR("e\xcc\x81")), 1);
}

static void nothing_that_moves_the_cursor_gets_through(void **state)
{
    (void)state;
    assert_clean("a\nb\tc\rd", "a\\nb\\tc\\rd");
    assert_clean("\033[2J", "\\x1b[2J");
    assert_clean("\x7f", "\\x7f");
    assert_clean("\xc2\x9b", "\\x9b");
    assert_clean("\xe2\x80\xae", "\\u202e");
    assert_clean("ok\xff\xc3", "ok\xef\xbf\xbd\xef\xbf\xbd");
    assert_clean("漢字", "漢字");
}

static void text_is_cut_between_characters_with_an_ellipsis(void **state)
{
    (void)state;
    assert_cut("hello", 5, "hello");
    assert_cut("hello", 4, "hel…");
    assert_cut("漢字漢字", 5, "漢字…");
    assert_cut("漢字漢字", 4, "漢…");
    assert_cut("hello", 1, "…");
    assert_cut("hello", 0, "");
}

static int set_locale(void **state)
{
    (void)state;
    terminal_init();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(width_is_what_the_terminal_shows),
        cmocka_unit_test(nothing_that_moves_the_cursor_gets_through),
        cmocka_unit_test(text_is_cut_between_characters_with_an_ellipsis),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("cli/display", tests, set_locale, NULL);
}
