/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void text_compares_by_bytes(void **state)
{
    (void)state;
    assert_int_equal(str_compare(STR("a"), STR("b")), -1);
    assert_int_equal(str_compare(STR("b"), STR("a")), 1);
    assert_int_equal(str_compare(STR("a"), STR("ab")), -1);
    assert_int_equal(str_compare(STR("Z"), STR("a")), -1);
    assert_int_equal(str_compare(STR("\x7f"), STR("\xc3\xa4")), -1);
    assert_int_equal(str_compare(STR_NULL, STR("")), 0);
    assert_true(str_equal(STR_NULL, STR("")));
    assert_false(str_equal(STR("a"), STR("ab")));
}

static void case_is_ignored_in_ascii_only(void **state)
{
    (void)state;
    assert_true(str_equal_nocase(STR("Select"), STR("sELECT")));
    assert_false(str_equal_nocase(STR("\xc3\x84"), STR("\xc3\xa4")));
    assert_false(str_equal_nocase(STR("@"), STR("`")));
}

static void prefixes_and_suffixes_may_be_empty_but_not_longer(void **state)
{
    (void)state;
    assert_true(str_starts_with(STR("Bearer x"), STR("Bearer ")));
    assert_true(str_starts_with(STR("x"), STR("")));
    assert_false(str_starts_with(STR("x"), STR("xx")));
    assert_true(str_ends_with(STR("a.toml"), STR(".toml")));
    assert_false(str_ends_with(STR("toml"), STR(".toml")));
}

static void white_space_is_trimmed_at_both_ends(void **state)
{
    (void)state;
    assert_true(str_equal(str_trim(STR(" \t\r\na b\v\f ")), STR("a b")));
    assert_int_equal(str_trim(STR(" \n ")).len, 0);
    assert_int_equal(str_trim(STR_NULL).len, 0);
}

static void a_split_yields_every_part(void **state)
{
    (void)state;
    static const struct {
        Str text;
        const char *parts; /* joined with '|' */
    } cases[] = {
        {STR_INIT("a,b,c"), "a|b|c|"},
        {STR_INIT(",a,"), "|a||"},
        {STR_INIT("a"), "a|"},
        {STR_INIT(""), "|"},
        {{NULL, 0}, ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char joined[32] = "";
        Str rest = cases[i].text;
        for (Str part; str_split(&rest, ',', &part);) {
            strncat(joined, part.ptr, part.len);
            strcat(joined, "|");
        }
        assert_string_equal(joined, cases[i].parts);
    }
}

static void a_byte_is_found_or_the_length_returned(void **state)
{
    (void)state;
    assert_int_equal(str_find_byte(STR("abcb"), 'b'), 1);
    assert_int_equal(str_find_byte(STR("abcb"), 'x'), 4);
    assert_int_equal(str_find_byte(STR_NULL, 'x'), 0);
}

static void integers_are_read_whole_or_not_at_all(void **state)
{
    (void)state;
    static const struct {
        Str text;
        bool valid;
        int64_t value;
    } cases[] = {
        {STR_INIT("0"), true, 0},
        {STR_INIT("-1"), true, -1},
        {STR_INIT("+12"), true, 12},
        {STR_INIT("007"), true, 7},
        {STR_INIT("9223372036854775807"), true, INT64_MAX},
        {STR_INIT("-9223372036854775808"), true, INT64_MIN},
        {STR_INIT("9223372036854775808"), false, 0},
        {STR_INIT("-9223372036854775809"), false, 0},
        {STR_INIT("99999999999999999999"), false, 0},
        {STR_INIT(""), false, 0},
        {STR_INIT("-"), false, 0},
        {STR_INIT("+-1"), false, 0},
        {STR_INIT("1 "), false, 0},
        {STR_INIT("1.0"), false, 0},
        {STR_INIT("0x10"), false, 0},
        {STR_INIT("\xd9\xa1"), false, 0}, /* an Arabic-Indic digit */
        {{NULL, 0}, false, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        int64_t value = 99;
        assert_int_equal(str_to_int64(cases[i].text, &value), cases[i].valid);
        assert_true(value == (cases[i].valid ? cases[i].value : 99));
    }
    uint64_t value;
    assert_true(str_to_uint64(STR("18446744073709551615"), &value) && value == UINT64_MAX);
    assert_false(str_to_uint64(STR("18446744073709551616"), &value));
    assert_false(str_to_uint64(STR("-1"), &value));
}

static void utf8_is_what_rfc_3629_says(void **state)
{
    (void)state;
    static const struct {
        Str text;
        bool valid;
    } cases[] = {
        {STR_INIT(""), true},
        {STR_INIT("plain ascii, longer than a word"), true},
        {STR_INIT("\0inside"), true},
        {STR_INIT("\x7f"), true},
        {STR_INIT("\xc2\x80"), true},
        {STR_INIT("\xdf\xbf"), true},
        {STR_INIT("\xe0\xa0\x80"), true},
        {STR_INIT("\xed\x9f\xbf"), true},
        {STR_INIT("\xee\x80\x80"), true},
        {STR_INIT("\xef\xbf\xbf"), true},
        {STR_INIT("\xf0\x90\x80\x80"), true},
        {STR_INIT("\xf4\x8f\xbf\xbf"), true},
        {STR_INIT("\x80"), false},             /* continuation alone */
        {STR_INIT("\xc0\x80"), false},         /* overlong NUL */
        {STR_INIT("\xc1\xbf"), false},         /* overlong */
        {STR_INIT("\xe0\x9f\xbf"), false},     /* overlong */
        {STR_INIT("\xf0\x8f\xbf\xbf"), false}, /* overlong */
        {STR_INIT("\xed\xa0\x80"), false},     /* first surrogate */
        {STR_INIT("\xed\xbf\xbf"), false},     /* last surrogate */
        {STR_INIT("\xf4\x90\x80\x80"), false}, /* U+110000 */
        {STR_INIT("\xf5\x80\x80\x80"), false},
        {STR_INIT("\xff"), false},
        {STR_INIT("\xc3"), false}, /* cut off */
        {STR_INIT("\xe2\x82"), false},
        {STR_INIT("\xf0\x9f\x98"), false},
        {STR_INIT("\xc3(\xa4"), false},
        {STR_INIT("\xe2(\xa1"), false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_int_equal(str_is_utf8(cases[i].text), cases[i].valid);
        /* At every offset around the eight bytes that are looked at together. */
        for (int shift = 1; shift < 18; shift++) {
            char text[64];
            memset(text, 'a', sizeof(text));
            memcpy(text + shift, cases[i].text.ptr, cases[i].text.len);
            size_t end = (size_t)shift + cases[i].text.len;
            assert_int_equal(str_is_utf8(str_from(text, end)), cases[i].valid);
            assert_int_equal(str_is_utf8(str_from(text, end + 9)), cases[i].valid);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_compares_by_bytes),
        cmocka_unit_test(case_is_ignored_in_ascii_only),
        cmocka_unit_test(prefixes_and_suffixes_may_be_empty_but_not_longer),
        cmocka_unit_test(white_space_is_trimmed_at_both_ends),
        cmocka_unit_test(a_split_yields_every_part),
        cmocka_unit_test(a_byte_is_found_or_the_length_returned),
        cmocka_unit_test(integers_are_read_whole_or_not_at_all),
        cmocka_unit_test(utf8_is_what_rfc_3629_says),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("str", tests, NULL, NULL);
}
