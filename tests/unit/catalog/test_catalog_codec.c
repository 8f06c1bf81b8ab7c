/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog_test.h"

/* A column of every type, each with a default of its own and an answer for older rows. */
static const struct {
    Type type;
    Str text;
} TYPES[] = {
    {{TYPE_BOOLEAN, 0, 0}, STR_INIT("true")},
    {{TYPE_SMALLINT, 0, 0}, STR_INIT("-32768")},
    {{TYPE_INT, 0, 0}, STR_INIT("2147483647")},
    {{TYPE_BIGINT, 0, 0}, STR_INIT("-9223372036854775808")},
    {{TYPE_FLOAT, 0, 0}, STR_INIT("1.5")},
    {{TYPE_DOUBLE, 0, 0}, STR_INIT("-0.1")},
    {{TYPE_DECIMAL, 38, 10}, STR_INIT("-1234567890.0123456789")},
    {{TYPE_TEXT, 0, 0}, STR_INIT("")},
    {{TYPE_JSON, 0, 0}, STR_INIT("{\"a\":[1,null]}")},
    {{TYPE_BYTES, 0, 0}, STR_INIT("\\x00ff")},
    {{TYPE_DATE, 0, 0}, STR_INIT("1969-12-31")},
    {{TYPE_TIME, 0, 0}, STR_INIT("23:59:59.999999")},
    {{TYPE_TIMESTAMP, 0, 0}, STR_INIT("2026-01-02 03:04:05.000006")},
    {{TYPE_DATETIME, 0, 0}, STR_INIT("2026-01-02T03:04:05Z")},
    {{TYPE_UUID, 0, 0}, STR_INIT("0192f0c1-2345-7abc-8def-0123456789ab")},
};

enum { TYPE_COUNT = sizeof(TYPES) / sizeof(TYPES[0]) };

static Table *table_of_all_types(Context *ctx)
{
    Column *columns = ARENA_ARRAY(&ctx->arena, Column, TYPE_COUNT);
    Value *missing = ARENA_ARRAY(&ctx->arena, Value, TYPE_COUNT);
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        Value text = value_text(TYPES[i].text);
        columns[i] = (Column){
            .name = arena_printf(&ctx->arena, "c%zu", i),
            .type = TYPES[i].type,
            .not_null = i % 3 == 0,
            .primary_key = i == 3,
        };
        ColumnDefault *given = &columns[i].default_value;
        given->kind = DEFAULT_LITERAL;
        assert_int_equal(value_cast(ctx, &text, TYPES[i].type, &given->literal), STATUS_OK);
        missing[i] = i % 2 ? given->literal : VALUE_NULL;
    }
    columns[14].default_value =
        (ColumnDefault){.kind = DEFAULT_FUNCTION, .function = DEFAULT_UUID_V7};
    columns[12].default_value = (ColumnDefault){.kind = DEFAULT_NONE};
    Table like = {
        .id = TABLE_ID_FIRST,
        .version = 3,
        .kind = TABLE_SHARED,
        .namespace_name = STR("app"),
        .name = STR("all_types"),
        .columns = columns,
        .column_count = TYPE_COUNT,
        .next_column_id = 20,
        .options = {.access_level = ACCESS_RESTRICTED,
                    .durability_given = true,
                    .storage_id = STR("local"),
                    .flush_policy_given = true,
                    .flush_policy = {true, true, 999999, 86399},
                    .deleted_retention_hours = 876000,
                    .change_log_retention_hours = 24,
                    .ttl_ms = INT64_C(3153600000000),
                    .ephemeral = true,
                    .max_buffer = 1000000000,
                    .scope_shared = true},
        .comment = STR("it's \"all\""),
        .created_at_us = INT64_C(1770000000000000),
        .updated_at_us = INT64_C(1770000000000001),
        .created_by = STR("alice"),
    };
    return table_build(&like, missing);
}

static void assert_columns_equal(const Column *a, const Column *b)
{
    assert_int_equal(a->id, b->id);
    assert_true(str_equal(a->name, b->name));
    assert_true(type_equal(a->type, b->type));
    assert_int_equal(a->not_null, b->not_null);
    assert_int_equal(a->primary_key, b->primary_key);
    assert_int_equal(a->default_value.kind, b->default_value.kind);
    if (a->default_value.kind == DEFAULT_LITERAL)
        assert_true(value_same(&a->default_value.literal, &b->default_value.literal));
    if (a->default_value.kind == DEFAULT_FUNCTION)
        assert_int_equal(a->default_value.function, b->default_value.function);
}

static void assert_tables_equal(const Table *a, const Table *b)
{
    assert_int_equal(a->id, b->id);
    assert_int_equal(a->version, b->version);
    assert_int_equal(a->kind, b->kind);
    assert_true(str_equal(a->full_name, b->full_name));
    assert_true(str_equal(a->comment, b->comment));
    assert_true(str_equal(a->created_by, b->created_by));
    assert_int_equal(a->created_at_us, b->created_at_us);
    assert_int_equal(a->updated_at_us, b->updated_at_us);
    assert_int_equal(a->primary_key, b->primary_key);
    assert_int_equal(a->next_column_id, b->next_column_id);
    assert_int_equal(a->column_count, b->column_count);
    for (uint32_t i = 0; i < a->column_count; i++) {
        assert_columns_equal(&a->columns[i], &b->columns[i]);
        assert_int_equal(a->layout.columns[i].id, b->layout.columns[i].id);
        assert_true(value_same(&a->layout.columns[i].missing, &b->layout.columns[i].missing));
    }
    assert_true(str_equal(a->options.storage_id, b->options.storage_id));
    assert_int_equal(a->options.access_level, b->options.access_level);
    assert_int_equal(a->options.flush_policy.rows, b->options.flush_policy.rows);
    assert_int_equal(a->options.flush_policy.interval_seconds,
                     b->options.flush_policy.interval_seconds);
    assert_int_equal(a->options.ttl_ms, b->options.ttl_ms);
    assert_int_equal(a->options.max_buffer, b->options.max_buffer);
    assert_int_equal(a->options.scope_shared, b->options.scope_shared);
    assert_int_equal(a->options.async, b->options.async);
}

static void r85_a_table_of_all_types_reads_back_identical(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(table_unref) Table *table = table_of_all_types(&ctx);
    CLEANUP(buf_done) Buf bytes = {0};
    CLEANUP(buf_done) Buf again = {0};
    CLEANUP(table_unref) Table *read = NULL;
    table_encode(&bytes, table);
    assert_int_equal(table_decode(&ctx, buf_str(&bytes), &read), STATUS_OK);
    assert_tables_equal(table, read);
    table_encode(&again, read);
    assert_int_equal(bytes.len, again.len);
    assert_memory_equal(bytes.ptr, again.ptr, bytes.len);
}

static void a_table_cut_short_anywhere_is_corrupt(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(table_unref) Table *table = table_of_all_types(&ctx);
    CLEANUP(buf_done) Buf bytes = {0};
    table_encode(&bytes, table);
    for (size_t len = 0; len < bytes.len; len++) {
        CLEANUP(context_done) Context inner = {0};
        Table *read = NULL;
        assert_int_equal(table_decode(&inner, str_from(bytes.ptr, len), &read), STATUS_CORRUPT);
        assert_null(read);
    }
    buf_byte(&bytes, 0);
    Table *read = NULL;
    assert_int_equal(table_decode(&ctx, buf_str(&bytes), &read), STATUS_CORRUPT);
}

static void a_damaged_table_is_refused_or_another_table(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(table_unref) Table *table = table_of_all_types(&ctx);
    CLEANUP(buf_done) Buf bytes = {0};
    table_encode(&bytes, table);
    for (size_t bit = 0; bit < bytes.len * 8; bit++) {
        CLEANUP(context_done) Context inner = {0};
        Table *read = NULL;
        bytes.ptr[bit / 8] ^= (char)(1 << bit % 8);
        if (table_decode(&inner, buf_str(&bytes), &read) == STATUS_OK)
            table_unref(read);
        bytes.ptr[bit / 8] ^= (char)(1 << bit % 8);
    }
}

static void users_and_namespaces_read_back_identical(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(buf_done) Buf bytes = {0};
    User user = {
        .id = STR("bob"),
        .role = ROLE_SERVICE,
        .auth_type = AUTH_OAUTH,
        .auth_data = STR("{\"provider\":\"google\"}"),
        .credentials_version = 12,
        .created_at_us = 1,
        .updated_at_us = 2,
        .deleted_at_us = 3,
    };
    CLEANUP(user_unref) User *read = NULL;
    user_encode(&bytes, &user);
    assert_int_equal(user_decode(&ctx, user.id, buf_str(&bytes), &read), STATUS_OK);
    assert_str(read->id, "bob");
    assert_int_equal(read->role, ROLE_SERVICE);
    assert_int_equal(read->auth_type, AUTH_OAUTH);
    assert_null(read->email.ptr);
    assert_str(read->auth_data, "{\"provider\":\"google\"}");
    assert_int_equal(read->credentials_version, 12);
    assert_int_equal(read->deleted_at_us, 3);
    for (size_t len = 0; len < bytes.len; len++) {
        User *cut = NULL;
        assert_int_equal(user_decode(&ctx, user.id, str_from(bytes.ptr, len), &cut),
                         STATUS_CORRUPT);
    }

    CLEANUP(namespace_unref) Namespace *space = namespace_new(STR("app"), STR("{\"a\":1}"), 9);
    CLEANUP(namespace_unref) Namespace *space_read = NULL;
    buf_clear(&bytes);
    namespace_encode(&bytes, space);
    assert_int_equal(namespace_decode(&ctx, STR("app"), buf_str(&bytes), &space_read), STATUS_OK);
    assert_str(space_read->name, "app");
    assert_str(space_read->options_json, "{\"a\":1}");
    assert_int_equal(space_read->created_at_us, 9);
}

static void r8_keys_sort_as_their_tables_and_versions(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    static const CatalogKey KEYS[] = {
        {CATALOG_KEY_LAST_TABLE_ID, {NULL, 0}, 0, 0},
        {CATALOG_KEY_NAMESPACE, STR_INIT("app"), 0, 0},
        {CATALOG_KEY_TABLE, {NULL, 0}, 1024, 1},
        {CATALOG_KEY_TABLE, {NULL, 0}, 1024, 2},
        {CATALOG_KEY_TABLE, {NULL, 0}, 1024, 3},
        {CATALOG_KEY_TABLE, {NULL, 0}, 1024, 10},
        {CATALOG_KEY_TABLE, {NULL, 0}, 9999, 1},
        {CATALOG_KEY_TABLE, {NULL, 0}, 10000, 1},
        {CATALOG_KEY_USER, STR_INIT("a/b"), 0, 0},
        {CATALOG_KEY_DROPPED, {NULL, 0}, 4294967295, 0},
    };
    Str before = STR_NULL;
    for (size_t i = 0; i < COUNT_OF(KEYS); i++) {
        Str text = catalog_key_write(&ctx.arena, &KEYS[i]);
        CatalogKey read;
        assert_true(str_compare(before, text) < 0);
        assert_int_equal(catalog_key_read(&ctx, text, &read), STATUS_OK);
        assert_int_equal(read.kind, KEYS[i].kind);
        assert_int_equal(read.table_id, KEYS[i].table_id);
        assert_int_equal(read.version, KEYS[i].version);
        if (KEYS[i].name.ptr)
            assert_true(str_equal(read.name, KEYS[i].name));
        before = text;
    }
}

static void unknown_keys_are_corrupt(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    static const char *const BAD[] = {
        "",
        "n",
        "n/",
        "q/app",
        "t/1/1",
        "t/0000001024",
        "t/0000001024/1",
        "x/12",
        "i/other",
        "t//",
        "t/4294967296/0000000001",
        "t/000000102a/0000000001",
    };
    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        CatalogKey key;
        assert_int_equal(catalog_key_read(&ctx, str_from_c(BAD[i]), &key), STATUS_CORRUPT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r85_a_table_of_all_types_reads_back_identical),
        cmocka_unit_test(a_table_cut_short_anywhere_is_corrupt),
        cmocka_unit_test(a_damaged_table_is_refused_or_another_table),
        cmocka_unit_test(users_and_namespaces_read_back_identical),
        cmocka_unit_test(r8_keys_sort_as_their_tables_and_versions),
        cmocka_unit_test(unknown_keys_are_corrupt),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("catalog_codec", tests, NULL, NULL);
}
