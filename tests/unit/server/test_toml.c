/* SPDX-License-Identifier: Apache-2.0 */
#include "server/toml.h"

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

static TomlDocument parse(Context *ctx, const char *text)
{
    TomlDocument document;
    Status status = toml_parse(ctx, str_from_c(text), &document);
    if (status != STATUS_OK)
        print_message("# %.*s\n", STR_ARG(ctx->message));
    assert_int_equal(status, STATUS_OK);
    return document;
}

static void assert_refused(const char *text, const char *why)
{
    Context ctx = {0};
    TomlDocument document;
    assert_int_equal(toml_parse(&ctx, str_from_c(text), &document), STATUS_INVALID_INPUT);
    assert_text(ctx.message, why);
    context_done(&ctx);
}

static void tables_and_dotted_keys_become_full_names(void **state)
{
    (void)state;
    Context ctx = {0};
    TomlDocument document = parse(&ctx,
                                  "top = 1 # comment\n"
                                  "\n"
                                  "[server]\r\n"
                                  "port = 8080\n"
                                  "log.level = \"info\"\n"
                                  "[ storage . \"rocks db\" ]\n"
                                  "size = 0x10\n");
    assert_int_equal(document.count, 4);
    assert_text(document.entries[0].key, "top");
    assert_text(document.entries[1].key, "server.port");
    assert_int_equal(document.entries[1].value.integer, 8080);
    assert_int_equal(document.entries[1].line, 4);
    assert_text(document.entries[2].key, "server.log.level");
    assert_text(document.entries[3].key, "storage.rocks db.size");
    assert_int_equal(document.entries[3].value.integer, 16);
    context_done(&ctx);
}

static void scalars_have_their_kinds(void **state)
{
    (void)state;
    Context ctx = {0};
    TomlDocument document = parse(
        &ctx, "a = true\nb = false\nc = -1_000\nd = 2.5e1\ne = 'C:\\raw'\nf = 0b101\ng = 0o17");
    const TomlEntry *entries = document.entries;
    assert_true(entries[0].value.kind == TOML_BOOLEAN && entries[0].value.boolean);
    assert_true(entries[1].value.kind == TOML_BOOLEAN && !entries[1].value.boolean);
    assert_int_equal(entries[2].value.integer, -1000);
    assert_int_equal(entries[3].value.kind, TOML_FLOAT);
    assert_true(entries[3].value.real == 25.0);
    assert_text(entries[4].value.text, "C:\\raw");
    assert_int_equal(entries[5].value.integer, 5);
    assert_int_equal(entries[6].value.integer, 15);
    context_done(&ctx);
}

static void strings_are_unescaped(void **state)
{
    (void)state;
    Context ctx = {0};
    TomlDocument document = parse(&ctx,
                                  "a = \"q\\\" t\\t u\\u00e4 U\\U0001F600\"\n"
                                  "b = \"\"\"\nfirst\nsecond \\\n   joined\"\"\"\n"
                                  "c = '''\nit's\n'''\n"
                                  "d = \"\"\n");
    assert_text(document.entries[0].value.text, "q\" t\t u\xc3\xa4 U\xf0\x9f\x98\x80");
    assert_text(document.entries[1].value.text, "first\nsecond joined");
    assert_text(document.entries[2].value.text, "it's\n");
    assert_text(document.entries[3].value.text, "");
    context_done(&ctx);
}

static void arrays_span_lines_and_hold_any_kind(void **state)
{
    (void)state;
    Context ctx = {0};
    TomlDocument document = parse(&ctx, "a = [\n  'x', # one\n  2,\n  ['y'],\n]\nb = []\n");
    const TomlValue *item = document.entries[0].value.first;
    assert_text(item->text, "x");
    assert_int_equal(item->next->integer, 2);
    assert_int_equal(item->next->next->kind, TOML_ARRAY);
    assert_text(item->next->next->first->text, "y");
    assert_null(item->next->next->next);
    assert_null(document.entries[1].value.first);
    context_done(&ctx);
}

static void inline_tables_and_arrays_of_tables_are_flattened(void **state)
{
    (void)state;
    Context ctx = {0};
    TomlDocument document = parse(&ctx,
                                  "t = { a = 1, b.c = 'x' }\ne = {}\n"
                                  "[[peer]]\nid = 1\n[[peer]]\nid = 2\n"
                                  "[z]\nl = [{ id = 3 }, { id = 4 }]\n");
    assert_int_equal(document.count, 7);
    assert_text(document.entries[0].key, "t.a");
    assert_text(document.entries[1].key, "t.b.c");
    assert_text(document.entries[2].key, "peer[0].id");
    assert_text(document.entries[3].key, "peer[1].id");
    assert_text(document.entries[4].key, "z.l[0].id");
    assert_text(document.entries[5].key, "z.l[1].id");
    assert_text(document.entries[6].key, "z.l");
    context_done(&ctx);
}

static void mistakes_are_named_with_their_line(void **state)
{
    (void)state;
    assert_refused("a = 1\na = 2\n", "line 2: a is given twice");
    assert_refused("\n\nport\n", "line 3: expected = behind the key");
    assert_refused("a = \"x\n", "line 1: the string does not end");
    assert_refused("a = 'x", "line 1: the string does not end");
    assert_refused("a = 1 2\n", "line 1: there is something behind the value");
    assert_refused("a = \n",
                   "line 1: expected a value: a quoted string, a number, true, false or "
                   "an array");
    assert_refused("a = 9223372036854775808\nb = 1",
                   "line 1: expected a value: a quoted string, a number, true, false or an array");
    assert_refused("[a\nb = 1", "line 1: the table's name does not end with ]");
    assert_refused("a = [1 2]", "line 1: expected , or ] in an array");
    assert_refused("a = \"\\q\"", "line 1: unknown escape in a string");
    assert_refused("a = \"\\ud800\"", "line 1: the escape is no character");
    assert_refused("= 1", "line 1: expected a key");
    assert_refused("a = { b = 1", "line 1: expected , or } in an inline table");
}

static void bytes_that_are_no_text_are_refused(void **state)
{
    (void)state;
    Context ctx = {0};
    TomlDocument document;
    assert_int_equal(toml_parse(&ctx, STR("a = \"\xff\""), &document), STATUS_INVALID_INPUT);
    assert_int_equal(toml_parse(&ctx, STR("a = 1\0b"), &document), STATUS_INVALID_INPUT);
    assert_int_equal(toml_parse(&ctx, STR_NULL, &document), STATUS_OK);
    assert_int_equal(document.count, 0);
    context_done(&ctx);
}

static void deep_nesting_is_refused(void **state)
{
    (void)state;
    char text[200] = "a = ";
    memset(text + 4, '[', 100);
    assert_refused(text, "line 1: values are nested too deeply");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_and_dotted_keys_become_full_names),
        cmocka_unit_test(scalars_have_their_kinds),
        cmocka_unit_test(strings_are_unescaped),
        cmocka_unit_test(arrays_span_lines_and_hold_any_kind),
        cmocka_unit_test(inline_tables_and_arrays_of_tables_are_flattened),
        cmocka_unit_test(mistakes_are_named_with_their_line),
        cmocka_unit_test(bytes_that_are_no_text_are_refused),
        cmocka_unit_test(deep_nesting_is_refused),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("toml", tests, NULL, NULL);
}
