/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/system_tables.h"
#include "catalog_test.h"

static Catalog *catalog;

static int make_catalog(void **state)
{
    (void)state;
    catalog = catalog_new();
    return 0;
}

static int free_catalog(void **state)
{
    (void)state;
    catalog_unref(catalog);
    return 0;
}

static void every_system_table_has_its_fixed_id(void **state)
{
    (void)state;
    static const struct {
        const char *full_name;
        SystemTableId id;
        uint32_t column_count;
    } CASES[] = {
        {"system.users", SYSTEM_USERS, 15},
        {"system.schemas", SYSTEM_SCHEMAS, 14},
        {"system.tables", SYSTEM_TABLES, 9},
        {"system.namespaces", SYSTEM_NAMESPACES, 5},
        {"system.live", SYSTEM_LIVE, 19},
        {"system.stats", SYSTEM_STATS, 2},
        {"system.columns", SYSTEM_COLUMNS, 12},
        {"system.storages", SYSTEM_STORAGES, 11},
        {"system.live_queries", SYSTEM_LIVE_QUERIES, 11},
        {"system.table_schemas", SYSTEM_TABLE_SCHEMAS, 14},
        {"system.storage_locations", SYSTEM_STORAGE_LOCATIONS, 11},
        {"information_schema.tables", INFORMATION_TABLES, 4},
        {"information_schema.columns", INFORMATION_COLUMNS, 8},
        {"information_schema.schemata", INFORMATION_SCHEMATA, 3},
        {"system.jobs", SYSTEM_JOBS, 21},
        {"system.job_nodes", SYSTEM_JOB_NODES, 8},
        {"system.manifest", SYSTEM_MANIFEST, 10},
    };
    assert_int_equal(COUNT_OF(CASES), SYSTEM_TABLE_ID_END - 1);
    assert_int_equal(catalog->tables.count, COUNT_OF(CASES));
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        const Table *table = catalog_table_by_id(catalog, CASES[i].id);
        assert_non_null(table);
        assert_str(table->full_name, CASES[i].full_name);
        assert_int_equal(table->kind, TABLE_SYSTEM);
        assert_int_equal(table->version, 1);
        assert_int_equal(table->column_count, CASES[i].column_count);
        assert_ptr_equal(catalog_table(catalog, table->namespace_name, table->name), table);
        assert_false(table_is_per_user(table));
    }
}

static void columns_have_the_types_of_the_specification(void **state)
{
    (void)state;
    const Table *users = catalog_table(catalog, STR("system"), STR("users"));
    assert_int_equal(users->primary_key, 0);
    assert_str(users->columns[0].name, "user_id");
    assert_true(users->columns[0].not_null);
    int attempts = table_column(users, STR("failed_login_attempts"));
    assert_int_equal(users->columns[attempts].type.kind, TYPE_INT);
    int deleted = table_column(users, STR("deleted_at"));
    assert_int_equal(users->columns[deleted].type.kind, TYPE_TIMESTAMP);
    assert_false(users->columns[deleted].not_null);

    const Table *live = catalog_table(catalog, STR("system"), STR("live"));
    assert_int_equal(live->columns[table_column(live, STR("changes"))].type.kind, TYPE_BIGINT);
    assert_int_equal(live->columns[table_column(live, STR("options"))].type.kind, TYPE_JSON);
    assert_int_equal(live->columns[table_column(live, STR("index_kind"))].type.kind, TYPE_TEXT);

    const Table *schemas = catalog_table(catalog, STR("system"), STR("schemas"));
    int latest = table_column(schemas, STR("is_latest"));
    assert_int_equal(schemas->columns[latest].type.kind, TYPE_BOOLEAN);
}

static void ids_of_system_tables_are_below_all_others(void **state)
{
    (void)state;
    assert_in_range(SYSTEM_TABLE_ID_END, 1, TABLE_ID_FIRST);
    assert_int_equal(catalog->last_table_id, TABLE_ID_FIRST - 1);
    assert_true(namespace_is_system(STR("information_schema")));
    assert_false(namespace_is_system(STR("dba")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_system_table_has_its_fixed_id),
        cmocka_unit_test(columns_have_the_types_of_the_specification),
        cmocka_unit_test(ids_of_system_tables_are_below_all_others),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("system_tables", tests, make_catalog, free_catalog);
}
