/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Live queries follow their table (decision 17).
 *
 * At the ALTER's place in the commit order each query is bound again, from its
 * own words and parameters, to the new definition: commits before it were judged
 * and encoded under the old one, those after it are under the new one, and the
 * acknowledgement with the new columns stands between them.  A load or round
 * under way keeps the old query to its end; the acknowledgement then follows it.
 *
 * Old rows can be read under a newer definition (value/row.h), but not always
 * the other way round.  Whoever reads a snapshot therefore first follows the
 * snapshot's catalog, which may be ahead of the feed; the ALTER that arrives
 * later finds its work done.
 *
 * Versions are passed through one by one: a column that was dropped and added
 * again under its name is another column, and a filter on it does not survive.
 */
#include "live/live_private.h"

/* As far as a reader of rows can tell. */
static bool same_columns(const Table *a, const Table *b)
{
    if (a->column_count != b->column_count)
        return false;
    for (uint32_t i = 0; i < a->column_count; i++) {
        const Column *first = &a->columns[i];
        const Column *second = &b->columns[i];
        if (first->id != second->id || !type_equal(first->type, second->type) ||
            !str_equal(first->name, second->name))
            return false;
    }
    return true;
}

static Status
bind_to(Context *ctx, const Subscription *subscription, const Table *table, const LiveQuery **ret)
{
    const LiveClient *client = subscription->client;
    const LiveInfo *info = subscription->info;
    Principal principal = {.user_id = client->origin->user_id, .role = client->role};
    LiveQueryText text = {
        .sql = info->sql,
        .parameters = live_info_parameters(info),
        .full = info->query->full,
        .table = table,
    };
    return live_query_bind(ctx, NULL, &principal, &text, ret);
}

static void end_unbound(Subscription *subscription, Context *ctx, const Table *table)
{
    bool revoked = ctx->error == STATUS_PERMISSION_DENIED || ctx->error == STATUS_UNAUTHORIZED;
    Str message = arena_printf(&ctx->arena,
                               "Table %.*s was altered (version %u): %.*s",
                               STR_ARG(table->full_name),
                               table->version,
                               STR_ARG(ctx->message));
    subscription_end(subscription, revoked ? "REVOKED" : "SCHEMA_CHANGED", message);
}

/* False: it no longer binds, and has ended. */
static bool rebind(Subscription *subscription, const Table *table)
{
    CLEANUP(context_done) Context ctx = {0};
    const LiveQuery *bound;
    const Table *before = subscription->group->query->table;
    if (table->version <= before->version)
        return true;
    if (bind_to(&ctx, subscription, table, &bound) != STATUS_OK) {
        end_unbound(subscription, &ctx, table);
        return false;
    }
    subscription->ack_due |= !same_columns(before, table);
    LiveGroup *group = live_group_join(subscription->client->engine, bound);
    const char *index_kind = live_filing_kind(group->filing);
    LiveInfo *info = live_info_renew(subscription->info, group->query, index_kind);
    subscription_move(subscription, group, info);
    return true;
}

bool subscription_follow(Subscription *subscription, const Catalog *catalog)
{
    uint32_t table_id = subscription->group->query->table->id;
    const TableHistory *history = catalog_table_history(catalog, table_id);
    for (size_t i = 0; history && i < history->count; i++)
        if (!rebind(subscription, history->versions[i]))
            return false;
    return true;
}

/* ---- all of a reactor ---- */

typedef struct SubscriptionList {
    Subscription **items;
    size_t count;
} SubscriptionList;

/* Apart, since following changes the map.  One that ends takes no other with it. */
static SubscriptionList list_subscriptions(Arena *arena, const LiveClient *client)
{
    size_t at = 0;
    SubscriptionList list = {
        .items = ARENA_ARRAY(arena, Subscription *, client->subscriptions.count + 1)};
    for (Subscription *subscription; (subscription = map_next(&client->subscriptions, &at));)
        list.items[list.count++] = subscription;
    return list;
}

/* Whoever is LIVE has seen everything up to the ALTER. */
static void follow_alter(Subscription *subscription, const Table *table, SeqNo seq)
{
    if (subscription->group->query->table->id != table->id || !rebind(subscription, table))
        return;
    if (subscription->state == SUBSCRIPTION_LIVE && seq > subscription->position)
        subscription->position = seq;
    subscription_tell_columns(subscription);
}

void live_table_altered(LiveEngine *engine, const Table *table, SeqNo seq)
{
    CLEANUP(arena_done) Arena arena = {0};
    for (LiveClient *client = engine->clients; client; client = client->next) {
        SubscriptionList list = list_subscriptions(&arena, client);
        for (size_t i = 0; i < list.count; i++)
            follow_alter(list.items[i], table, seq);
        arena_clear(&arena);
    }
}

void live_tables_follow(LiveEngine *engine, const Catalog *catalog)
{
    CLEANUP(arena_done) Arena arena = {0};
    for (LiveClient *client = engine->clients; client; client = client->next) {
        SubscriptionList list = list_subscriptions(&arena, client);
        for (size_t i = 0; i < list.count; i++)
            if (subscription_follow(list.items[i], catalog))
                subscription_tell_columns(list.items[i]);
        arena_clear(&arena);
    }
}
