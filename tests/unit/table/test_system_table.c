/* SPDX-License-Identifier: Apache-2.0 */
#include "table_fixture.h"

#include "table/system_table.h"

static const StorageDefaults STORAGES = {
    .local_directory = STR_INIT("/data/storage"),
    .shared_template = STR_INIT("{namespace}/{tableName}"),
    .user_template = STR_INIT("{namespace}/{tableName}/{userId}"),
};

static Fixture fixture;
static SystemTables *tables;

static int set_up(void **state)
{
    (void)state;
    fixture_init(&fixture);
    tables = system_tables_new(&STORAGES);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    system_tables_free(tables);
    fixture_done(&fixture);
    return 0;
}

static SystemResult read_table(Snapshot *snapshot, const Table *table)
{
    SystemRequest request = {.snapshot = snapshot, .table = table, .role = ROLE_SYSTEM};
    SystemResult result;
    assert_int_equal(system_tables_read(&fixture.ctx, tables, &request, &result), STATUS_OK);
    return result;
}

static Str text_of(const Table *table, const Value *row, const char *column)
{
    int index = table_column(table, str_from_c(column));
    assert_true(index >= 0);
    return row[index].kind == TYPE_NULL ? STR_NULL : row[index].text;
}

static void every_row_has_values_of_its_columns_types(void **state)
{
    (void)state;
    fixture_table(&fixture, "t", TABLE_USER, (TableOptions){.storage_id = STR("local")});
    CLEANUP(snapshot_unref)
    Snapshot *snapshot = published_durable(sequencer_published(fixture.sequencer));
    TableList list = catalog_tables(&fixture.ctx.arena, snapshot->catalog);
    for (size_t i = 0; i < list.count; i++) {
        const Table *table = list.items[i];
        if (table->kind != TABLE_SYSTEM)
            continue;
        SystemResult result = read_table(snapshot, table);
        for (size_t row = 0; row < result.count; row++) {
            for (uint32_t column = 0; column < table->column_count; column++) {
                const Value *value = &result.rows[row][column];
                if (value_is_null(value))
                    assert_false(table->columns[column].not_null);
                else
                    assert_int_equal(value->kind, table->columns[column].type.kind);
            }
        }
    }
}

static void r6_a_stream_has_no_storage_of_its_own(void **state)
{
    (void)state;
    fixture_table(&fixture, "s", TABLE_STREAM, (TableOptions){.ttl_ms = 1000});
    CLEANUP(snapshot_unref)
    Snapshot *snapshot = published_durable(sequencer_published(fixture.sequencer));
    const Table *table = catalog_table(snapshot->catalog, STR("system"), STR("tables"));
    SystemResult result = read_table(snapshot, table);
    int found = 0;
    for (size_t i = 0; i < result.count; i++) {
        if (!str_equal(text_of(table, result.rows[i], "table_name"), STR("s")))
            continue;
        found++;
        assert_true(str_equal(text_of(table, result.rows[i], "table_type"), STR("stream")));
        assert_int_equal(text_of(table, result.rows[i], "storage_id").len, 0);
    }
    assert_int_equal(found, 1);
}

static Status provide_one(Context *ctx, const SystemRequest *request, SystemRows *rows, void *data)
{
    (void)ctx;
    (void)request;
    system_row_begin(rows);
    system_row_text(rows, "metric_name", STR("answer"));
    system_row_text(rows, "metric_value", *(Str *)data);
    system_row_integer(rows, "no_such_column", 1);
    return STATUS_OK;
}

static void a_registered_provider_answers_for_its_table(void **state)
{
    (void)state;
    Str answer = STR("42");
    CLEANUP(snapshot_unref)
    Snapshot *snapshot = published_durable(sequencer_published(fixture.sequencer));
    const Table *table = catalog_table(snapshot->catalog, STR("system"), STR("stats"));
    assert_int_equal(read_table(snapshot, table).count, 0);
    system_tables_register(tables, STR("system.stats"), provide_one, &answer);
    SystemResult result = read_table(snapshot, table);
    assert_int_equal(result.count, 1);
    assert_true(str_equal(text_of(table, result.rows[0], "metric_value"), STR("42")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_has_values_of_its_columns_types),
        cmocka_unit_test(r6_a_stream_has_no_storage_of_its_own),
        cmocka_unit_test(a_registered_provider_answers_for_its_table),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("system_table", tests, set_up, tear_down);
}
