/* SPDX-License-Identifier: Apache-2.0 */
#include "server/server.h"

#include "auth/secret.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "cold/flush_monitor.h"
#include "cold/retention_job.h"
#include "live/live_flush.h"
#include "server/accounts.h"
#include "server/descriptors.h"
#include "server/housekeeping.h"
#include "server/settings.h"
#include "server/version.h"
#include "store/data_dir.h"
#include "table/system_jobs.h"
#include "table/system_manifest.h"
#include "table/system_users.h"
#include "table/table_cleanup.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
    REACTORS_MAX = FEED_CONSUMERS_MAX - 1,
    PENDING_CONSUMER = FEED_CONSUMERS_MAX - 1, /* of the feed; below are the reactors */
    CANCEL_MS = 10000,                         /* cancelled work may take so long to notice */
    HOUSEKEEPING_MS_MAX = 30000,
};

struct Server {
    Context ctx; /* holds what settings refer to */
    const Config *config;
    DataDir *data_dir;
    Store *store;
    Sequencer *sequencer;
    StorageDefaults storage_defaults;
    ObjectStores *objects;
    SystemTables *system_tables;
    DuckEngine *duck;
    PendingWrites *pending;
    ColdTier *cold;
    ColdJobs cold_jobs;
    FlushMonitor *flush_monitor;
    WorkerPool *workers;
    LiveRegistry *registry;
    JobScheduler *jobs;
    TableCleanup cleanup;
    RetentionJob retention;
    Auth *auth;
    PasswordPolicy password_policy;
    QueryEngine query;
    Api *api;
    Housekeeping *housekeeping;
    pthread_t threads[REACTORS_MAX];
    size_t reactor_count;
    size_t thread_count; /* running */
    atomic_size_t drained_count;
    int drained_fd; /* readable when all reactors are drained */
    int signal_fd;
};

/* ---- signals ---- */

static sigset_t handled_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    return set;
}

void server_block_signals(void)
{
    sigset_t set = handled_signals();
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file above the limit is a failed write, and reads go on */
}

/* The signal that came, or 0. */
static uint32_t take_signal(const Server *server)
{
    struct signalfd_siginfo info;
    if (read(server->signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
        return 0;
    return info.ssi_signo;
}

/* ---- opening, bottom-up ---- */

static Status open_descriptors(Context *ctx, Server *server)
{
    sigset_t set = handled_signals();
    server->drained_fd = eventfd(0, EFD_CLOEXEC);
    server->signal_fd = signalfd(-1, &set, SFD_CLOEXEC);
    if (server->drained_fd < 0 || server->signal_fd < 0)
        return fail(ctx, STATUS_IO_ERROR, "no descriptors: %s", strerror(errno));
    return STATUS_OK;
}

static void on_read_only(void *data, const char *reason)
{
    (void)data;
    log_error(
        "server", "read-only until restarted: no write is accepted any more reason=%s", reason);
}

static Status open_storage(Context *ctx, Server *server)
{
    const Config *config = server->config;
    TRY(data_dir_open(ctx, config->storage.data_path, &server->data_dir));
    StoreOptions options = settings_store(config, server->data_dir->rocksdb_path);
    TRY(store_open(ctx, &options, &server->store));
    SequencerOptions sequencer = {
        .store = server->store,
        .async_interval_ms = config->storage.async_interval_ms,
        .on_read_only = on_read_only,
    };
    TRY(sequencer_open(ctx, &sequencer, &server->sequencer));
    server->pending = pending_writes_new(server->store, server->sequencer, PENDING_CONSUMER);
    return STATUS_OK;
}

/* Others must not be able to make tokens. */
static Status check_secret(Context *ctx, const Config *config, Str secret)
{
    if (config_is_local(config) || !secret_is_weak(secret))
        return STATUS_OK;
    return fail(ctx,
                STATUS_INVALID_INPUT,
                "auth.jwt_secret is too weak for a server that listens on %.*s: give it %d random "
                "characters or more, or leave it out to have one made",
                STR_ARG(config->server.host),
                SECRET_LENGTH_MIN);
}

static Status open_auth(Context *ctx, Server *server)
{
    Str secret;
    const Config *config = server->config;
    TRY(secret_load(ctx, config->auth.jwt_secret, server->data_dir->path, &secret));
    TRY(check_secret(ctx, config, secret));
    server->password_policy = settings_password_policy(config);
    server->auth = auth_new(&(AuthOptions){
        .secret = secret,
        .token_hours = config->auth.token_hours,
        .password = server->password_policy,
    });
    return STATUS_OK;
}

static Status open_objects(Context *ctx, Server *server)
{
    ObjectStoresOptions options;
    TRY(settings_objects(
        ctx, server->config, server->data_dir, &server->storage_defaults, &options));
    return object_stores_open(ctx, &options, &server->objects);
}

static void open_cold(Server *server)
{
    DuckOptions options = settings_duck(server->config);
    server->duck = duck_engine_new(&options);
    duck_engine_allow(server->duck, server->data_dir->storage_path);
    server->cold = cold_tier_new(&(ColdTierOptions){
        .store = server->store,
        .duck = server->duck,
        .objects = server->objects,
        .defaults = &server->storage_defaults,
    });
}

static void open_jobs(Server *server)
{
    JobOptions options = settings_jobs(server->config);
    options.store = server->store;
    options.sequencer = server->sequencer;
    server->jobs = job_scheduler_new(&options);
    server->cleanup = (TableCleanup){
        .store = server->store, .sequencer = server->sequencer, .cold = server->cold};
    table_cleanup_register(server->jobs, &server->cleanup);
    server->retention = (RetentionJob){.tier = server->cold, .sequencer = server->sequencer};
    retention_job_register(server->jobs, &server->retention);
    server->cold_jobs = (ColdJobs){
        .tier = server->cold,
        .sequencer = server->sequencer,
        .scheduler = server->jobs,
        .pending = server->pending,
        .retry_ms = server->config->flush.check_interval_s * 1000,
    };
    cold_jobs_register(&server->cold_jobs);
}

static Status start_jobs(Context *ctx, Server *server)
{
    TRY(job_scheduler_start(ctx, server->jobs));
    TRY(table_cleanup_resume(ctx, server->jobs, &server->cleanup));
    TRY(cold_jobs_start(ctx, &server->cold_jobs));
    FlushMonitorOptions monitor = {
        .jobs = &server->cold_jobs,
        .rows_min = (uint64_t)server->config->flush.min_rows,
        .check_interval_ms = server->config->flush.check_interval_s * 1000,
    };
    return flush_monitor_start(ctx, &monitor, &server->flush_monitor);
}

static void open_query(Server *server)
{
    const Config *config = server->config;
    server->workers = worker_pool_new((size_t)config->performance.worker_threads);
    server->system_tables = system_tables_new(&server->storage_defaults);
    system_users_register(server->system_tables, auth_login_guard(server->auth));
    server->registry = live_registry_new(server->sequencer, 1);
    live_registry_register_tables(server->registry, server->system_tables);
    server->cold_jobs.on_flush = live_flush_tell;
    server->cold_jobs.on_flush_data = server->registry;
    system_jobs_register(server->system_tables);
    system_manifest_register(server->system_tables, &server->cold_jobs);
    server->query = (QueryEngine){
        .sequencer = server->sequencer,
        .store = server->store,
        .cold = server->cold,
        .cold_jobs = &server->cold_jobs,
        .jobs = server->jobs,
        .system_tables = server->system_tables,
        .objects = server->objects,
        .duck = server->duck,
        .table_defaults = settings_table_defaults(config),
        .limits = settings_query_limits(config),
        .hooks =
            {
                .find_watcher = live_registry_find_watcher,
                .kill_live_query = live_registry_kill,
                .has_watcher = live_registry_has_watcher,
                .count_watchers = live_registry_count_watchers,
                .data = server->registry,
            },
        .password_policy = &server->password_policy,
    };
}

/* From a reactor's thread. */
static void on_drained(void *data)
{
    Server *server = data;
    if (atomic_fetch_add(&server->drained_count, 1) + 1 == server->reactor_count)
        (void)eventfd_write(server->drained_fd, 1);
}

static size_t choose_reactor_count(const Config *config)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t count = config->server.workers > 0 ? (size_t)config->server.workers : (size_t)cores;
    return count < 1 ? 1 : count > REACTORS_MAX ? REACTORS_MAX : count;
}

static Status open_api(Context *ctx, Server *server)
{
    server->reactor_count = choose_reactor_count(server->config);
    ApiOptions options = {
        .sequencer = server->sequencer,
        .store = server->store,
        .cold = server->cold,
        .workers = server->workers,
        .query = &server->query,
        .auth = server->auth,
        .registry = server->registry,
        .reactor_count = server->reactor_count,
        .on_drained = on_drained,
        .on_drained_data = server,
    };
    TRY(settings_api(ctx, server->config, server->reactor_count, &options.settings));
    TRY(api_new(ctx, &options, &server->api));
    api_register_tables(server->api, server->system_tables);
    return STATUS_OK;
}

static void open_housekeeping(Server *server)
{
    const Config *config = server->config;
    int64_t interval_ms = config->tables.stream_eviction_s * 1000;
    server->housekeeping = housekeeping_new(&(HousekeepingOptions){
        .store = server->store,
        .sequencer = server->sequencer,
        .workers = server->workers,
        .retention =
            {
                .keep_ms = config->change_log.retention_ms,
                .max_bytes = (uint64_t)config->change_log.max_bytes,
            },
        .interval_ms = interval_ms < HOUSEKEEPING_MS_MAX ? interval_ms : HOUSEKEEPING_MS_MAX,
    });
}

/* ---- starting ---- */

static void *run_reactor(void *data)
{
    pthread_setname_np(pthread_self(), "reactor");
    api_reactor_run(data);
    return NULL;
}

static Status start_threads(Context *ctx, Server *server)
{
    for (size_t i = 0; i < server->reactor_count; i++) {
        int error =
            pthread_create(&server->threads[i], NULL, run_reactor, api_reactor(server->api, i));
        if (error)
            return fail(ctx, STATUS_IO_ERROR, "no thread: %s", strerror(error));
        server->thread_count++;
    }
    return STATUS_OK;
}

static Status open_all(Context *ctx, Server *server, uint16_t *ret_port)
{
    const Config *config = server->config;
    TRY(open_descriptors(ctx, server));
    TRY(open_storage(ctx, server));
    TRY(open_auth(ctx, server));
    TRY(open_objects(ctx, server));
    open_cold(server);
    open_jobs(server);
    open_query(server);
    TRY(open_api(ctx, server));
    TRY(accounts_prepare(ctx, server->auth, server->sequencer, config->auth.root_password));
    open_housekeeping(server);
    TRY(start_jobs(ctx, server));
    TRY(api_listen(ctx,
                   server->api,
                   config->server.host.ptr,
                   (uint16_t)config->server.port,
                   (int)config->performance.backlog,
                   ret_port));
    return start_threads(ctx, server);
}

static void announce(const Server *server, uint16_t port, size_t descriptors, int64_t began_us)
{
    const Config *config = server->config;
    CLEANUP(snapshot_unref)
    Snapshot *snapshot = published_durable(sequencer_published(server->sequencer));
    log_info("server",
             "KalamDB %.*s listening address=http://%.*s:%d data=%.*s reactors=%zu descriptors=%zu "
             "start_ms=%lld",
             STR_ARG(server_version()),
             STR_ARG(config->server.host),
             port,
             STR_ARG(config->storage.data_path),
             server->reactor_count,
             descriptors,
             (long long)(clock_monotonic_us() - began_us) / 1000);
    if (auth_needs_setup(snapshot->catalog))
        log_warn("server",
                 "root has no password: set KALAMDB_ROOT_PASSWORD or POST /v1/api/auth/setup");
}

Status server_start(Context *ctx, const Config *config, Server **ret_server)
{
    int64_t began_us = clock_monotonic_us();
    uint16_t port = 0;
    CLEANUP(server_stop) Server *server = NEW(Server);
    server->config = config;
    server->drained_fd = server->signal_fd = -1;
    size_t descriptors = descriptors_raise();
    Status status = open_all(&server->ctx, server, &port);
    if (status != STATUS_OK) {
        context_copy_error(ctx, &server->ctx);
        return status;
    }
    announce(server, port, descriptors, began_us);
    *ret_server = TAKE(server);
    return STATUS_OK;
}

/* ---- running and draining ---- */

typedef enum WakeUp { WOKEN_BY_TIME, WOKEN_BY_SIGNAL, WOKEN_BY_DRAINED } WakeUp;

static WakeUp wait_for_event(const Server *server, int64_t timeout_ms)
{
    struct pollfd fds[] = {
        {.fd = server->signal_fd, .events = POLLIN},
        {.fd = server->drained_fd, .events = POLLIN},
    };
    int count = poll(fds, 2, timeout_ms > INT32_MAX ? INT32_MAX : (int)timeout_ms);
    if (count > 0 && fds[0].revents)
        return WOKEN_BY_SIGNAL;
    return count > 0 ? WOKEN_BY_DRAINED : WOKEN_BY_TIME;
}

static void run_until_signal(Server *server)
{
    for (;;) {
        int64_t timeout_ms = housekeeping_tick(server->housekeeping, clock_monotonic_us());
        if (wait_for_event(server, timeout_ms) != WOKEN_BY_SIGNAL)
            continue;
        uint32_t signal = take_signal(server);
        if (signal == SIGHUP)
            continue;
        log_info("server", "stopping signal=%u", signal);
        return;
    }
}

/* What is acknowledged is on disk; nothing is lost by leaving like this. */
__attribute__((noreturn)) static void leave_at_once(const char *why)
{
    log_warn("server", "ending at once reason=\"%s\"", why);
    log_stop();
    _exit(1);
}

/* False: the time is over. */
static bool drains_within(const Server *server, int64_t timeout_ms)
{
    int64_t end_us = clock_monotonic_us() + timeout_ms * 1000;
    for (int64_t now_us; (now_us = clock_monotonic_us()) < end_us;) {
        switch (wait_for_event(server, (end_us - now_us) / 1000 + 1)) {
        case WOKEN_BY_DRAINED:
            assert(atomic_load(&server->drained_count) == server->reactor_count);
            return true;
        case WOKEN_BY_SIGNAL:
            if (take_signal(server) != SIGHUP)
                leave_at_once("second signal");
            break;
        case WOKEN_BY_TIME:
            break;
        }
    }
    return false;
}

void server_wait(Server *server)
{
    run_until_signal(server);
    job_scheduler_drain(server->jobs);
    api_drain(server->api);
    if (drains_within(server, server->config->shutdown.timeout_ms))
        return;
    log_warn("server", "cancelling what is still under way");
    api_cancel_all(server->api);
    if (!drains_within(server, CANCEL_MS))
        leave_at_once("requests do not end");
}

/*
 * ---- stopping ----
 *
 * All requests are answered by now.  Tasks on workers end and post their results; jobs end or are
 * cancelled, and their commits are still fed to the reactors; the reactors run what was posted,
 * which may still ask the sequencer; then nobody does any more.
 */

static void stop_threads(Server *server)
{
    if (server->thread_count > 0)
        api_stop(server->api);
    for (size_t i = 0; i < server->thread_count; i++)
        pthread_join(server->threads[i], NULL);
}

static void close_descriptor(int fd)
{
    if (fd >= 0)
        close(fd);
}

void server_stop(Server *server)
{
    if (!server)
        return;
    worker_pool_free(server->workers);
    flush_monitor_stop(server->flush_monitor);
    if (!job_scheduler_stop(server->jobs, server->config->shutdown.timeout_ms))
        leave_at_once("jobs do not end");
    stop_threads(server);
    pending_writes_stop(server->pending);
    sequencer_close(server->sequencer);
    pending_writes_free(server->pending);
    job_scheduler_free(server->jobs);
    api_free(server->api);
    housekeeping_free(server->housekeeping);
    live_registry_free(server->registry);
    system_tables_free(server->system_tables);
    cold_tier_free(server->cold);
    object_stores_close(server->objects);
    duck_engine_free(server->duck);
    auth_free(server->auth);
    store_close(server->store);
    data_dir_close(server->data_dir);
    close_descriptor(server->drained_fd);
    close_descriptor(server->signal_fd);
    context_done(&server->ctx);
    free(server);
}
