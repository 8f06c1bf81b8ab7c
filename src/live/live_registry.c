/* SPDX-License-Identifier: Apache-2.0 */
#include "live/live_registry.h"

#include "live/live_engine.h"
#include "live/live_flush.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/tally.h"

#include <assert.h>
#include <pthread.h>

struct LiveRegistry {
    Sequencer *sequencer;
    uint32_t node_id;
    pthread_mutex_t lock; /* guards everything below */
    LiveInfo **infos;
    size_t count;
    size_t capacity;
    Tally users;   /* by user id */
    Tally tables;  /* by table id */
    Tally flushes; /* by table id and owner, those with include_flush only */
    LiveEngine *engines[FEED_CONSUMERS_MAX];
    size_t engine_count;
    Tally streams; /* by table id and owner, streams only: each of their INSERTs may ask */
};

LiveRegistry *live_registry_new(Sequencer *sequencer, uint32_t node_id)
{
    LiveRegistry *registry = NEW(LiveRegistry);
    registry->sequencer = sequencer;
    registry->node_id = node_id;
    pthread_mutex_init(&registry->lock, NULL);
    return registry;
}

void live_registry_free(LiveRegistry *registry)
{
    if (!registry)
        return;
    assert(registry->count == 0);
    tally_done(&registry->users);
    tally_done(&registry->tables);
    tally_done(&registry->streams);
    tally_done(&registry->flushes);
    pthread_mutex_destroy(&registry->lock);
    free(registry->infos);
    free(registry);
}

/* ---- entries ---- */

static Str put_text(char **at, Str text)
{
    char *copy = *at;
    if (text.len)
        memcpy(copy, text.ptr, text.len);
    *at += text.len;
    return str_from(copy, text.len);
}

LiveOrigin *live_origin_new(LiveEngine *engine, Str connection_id, Str user_id)
{
    LiveOrigin *origin = mem_zalloc(sizeof(*origin) + connection_id.len + user_id.len);
    char *at = origin->texts;
    refcount_init(&origin->refs);
    origin->engine = engine;
    origin->connection_id = put_text(&at, connection_id);
    origin->user_id = put_text(&at, user_id);
    atomic_init(&origin->last_ping_us, clock_wall_us());
    return origin;
}

LiveOrigin *live_origin_ref(LiveOrigin *origin)
{
    refcount_inc(&origin->refs);
    return origin;
}

void live_origin_unref(LiveOrigin *origin)
{
    if (origin && refcount_dec(&origin->refs))
        free(origin);
}

struct LiveParameters {
    Arena arena;
    ExprParameters list;
};

static LiveParameters *keep_parameters(const ExprParameters *given)
{
    if (given->count == 0)
        return NULL;
    LiveParameters *kept = NEW(LiveParameters);
    kept->arena.first_bytes = 256;
    Value *values = ARENA_ARRAY(&kept->arena, Value, given->count);
    for (size_t i = 0; i < given->count; i++)
        values[i] = value_copy(&kept->arena, &given->values[i]);
    kept->list = (ExprParameters){.values = values, .count = given->count};
    return kept;
}

static void free_parameters(LiveParameters *parameters)
{
    if (parameters)
        arena_done(&parameters->arena);
    free(parameters);
}

ExprParameters live_info_parameters(const LiveInfo *info)
{
    return info->parameters ? info->parameters->list : (ExprParameters){0};
}

LiveInfo *live_info_new(const LiveInfoOptions *options)
{
    /* Who asks in the same words as the first shares them. */
    Str first = options->query->sql;
    Str sql = str_equal(options->sql, first) ? STR_NULL : options->sql;
    LiveInfo *info =
        mem_zalloc(sizeof(*info) + options->subscription_id.len + sql.len + options->options.len);
    char *at = info->texts;
    refcount_init(&info->refs);
    info->origin = live_origin_ref(options->origin);
    info->query = live_query_ref(options->query);
    info->subscription_id = put_text(&at, options->subscription_id);
    info->sql = sql.len ? put_text(&at, sql) : first;
    info->parameters = keep_parameters(&options->parameters);
    info->options = put_text(&at, options->options);
    info->include_flush = options->include_flush;
    info->index_kind = options->index_kind;
    info->created_at_us = clock_wall_us();
    atomic_init(&info->last_update_us, info->created_at_us);
    return info;
}

LiveInfo *live_info_renew(const LiveInfo *info, LiveQuery *query, const char *index_kind)
{
    LiveInfo *renewed = live_info_new(&(LiveInfoOptions){
        .origin = info->origin,
        .query = query,
        .subscription_id = info->subscription_id,
        .sql = info->sql,
        .parameters = live_info_parameters(info),
        .options = info->options,
        .include_flush = info->include_flush,
        .index_kind = index_kind,
    });
    renewed->created_at_us = info->created_at_us;
    atomic_init(&renewed->sent, atomic_load(&info->sent));
    atomic_init(&renewed->position, atomic_load(&info->position));
    atomic_init(&renewed->last_update_us, atomic_load(&info->last_update_us));
    return renewed;
}

void live_info_unref(LiveInfo *info)
{
    if (!info || !refcount_dec(&info->refs))
        return;
    free_parameters(info->parameters);
    live_query_unref(info->query);
    live_origin_unref(info->origin);
    free(info);
}

Str live_info_id(Arena *arena, const LiveInfo *info)
{
    return arena_printf(arena,
                        "%.*s-%.*s-%.*s",
                        STR_ARG(info->origin->user_id),
                        STR_ARG(info->origin->connection_id),
                        STR_ARG(info->subscription_id));
}

static bool skip(Str *text, Str expected)
{
    if (!str_starts_with(*text, expected))
        return false;
    *text = str_from(text->ptr + expected.len, text->len - expected.len);
    return true;
}

bool live_info_has_id(const LiveInfo *info, Str live_id)
{
    return skip(&live_id, info->origin->user_id) && skip(&live_id, STR("-")) &&
           skip(&live_id, info->origin->connection_id) && skip(&live_id, STR("-")) &&
           str_equal(live_id, info->subscription_id);
}

/* ---- what is counted ---- */

static Str table_key(const uint32_t *table_id)
{
    return str_from((const char *)table_id, sizeof(*table_id));
}

static void owner_key_make(Buf *out, uint32_t table_id, Owner owner)
{
    buf_str_append(out, table_key(&table_id));
    buf_str_append(out, owner.user_id);
}

/* One query more, or less. */
static void count_query(LiveRegistry *registry, const LiveInfo *info, void (*change)(Tally *, Str))
{
    const Table *table = info->query->table;
    change(&registry->users, info->origin->user_id);
    change(&registry->tables, table_key(&table->id));
    if (table->kind != TABLE_STREAM && !info->include_flush)
        return;
    CLEANUP(buf_done) Buf key = {0};
    owner_key_make(&key, table->id, info->query->owner);
    if (table->kind == TABLE_STREAM)
        change(&registry->streams, buf_str(&key));
    if (info->include_flush)
        change(&registry->flushes, buf_str(&key));
}

/* ---- the list ---- */

static bool add_locked(LiveRegistry *registry, LiveInfo *info, size_t per_user_max)
{
    if (tally_get(&registry->users, info->origin->user_id) >= per_user_max)
        return false;
    count_query(registry, info, tally_add);
    if (registry->count == registry->capacity) {
        registry->capacity = registry->capacity ? registry->capacity * 2 : 64;
        registry->infos = mem_realloc(registry->infos, registry->capacity * sizeof(LiveInfo *));
    }
    info->place = (uint32_t)registry->count;
    registry->infos[registry->count++] = info;
    return true;
}

bool live_registry_add(LiveRegistry *registry, LiveInfo *info, size_t per_user_max)
{
    pthread_mutex_lock(&registry->lock);
    bool added = add_locked(registry, info, per_user_max);
    pthread_mutex_unlock(&registry->lock);
    return added;
}

static void remove_locked(LiveRegistry *registry, LiveInfo *info)
{
    LiveInfo *last = registry->infos[--registry->count];
    registry->infos[info->place] = last;
    last->place = info->place;
    count_query(registry, info, tally_remove);
}

void live_registry_remove(LiveRegistry *registry, LiveInfo *info)
{
    pthread_mutex_lock(&registry->lock);
    remove_locked(registry, info);
    pthread_mutex_unlock(&registry->lock);
    live_info_unref(info);
}

void live_registry_replace(LiveRegistry *registry, LiveInfo *info, LiveInfo *renewed)
{
    pthread_mutex_lock(&registry->lock);
    renewed->place = info->place;
    registry->infos[renewed->place] = renewed;
    pthread_mutex_unlock(&registry->lock);
    live_info_unref(info);
}

size_t live_registry_count(LiveRegistry *registry)
{
    pthread_mutex_lock(&registry->lock);
    size_t count = registry->count;
    pthread_mutex_unlock(&registry->lock);
    return count;
}

/* ---- who watches? ---- */

/* Looks for one only when there is one, which is when a statement is refused for it. */
static const LiveInfo *find_locked(const LiveRegistry *registry, uint32_t table_id)
{
    size_t watched = tally_get(&registry->tables, table_key(&table_id));
    for (size_t i = 0; i < registry->count && watched; i++) {
        if (registry->infos[i]->query->table->id == table_id)
            return registry->infos[i];
    }
    return NULL;
}

bool live_registry_find_watcher(void *data,
                                Arena *arena,
                                uint32_t table_id,
                                TableWatcher *ret_watcher)
{
    LiveRegistry *registry = data;
    pthread_mutex_lock(&registry->lock);
    const LiveInfo *info = find_locked(registry, table_id);
    if (info)
        *ret_watcher = (TableWatcher){
            .connection_id = arena_str(arena, info->origin->connection_id),
            .user_id = arena_str(arena, info->origin->user_id),
            .subscription_id = arena_str(arena, info->subscription_id),
        };
    pthread_mutex_unlock(&registry->lock);
    return info != NULL;
}

bool live_registry_has_watcher(void *data, uint32_t table_id, Owner owner)
{
    LiveRegistry *registry = data;
    CLEANUP(buf_done) Buf key = {0};
    owner_key_make(&key, table_id, owner);
    pthread_mutex_lock(&registry->lock);
    bool found = tally_get(&registry->streams, buf_str(&key)) > 0;
    pthread_mutex_unlock(&registry->lock);
    return found;
}

size_t live_registry_count_watchers(void *data, uint32_t table_id, Str user_id)
{
    LiveRegistry *registry = data;
    pthread_mutex_lock(&registry->lock);
    size_t count = tally_get(&registry->tables, table_key(&table_id));
    size_t own = 0;
    for (size_t i = 0; i < registry->count && count > 0 && user_id.len > 0; i++)
        own += registry->infos[i]->query->table->id == table_id &&
               str_equal(registry->infos[i]->origin->user_id, user_id);
    pthread_mutex_unlock(&registry->lock);
    return user_id.len > 0 ? own : count;
}

/* ---- engines ---- */

void live_registry_join(LiveRegistry *registry, LiveEngine *engine)
{
    pthread_mutex_lock(&registry->lock);
    assert(registry->engine_count < FEED_CONSUMERS_MAX);
    registry->engines[registry->engine_count++] = engine;
    pthread_mutex_unlock(&registry->lock);
}

void live_registry_leave(LiveRegistry *registry, LiveEngine *engine)
{
    pthread_mutex_lock(&registry->lock);
    for (size_t i = registry->engine_count; i-- > 0;)
        if (registry->engines[i] == engine)
            registry->engines[i] = registry->engines[--registry->engine_count];
    pthread_mutex_unlock(&registry->lock);
}

void live_registry_tell_flush(LiveRegistry *registry, const FlushScope *scope, Shared *tail)
{
    CLEANUP(buf_done) Buf key = {0};
    owner_key_make(&key, scope->table_id, scope->owner);
    pthread_mutex_lock(&registry->lock);
    bool wanted = tally_get(&registry->flushes, buf_str(&key)) > 0;
    for (size_t i = 0; i < registry->engine_count && wanted; i++)
        live_engine_tell_flush(registry->engines[i], scope, tail);
    pthread_mutex_unlock(&registry->lock);
}

bool live_registry_kill(void *data, Str live_id)
{
    LiveRegistry *registry = data;
    bool found = false;
    pthread_mutex_lock(&registry->lock);
    for (size_t i = 0; i < registry->count && !found; i++) {
        const LiveInfo *info = registry->infos[i];
        found = live_info_has_id(info, live_id);
        if (found)
            live_engine_kill(info->origin->engine, live_id);
    }
    pthread_mutex_unlock(&registry->lock);
    return found;
}

/* ---- system.live ---- */

typedef struct InfoList {
    LiveInfo **items;
    size_t count;
} InfoList;

/* Counted, so that rows are made outside the lock. */
static InfoList list_infos(Arena *arena, LiveRegistry *registry)
{
    pthread_mutex_lock(&registry->lock);
    InfoList list = {.items = ARENA_ARRAY(arena, LiveInfo *, registry->count + 1),
                     .count = registry->count};
    for (size_t i = 0; i < list.count; i++) {
        list.items[i] = registry->infos[i];
        refcount_inc(&list.items[i]->refs);
    }
    pthread_mutex_unlock(&registry->lock);
    return list;
}

static int64_t lag_of(const LiveRegistry *registry, LiveInfo *info)
{
    SeqNo newest = published_durable_seq(sequencer_published(registry->sequencer));
    SeqNo position = atomic_load(&info->position);
    return newest > position ? (int64_t)(newest - position) : 0;
}

/* The texts go to the arena: the entry may be gone before the rows are read. */
static void put_row(Arena *arena, LiveRegistry *registry, LiveInfo *info, SystemRows *rows)
{
    const LiveOrigin *origin = info->origin;
    const Table *table = info->query->table;
    system_row_begin(rows);
    system_row_text(rows, "live_id", live_info_id(arena, info));
    system_row_text(rows, "connection_id", arena_str(arena, info->origin->connection_id));
    system_row_text(rows, "subscription_id", arena_str(arena, info->subscription_id));
    system_row_text(rows, "query_id", arena_str(arena, info->subscription_id));
    system_row_text(rows, "namespace_id", arena_str(arena, table->namespace_name));
    system_row_text(rows, "table_name", arena_str(arena, table->name));
    system_row_text(rows, "user_id", arena_str(arena, info->origin->user_id));
    system_row_text(rows, "query", arena_str(arena, info->sql));
    if (info->options.len)
        system_row_text(rows, "options", arena_str(arena, info->options));
    system_row_text(rows, "status", STR("active"));
    system_row_integer(rows, "created_at", info->created_at_us);
    system_row_integer(rows, "last_update", atomic_load(&info->last_update_us));
    system_row_integer(rows, "updated_at", atomic_load(&info->last_update_us));
    system_row_integer(rows, "changes", (int64_t)atomic_load(&info->sent));
    system_row_integer(rows, "node_id", registry->node_id);
    system_row_integer(rows, "node", registry->node_id);
    system_row_integer(rows, "last_ping_at", atomic_load(&origin->last_ping_us));
    system_row_integer(rows, "lag_seq", lag_of(registry, info));
    system_row_integer(rows, "queued_bytes", (int64_t)atomic_load(&origin->queued_bytes));
    system_row_integer(rows, "matched", (int64_t)atomic_load(&info->sent));
    system_row_integer(rows, "sent", (int64_t)atomic_load(&info->sent));
    system_row_text(rows, "index_kind", str_from_c(info->index_kind));
}

static Status provide(Context *ctx, const SystemRequest *request, SystemRows *rows, void *data)
{
    (void)request;
    LiveRegistry *registry = data;
    InfoList list = list_infos(&ctx->arena, registry);
    for (size_t i = 0; i < list.count; i++) {
        put_row(&ctx->arena, registry, list.items[i], rows);
        live_info_unref(list.items[i]);
    }
    return STATUS_OK;
}

void live_registry_register_tables(LiveRegistry *registry, SystemTables *tables)
{
    system_tables_register(tables, STR("system.live"), provide, registry);
    system_tables_register(tables, STR("system.live_queries"), provide, registry);
}
