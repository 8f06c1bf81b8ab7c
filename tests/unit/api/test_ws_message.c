/* SPDX-License-Identifier: Apache-2.0 */
#include "api/ws_message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_text(Str text, const char *expected)
{
    assert_int_equal(text.len, strlen(expected));
    assert_memory_equal(text.ptr, expected, text.len);
}

static WsMessage parse(Context *ctx, const char *text)
{
    WsMessage message;
    assert_int_equal(ws_message_parse(ctx, str_from_c(text), &message), STATUS_OK);
    return message;
}

static void assert_refused(const char *text, Status expected, const char *why)
{
    Context ctx = {0};
    WsMessage message;
    assert_int_equal(ws_message_parse(&ctx, str_from_c(text), &message), expected);
    if (why)
        assert_text(ctx.message, why);
    context_done(&ctx);
}

static void each_message_is_read(void **state)
{
    (void)state;
    Context ctx = {0};
    WsMessage message = parse(&ctx,
                              "{\"type\":\"subscribe\",\"subscription\":{\"id\":\"s1\",\"sql\":"
                              "\"SELECT 1\",\"params\":[1],\"options\":{\"batch_size\":5}}}");
    assert_int_equal(message.kind, MESSAGE_SUBSCRIBE);
    assert_text(message.id, "s1");
    assert_text(message.subscribe.sql, "SELECT 1");
    assert_text(message.subscribe.options->source, "{\"batch_size\":5}");
    assert_int_equal(message.subscribe.parameters->count, 1);

    message =
        parse(&ctx, "{\"type\":\"next_batch\",\"subscription_id\":\"s1\",\"last_seq_id\":12}");
    assert_true(message.next_batch.has_last && message.next_batch.last == 12);
    message = parse(&ctx,
                    "{\"type\":\"next_batch\",\"subscription_id\":\"s1\",\"last_seq_id\":"
                    "\"9007199254740993\"}");
    assert_true(message.next_batch.last == UINT64_C(9007199254740993));
    message = parse(&ctx, "{\"type\":\"next_batch\",\"subscription_id\":\"s1\"}");
    assert_false(message.next_batch.has_last);

    message = parse(&ctx, "{\"type\":\"unsubscribe\",\"subscription_id\":\"s1\"}");
    assert_int_equal(message.kind, MESSAGE_UNSUBSCRIBE);
    assert_int_equal(parse(&ctx, "{\"type\":\"ping\"}").kind, MESSAGE_PING);
    message = parse(&ctx, "{\"type\":\"sql\",\"id\":\"q1\",\"sql\":\"SELECT 1\"}");
    assert_int_equal(message.kind, MESSAGE_SQL);
    assert_text(message.id, "q1");
    context_done(&ctx);
}

static void authenticate_takes_a_missing_protocol_as_json_and_gzip(void **state)
{
    (void)state;
    Context ctx = {0};
    WsMessage message =
        parse(&ctx, "{\"type\":\"authenticate\",\"method\":\"jwt\",\"token\":\"t\"}");
    assert_text(message.authenticate.token, "t");
    assert_true(message.authenticate.gzip);
    message = parse(&ctx,
                    "{\"type\":\"authenticate\",\"method\":\"jwt\",\"token\":\"t\",\"protocol\":"
                    "{\"serialization\":\"msgpack\",\"compression\":\"none\"}}");
    assert_false(message.authenticate.gzip);
    context_done(&ctx);
}

static void subscribe_without_options_says_so(void **state)
{
    (void)state;
    Context ctx = {0};
    WsMessage message = parse(&ctx,
                              "{\"type\":\"subscribe\",\"subscription\":{\"id\":\"\",\"sql\":\"\","
                              "\"options\":null}}");
    assert_null(message.subscribe.options);
    assert_null(message.subscribe.parameters);
    context_done(&ctx);
}

static void text_that_is_no_json_is_told_apart(void **state)
{
    (void)state;
    assert_refused("hello", STATUS_INVALID_VALUE, NULL);
    assert_refused("{\"type\":\"ping\"} {}", STATUS_INVALID_VALUE, NULL);
    assert_refused("", STATUS_INVALID_VALUE, NULL);
}

static void what_is_none_of_our_messages_is_named(void **state)
{
    (void)state;
    assert_refused("[]", STATUS_INVALID_INPUT, "a message must be an object");
    assert_refused("{}", STATUS_INVALID_INPUT, "\"type\" must be a string");
    assert_refused("{\"type\":\"x\"}", STATUS_INVALID_INPUT, "there is no message type \"x\"");
    assert_refused(
        "{\"type\":\"subscribe\"}", STATUS_INVALID_INPUT, "\"subscription\" must be an object");
    assert_refused("{\"type\":\"subscribe\",\"subscription\":{\"id\":1,\"sql\":\"\"}}",
                   STATUS_INVALID_INPUT,
                   "\"id\" must be a string");
    assert_refused(
        "{\"type\":\"subscribe\",\"subscription\":{\"id\":\"a\",\"sql\":\"\",\"params\":1}}",
        STATUS_INVALID_INPUT,
        "\"params\" must be an array");
    assert_refused("{\"type\":\"next_batch\",\"subscription_id\":\"a\",\"last_seq_id\":-1}",
                   STATUS_INVALID_INPUT,
                   "\"last_seq_id\" must be a sequence number");
    assert_refused(
        "{\"type\":\"unsubscribe\"}", STATUS_INVALID_INPUT, "\"subscription_id\" must be a string");
    assert_refused("{\"type\":\"authenticate\",\"method\":\"basic\",\"token\":\"t\"}",
                   STATUS_INVALID_INPUT,
                   "the only \"method\" is \"jwt\"");
    assert_refused("{\"type\":\"authenticate\",\"method\":\"jwt\",\"token\":\"t\",\"protocol\":"
                   "{\"compression\":\"lz4\"}}",
                   STATUS_INVALID_INPUT,
                   "\"compression\" must be \"gzip\" or \"none\"");
    assert_refused(
        "{\"type\":\"sql\",\"sql\":\"SELECT 1\"}", STATUS_INVALID_INPUT, "\"id\" must be a string");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_message_is_read),
        cmocka_unit_test(authenticate_takes_a_missing_protocol_as_json_and_gzip),
        cmocka_unit_test(subscribe_without_options_says_so),
        cmocka_unit_test(text_that_is_no_json_is_told_apart),
        cmocka_unit_test(what_is_none_of_our_messages_is_named),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("ws_message", tests, NULL, NULL);
}
