/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How values are written: as text, as SQL literals and as cells on the wire.
 */
#include "value/value.h"

#include "random_values.h"
#include "value/json.h"

static const Value UUID = {
    .kind = TYPE_UUID,
    .uuid = {0x01,
             0x90,
             0x16,
             0x3d,
             0x86,
             0x94,
             0x73,
             0x9b,
             0xae,
             0xa5,
             0x96,
             0x6c,
             0x26,
             0xf8,
             0xad,
             0x91},
};

static Value bytes_of(Str bytes)
{
    return (Value){.kind = TYPE_BYTES, .text = bytes};
}

static Value json_of(Str text)
{
    return (Value){.kind = TYPE_JSON, .text = text};
}

static void assert_text(Value value, const char *expected)
{
    CLEANUP(arena_done) Arena arena = {0};
    assert_string_equal(value_to_text(&arena, &value).ptr, expected);
}

static void text_is_postgresqls(void **state)
{
    (void)state;
    assert_text(VALUE_NULL, "");
    assert_text(value_boolean(true), "true");
    assert_text(value_bigint(INT64_MIN), "-9223372036854775808");
    assert_text(value_double(1), "1");
    assert_text(value_double(1e300), "1e+300");
    assert_text(value_double(-HUGE_VAL), "-Infinity");
    assert_text((Value){.kind = TYPE_FLOAT, .real = (double)0.1f}, "0.1");
    assert_text(value_decimal(1250, 2), "12.50");
    assert_text(value_decimal(-5, 1), "-0.5");
    assert_text(value_text(STR("it's")), "it's");
    assert_text(bytes_of(STR("\x0a\xff")), "\\x0aff");
    assert_text(value_integer(TYPE_DATE, 0), "1970-01-01");
    assert_text(value_integer(TYPE_TIME, 1500000), "00:00:01.5");
    assert_text(value_integer(TYPE_TIMESTAMP, 1), "1970-01-01 00:00:00.000001");
    assert_text(value_integer(TYPE_DATETIME, 0), "1970-01-01 00:00:00+00");
    assert_text(UUID, "0190163d-8694-739b-aea5-966c26f8ad91");
}

static void assert_sql(Value value, const char *expected)
{
    CLEANUP(buf_done) Buf buf = {0};
    value_write_sql(&buf, &value);
    buf_byte(&buf, '\0');
    assert_string_equal(buf.ptr, expected);
}

static void sql_literals_name_what_a_bare_one_would_lose(void **state)
{
    (void)state;
    assert_sql(VALUE_NULL, "NULL");
    assert_sql(value_boolean(false), "false");
    assert_sql(value_bigint(-5), "-5");
    assert_sql(value_bigint(INT64_MIN), "CAST('-9223372036854775808' AS BIGINT)");
    assert_sql(value_text(STR("it's")), "'it''s'");
    assert_sql(value_text(STR("'")), "''''");
    assert_sql(value_text(STR("")), "''");
    assert_sql(bytes_of(STR("\x00\xff")), "X'00ff'");
    assert_sql(value_integer(TYPE_DATE, 0), "DATE '1970-01-01'");
    assert_sql(value_integer(TYPE_TIMESTAMP, 0), "TIMESTAMP '1970-01-01 00:00:00'");
    assert_sql(value_integer(TYPE_DATETIME, 0), "CAST('1970-01-01 00:00:00+00' AS DATETIME)");
    assert_sql(value_double(0.5), "CAST('0.5' AS DOUBLE)");
    assert_sql(value_decimal(125, 1), "CAST('12.5' AS DECIMAL(38,1))");
    assert_sql(json_of(STR("{\"a\":\"'\"}")), "CAST('{\"a\":\"''\"}' AS JSON)");
    assert_sql(UUID, "CAST('0190163d-8694-739b-aea5-966c26f8ad91' AS UUID)");
}

static void assert_cell(Value value, const char *expected)
{
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(buf_done) Buf buf = {0};
    assert_int_equal(value_write_cell(&ctx, &buf, &value), STATUS_OK);
    assert_true(json_is_valid(buf_str(&buf)));
    buf_byte(&buf, '\0');
    assert_string_equal(buf.ptr, expected);
}

static void cells_are_those_of_the_protocol(void **state)
{
    (void)state;
    assert_cell(VALUE_NULL, "null");
    assert_cell(value_boolean(true), "true");
    assert_cell(value_integer(TYPE_SMALLINT, -3), "-3");
    assert_cell(value_integer(TYPE_INT, 7), "7");
    assert_cell(value_bigint(123), "\"123\"");
    assert_cell(value_double(1), "1.0");
    assert_cell(value_double(-1.25), "-1.25");
    assert_cell((Value){.kind = TYPE_FLOAT, .real = (double)0.1f}, "0.1");
    assert_cell(value_decimal(-5, 1), "\"-0.5\"");
    assert_cell(value_text(STR("say \"hi\"\n")), "\"say \\\"hi\\\"\\n\"");
    assert_cell(json_of(STR("{\"a\":1}")), "\"{\\\"a\\\":1}\"");
    assert_cell(bytes_of(STR("\x01\xff")), "[1,255]");
    assert_cell(bytes_of(STR("")), "[]");
    assert_cell(value_integer(TYPE_DATE, 20000), "20000");
    assert_cell(value_integer(TYPE_TIME, 1), "1");
    assert_cell(value_integer(TYPE_TIMESTAMP, 1700000000000000), "1700000000000000");
    assert_cell(value_integer(TYPE_DATETIME, -1), "-1");
    assert_cell(UUID, "\"0190163d-8694-739b-aea5-966c26f8ad91\"");
}

static void numbers_that_json_does_not_have_are_refused(void **state)
{
    (void)state;
    static const double ODD[] = {(double)NAN, (double)INFINITY, -(double)INFINITY};
    for (size_t i = 0; i < 3; i++) {
        CLEANUP(context_done) Context ctx = {0};
        CLEANUP(buf_done) Buf buf = {0};
        Value value = value_double(ODD[i]);
        assert_int_equal(value_write_cell(&ctx, &buf, &value), STATUS_INVALID_VALUE);
        assert_int_equal(buf.len, 0);
    }
}

static void a_copy_outlives_what_it_was_made_of(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    char text[] = "before";
    Value value = value_text(str_from_c(text));
    Value copy = value_copy(&arena, &value);
    memset(text, 'x', sizeof(text) - 1);
    assert_string_equal(copy.text.ptr, "before");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_postgresqls),
        cmocka_unit_test(sql_literals_name_what_a_bare_one_would_lose),
        cmocka_unit_test(cells_are_those_of_the_protocol),
        cmocka_unit_test(numbers_that_json_does_not_have_are_refused),
        cmocka_unit_test(a_copy_outlives_what_it_was_made_of),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
