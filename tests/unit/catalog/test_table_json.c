/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog_test.h"

static void columns_are_described_in_the_words_of_the_clients(void **state)
{
    (void)state;
    Column columns[] = {
        {.name = STR("id"),
         .type = TYPE(BIGINT),
         .not_null = true,
         .primary_key = true,
         .default_value = {.kind = DEFAULT_FUNCTION, .function = DEFAULT_SNOWFLAKE_ID}},
        {.name = STR("price"),
         .type = {.kind = TYPE_DECIMAL, .precision = 10, .scale = 2},
         .default_value = {.kind = DEFAULT_LITERAL, .literal = value_decimal(150, 2)}},
        {.name = STR("note"),
         .type = TYPE(TEXT),
         .default_value = {.kind = DEFAULT_LITERAL, .literal = value_text(STR("say \"hi\""))}},
        {.name = STR("rank"),
         .type = TYPE(INT),
         .default_value = {.kind = DEFAULT_LITERAL, .literal = value_integer(TYPE_INT, -3)}},
        {.name = STR("done"),
         .type = TYPE(BOOLEAN),
         .default_value = {.kind = DEFAULT_LITERAL, .literal = value_boolean(false)}},
    };
    static const char *const EXPECTED =
        "[{\"column_id\":1,\"column_name\":\"id\",\"column_comment\":null,\"data_type\":\"BigInt\","
        "\"default_value\":{\"FunctionCall\":{\"name\":\"SNOWFLAKE_ID\",\"args\":[]}},"
        "\"ordinal_position\":1,\"is_nullable\":false,\"is_primary_key\":true,"
        "\"is_partition_key\":false},"
        "{\"column_id\":2,\"column_name\":\"price\",\"column_comment\":null,"
        "\"data_type\":{\"Decimal\":{\"precision\":10,\"scale\":2}},"
        "\"default_value\":{\"Literal\":\"1.50\"},"
        "\"ordinal_position\":2,\"is_nullable\":true,\"is_primary_key\":false,"
        "\"is_partition_key\":false},"
        "{\"column_id\":3,\"column_name\":\"note\",\"column_comment\":null,\"data_type\":\"Text\","
        "\"default_value\":{\"Literal\":\"say \\\"hi\\\"\"},"
        "\"ordinal_position\":3,\"is_nullable\":true,\"is_primary_key\":false,"
        "\"is_partition_key\":false},"
        "{\"column_id\":4,\"column_name\":\"rank\",\"column_comment\":null,\"data_type\":\"Int\","
        "\"default_value\":{\"Literal\":-3},"
        "\"ordinal_position\":4,\"is_nullable\":true,\"is_primary_key\":false,"
        "\"is_partition_key\":false},"
        "{\"column_id\":5,\"column_name\":\"done\",\"column_comment\":null,"
        "\"data_type\":\"Boolean\",\"default_value\":{\"Literal\":false},"
        "\"ordinal_position\":5,\"is_nullable\":true,\"is_primary_key\":false,"
        "\"is_partition_key\":false}]";
    Table like = {.namespace_name = STR("n"),
                  .name = STR("t"),
                  .columns = columns,
                  .column_count = COUNT_OF(columns)};
    CLEANUP(table_unref) Table *table = table_build(&like, NULL);
    CLEANUP(buf_done) Buf out = {0};
    table_write_columns_json(&out, table);
    assert_str(buf_str(&out), EXPECTED);
}

static void assert_options(const Table *table, const char *expected)
{
    CLEANUP(buf_done) Buf out = {0};
    table_write_options_json(&out, table);
    assert_str(buf_str(&out), expected);
}

static void options_are_described_by_kind_of_table(void **state)
{
    (void)state;
    Table table = {
        .kind = TABLE_USER,
        .options = {.storage_id = STR("local"),
                    .flush_policy_given = true,
                    .flush_policy = {.by_rows = true, .rows = 1000},
                    .deleted_retention_hours = 168},
    };
    assert_options(&table,
                   "{\"table_type\":\"USER\",\"storage_id\":\"local\",\"use_user_storage\":false,"
                   "\"flush_policy\":{\"type\":\"row_limit\",\"row_limit\":1000},"
                   "\"compression\":\"zstd\",\"durability\":\"sync\","
                   "\"deleted_retention_hours\":168}");
    table.kind = TABLE_SHARED;
    table.options.flush_policy_given = false;
    table.options.async = true;
    table.options.change_log_retention_hours = 48;
    assert_options(
        &table,
        "{\"table_type\":\"SHARED\",\"storage_id\":\"local\",\"access_level\":\"Public\","
        "\"flush_policy\":{\"type\":\"row_limit\",\"row_limit\":1000},\"compression\":\"zstd\","
        "\"durability\":\"async\","
        "\"deleted_retention_hours\":168,\"change_log_retention_hours\":48}");
    table.kind = TABLE_STREAM;
    table.options.ttl_ms = 30000;
    table.options.max_buffer = 500;
    assert_options(&table,
                   "{\"table_type\":\"STREAM\",\"ttl_seconds\":30,"
                   "\"eviction_strategy\":\"time_based\",\"max_stream_size_bytes\":0,"
                   "\"compression\":\"zstd\",\"ephemeral\":false,\"max_buffer\":500,"
                   "\"scope\":\"user\"}");
    table.kind = TABLE_SYSTEM;
    assert_options(&table, "{\"table_type\":\"SYSTEM\"}");
}

static void r84_each_kind_of_flush_policy_has_its_form(void **state)
{
    (void)state;
    Table table = {.kind = TABLE_USER, .options = {.flush_policy_given = true}};
    table.options.flush_policy = (FlushPolicy){.by_interval = true, .interval_seconds = 60};
    CLEANUP(buf_done) Buf out = {0};
    table_write_options_json(&out, &table);
    table.options.flush_policy = (FlushPolicy){true, true, 5, 60};
    table_write_options_json(&out, &table);
    table.options.flush_policy = (FlushPolicy){.by_rows = true};
    table_write_options_json(&out, &table);
    buf_byte(&out, '\0');
    assert_non_null(strstr(out.ptr, "{\"type\":\"time_interval\",\"interval_seconds\":60}"));
    assert_non_null(
        strstr(out.ptr, "{\"type\":\"combined\",\"row_limit\":5,\"interval_seconds\":60}"));
    assert_non_null(strstr(out.ptr, "{\"type\":\"row_limit\",\"row_limit\":0}"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_described_in_the_words_of_the_clients),
        cmocka_unit_test(options_are_described_by_kind_of_table),
        cmocka_unit_test(r84_each_kind_of_flush_policy_has_its_form),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("table_json", tests, NULL, NULL);
}
