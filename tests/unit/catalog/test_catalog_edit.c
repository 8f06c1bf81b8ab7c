/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/system_tables.h"
#include "catalog_test.h"

static const Column COLUMNS[] = {
    {.name = STR_INIT("id"), .type = {.kind = TYPE_BIGINT}, .not_null = true, .primary_key = true},
    {.name = STR_INIT("body"), .type = {.kind = TYPE_TEXT}},
};

static Table definition_of(Str namespace_name, Str name)
{
    return (Table){
        .kind = TABLE_SHARED,
        .namespace_name = namespace_name,
        .name = name,
        .columns = COLUMNS,
        .column_count = COUNT_OF(COLUMNS),
        .options = {.storage_id = STR("local")},
        .created_by = STR("alice"),
    };
}

static Catalog *start(void)
{
    Catalog *catalog = catalog_new();
    catalog_add_builtin_namespaces(catalog);
    return catalog;
}

/* The entry that the edit added last. */
static CatalogEntry last_entry(const CatalogEdit *edit)
{
    const CatalogEntry *entries;
    size_t count = catalog_edit_entries(edit, &entries);
    assert_true(count > 0);
    return entries[count - 1];
}

static void r86_the_default_namespace_is_always_there(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(catalog_unref) Catalog *catalog = start();
    assert_non_null(catalog_namespace(catalog, STR("default")));
    assert_non_null(catalog_namespace(catalog, STR("system")));
    assert_non_null(catalog_namespace(catalog, STR("dba")));
    CLEANUP(catalog_edit_abort) CatalogEdit *edit = catalog_edit_begin(&ctx, catalog, 5);
    assert_int_equal(catalog_drop_namespace(edit, STR("default")), STATUS_INVALID_OPERATION);
    Table definition = definition_of(STR("default"), STR("events"));
    const Table *table;
    assert_int_equal(catalog_create_table(edit, &definition, &table), STATUS_OK);
    assert_str(table->full_name, "default.events");
}

static void an_edit_leaves_the_catalog_it_started_from_alone(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(catalog_unref) Catalog *before = start();
    Str text = catalog_text(&ctx.arena, before);
    CLEANUP(catalog_edit_abort) CatalogEdit *edit = catalog_edit_begin(&ctx, before, 5);
    Table definition = definition_of(STR("app"), STR("events"));
    const Table *table;
    User user = {.id = STR("bob"), .role = ROLE_USER};
    assert_int_equal(catalog_create_namespace(edit, STR("app")), STATUS_OK);
    assert_int_equal(catalog_create_table(edit, &definition, &table), STATUS_OK);
    assert_int_equal(catalog_put_user(edit, &user), STATUS_OK);
    CLEANUP(catalog_unref) Catalog *after = catalog_edit_finish(edit);

    assert_true(str_equal(catalog_text(&ctx.arena, before), text));
    assert_null(catalog_table(before, STR("app"), STR("events")));
    assert_ptr_equal(catalog_table(after, STR("app"), STR("events")), table);
    assert_ptr_equal(catalog_table_by_id(after, table->id), table);
    assert_non_null(catalog_user(after, STR("bob")));
    assert_int_equal(after->version, before->version + 1);
}

static void a_cold_mark_lasts_as_long_as_its_table(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(catalog_unref) Catalog *before = start();
    CLEANUP(catalog_edit_abort) CatalogEdit *edit = catalog_edit_begin(&ctx, before, 5);
    Table definition = definition_of(STR("default"), STR("events"));
    const Table *table;
    const CatalogEntry *entries;
    assert_int_equal(catalog_create_table(edit, &definition, &table), STATUS_OK);
    uint32_t id = table->id;
    assert_false(catalog_table_is_cold(catalog_edit_catalog(edit), id));
    assert_int_equal(catalog_mark_cold(edit, id + 1), STATUS_TABLE_NOT_FOUND);
    assert_int_equal(catalog_mark_cold(edit, id), STATUS_OK);
    assert_true(catalog_table_is_cold(catalog_edit_catalog(edit), id));
    assert_false(catalog_table_is_cold(before, id));
    size_t count = catalog_edit_entries(edit, &entries);
    assert_int_equal(catalog_mark_cold(edit, id), STATUS_OK); /* a second time says nothing new */
    assert_int_equal(catalog_edit_entries(edit, &entries), count);

    assert_int_equal(catalog_drop_table(edit, id), STATUS_OK);
    assert_false(catalog_table_is_cold(catalog_edit_catalog(edit), id));
    assert_int_equal(catalog_edit_catalog(edit)->cold_tables.count, 0);
}

static Storage disk(void)
{
    return (Storage){.id = STR("disk"), .name = STR("Disk"), .directory = STR("/mnt/disk")};
}

static void a_storage_is_there_until_nothing_uses_it(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(catalog_unref) Catalog *before = start();
    CLEANUP(catalog_edit_abort) CatalogEdit *edit = catalog_edit_begin(&ctx, before, 5);
    const Catalog *catalog = catalog_edit_catalog(edit);
    const Table *table;
    Storage storage = disk();
    Table definition = definition_of(STR("default"), STR("t"));
    definition.options.storage_id = STR("disk");

    assert_int_equal(catalog_create_table(edit, &definition, &table), STATUS_INVALID_OPERATION);
    assert_message(&ctx, "Storage 'disk' does not exist");
    assert_int_equal(catalog_create_storage(edit, &storage), STATUS_OK);
    assert_int_equal(catalog_create_storage(edit, &storage), STATUS_ALREADY_EXISTS);
    assert_int_equal(catalog_create_table(edit, &definition, &table), STATUS_OK);
    assert_int_equal(catalog_drop_storage(edit, STR("disk")), STATUS_INVALID_OPERATION);
    assert_message(&ctx, "Cannot drop storage 'disk': 1 table(s) still using it");
    assert_int_equal(catalog_drop_table(edit, table->id), STATUS_OK);
    assert_int_equal(catalog_drop_storage(edit, STR("disk")), STATUS_OK);
    assert_null(last_entry(edit).value.ptr);
    assert_null(catalog_storage(catalog, STR("disk")));
    assert_int_equal(catalog_drop_storage(edit, STR("disk")), STATUS_NOT_FOUND);
    assert_int_equal(catalog_drop_storage(edit, STR("local")), STATUS_INVALID_OPERATION);
    assert_non_null(catalog_storage(catalog, STR("local")));
}

static void altering_a_storage_counts_its_revision(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(catalog_unref) Catalog *before = start();
    CLEANUP(catalog_edit_abort) CatalogEdit *edit = catalog_edit_begin(&ctx, before, 5);
    const Catalog *catalog = catalog_edit_catalog(edit);
    Storage storage = disk();
    assert_int_equal(catalog_replace_storage(edit, &storage), STATUS_NOT_FOUND);
    assert_int_equal(catalog_create_storage(edit, &storage), STATUS_OK);
    storage.name = STR("Another");
    assert_int_equal(catalog_replace_storage(edit, &storage), STATUS_OK);
    const Storage *after = catalog_storage(catalog, STR("disk"));
    assert_int_equal(after->revision, 2);
    assert_int_equal(after->created_at_us, 5);
    assert_str(after->name, "Another");

    Storage local = {.id = STR("local"), .name = STR("Here")};
    assert_int_equal(catalog_replace_storage(edit, &local), STATUS_OK);
    assert_str(catalog_storage(catalog, STR("local"))->name, "Here");
    assert_str(catalog_storage(before, STR("local"))->name, "Local Filesystem");
    assert_int_equal(catalog_storages(&ctx.arena, catalog).count, 2);
}

static void names_are_given_once(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(catalog_unref) Catalog *catalog = start();
    CLEANUP(catalog_edit_abort) CatalogEdit *edit = catalog_edit_begin(&ctx, catalog, 5);
    Table definition = definition_of(STR("app"), STR("events"));
    const Table *table;
    assert_int_equal(catalog_create_table(edit, &definition, &table), STATUS_INVALID_OPERATION);
    assert_message(&ctx,
                   "Namespace 'app' does not exist. Create it first with CREATE NAMESPACE app");
    assert_int_equal(catalog_create_namespace(edit, STR("app")), STATUS_OK);
    assert_int_equal(catalog_create_namespace(edit, STR("app")), STATUS_ALREADY_EXISTS);
    assert_int_equal(catalog_create_namespace(edit, STR("default")), STATUS_ALREADY_EXISTS);
    assert_int_equal(catalog_create_table(edit, &definition, &table), STATUS_OK);
    assert_int_equal(catalog_create_table(edit, &definition, &table), STATUS_ALREADY_EXISTS);
}

static void reserved_and_bad_names_are_refused(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(catalog_unref) Catalog *catalog = start();
    CLEANUP(catalog_edit_abort) CatalogEdit *edit = catalog_edit_begin(&ctx, catalog, 5);
    static const char *const RESERVED[] = {
        "sys",
        "root",
        "kalamdb",
        "kalam",
        "main",
        "sql",
        "admin",
        "internal",
        "information_schema",
        "pg_catalog",
        "datafusion",
    };
    for (size_t i = 0; i < COUNT_OF(RESERVED); i++)
        assert_int_equal(catalog_create_namespace(edit, str_from_c(RESERVED[i])),
                         STATUS_INVALID_OPERATION);
    assert_int_equal(catalog_create_namespace(edit, STR("App")), STATUS_INVALID_SQL);
    assert_int_equal(catalog_create_namespace(edit, STR("_app")), STATUS_INVALID_SQL);
    Table definition = definition_of(STR("system"), STR("mine"));
    const Table *table;
    assert_int_equal(catalog_create_table(edit, &definition, &table), STATUS_INVALID_OPERATION);
    assert_int_equal(catalog_drop_table(edit, SYSTEM_USERS), STATUS_INVALID_OPERATION);
    assert_int_equal(catalog_drop_namespace(edit, STR("nope")), STATUS_NOT_FOUND);
    assert_int_equal(catalog_drop_table(edit, 5000), STATUS_TABLE_NOT_FOUND);
}

static void r8_every_version_of_a_table_is_kept(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(catalog_unref) Catalog *catalog = start();
    CLEANUP(catalog_edit_abort) CatalogEdit *edit = catalog_edit_begin(&ctx, catalog, 5);
    Table definition = definition_of(STR("default"), STR("events"));
    const Table *table;
    assert_int_equal(catalog_create_table(edit, &definition, &table), STATUS_OK);
    for (uint32_t version = 2; version <= 3; version++) {
        Table changed = {.id = table->id,
                         .columns = table->columns,
                         .column_count = table->column_count,
                         .options = table->options};
        assert_int_equal(catalog_replace_table(edit, &changed, &table), STATUS_OK);
        assert_int_equal(table->version, version);
    }
    const TableHistory *history = catalog_table_history(catalog_edit_catalog(edit), table->id);
    assert_int_equal(history->count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(history->versions[i]->version, i + 1);
    assert_str(table->full_name, "default.events");
    assert_str(table->created_by, "alice");
    assert_int_equal(table->columns[0].id, 1);
}

static void old_rows_answer_what_a_new_column_had_as_default_when_it_came(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(catalog_unref) Catalog *catalog = start();
    CLEANUP(catalog_edit_abort) CatalogEdit *edit = catalog_edit_begin(&ctx, catalog, 5);
    Table definition = definition_of(STR("default"), STR("events"));
    const Table *table;
    assert_int_equal(catalog_create_table(edit, &definition, &table), STATUS_OK);

    Column wider[3] = {table->columns[0], table->columns[1]};
    wider[2] = (Column){.name = STR("rank"), .type = TYPE(INT)};
    wider[2].default_value =
        (ColumnDefault){.kind = DEFAULT_LITERAL, .literal = value_integer(TYPE_INT, 5)};
    Table changed = {.id = table->id, .columns = wider, .column_count = 3};
    assert_int_equal(catalog_replace_table(edit, &changed, &table), STATUS_OK);
    assert_int_equal(table->columns[2].id, 3);
    assert_int_equal(table->layout.columns[2].missing.integer, 5);
    assert_true(value_is_null(&table->layout.columns[1].missing));

    /* Another default and a wider type later change nothing about them. */
    memcpy(wider, table->columns, sizeof(wider));
    wider[2].type = TYPE(BIGINT);
    wider[2].default_value.literal = value_bigint(7);
    assert_int_equal(catalog_replace_table(edit, &changed, &table), STATUS_OK);
    assert_int_equal(table->columns[2].default_value.literal.integer, 7);
    assert_int_equal(table->layout.columns[2].missing.kind, TYPE_BIGINT);
    assert_int_equal(table->layout.columns[2].missing.integer, 5);

    /* The id of a dropped column is not given again. */
    Column narrow[3] = {table->columns[0], {.name = STR("rank"), .type = TYPE(TEXT)}};
    changed = (Table){.id = table->id, .columns = narrow, .column_count = 2};
    assert_int_equal(catalog_replace_table(edit, &changed, &table), STATUS_OK);
    assert_int_equal(table->columns[1].id, 4);
}

static void r15_a_dropped_table_leaves_a_mark_and_no_version(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(catalog_unref) Catalog *catalog = start();
    CLEANUP(catalog_edit_abort) CatalogEdit *edit = catalog_edit_begin(&ctx, catalog, 5);
    Table definition = definition_of(STR("default"), STR("events"));
    const Table *table;
    assert_int_equal(catalog_create_table(edit, &definition, &table), STATUS_OK);
    uint32_t first_id = table->id;
    assert_int_equal(catalog_drop_table(edit, first_id), STATUS_OK);
    assert_str(last_entry(edit).key, "x/0000001024");
    assert_non_null(last_entry(edit).value.ptr);
    const Catalog *now = catalog_edit_catalog(edit);
    assert_null(catalog_table(now, STR("default"), STR("events")));
    assert_null(catalog_table_by_id(now, first_id));
    assert_null(catalog_table_history(now, first_id));

    assert_int_equal(catalog_create_table(edit, &definition, &table), STATUS_OK);
    assert_int_equal(table->id, first_id + 1);
    assert_int_equal(table->version, 1);
    assert_int_equal(catalog_purged_table(edit, first_id), STATUS_OK);
    assert_str(last_entry(edit).key, "x/0000001024");
    assert_null(last_entry(edit).value.ptr);
    assert_int_equal(catalog_purged_table(edit, table->id), STATUS_INTERNAL);
}

static void a_namespace_goes_with_its_tables(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(catalog_unref) Catalog *catalog = start();
    CLEANUP(catalog_edit_abort) CatalogEdit *edit = catalog_edit_begin(&ctx, catalog, 5);
    Table first = definition_of(STR("app"), STR("first"));
    Table second = definition_of(STR("app"), STR("second"));
    Table other = definition_of(STR("default"), STR("first"));
    const Table *table;
    assert_int_equal(catalog_create_namespace(edit, STR("app")), STATUS_OK);
    assert_int_equal(catalog_create_table(edit, &first, &table), STATUS_OK);
    assert_int_equal(catalog_create_table(edit, &second, &table), STATUS_OK);
    assert_int_equal(catalog_create_table(edit, &other, &table), STATUS_OK);
    assert_int_equal(catalog_drop_namespace(edit, STR("app")), STATUS_OK);
    const Catalog *now = catalog_edit_catalog(edit);
    assert_null(catalog_namespace(now, STR("app")));
    assert_null(catalog_table(now, STR("app"), STR("first")));
    assert_null(catalog_table(now, STR("app"), STR("second")));
    assert_non_null(catalog_table(now, STR("default"), STR("first")));
}

static uint32_t put_and_version(CatalogEdit *edit, const User *user)
{
    assert_int_equal(catalog_put_user(edit, user), STATUS_OK);
    return catalog_account(catalog_edit_catalog(edit), user->id)->credentials_version;
}

static void a_users_credentials_version_counts_what_revokes_sessions(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(catalog_unref) Catalog *catalog = start();
    CLEANUP(catalog_edit_abort) CatalogEdit *edit = catalog_edit_begin(&ctx, catalog, 50);
    User user = {.id = STR("bob"), .role = ROLE_USER, .password_hash = STR("one")};
    assert_int_equal(put_and_version(edit, &user), 1);
    user.email = STR("bob@example.com");
    assert_int_equal(put_and_version(edit, &user), 1);
    user.password_hash = STR("two");
    assert_int_equal(put_and_version(edit, &user), 2);
    user.role = ROLE_DBA;
    assert_int_equal(put_and_version(edit, &user), 3);
    user.deleted_at_us = 60;
    assert_int_equal(put_and_version(edit, &user), 4);
    assert_null(catalog_user(catalog_edit_catalog(edit), STR("bob")));
    user.deleted_at_us = 0;
    assert_int_equal(put_and_version(edit, &user), 5);
    const User *stored = catalog_user(catalog_edit_catalog(edit), STR("bob"));
    assert_int_equal(stored->created_at_us, 50);
    assert_int_equal(stored->updated_at_us, 50);
    user.id = STR("b b");
    assert_int_equal(catalog_put_user(edit, &user), STATUS_INVALID_SQL);
}

static void tables_are_listed_by_namespace_and_name(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(catalog_unref) Catalog *catalog = start();
    TableList list = catalog_tables(&ctx.arena, catalog);
    assert_int_equal(list.count, catalog->tables.count);
    for (size_t i = 1; i < list.count; i++)
        assert_true(str_compare(list.items[i - 1]->full_name, list.items[i]->full_name) < 0);
}

static void overlong_names_are_simply_not_there(void **state)
{
    (void)state;
    CLEANUP(catalog_unref) Catalog *catalog = start();
    char name[200];
    memset(name, 'a', sizeof(name));
    assert_null(catalog_table(catalog, str_from(name, 200), STR("x")));
    assert_null(catalog_table(catalog, STR("x"), str_from(name, 65)));
    assert_null(catalog_table(catalog, STR(""), STR("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r86_the_default_namespace_is_always_there),
        cmocka_unit_test(an_edit_leaves_the_catalog_it_started_from_alone),
        cmocka_unit_test(a_cold_mark_lasts_as_long_as_its_table),
        cmocka_unit_test(a_storage_is_there_until_nothing_uses_it),
        cmocka_unit_test(altering_a_storage_counts_its_revision),
        cmocka_unit_test(names_are_given_once),
        cmocka_unit_test(reserved_and_bad_names_are_refused),
        cmocka_unit_test(r8_every_version_of_a_table_is_kept),
        cmocka_unit_test(old_rows_answer_what_a_new_column_had_as_default_when_it_came),
        cmocka_unit_test(r15_a_dropped_table_leaves_a_mark_and_no_version),
        cmocka_unit_test(a_namespace_goes_with_its_tables),
        cmocka_unit_test(a_users_credentials_version_counts_what_revokes_sessions),
        cmocka_unit_test(tables_are_listed_by_namespace_and_name),
        cmocka_unit_test(overlong_names_are_simply_not_there),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("catalog_edit", tests, NULL, NULL);
}
