/* SPDX-License-Identifier: Apache-2.0 */
#include "api/server_stats.h"

#include "api/api_private.h"
#include "base/clock.h"
#include "base/memory_gauge.h"
#include "value/datetime.h"

#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

static void add(StatList *list, const Stat *stat)
{
    assert(list->count < SERVER_STATS_MAX);
    list->items[list->count++] = *stat;
}

static void add_number(StatList *list, StatKind kind, const char *name, double number)
{
    add(list, &(Stat){.name = name, .kind = kind, .number = number});
}

static void add_gauge(StatList *list, const char *name, double number)
{
    add_number(list, STAT_GAUGE, name, number);
}

static void add_counter(StatList *list, const char *name, uint64_t number)
{
    add_number(list, STAT_COUNTER, name, (double)number);
}

static void add_text(StatList *list, const char *name, Str text)
{
    add(list, &(Stat){.name = name, .kind = STAT_TEXT, .text = text});
}

/* ---- the catalog ---- */

static void add_catalog(StatList *list, const Catalog *catalog)
{
    size_t users = 0;
    size_t tables = 0;
    const User *user;
    const Table *table;
    for (size_t at = 0; (user = map_next(&catalog->users, &at));)
        users += user->deleted_at_us == 0;
    for (size_t at = 0; (table = map_next(&catalog->tables, &at));)
        tables += table->kind != TABLE_SYSTEM;
    add_gauge(list, "total_users", (double)users);
    add_gauge(list, "total_tables", (double)tables);
    add_gauge(list, "total_namespaces", (double)catalog->namespaces.count);
    add_gauge(list, "total_storages", (double)catalog->storages.count);
}

/* ---- reactors ---- */

typedef struct Traffic {
    uint64_t connections, websockets, requests, statements, messages, queued_bytes;
} Traffic;

static void add_traffic(StatList *list, const Api *api)
{
    Traffic sum = {0};
    for (size_t i = 0; i < api->reactor_count; i++) {
        const ApiReactor *home = api->reactors[i];
        sum.connections += counter_read(&home->open_connections);
        sum.websockets += counter_read(&home->websocket_count);
        sum.requests += counter_read(&home->requests_total);
        sum.statements += counter_read(&home->statements_total);
        sum.messages += counter_read(&home->messages_total);
        sum.queued_bytes += reactor_queued_bytes(home->reactor);
    }
    add_gauge(list, "active_connections", (double)sum.connections);
    add_gauge(list, "websocket_sessions", (double)sum.websockets);
    add_gauge(list, "output_queued_bytes", (double)sum.queued_bytes);
    add_counter(list, "http_requests_total", sum.requests);
    add_counter(list, "sql_requests_total", sum.statements);
    add_counter(list, "websocket_messages_total", sum.messages);
}

static void add_live(StatList *list, const Api *api)
{
    LiveStats sum = {0};
    for (size_t i = 0; i < api->reactor_count; i++) {
        LiveStats one;
        live_engine_stats(api->reactors[i]->live, &one);
        sum.subscriptions += one.subscriptions;
        sum.groups += one.groups;
        sum.filters_compiled += one.filters_compiled;
        sum.evaluations += one.evaluations;
        sum.rows_sent += one.rows_sent;
        sum.lagging += one.lagging;
    }
    add_gauge(list, "total_live_queries", (double)sum.subscriptions);
    add_gauge(list, "active_subscriptions", (double)sum.subscriptions);
    add_gauge(list, "live_filters_cached", (double)sum.groups);
    add_counter(list, "live_filters_compiled_total", sum.filters_compiled);
    add_counter(list, "live_evaluations_total", sum.evaluations);
    add_counter(list, "live_rows_sent_total", sum.rows_sent);
    add_counter(list, "live_lagging_total", sum.lagging);
}

static void add_store(StatList *list, const Api *api)
{
    uint64_t count = 0;
    uint64_t total_us = 0;
    store_sync_stats(api->options.store, &count, &total_us);
    add_counter(list, "fsync_total", count);
    add_number(list, STAT_COUNTER, "fsync_seconds_total", (double)total_us / US_PER_SECOND);
    bool writable = !sequencer_read_only_reason(api->options.sequencer);
    add_gauge(list, "writable", writable ? 1 : 0);
}

static void add_jobs(StatList *list, const Api *api)
{
    JobCounts counts = job_scheduler_counts(api->options.query->jobs);
    add_gauge(list, "total_jobs", (double)counts.stored);
    add_gauge(list, "jobs_running", (double)counts.running);
    add_gauge(list, "jobs_queued", (double)counts.waiting);
    add_counter(list, "jobs_failed", counts.failed);
}

/* ---- the process ---- */

static double resident_mb(void)
{
    char text[128];
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t len = read(fd, text, sizeof(text) - 1);
    close(fd);
    unsigned long long size = 0;
    unsigned long long resident = 0;
    text[len > 0 ? len : 0] = '\0';
    if (sscanf(text, "%llu %llu", &size, &resident) != 2) // NOLINT(cert-err34-c): the kernel's text
        return 0;
    double megabytes = (double)resident * (double)sysconf(_SC_PAGESIZE) / (1 << 20);
    return round(megabytes * 10) / 10;
}

static void count_open_files(size_t *ret_total, size_t *ret_regular)
{
    *ret_total = *ret_regular = 0;
    DIR *directory = opendir("/proc/self/fd");
    if (!directory)
        return;
    for (const struct dirent *entry; (entry = readdir(directory));) {
        char target[16];
        if (entry->d_name[0] == '.')
            continue;
        ssize_t len = readlinkat(dirfd(directory), entry->d_name, target, sizeof(target));
        ++*ret_total;
        *ret_regular += len > 0 && target[0] == '/' && strncmp(target, "/dev/", 5) != 0;
    }
    closedir(directory);
}

static double seconds_of(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

/* Over the process's whole life, all cores together. */
static void add_cpu(StatList *list, double uptime_s)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    double used_s = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
    double percent = uptime_s > 0 ? used_s / uptime_s * 100 : 0;
    add_gauge(list, "cpu_usage_percent", round(percent * 10) / 10);
    add_number(list, STAT_COUNTER, "cpu_seconds_total", used_s);
}

static void add_process(StatList *list, const Api *api)
{
    const ApiSettings *settings = &api->options.settings;
    size_t open_files;
    size_t regular_files;
    double uptime_s = (double)(clock_wall_us() - settings->started_at_us) / US_PER_SECOND;
    count_open_files(&open_files, &regular_files);
    add_gauge(list, "memory_usage_mb", resident_mb());
    add_gauge(list, "request_memory_bytes", (double)memory_gauge_bytes());
    add_cpu(list, uptime_s);
    add_gauge(list, "open_files_total", (double)open_files);
    add_gauge(list, "open_files_regular", (double)regular_files);
    add_gauge(list, "pid", getpid());
    add_gauge(list, "server_uptime_seconds", floor(uptime_s));
    add_gauge(list, "server_workers_effective", (double)api->reactor_count);
    add_gauge(
        list, "worker_threads_started", (double)worker_pool_thread_count(api->options.workers));
    add_gauge(list, "max_connections", (double)settings->connection_count_max);
    add_text(list, "server_version", settings->version);
    add_text(list, "server_build_date", settings->build_date);
}

StatList server_stats(const Api *api, const Catalog *catalog)
{
    StatList list = {.count = 0};
    add_catalog(&list, catalog);
    add_traffic(&list, api);
    add_live(&list, api);
    add_store(&list, api);
    add_jobs(&list, api);
    add_process(&list, api);
    return list;
}

/* ---- how they are shown ---- */

Str stat_value_text(Arena *arena, const Stat *stat)
{
    return stat->kind == STAT_TEXT ? stat->text : arena_printf(arena, "%.15g", stat->number);
}

void server_stats_write_metrics(Buf *out, const StatList *stats)
{
    for (size_t i = 0; i < stats->count; i++) {
        const Stat *stat = &stats->items[i];
        if (stat->kind == STAT_TEXT)
            continue;
        buf_printf(out,
                   "# TYPE kalamdb_%s %s\nkalamdb_%s %.15g\n",
                   stat->name,
                   stat->kind == STAT_COUNTER ? "counter" : "gauge",
                   stat->name,
                   stat->number);
    }
}

/* ---- system.stats ---- */

static Status provide(Context *ctx, const SystemRequest *request, SystemRows *rows, void *data)
{
    StatList stats = server_stats(data, request->snapshot->catalog);
    for (size_t i = 0; i < stats.count; i++) {
        system_row_begin(rows);
        system_row_text(rows, "metric_name", str_from_c(stats.items[i].name));
        system_row_text(rows, "metric_value", stat_value_text(&ctx->arena, &stats.items[i]));
    }
    return STATUS_OK;
}

void api_register_tables(Api *api, SystemTables *tables)
{
    system_tables_register(tables, STR("system.stats"), provide, api);
}
