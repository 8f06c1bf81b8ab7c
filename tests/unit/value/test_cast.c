/* SPDX-License-Identifier: Apache-2.0 */
#include "random_values.h"
#include "value/value.h"

/* The cast of value as text, "NULL", or the status it fails with. */
static void assert_cast(Value value, Type to, const char *expected)
{
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(buf_done) Buf buf = {0};
    Value cast = VALUE_NULL;
    Status status = value_cast(&ctx, &value, to, &cast);
    if (status != STATUS_OK) {
        assert_true(ctx.message.len > 0);
        assert_string_equal(status_info(status)->name, expected);
        return;
    }
    assert_true(cast.kind == to.kind || value_is_null(&cast));
    if (value_is_null(&cast))
        BUF_LIT(&buf, "NULL");
    value_write_text(&buf, &cast);
    buf_byte(&buf, '\0');
    assert_string_equal(buf.ptr, expected);
}

static void assert_text_cast(const char *text, Type to, const char *expected)
{
    assert_cast(value_text(str_from_c(text)), to, expected);
}

static Value json_of(const char *text)
{
    return (Value){.kind = TYPE_JSON, .text = str_from_c(text)};
}

static Value timestamp_of(const char *text)
{
    Value value = {.kind = TYPE_TIMESTAMP};
    assert_true(timestamp_parse(str_from_c(text), &value.integer));
    return value;
}

static void null_casts_to_everything(void **state)
{
    (void)state;
    for (int kind = TYPE_BOOLEAN; kind < TYPE_KIND_COUNT; kind++)
        assert_cast(VALUE_NULL, (Type){.kind = (TypeKind)kind}, "NULL");
}

static void text_casts_to_boolean(void **state)
{
    (void)state;
    static const char *const TRUE_WORDS[] = {"true", "T", "1", "yes", "Y", "on", " TRUE "};
    static const char *const FALSE_WORDS[] = {"false", "f", "0", "NO", "n", "off"};
    for (size_t i = 0; i < sizeof(TRUE_WORDS) / sizeof(TRUE_WORDS[0]); i++)
        assert_text_cast(TRUE_WORDS[i], TYPE(BOOLEAN), "true");
    for (size_t i = 0; i < sizeof(FALSE_WORDS) / sizeof(FALSE_WORDS[0]); i++)
        assert_text_cast(FALSE_WORDS[i], TYPE(BOOLEAN), "false");
    assert_text_cast("2", TYPE(BOOLEAN), "INVALID_VALUE");
    assert_text_cast("", TYPE(BOOLEAN), "INVALID_VALUE");
    assert_cast(value_bigint(7), TYPE(BOOLEAN), "true");
    assert_cast(value_bigint(0), TYPE(BOOLEAN), "false");
}

static void numbers_narrow_with_a_range_check(void **state)
{
    (void)state;
    assert_cast(value_bigint(32767), TYPE(SMALLINT), "32767");
    assert_cast(value_bigint(32768), TYPE(SMALLINT), "OUT_OF_RANGE");
    assert_cast(value_bigint(-32769), TYPE(SMALLINT), "OUT_OF_RANGE");
    assert_cast(value_bigint(INT64_C(1) << 31), TYPE(INT), "OUT_OF_RANGE");
    assert_cast(value_bigint(-(INT64_C(1) << 31)), TYPE(INT), "-2147483648");
    assert_cast(value_double(2.5), TYPE(INT), "3");
    assert_cast(value_double(-2.5), TYPE(INT), "-3");
    assert_cast(value_double(0x1p63), TYPE(BIGINT), "OUT_OF_RANGE");
    assert_cast(value_double(-0x1p63), TYPE(BIGINT), "-9223372036854775808");
    assert_cast(value_double((double)NAN), TYPE(BIGINT), "OUT_OF_RANGE");
    assert_cast(value_double(1e39), TYPE(FLOAT), "OUT_OF_RANGE");
    assert_cast(value_double(HUGE_VAL), TYPE(FLOAT), "Infinity");
    assert_cast(value_double(0.1), TYPE(FLOAT), "0.1");
    assert_cast(value_decimal(25, 1), TYPE(BIGINT), "3");
    assert_cast(value_decimal((Int128)1 << 70, 0), TYPE(BIGINT), "OUT_OF_RANGE");
    assert_cast(value_boolean(true), TYPE(INT), "1");
}

static void text_casts_to_numbers(void **state)
{
    (void)state;
    assert_text_cast(" -42 ", TYPE(INT), "-42");
    assert_text_cast("9223372036854775807", TYPE(BIGINT), "9223372036854775807");
    assert_text_cast("9223372036854775808", TYPE(BIGINT), "OUT_OF_RANGE");
    assert_text_cast("70000", TYPE(SMALLINT), "OUT_OF_RANGE");
    assert_text_cast("1.5", TYPE(INT), "INVALID_VALUE");
    assert_text_cast("", TYPE(INT), "INVALID_VALUE");
    assert_text_cast("-", TYPE(INT), "INVALID_VALUE");
    assert_text_cast("1e3", TYPE(DOUBLE), "1000");
    assert_text_cast("NaN", TYPE(DOUBLE), "NaN");
    assert_text_cast("-infinity", TYPE(DOUBLE), "-Infinity");
    assert_text_cast("one", TYPE(DOUBLE), "INVALID_VALUE");
    assert_text_cast("1e39", TYPE(FLOAT), "OUT_OF_RANGE");
}

static void decimals_round_to_their_scale_and_keep_their_precision(void **state)
{
    (void)state;
    Type money = {TYPE_DECIMAL, 6, 2};
    assert_text_cast("12.345", money, "12.35");
    assert_text_cast("-0.5", money, "-0.50");
    assert_text_cast("9999.99", money, "9999.99");
    assert_text_cast("9999.995", money, "OUT_OF_RANGE");
    assert_text_cast("1e50", money, "OUT_OF_RANGE");
    assert_text_cast("abc", money, "INVALID_VALUE");
    assert_cast(value_bigint(7), money, "7.00");
    assert_cast(value_bigint(10000), money, "OUT_OF_RANGE");
    assert_cast(value_double(0.1), money, "0.10");
    assert_cast(value_double((double)NAN), money, "OUT_OF_RANGE");
    assert_cast(value_decimal(12345, 3), money, "12.35");
    assert_cast(value_decimal(12345, 3), TYPE(DOUBLE), "12.345");
}

static void a_decimal_without_limits_keeps_the_digits_it_is_given(void **state)
{
    (void)state;
    assert_text_cast("12.3450", TYPE(DECIMAL), "12.3450");
    assert_cast(value_bigint(7), TYPE(DECIMAL), "7");
    assert_cast(value_double(0.1), TYPE(DECIMAL), "0.1");
    assert_cast(value_double(1e20), TYPE(DECIMAL), "100000000000000000000");
    assert_cast(value_decimal(1234, 2), TYPE(DECIMAL), "12.34");
}

static void text_and_integers_cast_to_dates_and_times(void **state)
{
    (void)state;
    assert_text_cast("2026-01-02T03:04:05.5Z", TYPE(TIMESTAMP), "2026-01-02 03:04:05.5");
    assert_text_cast("2026-01-02T03:04:05+02:00", TYPE(TIMESTAMP), "2026-01-02 01:04:05");
    assert_text_cast("2026-01-02", TYPE(DATETIME), "2026-01-02 00:00:00+00");
    assert_text_cast("2026-01-02", TYPE(DATE), "2026-01-02");
    assert_text_cast("2026-01-02 03:04:05", TYPE(DATE), "2026-01-02");
    assert_text_cast("03:04:05.25", TYPE(TIME), "03:04:05.25");
    assert_text_cast("yesterday", TYPE(TIMESTAMP), "INVALID_VALUE");
    assert_text_cast("2026-02-30", TYPE(DATE), "INVALID_VALUE");
    assert_text_cast("25:00", TYPE(TIME), "INVALID_VALUE");
    assert_cast(value_bigint(1000001), TYPE(TIMESTAMP), "1970-01-01 00:00:01.000001");
    assert_cast(value_bigint(INT64_MAX), TYPE(TIMESTAMP), "OUT_OF_RANGE");
    assert_cast(value_bigint(-1), TYPE(DATE), "1969-12-31");
    assert_cast(value_bigint(INT64_MIN), TYPE(DATE), "OUT_OF_RANGE");
    assert_cast(value_bigint(US_PER_DAY), TYPE(TIME), "OUT_OF_RANGE");
    assert_cast(value_bigint(1), TYPE(TIME), "00:00:00.000001");
}

static void moments_cast_to_their_parts_and_back(void **state)
{
    (void)state;
    Value before = timestamp_of("1969-12-31 23:00:00");
    assert_cast(before, TYPE(DATE), "1969-12-31");
    assert_cast(before, TYPE(TIME), "23:00:00");
    assert_cast(before, TYPE(BIGINT), "-3600000000");
    assert_cast(before, TYPE(DATETIME), "1969-12-31 23:00:00+00");
    assert_cast(before, TYPE(TEXT), "1969-12-31 23:00:00");
    assert_cast(value_integer(TYPE_DATE, 1), TYPE(TIMESTAMP), "1970-01-02 00:00:00");
    assert_cast(value_integer(TYPE_DATE, INT64_MAX), TYPE(TIMESTAMP), "OUT_OF_RANGE");
}

static void text_casts_to_bytes_and_uuids(void **state)
{
    (void)state;
    assert_text_cast("\\x0aFF", TYPE(BYTES), "\\x0aff");
    assert_text_cast("\\x", TYPE(BYTES), "\\x");
    assert_text_cast("\\x0", TYPE(BYTES), "INVALID_VALUE");
    assert_text_cast("\\x0g", TYPE(BYTES), "INVALID_VALUE");
    assert_text_cast("ab", TYPE(BYTES), "\\x6162");
    const char *uuid = "0190163d-8694-739b-aea5-966c26f8ad91";
    assert_text_cast(uuid, TYPE(UUID), uuid);
    assert_text_cast("0190163D8694739BAEA5966C26F8AD91", TYPE(UUID), uuid);
    assert_text_cast("0190163d-8694", TYPE(UUID), "INVALID_VALUE");
    Value bytes = {.kind = TYPE_BYTES, .text = STR("0123456789abcdef")};
    assert_cast(bytes, TYPE(UUID), "30313233-3435-3637-3839-616263646566");
    bytes.text = STR("short");
    assert_cast(bytes, TYPE(UUID), "INVALID_VALUE");
}

static void json_is_validated_and_its_scalars_convert(void **state)
{
    (void)state;
    assert_text_cast("{\"a\": [1, 2]}", TYPE(JSON), "{\"a\": [1, 2]}");
    assert_text_cast("{\"a\": ", TYPE(JSON), "INVALID_VALUE");
    assert_text_cast("", TYPE(JSON), "INVALID_VALUE");
    assert_cast(value_double(1.5), TYPE(JSON), "1.5");
    assert_cast(value_double(HUGE_VAL), TYPE(JSON), "OUT_OF_RANGE");
    assert_cast(value_boolean(true), TYPE(JSON), "true");
    assert_cast(json_of("{\"a\": 1}"), TYPE(TEXT), "{\"a\": 1}");
    assert_cast(json_of(" 42 "), TYPE(INT), "42");
    assert_cast(json_of("\"42\""), TYPE(INT), "42");
    assert_cast(json_of("true"), TYPE(BOOLEAN), "true");
    assert_cast(json_of("null"), TYPE(INT), "NULL");
    assert_cast(json_of("[1]"), TYPE(INT), "INVALID_VALUE");
    assert_cast(json_of("\"x\""), TYPE(INT), "INVALID_VALUE");
    assert_cast(json_of("\"2026-01-02\""), TYPE(DATE), "2026-01-02");
}

static void kinds_that_have_nothing_in_common_do_not_cast(void **state)
{
    (void)state;
    assert_cast(value_boolean(true), TYPE(DATE), "TYPE_MISMATCH");
    assert_cast(value_double(1), TYPE(TIMESTAMP), "TYPE_MISMATCH");
    assert_cast(value_double(1), TYPE(UUID), "TYPE_MISMATCH");
    assert_cast(value_integer(TYPE_TIME, 1), TYPE(DATE), "TYPE_MISMATCH");
    assert_false(value_can_cast(TYPE_BOOLEAN, TYPE_DATE));
    assert_true(value_can_cast(TYPE_NULL, TYPE_DATE));
    assert_true(value_can_cast(TYPE_UUID, TYPE_UUID));
}

static void a_long_value_is_cut_between_characters_in_the_message(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    char text[300];
    for (size_t i = 0; i < sizeof(text); i += 3)
        memcpy(text + i, "€", 3);
    Value value = value_text(str_from(text, sizeof(text))), cast;
    assert_int_equal(value_cast(&ctx, &value, TYPE(INT), &cast), STATUS_INVALID_VALUE);
    assert_true(ctx.message.len < 200);
    assert_true(str_is_utf8(ctx.message));
}

/* What value_can_cast() promises holds, and a success has the kind that was asked for. */
static void random_casts_keep_their_promises(void **state)
{
    (void)state;
    for (int i = 0; i < 50000; i++) {
        CLEANUP(context_done) Context ctx = {0};
        Type from = random_type(), to = random_type();
        Value value = random_value(&ctx.arena, from), cast = VALUE_NULL;
        Status status = value_cast(&ctx, &value, to, &cast);
        assert_int_equal(status == STATUS_TYPE_MISMATCH, !value_can_cast(from.kind, to.kind));
        if (status == STATUS_OK)
            assert_true(cast.kind == to.kind || value_is_null(&cast));
    }
}

static bool text_is_exact(TypeKind kind)
{
    return kind != TYPE_JSON && kind != TYPE_DATE && kind != TYPE_TIME && kind != TYPE_TIMESTAMP &&
           kind != TYPE_DATETIME;
}

static void values_survive_their_text(void **state)
{
    (void)state;
    for (int i = 0; i < 50000; i++) {
        CLEANUP(context_done) Context ctx = {0};
        Type type = random_type();
        if (!text_is_exact(type.kind))
            continue;
        Value value = random_value(&ctx.arena, type), text, back;
        assert_int_equal(value_cast(&ctx, &value, TYPE(TEXT), &text), STATUS_OK);
        assert_int_equal(value_cast(&ctx, &text, type, &back), STATUS_OK);
        assert_true(same_value(&value, &back));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(null_casts_to_everything),
        cmocka_unit_test(text_casts_to_boolean),
        cmocka_unit_test(numbers_narrow_with_a_range_check),
        cmocka_unit_test(text_casts_to_numbers),
        cmocka_unit_test(decimals_round_to_their_scale_and_keep_their_precision),
        cmocka_unit_test(a_decimal_without_limits_keeps_the_digits_it_is_given),
        cmocka_unit_test(text_and_integers_cast_to_dates_and_times),
        cmocka_unit_test(moments_cast_to_their_parts_and_back),
        cmocka_unit_test(text_casts_to_bytes_and_uuids),
        cmocka_unit_test(json_is_validated_and_its_scalars_convert),
        cmocka_unit_test(kinds_that_have_nothing_in_common_do_not_cast),
        cmocka_unit_test(a_long_value_is_cut_between_characters_in_the_message),
        cmocka_unit_test(random_casts_keep_their_promises),
        cmocka_unit_test(values_survive_their_text),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("cast", tests, dice_seed, NULL);
}
