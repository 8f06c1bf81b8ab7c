/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/memory.h"
#include "live/live_private.h"

LiveClient *live_client_new(LiveEngine *engine, const LiveClientOptions *options)
{
    LiveClient *client = NEW(LiveClient);
    client->engine = engine;
    client->sink = options->sink;
    client->sink_data = options->sink_data;
    client->origin = live_origin_new(engine, options->connection_id, options->user_id);
    client->role = options->role;
    client->credentials_version = options->credentials_version;
    client->expires_at_ms = options->expires_at_ms;
    client->gzip = options->gzip;
    client->next = engine->clients;
    if (client->next)
        client->next->previous = client;
    engine->clients = client;
    engine->client_count++;
    return client;
}

static Subscription *any_subscription(const LiveClient *client)
{
    size_t at = 0;
    return map_next(&client->subscriptions, &at);
}

void live_client_free(LiveClient *client)
{
    if (!client)
        return;
    LiveEngine *engine = client->engine;
    for (Subscription *subscription; (subscription = any_subscription(client));)
        subscription_close(subscription);
    if (client->previous)
        client->previous->next = client->next;
    else
        engine->clients = client->next;
    if (client->next)
        client->next->previous = client->previous;
    engine->client_count--;
    map_done(&client->subscriptions);
    live_origin_unref(client->origin);
    free(client);
}

void live_client_extend(LiveClient *client, int64_t expires_at_ms)
{
    client->expires_at_ms = expires_at_ms;
    live_engine_note_expiry(client->engine, client);
}

size_t live_client_count(const LiveClient *client)
{
    return client->subscriptions.count;
}

void live_client_drained(LiveClient *client)
{
    client_feed_waiting(client);
}

void live_client_seen(LiveClient *client, int64_t now_us)
{
    atomic_store_explicit(&client->origin->last_ping_us, now_us, memory_order_relaxed);
}

void client_end_all(LiveClient *client, const char *code, Str message)
{
    for (Subscription *subscription; (subscription = any_subscription(client));)
        subscription_end(subscription, code, message);
}

/* ---- subscribing ---- */

static void send_error(LiveClient *client, Str subscription_id, const char *code, Str message)
{
    CLEANUP(buf_done) Buf text = {0};
    live_write_error(&text, subscription_id, code, message);
    Shared *bytes = shared_take(&text);
    client->sink->send(client->sink_data, bytes, false);
    shared_unref(bytes);
}

Status client_check_session(Context *ctx, const LiveClient *client, const Catalog *catalog)
{
    const User *user = catalog_user(catalog, client->origin->user_id);
    if (!user || user->role != client->role ||
        user->credentials_version != client->credentials_version)
        return fail(
            ctx, STATUS_UNAUTHORIZED, "The user's role or password changed, or it was dropped");
    if (client->expires_at_ms && clock_wall_us() / 1000 >= client->expires_at_ms)
        return fail(ctx, STATUS_TOKEN_EXPIRED, "The token has expired");
    return STATUS_OK;
}

static Status bind(Context *ctx,
                   const LiveClient *client,
                   const Catalog *catalog,
                   const LiveSubscribe *subscribe,
                   const LiveQuery **ret_query)
{
    Principal principal = {.user_id = client->origin->user_id, .role = client->role};
    LiveQueryText text = {
        .sql = subscribe->sql,
        .parameters = {.values = subscribe->parameters, .count = subscribe->parameter_count},
        .full = subscribe->options.full,
    };
    TRY(client_check_session(ctx, client, catalog));
    return live_query_bind(ctx, catalog, &principal, &text, ret_query);
}

/* The table may have gone between binding and reading S; then nothing would ever end the stream. */
static bool table_exists(const Snapshot *snapshot, const Table *table)
{
    return catalog_table_by_id(snapshot->catalog, table->id) != NULL;
}

/* NULL when the user has too many live queries. */
static Subscription *
add_subscription(LiveClient *client, const LiveSubscribe *subscribe, const LiveQuery *bound)
{
    const LiveEngineOptions *options = &client->engine->options;
    LiveGroup *group = live_group_join(client->engine, bound);
    LiveInfo *info = live_info_new(&(LiveInfoOptions){
        .origin = client->origin,
        .query = group->query,
        .subscription_id = subscribe->subscription_id,
        .sql = subscribe->sql,
        .parameters = {.values = subscribe->parameters, .count = subscribe->parameter_count},
        .options = subscribe->options_json,
        .include_flush = subscribe->options.include_flush,
        .index_kind = live_filing_kind(group->filing),
    });
    if (live_registry_add(options->registry, info, options->per_user_max))
        return subscription_new(client, &subscribe->options, group, info);
    live_info_unref(info);
    live_group_leave(client->engine, group);
    return NULL;
}

static bool
open_subscription(LiveClient *client, const LiveSubscribe *subscribe, const LiveQuery *bound)
{
    LiveEngine *engine = client->engine;
    const LiveEngineOptions *options = &engine->options;
    Subscription *subscription = add_subscription(client, subscribe, bound);
    if (!subscription)
        return false;
    const Table *table = subscription->group->query->table;
    engine->progress_wanted |= subscribe->options.progress;
    live_engine_note_expiry(engine, client);
    /* First the interest, then S: every commit after S will come (sequencer.h). */
    sequencer_interest_add(options->sequencer, options->index, table->id);
    subscription->ring_mark = engine->ring->head;
    CLEANUP(snapshot_unref) Snapshot *snapshot = subscription_snapshot(engine, table);
    if (!table_exists(snapshot, table))
        subscription_end(subscription, "TABLE_DROPPED", STR("The table was dropped"));
    else if (subscription_follow(subscription, snapshot->catalog))
        subscription_start(subscription, snapshot, &subscribe->options);
    return true;
}

void live_subscribe(LiveClient *client, const LiveSubscribe *subscribe)
{
    CLEANUP(context_done) Context ctx = {0};
    Str id = subscribe->subscription_id;
    if (str_trim(id).len == 0) {
        send_error(client,
                   STR("invalid_subscription"),
                   "INVALID_SUBSCRIPTION_ID",
                   STR("Subscription ID cannot be empty"));
        return;
    }
    Subscription *previous = map_get(&client->subscriptions, id);
    if (previous)
        subscription_close(previous);
    if (client->subscriptions.count >= client->engine->options.per_client_max) {
        Str message = arena_printf(&ctx.arena,
                                   "Maximum subscriptions reached: %zu per connection "
                                   "(rate_limit.max_subscriptions_per_connection)",
                                   client->engine->options.per_client_max);
        send_error(client, id, "UNSUPPORTED", message);
        return;
    }
    const LiveQuery *query;
    CLEANUP(snapshot_unref)
    Snapshot *snapshot = published_durable(sequencer_published(client->engine->options.sequencer));
    if (bind(&ctx, client, snapshot->catalog, subscribe, &query) != STATUS_OK) {
        Str message = live_error_message(&ctx.arena, &ctx, role_audience(client->role));
        send_error(client, id, live_error_code(ctx.error), message);
        return;
    }
    if (!open_subscription(client, subscribe, query))
        send_error(client, id, "SUBSCRIPTION_LIMIT_EXCEEDED", STR("Maximum subscriptions reached"));
}

void live_unsubscribe(LiveClient *client, Str subscription_id)
{
    Subscription *subscription = map_get(&client->subscriptions, subscription_id);
    if (subscription)
        subscription_close(subscription);
}

void live_next_batch(LiveClient *client, Str subscription_id, bool has_last, SeqNo last)
{
    Subscription *subscription = map_get(&client->subscriptions, subscription_id);
    if (subscription)
        subscription_next_batch(subscription, has_last, last);
}
