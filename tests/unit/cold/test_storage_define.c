/* SPDX-License-Identifier: Apache-2.0 */
#include "cold/storage_define.h"

#include "cold/storage_secret.h"
#include "sql/parser.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define KEY     STR("0123456789abcdef0123456789abcdef")
#define S3_KEYS "CREDENTIALS '{\"access_key_id\":\"AKIA\",\"secret_access_key\":\"hunter2\"}'"

static char root[64];
static Context ctx;
static StorageDefaults defaults;
static ObjectStores *stores;

static int open_all(void **state)
{
    (void)state;
    snprintf(root, sizeof(root), "/tmp/kalamdb-define-XXXXXX");
    assert_non_null(mkdtemp(root));
    ObjectStoresOptions options = {
        .defaults = &defaults,
        .key = KEY,
        .cache_directory = str_from_c(root),
    };
    assert_int_equal(object_stores_open(&ctx, &options, &stores), STATUS_OK);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    object_stores_close(stores);
    context_done(&ctx);
    return rmdir(root);
}

static Status define(const char *sql, const Storage *before, Storage *ret_storage)
{
    const AstStatement *statement;
    Str text = arena_str(&ctx.arena, str_from_c(sql));
    assert_int_equal(sql_parse_one(&ctx, text, &statement), STATUS_OK);
    return storage_define(&ctx, stores, &statement->storage, before, ret_storage);
}

static void assert_refused(const char *sql, Status expected, const char *part)
{
    Storage storage;
    assert_int_equal(define(sql, NULL, &storage), expected);
    const char *message = arena_str(&ctx.arena, ctx.message).ptr;
    if (!strstr(message, part))
        printf("# %s\n", message);
    assert_non_null(strstr(message, part));
    assert_null(strstr(message, "hunter2"));
}

static void a_filesystem_storage_has_an_absolute_directory(void **state)
{
    (void)state;
    Storage storage;
    assert_int_equal(define("CREATE STORAGE Disk TYPE filesystem PATH '/mnt/disk/' NAME 'Disk 2' "
                            "DESCRIPTION 'x' SHARED_TABLES_TEMPLATE 'a/{namespace}/{table_name}'",
                            NULL,
                            &storage),
                     STATUS_OK);
    assert_true(str_equal(storage.directory, STR("/mnt/disk")));
    assert_true(str_equal(storage.name, STR("Disk 2")));
    assert_true(str_equal(storage.shared_template, STR("a/{namespace}/{tableName}")));
    assert_int_equal(storage.user_template.len, 0);

    assert_int_equal(define("CREATE STORAGE d TYPE filesystem PATH './x/y'", NULL, &storage),
                     STATUS_OK);
    assert_int_equal(storage.directory.ptr[0], '/');
    assert_true(str_ends_with(storage.directory, STR("/x/y")));
}

static void credentials_are_encrypted_for_their_storage_only(void **state)
{
    (void)state;
    Storage storage;
    Str text;
    assert_int_equal(define("CREATE STORAGE s TYPE s3 BUCKET 's3://bucket/a/b/' REGION 'eu-west-1' "
                            "CONFIG '{\"path_style\":true}' " S3_KEYS,
                            NULL,
                            &storage),
                     STATUS_OK);
    assert_true(str_equal(storage.directory, STR("s3://bucket/a/b")));
    assert_true(
        str_equal(storage.config_json, STR("{\"region\":\"eu-west-1\",\"path_style\":true}")));
    assert_null(memmem(storage.credentials.ptr, storage.credentials.len, "hunter2", 7));

    assert_int_equal(storage_secret_unseal(&ctx, KEY, STR("s"), storage.credentials, &text),
                     STATUS_OK);
    assert_non_null(memmem(text.ptr, text.len, "hunter2", 7));
    assert_int_equal(storage_secret_unseal(&ctx, KEY, STR("t"), storage.credentials, &text),
                     STATUS_CORRUPT);
    assert_int_equal(storage_secret_unseal(&ctx, STR("k"), STR("s"), storage.credentials, &text),
                     STATUS_CORRUPT);
    for (size_t i = 0; i < storage.credentials.len; i++) {
        Str damaged = arena_str(&ctx.arena, storage.credentials);
        ((char *)(uintptr_t)damaged.ptr)[i] ^= 1;
        assert_int_equal(storage_secret_unseal(&ctx, KEY, STR("s"), damaged, &text),
                         STATUS_CORRUPT);
    }
}

static void altering_changes_what_is_given_and_keeps_the_rest(void **state)
{
    (void)state;
    Storage before, after;
    assert_int_equal(define("CREATE STORAGE s TYPE s3 BUCKET 'bucket' REGION 'eu-west-1' " S3_KEYS,
                            NULL,
                            &before),
                     STATUS_OK);
    assert_int_equal(define("ALTER STORAGE s SET NAME 'n' SET REGION 'us-east-2'", &before, &after),
                     STATUS_OK);
    assert_true(str_equal(after.name, STR("n")));
    assert_true(str_equal(after.directory, before.directory));
    assert_true(str_equal(after.credentials, before.credentials));
    assert_true(str_equal(after.config_json, STR("{\"region\":\"us-east-2\"}")));
    assert_int_equal(define("ALTER STORAGE s SET PATH 'other'", &before, &after),
                     STATUS_INVALID_OPERATION);
}

static void what_makes_no_sense_is_refused_without_the_secret(void **state)
{
    (void)state;
    assert_refused("CREATE STORAGE s", STATUS_INVALID_SQL, "needs TYPE");
    assert_refused("CREATE STORAGE s TYPE gcs BUCKET 'b'", STATUS_UNSUPPORTED, "'gcs'");
    assert_refused("CREATE STORAGE s TYPE tape PATH 'b'", STATUS_INVALID_SQL, "'tape'");
    assert_refused("CREATE STORAGE s TYPE filesystem", STATUS_INVALID_SQL, "needs PATH");
    assert_refused("CREATE STORAGE 'a/b' TYPE filesystem PATH '/x'", STATUS_INVALID_SQL, "'a/b'");
    assert_refused("CREATE STORAGE s TYPE filesystem PATH '/x/../y'", STATUS_INVALID_SQL, "'..'");
    assert_refused("CREATE STORAGE s TYPE filesystem PATH '/x/a[1]'", STATUS_INVALID_SQL, "*?[");
    assert_refused("CREATE STORAGE s TYPE filesystem PATH '/x' PATH '/y'",
                   STATUS_INVALID_SQL,
                   "has that already");
    assert_refused("CREATE STORAGE s TYPE filesystem PATH '/x' " S3_KEYS,
                   STATUS_INVALID_SQL,
                   "no CREDENTIALS");
    assert_refused("CREATE STORAGE s TYPE s3 BUCKET 'bucket'", STATUS_INVALID_SQL, "CREDENTIALS");
    assert_refused("CREATE STORAGE s TYPE s3 BUCKET 'No' " S3_KEYS, STATUS_INVALID_SQL, "'No'");
    assert_refused(
        "CREATE STORAGE s TYPE s3 BUCKET 'bucket/a b' " S3_KEYS, STATUS_INVALID_SQL, "prefix");
    assert_refused("CREATE STORAGE s TYPE s3 BUCKET 'bucket' CREDENTIALS 'hunter2'",
                   STATUS_INVALID_SQL,
                   "JSON object");
    assert_refused("CREATE STORAGE s TYPE s3 BUCKET 'bucket' CREDENTIALS '{\"key\":\"hunter2\"}'",
                   STATUS_INVALID_SQL,
                   "none of access_key_id");
    assert_refused("CREATE STORAGE s TYPE s3 BUCKET 'bucket' CREDENTIALS "
                   "'{\"access_key_id\":\"a b\",\"secret_access_key\":\"hunter2\"}'",
                   STATUS_INVALID_SQL,
                   "visible ASCII");
    assert_refused("CREATE STORAGE s TYPE s3 BUCKET 'bucket' CONFIG "
                   "'{\"secret_access_key\":\"hunter2\"}' " S3_KEYS,
                   STATUS_INVALID_SQL,
                   "belong in CREDENTIALS");
    assert_refused("CREATE STORAGE s TYPE s3 BUCKET 'bucket' CONFIG "
                   "'{\"endpoint\":\"http://user:hunter2@host\"}' " S3_KEYS,
                   STATUS_INVALID_SQL,
                   "an address such as");
    assert_refused("CREATE STORAGE s TYPE s3 BUCKET 'bucket' CONFIG '{\"path_style\":1}' " S3_KEYS,
                   STATUS_INVALID_SQL,
                   "true or false");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_filesystem_storage_has_an_absolute_directory),
        cmocka_unit_test(credentials_are_encrypted_for_their_storage_only),
        cmocka_unit_test(altering_changes_what_is_given_and_keeps_the_rest),
        cmocka_unit_test(what_makes_no_sense_is_refused_without_the_secret),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("storage_define", tests, open_all, close_all);
}
