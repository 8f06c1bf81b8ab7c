/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WebSocket on a connection (RFC 6455, server side).
 *
 * Pings are answered, close frames returned, fragments joined and broken rules
 * punished with the right code below the upper layer, which sees whole messages.
 *
 * On a connection that is closed, or has sent its close frame, all of these do
 * nothing.
 */
#pragma once

#include "net/connection.h"
#include "net/websocket_handshake.h"

/*
 * Answers the request under way: 101 and on_ws_open, or 400 or 426 when it is no proper
 * handshake.  True when the connection is a WebSocket now.
 */
bool websocket_accept(Connection *conn);

void websocket_send_text(Connection *conn, Str text);
void websocket_send_binary(Connection *conn, Str bytes);

/*
 * One frame whose payload is `head` followed by `tail`: what differs from one receiver to the
 * next, and what thousands share.  tail may be NULL; a reference of its own is taken.
 */
void websocket_send_parts(Connection *conn, WebSocketOpcode opcode, Str head, Shared *tail);

/*
 * Sends a close frame behind what is queued and closes when the peer has answered it, or after
 * close_timeout_ms.  A reason beyond 123 bytes is cut between characters.
 */
void websocket_close(Connection *conn, uint16_t code, Str reason);
