/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/secret.h"
#include "auth_test.h"
#include "base/fault.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[64];
static char path[96];

static int make_directory(void **state)
{
    (void)state;
    snprintf(directory, sizeof(directory), "/tmp/secret-test-XXXXXX");
    if (!mkdtemp(directory))
        return -1;
    snprintf(path, sizeof(path), "%s/jwt_secret", directory);
    return 0;
}

static int remove_directory(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(directory); /* fails when a draft was left behind */
}

static Status load(Context *ctx, Str configured, Str *ret_secret)
{
    return secret_load(ctx, configured, str_from_c(directory), ret_secret);
}

static void write_path(const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void a_configured_secret_wins_and_is_not_kept(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    Str secret;
    assert_int_equal(load(&ctx, STR("mine"), &secret), STATUS_OK);
    assert_str(secret, "mine");
    assert_int_equal(access(path, F_OK), -1);
}

static void a_first_start_makes_one_that_stays(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    Str first, second;
    struct stat info;
    assert_int_equal(load(&ctx, STR(""), &first), STATUS_OK);
    assert_int_equal(first.len, 64);
    assert_false(secret_is_weak(first));
    assert_int_equal(load(&ctx, STR(""), &second), STATUS_OK);
    assert_true(str_equal(first, second));
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(load(&ctx, STR(""), &second), STATUS_OK);
    assert_false(str_equal(first, second));
}

static void a_file_without_a_secret_is_corrupt(void **state)
{
    (void)state;
    static const char *const BAD[] = {"", "\n", "too short\n"};
    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        CLEANUP(context_done) Context ctx = {0};
        Str secret;
        write_path(BAD[i]);
        assert_int_equal(load(&ctx, STR(""), &secret), STATUS_CORRUPT);
        assert_has(ctx.message, path);
    }
    CLEANUP(context_done) Context ctx = {0};
    char long_text[2000];
    Str secret;
    memset(long_text, 'x', sizeof(long_text) - 1);
    long_text[sizeof(long_text) - 1] = '\0';
    write_path(long_text);
    assert_int_equal(load(&ctx, STR(""), &secret), STATUS_CORRUPT);
}

static void a_failed_start_leaves_nothing_behind(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    Str secret;
    unlink(path);
    fault_fail_nth(1);
    assert_int_equal(load(&ctx, STR(""), &secret), STATUS_IO_ERROR);
    assert_true(fault_disarm());
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(load(&ctx, STR(""), &secret), STATUS_OK);
}

static void a_missing_directory_is_named(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    Str secret;
    assert_int_equal(secret_load(&ctx, STR(""), STR("/nonexistent/data"), &secret),
                     STATUS_IO_ERROR);
    assert_has(ctx.message, "/nonexistent/data/jwt_secret");
}

static void secrets_of_examples_and_short_ones_are_weak(void **state)
{
    (void)state;
    static const char *const WEAK[] = {
        "",
        "test",
        "secret",
        "password",
        "CHANGE_ME_IN_PRODUCTION",
        "kalamdb-dev-secret-key-change-in-production",
        "your-secret-key-at-least-32-chars-change-me-in-production",
        "0123456789abcdef0123456789abcde",
    };
    for (size_t i = 0; i < COUNT_OF(WEAK); i++)
        assert_true(secret_is_weak(str_from_c(WEAK[i])));
    assert_false(secret_is_weak(SECRET));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_configured_secret_wins_and_is_not_kept),
        cmocka_unit_test(a_first_start_makes_one_that_stays),
        cmocka_unit_test(a_file_without_a_secret_is_corrupt),
        cmocka_unit_test(a_failed_start_leaves_nothing_behind),
        cmocka_unit_test(a_missing_directory_is_named),
        cmocka_unit_test(secrets_of_examples_and_short_ones_are_weak),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("secret", tests, make_directory, remove_directory);
}
