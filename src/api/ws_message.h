/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a client says over the WebSocket (protocol.md 2.2, 2.4, decision 27),
 * read out of JSON text.  Pure; strings borrow from the text or ctx's arena.
 */
#pragma once

#include "api/sql_request.h"
#include "live/live_options.h"

typedef enum WsMessageKind {
    MESSAGE_AUTHENTICATE,
    MESSAGE_SUBSCRIBE,
    MESSAGE_NEXT_BATCH,
    MESSAGE_UNSUBSCRIBE,
    MESSAGE_PING,
    MESSAGE_SQL
} WsMessageKind;

typedef struct WsAuthenticate {
    Str token;
    bool gzip;
} WsAuthenticate;

typedef struct WsSubscribe {
    Str sql;
    const Json *options; /* NULL = none */
    const Json *parameters;
} WsSubscribe;

typedef struct WsNextBatch {
    bool has_last;
    SeqNo last;
} WsNextBatch;

typedef struct WsMessage {
    WsMessageKind kind;
    Str id; /* of the subscription or the SQL request */
    union {
        WsAuthenticate authenticate;
        WsSubscribe subscribe;
        WsNextBatch next_batch;
        const Json *sql; /* what sql_request_read() reads */
    };
} WsMessage;

/*
 * STATUS_INVALID_VALUE: the text is no JSON.  STATUS_INVALID_INPUT: it is none of
 * our messages; the message says why.
 */
MUST_CHECK Status ws_message_parse(Context *ctx, Str text, WsMessage *ret_message);
