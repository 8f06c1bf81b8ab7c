/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQL over the WebSocket (decision 27): {"type":"sql","id":"q1","sql":..} is
 * answered by {"type":"sql_result","id":"q1", ..} with the envelope of HTTP.
 *
 * The requests of one connection run one after the other, in their order; so
 * many may wait.  A script is one message: a transaction begins and ends in it.
 * USE lasts for the connection (decision 31).
 */
#pragma once

#include "api/ws_message.h"
#include "api/ws_session.h"

enum { WS_SQL_WAITING_MAX = 256 };

/* Runs it now or behind the others, or answers with an error. */
void ws_sql_request(WsSession *session, Str id, const Json *message);

/* The connection can take more. */
void ws_sql_on_drain(WsSession *session);

/* Is any request not answered yet? */
bool ws_sql_is_busy(const WsSession *session);

/* The connection is gone: what runs is cancelled, what waits forgotten. */
void ws_sql_abandon(WsSession *session);
