/* SPDX-License-Identifier: Apache-2.0 */
#include "server/housekeeping.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "table/stream_store.h"

struct Housekeeping {
    HousekeepingOptions options;
    WorkerTask task;
    atomic_bool running; /* the task is with a worker */
    int64_t due_us;      /* monotonic, of the next round */
    int64_t idle_at_us;  /* monotonic: by then everything committed so far has become old */
    SeqNo seen_seq;      /* published at the last tick */
};

/* ---- one round, on a worker ---- */

static void trim_log(Housekeeping *housekeeping)
{
    CLEANUP(context_done) Context ctx = {0};
    SeqNo low_water;
    if (change_log_trim(
            &ctx, housekeeping->options.sequencer, &housekeeping->options.retention, &low_water) !=
        STATUS_OK)
        log_error("server", "trimming the change log failed error=%.*s", STR_ARG(ctx.message));
}

static void evict_stream(const Housekeeping *housekeeping, const Table *table)
{
    CLEANUP(context_done) Context ctx = {0};
    int64_t cutoff_ms = clock_wall_us() / 1000 - table->options.ttl_ms;
    Store *store = housekeeping->options.store;
    if (stream_evict_older_than(&ctx, store, table, cutoff_ms) != STATUS_OK)
        log_error("server",
                  "eviction failed table=%.*s error=%.*s",
                  STR_ARG(table->full_name),
                  STR_ARG(ctx.message));
    else
        log_debug("server",
                  "evicted table=%.*s cutoff_ms=%lld reason=\"TTL expired\"",
                  STR_ARG(table->full_name),
                  (long long)cutoff_ms);
}

static void evict_streams(const Housekeeping *housekeeping)
{
    CLEANUP(snapshot_unref)
    Snapshot *snapshot = published_durable(sequencer_published(housekeeping->options.sequencer));
    const Table *table;
    for (size_t at = 0; (table = map_next(&snapshot->catalog->tables, &at));) {
        if (table->kind == TABLE_STREAM && table->options.ttl_ms > 0)
            evict_stream(housekeeping, table);
    }
}

static void run_round(WorkerTask *task)
{
    Housekeeping *housekeeping = CONTAINER_OF(task, Housekeeping, task);
    evict_streams(housekeeping);
    trim_log(housekeeping);
    atomic_store(&housekeeping->running, false);
}

/* ---- when ---- */

/* How long after a commit something of it can still become old. */
static int64_t longest_life_ms(const Housekeeping *housekeeping, const Catalog *catalog)
{
    int64_t longest_ms = housekeeping->options.retention.keep_ms;
    const Table *table;
    for (size_t at = 0; (table = map_next(&catalog->tables, &at));) {
        int64_t life_ms =
            table->kind == TABLE_STREAM ? table->options.ttl_ms : table_change_log_keep_ms(table);
        longest_ms = life_ms > longest_ms ? life_ms : longest_ms;
    }
    return longest_ms;
}

/* Stream events are published before they are durable. */
static void note_commits(Housekeeping *housekeeping, int64_t now_us)
{
    CLEANUP(snapshot_unref)
    Snapshot *snapshot = published_applied(sequencer_published(housekeeping->options.sequencer));
    if (snapshot->seq == housekeeping->seen_seq)
        return;
    int64_t life_ms = longest_life_ms(housekeeping, snapshot->catalog);
    housekeeping->seen_seq = snapshot->seq;
    housekeeping->idle_at_us =
        now_us + (life_ms + 2 * housekeeping->options.interval_ms) * INT64_C(1000);
}

int64_t housekeeping_tick(Housekeeping *housekeeping, int64_t now_us)
{
    if (now_us < housekeeping->due_us)
        return (housekeeping->due_us - now_us) / 1000 + 1;
    housekeeping->due_us = now_us + housekeeping->options.interval_ms * INT64_C(1000);
    note_commits(housekeeping, now_us);
    if (now_us < housekeeping->idle_at_us && !atomic_exchange(&housekeeping->running, true))
        worker_pool_submit(housekeeping->options.workers, &housekeeping->task);
    return housekeeping->options.interval_ms;
}

/* ---- life cycle ---- */

Housekeeping *housekeeping_new(const HousekeepingOptions *options)
{
    Housekeeping *housekeeping = NEW(Housekeeping);
    housekeeping->options = *options;
    housekeeping->task.run = run_round;
    housekeeping->due_us = clock_monotonic_us() + options->interval_ms * INT64_C(1000);
    return housekeeping;
}

void housekeeping_free(Housekeeping *housekeeping)
{
    free(housekeeping);
}
