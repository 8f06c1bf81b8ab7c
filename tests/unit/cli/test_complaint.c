/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/complaint.h"

#include "cli/terminal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_place(const char *sql, size_t position, size_t width, const char *expected)
{
    CLEANUP(buf_done) Buf out = {0};
    Complaint complaint = {STR("E"), STR("m"), STR_NULL, STR_NULL, position};
    complaint_write(&complaint, str_from_c(sql), 1, &(Style){.width = width}, &out);
    buf_byte(&out, '\0');
    assert_true(str_starts_with(str_from_c(out.ptr), STR("ERROR E: m\n")));
    assert_string_equal(out.ptr + strlen("ERROR E: m\n"), expected);
}

static void the_caret_stands_under_the_offending_character(void **state)
{
    (void)state;
    assert_place("SELECT nme", 8, 0, "LINE 1: SELECT nme\n               ^\n");
    assert_place("x", 1, 0, "LINE 1: x\n        ^\n");
    assert_place("SELECT 1\nFROM t,\nWHERE", 17, 0, "LINE 2: FROM t,\n               ^\n");
}

static void tabs_and_wide_characters_move_it_as_far_as_they_are_wide(void **state)
{
    (void)state;
    assert_place("\tSELECT\tx", 9, 0, "LINE 1:  SELECT x\n                ^\n");
    assert_place("SELECT '漢字', x", 14, 0, "LINE 1: SELECT '漢字', x\n                       ^\n");
    assert_place(
        "SELECT 'größe', x", 17, 0, "LINE 1: SELECT 'größe', x\n                        ^\n");
}

static void just_behind_the_end_is_a_place_and_further_is_none(void **state)
{
    (void)state;
    assert_place("SELECT", 7, 0, "LINE 1: SELECT\n              ^\n");
    assert_place("SELECT", 8, 0, "");
    assert_place("SELECT", 0, 0, "");
}

static void a_long_line_is_cut_around_the_caret(void **state)
{
    (void)state;
    assert_place("SELECT aaaaaaaaaa, bbbbbbbbbb, cccccccccc, dddddddddd, eeeeeeeeee",
                 44,
                 40,
                 "LINE 1: …b, cccccccccc, dddddddddd, eee…\n"
                 "                        ^\n");
}

static void code_message_and_hint_come_from_the_server(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(buf_done) Buf out = {0};
    const Json *error;
    assert_int_equal(json_parse(&ctx,
                                STR("{\"code\":\"INVALID_SQL\",\"message\":\"no\\u001b[1m\","
                                    "\"details\":\"more\",\"hint\":\"try\",\"position\":-1}"),
                                &error),
                     STATUS_OK);
    Complaint complaint = complaint_from_json(error);
    complaint_write(&complaint, STR("SELECT"), 1, &(Style){0}, &out);
    buf_byte(&out, '\0');
    assert_string_equal(out.ptr, "ERROR INVALID_SQL: no\\x1b[1m\nDETAIL: more\nHINT: try\n");
}

static void our_own_failures_have_codes_too(void **state)
{
    (void)state;
    Context ctx = {.error = STATUS_IO_ERROR, .message = STR("gone")};
    Complaint complaint = complaint_from_context(&ctx);
    assert_true(str_equal(complaint.code, STR("CONNECTION_FAILED")));
    assert_true(str_equal(complaint.message, STR("gone")));
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
        cmocka_unit_test(the_caret_stands_under_the_offending_character),
        cmocka_unit_test(tabs_and_wide_characters_move_it_as_far_as_they_are_wide),
        cmocka_unit_test(just_behind_the_end_is_a_place_and_further_is_none),
        cmocka_unit_test(a_long_line_is_cut_around_the_caret),
        cmocka_unit_test(code_message_and_hint_come_from_the_server),
        cmocka_unit_test(our_own_failures_have_codes_too),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("cli/complaint", tests, set_locale, NULL);
}
