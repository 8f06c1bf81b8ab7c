/* SPDX-License-Identifier: Apache-2.0 */
#include "api/sql_request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const SqlRequestLimits limits = {
    .statement_bytes_max = 100,
    .parameter_count_max = 8,
    .parameter_bytes_max = 10,
};

static void assert_text(Str text, const char *expected)
{
    assert_int_equal(text.len, strlen(expected));
    assert_memory_equal(text.ptr, expected, text.len);
}

static void assert_refused(const char *text, Status expected, const char *message)
{
    Context ctx = {0};
    SqlRequest request;
    assert_int_equal(sql_request_parse(&ctx, str_from_c(text), &limits, &request), expected);
    if (message)
        assert_text(ctx.message, message);
    context_done(&ctx);
}

static void a_request_is_read_whole(void **state)
{
    (void)state;
    Context ctx = {0};
    SqlRequest request;
    Str text = STR("{\"sql\":\"SELECT $1\",\"params\":[null,true,false,12,-1.5,\"x\","
                   "18446744073709551615],\"namespace_id\":\"app\",\"more\":{}}");
    assert_int_equal(sql_request_parse(&ctx, text, &limits, &request), STATUS_OK);
    assert_text(request.sql, "SELECT $1");
    assert_text(request.namespace_name, "app");
    assert_int_equal(request.parameter_count, 7);
    assert_true(value_is_null(&request.parameters[0]));
    assert_true(request.parameters[1].boolean);
    assert_false(request.parameters[2].boolean);
    assert_int_equal(request.parameters[3].integer, 12);
    assert_true(request.parameters[4].real == -1.5);
    assert_text(request.parameters[5].text, "x");
    assert_int_equal(request.parameters[6].kind, TYPE_DECIMAL);
    context_done(&ctx);
}

static Value read_one(Context *ctx, const char *number)
{
    SqlRequest request;
    Str text = arena_printf(&ctx->arena, "{\"sql\":\"\",\"params\":[%s]}", number);
    assert_int_equal(sql_request_parse(ctx, text, &limits, &request), STATUS_OK);
    assert_int_equal(request.parameter_count, 1);
    return request.parameters[0];
}

static void numbers_keep_their_digits(void **state)
{
    (void)state;
    static const struct {
        const char *json, *text;
        TypeKind kind;
    } CASES[] = {
        {"1.50", "1.5", TYPE_DOUBLE},
        {"1e2", "100", TYPE_DOUBLE},
        {"0.1", "0.1", TYPE_DOUBLE},
        {"-2.5e-3", "-0.0025", TYPE_DOUBLE},
        {"1e100", "1e+100", TYPE_DOUBLE},
        {"1234567890123456789012345678.0123456789",
         "1234567890123456789012345678.0123456789",
         TYPE_DECIMAL},
        {"-0.12345678901234567891", "-0.12345678901234567891", TYPE_DECIMAL},
        {"1234567890123456789.25e1", "12345678901234567892.5", TYPE_DECIMAL},
        {"99999999999999999999", "99999999999999999999", TYPE_DECIMAL},
    };
    Context ctx = {0};
    for (size_t i = 0; i < sizeof(CASES) / sizeof(*CASES); i++) {
        Value value = read_one(&ctx, CASES[i].json);
        assert_int_equal(value.kind, CASES[i].kind);
        assert_text(value_to_text(&ctx.arena, &value), CASES[i].text);
    }
    context_done(&ctx);
}

static void missing_and_null_members_are_the_same(void **state)
{
    (void)state;
    Context ctx = {0};
    SqlRequest request;
    Str text = STR("{\"sql\":\"\",\"params\":null,\"namespace_id\":null}");
    assert_int_equal(sql_request_parse(&ctx, text, &limits, &request), STATUS_OK);
    assert_int_equal(request.parameter_count, 0);
    assert_int_equal(request.namespace_name.len, 0);
    context_done(&ctx);
}

static void what_is_no_request_is_refused(void **state)
{
    (void)state;
    assert_refused("{", STATUS_INVALID_INPUT, NULL);
    assert_refused("", STATUS_INVALID_INPUT, NULL);
    assert_refused("[]", STATUS_INVALID_INPUT, "Invalid JSON payload: expected an object");
    assert_refused("{}", STATUS_INVALID_INPUT, "Invalid JSON payload: \"sql\" must be a string");
    assert_refused(
        "{\"sql\":1}", STATUS_INVALID_INPUT, "Invalid JSON payload: \"sql\" must be a string");
    assert_refused("{\"sql\":\"\",\"params\":{}}",
                   STATUS_INVALID_INPUT,
                   "Invalid JSON payload: \"params\" must be an array");
    assert_refused("{\"sql\":\"\",\"namespace_id\":7}",
                   STATUS_INVALID_INPUT,
                   "Invalid JSON payload: \"namespace_id\" must be a string");
}

static void limits_are_named(void **state)
{
    (void)state;
    char text[300];
    memset(text, 'x', sizeof(text));
    memcpy(text, "{\"sql\":\"", 8);
    memcpy(text + 200, "\"}", 3);
    assert_refused(
        text, STATUS_INVALID_SQL, "the statement has 192 bytes, limits.max_statement_bytes is 100");
    assert_refused("{\"sql\":\"\",\"params\":[1,2,3,4,5,6,7,8,9]}",
                   STATUS_INVALID_PARAMETER,
                   "9 parameters given, execution.max_parameters is 8");
    assert_refused("{\"sql\":\"\",\"params\":[1,\"12345678901\"]}",
                   STATUS_INVALID_PARAMETER,
                   "Parameter $2 invalid: it has 11 bytes, execution.max_parameter_size_bytes "
                   "is 10");
}

static void parameters_that_are_no_values_are_refused(void **state)
{
    (void)state;
    assert_refused("{\"sql\":\"\",\"params\":[[]]}",
                   STATUS_INVALID_PARAMETER,
                   "Parameter $1 invalid: an array is no SQL value");
    assert_refused("{\"sql\":\"\",\"params\":[1,{}]}",
                   STATUS_INVALID_PARAMETER,
                   "Parameter $2 invalid: an object is no SQL value");
    assert_refused("{\"sql\":\"\",\"params\":[1e999]}",
                   STATUS_INVALID_PARAMETER,
                   "Parameter $1 invalid: the number is out of range");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_read_whole),
        cmocka_unit_test(numbers_keep_their_digits),
        cmocka_unit_test(missing_and_null_members_are_the_same),
        cmocka_unit_test(what_is_no_request_is_refused),
        cmocka_unit_test(limits_are_named),
        cmocka_unit_test(parameters_that_are_no_values_are_refused),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("sql_request", tests, NULL, NULL);
}
