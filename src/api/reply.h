/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers over HTTP: JSON bodies, the headers that every answer has (CORS, the
 * client's X-Request-ID), and the refusals that endpoints share.
 *
 * All answer the request under way on the connection, in the reactor's thread.
 */
#pragma once

#include "api/api_private.h"
#include "api/sql_error.h"

enum { REPLY_HEADERS_MAX = CORS_HEADERS_MAX + 4 };

typedef struct ReplyHeaders {
    HttpHeader items[REPLY_HEADERS_MAX];
    size_t count;
} ReplyHeaders;

/* What every answer to the request under way has; up to three more may be added. */
ReplyHeaders reply_headers(Connection *conn);
void reply_header_add(ReplyHeaders *headers, Str name, Str value);

/* Takes the body over.  headers NULL = reply_headers(). */
void reply_json(Connection *conn, int status, Buf *body, const ReplyHeaders *headers);

void reply_text(Connection *conn, int status, Str text);

/* {"error":"code","message":".."} */
void reply_error(Connection *conn, int status, const char *code, Str message);
/* {"error":"text"} */
void reply_error_text(Connection *conn, int status, const char *text);

/* An error envelope of 1.6, as SQL requests get it before they ran. */
void reply_sql_error(Connection *conn, const SqlError *error);
