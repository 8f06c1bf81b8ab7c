/* SPDX-License-Identifier: Apache-2.0 */
#include "random_values.h"
#include "value/value.h"

static int order(Value a, Value b)
{
    int forth = value_compare(&a, &b);
    assert_int_equal(value_compare(&b, &a), -forth);
    return forth;
}

static Value decimal_of(const char *text)
{
    Value value = VALUE_NULL;
    assert_true(decimal_parse(str_from_c(text), &value));
    return value;
}

static void integers_and_doubles_compare_exactly(void **state)
{
    (void)state;
    int64_t above = (INT64_C(1) << 53) + 1;
    assert_int_equal(order(value_bigint(above), value_double(0x1p53)), 1);
    assert_int_equal(order(value_bigint(-above), value_double(-0x1p53)), -1);
    assert_int_equal(order(value_bigint(INT64_MAX), value_double(0x1p63)), -1);
    assert_int_equal(order(value_bigint(INT64_MIN), value_double(-0x1p63)), 0);
    assert_int_equal(order(value_bigint(2), value_double(2.5)), -1);
    assert_int_equal(order(value_bigint(-2), value_double(-2.5)), 1);
    assert_int_equal(order(value_bigint(0), value_double(-0.0)), 0);
    assert_int_equal(order(value_bigint(0), value_double(-5e-324)), 1);
    assert_int_equal(order(value_bigint(0), value_double(HUGE_VAL)), -1);
    assert_int_equal(order(value_bigint(0), value_double(-HUGE_VAL)), 1);
}

static void nan_equals_itself_and_is_the_greatest_number(void **state)
{
    (void)state;
    Value nan = value_double((double)NAN);
    assert_int_equal(order(nan, nan), 0);
    assert_int_equal(order(nan, value_double(HUGE_VAL)), 1);
    assert_int_equal(order(nan, value_bigint(INT64_MAX)), 1);
    assert_int_equal(order(nan, decimal_of("1e37")), 1);
}

static void decimals_compare_with_every_number(void **state)
{
    (void)state;
    assert_int_equal(order(decimal_of("2.00"), value_integer(TYPE_INT, 2)), 0);
    assert_int_equal(order(decimal_of("2.01"), value_integer(TYPE_SMALLINT, 2)), 1);
    assert_int_equal(order(decimal_of("0.1"), value_double(0.1)), -1);
    assert_int_equal(order(decimal_of("0.25"), value_double(0.25)), 0);
    assert_int_equal(order(decimal_of("1.5"), decimal_of("1.50000")), 0);
}

static void dates_compare_with_timestamps_as_midnight(void **state)
{
    (void)state;
    Value day = value_integer(TYPE_DATE, 10);
    assert_int_equal(order(day, value_integer(TYPE_TIMESTAMP, 10 * US_PER_DAY)), 0);
    assert_int_equal(order(day, value_integer(TYPE_DATETIME, 10 * US_PER_DAY + 1)), -1);
    assert_int_equal(order(value_integer(TYPE_DATE, INT64_MAX), value_integer(TYPE_TIMESTAMP, 0)),
                     1);
    assert_int_equal(order(value_integer(TYPE_TIME, 1), value_integer(TYPE_TIME, 2)), -1);
}

static void text_and_uuids_compare_by_bytes(void **state)
{
    (void)state;
    assert_int_equal(order(value_text(STR("a")), value_text(STR("ab"))), -1);
    assert_int_equal(order(value_text(STR("Z")), value_text(STR("a"))), -1);
    assert_int_equal(order(value_text(STR("z")), value_text(STR("é"))), -1);
    assert_int_equal(order(value_text(STR_NULL), value_text(STR(""))), 0);
    Value low = {.kind = TYPE_UUID}, high = {.kind = TYPE_UUID, .uuid = {0x80}};
    assert_int_equal(order(low, high), -1);
    assert_int_equal(order(value_boolean(false), value_boolean(true)), -1);
}

static void nulls_sort_last_and_are_the_same(void **state)
{
    (void)state;
    Value null = VALUE_NULL, one = value_bigint(1);
    assert_int_equal(value_compare_nulls_last(&null, &one), 1);
    assert_int_equal(value_compare_nulls_last(&one, &null), -1);
    assert_int_equal(value_compare_nulls_last(&null, &null), 0);
    assert_true(value_same(&null, &null));
    assert_false(value_same(&null, &one));
    assert_true(value_same(&one, &(Value){.kind = TYPE_DOUBLE, .real = 1.0}));
}

static Type random_number_type(void)
{
    Type type;
    do
        type = random_type();
    while (!type_is_number(type.kind));
    return type;
}

/* Numbers close to each other in different kinds. */
static Value near(const Value *value)
{
    CLEANUP(context_done) Context ctx = {0};
    static const TypeKind KINDS[] = {TYPE_BIGINT, TYPE_DOUBLE, TYPE_FLOAT, TYPE_DECIMAL};
    Value other = *value;
    Type to = {.kind = KINDS[dice_below(4)]};
    if (value_cast(&ctx, value, to, &other) != STATUS_OK)
        return *value;
    return other;
}

static void numeric_order_is_total_and_equal_numbers_hash_alike(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    int equal_count = 0;
    for (int i = 0; i < 100000; i++) {
        Value a = random_value(&arena, random_number_type());
        Value b = dice() & 1 ? near(&a) : random_value(&arena, random_number_type());
        Value c = dice() & 1 ? near(&b) : random_value(&arena, random_number_type());
        int ab = order(a, b), bc = order(b, c), ac = order(a, c);
        if (ab <= 0 && bc <= 0)
            assert_true(ac <= 0 && (ac < 0 || (ab == 0 && bc == 0)));
        if (ab == 0 && a.kind != b.kind)
            equal_count++;
        if (ab == 0)
            assert_true(value_hash(&a) == value_hash(&b));
    }
    assert_true(equal_count > 1000);
}

static void equal_values_of_one_kind_hash_alike_and_others_differ(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    for (int i = 0; i < 20000; i++) {
        ArenaMark mark = arena_mark(&arena);
        Type type = random_type();
        Value a = random_value(&arena, type), b = random_value(&arena, type);
        Value copy = value_copy(&arena, &a);
        assert_true(value_hash(&a) == value_hash(&copy) && value_same(&a, &copy));
        if (value_compare(&a, &b) == 0)
            assert_true(value_hash(&a) == value_hash(&b));
        arena_rewind(&arena, mark);
    }
    assert_true(value_hash(&(Value){.kind = TYPE_BIGINT, .integer = INT64_C(1) << 60}) !=
                value_hash(&(Value){.kind = TYPE_BIGINT, .integer = (INT64_C(1) << 60) + 1}));
    Value day = value_integer(TYPE_DATE, 3);
    Value midnight = value_integer(TYPE_TIMESTAMP, 3 * US_PER_DAY);
    assert_true(value_hash(&day) == value_hash(&midnight));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_and_doubles_compare_exactly),
        cmocka_unit_test(nan_equals_itself_and_is_the_greatest_number),
        cmocka_unit_test(decimals_compare_with_every_number),
        cmocka_unit_test(dates_compare_with_timestamps_as_midnight),
        cmocka_unit_test(text_and_uuids_compare_by_bytes),
        cmocka_unit_test(nulls_sort_last_and_are_the_same),
        cmocka_unit_test(numeric_order_is_total_and_equal_numbers_hash_alike),
        cmocka_unit_test(equal_values_of_one_kind_hash_alike_and_others_differ),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("compare", tests, dice_seed, NULL);
}
