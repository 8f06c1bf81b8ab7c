/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog_test.h"

static Status read_one(Context *ctx, TableKind kind, AstOption option, TableOptions *ret_options)
{
    AstOptionList list = {.items = &option, .count = 1};
    return table_options_from_ast(ctx, &list, kind, &DEFAULTS, ret_options);
}

static TableOptions good(TableKind kind, AstOption option)
{
    CLEANUP(context_done) Context ctx = {0};
    TableOptions options = {0};
    assert_int_equal(read_one(&ctx, kind, option, &options), STATUS_OK);
    return options;
}

static void refused(TableKind kind, AstOption option, const char *words)
{
    CLEANUP(context_done) Context ctx = {0};
    TableOptions options;
    option.offset = 40;
    Status status = read_one(&ctx, kind, option, &options);
    if (status == STATUS_OK)
        fail_msg("%.*s is accepted", STR_ARG(option.value));
    assert_message(&ctx, words);
    assert_int_equal(ctx.position, 41);
}

static void r6_a_stream_has_nothing_to_flush_and_nothing_to_keep(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    TableOptions options;
    AstOptionList none = {0};
    assert_int_equal(table_options_from_ast(&ctx, &none, TABLE_STREAM, &DEFAULTS, &options),
                     STATUS_OK);
    assert_int_equal(options.storage_id.len, 0);
    assert_true(options.flush_policy.by_rows);
    assert_int_equal(options.flush_policy.rows, 0);
    assert_int_equal(options.deleted_retention_hours, 0);
    assert_int_equal(options.ttl_ms, 10000);
    assert_int_equal(options.max_buffer, 10000);
    assert_true(options.async);
}

static void tables_take_the_defaults_of_the_server(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    TableOptions options;
    AstOptionList none = {0};
    assert_int_equal(table_options_from_ast(&ctx, &none, TABLE_SHARED, &DEFAULTS, &options),
                     STATUS_OK);
    assert_str(options.storage_id, "local");
    assert_int_equal(options.access_level, ACCESS_PRIVATE);
    assert_int_equal(options.flush_policy.rows, 10000);
    assert_false(options.flush_policy_given);
    assert_int_equal(options.deleted_retention_hours, 168);
    assert_false(options.async);
}

static void r84_flush_policies_are_by_rows_by_interval_or_both(void **state)
{
    (void)state;
    TableOptions options = good(TABLE_USER, OPTION("flush_policy", "rows:10"));
    assert_true(options.flush_policy.by_rows && !options.flush_policy.by_interval);
    assert_int_equal(options.flush_policy.rows, 10);
    options = good(TABLE_SHARED, OPTION("flush_policy", "interval:86399"));
    assert_true(!options.flush_policy.by_rows && options.flush_policy.by_interval);
    options = good(TABLE_SHARED, OPTION("flush_policy", "Rows: 0 , interval:1"));
    assert_true(options.flush_policy.by_rows && options.flush_policy.by_interval);
    assert_int_equal(options.flush_policy.rows, 0);
    assert_true(options.flush_policy_given);

    static const char *const BAD[] = {
        "",
        "rows",
        "rows:",
        "rows:-1",
        "rows:1000000",
        "rows:1.5",
        "interval:0",
        "interval:86400",
        "rows:1,rows:2",
        "10",
        "time:10",
        "rows:1;rows:2",
        "rows:99999999999999999999",
    };
    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        AstOption option = {.key = STR("flush_policy"), .value = str_from_c(BAD[i])};
        refused(TABLE_SHARED, option, "FLUSH_POLICY");
    }
}

static void r4_stream_options_are_read_and_bad_ones_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ttl_ms;
    } TIMES[] = {
        {"10s", 10000},
        {"1m", 60000},
        {"5m", 300000},
        {"1h", 3600000},
        {"2D", 172800000},
        {"0", 0},
        {"0s", 0},
        {"60", 60000},
    };
    for (size_t i = 0; i < COUNT_OF(TIMES); i++) {
        AstOption option = {.key = STR("retention"), .value = str_from_c(TIMES[i].text)};
        assert_int_equal(good(TABLE_STREAM, option).ttl_ms, TIMES[i].ttl_ms);
    }
    assert_int_equal(good(TABLE_STREAM, OPTION("ttl_seconds", "30")).ttl_ms, 30000);
    assert_true(good(TABLE_STREAM, OPTION("ephemeral", "TRUE")).ephemeral);
    assert_false(good(TABLE_STREAM, OPTION("ephemeral", "false")).ephemeral);
    assert_int_equal(good(TABLE_STREAM, OPTION("max_buffer", "1000")).max_buffer, 1000);
    assert_int_equal(good(TABLE_STREAM, OPTION("max_buffer", "0")).max_buffer, 0);
    assert_true(good(TABLE_STREAM, OPTION("scope", "shared")).scope_shared);

    static const char *const BAD[] = {
        "", "s", "-1s", "10x", "1.5h", "ten", "10 s s", "99999999999999h"};
    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        AstOption option = {.key = STR("retention"), .value = str_from_c(BAD[i])};
        refused(TABLE_STREAM, option, "RETENTION");
    }
    refused(TABLE_STREAM, OPTION("ephemeral", "yes"), "EPHEMERAL");
    refused(TABLE_STREAM, OPTION("max_buffer", "-5"), "MAX_BUFFER");
    refused(TABLE_STREAM, OPTION("ttl_seconds", "10s"), "TTL_SECONDS");
    refused(TABLE_STREAM, OPTION("scope", "everyone"), "SCOPE");
}

static void options_are_refused_where_they_mean_nothing(void **state)
{
    (void)state;
    refused(TABLE_SHARED, OPTION("colour", "red"), "Unknown table option 'COLOUR'");
    refused(TABLE_USER, OPTION("access_level", "public"), "does not apply to user tables");
    refused(TABLE_SHARED, OPTION("ttl_seconds", "10"), "does not apply to shared tables");
    refused(TABLE_STREAM, OPTION("flush_policy", "rows:1"), "does not apply to stream tables");
    refused(TABLE_STREAM, OPTION("durability", "sync"), "does not apply to stream tables");
    refused(TABLE_SHARED, OPTION("use_user_storage", "true"), "does not apply to shared tables");
    refused(TABLE_SHARED, OPTION("storage_id", "a b"), "expected the id of a storage");
}

static void an_option_is_given_once(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    TableOptions options;
    AstOption same[] = {OPTION("ttl_seconds", "10"), OPTION("retention", "10s")};
    AstOptionList list = {.items = same, .count = 2};
    assert_int_equal(table_options_from_ast(&ctx, &list, TABLE_STREAM, &DEFAULTS, &options),
                     STATUS_INVALID_SQL);
    assert_message(&ctx, "given twice");
}

static void access_levels_apply_to_streams_that_are_shared(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    TableOptions options;
    AstOption both[] = {OPTION("access_level", "PUBLIC"), OPTION("scope", "shared")};
    AstOptionList list = {.items = both, .count = 2};
    assert_int_equal(table_options_from_ast(&ctx, &list, TABLE_STREAM, &DEFAULTS, &options),
                     STATUS_OK);
    assert_int_equal(options.access_level, ACCESS_PUBLIC);
    list.count = 1;
    assert_int_equal(table_options_from_ast(&ctx, &list, TABLE_STREAM, &DEFAULTS, &options),
                     STATUS_INVALID_SQL);
}

static void words_of_all_other_options_are_read(void **state)
{
    (void)state;
    assert_true(good(TABLE_SHARED, OPTION("durability", "ASYNC")).async);
    assert_true(good(TABLE_USER, OPTION("durability", "sync")).durability_given);
    assert_true(good(TABLE_USER, OPTION("use_user_storage", "true")).use_user_storage);
    assert_int_equal(good(TABLE_SHARED, OPTION("access_level", "dba")).access_level, ACCESS_DBA);
    assert_int_equal(good(TABLE_SHARED, OPTION("access_level", "Restricted")).access_level,
                     ACCESS_RESTRICTED);
    assert_int_equal(
        good(TABLE_USER, OPTION("deleted_retention_hours", "0")).deleted_retention_hours, 0);
    assert_int_equal(
        good(TABLE_USER, OPTION("change_log_retention", "7d")).change_log_retention_hours, 168);
    assert_int_equal(
        good(TABLE_USER, OPTION("change_log_retention", "48")).change_log_retention_hours, 48);
    assert_str(good(TABLE_USER, OPTION("storage", "local")).storage_id, "local");
    refused(TABLE_USER, OPTION("change_log_retention", "90m"), "whole hours");
    refused(TABLE_USER, OPTION("deleted_retention_hours", "-1"), "hours");
    refused(TABLE_SHARED, OPTION("access_level", "secret"), "ACCESS_LEVEL");
    refused(TABLE_SHARED, OPTION("durability", "maybe"), "DURABILITY");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r6_a_stream_has_nothing_to_flush_and_nothing_to_keep),
        cmocka_unit_test(tables_take_the_defaults_of_the_server),
        cmocka_unit_test(r84_flush_policies_are_by_rows_by_interval_or_both),
        cmocka_unit_test(r4_stream_options_are_read_and_bad_ones_refused),
        cmocka_unit_test(options_are_refused_where_they_mean_nothing),
        cmocka_unit_test(an_option_is_given_once),
        cmocka_unit_test(access_levels_apply_to_streams_that_are_shared),
        cmocka_unit_test(words_of_all_other_options_are_read),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("table_options", tests, NULL, NULL);
}
