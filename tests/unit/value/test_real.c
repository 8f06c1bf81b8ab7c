/* SPDX-License-Identifier: Apache-2.0 */
#include "random_values.h"
#include "value/real.h"

static const char *text_of(Buf *buf, RealDigits digits, bool with_point)
{
    buf_clear(buf);
    real_digits_write(buf, digits, with_point);
    buf_byte(buf, '\0');
    return buf->ptr;
}

static void assert_text(double value, const char *expected)
{
    CLEANUP(buf_done) Buf buf = {0};
    assert_string_equal(text_of(&buf, real_digits(value), true), expected);
}

static void known_doubles_have_their_shortest_text(void **state)
{
    (void)state;
    assert_text(0, "0.0");
    assert_text(-0.0, "-0.0");
    assert_text(1, "1.0");
    assert_text(-1.5, "-1.5");
    assert_text(0.1, "0.1");
    assert_text(0.3, "0.3");
    assert_text(0.1 + 0.2, "0.30000000000000004");
    assert_text(100, "100.0");
    assert_text(123456789012345, "123456789012345.0");
    assert_text(1e15, "1e+15");
    assert_text(1e23, "1e+23");
    assert_text(0.0001, "0.0001");
    assert_text(0.00001, "1e-05");
    assert_text(1.0 / 3, "0.3333333333333333");
    assert_text(5e-324, "5e-324");
    assert_text(2.2250738585072014e-308, "2.2250738585072014e-308");
    assert_text(1.7976931348623157e308, "1.7976931348623157e+308");
    assert_text(0x1p53, "9.007199254740992e+15");
    /* A power of two whose nearest 16 digits belong to its neighbour. */
    assert_text(0x1p-44, "5.684341886080802e-14");
}

static void whole_numbers_go_without_a_point_on_request(void **state)
{
    (void)state;
    CLEANUP(buf_done) Buf buf = {0};
    assert_string_equal(text_of(&buf, real_digits(42), false), "42");
    assert_string_equal(text_of(&buf, real_digits(42.5), false), "42.5");
    assert_string_equal(text_of(&buf, real_digits(-0.0), false), "-0");
}

static void known_floats_have_their_shortest_text(void **state)
{
    (void)state;
    CLEANUP(buf_done) Buf buf = {0};
    assert_string_equal(text_of(&buf, real_digits_single(0.1f), true), "0.1");
    assert_string_equal(text_of(&buf, real_digits_single(3.14159274f), true), "3.1415927");
    assert_string_equal(text_of(&buf, real_digits_single(16777216.0f), true), "16777216.0");
    assert_string_equal(text_of(&buf, real_digits_single(1e-45f), true), "1e-45");
    assert_string_equal(text_of(&buf, real_digits_single(3.4028235e38f), true), "3.4028235e+38");
}

/* The fewest digits that printf can make read back. */
static int digits_needed(double value)
{
    char text[40];
    int count = 0;
    do
        snprintf(text, sizeof(text), "%.*e", count++, value);
    while (strtod(text, NULL) != value);
    return count;
}

static int digit_count(uint64_t digits)
{
    int count = 1;
    while (digits % 10 == 0 && digits)
        digits /= 10;
    for (; digits > 9; digits /= 10)
        count++;
    return count;
}

static void any_double_reads_back_from_no_more_digits_than_needed(void **state)
{
    (void)state;
    CLEANUP(buf_done) Buf buf = {0};
    for (int i = 0; i < 30000; i++) {
        double value = random_double();
        if (i < 2000)
            value = ldexp(1, i - 1040);
        if (!isfinite(value) || value == 0)
            continue;
        RealDigits digits = real_digits(value);
        const char *text = text_of(&buf, digits, i % 2);
        double read = 0;
        assert_true(strtod(text, NULL) == value);
        assert_true(real_parse(str_from_c(text), &read) && read == value);
        assert_true(digit_count(digits.digits) <= digits_needed(value));
    }
}

static void any_float_reads_back(void **state)
{
    (void)state;
    CLEANUP(buf_done) Buf buf = {0};
    for (int i = 0; i < 30000; i++) {
        float value;
        uint32_t bits = (uint32_t)dice();
        memcpy(&value, &bits, sizeof(value));
        if (i % 3 == 0)
            value = (float)random_integer(30) / 100;
        if (!isfinite(value))
            continue;
        RealDigits digits = real_digits_single(value);
        assert_true(strtof(text_of(&buf, digits, true), NULL) == value);
        assert_true(digit_count(digits.digits) <= 9);
    }
}

static void numbers_are_read_as_strtod_reads_them(void **state)
{
    (void)state;
    for (int i = 0; i < 30000; i++) {
        char text[80];
        int len = snprintf(text,
                           sizeof(text),
                           "%s%llu.%0*llue%d",
                           i % 2 ? "-" : "",
                           (unsigned long long)(dice() >> dice_below(64)),
                           (int)dice_below(25) + 1,
                           (unsigned long long)(dice() >> dice_below(64)),
                           (int)dice_below(640) - 320);
        double value = 0, expected = strtod(text, NULL);
        bool read = real_parse(str_from(text, (size_t)len), &value);
        assert_int_equal(read, isfinite(expected));
        assert_true(!read || value == expected);
    }
}

static void a_number_of_a_thousand_digits_is_read(void **state)
{
    (void)state;
    char text[1200];
    double value;
    memset(text, '0', sizeof(text));
    text[0] = '7';
    memcpy(text + 1001, "e-1000", 6);
    assert_true(real_parse(str_from(text, 1007), &value));
    assert_true(value == 7.0);
}

static void text_that_is_no_number_is_refused(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {"",
                                        "-",
                                        ".",
                                        "+.",
                                        "e5",
                                        "1e",
                                        "1e+",
                                        "1.2.3",
                                        "0x10",
                                        "nan",
                                        "inf",
                                        "1 ",
                                        " 1",
                                        "--1",
                                        "1e400",
                                        "-1e400",
                                        "1f",
                                        "1,5"};
    double value;
    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++)
        assert_false(real_parse(str_from_c(TEXTS[i]), &value));
    assert_true(real_parse(STR(".5"), &value) && value == 0.5);
    assert_true(real_parse(STR("5."), &value) && value == 5.0);
    assert_true(real_parse(STR("+1E2"), &value) && value == 100.0);
    assert_true(real_parse(STR("1e-400"), &value) && value == 0.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_doubles_have_their_shortest_text),
        cmocka_unit_test(whole_numbers_go_without_a_point_on_request),
        cmocka_unit_test(known_floats_have_their_shortest_text),
        cmocka_unit_test(any_double_reads_back_from_no_more_digits_than_needed),
        cmocka_unit_test(any_float_reads_back),
        cmocka_unit_test(numbers_are_read_as_strtod_reads_them),
        cmocka_unit_test(a_number_of_a_thousand_digits_is_read),
        cmocka_unit_test(text_that_is_no_number_is_refused),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("real", tests, dice_seed, NULL);
}
