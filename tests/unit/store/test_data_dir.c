/* SPDX-License-Identifier: Apache-2.0 */
#include "store/data_dir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char root[64];

static void remove_tree(const char *path)
{
    char command[128];
    snprintf(command, sizeof(command), "rm -rf '%s'", path);
    assert_int_equal(system(command), 0);
}

static int make_root(void **state)
{
    (void)state;
    snprintf(root, sizeof(root), "/tmp/kalamdb-data-dir-XXXXXX");
    return mkdtemp(root) ? 0 : -1;
}

static int drop_root(void **state)
{
    (void)state;
    remove_tree(root);
    return 0;
}

static Str below(Context *ctx, const char *name)
{
    return arena_printf(&ctx->arena, "%s/%s", root, name);
}

static void write_file(Str path, const char *text)
{
    FILE *file = fopen(path.ptr, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void opening_makes_what_is_missing(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(data_dir_close) DataDir *dir = NULL;
    Str path = below(&ctx, "a/b/data");
    assert_int_equal(data_dir_open(&ctx, path, &dir), STATUS_OK);
    assert_true(str_equal(dir->path, path));
    assert_int_equal(access(dir->rocksdb_path.ptr, F_OK), 0);
    assert_int_equal(access(dir->storage_path.ptr, F_OK), 0);
    struct stat info;
    assert_int_equal(stat(path.ptr, &info), 0);
    assert_int_equal(info.st_mode & 07, 0);

    char line[32] = "";
    FILE *file = fopen(below(&ctx, "a/b/data/FORMAT").ptr, "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof(line), file));
    fclose(file);
    assert_string_equal(line, "kalamdb 2\n");
}

static void a_directory_in_use_is_refused_and_says_by_whom(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(data_dir_close) DataDir *first = NULL;
    CLEANUP(data_dir_close) DataDir *second = NULL;
    Str path = below(&ctx, "data");
    assert_int_equal(data_dir_open(&ctx, path, &first), STATUS_OK);
    assert_int_equal(data_dir_open(&ctx, path, &second), STATUS_INVALID_OPERATION);
    Str pid = arena_printf(&ctx.arena, "in use by process %ld", (long)getpid());
    assert_true(str_ends_with(ctx.message, pid));

    data_dir_close(TAKE(first));
    assert_int_equal(data_dir_open(&ctx, path, &second), STATUS_OK);
}

static void a_newer_format_is_refused(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(data_dir_close) DataDir *dir = NULL;
    Str path = below(&ctx, "data");
    assert_int_equal(data_dir_open(&ctx, path, &dir), STATUS_OK);
    data_dir_close(TAKE(dir));

    write_file(below(&ctx, "data/FORMAT"), "kalamdb 3\n");
    assert_int_equal(data_dir_open(&ctx, path, &dir), STATUS_INVALID_OPERATION);
    write_file(below(&ctx, "data/FORMAT"), "something else\n");
    assert_int_equal(data_dir_open(&ctx, path, &dir), STATUS_CORRUPT);
    write_file(below(&ctx, "data/FORMAT"), "kalamdb 1\n");
    assert_int_equal(data_dir_open(&ctx, path, &dir), STATUS_OK);
}

static void an_older_format_is_taken_over(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(data_dir_close) DataDir *dir = NULL;
    Str path = below(&ctx, "data");
    assert_int_equal(data_dir_open(&ctx, path, &dir), STATUS_OK);
    data_dir_close(TAKE(dir));
    write_file(below(&ctx, "data/FORMAT"), "kalamdb 1\n");
    assert_int_equal(data_dir_open(&ctx, path, &dir), STATUS_OK);
    char line[32] = "";
    FILE *file = fopen(below(&ctx, "data/FORMAT").ptr, "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof(line), file));
    fclose(file);
    assert_string_equal(line, "kalamdb 2\n");
}

static void a_path_that_cannot_be_made_is_an_error_that_names_it(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(data_dir_close) DataDir *dir = NULL;
    Str file = below(&ctx, "file");
    write_file(file, "in the way");
    Str path = below(&ctx, "file/data");
    assert_int_equal(data_dir_open(&ctx, path, &dir), STATUS_IO_ERROR);
    assert_non_null(strstr(arena_str(&ctx.arena, ctx.message).ptr, path.ptr));
    assert_int_equal(data_dir_open(&ctx, STR_NULL, &dir), STATUS_INVALID_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(opening_makes_what_is_missing, make_root, drop_root),
        cmocka_unit_test_setup_teardown(
            a_directory_in_use_is_refused_and_says_by_whom, make_root, drop_root),
        cmocka_unit_test_setup_teardown(a_newer_format_is_refused, make_root, drop_root),
        cmocka_unit_test_setup_teardown(an_older_format_is_taken_over, make_root, drop_root),
        cmocka_unit_test_setup_teardown(
            a_path_that_cannot_be_made_is_an_error_that_names_it, make_root, drop_root),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("data_dir", tests, NULL, NULL);
}
