/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Live queries of one reactor: a snapshot at S, then every commit after S.
 *
 * A subscription authorizes, binds, takes the published snapshot S and loads its
 * rows on a worker; commits after S reach it through the reactor's feed, matched
 * by the predicate index of its table.  No commit is missed or seen twice: the
 * interest in the table is registered before S is read, and what arrives with a
 * number <= S is ignored.
 *
 * States of a subscription:
 *
 *     LOADING      initial batches; what commits meanwhile stays in the change log
 *     CATCHING_UP  a worker reads the change log from its position
 *     LAGGING      its connection is over the output budget; it waits for drain
 *     LIVE         fed by the index; in the members of its group
 *
 * Equal queries form one *group*: a change is judged and encoded once for all.
 * An engine and everything in it belongs to one reactor; only what is said to be
 * callable from any thread is.
 */
#pragma once

#include "base/mailbox.h"
#include "base/worker.h"
#include "cold/cold.h"
#include "live/live_options.h"
#include "live/live_registry.h"
#include "net/shared.h"

typedef struct LiveClient LiveClient;

/* How messages leave: implemented by the WebSocket layer, by tests with a list. */
typedef struct LiveSink {
    /* One text message whose payload is head followed by tail; a reference is taken when needed. */
    void (*send_parts)(void *data, Str head, Shared *tail);
    /* One whole message. */
    void (*send)(void *data, Shared *message, bool binary);
    size_t (*queued_bytes)(void *data);
    /* Of all connections of the reactor; NULL = not counted. */
    size_t (*total_queued_bytes)(void *data);
} LiveSink;

typedef struct LiveEngineOptions { /* 0 = the default in brackets */
    unsigned index;                /* of the reactor: its feed consumer */
    Sequencer *sequencer;
    ColdTier *cold; /* NULL: there is none */
    WorkerPool *workers;
    LiveRegistry *registry;
    /* Hands an item to the reactor's mailbox; callable from any thread. */
    void (*post)(void *data, MailboxItem *item);
    void *post_data;
    size_t per_client_max;      /* live queries per connection [10,000] */
    size_t per_user_max;        /* per user, over all reactors [100,000] */
    size_t output_budget_bytes; /* websocket.output_budget_bytes [1 MiB] */
    size_t output_total_bytes;  /* this reactor's share of output_budget_total_bytes [256 MiB] */
    size_t feed_bytes_max; /* commits waiting for this reactor before it falls back to the log [64
                              MiB] */
    int64_t snapshot_max_age_ms;  /* live.snapshot_max_age [300,000] */
    int64_t progress_interval_ms; /* [10,000] */
} LiveEngineOptions;

LiveEngine *live_engine_new(const LiveEngineOptions *options);
/*
 * Commits that still arrive are only released.  Once all clients are gone, and
 * before the sequencer is closed: delivery looks at the sequencer's catalog.
 */
void live_engine_stop(LiveEngine *engine);
/*
 * After live_engine_stop(), the end of the worker pool (whose tasks post to the
 * mailbox), sequencer_close(), and a last run of the mailbox, in this order.
 */
void live_engine_free(LiveEngine *engine);

/* Expires tokens and loads, sends progress.  Call about once a second while live_engine_is_busy().
 */
void live_engine_tick(LiveEngine *engine);
bool live_engine_is_busy(const LiveEngine *engine);

/* Has the live query ended, from any thread; nothing happens when it is gone by then. */
void live_engine_kill(LiveEngine *engine, Str live_id);

/* ---- clients: one per connection that subscribes ---- */

typedef struct LiveClientOptions {
    const LiveSink *sink;
    void *sink_data;
    Str connection_id;
    Str user_id;
    Role role;
    uint32_t credentials_version; /* of the User the session was opened with */
    int64_t expires_at_ms;        /* exp of the token plus leeway; 0 = never */
    bool gzip;                    /* large messages may be binary gzip */
} LiveClientOptions;

LiveClient *live_client_new(LiveEngine *engine, const LiveClientOptions *options);
/* Ends all its subscriptions silently; nothing is sent afterwards. */
void live_client_free(LiveClient *client);

/* After authenticating again. */
void live_client_extend(LiveClient *client, int64_t expires_at_ms);

typedef struct LiveSubscribe {
    Str subscription_id;
    Str sql;
    const Value *parameters;
    size_t parameter_count;
    LiveOptions options;
    Str options_json; /* for system.live */
} LiveSubscribe;

/*
 * Answers with messages only: subscription_ack and initial data (now or later),
 * or one error.  An id that is in use is replaced.
 */
void live_subscribe(LiveClient *client, const LiveSubscribe *subscribe);
/* Unknown ids are ignored: a client may unsubscribe while its stream ends. */
void live_unsubscribe(LiveClient *client, Str subscription_id);
/* has_last false: go on after what was sent last. */
void live_next_batch(LiveClient *client, Str subscription_id, bool has_last, SeqNo last);
/* The connection's queue fell below its low-water mark. */
void live_client_drained(LiveClient *client);
/* Any frame came in. */
void live_client_seen(LiveClient *client, int64_t now_us);
size_t live_client_count(const LiveClient *client);

/* ---- statistics: any thread ---- */

typedef struct LiveStats {
    uint64_t subscriptions;
    uint64_t groups;           /* distinct queries = compiled filters alive */
    uint64_t filters_compiled; /* since start */
    uint64_t evaluations;      /* filters tested against a change */
    uint64_t rows_sent;
    uint64_t lagging; /* times a subscription fell behind */
} LiveStats;

void live_engine_stats(const LiveEngine *engine, LiveStats *ret_stats);
