/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Altered and dropped tables, revoked sessions (decisions 17 and 18).
 *
 * A stream ends, or gets other columns, exactly where the change stands in the
 * commit order, so what counts is the change itself: the published catalog may
 * already be newer.
 */
#include "base/log.h"
#include "catalog/catalog_codec.h"
#include "live/live_private.h"

static Subscription *subscription_on(const LiveClient *client, uint32_t table_id)
{
    size_t at = 0;
    for (Subscription *subscription; (subscription = map_next(&client->subscriptions, &at));)
        if (subscription->group->query->table->id == table_id)
            return subscription;
    return NULL;
}

static void table_dropped(LiveEngine *engine, uint32_t table_id)
{
    LiveTable *live_table = id_map_get(&engine->tables, table_id);
    if (!live_table)
        return;
    Str message = arena_printf(
        &engine->scratch.arena, "Table %.*s was dropped", STR_ARG(live_table->table->full_name));
    for (LiveClient *client = engine->clients; client; client = client->next)
        for (Subscription *subscription; (subscription = subscription_on(client, table_id));)
            subscription_end(subscription, "TABLE_DROPPED", message);
}

/* A table that was just created has another id than any that is watched. */
static Status table_put(LiveEngine *engine, const Change *change, uint32_t table_id)
{
    if (!id_map_get(&engine->tables, table_id))
        return STATUS_OK;
    CLEANUP(table_unref) Table *table = NULL;
    TRY(table_decode(&engine->scratch, change->new_row, &table));
    live_table_altered(engine, table, change->seq);
    return STATUS_OK;
}

static void revoke_unless_same(LiveClient *client, const User *user)
{
    bool same = user && user->deleted_at_us == 0 && user->role == client->role &&
                user->credentials_version == client->credentials_version;
    if (!same)
        client_end_all(
            client, "REVOKED", STR("The user's role or password changed, or it was dropped"));
}

static Status user_changed(LiveEngine *engine, Str user_id, Str entry)
{
    CLEANUP(user_unref) User *user = NULL;
    if (entry.ptr)
        TRY(user_decode(&engine->scratch, user_id, entry, &user));
    for (LiveClient *client = engine->clients; client; client = client->next)
        if (str_equal(client->origin->user_id, user_id))
            revoke_unless_same(client, user);
    return STATUS_OK;
}

static Status entry_changed(LiveEngine *engine, const Change *change)
{
    CatalogKey key;
    TRY(catalog_key_read(&engine->scratch, change->key, &key));
    bool put = change->kind == CHANGE_CATALOG_PUT;
    if (key.kind == CATALOG_KEY_DROPPED && put)
        table_dropped(engine, key.table_id);
    if (key.kind == CATALOG_KEY_TABLE && put)
        return table_put(engine, change, key.table_id);
    if (key.kind == CATALOG_KEY_USER)
        return user_changed(engine, key.name, put ? change->new_row : STR_NULL);
    return STATUS_OK;
}

void live_catalog_changed(LiveEngine *engine, const Change *change)
{
    if (entry_changed(engine, change) != STATUS_OK)
        log_error("live",
                  "catalog change seq=%llu cannot be read: %.*s",
                  (unsigned long long)change->seq,
                  STR_ARG(engine->scratch.message));
}

/* ---- after a gap ---- */

static uint32_t some_dropped_table(const LiveEngine *engine, const Catalog *catalog)
{
    size_t at = 0;
    for (LiveTable *live_table; (live_table = id_map_next(&engine->tables, &at));)
        if (!catalog_table_by_id(catalog, live_table->table->id))
            return live_table->table->id;
    return 0;
}

void live_catalog_check(LiveEngine *engine)
{
    CLEANUP(snapshot_unref)
    Snapshot *snapshot = published_durable(sequencer_published(engine->options.sequencer));
    for (uint32_t id; (id = some_dropped_table(engine, snapshot->catalog)) != 0;)
        table_dropped(engine, id);
    for (LiveClient *client = engine->clients; client; client = client->next)
        revoke_unless_same(client, catalog_user(snapshot->catalog, client->origin->user_id));
    live_tables_follow(engine, snapshot->catalog);
}
