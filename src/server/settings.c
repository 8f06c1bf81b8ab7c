/* SPDX-License-Identifier: Apache-2.0 */
#include "server/settings.h"

#include "auth/secret.h"
#include "base/clock.h"
#include "cold/storage_path.h"
#include "server/descriptors.h"
#include "server/version.h"

static uint32_t seconds(int64_t count)
{
    return (uint32_t)(count * 1000);
}

static Str join(Arena *arena, StrList list)
{
    CLEANUP(buf_done) Buf text = {0};
    for (size_t i = 0; i < list.count; i++) {
        if (i > 0)
            BUF_LIT(&text, ", ");
        buf_str_append(&text, list.items[i]);
    }
    return arena_str(arena, buf_str(&text));
}

static CorsSettings cors_settings(Arena *arena, const Config *config)
{
    return (CorsSettings){
        .allowed_origins = config->security.origins,
        .allowed_methods = join(arena, config->security.methods),
        .allowed_headers = join(arena, config->security.headers),
        .exposed_headers = join(arena, config->security.exposed_headers),
        .allow_credentials = config->security.credentials,
        .allow_private_network = config->security.private_network,
        .max_age = arena_printf(arena, "%lld", (long long)config->security.max_age_s),
    };
}

static Status trusted_proxies(Context *ctx, StrList texts, AddressRanges *ret_ranges)
{
    AddressRange *ranges = ARENA_ARRAY(&ctx->arena, AddressRange, texts.count);
    for (size_t i = 0; i < texts.count; i++)
        TRY(address_range_parse(ctx, texts.items[i], &ranges[i]));
    *ret_ranges = (AddressRanges){.items = ranges, .count = texts.count};
    return STATUS_OK;
}

static IpLimits ip_limits(const Config *config)
{
    IpLimits limits = {.auth_attempts_per_second = (uint32_t)config->rates.auth_per_ip};
    if (!config->rates.guard_connections)
        return limits;
    limits.requests_per_second = (uint32_t)config->rates.requests_per_ip;
    limits.connections_max = (uint32_t)config->rates.connections_per_ip;
    limits.ban_seconds = (uint32_t)config->rates.ban_s;
    return limits;
}

enum { OUTPUT_HIGH_WATER_MAX = 256 * 1024 };

static size_t smaller(int64_t a, int64_t b)
{
    return (size_t)(a < b ? a : b);
}

static ReactorOptions
reactor_options_of(const Config *config, size_t connection_count_max, size_t reactor_count)
{
    /* Whoever lags behind the budget must be told of the drain below it. */
    size_t high_water = smaller(config->websocket.output_budget_bytes / 2, OUTPUT_HIGH_WATER_MAX);
    return (ReactorOptions){
        .http =
            {
                .head_max = (size_t)config->performance.head_bytes,
                .body_max = smaller(config->rates.body_bytes, config->rates.request_body_bytes),
            },
        .header_timeout_ms = seconds(config->performance.head_timeout_s),
        .keep_alive_timeout_ms = seconds(config->performance.keep_alive_s),
        .close_timeout_ms = seconds(config->performance.close_timeout_s),
        .ws_idle_timeout_ms = seconds(config->websocket.idle_timeout_s),
        .ws_message_max = (size_t)config->websocket.message_bytes,
        .output_high_water = high_water,
        .output_low_water = high_water / 4,
        .connection_count_max = (connection_count_max + reactor_count - 1) / reactor_count,
    };
}

/* Two keys limit bodies, the smaller one counts. */
static Str body_limit_key(const Config *config)
{
    return config->rates.request_body_bytes < config->rates.body_bytes
               ? STR("security.max_request_body_size")
               : STR("rate_limit.request_body_limit_bytes");
}

static LiveEngineOptions live_options_of(const Config *config, size_t reactor_count)
{
    return (LiveEngineOptions){
        .per_client_max = (size_t)config->live.per_connection,
        .per_user_max = (size_t)config->live.per_user,
        .output_budget_bytes = (size_t)config->websocket.output_budget_bytes,
        .output_total_bytes = (size_t)config->websocket.output_total_bytes / reactor_count,
        .feed_bytes_max = (size_t)config->live.feed_bytes,
        .snapshot_max_age_ms = config->live.snapshot_max_age_ms,
    };
}

Status
settings_api(Context *ctx, const Config *config, size_t reactor_count, ApiSettings *ret_settings)
{
    size_t connection_count_max = descriptors_limit_connections(
        (size_t)config->performance.connections, (size_t)config->storage.max_open_files);
    ApiSettings settings = {
        .version = server_version(),
        .build_date = server_build_date(),
        .started_at_us = clock_wall_us(),
        .cors = cors_settings(&ctx->arena, config),
        .body_limit_key = body_limit_key(config),
        .strict_ws_origin_check = config->websocket.strict_origin,
        .cookie_secure = config->auth.cookie_secure,
        .allow_remote_setup = config->auth.allow_remote_setup,
        .ip_limits = ip_limits(config),
        .queries_per_second = (uint32_t)config->rates.queries_per_user,
        .messages_per_second = (uint32_t)config->rates.messages_per_connection,
        .ws_auth_timeout_ms = seconds(config->websocket.auth_timeout_s),
        .ws_sql_result_max = (size_t)config->websocket.sql_result_bytes,
        .parameter_bytes_max = (size_t)config->limits.parameter_bytes,
        .slow_query_us = config->logging.slow_query_ms * 1000,
        .drain_grace_ms = (uint32_t)config->shutdown.grace_ms,
        .connection_count_max = connection_count_max,
        .reactor = reactor_options_of(config, connection_count_max, reactor_count),
        .live = live_options_of(config, reactor_count),
    };
    TRY(trusted_proxies(ctx, config->security.trusted_proxies, &settings.trusted_proxies));
    *ret_settings = settings;
    return STATUS_OK;
}

QueryLimits settings_query_limits(const Config *config)
{
    return (QueryLimits){
        .parameters_max = (size_t)config->limits.parameters,
        .statement_bytes_max = (size_t)config->limits.statement_bytes,
        .memory_bytes_max = (size_t)config->limits.query_memory_bytes,
        .deadline_ms = config->limits.query_timeout_ms,
        .write_rows_max = (uint64_t)config->limits.write_rows,
        .transaction_bytes_max = (size_t)config->limits.transaction_bytes,
        .default_query_limit = config->limits.default_query_limit,
        .max_query_limit = config->limits.max_query_limit,
    };
}

TableDefaults settings_table_defaults(const Config *config)
{
    return (TableDefaults){
        .async = str_equal(config->storage.durability, STR("async")),
        .flush_policy =
            {
                .by_rows = true,
                .by_interval = true,
                .rows = (uint32_t)config->tables.flush_rows,
                .interval_seconds = (uint32_t)config->tables.flush_interval_s,
            },
        .deleted_retention_hours = config->tables.deleted_retention_hours,
        .stream_ttl_ms = config->tables.stream_ttl_s * 1000,
        .stream_max_buffer = config->tables.stream_max_buffer,
    };
}

PasswordPolicy settings_password_policy(const Config *config)
{
    return (PasswordPolicy){
        .memory_kib = (uint32_t)config->auth.argon2_memory_kib,
        .iterations = (uint32_t)config->auth.argon2_iterations,
        .parallelism = (uint32_t)config->auth.argon2_parallelism,
        .length_min = (size_t)config->auth.password_length_min,
        .length_max = (size_t)config->auth.password_length_max,
        .allow_common = config->auth.allow_common_passwords,
        .complexity = config->auth.password_complexity,
    };
}

DuckOptions settings_duck(const Config *config)
{
    return (DuckOptions){
        .library = config->duckdb.library,
        .memory_bytes = (size_t)config->duckdb.memory_bytes,
        .threads = (int)config->duckdb.threads,
    };
}

JobOptions settings_jobs(const Config *config)
{
    int32_t retries_max = (int32_t)config->jobs.retries_max;
    return (JobOptions){
        .running_max = (size_t)config->jobs.running_max,
        .retries_max = retries_max ? retries_max : -1,
        .backoff_ms = config->jobs.backoff_ms,
        .keep_ms = config->jobs.keep_ms,
        .keep_count = (uint64_t)config->jobs.keep_count,
    };
}

StoreOptions settings_store(const Config *config, Str path)
{
    return (StoreOptions){
        .path = path,
        .block_cache_bytes = (size_t)config->storage.block_cache_bytes,
        .write_buffer_bytes = (size_t)config->storage.write_buffer_bytes,
        .max_open_files = (int)config->storage.max_open_files,
        .max_background_jobs = (int)config->storage.max_background_jobs,
    };
}

static Status
read_template(Context *ctx, const char *key, Str text, StorageTemplateKind kind, Str *ret_template)
{
    if (storage_template_normalise(ctx, text, kind, ret_template) == STATUS_OK)
        return STATUS_OK;
    Str why = ctx->message;
    return fail(ctx, STATUS_INVALID_INPUT, "%s: %.*s", key, STR_ARG(why));
}

static Status storage_defaults(Context *ctx,
                               const Config *config,
                               Str local_directory,
                               StorageDefaults *ret_defaults)
{
    StorageDefaults defaults = {.local_directory = local_directory};
    TRY(read_template(ctx,
                      "storage.shared_tables_template",
                      config->storage.shared_template,
                      TEMPLATE_SHARED,
                      &defaults.shared_template));
    TRY(read_template(ctx,
                      "storage.user_tables_template",
                      config->storage.user_template,
                      TEMPLATE_USER,
                      &defaults.user_template));
    *ret_defaults = defaults;
    return STATUS_OK;
}

Status settings_objects(Context *ctx,
                        const Config *config,
                        const DataDir *data_dir,
                        StorageDefaults *ret_defaults,
                        ObjectStoresOptions *ret_options)
{
    TRY(storage_defaults(ctx, config, data_dir->storage_path, ret_defaults));
    *ret_options = (ObjectStoresOptions){
        .defaults = ret_defaults,
        .cache_directory = data_dir->cache_path,
        .cache_bytes_max = (uint64_t)config->storage.cache_bytes,
        .connect_timeout_ms = config->storage.connect_timeout_s * 1000,
        .progress_timeout_ms = config->storage.request_timeout_s * 1000,
    };
    return secret_keep(ctx, data_dir->path, "storage_key", &ret_options->key);
}
