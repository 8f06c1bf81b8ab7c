/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening an instance and locking it.
 *
 * The order matters: directories first, then no external access, then no more
 * changes of settings.  What a lock cannot forbid (tables that list settings,
 * SQL inside of strings, logging) is never reached, because only text of ours
 * is run.
 */
#include "duck/engine.h"

#include "base/log.h"
#include "base/memory.h"
#include "duck/run.h"

#include <stdio.h>

enum { DEFAULT_MEMORY_BYTES = 512 << 20, DEFAULT_THREADS = 2 };

DuckEngine *duck_engine_new(const DuckOptions *options)
{
    DuckEngine *engine = NEW(DuckEngine);
    Arena *arena = &engine->arena;
    arena->first_bytes = 256;
    engine->options = *options;
    engine->options.library = arena_str(arena, options->library);
    if (engine->options.memory_bytes == 0)
        engine->options.memory_bytes = DEFAULT_MEMORY_BYTES;
    if (engine->options.threads == 0)
        engine->options.threads = DEFAULT_THREADS;
    pthread_mutex_init(&engine->lock, NULL);
    watchdog_init(&engine->watchdog);
    return engine;
}

void duck_engine_free(DuckEngine *engine)
{
    if (!engine)
        return;
    duck_instance_unref(engine->instance);
    watchdog_done(&engine->watchdog);
    pthread_mutex_destroy(&engine->lock);
    arena_done(&engine->arena);
    free(engine);
}

/* As DuckDB names files: absolute, without links.  A directory need not exist yet. */
static Str full_path(Arena *arena, Str directory)
{
    Str copy = arena_str(arena, directory);
    char *full = realpath(copy.ptr, NULL);
    if (full)
        copy = arena_str(arena, str_from_c(full));
    free(full);
    return copy;
}

void duck_engine_allow(DuckEngine *engine, Str directory)
{
    pthread_mutex_lock(&engine->lock);
    engine->directories = arena_grow(&engine->arena,
                                     engine->directories,
                                     engine->directory_count,
                                     &engine->directory_capacity,
                                     sizeof(*engine->directories));
    engine->directories[engine->directory_count++] = full_path(&engine->arena, directory);
    DuckInstance *instance = TAKE(engine->instance);
    pthread_mutex_unlock(&engine->lock);
    duck_instance_unref(instance);
}

size_t duck_engine_memory_bytes(const DuckEngine *engine)
{
    return engine->options.memory_bytes;
}

bool duck_engine_is_loaded(DuckEngine *engine)
{
    pthread_mutex_lock(&engine->lock);
    bool is_loaded = engine->instance != NULL;
    pthread_mutex_unlock(&engine->lock);
    return is_loaded;
}

/* ---- settings ---- */

/* Said at opening, because they decide what opening does. */
static const char *const OPENING[][2] = {
    {"autoload_known_extensions", "false"},
    {"autoinstall_known_extensions", "false"},
    {"allow_community_extensions", "false"},
    {"allow_unsigned_extensions", "false"},
    {"allow_persistent_secrets", "false"},
    {"temp_directory", ""},
    {"enable_external_file_cache", "true"},
};

static const char SEMANTICS[] = "SET TimeZone = 'UTC';"
                                "SET default_null_order = 'nulls_last_on_asc_first_on_desc';"
                                "SET integer_division = true;"
                                "SET preserve_insertion_order = true;"
                                "SET enable_progress_bar = false;";

static const char LOCK[] = "SET enable_external_access = false;"
                           "SET lock_configuration = true;";

static void write_quoted(Buf *out, Str text)
{
    buf_byte(out, '\'');
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\'')
            buf_byte(out, '\'');
        buf_byte(out, text.ptr[i]);
    }
    buf_byte(out, '\'');
}

static void write_settings(Buf *out, const DuckEngine *engine)
{
    BUF_LIT(out, "SET allowed_directories = [");
    for (size_t i = 0; i < engine->directory_count; i++) {
        if (i > 0)
            buf_byte(out, ',');
        write_quoted(out, engine->directories[i]);
    }
    BUF_LIT(out, "];");
    buf_append(out, SEMANTICS, sizeof(SEMANTICS) - 1);
    buf_append(out, LOCK, sizeof(LOCK)); /* with its NUL */
}

static Status set_up(Context *ctx, duckdb_connection connection, const DuckEngine *engine)
{
    CLEANUP(buf_done) Buf text = {0};
    write_settings(&text, engine);
    duckdb_result result;
    duckdb_state state = duckdb.query(connection, text.ptr, &result);
    Status status = STATUS_OK;
    if (state == DuckDBError) {
        const char *error = duckdb.result_error(&result);
        status = fail(ctx, STATUS_INTERNAL, "DuckDB's settings: %s", error ? error : "");
    }
    duckdb.destroy_result(&result);
    return status;
}

static duckdb_config opening_config(const DuckOptions *options)
{
    duckdb_config config;
    char number[32];
    (void)duckdb.create_config(&config);
    for (size_t i = 0; i < sizeof(OPENING) / sizeof(*OPENING); i++)
        (void)duckdb.set_config(config, OPENING[i][0], OPENING[i][1]);
    snprintf(number, sizeof(number), "%d", options->threads);
    (void)duckdb.set_config(config, "threads", number);
    snprintf(number, sizeof(number), "%zuKiB", options->memory_bytes >> 10);
    (void)duckdb.set_config(config, "memory_limit", number);
    return config;
}

/* ---- instances ---- */

static Status open_database(Context *ctx, const DuckOptions *options, duckdb_database *ret_database)
{
    char *error = NULL;
    duckdb_config config = opening_config(options);
    duckdb_state state = duckdb.open_ext(NULL, ret_database, config, &error);
    duckdb.destroy_config(&config);
    if (state == DuckDBSuccess)
        return STATUS_OK;
    Status status = fail(ctx, STATUS_INTERNAL, "cannot open DuckDB: %s", error ? error : "");
    duckdb.free(error);
    return status;
}

static Status prepare_instance(Context *ctx, const DuckEngine *engine, DuckInstance *instance)
{
    duckdb_connection connection;
    if (duckdb.connect(instance->database, &connection) == DuckDBError)
        return fail(ctx, STATUS_INTERNAL, "cannot connect to DuckDB");
    Status status = duck_source_register(ctx, instance, connection);
    if (status == STATUS_OK)
        status = duck_function_register(ctx, instance, connection);
    if (status == STATUS_OK)
        status = set_up(ctx, connection, engine);
    duckdb.disconnect(&connection);
    return status;
}

/* Under the engine's lock. */
static Status open_instance(Context *ctx, const DuckEngine *engine, DuckInstance **ret_instance)
{
    TRY(duck_library_load(ctx, engine->options.library));
    duckdb_database database;
    TRY(open_database(ctx, &engine->options, &database));
    CLEANUP(duck_instance_unref) DuckInstance *instance = NEW(DuckInstance);
    refcount_init(&instance->references);
    pthread_mutex_init(&instance->lock, NULL);
    instance->database = database;
    TRY(prepare_instance(ctx, engine, instance));
    log_debug("duck", "opened version=%s", duckdb.library_version());
    *ret_instance = TAKE(instance);
    return STATUS_OK;
}

Status duck_engine_instance(Context *ctx, DuckEngine *engine, DuckInstance **ret)
{
    pthread_mutex_lock(&engine->lock);
    Status status = STATUS_OK;
    if (!engine->instance)
        status = open_instance(ctx, engine, &engine->instance);
    if (status == STATUS_OK) {
        refcount_inc(&engine->instance->references);
        *ret = engine->instance;
    }
    pthread_mutex_unlock(&engine->lock);
    return status;
}

void duck_engine_give_up(DuckEngine *engine, DuckInstance *instance)
{
    pthread_mutex_lock(&engine->lock);
    bool is_current = engine->instance == instance;
    if (is_current)
        engine->instance = NULL;
    pthread_mutex_unlock(&engine->lock);
    if (is_current)
        duck_instance_unref(instance);
}

void duck_instance_unref(DuckInstance *instance)
{
    if (!instance || !refcount_dec(&instance->references))
        return;
    duckdb.close(&instance->database);
    id_map_done(&instance->runs);
    pthread_mutex_destroy(&instance->lock);
    free(instance);
}

void duck_instance_add(DuckInstance *instance, uint64_t connection_id, DuckRun *run)
{
    pthread_mutex_lock(&instance->lock);
    id_map_put(&instance->runs, connection_id, run);
    pthread_mutex_unlock(&instance->lock);
}

void duck_instance_remove(DuckInstance *instance, uint64_t connection_id)
{
    pthread_mutex_lock(&instance->lock);
    id_map_remove(&instance->runs, connection_id);
    pthread_mutex_unlock(&instance->lock);
}

DuckRun *duck_instance_find(DuckInstance *instance, duckdb_client_context context)
{
    uint64_t connection_id = duckdb.client_context_get_connection_id(context);
    pthread_mutex_lock(&instance->lock);
    DuckRun *run = id_map_get(&instance->runs, connection_id);
    pthread_mutex_unlock(&instance->lock);
    return run;
}
