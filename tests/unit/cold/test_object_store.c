/* SPDX-License-Identifier: Apache-2.0 */
#include "cold/object_store.h"

#include "base/fault.h"
#include "base/file.h"

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
static Context ctx;
static StorageDefaults defaults;
static ObjectStores *stores;
static ObjectStore *store;

static int open_all(void **state)
{
    (void)state;
    snprintf(root, sizeof(root), "/tmp/kalamdb-objects-XXXXXX");
    assert_non_null(mkdtemp(root));
    defaults.local_directory = arena_printf(&ctx.arena, "%s/storage", root);
    ObjectStoresOptions options = {
        .defaults = &defaults,
        .key = STR("0123456789abcdef0123456789abcdef"),
        .cache_directory = arena_printf(&ctx.arena, "%s/cache", root),
    };
    assert_int_equal(object_stores_open(&ctx, &options, &stores), STATUS_OK);
    Storage local = {.id = LOCAL_STORAGE_ID, .revision = 1};
    assert_int_equal(object_stores_get(&ctx, stores, &local, &store), STATUS_OK);
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

static Status put_text(Str name, Str text, bool replace)
{
    ObjectPut put = {.name = name, .replace = replace};
    TRY(object_store_draft(&ctx, store, name, &put.draft));
    FILE *file = fopen(put.draft.ptr, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text.ptr, 1, text.len, file), text.len);
    assert_int_equal(fclose(file), 0);
    return object_store_put(&ctx, store, &put);
}

static Str text_of(Str name, size_t size)
{
    Str text;
    CLEANUP(object_file_release) ObjectFile *file = NULL;
    assert_int_equal(object_store_fetch(&ctx, store, name, size, &file), STATUS_OK);
    assert_int_equal(file_read(&ctx, object_file_path(file), size, &text), STATUS_OK);
    return text;
}

static bool exists(Str name)
{
    ObjectInfo info;
    Status status = object_store_stat(&ctx, store, name, &info);
    assert_true(status == STATUS_OK || status == STATUS_NOT_FOUND);
    return status == STATUS_OK;
}

static size_t count_objects(void)
{
    ObjectList list;
    assert_int_equal(object_store_list(&ctx, store, STR_NULL, &list), STATUS_OK);
    return list.count;
}

static void what_is_put_can_be_fetched_and_looked_at(void **state)
{
    (void)state;
    ObjectInfo info;
    assert_int_equal(put_text(STR("app/t/batch-1.parquet"), STR("rows"), false), STATUS_OK);
    assert_true(str_equal(text_of(STR("app/t/batch-1.parquet"), 4), STR("rows")));
    assert_int_equal(object_store_stat(&ctx, store, STR("app/t/batch-1.parquet"), &info),
                     STATUS_OK);
    assert_int_equal(info.size, 4);
    assert_int_equal(count_objects(), 1);
}

static void a_name_is_used_once_unless_replacing_is_meant(void **state)
{
    (void)state;
    assert_int_equal(put_text(STR("a/b"), STR("one"), false), STATUS_OK);
    assert_int_equal(put_text(STR("a/b"), STR("two"), false), STATUS_ALREADY_EXISTS);
    assert_true(str_equal(text_of(STR("a/b"), 3), STR("one")));
    assert_int_equal(put_text(STR("a/b"), STR("three"), true), STATUS_OK);
    assert_true(str_equal(text_of(STR("a/b"), 5), STR("three")));
    assert_int_equal(count_objects(), 1);
}

static void a_file_of_another_size_is_corrupt(void **state)
{
    (void)state;
    ObjectFile *file;
    assert_int_equal(put_text(STR("a/b"), STR("one"), false), STATUS_OK);
    assert_int_equal(object_store_fetch(&ctx, store, STR("a/b"), 4, &file), STATUS_CORRUPT);
    assert_int_equal(object_store_fetch(&ctx, store, STR("a/c"), 4, &file), STATUS_NOT_FOUND);
}

static void listing_walks_all_directories_in_order_of_names(void **state)
{
    (void)state;
    ObjectList list;
    const Str names[] = {STR("t/b/2"), STR("t/a"), STR("t/b/1"), STR("u/x")};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(object_store_put_bytes(&ctx, store, names[i], STR("x")), STATUS_OK);
    assert_int_equal(object_store_list(&ctx, store, STR("t"), &list), STATUS_OK);
    assert_int_equal(list.count, 3);
    assert_true(str_equal(list.items[0].name, STR("t/a")));
    assert_true(str_equal(list.items[1].name, STR("t/b/1")));
    assert_true(str_equal(list.items[2].name, STR("t/b/2")));
    assert_int_equal(object_store_list(&ctx, store, STR("nowhere"), &list), STATUS_OK);
    assert_int_equal(list.count, 0);
}

static void removing_the_last_object_removes_its_directories(void **state)
{
    (void)state;
    Str directory = arena_printf(&ctx.arena, "%s/storage/app", root);
    assert_int_equal(object_store_put_bytes(&ctx, store, STR("app/t/u/1"), STR("x")), STATUS_OK);
    assert_int_equal(object_store_put_bytes(&ctx, store, STR("app/t/2"), STR("x")), STATUS_OK);
    assert_int_equal(object_store_remove(&ctx, store, STR("app/t/u/1")), STATUS_OK);
    assert_true(exists(STR("app/t/2")));
    assert_int_equal(object_store_remove(&ctx, store, STR("app/t/2")), STATUS_OK);
    assert_int_equal(object_store_remove(&ctx, store, STR("app/t/2")), STATUS_OK);
    assert_int_not_equal(access(directory.ptr, F_OK), 0);
    assert_int_equal(access(defaults.local_directory.ptr, F_OK), 0);
}

static void names_never_lead_out_of_the_store(void **state)
{
    (void)state;
    Str path;
    const Str names[] = {STR(""),
                         STR("/etc/passwd"),
                         STR("../x"),
                         STR("a/../../x"),
                         STR("a//b"),
                         STR("a/"),
                         STR("a b"),
                         STR("a\0b"),
                         STR(".")};
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        assert_int_equal(object_store_draft(&ctx, store, names[i], &path), STATUS_INVALID_INPUT);
}

/* Fail the first, second, third ... step in turn until one put gets through untouched. */
static void a_failed_put_leaves_the_old_object_or_the_new_one_and_no_draft(void **state)
{
    (void)state;
    assert_int_equal(put_text(STR("t/x"), STR("old"), false), STATUS_OK);
    bool injected = true;
    for (int step = 1; injected; step++) {
        fault_fail_nth(step);
        Status status = put_text(STR("t/x"), STR("new"), true);
        injected = fault_disarm();
        assert_int_equal(status, injected ? STATUS_IO_ERROR : STATUS_OK);
        Str text = text_of(STR("t/x"), 3);
        assert_true(str_equal(text, STR("new")) || (injected && str_equal(text, STR("old"))));
        assert_int_equal(count_objects(), 1);
    }
}

static void a_check_says_what_works(void **state)
{
    (void)state;
    StorageCheck check;
    object_store_check(&ctx, store, true, &check);
    assert_true(check.readable && check.writable && check.listable && check.deletable);
    assert_int_equal(check.error.len, 0);
    assert_true(check.has_capacity && check.total_bytes >= check.used_bytes);
    assert_int_equal(count_objects(), 0);

    object_store_check(&ctx, store, false, &check);
    assert_false(check.has_capacity);
}

static void a_check_names_the_first_thing_that_fails(void **state)
{
    (void)state;
    bool injected = true;
    for (int step = 1; injected; step++) {
        StorageCheck check;
        fault_fail_nth(step);
        object_store_check(&ctx, store, false, &check);
        injected = fault_disarm();
        bool healthy = check.readable && check.writable && check.listable && check.deletable;
        assert_int_equal(healthy, !injected);
        assert_int_equal(check.error.len == 0, !injected);
    }
}

static void a_directory_that_cannot_be_made_is_an_error_that_names_it(void **state)
{
    (void)state;
    StorageCheck check;
    CLEANUP(object_store_unref) ObjectStore *blocked = NULL;
    Str path = arena_printf(&ctx.arena, "%s/file", root);
    assert_int_equal(file_write(&ctx, &(FileWrite){.path = path, .bytes = STR("x")}), STATUS_OK);
    Storage storage = {
        .id = STR("blocked"),
        .revision = 1,
        .directory = arena_printf(&ctx.arena, "%.*s/below", STR_ARG(path)),
    };
    assert_int_equal(object_stores_get(&ctx, stores, &storage, &blocked), STATUS_OK);
    object_store_check(&ctx, blocked, false, &check);
    assert_false(check.readable || check.writable || check.deletable);
    assert_non_null(strstr(check.error.ptr, path.ptr));
}

static void an_altered_storage_is_another_store(void **state)
{
    (void)state;
    CLEANUP(object_store_unref) ObjectStore *same = NULL;
    CLEANUP(object_store_unref) ObjectStore *other = NULL;
    Storage local = {.id = LOCAL_STORAGE_ID, .revision = 1};
    assert_int_equal(object_stores_get(&ctx, stores, &local, &same), STATUS_OK);
    assert_ptr_equal(same, store);
    local.revision = 2;
    assert_int_equal(object_stores_get(&ctx, stores, &local, &other), STATUS_OK);
    assert_ptr_not_equal(other, store);
    assert_int_equal(put_text(STR("still/usable"), STR("x"), false), STATUS_OK);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_all, close_all)
    const struct CMUnitTest tests[] = {
        TEST(what_is_put_can_be_fetched_and_looked_at),
        TEST(a_name_is_used_once_unless_replacing_is_meant),
        TEST(a_file_of_another_size_is_corrupt),
        TEST(listing_walks_all_directories_in_order_of_names),
        TEST(removing_the_last_object_removes_its_directories),
        TEST(names_never_lead_out_of_the_store),
        TEST(a_failed_put_leaves_the_old_object_or_the_new_one_and_no_draft),
        TEST(a_check_says_what_works),
        TEST(a_check_names_the_first_thing_that_fails),
        TEST(a_directory_that_cannot_be_made_is_an_error_that_names_it),
        TEST(an_altered_storage_is_another_store),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("object_store", tests, NULL, NULL);
}
