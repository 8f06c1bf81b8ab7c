/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The objects of one reactor's live engine, and who owns them.
 *
 *   LiveEngine  owns tables, clients, the ring of recent commits
 *   LiveTable   one table version that somebody watches: index and groups
 *   LiveGroup   one distinct query: its filing in the index, its LIVE members;
 *               lives as long as any subscription refers to it
 *   Subscription owned by its client, or by its running task once the client is gone
 *   LiveTask    a load or catch-up round on a worker, at most one per subscription
 */
#pragma once

#include "commit/change_log.h"
#include "live/live_catch_up.h"
#include "live/live_delta.h"
#include "live/live_engine.h"
#include "live/live_index.h"
#include "live/live_load.h"

typedef struct LiveTable LiveTable;
typedef struct LiveGroup LiveGroup;
typedef struct LiveTask LiveTask;
typedef struct Subscription Subscription;

typedef enum SMALL_ENUM SubscriptionState {
    SUBSCRIPTION_LOADING,
    SUBSCRIPTION_CATCHING_UP,
    SUBSCRIPTION_LAGGING,
    SUBSCRIPTION_LIVE,
} SubscriptionState;

/* There may be a hundred thousand of it and of what follows, nearly all with one member. */
struct LiveGroup {
    LiveGroup *next_same_hash; /* in LiveTable.groups */
    LiveTable *table;
    LiveQuery *query;
    LiveFiling *filing;
    union { /* the LIVE ones: see live_group_members() */
        Subscription *only_member;
        Subscription **members;
    };
    uint32_t member_count;
    uint32_t member_capacity; /* of members; 1 = only_member */
    uint32_t reference_count; /* subscriptions, LIVE or not */
    bool failed;
    bool overflowed; /* the commit is too large to be encoded for it: its members lag */
    /* of the change or commit in hand */
    uint64_t judged_change;
    LiveDelta *delta; /* NULL = not touched by the commit */
    LiveGroup *next_touched;
};

struct LiveTable {
    LiveTable *next_version; /* same id, another schema version */
    const Table *table;      /* kept by its groups' queries */
    LiveIndex *index;
    IdMap groups; /* query hash -> LiveGroup */
    size_t group_count;
    SeqNo last_seq; /* of the last commit processed */
};

struct Subscription {
    LiveClient *client; /* NULL once closed: the running task frees it */
    LiveGroup *group;
    LiveInfo *info;
    SeqNo position;        /* everything up to here was sent or is in its snapshot */
    uint32_t member_place; /* among its group's members while LIVE */
    uint32_t batch_size;   /* of initial data */
    SubscriptionState state;
    LiveOnLag on_lag;
    bool progress;
    bool include_flush;
    bool waiting;   /* in LiveClient.waiting: wants a worker */
    bool ack_due;   /* its table has other columns now: to be told behind what is under way */
    LiveLoad *load; /* while LOADING; owned by the task while one runs */
    LiveTask *task;
    uint64_t ring_mark; /* ring position before its snapshot was taken */
    int64_t load_deadline_us;
    Subscription *next_waiting;
};

struct LiveClient {
    LiveEngine *engine;
    LiveClient *previous, *next; /* in LiveEngine.clients */
    const LiveSink *sink;
    void *sink_data;
    LiveOrigin *origin;
    Role role;
    uint32_t credentials_version;
    int64_t expires_at_ms;
    bool gzip;
    Map subscriptions; /* id -> Subscription */
    Subscription *waiting, *waiting_last;
    size_t task_count; /* running on workers, for subscriptions that are still open */
};

/* What one commit may take when encoded for all groups of a reactor. */
enum { COMMIT_BYTES_MAX = 64 << 20 };

/* Recent commits, for subscriptions that come back from a worker. */
enum { RING_COUNT_MAX = 4096, RING_BYTES_MAX = 8 << 20 };

typedef struct LiveRing {
    CommitRecord *records[RING_COUNT_MAX];
    uint64_t tail; /* positions [tail, head) are held */
    uint64_t head;
    size_t byte_count;
} LiveRing;

struct LiveEngine {
    LiveEngineOptions options;
    IdMap tables; /* table id -> LiveTable */
    LiveClient *clients;
    LiveRing *ring;
    bool stopped;
    size_t away_count;     /* tasks running: the ring is kept while there are any */
    uint64_t change_count; /* serial of the change being matched */
    LiveGroup *touched;
    LiveDelta *spare_deltas; /* of groups touched before */
    size_t spare_delta_count;
    size_t commit_bytes; /* encoded for all groups */
    Context scratch;     /* of the commit in hand */
    Buf head;            /* of the change message in hand */
    size_t client_count;
    int64_t next_expiry_ms; /* the earliest expiry of a client; 0 = none */
    bool progress_wanted;
    SeqNo progress_seq; /* published one interval ago */
    int64_t next_progress_us;
    /* the feed, shared with the sequencer's threads */
    _Atomic size_t feed_bytes;
    atomic_bool feed_gap;
    /* statistics, written here, read anywhere */
    _Atomic uint64_t subscription_count, group_count, filters_compiled, evaluations, rows_sent,
        lag_count;
};

/* ---- live_group.c ---- */

/* The group of an equal query, or a new one that keeps a copy. */
LiveGroup *live_group_join(LiveEngine *engine, const LiveQuery *bound);
void live_group_leave(LiveEngine *engine, LiveGroup *group);
void live_group_add_member(LiveGroup *group, Subscription *subscription);
void live_group_remove_member(LiveGroup *group, const Subscription *subscription);
/* member_count of them; a removal puts the last one into the gap. */
Subscription **live_group_members(LiveGroup *group);

/* ---- live_feed.c ---- */

/* Registered with the sequencer; any thread. */
void live_feed_deliver(void *data, CommitGroup *group);
/*
 * Sends what the ring holds after the subscription's position; false when the ring begins too
 * late.  *ret_gone: the subscription is over, or lags again.
 */
MUST_CHECK bool
live_feed_replay(Context *ctx, Subscription *subscription, Status *ret_status, bool *ret_gone);
void live_ring_clear(LiveEngine *engine);
void live_spare_deltas_free(LiveEngine *engine);

/* ---- live_catalog.c ---- */

/* One catalog change of the commit in hand: ends the streams that it forbids. */
void live_catalog_changed(LiveEngine *engine, const Change *change);
/* The same from the published catalog, when changes were missed. */
void live_catalog_check(LiveEngine *engine);

/* ---- live_schema.c ---- */

/* Every subscription on the table follows it to this definition, made by the change at seq. */
void live_table_altered(LiveEngine *engine, const Table *table, SeqNo seq);
/* Every subscription follows its table to where it is in the catalog. */
void live_tables_follow(LiveEngine *engine, const Catalog *catalog);
/*
 * Before rows that were written under this catalog are read for it: binds it to its table's
 * newest version, through all in between.  False: it no longer can, and has ended.
 */
MUST_CHECK bool subscription_follow(Subscription *subscription, const Catalog *catalog);

/* ---- subscription.c ---- */

/* Takes over the reference to info and the place in the group. */
Subscription *
subscription_new(LiveClient *client, const LiveOptions *options, LiveGroup *group, LiveInfo *info);
/* Leaves everything; the object goes when its task has come back. */
void subscription_close(Subscription *subscription);
/* Says why on the wire (code of protocol.md 2.8), then closes. */
void subscription_end(Subscription *subscription, const char *code, Str message);
/* As subscription_end(), for a failed load or round. */
void subscription_fail(Subscription *subscription, const Context *ctx);

/* The first load, at the snapshot just taken; options: those it was made with. */
void subscription_start(Subscription *subscription, Snapshot *snapshot, const LiveOptions *options);
void subscription_next_batch(Subscription *subscription, bool has_last, SeqNo last);
/* One commit's messages.  False when the client is over its budget: it lags now, or was ended. */
bool subscription_send(Subscription *subscription,
                       const LiveDelta *delta,
                       const CommitRecord *record);
/* A flush event (live/live_flush.h), unless it did not ask for them or the client is over its
 * budget. */
void subscription_tell_flush(Subscription *subscription, Shared *tail);
/* Out of the members; it goes on from the change log after `position`. */
void subscription_lag(Subscription *subscription, SeqNo position);
/* Sends the acknowledgement that is due, unless a load or round under way speaks of older columns.
 */
void subscription_tell_columns(Subscription *subscription);
/* Into another group, LIVE or not, and under another entry of the registry; takes both over. */
void subscription_move(Subscription *subscription, LiveGroup *group, LiveInfo *info);
/* Starts loads and rounds for what waits, as far as the client's budget goes. */
void client_feed_waiting(LiveClient *client);

Snapshot *subscription_snapshot(LiveEngine *engine, const Table *table);

/* ---- live_engine.c ---- */

/* Ends the streams of clients whose token has expired by then. */
void live_engine_expire(LiveEngine *engine, int64_t now_ms);
/* A client with subscriptions has (another) expiry. */
void live_engine_note_expiry(LiveEngine *engine, const LiveClient *client);

/* ---- live_client.c ---- */

/* STATUS_UNAUTHORIZED or STATUS_TOKEN_EXPIRED when the session may go on no longer. */
MUST_CHECK Status client_check_session(Context *ctx,
                                       const LiveClient *client,
                                       const Catalog *catalog);
/* Ends all subscriptions of a client, each with the code. */
void client_end_all(LiveClient *client, const char *code, Str message);
