/* SPDX-License-Identifier: Apache-2.0 */
#include "server/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static char *no_variables[] = {NULL};

static void assert_text(Str text, const char *expected)
{
    assert_int_equal(text.len, strlen(expected));
    assert_memory_equal(text.ptr, expected, text.len);
}

static Config parse(Context *ctx, const char *text, char *const *environment)
{
    Config config;
    Status status = config_parse(ctx, str_from_c(text), environment, &config);
    if (status != STATUS_OK)
        print_message("# %.*s\n", STR_ARG(ctx->message));
    assert_int_equal(status, STATUS_OK);
    return config;
}

static void assert_refused(const char *text, char *const *environment, const char *why)
{
    Context ctx = {0};
    Config config;
    assert_int_equal(config_parse(&ctx, str_from_c(text), environment, &config),
                     STATUS_INVALID_INPUT);
    assert_text(ctx.message, why);
    context_done(&ctx);
}

static void without_a_file_the_documented_defaults_hold(void **state)
{
    (void)state;
    Context ctx = {0};
    Config config = parse(&ctx, "", no_variables);
    assert_text(config.server.host, "127.0.0.1");
    assert_int_equal(config.server.port, 8080);
    assert_int_equal(config.live.per_connection, 10000);
    assert_int_equal(config.live.per_user, 100000);
    assert_int_equal(config.rates.queries_per_user, 10000);
    assert_int_equal(config.rates.messages_per_connection, 1000);
    assert_int_equal(config.websocket.output_budget_bytes, 1 << 20);
    assert_int_equal(config.change_log.retention_ms, 24 * 3600 * 1000);
    assert_int_equal(config.change_log.max_bytes, INT64_C(4) << 30);
    assert_int_equal(config.limits.max_query_limit, 0);
    assert_text(config.storage.durability, "sync");
    assert_true(config_is_local(&config));
    assert_int_equal(config.warning_count, 0);
    context_done(&ctx);
}

static void the_file_replaces_defaults_and_the_environment_the_file(void **state)
{
    (void)state;
    Context ctx = {0};
    char *environment[] = {
        (char *)"KALAMDB_SERVER_PORT=9000",
        (char *)"KALAMDB_SECURITY_CORS_ALLOWED_ORIGINS=https://a.example, https://b.example",
        (char *)"KALAMDB_LOG_LEVEL=",
        (char *)"KALAMDB_NOBODY_KNOWS=1",
        (char *)"PATH=/bin",
        NULL,
    };
    Config config = parse(
        &ctx, "[server]\nport = 8081\nworkers = 3\n[logging]\nlevel = \"debug\"\n", environment);
    assert_int_equal(config.server.port, 9000);
    assert_int_equal(config.server.workers, 3);
    assert_text(config.logging.level, "debug");
    assert_int_equal(config.security.origins.count, 2);
    assert_text(config.security.origins.items[1], "https://b.example");
    context_done(&ctx);
}

static void every_type_is_read(void **state)
{
    (void)state;
    Context ctx = {0};
    Config config = parse(&ctx,
                          "[change_log]\nretention = \"90m\"\nmax_bytes = \"2GiB\"\n"
                          "[live]\nsnapshot_max_age = 60\n"
                          "[auth]\ncookie_secure = false\n"
                          "[security]\ntrusted_proxy_ranges = [\"10.0.0.0/8\", \"::1\"]\n"
                          "[storage.rocksdb]\nblock_cache_size = 8388608\n",
                          no_variables);
    assert_int_equal(config.change_log.retention_ms, 90 * 60 * 1000);
    assert_int_equal(config.change_log.max_bytes, INT64_C(2) << 30);
    assert_int_equal(config.live.snapshot_max_age_ms, 60000);
    assert_false(config.auth.cookie_secure);
    assert_int_equal(config.security.trusted_proxies.count, 2);
    assert_int_equal(config.storage.block_cache_bytes, 8 << 20);
    context_done(&ctx);
}

static void an_unknown_key_is_a_warning_that_names_the_nearest(void **state)
{
    (void)state;
    Context ctx = {0};
    Config config = parse(&ctx, "[server]\nprot = 1\n[zzz]\ny = 1\n", no_variables);
    assert_int_equal(config.warning_count, 2);
    assert_text(config.warnings[0], "line 2: unknown key server.prot; did you mean server.port?");
    assert_text(config.warnings[1], "line 4: unknown key zzz.y");
    context_done(&ctx);
}

static void keys_of_older_configurations_are_passed_over(void **state)
{
    (void)state;
    Context ctx = {0};
    Config config = parse(&ctx,
                          "[datafusion]\nmemory_limit = 1\n"
                          "[storage.rocksdb.cf_profiles.hot_data]\nwrite_buffer_size = 1\n"
                          "[[cluster.peers]]\nnode_id = 2\n[cluster]\nnode_id = 1\n"
                          "[logging]\ntargets = {}\n",
                          no_variables);
    assert_int_equal(config.warning_count, 0);
    context_done(&ctx);
}

static void keys_without_effect_are_told(void **state)
{
    (void)state;
    Context ctx = {0};
    Config config =
        parse(&ctx, "server.enable_http2 = true\nauthentication.bcrypt_cost = 12\n", no_variables);
    assert_int_equal(config.warning_count, 2);
    assert_text(config.warnings[0],
                "line 1: server.enable_http2 has no effect: HTTP/2 is not offered");
    context_done(&ctx);
}

static void what_would_weaken_durability_is_refused(void **state)
{
    (void)state;
    assert_refused("[storage.rocksdb]\nsync_writes = false\n",
                   no_variables,
                   "line 2: storage.rocksdb.sync_writes is not supported: say DURABILITY = 'sync' "
                   "or 'async' for a table, or storage.durability for all");
    assert_refused("storage.disable_wal = true\n",
                   no_variables,
                   "line 1: storage.disable_wal is not supported: say DURABILITY = 'async' for a "
                   "table, or storage.durability for all");
}

static void wrong_values_are_named(void **state)
{
    (void)state;
    char *bad_port[] = {(char *)"KALAMDB_SERVER_PORT=none", NULL};
    assert_refused(
        "[server]\nport = 0\n", no_variables, "line 2: server.port is 0, it must be 1 to 65535");
    assert_refused("[server]\nport = true\n",
                   no_variables,
                   "line 2: server.port must be an integer, not a boolean");
    assert_refused(
        "", bad_port, "KALAMDB_SERVER_PORT: server.port must be an integer, not \"none\"");
    assert_refused("[auth]\ncookie_secure = 1\n",
                   no_variables,
                   "line 2: auth.cookie_secure must be true or false, not an integer");
    assert_refused("logging.level = 'loud'",
                   no_variables,
                   "logging.level must be error, warn, info, debug or trace");
    assert_refused(
        "storage.durability = 'maybe'", no_variables, "storage.durability must be sync or async");
    assert_refused("server.public_origin = 'example.com'",
                   no_variables,
                   "server.public_origin must begin with http:// or https://");
    assert_refused("limits.default_query_limit = 10\nlimits.max_query_limit = 5",
                   no_variables,
                   "limits.default_query_limit is greater than limits.max_query_limit");
    assert_refused("change_log.retention = '5 weeks'",
                   no_variables,
                   "line 1: change_log.retention must be a duration like \"30s\", not \"5 weeks\"");
}

static void a_server_for_others_names_its_origins(void **state)
{
    (void)state;
    Context ctx = {0};
    assert_refused("server.host = '0.0.0.0'",
                   no_variables,
                   "server.host 0.0.0.0 is reachable from elsewhere: name the origins of your "
                   "pages in security.cors.allowed_origins "
                   "(KALAMDB_SECURITY_CORS_ALLOWED_ORIGINS), or say \"*\"");
    Config config =
        parse(&ctx, "server.host = '0.0.0.0'\nsecurity.cors.allowed_origins = ['*']", no_variables);
    assert_false(config_is_local(&config));
    context_done(&ctx);
}

static void every_key_has_a_default_that_is_valid(void **state)
{
    (void)state;
    Context ctx = {0};
    Buf text = {0};
    (void)parse(&ctx, "", NULL);
    config_write_keys(&text);
    assert_true(text.len > 1000);
    buf_done(&text);
    context_done(&ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_file_the_documented_defaults_hold),
        cmocka_unit_test(the_file_replaces_defaults_and_the_environment_the_file),
        cmocka_unit_test(every_type_is_read),
        cmocka_unit_test(an_unknown_key_is_a_warning_that_names_the_nearest),
        cmocka_unit_test(keys_of_older_configurations_are_passed_over),
        cmocka_unit_test(keys_without_effect_are_told),
        cmocka_unit_test(what_would_weaken_durability_is_refused),
        cmocka_unit_test(wrong_values_are_named),
        cmocka_unit_test(a_server_for_others_names_its_origins),
        cmocka_unit_test(every_key_has_a_default_that_is_valid),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
