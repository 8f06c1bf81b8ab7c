/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WsSession: one WebSocket of /v1/ws (protocol.md 2), from the upgrade to the
 * close.  connection_user() of a WebSocket is its WsSession.
 *
 * Many thousand lie idle, so a session is small and holds nothing that only a
 * busy one needs: the LiveClient comes with the first subscribe, the SqlQueue
 * with the first sql message.
 *
 * Belongs to its connection's reactor.
 */
#pragma once

#include "api/api_private.h"
#include "api/rate_gate.h"

typedef struct WsSession WsSession;
typedef struct WsSqlQueue WsSqlQueue;

struct WsSession {
    Connection *conn;
    LiveClient *live;      /* NULL = has never subscribed */
    WsSqlQueue *sql;       /* NULL = has never asked for SQL */
    User *user;            /* as it was when the session began; NULL = not authenticated */
    int64_t expires_at_us; /* leeway included */
    RateGate messages;
    bool gzip;
    bool ending; /* closes when what is under way is answered */
};

/* Who it is; only when authenticated.  Borrows from the session. */
Session ws_session_identity(const WsSession *session);

/* {"type":"error", ..} */
void ws_session_send_error(WsSession *session, Str subscription_id, const char *code, Str message);

/* The server is going away: says so and closes, after the SQL under way. */
void ws_session_end(Connection *conn);

/* For ws_sql.c: nothing of SQL is under way any more. */
void ws_session_sql_idle(WsSession *session);

/* Of the ConnectionHandler. */
void ws_session_on_message(Connection *conn, WebSocketOpcode opcode, Str payload);
void ws_session_on_oversized(Connection *conn);
void ws_session_on_drain(Connection *conn);
void ws_session_on_deadline(Connection *conn);
void ws_session_on_close(Connection *conn);
