/* SPDX-License-Identifier: Apache-2.0 */
#include "cold/flush_monitor.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "cold/cold_trash.h"

#include <pthread.h>

enum {
    ROWS_MIN = 1000,
    CHECK_INTERVAL_MS = 60000,
    LOOK_AGAIN_MS = 500,
    GATHER_MS = 200, /* writes come in crowds: one look for all of them */
};

struct FlushMonitor {
    FlushMonitorOptions options;
    Context ctx; /* cancelled to end */
    pthread_t thread;
    pthread_mutex_t lock; /* guards ending */
    pthread_cond_t changed;
    bool ending;
};

/* ---- the decision ---- */

uint64_t flush_owner_rows_min(const FlushPolicy *policy, uint64_t rows_min)
{
    bool by_rows = policy->by_rows && policy->rows > 0;
    return by_rows && policy->rows < rows_min ? policy->rows : rows_min;
}

static bool some_owner_has_enough(const FlushState *state)
{
    return state->owner_rows_max >= flush_owner_rows_min(state->policy, state->rows_min);
}

bool flush_is_due_by_rows(const FlushState *state)
{
    const FlushPolicy *policy = state->policy;
    return policy->by_rows && policy->rows > 0 && state->row_count >= policy->rows &&
           some_owner_has_enough(state);
}

bool flush_may_be_due_by_interval(const FlushState *state)
{
    return state->policy->by_interval && some_owner_has_enough(state);
}

/* ---- one look ---- */

typedef struct Look {
    FlushMonitor *monitor;
    Context *ctx;
    const Catalog *catalog;
    bool intervals; /* too */
} Look;

static bool some_owner_waits_long(const Look *look, const Table *table, uint64_t rows_min)
{
    const ColdJobs *jobs = look->monitor->options.jobs;
    int64_t interval_ms = (int64_t)table->options.flush_policy.interval_seconds * 1000;
    int64_t oldest_ms = clock_wall_us() / 1000 - interval_ms;
    PendingOwners owners = pending_owners(&look->ctx->arena, jobs->pending, table->id, rows_min);
    for (size_t i = 0; i < owners.count; i++)
        if (owners.items[i].since_ms <= oldest_ms)
            return true;
    return false;
}

static bool is_due(const Look *look, const Table *table, const PendingTable *pending)
{
    FlushState state = {
        .policy = &table->options.flush_policy,
        .rows_min = look->monitor->options.rows_min,
        .row_count = pending->row_count,
        .owner_rows_max = pending->owner_rows_max,
    };
    uint64_t rows_min = flush_owner_rows_min(state.policy, state.rows_min);
    if (pending->retry_at_ms > clock_monotonic_us() / 1000)
        return false;
    if (flush_is_due_by_rows(&state))
        return true;
    return look->intervals && flush_may_be_due_by_interval(&state) &&
           some_owner_waits_long(look, table, rows_min);
}

static void start_flush(const Look *look, const Table *table)
{
    Str id;
    uint64_t rows_min =
        flush_owner_rows_min(&table->options.flush_policy, look->monitor->options.rows_min);
    Status status = flush_job_submit(look->ctx, look->monitor->options.jobs, table, rows_min, &id);
    if (status != STATUS_OK && status != STATUS_CONFLICT && status != STATUS_READ_ONLY)
        log_warn("cold",
                 "cannot flush table=%.*s error=\"%.*s\"",
                 STR_ARG(table->full_name),
                 STR_ARG(look->ctx->message));
}

/* True when some table was due: it is so still when its job has just taken its snapshot. */
static bool look_at_all(FlushMonitor *monitor, bool intervals)
{
    bool any_due = false;
    CLEANUP(context_done) Context ctx = {0};
    const ColdJobs *jobs = monitor->options.jobs;
    CLEANUP(snapshot_unref)
    Snapshot *snapshot = published_applied(sequencer_published(jobs->sequencer));
    Look look = {
        .monitor = monitor, .ctx = &ctx, .catalog = snapshot->catalog, .intervals = intervals};
    PendingTables tables = pending_tables(&ctx.arena, jobs->pending, snapshot->catalog);
    for (size_t i = 0; i < tables.count; i++) {
        const Table *table = catalog_table_by_id(snapshot->catalog, tables.items[i].table_id);
        if (!table || !is_due(&look, table, &tables.items[i]))
            continue;
        start_flush(&look, table);
        any_due = true;
    }
    return any_due;
}

/* Replaced files that somebody still read when they were replaced. */
static void remove_files(FlushMonitor *monitor)
{
    const ColdJobs *jobs = monitor->options.jobs;
    CLEANUP(context_done) Context ctx = {0};
    if (cold_trash_empty(&ctx, jobs->tier, jobs->sequencer) != STATUS_OK)
        log_warn("cold", "cannot remove a replaced file error=\"%.*s\"", STR_ARG(ctx.message));
}

/* ---- the thread ---- */

/* Sleeps; true when the monitor is to end. */
static bool rest(FlushMonitor *monitor, int64_t ms)
{
    struct timespec until = clock_deadline(ms * 1000);
    int error = 0;
    pthread_mutex_lock(&monitor->lock);
    while (!monitor->ending && !error)
        error = pthread_cond_timedwait(&monitor->changed, &monitor->lock, &until);
    bool ending = monitor->ending;
    pthread_mutex_unlock(&monitor->lock);
    return ending;
}

static void scan(FlushMonitor *monitor)
{
    PendingWrites *pending = monitor->options.jobs->pending;
    if (pending_writes_scan(&monitor->ctx, pending) == STATUS_OK ||
        atomic_load(&monitor->ctx.cancelled))
        return;
    log_error("cold",
              "rows of before the start may stay hot until they are written again error=\"%.*s\"",
              STR_ARG(monitor->ctx.message));
}

static void *run(void *data)
{
    FlushMonitor *monitor = data;
    pthread_setname_np(pthread_self(), "flush-monitor");
    scan(monitor);
    int64_t check_ms = monitor->options.check_interval_ms;
    int64_t next_ms = clock_monotonic_us() / 1000 + check_ms;
    while (!rest(monitor, GATHER_MS)) {
        int64_t now_ms = clock_monotonic_us() / 1000;
        bool intervals = now_ms >= next_ms;
        if (intervals)
            next_ms = now_ms + check_ms;
        if (intervals)
            remove_files(monitor);
        bool any_due = look_at_all(monitor, intervals);
        int64_t wait_ms = any_due ? LOOK_AGAIN_MS : next_ms - now_ms;
        (void)pending_writes_await(monitor->options.jobs->pending, wait_ms);
    }
    return NULL;
}

Status
flush_monitor_start(Context *ctx, const FlushMonitorOptions *options, FlushMonitor **ret_monitor)
{
    FlushMonitor *monitor = NEW(FlushMonitor);
    monitor->options = *options;
    if (options->rows_min == 0)
        monitor->options.rows_min = ROWS_MIN;
    if (options->check_interval_ms == 0)
        monitor->options.check_interval_ms = CHECK_INTERVAL_MS;
    pthread_mutex_init(&monitor->lock, NULL);
    pthread_cond_init(&monitor->changed, NULL);
    int error = pthread_create(&monitor->thread, NULL, run, monitor);
    if (error) {
        free(monitor);
        return fail(ctx, STATUS_IO_ERROR, "no thread: %s", strerror(error));
    }
    *ret_monitor = monitor;
    return STATUS_OK;
}

void flush_monitor_stop(FlushMonitor *monitor)
{
    if (!monitor)
        return;
    atomic_store(&monitor->ctx.cancelled, true);
    pthread_mutex_lock(&monitor->lock);
    monitor->ending = true;
    pthread_cond_broadcast(&monitor->changed);
    pthread_mutex_unlock(&monitor->lock);
    pending_writes_wake(monitor->options.jobs->pending);
    pthread_join(monitor->thread, NULL);
    pthread_cond_destroy(&monitor->changed);
    pthread_mutex_destroy(&monitor->lock);
    context_done(&monitor->ctx);
    free(monitor);
}
