/* SPDX-License-Identifier: Apache-2.0 */
#include "live/live_engine.h"

#include "base/clock.h"
#include "base/memory.h"
#include "live/live_private.h"

#include <assert.h>

enum { LOAD_REST_MS = 3000 };

static void apply_defaults(LiveEngineOptions *options)
{
    if (!options->per_client_max)
        options->per_client_max = 10000;
    if (!options->per_user_max)
        options->per_user_max = 100000;
    if (!options->output_budget_bytes)
        options->output_budget_bytes = 1 << 20;
    if (!options->output_total_bytes)
        options->output_total_bytes = 256 << 20;
    if (!options->feed_bytes_max)
        options->feed_bytes_max = 64 << 20;
    if (!options->snapshot_max_age_ms)
        options->snapshot_max_age_ms = 300000;
    if (!options->progress_interval_ms)
        options->progress_interval_ms = 10000;
}

LiveEngine *live_engine_new(const LiveEngineOptions *options)
{
    LiveEngine *engine = NEW(LiveEngine);
    engine->options = *options;
    apply_defaults(&engine->options);
    engine->ring = NEW(LiveRing);
    sequencer_add_consumer(options->sequencer, options->index, live_feed_deliver, engine);
    sequencer_interest_add(options->sequencer, options->index, 0);
    live_registry_join(options->registry, engine);
    return engine;
}

void live_engine_stop(LiveEngine *engine)
{
    engine->stopped = true;
    live_registry_leave(engine->options.registry, engine);
}

void live_engine_free(LiveEngine *engine)
{
    if (!engine)
        return;
    assert(!engine->clients && engine->away_count == 0);
    live_ring_clear(engine);
    live_spare_deltas_free(engine);
    free(engine->ring);
    id_map_done(&engine->tables);
    context_done(&engine->scratch);
    buf_done(&engine->head);
    free(engine);
}

/* ---- tokens ---- */

void live_engine_note_expiry(LiveEngine *engine, const LiveClient *client)
{
    int64_t at = client->expires_at_ms;
    if (at && client->subscriptions.count > 0 &&
        (!engine->next_expiry_ms || at < engine->next_expiry_ms))
        engine->next_expiry_ms = at;
}

void live_engine_expire(LiveEngine *engine, int64_t now_ms)
{
    if (!engine->next_expiry_ms || now_ms < engine->next_expiry_ms)
        return;
    for (LiveClient *client = engine->clients; client; client = client->next)
        if (client->expires_at_ms && now_ms >= client->expires_at_ms)
            client_end_all(client, "TOKEN_EXPIRED", STR("The token has expired"));
    engine->next_expiry_ms = 0;
    for (const LiveClient *client = engine->clients; client; client = client->next)
        live_engine_note_expiry(engine, client);
}

/* ---- KILL LIVE QUERY ---- */

typedef struct KillItem {
    MailboxItem item;
    LiveEngine *engine;
    size_t len;
    char live_id[];
} KillItem;

static Subscription *find_live_id(const LiveClient *client, Str live_id)
{
    size_t at = 0;
    for (Subscription *subscription; (subscription = map_next(&client->subscriptions, &at));)
        if (live_info_has_id(subscription->info, live_id))
            return subscription;
    return NULL;
}

static void kill_arrived(MailboxItem *item)
{
    KillItem *kill = CONTAINER_OF(item, KillItem, item);
    Str live_id = str_from(kill->live_id, kill->len);
    Subscription *subscription = NULL;
    for (LiveClient *client = kill->engine->clients; client && !subscription; client = client->next)
        subscription = find_live_id(client, live_id);
    if (subscription)
        subscription_end(subscription, "KILLED", STR("The live query was killed"));
    free(kill);
}

void live_engine_kill(LiveEngine *engine, Str live_id)
{
    KillItem *kill = mem_zalloc(sizeof(*kill) + live_id.len);
    kill->item.run = kill_arrived;
    kill->engine = engine;
    kill->len = live_id.len;
    memcpy(kill->live_id, live_id.ptr, live_id.len);
    engine->options.post(engine->options.post_data, &kill->item);
}

/* ---- loads that nobody continues ---- */

static Subscription *stale_load(const LiveClient *client, int64_t now_us)
{
    size_t at = 0;
    for (Subscription *subscription; (subscription = map_next(&client->subscriptions, &at));)
        if (subscription->load && now_us > subscription->load_deadline_us)
            return subscription;
    return NULL;
}

static void end_stale_loads(LiveEngine *engine, int64_t now_us)
{
    for (LiveClient *client = engine->clients; client; client = client->next)
        for (Subscription *subscription; (subscription = stale_load(client, now_us));)
            subscription_end(subscription,
                             "SUBSCRIPTION_FAILED",
                             STR("The initial load was not continued within "
                                 "live.snapshot_max_age"));
}

/* ---- progress ---- */

static void send_progress(LiveClient *client, SeqNo seq)
{
    size_t at = 0;
    for (Subscription *subscription; (subscription = map_next(&client->subscriptions, &at));) {
        if (!subscription->progress || subscription->state != SUBSCRIPTION_LIVE ||
            seq < subscription->position)
            continue;
        CLEANUP(buf_done) Buf text = {0};
        live_write_progress(&text, subscription->info->subscription_id, seq);
        Shared *bytes = shared_take(&text);
        client->sink->send(client->sink_data, bytes, false);
        shared_unref(bytes);
    }
}

/*
 * What is told is the number that was published one interval ago: its commits
 * were handed to this reactor's mailbox right after they were published, and
 * have long been delivered.
 */
static void tell_progress(LiveEngine *engine, int64_t now_us)
{
    if (!engine->progress_wanted || now_us < engine->next_progress_us)
        return;
    if (engine->progress_seq)
        for (LiveClient *client = engine->clients; client; client = client->next)
            send_progress(client, engine->progress_seq);
    engine->progress_seq = published_durable_seq(sequencer_published(engine->options.sequencer));
    engine->next_progress_us = now_us + engine->options.progress_interval_ms * 1000;
}

/* Loads that wait for their client give their memory back after a while. */
static void rest_loads(LiveEngine *engine, int64_t now_us)
{
    int64_t rested_us = now_us + (engine->options.snapshot_max_age_ms - LOAD_REST_MS) * 1000;
    for (LiveClient *client = engine->clients; client; client = client->next) {
        size_t at = 0;
        for (Subscription *subscription; (subscription = map_next(&client->subscriptions, &at));)
            if (subscription->load && !subscription->waiting &&
                subscription->load_deadline_us < rested_us)
                live_load_rest(subscription->load);
        client_feed_waiting(client); /* in case a drain was not told */
    }
}

void live_engine_tick(LiveEngine *engine)
{
    int64_t now_us = clock_monotonic_us();
    live_engine_expire(engine, clock_wall_us() / 1000);
    end_stale_loads(engine, now_us);
    rest_loads(engine, now_us);
    tell_progress(engine, now_us);
}

bool live_engine_is_busy(const LiveEngine *engine)
{
    return engine->client_count > 0;
}

void live_engine_stats(const LiveEngine *engine, LiveStats *ret_stats)
{
    *ret_stats = (LiveStats){
        .subscriptions = engine->subscription_count,
        .groups = engine->group_count,
        .filters_compiled = engine->filters_compiled,
        .evaluations = engine->evaluations,
        .rows_sent = engine->rows_sent,
        .lagging = engine->lag_count,
    };
}
