/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All open live queries of the server, whichever reactor owns them: for
 * system.live, for the refusal of DROP TABLE, and for the limit per user.
 *
 * The lock guards the list; the counters of an entry are written by the owning
 * reactor and read by anybody.  Any thread.
 */
#pragma once

#include "base/refcount.h"
#include "commit/sequencer.h"
#include "live/live_query.h"
#include "table/system_table.h"
#include "table/watcher.h"

typedef struct LiveEngine LiveEngine;

/* What all live queries of one connection have in common; counted. */
typedef struct LiveOrigin {
    RefCount refs;
    LiveEngine *engine; /* whose they are */
    Str connection_id;
    Str user_id;
    /* written by the reactor */
    _Atomic uint64_t queued_bytes;
    _Atomic int64_t last_ping_us;
    char texts[];
} LiveOrigin;

LiveOrigin *live_origin_new(LiveEngine *engine, Str connection_id, Str user_id);
LiveOrigin *live_origin_ref(LiveOrigin *origin);
void live_origin_unref(LiveOrigin *origin);

typedef struct LiveParameters LiveParameters;

/* Its query never changes; who reads it needs no lock, only a reference. */
typedef struct LiveInfo {
    RefCount refs;
    uint32_t place;     /* in the registry's list */
    LiveOrigin *origin; /* counted */
    LiveQuery *query;   /* counted */
    Str subscription_id;
    Str sql;                    /* as the client wrote it */
    LiveParameters *parameters; /* NULL = none; to bind again when the table changes */
    Str options;                /* JSON; empty = none */
    bool include_flush;
    int64_t created_at_us;
    const char *index_kind;
    /* written by the reactor */
    _Atomic uint64_t sent;     /* rows that changed under the query, and were told */
    _Atomic uint64_t position; /* everything up to here was sent */
    _Atomic int64_t last_update_us;
    char texts[];
} LiveInfo;

typedef struct LiveInfoOptions {
    LiveOrigin *origin; /* a reference is taken */
    LiveQuery *query;   /* likewise */
    Str subscription_id;
    Str sql;
    ExprParameters parameters;
    Str options;
    bool include_flush;
    const char *index_kind; /* static */
} LiveInfoOptions;

LiveInfo *live_info_new(const LiveInfoOptions *options);
/* The same live query under another definition of its table: counters and all. */
LiveInfo *live_info_renew(const LiveInfo *info, LiveQuery *query, const char *index_kind);
void live_info_unref(LiveInfo *info);

ExprParameters live_info_parameters(const LiveInfo *info);

/* {user_id}-{connection_id}-{subscription_id} */
Str live_info_id(Arena *arena, const LiveInfo *info);
bool live_info_has_id(const LiveInfo *info, Str live_id);

typedef struct LiveRegistry LiveRegistry;

LiveRegistry *live_registry_new(Sequencer *sequencer, uint32_t node_id);
/* All entries must be gone. */
void live_registry_free(LiveRegistry *registry);

/* An engine may be told of flushes from now on, and not any more. */
void live_registry_join(LiveRegistry *registry, LiveEngine *engine);
void live_registry_leave(LiveRegistry *registry, LiveEngine *engine);

/* Takes over the reference; false (and nothing is taken) when the user has per_user_max already. */
bool live_registry_add(LiveRegistry *registry, LiveInfo *info, size_t per_user_max);
void live_registry_remove(LiveRegistry *registry, LiveInfo *info);
/* The renewed one takes its place; the reference to it is taken over, that to info is given up. */
void live_registry_replace(LiveRegistry *registry, LiveInfo *info, LiveInfo *renewed);

size_t live_registry_count(LiveRegistry *registry);

/* For QueryHooks; data is the registry. */
bool live_registry_find_watcher(void *data,
                                Arena *arena,
                                uint32_t table_id,
                                TableWatcher *ret_watcher);
/* Of a STREAM table only; at no cost that grows with the number of queries. */
bool live_registry_has_watcher(void *data, uint32_t table_id, Owner owner);
/* Open live queries on the table; of one user, or of everybody (empty). */
size_t live_registry_count_watchers(void *data, uint32_t table_id, Str user_id);
/* KILL LIVE QUERY: the owning reactor ends the stream with KILLED. */
bool live_registry_kill(void *data, Str live_id);

/* Provides system.live and system.live_queries. */
void live_registry_register_tables(LiveRegistry *registry, SystemTables *tables);

/* To the engines, when some live query on that table and owner has include_flush. */
typedef struct FlushScope FlushScope;
typedef struct Shared Shared;
void live_registry_tell_flush(LiveRegistry *registry, const FlushScope *scope, Shared *tail);
