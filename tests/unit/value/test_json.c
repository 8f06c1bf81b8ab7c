/* SPDX-License-Identifier: Apache-2.0 */
#include "value/json.h"

#include "random_values.h"

static const Json *parsed(Context *ctx, Str text)
{
    const Json *json = NULL;
    assert_int_equal(json_parse(ctx, text, &json), STATUS_OK);
    assert_true(json_is_valid(text));
    return json;
}

static void assert_rewritten(const char *text, const char *expected)
{
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(buf_done) Buf buf = {0};
    json_write(&buf, parsed(&ctx, str_from_c(text)));
    buf_byte(&buf, '\0');
    assert_string_equal(buf.ptr, expected);
}

static void documents_are_read_and_written_compactly(void **state)
{
    (void)state;
    assert_rewritten("null", "null");
    assert_rewritten(" true\r\n", "true");
    assert_rewritten("\"\"", "\"\"");
    assert_rewritten("[]", "[]");
    assert_rewritten("{ }", "{}");
    assert_rewritten("[1, -2.50 ,3e+5, 0, -0]", "[1,-2.50,3e+5,0,-0]");
    assert_rewritten(" { \"b\" : [ false , { } ] , \"a\" : \"x\" } ",
                     "{\"b\":[false,{}],\"a\":\"x\"}");
    assert_rewritten("12345678901234567890.123456789", "12345678901234567890.123456789");
    assert_rewritten("\"\\u0041\\n\\/\\u00e9\\ud83d\\ude00\\u20AC\"", "\"A\\n/é😀€\"");
    assert_rewritten("\"\\u0000\\u001f\\\"\\\\\\b\\f\\r\\t\"",
                     "\"\\u0000\\u001f\\\"\\\\\\b\\f\\r\\t\"");
}

static void every_value_knows_its_source(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const Json *json = parsed(&ctx, STR(" {\"a\" : [ 1 , \"x\\n\" ] , \"b\":2 } "));
    assert_true(str_equal(json->source, STR("{\"a\" : [ 1 , \"x\\n\" ] , \"b\":2 }")));
    const Json *array = json_member(json, STR("a"));
    assert_true(str_equal(array->source, STR("[ 1 , \"x\\n\" ]")));
    assert_true(str_equal(array->key, STR("a")));
    const Json *text = json_element(array, 1);
    assert_true(str_equal(text->source, STR("\"x\\n\"")));
    assert_true(str_equal(text->text, STR("x\n")));
}

static void members_and_elements_are_found(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const Json *json = parsed(&ctx, STR("{\"a\":1,\"list\":[10,20,30],\"a\":2,\"k\\u0065y\":3}"));
    int64_t number = 0;
    assert_true(json_to_int64(json_member(json, STR("a")), &number) && number == 2);
    assert_true(json_to_int64(json_member(json, STR("key")), &number) && number == 3);
    assert_null(json_member(json, STR("b")));
    const Json *list = json_member(json, STR("list"));
    assert_int_equal(list->count, 3);
    assert_true(json_to_int64(json_element(list, 0), &number) && number == 10);
    assert_true(json_to_int64(json_element(list, -1), &number) && number == 30);
    assert_null(json_element(list, 3));
    assert_null(json_element(list, -4));
    assert_null(json_element(list, INT64_MIN));
    assert_null(json_element(json, 0));
    assert_null(json_member(list, STR("a")));
    assert_null(json_member(NULL, STR("a")));
    assert_null(json_element(NULL, 0));
}

static void numbers_convert_when_they_are_in_range(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const Json *json =
        parsed(&ctx, STR("[9223372036854775807,9223372036854775808,1.0,1e3,1e400,\"5\",-7]"));
    int64_t integer = 0;
    double real = 0;
    assert_true(json_to_int64(json_element(json, 0), &integer) && integer == INT64_MAX);
    assert_false(json_to_int64(json_element(json, 1), &integer));
    assert_true(json_to_double(json_element(json, 1), &real) && real == 0x1p63);
    assert_false(json_to_int64(json_element(json, 2), &integer));
    assert_true(json_to_double(json_element(json, 3), &real) && real == 1000);
    assert_false(json_to_double(json_element(json, 4), &real));
    assert_false(json_to_int64(json_element(json, 5), &integer));
    assert_false(json_to_double(NULL, &real));
    assert_true(json_to_int64(json_element(json, -1), &integer) && integer == -7);
}

static void assert_refused(Str text, const char *message)
{
    CLEANUP(context_done) Context ctx = {0};
    const Json *json;
    assert_int_equal(json_parse(&ctx, text, &json), STATUS_INVALID_VALUE);
    assert_false(json_is_valid(text));
    if (message)
        assert_string_equal(ctx.message.ptr, message);
}

static void errors_name_the_byte(void **state)
{
    (void)state;
    assert_refused(STR(""), "invalid JSON at byte 0: a value was expected");
    assert_refused(STR("[1,]"), "invalid JSON at byte 3: a value was expected");
    assert_refused(STR("{\"a\" 1}"), "invalid JSON at byte 5: ':' was expected");
    assert_refused(STR("[1 2]"), "invalid JSON at byte 3: ',' or ']' was expected");
    assert_refused(STR("1 2"), "invalid JSON at byte 2: nothing more was expected");
    assert_refused(STR("\"abc"), "invalid JSON at byte 4: a string has no end");
}

static void text_that_is_no_json_is_refused(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {
        " ",
        "nul",
        "nulll",
        "True",
        "NaN",
        "Infinity",
        "+1",
        "01",
        "-",
        "-01",
        "1.",
        ".5",
        "1e",
        "1e+",
        "0x10",
        "[",
        "]",
        "[1",
        "[1,",
        "[,1]",
        "{",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,",
        "{\"a\":1,}",
        "{,}",
        "{a:1}",
        "{1:1}",
        "{'a':1}",
        "[1}",
        "{\"a\":1]",
        "'a'",
        "\"",
        "\"\\",
        "\"\\\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\\ud800\"",
        "\"\\ud800x\"",
        "\"\\ud800\\n\"",
        "\"\\ud800\\u0041\"",
        "\"\\udc00\"",
        "\"tab\there\"",
        "\"escaped\\n and tab\there\"",
        "\"line\nbreak\"",
        "1 // comment",
        "\xef\xbb\xbf"
        "1",
        "\"\xff\"",
        "\"\xc0\x80\"",
        "\"\xed\xa0\x80\"",
    };
    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++)
        assert_refused(str_from_c(TEXTS[i]), NULL);
    assert_refused(STR("1\0"), NULL);
    assert_refused(STR("\"\0\""), NULL);
}

/* `depth` nested containers, arrays and objects in turn. */
static void write_nested(Buf *out, int depth)
{
    buf_clear(out);
    for (int i = 0; i < depth; i++)
        buf_str_append(out, i % 2 ? STR("{\"k\":") : STR("["));
    BUF_LIT(out, "1");
    for (int i = depth - 1; i >= 0; i--)
        buf_byte(out, i % 2 ? '}' : ']');
}

static void nesting_is_limited(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(buf_done) Buf buf = {0};
    write_nested(&buf, JSON_DEPTH_MAX);
    assert_non_null(parsed(&ctx, buf_str(&buf)));
    write_nested(&buf, JSON_DEPTH_MAX + 1);
    assert_refused(buf_str(&buf), NULL);
    buf_clear(&buf);
    for (int i = 0; i < 100000; i++)
        buf_byte(&buf, '[');
    assert_refused(buf_str(&buf), NULL);
}

static void a_request_may_not_grow_past_its_memory(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {.memory_limit = 1 << 20};
    CLEANUP(buf_done) Buf buf = {0};
    BUF_LIT(&buf, "[0");
    for (int i = 0; i < 1000000; i++)
        BUF_LIT(&buf, ",0");
    BUF_LIT(&buf, "]");
    const Json *json;
    assert_int_equal(json_parse(&ctx, buf_str(&buf), &json), STATUS_MEMORY_LIMIT);
    assert_true(ctx.arena.allocated_bytes < 8 << 20);
}

/* Strings of all lengths around the eight bytes that are scanned at a time. */
static void any_text_survives_a_string(void **state)
{
    (void)state;
    for (int i = 0; i < 20000; i++) {
        CLEANUP(context_done) Context ctx = {0};
        CLEANUP(buf_done) Buf buf = {0};
        char text[40];
        size_t len = (size_t)dice_below(sizeof(text));
        for (size_t at = 0; at < len; at++)
            text[at] = dice_below(4) ? (char)('a' + dice_below(26)) : (char)dice_below(128);
        json_write_string(&buf, str_from(text, len));
        const Json *json = parsed(&ctx, buf_str(&buf));
        assert_true(str_equal(json->text, str_from(text, len)));
        assert_true(str_equal(json->source, buf_str(&buf)));
    }
}

static void write_random(Buf *out, int depth)
{
    uint64_t choice = dice_below(depth > 0 ? 8 : 6);
    uint64_t count = choice >= 6 ? dice_below(5) : 0;
    if (choice < 3)
        buf_str_append(out, (const Str[]){STR("null"), STR("true"), STR("false")}[choice]);
    else if (choice == 3)
        buf_int64(out, random_integer(64));
    else if (choice == 4)
        json_write_double(out, (double)random_integer(40) / 7);
    else if (choice == 5)
        json_write_string(out, STR("a \"quoted\" \xc3\xa9\n"));
    else
        buf_byte(out, choice == 6 ? '[' : '{');
    for (uint64_t i = 0; i < count; i++) {
        if (i > 0)
            buf_byte(out, ',');
        if (choice == 7)
            json_write_key(out, STR("k\t"));
        write_random(out, depth - 1);
    }
    if (choice >= 6)
        buf_byte(out, choice == 6 ? ']' : '}');
}

static void any_document_is_rewritten_as_it_was(void **state)
{
    (void)state;
    for (int i = 0; i < 5000; i++) {
        CLEANUP(context_done) Context ctx = {0};
        CLEANUP(buf_done) Buf buf = {0};
        CLEANUP(buf_done) Buf again = {0};
        write_random(&buf, 6);
        json_write(&again, parsed(&ctx, buf_str(&buf)));
        assert_true(str_equal(buf_str(&buf), buf_str(&again)));
    }
}

/* Damaged documents: both readers agree, and neither reads past the end. */
static void checking_and_building_agree(void **state)
{
    (void)state;
    for (int i = 0; i < 20000; i++) {
        CLEANUP(context_done) Context ctx = {0};
        CLEANUP(buf_done) Buf buf = {0};
        write_random(&buf, 3);
        size_t len = (size_t)dice_below(buf.len + 1);
        char *copy = malloc(len + 1);
        memcpy(copy, buf.ptr, len);
        if (len > 0)
            copy[dice_below(len)] = "\"\\{}[],:0e u"[dice_below(12)];
        char *exact = realloc(copy, len ? len : 1);
        const Json *json;
        Status status = json_parse(&ctx, str_from(exact, len), &json);
        assert_int_equal(status == STATUS_OK, json_is_valid(str_from(exact, len)));
        free(exact);
    }
}

static void floats_are_written_as_floats(void **state)
{
    (void)state;
    CLEANUP(buf_done) Buf buf = {0};
    json_write_double(&buf, 1);
    buf_byte(&buf, ' ');
    json_write_float(&buf, 0.1f);
    buf_byte(&buf, ' ');
    json_write_double(&buf, 1e300);
    assert_true(str_equal(buf_str(&buf), STR("1.0 0.1 1e+300")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_are_read_and_written_compactly),
        cmocka_unit_test(every_value_knows_its_source),
        cmocka_unit_test(members_and_elements_are_found),
        cmocka_unit_test(numbers_convert_when_they_are_in_range),
        cmocka_unit_test(errors_name_the_byte),
        cmocka_unit_test(text_that_is_no_json_is_refused),
        cmocka_unit_test(nesting_is_limited),
        cmocka_unit_test(a_request_may_not_grow_past_its_memory),
        cmocka_unit_test(any_text_survives_a_string),
        cmocka_unit_test(any_document_is_rewritten_as_it_was),
        cmocka_unit_test(checking_and_building_agree),
        cmocka_unit_test(floats_are_written_as_floats),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("json", tests, dice_seed, NULL);
}
