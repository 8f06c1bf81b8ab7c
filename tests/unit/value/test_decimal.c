/* SPDX-License-Identifier: Apache-2.0 */
#include "value/decimal.h"

#include "random_values.h"
#include "value/wide.h"

static Value decimal_of(const char *text)
{
    Value value = VALUE_NULL;
    assert_true(decimal_parse(str_from_c(text), &value));
    return value;
}

static void assert_decimal(const Value *value, const char *expected)
{
    CLEANUP(buf_done) Buf buf = {0};
    decimal_write(&buf, value->decimal, value->scale);
    buf_byte(&buf, '\0');
    assert_string_equal(buf.ptr, expected);
}

static void assert_parsed(const char *text, const char *expected)
{
    Value value = decimal_of(text);
    assert_decimal(&value, expected);
}

static void text_keeps_its_scale_and_its_sign(void **state)
{
    (void)state;
    assert_parsed("0", "0");
    assert_parsed("-0.5", "-0.5");
    assert_parsed("-12.50", "-12.50");
    assert_parsed("+007.10", "7.10");
    assert_parsed(".5", "0.5");
    assert_parsed("5.", "5");
    assert_parsed("1.2e3", "1200");
    assert_parsed("1.2E-3", "0.0012");
    assert_parsed("12e-1", "1.2");
    assert_parsed("0e400", "0");
    assert_parsed("0.000", "0.000");
    assert_parsed("99999999999999999999999999999999999999",
                  "99999999999999999999999999999999999999");
    assert_parsed("-0.00000000000000000000000000000000000001",
                  "-0.00000000000000000000000000000000000001");
}

static void text_that_is_no_decimal_is_refused(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {"",
                                        "-",
                                        ".",
                                        "1e",
                                        "1e+",
                                        "1.2.3",
                                        " 1",
                                        "1 ",
                                        "nan",
                                        "1e39",
                                        "1e-39",
                                        "1e99999",
                                        "--1",
                                        "100000000000000000000000000000000000000",
                                        "1e99999999999999999999"};
    Value value;
    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++)
        assert_false(decimal_parse(str_from_c(TEXTS[i]), &value));
}

typedef bool (*Operation)(const Value *a, const Value *b, Value *ret_value);

static void assert_result(Operation operation, const char *a, const char *b, const char *expected)
{
    Value left = decimal_of(a), right = decimal_of(b), result = VALUE_NULL;
    assert_int_equal(operation(&left, &right, &result), expected != NULL);
    if (expected)
        assert_decimal(&result, expected);
}

static void known_results_are_exact(void **state)
{
    (void)state;
    const char *nines = "99999999999999999999999999999999999999";
    assert_result(decimal_add, "0.1", "0.20", "0.30");
    assert_result(decimal_add, nines, "1", NULL);
    assert_result(decimal_add, nines, nines, NULL);
    assert_result(decimal_subtract, "1", "0.01", "0.99");
    assert_result(decimal_subtract, "-99999999999999999999999999999999999999", "1", NULL);
    assert_result(decimal_multiply, "1.5", "-1.5", "-2.25");
    assert_result(decimal_multiply, nines, "10", NULL);
    assert_result(decimal_multiply,
                  "0.00000000000000000000000000000000000005",
                  "0.1",
                  "0.00000000000000000000000000000000000001");
    assert_result(decimal_divide, "1", "3", "0.333333");
    assert_result(decimal_divide, "2", "3", "0.666667");
    assert_result(decimal_divide, "-1.00000000", "8", "-0.12500000");
    assert_result(decimal_divide, "1", "0", NULL);
    assert_result(decimal_divide, nines, "0.1", NULL);
    assert_result(decimal_divide,
                  "1.0000000000000000000000000000000000000",
                  "3.0000000000000000000000000000000000000",
                  "0.3333333333333333333333333333333333333");
    assert_result(decimal_modulo, "7.5", "2", "1.5");
    assert_result(decimal_modulo, "-7", "3", "-1");
    assert_result(decimal_modulo, "7", "0.00", NULL);
}

static void integers_are_operands_too(void **state)
{
    (void)state;
    Value integer = value_integer(TYPE_INT, 3), half = decimal_of("0.5"), result = VALUE_NULL;
    assert_true(decimal_add(&integer, &half, &result));
    assert_decimal(&result, "3.5");
    assert_true(decimal_divide(&integer, &half, &result));
    assert_decimal(&result, "6.000000");
    assert_int_equal(decimal_compare(&integer, &half), 1);
}

/* Half away from zero, for numbers far from overflow. */
static Int128 rounded_quotient(Int128 a, Int128 b)
{
    Int128 twice = a % b * 2, magnitude = b < 0 ? -b : b;
    Int128 away = (a < 0) != (b < 0) ? -1 : 1;
    return a / b + (twice >= magnitude || twice <= -magnitude ? away : 0);
}

/* Small enough that plain 128-bit arithmetic can be the model. */
static void small_decimals_agree_with_128_bit_arithmetic(void **state)
{
    (void)state;
    for (int i = 0; i < 100000; i++) {
        Value a = value_decimal(random_int128(9), (uint8_t)dice_below(8));
        Value b = value_decimal(random_int128(9), (uint8_t)dice_below(8));
        uint8_t scale = a.scale > b.scale ? a.scale : b.scale;
        Int128 x = a.decimal * (Int128)decimal_power(scale - a.scale);
        Int128 y = b.decimal * (Int128)decimal_power(scale - b.scale);
        Value result = VALUE_NULL;
        assert_true(decimal_add(&a, &b, &result));
        assert_true(result.decimal == x + y && result.scale == scale);
        assert_true(decimal_subtract(&a, &b, &result) && result.decimal == x - y);
        assert_true(decimal_multiply(&a, &b, &result));
        assert_true(result.decimal == a.decimal * b.decimal);
        assert_int_equal(result.scale, a.scale + b.scale);
        assert_int_equal(decimal_compare(&a, &b), x == y ? 0 : x < y ? -1 : 1);
        if (y == 0)
            continue;
        assert_true(decimal_modulo(&a, &b, &result) && result.decimal == x % y);
        uint8_t quotient_scale = scale < 6 ? 6 : scale;
        assert_true(decimal_divide(&a, &b, &result));
        Int128 scaled = x * (Int128)decimal_power(quotient_scale);
        assert_true(result.decimal == rounded_quotient(scaled, y));
    }
}

static bool multiply_fits(Int128 a, Int128 b, Int128 *ret_product)
{
    return !__builtin_mul_overflow(a, b, ret_product) &&
           decimal_fits(*ret_product, DECIMAL_PRECISION_MAX);
}

static void large_products_are_exact_or_refused(void **state)
{
    (void)state;
    for (int i = 0; i < 100000; i++) {
        Value a = value_decimal(random_int128(38), (uint8_t)dice_below(39));
        Value b = value_decimal(random_int128(38), (uint8_t)dice_below(39));
        Value product = VALUE_NULL;
        bool fits = decimal_multiply(&a, &b, &product);
        Int128 expected;
        if (a.scale + b.scale <= DECIMAL_PRECISION_MAX) {
            assert_int_equal(fits, multiply_fits(a.decimal, b.decimal, &expected));
            assert_true(!fits || product.decimal == expected);
        } else if (fits) {
            long double exact = (long double)a.decimal * (long double)b.decimal /
                                powl(10, a.scale + b.scale - DECIMAL_PRECISION_MAX);
            long double error = fabsl((long double)product.decimal - exact);
            assert_true(error <= 0.51L + fabsl(exact) * 1e-17L);
        }
    }
}

/* As near as 64 bits of mantissa can tell. */
static void large_quotients_are_the_nearest(void **state)
{
    (void)state;
    for (int i = 0; i < 100000; i++) {
        Value a = value_decimal(random_int128(38), (uint8_t)dice_below(39));
        Value b = value_decimal(random_int128(38), (uint8_t)dice_below(39));
        Value quotient = VALUE_NULL;
        if (!decimal_divide(&a, &b, &quotient))
            continue;
        long double exact = (long double)a.decimal / (long double)b.decimal *
                            powl(10, quotient.scale + b.scale - a.scale);
        long double error = fabsl((long double)quotient.decimal - exact);
        assert_true(error <= 0.51L + fabsl(exact) * 1e-17L);
    }
}

static void scales_round_half_away_from_zero(void **state)
{
    (void)state;
    Int128 value = 0;
    assert_true(decimal_rescale(125, 2, 1, &value) && value == 13);
    assert_true(decimal_rescale(-125, 2, 1, &value) && value == -13);
    assert_true(decimal_rescale(124, 2, 1, &value) && value == 12);
    assert_true(decimal_rescale(5, 1, 0, &value) && value == 1);
    assert_true(decimal_rescale(-4, 1, 0, &value) && value == 0);
    assert_true(decimal_rescale(7, 0, 37, &value));
    assert_false(decimal_rescale(7, 0, 38, &value));
    assert_true(decimal_rescale((Int128)decimal_power(38) - 1, 38, 0, &value) && value == 1);
}

static void comparison_never_overflows(void **state)
{
    (void)state;
    Value huge = decimal_of("99999999999999999999999999999999999999");
    Value tiny = decimal_of("0.00000000000000000000000000000000000001");
    Value negative = decimal_of("-99999999999999999999999999999999999999");
    assert_int_equal(decimal_compare(&huge, &tiny), 1);
    assert_int_equal(decimal_compare(&tiny, &huge), -1);
    assert_int_equal(decimal_compare(&negative, &tiny), -1);
    Value short_one = decimal_of("1.5"), long_one = decimal_of("1.500");
    assert_int_equal(decimal_compare(&short_one, &long_one), 0);
}

static void doubles_convert_by_their_shortest_text(void **state)
{
    (void)state;
    Int128 value = 0;
    assert_true(decimal_from_double(0.1, 20, &value));
    assert_true(value == (Int128)decimal_power(19));
    assert_true(decimal_from_double(1.005, 2, &value) && value == 101);
    assert_true(decimal_from_double(-2.5, 0, &value) && value == -3);
    assert_true(decimal_from_double(1e-300, 38, &value) && value == 0);
    assert_true(decimal_from_double(1e37, 0, &value) && value == (Int128)decimal_power(37));
    assert_false(decimal_from_double(1e38, 0, &value));
    assert_false(decimal_from_double(1e300, 0, &value));
    assert_false(decimal_from_double((double)NAN, 0, &value));
    assert_false(decimal_from_double(HUGE_VAL, 0, &value));
}

static void the_nearest_double_is_what_strtod_reads(void **state)
{
    (void)state;
    CLEANUP(buf_done) Buf buf = {0};
    for (int i = 0; i < 30000; i++) {
        Value value = value_decimal(random_int128(38), (uint8_t)dice_below(39));
        buf_clear(&buf);
        decimal_write(&buf, value.decimal, value.scale);
        buf_byte(&buf, '\0');
        assert_true(decimal_to_double(&value) == strtod(buf.ptr, NULL));
        Value read = decimal_of(buf.ptr);
        assert_true(read.decimal == value.decimal && read.scale == value.scale);
    }
}

static void decimals_compare_exactly_with_doubles(void **state)
{
    (void)state;
    Value tenth = decimal_of("0.1"), half = decimal_of("0.5"), zero = decimal_of("0.00");
    assert_int_equal(decimal_compare_double(&tenth, 0.1), -1); /* 0.1000000000000000055.. */
    assert_int_equal(decimal_compare_double(&half, 0.5), 0);
    assert_int_equal(decimal_compare_double(&zero, 0.0), 0);
    assert_int_equal(decimal_compare_double(&zero, -0.0), 0);
    assert_int_equal(decimal_compare_double(&zero, 5e-324), -1);
    assert_int_equal(decimal_compare_double(&zero, -5e-324), 1);
    assert_int_equal(decimal_compare_double(&half, HUGE_VAL), -1);
    assert_int_equal(decimal_compare_double(&half, -HUGE_VAL), 1);
    assert_int_equal(decimal_compare_double(&half, 1e300), -1);
    Value tiny = decimal_of("0.00000000000000000000000000000000000001");
    assert_int_equal(decimal_compare_double(&tiny, 1e-38), 1); /* 9.99999999999999996e-39 */
    assert_int_equal(decimal_compare_double(&tiny, 1e-300), 1);
    Value power = value_decimal((Int128)1 << 100, 0);
    assert_int_equal(decimal_compare_double(&power, 0x1p100), 0);
    assert_int_equal(decimal_compare_double(&power, 0x1.0000000000001p100), -1);
    power.decimal--;
    assert_int_equal(decimal_compare_double(&power, 0x1p100), -1);
}

/* Where the doubles differ, they decide; where they agree, the exact text does. */
static void comparison_with_doubles_agrees_with_printed_digits(void **state)
{
    (void)state;
    for (int i = 0; i < 50000; i++) {
        Value value = value_decimal(random_int128(38), (uint8_t)dice_below(39));
        double near = decimal_to_double(&value);
        double other = random_double();
        if (!isnan(other) && other != near)
            assert_int_equal(decimal_compare_double(&value, other), near < other ? -1 : 1);
        /* Digits of the exact value of `near`: all of them, there are at most 160 after the point.
         */
        char exact[320];
        snprintf(exact, sizeof(exact), "%.*f", value.scale, near);
        assert_true(decimal_compare_double(&value, nextafter(near, HUGE_VAL)) == -1);
        assert_true(decimal_compare_double(&value, nextafter(near, -HUGE_VAL)) == 1);
        Value rounded;
        if (decimal_parse(str_from_c(exact), &rounded) && decimal_compare(&value, &rounded) != 0)
            assert_int_equal(decimal_compare_double(&value, near),
                             decimal_compare(&value, &rounded));
    }
}

static void wide_products_divide_back(void **state)
{
    (void)state;
    for (int i = 0; i < 100000; i++) {
        Uint128 a = ((Uint128)dice() << 64 | dice()) >> dice_below(128);
        uint64_t b = (dice() >> dice_below(64)) | 1;
        Wide product = wide_multiply(a, b);
        wide_divide(&product, b);
        assert_true(product.high == 0 && product.low == a);
        unsigned shift = (unsigned)dice_below(120);
        Wide shifted = wide_shift_left(a, shift);
        assert_int_equal(wide_compare(shifted, wide_multiply(a, (Uint128)1 << shift)), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_keeps_its_scale_and_its_sign),
        cmocka_unit_test(text_that_is_no_decimal_is_refused),
        cmocka_unit_test(known_results_are_exact),
        cmocka_unit_test(integers_are_operands_too),
        cmocka_unit_test(small_decimals_agree_with_128_bit_arithmetic),
        cmocka_unit_test(large_products_are_exact_or_refused),
        cmocka_unit_test(large_quotients_are_the_nearest),
        cmocka_unit_test(scales_round_half_away_from_zero),
        cmocka_unit_test(comparison_never_overflows),
        cmocka_unit_test(doubles_convert_by_their_shortest_text),
        cmocka_unit_test(the_nearest_double_is_what_strtod_reads),
        cmocka_unit_test(decimals_compare_exactly_with_doubles),
        cmocka_unit_test(comparison_with_doubles_agrees_with_printed_digits),
        cmocka_unit_test(wide_products_divide_back),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("decimal", tests, dice_seed, NULL);
}
