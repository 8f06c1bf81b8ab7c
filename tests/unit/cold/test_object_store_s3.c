/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The S3 store against a server that checks every signature: OpenStack Swift,
 * which ./dev installs for the tests.
 */
#include "base/fault.h"
#include "base/file.h"
#include "cold/storage_define.h"
#include "swift.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { CACHE_BYTES = 20 << 20 };

static char root[64];
static Swift swift;
static Context ctx;
static StorageDefaults defaults;
static ObjectStores *stores;
static ObjectStore *store;
static int revision;

/* What differs from a storage that works; ptr NULL = nothing. */
typedef struct Given {
    Str endpoint, bucket, access_key, secret_key;
} Given;

static ObjectStore *open_store(Given given)
{
    Arena *arena = &ctx.arena;
    Storage storage;
    ObjectStore *result;
    Str endpoint = given.endpoint.ptr ? given.endpoint : swift.endpoint;
    Str bucket = given.bucket.ptr ? given.bucket : swift.bucket;
    Str access_key = given.access_key.ptr ? given.access_key : swift.access_key;
    Str secret_key = given.secret_key.ptr ? given.secret_key : swift.secret_key;
    AstOption options[] = {
        {.key = STR("type"), .value = STR("s3")},
        {.key = STR("bucket"),
         .value = arena_printf(arena, "s3://%.*s/test/%s", STR_ARG(bucket), root + 5)},
        {.key = STR("region"), .value = swift.region},
        {.key = STR("config"),
         .value = arena_printf(arena, "{\"endpoint\":\"%.*s\"}", STR_ARG(endpoint))},
        {.key = STR("credentials"),
         .value = arena_printf(arena,
                               "{\"access_key_id\":\"%.*s\",\"secret_access_key\":\"%.*s\"}",
                               STR_ARG(access_key),
                               STR_ARG(secret_key))},
    };
    AstStorage ast = {.id = {.text = STR("remote")}, .options = {options, 5}};
    assert_int_equal(storage_define(&ctx, stores, &ast, NULL, &storage), STATUS_OK);
    storage.revision = (uint64_t)++revision;
    assert_int_equal(object_stores_get(&ctx, stores, &storage, &result), STATUS_OK);
    return result;
}

static int open_all(void **state)
{
    (void)state;
    snprintf(root, sizeof(root), "/tmp/kalamdb-s3-XXXXXX");
    assert_non_null(mkdtemp(root));
    ObjectStoresOptions options = {
        .defaults = &defaults,
        .key = STR("0123456789abcdef0123456789abcdef"),
        .cache_directory = arena_printf(&ctx.arena, "%s/cache", root),
        .cache_bytes_max = CACHE_BYTES,
        .connect_timeout_ms = 2000,
        .progress_timeout_ms = 20000,
    };
    assert_int_equal(object_stores_open(&ctx, &options, &stores), STATUS_OK);
    store = open_store((Given){0});
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    char command[128];
    object_store_unref(TAKE(store));
    object_stores_close(TAKE(stores));
    context_done(&ctx);
    snprintf(command, sizeof(command), "rm -rf '%s'", root);
    return system(command);
}

static Str random_text(size_t size, unsigned char seed)
{
    char *text = arena_alloc(&ctx.arena, size + 1);
    for (size_t i = 0; i < size; i++)
        text[i] = (char)(i * 31 + i / 251 + seed);
    return str_from(text, size);
}

static void assert_fetched(Str name, Str expected)
{
    Str text;
    CLEANUP(object_file_release) ObjectFile *file = NULL;
    assert_int_equal(object_store_fetch(&ctx, store, name, expected.len, &file), STATUS_OK);
    assert_int_equal(file_read(&ctx, object_file_path(file), expected.len, &text), STATUS_OK);
    assert_true(str_equal(text, expected));
}

static void what_is_put_can_be_fetched_listed_and_removed(void **state)
{
    (void)state;
    ObjectInfo info;
    ObjectList list;
    Str large = random_text(8 << 20, 1);
    assert_int_equal(object_store_put_bytes(&ctx, store, STR("t/_41/batch-1.parquet"), large),
                     STATUS_OK);
    assert_int_equal(object_store_put_bytes(&ctx, store, STR("t/b"), STR("")), STATUS_OK);
    assert_fetched(STR("t/_41/batch-1.parquet"), large);
    assert_int_equal(object_store_stat(&ctx, store, STR("t/_41/batch-1.parquet"), &info),
                     STATUS_OK);
    assert_int_equal(info.size, large.len);
    assert_true(info.modified_ms > 0);
    assert_int_equal(object_store_list(&ctx, store, STR("t"), &list), STATUS_OK);
    assert_int_equal(list.count, 2);
    assert_true(str_equal(list.items[0].name, STR("t/_41/batch-1.parquet")));
    assert_int_equal(list.items[0].size, large.len);
    assert_int_equal(object_store_remove(&ctx, store, STR("t/_41/batch-1.parquet")), STATUS_OK);
    assert_int_equal(object_store_remove(&ctx, store, STR("t/_41/batch-1.parquet")), STATUS_OK);
    assert_int_equal(object_store_stat(&ctx, store, STR("t/_41/batch-1.parquet"), &info),
                     STATUS_NOT_FOUND);
    assert_int_equal(object_store_list(&ctx, store, STR_NULL, &list), STATUS_OK);
    assert_int_equal(list.count, 1);
}

static void a_name_is_used_once_unless_replacing_is_meant(void **state)
{
    (void)state;
    ObjectPut put = {.name = STR("a/b")};
    assert_int_equal(object_store_put_bytes(&ctx, store, put.name, STR("one")), STATUS_OK);
    assert_int_equal(object_store_draft(&ctx, store, put.name, &put.draft), STATUS_OK);
    assert_int_equal(object_store_put(&ctx, store, &put), STATUS_ALREADY_EXISTS);
    assert_int_not_equal(access(put.draft.ptr, F_OK), 0);
    assert_fetched(STR("a/b"), STR("one"));
    assert_int_equal(object_store_put_bytes(&ctx, store, put.name, STR("three")), STATUS_OK);
    assert_fetched(STR("a/b"), STR("three"));
}

static void a_file_of_another_size_is_corrupt(void **state)
{
    (void)state;
    ObjectFile *file;
    assert_int_equal(object_store_put_bytes(&ctx, store, STR("a"), STR("one")), STATUS_OK);
    assert_int_equal(object_store_fetch(&ctx, store, STR("a"), 4, &file), STATUS_CORRUPT);
    assert_int_equal(object_store_fetch(&ctx, store, STR("b"), 4, &file), STATUS_NOT_FOUND);
}

/* Fail the first, second, third ... step in turn until one put gets through untouched. */
static void a_failed_put_leaves_the_old_object_or_the_new_one(void **state)
{
    (void)state;
    assert_int_equal(object_store_put_bytes(&ctx, store, STR("x"), STR("old")), STATUS_OK);
    bool injected = true;
    for (int step = 1; injected; step++) {
        Str text;
        fault_fail_nth(step);
        Status status = object_store_put_bytes(&ctx, store, STR("x"), STR("new"));
        injected = fault_disarm();
        assert_int_equal(status, injected ? STATUS_IO_ERROR : STATUS_OK);
        CLEANUP(object_file_release) ObjectFile *file = NULL;
        assert_int_equal(object_store_fetch(&ctx, store, STR("x"), 3, &file), STATUS_OK);
        assert_int_equal(file_read(&ctx, object_file_path(file), 3, &text), STATUS_OK);
        assert_true(str_equal(text, STR("new")) || (injected && str_equal(text, STR("old"))));
    }
}

static size_t count_copies(void)
{
    char command[128];
    unsigned count = 0;
    snprintf(command, sizeof(command), "ls '%s/cache' | wc -l", root);
    FILE *output = popen(command, "r");
    assert_non_null(output);
    assert_int_equal(fscanf(output, "%u", &count), 1);
    pclose(output);
    return count;
}

static void copies_are_kept_within_the_limit_unless_they_are_in_use(void **state)
{
    (void)state;
    enum { FILES = 5, SIZE = 6 << 20 }; /* three fit */
    ObjectFile *files[FILES];
    for (int i = 0; i < FILES; i++) {
        Str name = arena_printf(&ctx.arena, "f%d", i);
        Str text = random_text(SIZE, (unsigned char)i);
        assert_int_equal(object_store_put_bytes(&ctx, store, name, text), STATUS_OK);
        assert_int_equal(object_store_fetch(&ctx, store, name, SIZE, &files[i]), STATUS_OK);
    }
    assert_int_equal(count_copies(), FILES);
    for (int i = 0; i < FILES; i++) {
        assert_int_equal(access(object_file_path(files[i]).ptr, R_OK), 0);
        object_file_release(files[i]);
    }
    assert_int_equal(count_copies(), 3);
    assert_fetched(STR("f0"), random_text(SIZE, 0));
    assert_int_equal(count_copies(), 3);
}

static StorageCheck check_of(Given given)
{
    StorageCheck check;
    CLEANUP(object_store_unref) ObjectStore *other = open_store(given);
    object_store_check(&ctx, other, true, &check);
    return check;
}

static void assert_broken(Given given, const char *part)
{
    StorageCheck check = check_of(given);
    assert_false(check.readable || check.writable || check.listable || check.deletable);
    assert_non_null(strstr(check.error.ptr, part));
    assert_null(strstr(check.error.ptr, "hunter2"));
    assert_null(strstr(check.error.ptr, arena_str(&ctx.arena, swift.secret_key).ptr));
}

static void a_check_of_a_working_storage_is_healthy(void **state)
{
    (void)state;
    StorageCheck check = check_of((Given){0});
    assert_true(check.readable && check.writable && check.listable && check.deletable);
    assert_int_equal(check.error.len, 0);
    assert_false(check.has_capacity);
}

static void what_is_wrong_is_said_without_the_secret(void **state)
{
    (void)state;
    assert_broken((Given){.secret_key = STR("hunter2")}, "the secret key is wrong (HTTP 403");
    assert_broken((Given){.access_key = STR("nobody")}, "HTTP 403");
    assert_broken((Given){.bucket = STR("elsewhere")}, "there is no such bucket (HTTP 404");
}

static void a_server_that_is_away_is_an_error_that_names_it(void **state)
{
    (void)state;
    assert_broken((Given){.endpoint = STR("http://127.0.0.1:1")},
                  "no answer from http://127.0.0.1:1: ");
}

static void a_cancelled_request_ends(void **state)
{
    (void)state;
    ObjectInfo info;
    atomic_store(&ctx.cancelled, true);
    assert_int_equal(object_store_stat(&ctx, store, STR("a"), &info), STATUS_CANCELLED);
    atomic_store(&ctx.cancelled, false);
}

/* More than one page of 1,000. */
static void long_lists_come_whole(void **state)
{
    (void)state;
    enum { COUNT = 1005 };
    if (!getenv("KALAMDB_TEST_LONG")) {
        printf("# only with KALAMDB_TEST_LONG\n");
        return;
    }
    ObjectList list;
    for (int i = 0; i < COUNT; i++) {
        Str name = arena_printf(&ctx.arena, "many/%04d", i);
        assert_int_equal(object_store_put_bytes(&ctx, store, name, STR("x")), STATUS_OK);
    }
    assert_int_equal(object_store_list(&ctx, store, STR("many"), &list), STATUS_OK);
    assert_int_equal(list.count, COUNT);
    assert_true(str_equal(list.items[COUNT - 1].name, STR("many/1004")));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_all, close_all)
    const struct CMUnitTest tests[] = {
        TEST(what_is_put_can_be_fetched_listed_and_removed),
        TEST(a_name_is_used_once_unless_replacing_is_meant),
        TEST(a_file_of_another_size_is_corrupt),
        TEST(a_failed_put_leaves_the_old_object_or_the_new_one),
        TEST(copies_are_kept_within_the_limit_unless_they_are_in_use),
        TEST(a_check_of_a_working_storage_is_healthy),
        TEST(what_is_wrong_is_said_without_the_secret),
        TEST(a_server_that_is_away_is_an_error_that_names_it),
        TEST(a_cancelled_request_ends),
        TEST(long_lists_come_whole),
    };
    CLEANUP(context_done) Context group = {0};
    if (!swift_start(&group, &swift)) {
        printf("Bail out! Swift does not start; ./dev setup installs it\n");
        return 1;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    int failed = cmocka_run_group_tests_name("object_store_s3", tests, NULL, NULL);
    (void)swift_stop(&swift);
    return failed;
}
