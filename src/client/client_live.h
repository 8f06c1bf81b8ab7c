/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ClientLive: live queries over one WebSocket that mends itself.
 *
 * The caller subscribes and then receives events for ever.  Batches of the
 * first rows are asked for as they come.  When the connection is cut the caller
 * is told (CLIENT_EVENT_LOST); the next receives try to connect again, with
 * growing pauses, subscribe anew behind the last sequence number seen, and tell
 * CLIENT_EVENT_RESUMED.  No change is missed or told twice; when the server no
 * longer has what was missed, the next acknowledgement says "resync": true and
 * all rows come again.
 *
 * When a table is altered its live queries go on: another acknowledgement, an
 * ordinary message, holds the new columns.  An expired token is renewed.  A subscription that the
 * server ends with an error is forgotten.  One thread at a time.
 */
#pragma once

#include "client/client.h"

typedef struct ClientLive ClientLive;

typedef enum ClientEventKind {
    CLIENT_EVENT_NONE, /* nothing until the timeout */
    CLIENT_EVENT_MESSAGE,
    CLIENT_EVENT_LOST,   /* reason says why */
    CLIENT_EVENT_RESUMED /* all subscriptions go on */
} ClientEventKind;

typedef struct ClientEvent {
    ClientEventKind kind;
    const Json *message; /* protocol.md 2.5, in ctx's arena */
    Str type;
    Str subscription_id;
    Str reason;
} ClientEvent;

/* The client must outlive it and be used by the same thread. */
MUST_CHECK Status client_live_open(Context *ctx, Client *client, ClientLive **ret_live);
void client_live_close(ClientLive *live);
DEFINE_CLEANUP(ClientLive, client_live_close)

/*
 * Starts a live query; the server's acknowledgement or error is one of the next events.
 * `options` is a JSON object (protocol.md 2.4), empty = all rows first.  An id in use is replaced.
 */
MUST_CHECK Status
client_live_subscribe(Context *ctx, ClientLive *live, Str id, Str sql, Str options);
MUST_CHECK Status client_live_unsubscribe(Context *ctx, ClientLive *live, Str id);

/* Any other message. */
MUST_CHECK Status client_live_send(Context *ctx, ClientLive *live, Str json);

/*
 * The next event.  Fails only for good: STATUS_INVALID_CREDENTIALS (the server no longer accepts
 * the token), STATUS_CANCELLED.  What it returns is in ctx's arena: clear that between events.
 */
MUST_CHECK Status client_live_receive(Context *ctx,
                                      ClientLive *live,
                                      int timeout_ms,
                                      ClientEvent *ret_event);
