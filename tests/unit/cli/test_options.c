/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

enum { ARGUMENT_MAX = 16 };

/* getopt reorders, so it gets copies of the pointers. */
static Status parse(Context *ctx, const char *const *arguments, Options *ret_options)
{
    char *argv[ARGUMENT_MAX + 2] = {(char *)"kalam"};
    int argc = 1;
    for (; *arguments; arguments++)
        argv[argc++] = (char *)*arguments;
    return options_parse(ctx, argc, argv, ret_options);
}

#define PARSE(ctx, options, ...) parse((ctx), (const char *const[]){__VA_ARGS__, NULL}, (options))

static int clear_environment(void **state)
{
    (void)state;
    unsetenv("KALAMDB_URL");
    unsetenv("KALAMDB_USER");
    unsetenv("KALAMDB_PASSWORD");
    unsetenv("KALAMDB_TOKEN");
    unsetenv("NO_COLOR");
    return 0;
}

static void without_arguments_it_is_root_at_the_local_server(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    Options options;
    assert_int_equal(parse(&ctx, (const char *const[]){NULL}, &options), STATUS_OK);
    assert_true(str_equal(options.url, STR("http://127.0.0.1:8080")));
    assert_true(str_equal(options.user, STR("root")));
    assert_null(options.password.ptr);
    assert_int_equal(options.format, FORMAT_TABLE);
    assert_int_equal(options.timeout_s, 30);
}

static void flags_win_over_the_environment(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    Options options;
    setenv("KALAMDB_URL", "http://far:1", 1);
    setenv("KALAMDB_USER", "eve", 1);
    setenv("KALAMDB_PASSWORD", "from environment", 1);
    setenv("KALAMDB_TOKEN", "t", 1);
    assert_int_equal(PARSE(&ctx, &options, "-c", "SELECT 1"), STATUS_OK);
    assert_true(str_equal(options.url, STR("http://far:1")));
    assert_true(str_equal(options.user, STR("eve")));
    assert_true(str_equal(options.token, STR("t")));

    assert_int_equal(PARSE(&ctx, &options, "-p", "9", "--user", "bob", "--csv"), STATUS_OK);
    assert_true(str_equal(options.url, STR("http://127.0.0.1:9")));
    assert_true(str_equal(options.user, STR("bob")));
    assert_int_equal(options.token.len, 0);
    assert_true(str_equal(options.password, STR("from environment")));
    assert_int_equal(options.format, FORMAT_CSV);
}

static void password_without_a_value_is_asked_for(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    Options options;
    assert_int_equal(PARSE(&ctx, &options, "--password"), STATUS_OK);
    assert_true(options.ask_password);
    assert_int_equal(PARSE(&ctx, &options, "--password=x"), STATUS_OK);
    assert_false(options.ask_password);
    assert_true(str_equal(options.password, STR("x")));
}

static void a_password_may_be_the_next_word(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    Options options;
    assert_int_equal(PARSE(&ctx, &options, "--password", "Secret", "-c", "SELECT 1"), STATUS_OK);
    assert_false(options.ask_password);
    assert_true(str_equal(options.password, STR("Secret")));
    assert_true(str_equal(options.command, STR("SELECT 1")));
    assert_int_equal(PARSE(&ctx, &options, "--password", "-c", "SELECT 1"), STATUS_OK);
    assert_true(options.ask_password);
    assert_int_equal(PARSE(&ctx, &options, "stray", "--password", "Secret", "--csv"),
                     STATUS_INVALID_INPUT);
    assert_true(str_equal(ctx.message, STR("what is \"stray\" for?")));
}

static void an_ipv6_host_gets_its_brackets(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    Options options;
    assert_int_equal(PARSE(&ctx, &options, "-H", "::1"), STATUS_OK);
    assert_true(str_equal(options.url, STR("http://[::1]:8080")));
    assert_int_equal(PARSE(&ctx, &options, "-H", "[::1]", "-p", "1"), STATUS_OK);
    assert_true(str_equal(options.url, STR("http://[::1]:1")));
}

static void wrong_arguments_are_named(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    Options options;
    assert_int_equal(PARSE(&ctx, &options, "--nonsense"), STATUS_INVALID_INPUT);
    assert_true(str_equal(ctx.message, STR("unknown option --nonsense")));
    assert_int_equal(PARSE(&ctx, &options, "--timeout", "soon"), STATUS_INVALID_INPUT);
    assert_int_equal(PARSE(&ctx, &options, "--format", "xml"), STATUS_INVALID_INPUT);
    assert_int_equal(PARSE(&ctx, &options, "-c", "a", "-f", "b"), STATUS_INVALID_INPUT);
    assert_int_equal(PARSE(&ctx, &options, "stray"), STATUS_INVALID_INPUT);
    assert_int_equal(PARSE(&ctx, &options, "-c"), STATUS_INVALID_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(without_arguments_it_is_root_at_the_local_server, clear_environment),
        cmocka_unit_test_setup(flags_win_over_the_environment, clear_environment),
        cmocka_unit_test_setup(password_without_a_value_is_asked_for, clear_environment),
        cmocka_unit_test_setup(a_password_may_be_the_next_word, clear_environment),
        cmocka_unit_test_setup(an_ipv6_host_gets_its_brackets, clear_environment),
        cmocka_unit_test_setup(wrong_arguments_are_named, clear_environment),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("cli/options", tests, NULL, NULL);
}
