/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration: what operations.md 7.1 lists and this server applies.
 *
 * Every setting is a row of the table in config_keys.c: its name, its variable
 * in the environment, type, default, bounds, description.  The environment wins
 * over the file.  A key that nobody knows is a warning with the nearest known
 * name; one that older configurations have and that means nothing here is
 * passed over; one that would weaken a promise is refused.
 *
 * Immutable once loaded.
 */
#pragma once

#include "api/cors.h"
#include "base/context.h"

typedef struct Config {
    struct {
        Str host;
        int64_t port;
        int64_t workers; /* reactors; 0 = one per core */
        Str public_origin;
    } server;
    struct {
        Str data_path;
        Str durability;
        int64_t async_interval_ms;
        int64_t block_cache_bytes;
        int64_t write_buffer_bytes;
        int64_t max_background_jobs;
        int64_t max_open_files;
        Str shared_template;
        Str user_template;
        int64_t request_timeout_s;
        int64_t connect_timeout_s;
        int64_t cache_bytes;
    } storage;
    struct {
        int64_t min_rows;
        int64_t check_interval_s;
    } flush;
    struct {
        Str library;
        int64_t memory_bytes;
        int64_t threads;
    } duckdb;
    struct {
        int64_t default_query_limit;
        int64_t max_query_limit;
        int64_t statement_bytes;
        int64_t parameters;
        int64_t parameter_bytes;
        int64_t query_memory_bytes;
        int64_t query_timeout_ms;
        int64_t write_rows;
        int64_t transaction_bytes;
    } limits;
    struct {
        Str level;
        Str path;
        bool to_console;
        Str format;
        int64_t slow_query_ms;
    } logging;
    struct {
        int64_t keep_alive_s;
        int64_t connections;
        int64_t backlog;
        int64_t head_timeout_s;
        int64_t close_timeout_s;
        int64_t head_bytes;
        int64_t worker_threads;
    } performance;
    struct {
        int64_t flush_rows;
        int64_t flush_interval_s;
        int64_t deleted_retention_hours;
        int64_t stream_ttl_s;
        int64_t stream_max_buffer;
        int64_t stream_eviction_s;
    } tables;
    struct {
        int64_t retention_ms;
        int64_t max_bytes;
    } change_log;
    struct {
        int64_t running_max;
        int64_t retries_max;
        int64_t backoff_ms;
        int64_t keep_ms;
        int64_t keep_count;
    } jobs;
    struct {
        int64_t limit_bytes;
    } memory;
    struct {
        int64_t idle_timeout_s;
        int64_t auth_timeout_s;
        int64_t message_bytes;
        int64_t sql_result_bytes;
        int64_t output_budget_bytes;
        int64_t output_total_bytes;
        bool strict_origin;
    } websocket;
    struct {
        int64_t snapshot_max_age_ms;
        int64_t feed_bytes;
        int64_t per_connection;
        int64_t per_user;
    } live;
    struct {
        int64_t queries_per_user;
        int64_t messages_per_connection;
        int64_t auth_per_ip;
        int64_t connections_per_ip;
        int64_t requests_per_ip;
        int64_t body_bytes;
        int64_t request_body_bytes; /* security.max_request_body_size; the smaller one counts */
        int64_t ban_s;
        bool guard_connections;
    } rates;
    struct {
        Str root_password;
        Str jwt_secret;
        int64_t token_hours;
        bool cookie_secure;
        bool allow_remote_setup;
        int64_t password_length_min;
        int64_t password_length_max;
        bool password_complexity;
        bool allow_common_passwords;
        int64_t argon2_memory_kib;
        int64_t argon2_iterations;
        int64_t argon2_parallelism;
    } auth;
    struct {
        StrList trusted_proxies;
        StrList origins;
        StrList methods;
        StrList headers;
        StrList exposed_headers;
        bool credentials;
        bool private_network;
        int64_t max_age_s;
    } security;
    struct {
        int64_t timeout_ms;
        int64_t grace_ms;
    } shutdown;

    Str path;            /* of the file; empty = there was none */
    const Str *warnings; /* to be logged once logging has begun */
    size_t warning_count;
} Config;

/*
 * Reads the file, the environment (NULL = no variables) and checks it all, in
 * ctx's arena.  path NULL: ./server.toml, else server.toml beside the program,
 * else defaults only.  STATUS_INVALID_INPUT or STATUS_IO_ERROR names file, line,
 * key and value.
 */
MUST_CHECK Status config_load(Context *ctx,
                              const char *path,
                              char *const *environment,
                              Config *ret_config);

/* As config_load(), from text instead of a file. */
MUST_CHECK Status config_parse(Context *ctx,
                               Str text,
                               char *const *environment,
                               Config *ret_config);

/* Does the server listen to this machine only? */
bool config_is_local(const Config *config);

/* The table as Markdown, for the documentation. */
void config_write_keys(Buf *out);
