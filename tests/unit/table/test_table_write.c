/* SPDX-License-Identifier: Apache-2.0 */
#include "table_fixture.h"

static Fixture fixture;

static int set_up(void **state)
{
    (void)state;
    fixture_init(&fixture);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_done(&fixture);
    return 0;
}

static const TableOptions SOFT = {.deleted_retention_hours = 168};

static void assert_message(const char *part)
{
    char text[512];
    snprintf(text, sizeof(text), "%.*s", STR_ARG(fixture.ctx.message));
    if (!strstr(text, part))
        print_error("# '%s' does not say '%s'\n", text, part);
    assert_non_null(strstr(text, part));
}

#define SCAN(table, user, ...)                                                                     \
    fixture_scan(&fixture, table, user, (TableScanOptions){.tier = STORE_READ_ANY, __VA_ARGS__})

static void r1_a_key_is_unique_within_its_owner_only(void **state)
{
    (void)state;
    const Table *table = fixture_table(&fixture, "unique_user", TABLE_USER, SOFT);
    assert_int_equal(fixture_insert(&fixture, table, "ann", 1, "a", NULL), STATUS_OK);
    assert_int_equal(fixture_insert(&fixture, table, "bob", 1, "b", NULL), STATUS_OK);
    assert_int_equal(fixture_insert(&fixture, table, "ann", 1, "c", NULL), STATUS_UNIQUE_VIOLATION);
    assert_message("Primary key violation: value '1' already exists in column 'id'");
    assert_string_equal(SCAN(table, "ann"), "1=a");
    assert_string_equal(SCAN(table, "bob"), "1=b");
    assert_string_equal(SCAN(table, "eve"), "");
}

static Status insert_twice(TableWrite *write, CommitBuilder *builder, void *data)
{
    (void)builder;
    Value values[] = {value_bigint(7), VALUE_NULL};
    RowImage image;
    SeqNo seq;
    (void)data;
    TRY(row_image_make(write->ctx, write->table, values, &image));
    TRY(table_insert(write, &image, &seq));
    return table_insert(write, &image, &seq);
}

static void a_statement_that_repeats_a_key_inserts_nothing(void **state)
{
    (void)state;
    const Table *table = fixture_table(&fixture, "twice", TABLE_SHARED, SOFT);
    assert_int_equal(fixture_write(&fixture, table, "ann", insert_twice, NULL),
                     STATUS_UNIQUE_VIOLATION);
    assert_string_equal(SCAN(table, "ann"), "");
}

static void r12_a_delete_leaves_a_tombstone_with_the_last_values(void **state)
{
    (void)state;
    const Table *table = fixture_table(&fixture, "soft", TABLE_SHARED, SOFT);
    assert_int_equal(fixture_insert(&fixture, table, "ann", 1, "a", NULL), STATUS_OK);
    assert_int_equal(fixture_update(&fixture, table, "ann", 1, "b"), STATUS_OK);
    assert_int_equal(fixture_delete(&fixture, table, "ann", 1), STATUS_OK);
    assert_string_equal(SCAN(table, "ann"), "");
    assert_string_equal(SCAN(table, "ann", .include_deleted = true), "1=b");
    assert_int_equal(fixture_delete(&fixture, table, "ann", 1), STATUS_NOT_FOUND);
    assert_int_equal(fixture_update(&fixture, table, "ann", 1, "c"), STATUS_NOT_FOUND);
    assert_int_equal(fixture_insert(&fixture, table, "ann", 1, "d", NULL), STATUS_OK);
    assert_string_equal(SCAN(table, "ann"), "1=d");
}

static void r12_without_retention_a_delete_removes_the_row(void **state)
{
    (void)state;
    const Table *table = fixture_table(&fixture, "hard", TABLE_USER, (TableOptions){0});
    assert_int_equal(fixture_insert(&fixture, table, "ann", 1, "a", NULL), STATUS_OK);
    assert_int_equal(fixture_delete(&fixture, table, "ann", 1), STATUS_OK);
    assert_string_equal(SCAN(table, "ann", .include_deleted = true), "");
    assert_int_equal(fixture_insert(&fixture, table, "ann", 1, "b", NULL), STATUS_OK);
    assert_string_equal(SCAN(table, "ann"), "1=b");
}

static Status make_cold(TableWrite *write, CommitBuilder *builder, void *data)
{
    (void)data;
    CatalogEdit *edit = catalog_edit_begin(write->ctx, commit_catalog(builder), 1);
    TRY(catalog_mark_cold(edit, write->table->id));
    commit_catalog_edit(builder, edit);
    return STATUS_OK;
}

/* Gives row 1 a cold version, as a flush would that raced with the last write. */
static Status hide_cold_version(TableWrite *write, CommitBuilder *builder, void *data)
{
    const SeqNo *cold_seq = data;
    Str key = fixture_key(&fixture, write->table, 1);
    StoredRow stored;
    bool found;
    TRY(commit_read_row(builder, write->table->id, write->owner, key, &stored, &found));
    assert_true(found);
    CommitScope scope = {write->table->id, write->owner};
    Change change = change_cold_seq(scope, key, &stored, *cold_seq);
    commit_add(builder, &change);
    return STATUS_OK;
}

static Status assert_hides(TableWrite *write, CommitBuilder *builder, void *data)
{
    const SeqNo *cold_seq = data;
    StoredRow stored;
    bool found;
    Str key = fixture_key(&fixture, write->table, 1);
    TRY(commit_read_row(builder, write->table->id, write->owner, key, &stored, &found));
    assert_true(found);
    assert_int_equal(stored.cold_seq, *cold_seq);
    return STATUS_OK;
}

static void r12_of_a_cold_table_a_removed_row_leaves_what_nobody_sees(void **state)
{
    (void)state;
    const Table *table = fixture_table(&fixture, "cold_hard", TABLE_USER, (TableOptions){0});
    SeqNo cold_seq = 77;
    assert_int_equal(fixture_write(&fixture, table, "ann", make_cold, NULL), STATUS_OK);
    assert_int_equal(fixture_insert(&fixture, table, "ann", 1, "a", NULL), STATUS_OK);
    assert_int_equal(fixture_write(&fixture, table, "ann", hide_cold_version, &cold_seq),
                     STATUS_OK);
    assert_string_equal(SCAN(table, "ann"), "1=a");
    assert_int_equal(fixture_delete(&fixture, table, "ann", 1), STATUS_OK);
    assert_string_equal(SCAN(table, "ann", .include_deleted = true), "");
    assert_int_equal(fixture_delete(&fixture, table, "ann", 1), STATUS_NOT_FOUND);
    assert_int_equal(fixture_update(&fixture, table, "ann", 1, "c"), STATUS_NOT_FOUND);
    assert_int_equal(fixture_write(&fixture, table, "ann", assert_hides, &cold_seq), STATUS_OK);

    CLEANUP(snapshot_unref)
    Snapshot *snapshot = published_durable(sequencer_published(fixture.sequencer));
    TableGet get = {
        .snapshot = snapshot,
        .table = table,
        .owner = fixture_owner(table, "ann"),
        .key = fixture_key(&fixture, table, 1),
        .include_deleted = true,
    };
    TableRow row;
    bool found = true;
    assert_int_equal(table_get(&fixture.ctx, &get, &row, &found), STATUS_OK);
    assert_false(found);
    assert_int_equal(fixture_insert(&fixture, table, "ann", 1, "b", NULL), STATUS_OK);
    assert_string_equal(SCAN(table, "ann"), "1=b");
}

static void a_version_remembers_which_cold_one_it_hides(void **state)
{
    (void)state;
    const Table *table = fixture_table(&fixture, "cold_soft", TABLE_SHARED, SOFT);
    SeqNo cold_seq = 78;
    assert_int_equal(fixture_insert(&fixture, table, "ann", 1, "a", NULL), STATUS_OK);
    assert_int_equal(fixture_write(&fixture, table, "ann", hide_cold_version, &cold_seq),
                     STATUS_OK);
    assert_int_equal(fixture_update(&fixture, table, "ann", 1, "b"), STATUS_OK);
    assert_int_equal(fixture_write(&fixture, table, "ann", assert_hides, &cold_seq), STATUS_OK);
    assert_int_equal(fixture_delete(&fixture, table, "ann", 1), STATUS_OK);
    assert_int_equal(fixture_write(&fixture, table, "ann", assert_hides, &cold_seq), STATUS_OK);
    assert_string_equal(SCAN(table, "ann", .include_deleted = true), "1=b");
    assert_int_equal(fixture_insert(&fixture, table, "ann", 1, "c", NULL), STATUS_OK);
    assert_int_equal(fixture_write(&fixture, table, "ann", assert_hides, &cold_seq), STATUS_OK);
}

static void r11_system_columns_come_with_every_row(void **state)
{
    (void)state;
    const Table *table = fixture_table(&fixture, "system_columns", TABLE_USER, SOFT);
    SeqNo seq;
    assert_int_equal(fixture_insert(&fixture, table, "ann", 1, "a", &seq), STATUS_OK);

    CLEANUP(snapshot_unref)
    Snapshot *snapshot = published_durable(sequencer_published(fixture.sequencer));
    TableGet get = {
        .snapshot = snapshot,
        .table = table,
        .owner = fixture_owner(table, "ann"),
        .key = fixture_key(&fixture, table, 1),
    };
    TableRow row;
    bool found;
    assert_int_equal(table_get(&fixture.ctx, &get, &row, &found), STATUS_OK);
    assert_true(found);
    assert_int_equal(row.seq, seq);
    const Value *system = row.values + table->column_count;
    assert_int_equal(system[SYSTEM_COLUMN_SEQ].integer, seq);
    assert_int_equal(system[SYSTEM_COLUMN_UPDATED].kind, TYPE_TIMESTAMP);
    assert_int_equal(system[SYSTEM_COLUMN_UPDATED].integer, snowflake_to_ms(seq) * 1000);
    assert_false(system[SYSTEM_COLUMN_DELETED].boolean);
}

static void null_is_refused_where_a_column_has_none(void **state)
{
    (void)state;
    const Table *table = fixture_table(&fixture, "not_null", TABLE_USER, SOFT);
    Value values[] = {VALUE_NULL, value_text(STR("a"))};
    RowImage image;
    assert_int_equal(row_image_make(&fixture.ctx, table, values, &image),
                     STATUS_NOT_NULL_VIOLATION);
    assert_message("NOT NULL constraint violation: column 'id'");
}

static Status do_nothing(TableWrite *write, CommitBuilder *builder, void *data)
{
    (void)write;
    (void)builder;
    (void)data;
    return STATUS_OK;
}

static void a_write_planned_against_another_version_is_stale(void **state)
{
    (void)state;
    const Table *table = fixture_table(&fixture, "stale", TABLE_USER, SOFT);
    assert_int_equal(fixture_write(&fixture, table, "ann", do_nothing, NULL), STATUS_OK);
    Table other = *table;
    other.version++;
    assert_int_equal(fixture_write(&fixture, &other, "ann", do_nothing, NULL), STATUS_STALE_PLAN);
    other.id += 1000;
    assert_int_equal(fixture_write(&fixture, &other, "ann", do_nothing, NULL), STATUS_STALE_PLAN);
}

static void a_scan_reads_a_range_of_keys_in_both_directions(void **state)
{
    (void)state;
    const Table *table = fixture_table(&fixture, "range", TABLE_USER, SOFT);
    for (int64_t id = -2; id <= 2; id++)
        assert_int_equal(fixture_insert(&fixture, table, "ann", id, "x", NULL), STATUS_OK);
    assert_int_equal(fixture_insert(&fixture, table, "anna", 0, "y", NULL), STATUS_OK);
    Str from = fixture_key(&fixture, table, -1);
    Str to = fixture_key(&fixture, table, 2);
    assert_string_equal(SCAN(table, "ann"), "-2=x -1=x 0=x 1=x 2=x");
    assert_string_equal(SCAN(table, "ann", .reverse = true), "2=x 1=x 0=x -1=x -2=x");
    assert_string_equal(SCAN(table, "ann", .key_lower = from, .key_upper = to), "-1=x 0=x 1=x");
    assert_string_equal(SCAN(table, "ann", .key_lower = from, .key_upper = to, .reverse = true),
                        "1=x 0=x -1=x");
    assert_string_equal(SCAN(table, "ann", .key_lower = to), "2=x");
    assert_string_equal(SCAN(table, "ann", .key_upper = from), "-2=x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r1_a_key_is_unique_within_its_owner_only),
        cmocka_unit_test(a_statement_that_repeats_a_key_inserts_nothing),
        cmocka_unit_test(r12_a_delete_leaves_a_tombstone_with_the_last_values),
        cmocka_unit_test(r12_without_retention_a_delete_removes_the_row),
        cmocka_unit_test(r12_of_a_cold_table_a_removed_row_leaves_what_nobody_sees),
        cmocka_unit_test(a_version_remembers_which_cold_one_it_hides),
        cmocka_unit_test(r11_system_columns_come_with_every_row),
        cmocka_unit_test(null_is_refused_where_a_column_has_none),
        cmocka_unit_test(a_write_planned_against_another_version_is_stale),
        cmocka_unit_test(a_scan_reads_a_range_of_keys_in_both_directions),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("table_write", tests, set_up, tear_down);
}
