/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fault.h"
#include "base/log.h"
#include "base/memory_gauge.h"
#include "server/check.h"
#include "server/memory_plan.h"
#include "server/rebuild.h"
#include "server/server.h"
#include "server/version.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

typedef enum Command {
    COMMAND_SERVE,
    COMMAND_CHECK,
    COMMAND_REBUILD,
    COMMAND_CHECK_CONFIG
} Command;

static const char USAGE[] =
    "usage: kalamdb [check [--rebuild-manifest] | --check-config] [server.toml]\n"
    "       kalamdb --version | --help | --list-keys\n"
    "\n"
    "Serves the database that the configuration names: ./server.toml, else the one beside the\n"
    "program, else defaults (http://127.0.0.1:8080, data in ./data). KALAMDB_* in the\n"
    "environment wins over the file; --list-keys prints all keys and variables.\n"
    "\n"
    "  check           read all data from end to end while no server uses it, and say what is\n"
    "                  wrong with it\n"
    "  check --rebuild-manifest\n"
    "                  make lost manifests of the cold tier again, from the files and their\n"
    "                  manifest.json; tells what it could not use\n"
    "  --check-config  read the configuration, say what is wrong with it, and end\n"
    "  --list-keys     print the configuration's keys as a table\n";

/* Few arenas and early trimming: threads here allocate little that lives long. */
static void tune_allocator(void)
{
    mallopt(M_ARENA_MAX, 4);
    mallopt(M_TRIM_THRESHOLD, 1 << 20);
    mallopt(M_MMAP_THRESHOLD, 1 << 18);
}

static bool make_log_path(Context *ctx, const Config *config, const char **ret_path)
{
    Str directory = config->logging.path;
    *ret_path = NULL;
    if (directory.len == 0)
        return true;
    if (mkdir(directory.ptr, 0750) != 0 && errno != EEXIST)
        return false;
    *ret_path = arena_printf(&ctx->arena, "%.*s/server.log", STR_ARG(directory)).ptr;
    return true;
}

static Status start_log(Context *ctx, const Config *config)
{
    LogOptions options = {
        .format = str_equal(config->logging.format, STR("json")) ? LOG_JSON : LOG_COMPACT,
        .to_console = config->logging.to_console,
    };
    (void)log_level_parse(config->logging.level.ptr, &options.level); /* was validated */
    if (!make_log_path(ctx, config, &options.file) || !log_start(&options))
        return fail(ctx,
                    STATUS_IO_ERROR,
                    "cannot write logs in logging.logs_path = %.*s: %s",
                    STR_ARG(config->logging.path),
                    strerror(errno));
    for (size_t i = 0; i < config->warning_count; i++)
        log_warn("config", "%.*s", STR_ARG(config->warnings[i]));
    return STATUS_OK;
}

static Status serve(Context *ctx, const char *path)
{
    Config config;
    CLEANUP(server_stop) Server *server = NULL;
    TRY(config_load(ctx, path, environ, &config));
    TRY(start_log(ctx, &config));
    memory_gauge_set_limit(memory_plan_apply(&config, memory_plan_machine_bytes()));
    TRY(server_start(ctx, &config, &server));
    server_wait(server);
    server_stop(TAKE(server));
    log_info("server", "stopped");
    return STATUS_OK;
}

static Status check_config(Context *ctx, const char *path)
{
    Config config;
    TRY(config_load(ctx, path, environ, &config));
    for (size_t i = 0; i < config.warning_count; i++)
        printf("warning: %.*s\n", STR_ARG(config.warnings[i]));
    printf("%s: fine\n", config.path.len > 0 ? config.path.ptr : "no file, defaults only");
    return STATUS_OK;
}

static Status check(Context *ctx, const char *path)
{
    Config config;
    CheckReport report;
    TRY(config_load(ctx, path, environ, &config));
    TRY(check_data(ctx, &config, &report));
    printf("%.*s: fine; %llu tables, %llu rows, %llu events, %llu commits\n",
           STR_ARG(config.storage.data_path),
           (unsigned long long)report.table_count,
           (unsigned long long)report.row_count,
           (unsigned long long)report.event_count,
           (unsigned long long)report.commit_count);
    return STATUS_OK;
}

static Status rebuild(Context *ctx, const char *path)
{
    Config config;
    RebuildReport report;
    TRY(config_load(ctx, path, environ, &config));
    TRY(rebuild_manifests(ctx, &config, &report));
    printf("%.*s: %llu manifests fit, %llu were rebuilt with %llu row versions\n",
           STR_ARG(config.storage.data_path),
           (unsigned long long)report.result.kept_count,
           (unsigned long long)report.result.rebuilt_count,
           (unsigned long long)report.result.row_count);
    if (report.problem_count == 0 && report.result.lost_files == 0)
        return STATUS_OK;
    return fail(ctx,
                STATUS_CORRUPT,
                "%llu directories could not be used, %llu files are missing",
                (unsigned long long)report.problem_count,
                (unsigned long long)report.result.lost_files);
}

static int list_keys(void)
{
    CLEANUP(buf_done) Buf text = {0};
    config_write_keys(&text);
    return fwrite(text.ptr, 1, text.len, stdout) == text.len ? 0 : 1;
}

static int run(Command command, const char *path)
{
    static Status (*const COMMANDS[])(Context * ctx, const char *path) = {
        [COMMAND_SERVE] = serve,
        [COMMAND_CHECK] = check,
        [COMMAND_REBUILD] = rebuild,
        [COMMAND_CHECK_CONFIG] = check_config,
    };
    CLEANUP(context_done) Context ctx = {0};
    if (COMMANDS[command](&ctx, path) == STATUS_OK)
        return 0;
    log_error("server", "%.*s", STR_ARG(ctx.message));
    return 1;
}

int main(int argc, char **argv)
{
    Command command = COMMAND_SERVE;
    const char *path = NULL;
    for (int i = 1; i < argc; i++) {
        Str arg = str_from_c(argv[i]);
        if (str_equal(arg, STR("--version")) || str_equal(arg, STR("-V"))) {
            printf(
                "kalamdb %.*s (%.*s)\n", STR_ARG(server_version()), STR_ARG(server_build_date()));
            return 0;
        }
        if (str_equal(arg, STR("--help")) || str_equal(arg, STR("-h")))
            return fputs(USAGE, stdout) < 0;
        if (str_equal(arg, STR("--list-keys")))
            return list_keys();
        if (str_equal(arg, STR("--check-config"))) {
            command = COMMAND_CHECK_CONFIG;
        } else if (command == COMMAND_SERVE && !path && str_equal(arg, STR("check"))) {
            command = COMMAND_CHECK;
        } else if (command == COMMAND_CHECK && str_equal(arg, STR("--rebuild-manifest"))) {
            command = COMMAND_REBUILD;
        } else if (!path && argv[i][0] != '-') {
            path = argv[i];
        } else {
            fprintf(stderr, "kalamdb: unknown argument %s\n%s", argv[i], USAGE);
            return 2;
        }
    }
    tune_allocator();
    fault_read_environment();
    server_block_signals();
    int code = run(command, path);
    log_stop();
    return code;
}
