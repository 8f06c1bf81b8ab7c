/* SPDX-License-Identifier: Apache-2.0 */
#include "api/sql_envelope.h"

#include <math.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const ResultColumn COLUMNS[] = {
    {.name = STR_INIT("id"), .type = {.kind = TYPE_BIGINT}, .not_null = true, .primary_key = true},
    {.name = STR_INIT("password_hash"), .type = {.kind = TYPE_TEXT}, .not_null = true},
    {.name = STR_INIT("price"), .type = {.kind = TYPE_DECIMAL, .precision = 10, .scale = 2}},
};

#define SCHEMA                                                                                     \
    "\"schema\":[{\"name\":\"id\",\"data_type\":\"BigInt\",\"index\":0,\"flags\":[\"nn\",\"pk\","  \
    "\"uq\"]},{\"name\":\"password_hash\",\"data_type\":\"Text\",\"index\":1,\"flags\":[\"nn\"]}," \
    "{\"name\":\"price\",\"data_type\":{\"Decimal\":{\"precision\":10,\"scale\":2}},\"index\":2}]"

static const SqlEnvelopeOptions admin = {.user_id = STR_INIT("root"), .role = ROLE_SYSTEM};
static const SqlEnvelopeOptions user = {.user_id = STR_INIT("alice"), .role = ROLE_USER};

static const SqlError error = {.http_status = 400, .code = "X", .message = STR_INIT("bad")};

static void assert_out(SqlEnvelope *envelope, const char *expected)
{
    Str text = buf_str(&envelope->out);
    if (text.len != strlen(expected) || memcmp(text.ptr, expected, text.len) != 0)
        print_message("# %.*s\n", STR_ARG(text));
    assert_int_equal(text.len, strlen(expected));
    assert_memory_equal(text.ptr, expected, text.len);
    sql_envelope_done(envelope);
}

static void begin_rows(SqlEnvelope *envelope)
{
    SQL_ENVELOPE_SINK.begin(envelope, NULL);
    SQL_ENVELOPE_SINK.columns(envelope, COLUMNS, 3);
}

static Status add_row(SqlEnvelope *envelope, Context *ctx, Value first)
{
    const Value values[] = {first, value_text(STR("h\"h")), value_decimal(-50, 2)};
    return SQL_ENVELOPE_SINK.row(envelope, ctx, values);
}

static void rows_and_counts_make_a_success(void **state)
{
    (void)state;
    Context ctx = {0};
    SqlEnvelope envelope;
    sql_envelope_init(&envelope, &admin);
    begin_rows(&envelope);
    assert_int_equal(add_row(&envelope, &ctx, value_bigint(1)), STATUS_OK);
    assert_int_equal(add_row(&envelope, &ctx, VALUE_NULL), STATUS_OK);
    SQL_ENVELOPE_SINK.done(&envelope, &(ResultDone){.row_count = 2, .as_user = STR("root")});
    sql_envelope_finish(&envelope, 1234);
    assert_out(&envelope,
               "{\"status\":\"success\",\"results\":[{" SCHEMA
               ",\"rows\":[[\"1\",\"h\\\"h\",\"-0.50\"],[null,\"h\\\"h\",\"-0.50\"]],"
               "\"row_count\":2,\"as_user\":\"root\"}],\"took\":1.234,\"error\":null}");
    context_done(&ctx);
}

static void a_result_set_without_rows_has_its_schema(void **state)
{
    (void)state;
    SqlEnvelope envelope;
    sql_envelope_init(&envelope, &admin);
    begin_rows(&envelope);
    SQL_ENVELOPE_SINK.done(&envelope, &(ResultDone){.as_user = STR("root")});
    sql_envelope_finish(&envelope, 5);
    assert_out(
        &envelope,
        "{\"status\":\"success\",\"results\":[{" SCHEMA
        ",\"rows\":[],\"row_count\":0,\"as_user\":\"root\"}],\"took\":0.005,\"error\":null}");
}

static void messages_and_additions_are_written(void **state)
{
    (void)state;
    const Str ids[] = {STR_INIT("1"), STR_INIT("b")};
    SqlEnvelope envelope;
    sql_envelope_init(&envelope, &admin);
    SQL_ENVELOPE_SINK.begin(&envelope, NULL);
    SQL_ENVELOPE_SINK.done(&envelope,
                           &(ResultDone){
                               .row_count = 2,
                               .message = STR("Inserted 2 row(s)"),
                               .as_user = STR("bob"),
                               .seq = UINT64_C(9007199254740993),
                               .row_ids = ids,
                               .row_id_count = 2,
                               .has_timestamp = true,
                               .timestamp_ms = 17,
                               .has_discarded = true,
                               .discarded = 3,
                               .truncated = true,
                           });
    SQL_ENVELOPE_SINK.begin(&envelope, NULL);
    SQL_ENVELOPE_SINK.done(&envelope, &(ResultDone){.as_user = STR("bob")});
    sql_envelope_finish(&envelope, 1000000);
    assert_out(&envelope,
               "{\"status\":\"success\",\"results\":[{\"row_count\":2,\"message\":\"Inserted 2 "
               "row(s)\",\"as_user\":\"bob\",\"seq\":\"9007199254740993\",\"row_ids\":[\"1\","
               "\"b\"],\"timestamp_ms\":17,\"discarded\":3,\"truncated\":true},{\"row_count\":0,"
               "\"as_user\":\"bob\"}],\"took\":1000.000}");
}

static void secrets_are_shown_to_administrators_only(void **state)
{
    (void)state;
    Context ctx = {0};
    SqlEnvelope envelope;
    sql_envelope_init(&envelope, &user);
    begin_rows(&envelope);
    assert_int_equal(add_row(&envelope, &ctx, value_bigint(1)), STATUS_OK);
    SQL_ENVELOPE_SINK.done(&envelope, &(ResultDone){.row_count = 1, .as_user = STR("alice")});
    sql_envelope_finish(&envelope, 0);
    assert_out(&envelope,
               "{\"status\":\"success\",\"results\":[{" SCHEMA
               ",\"rows\":[[\"1\",\"***\",\"-0.50\"]],\"row_count\":1,\"as_user\":\"alice\"}],"
               "\"took\":0.000,\"error\":null}");
    context_done(&ctx);
}

static void an_error_replaces_what_has_not_left(void **state)
{
    (void)state;
    Context ctx = {0};
    SqlEnvelope envelope;
    sql_envelope_init(&envelope, &admin);
    begin_rows(&envelope);
    assert_int_equal(add_row(&envelope, &ctx, value_bigint(1)), STATUS_OK);
    sql_envelope_fail(&envelope, &error, 77);
    assert_out(&envelope,
               "{\"status\":\"error\",\"results\":[],\"took\":0.077,\"error\":{\"code\":\"X\","
               "\"message\":\"bad\"}}");
    context_done(&ctx);
}

/* Decision 21. */
static void r22_an_error_after_streaming_began_ends_the_body(void **state)
{
    (void)state;
    Context ctx = {0};
    SqlEnvelope envelope;
    sql_envelope_init(&envelope, &admin);
    begin_rows(&envelope);
    assert_int_equal(add_row(&envelope, &ctx, value_bigint(1)), STATUS_OK);
    sql_envelope_start_streaming(&envelope);
    buf_clear(&envelope.out);
    assert_int_equal(add_row(&envelope, &ctx, value_bigint(2)), STATUS_OK);
    assert_int_equal(add_row(&envelope, &ctx, value_double(NAN)), STATUS_INVALID_VALUE);
    sql_envelope_fail(&envelope, &error, 77);
    assert_out(&envelope,
               ",[\"2\",\"h\\\"h\",\"-0.50\"]],\"row_count\":2,\"as_user\":\"root\"}],"
               "\"took\":0.077,\"error\":{\"code\":\"X\",\"message\":\"bad\"}}");
    context_done(&ctx);
}

/* Decision 58. */
static void what_json_does_not_have_is_an_error_that_names_the_column(void **state)
{
    (void)state;
    const ResultColumn columns[] = {
        {.name = STR("id"), .type = {.kind = TYPE_BIGINT}},
        {.name = STR("ratio"), .type = {.kind = TYPE_DOUBLE}},
    };
    const Value values[] = {value_bigint(1), value_double(INFINITY)};
    Context ctx = {0};
    SqlEnvelope envelope;
    sql_envelope_init(&envelope, &admin);
    SQL_ENVELOPE_SINK.begin(&envelope, NULL);
    SQL_ENVELOPE_SINK.columns(&envelope, columns, 2);
    assert_int_equal(SQL_ENVELOPE_SINK.row(&envelope, &ctx, values), STATUS_INVALID_VALUE);
    Str expected = STR("column \"ratio\": NaN and Infinity cannot be sent as JSON");
    assert_true(str_equal(ctx.message, expected));
    sql_envelope_done(&envelope);
    context_done(&ctx);
}

static void a_prefix_comes_before_the_status(void **state)
{
    (void)state;
    SqlEnvelope envelope;
    sql_envelope_init(&envelope, &(SqlEnvelopeOptions){.prefix = STR("\"id\":\"q\",")});
    sql_envelope_fail(&envelope, &error, 0);
    assert_out(&envelope,
               "{\"id\":\"q\",\"status\":\"error\",\"results\":[],\"took\":0.000,\"error\":{"
               "\"code\":\"X\",\"message\":\"bad\"}}");
}

static void an_answer_larger_than_it_may_be_is_an_error(void **state)
{
    (void)state;
    Context ctx = {0};
    SqlEnvelope envelope;
    sql_envelope_init(&envelope, &(SqlEnvelopeOptions){.role = ROLE_SYSTEM, .size_max = 400});
    begin_rows(&envelope);
    Status status = STATUS_OK;
    for (int i = 0; i < 20 && status == STATUS_OK; i++)
        status = add_row(&envelope, &ctx, value_bigint(i));
    assert_int_equal(status, STATUS_LIMIT_EXCEEDED);
    sql_envelope_fail(&envelope, &error, 0);
    assert_out(&envelope,
               "{\"status\":\"error\",\"results\":[],\"took\":0.000,\"error\":{\"code\":\"X\","
               "\"message\":\"bad\"}}");
    context_done(&ctx);
}

static void an_envelope_is_full_at_its_chunk_size(void **state)
{
    (void)state;
    Context ctx = {0};
    SqlEnvelope envelope;
    sql_envelope_init(&envelope, &(SqlEnvelopeOptions){.role = ROLE_SYSTEM, .chunk_size = 600});
    begin_rows(&envelope);
    assert_false(SQL_ENVELOPE_SINK.is_full(&envelope));
    for (int i = 0; i < 20; i++)
        assert_int_equal(add_row(&envelope, &ctx, value_bigint(i)), STATUS_OK);
    assert_true(SQL_ENVELOPE_SINK.is_full(&envelope));
    sql_envelope_done(&envelope);
    context_done(&ctx);
}

static void errors_carry_position_hint_and_details(void **state)
{
    (void)state;
    Buf out = {0};
    const SqlError whole = {
        .code = "INVALID_SQL",
        .message = STR_INIT("Invalid SQL: x"),
        .details = STR_INIT("SELECT"),
        .hint = STR_INIT("try"),
        .position = 3,
    };
    sql_error_write(&out, &whole);
    const char *expected = "{\"code\":\"INVALID_SQL\",\"message\":\"Invalid SQL: "
                           "x\",\"details\":\"SELECT\",\"position\":3,\"hint\":\"try\"}";
    assert_int_equal(out.len, strlen(expected));
    assert_memory_equal(out.ptr, expected, out.len);
    buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_and_counts_make_a_success),
        cmocka_unit_test(a_result_set_without_rows_has_its_schema),
        cmocka_unit_test(messages_and_additions_are_written),
        cmocka_unit_test(secrets_are_shown_to_administrators_only),
        cmocka_unit_test(an_error_replaces_what_has_not_left),
        cmocka_unit_test(r22_an_error_after_streaming_began_ends_the_body),
        cmocka_unit_test(what_json_does_not_have_is_an_error_that_names_the_column),
        cmocka_unit_test(a_prefix_comes_before_the_status),
        cmocka_unit_test(an_answer_larger_than_it_may_be_is_an_error),
        cmocka_unit_test(an_envelope_is_full_at_its_chunk_size),
        cmocka_unit_test(errors_carry_position_hint_and_details),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("sql_envelope", tests, NULL, NULL);
}
