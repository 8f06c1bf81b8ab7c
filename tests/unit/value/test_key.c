/* SPDX-License-Identifier: Apache-2.0 */
#include "value/key.h"

#include "random_values.h"

static Str encoded(Buf *buf, const Value *value)
{
    buf_clear(buf);
    key_append(buf, value);
    return buf_str(buf);
}

static void keys_order_as_their_values_do(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    CLEANUP(buf_done) Buf left = {0};
    CLEANUP(buf_done) Buf right = {0};
    for (int i = 0; i < 200000; i++) {
        ArenaMark mark = arena_mark(&arena);
        Type type = random_type();
        Value a = random_value(&arena, type), b = random_value(&arena, type);
        int order = str_compare(encoded(&left, &a), encoded(&right, &b));
        assert_int_equal(order, value_compare(&a, &b));
        arena_rewind(&arena, mark);
    }
}

static void keys_of_one_type_are_no_prefixes_of_each_other(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    CLEANUP(buf_done) Buf left = {0};
    CLEANUP(buf_done) Buf right = {0};
    for (int i = 0; i < 100000; i++) {
        ArenaMark mark = arena_mark(&arena);
        Type type = random_type();
        Value a = random_value(&arena, type), b = random_value(&arena, type);
        bool prefix = str_starts_with(encoded(&left, &a), encoded(&right, &b));
        assert_int_equal(prefix, value_compare(&a, &b) == 0);
        arena_rewind(&arena, mark);
    }
}

/* (text, integer) pairs order by the text first: what a key consists of does not run together. */
static void compound_keys_order_by_their_parts(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    for (int i = 0; i < 50000; i++) {
        CLEANUP(buf_done) Buf left = {0};
        CLEANUP(buf_done) Buf right = {0};
        Value a = random_value(&arena, TYPE(TEXT)), b = random_value(&arena, TYPE(TEXT));
        Value x = value_bigint(random_integer(64)), y = value_bigint(random_integer(64));
        key_append(&left, &a);
        key_append(&left, &x);
        key_append(&right, &b);
        key_append(&right, &y);
        int expected = value_compare(&a, &b);
        if (expected == 0)
            expected = value_compare(&x, &y);
        assert_int_equal(str_compare(buf_str(&left), buf_str(&right)), expected);
        arena_clear(&arena);
    }
}

static void keys_read_back(void **state)
{
    (void)state;
    for (int i = 0; i < 50000; i++) {
        CLEANUP(context_done) Context ctx = {0};
        CLEANUP(buf_done) Buf buf = {0};
        Type first = random_type(), second = random_type();
        Value a = random_value(&ctx.arena, first), b = random_value(&ctx.arena, second);
        key_append(&buf, &a);
        key_append(&buf, &b);
        Reader reader = reader_from(buf_str(&buf));
        Value read_a = VALUE_NULL, read_b = VALUE_NULL;
        assert_int_equal(key_read(&ctx, &reader, first, &read_a), STATUS_OK);
        assert_int_equal(key_read(&ctx, &reader, second, &read_b), STATUS_OK);
        assert_int_equal(reader_left(&reader), 0);
        assert_true(same_value(&a, &read_a) && same_value(&b, &read_b));
    }
}

static void a_widened_integer_keeps_its_key(void **state)
{
    (void)state;
    CLEANUP(buf_done) Buf narrow = {0};
    CLEANUP(buf_done) Buf wide = {0};
    Value small = value_integer(TYPE_SMALLINT, -7), big = value_bigint(-7);
    assert_true(str_equal(encoded(&narrow, &small), encoded(&wide, &big)));
}

static void the_bytes_of_a_key_are_fixed(void **state)
{
    (void)state;
    CLEANUP(buf_done) Buf buf = {0};
    Value value = value_bigint(1);
    assert_true(str_equal(encoded(&buf, &value), STR("\x80\0\0\0\0\0\0\x01")));
    value = value_text(STR("a\0b"));
    assert_true(str_equal(encoded(&buf, &value),
                          STR("a\0\xff"
                              "b\0\x01")));
    value = value_double(-0.0);
    assert_true(str_equal(encoded(&buf, &value), STR("\x80\0\0\0\0\0\0\0")));
    value = value_decimal(-1, 2);
    assert_true(str_equal(encoded(&buf, &value),
                          STR("\x7f\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff")));
    value = value_boolean(true);
    assert_true(str_equal(encoded(&buf, &value), STR("\x01")));
}

static void assert_corrupt(Str bytes, Type type)
{
    CLEANUP(context_done) Context ctx = {0};
    Reader reader = reader_from(bytes);
    Value value;
    assert_int_equal(key_read(&ctx, &reader, type, &value), STATUS_CORRUPT);
    assert_true(reader.failed);
}

static void damaged_keys_are_refused(void **state)
{
    (void)state;
    assert_corrupt(STR(""), TYPE(TEXT));
    assert_corrupt(STR("abc"), TYPE(TEXT));
    assert_corrupt(STR("abc\0"), TYPE(TEXT));
    assert_corrupt(STR("abc\0\x02"), TYPE(TEXT));
    assert_corrupt(STR("abc\0\xff"), TYPE(TEXT));
    assert_corrupt(STR("\x80\0\0\0\0\0\0"), TYPE(BIGINT));
    assert_corrupt(STR("\x80\0\0\0\0\x01\0\0"), TYPE(SMALLINT));
    assert_corrupt(STR("\x90\0\0\0\0\0\0\0"), TYPE(DATE));
    assert_corrupt(STR("\x02"), TYPE(BOOLEAN));
    assert_corrupt(STR("123"), TYPE(UUID));
    assert_corrupt(STR("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
                   (Type){TYPE_DECIMAL, 38, 0});
}

static void a_failed_reader_stays_failed(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    Reader reader = reader_from(STR("a\0\x01"));
    reader.failed = true;
    Str text;
    assert_int_equal(key_read_text(&ctx, &reader, &text), STATUS_CORRUPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_order_as_their_values_do),
        cmocka_unit_test(keys_of_one_type_are_no_prefixes_of_each_other),
        cmocka_unit_test(compound_keys_order_by_their_parts),
        cmocka_unit_test(keys_read_back),
        cmocka_unit_test(a_widened_integer_keeps_its_key),
        cmocka_unit_test(the_bytes_of_a_key_are_fixed),
        cmocka_unit_test(damaged_keys_are_refused),
        cmocka_unit_test(a_failed_reader_stays_failed),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("key", tests, dice_seed, NULL);
}
