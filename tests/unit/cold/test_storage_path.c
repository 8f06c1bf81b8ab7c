/* SPDX-License-Identifier: Apache-2.0 */
#include "cold/storage_path.h"

#include "base/map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static Context ctx;

static void assert_str(Str text, const char *expected)
{
    assert_string_equal(arena_str(&ctx.arena, text).ptr, expected);
}

static void assert_encoded(Str name, const char *expected)
{
    CLEANUP(buf_done) Buf out = {0};
    storage_path_encode(&out, name);
    assert_str(buf_str(&out), expected);
}

static void names_keep_small_letters_digits_and_hyphens(void **state)
{
    (void)state;
    assert_encoded(STR("user-17"), "user-17");
    assert_encoded(STR("User_1"), "_55ser_5f1");
    assert_encoded(STR("a/../b"), "a_2f_2e_2e_2fb");
    assert_encoded(STR("é\x01"), "_c3_a9_01");
    assert_encoded(STR(""), "_");
}

static Str random_name(uint64_t *seed, char *bytes)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    size_t len = (*seed >> 40) % 129;
    for (size_t i = 0; i < len; i++) {
        *seed = *seed * 6364136223846793005u + 1442695040888963407u;
        bytes[i] = (char)(*seed >> 56);
    }
    return str_from(bytes, len);
}

static void different_names_have_different_paths_that_fit_a_file_system(void **state)
{
    (void)state;
    const char *given = getenv("TEST_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 10) : 20260731;
    printf("# TEST_SEED=%llu\n", (unsigned long long)seed);
    CLEANUP(map_done) Map names = {0}; /* path -> name */
    for (int i = 0; i < 20000; i++) {
        char bytes[128];
        CLEANUP(buf_done) Buf out = {0};
        Str *name = ARENA_NEW(&ctx.arena, Str);
        *name = arena_str(&ctx.arena, random_name(&seed, bytes));
        storage_path_encode(&out, *name);
        assert_in_range(out.len, 1, 255);
        for (size_t at = 0; at < out.len; at++)
            assert_non_null(strchr("abcdefghijklmnopqrstuvwxyz0123456789-_", out.ptr[at]));
        const Str *before = map_put(&names, arena_str(&ctx.arena, buf_str(&out)), name);
        if (before)
            assert_true(str_equal(*before, *name));
    }
}

static void assert_template(StorageTemplateKind kind, Str text, const char *expected)
{
    Str result;
    assert_int_equal(storage_template_normalise(&ctx, text, kind, &result), STATUS_OK);
    assert_str(result, expected);
}

static void templates_are_written_in_todays_words(void **state)
{
    (void)state;
    assert_template(TEMPLATE_SHARED, SHARED_TABLES_TEMPLATE, "{namespace}/{tableName}");
    assert_template(TEMPLATE_USER, USER_TABLES_TEMPLATE, "{namespace}/{tableName}/{userId}");
    assert_template(
        TEMPLATE_SHARED, STR("x-1/{namespace}/{table_name}/"), "x-1/{namespace}/{tableName}");
    assert_template(TEMPLATE_USER,
                    STR("{namespace}/users/{table_name}/{shard}/{user_id}"),
                    "{namespace}/users/{tableName}/{userId}");
}

static void assert_refused(StorageTemplateKind kind, Str text, const char *part)
{
    Str result;
    assert_int_equal(storage_template_normalise(&ctx, text, kind, &result), STATUS_INVALID_SQL);
    assert_non_null(strstr(arena_str(&ctx.arena, ctx.message).ptr, part));
}

static void templates_that_lead_astray_are_refused(void **state)
{
    (void)state;
    assert_refused(TEMPLATE_SHARED, STR(""), "{namespace}");
    assert_refused(TEMPLATE_SHARED, STR("{namespace}"), "{tableName} must stand");
    assert_refused(TEMPLATE_SHARED, STR("{namespace}/{tableName}/{userId}"), "no {userId}");
    assert_refused(TEMPLATE_SHARED, STR("{namespace}{tableName}"), "variables are");
    assert_refused(TEMPLATE_SHARED, STR("{namespace}/{tableName}/{tableName}"), "twice");
    assert_refused(TEMPLATE_SHARED, STR("/{namespace}/{tableName}"), "relative");
    assert_refused(TEMPLATE_SHARED, STR("../{namespace}/{tableName}"), "relative");
    assert_refused(TEMPLATE_SHARED, STR("a b/{namespace}/{tableName}"), "relative");
    assert_refused(TEMPLATE_SHARED, STR("{namespace}/{name}"), "variables are");
    assert_refused(TEMPLATE_SHARED, STR("{namespace/{tableName}"), "relative");
    assert_refused(TEMPLATE_USER, STR("{namespace}/{tableName}"), "at its end");
    assert_refused(TEMPLATE_USER, STR("{userId}/{namespace}/{tableName}"), "at its end");
    assert_refused(TEMPLATE_USER, STR("{namespace}/{tableName}/{userId}/x"), "at its end");
}

static void variables_are_replaced_by_encoded_names(void **state)
{
    (void)state;
    StoragePathNames names = {STR("App"), STR("msgs"), STR("a@b")};
    Str text = STR("v1/{namespace}/{tableName}/{userId}");
    assert_str(storage_path_expand(&ctx.arena, text, &names), "v1/_41pp/msgs/a_40b");
}

static int drop_context(void **state)
{
    (void)state;
    context_done(&ctx);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_keep_small_letters_digits_and_hyphens),
        cmocka_unit_test(different_names_have_different_paths_that_fit_a_file_system),
        cmocka_unit_test(templates_are_written_in_todays_words),
        cmocka_unit_test(templates_that_lead_astray_are_refused),
        cmocka_unit_test(variables_are_replaced_by_encoded_names),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("storage_path", tests, NULL, drop_context);
}
