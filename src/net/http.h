/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP on a connection: answers to requests.
 *
 * Requests come up by ConnectionHandler.on_request, strictly one after another;
 * each is answered here, at once or later, whole or as a stream.  Content-Length
 * or chunks, Date, Server, Connection, HEAD, HTTP/1.0: all done here.  Malformed
 * or too large requests never come up; they are refused and the connection
 * closed.
 *
 * On a connection that is closed meanwhile all of these do nothing.
 */
#pragma once

#include "net/connection.h"

typedef struct HttpResponse {
    int status;                /* 200..599 */
    Str content_type;          /* empty = no such header */
    const HttpHeader *headers; /* more; one that holds control characters is left out */
    size_t header_count;
    Str body;       /* copied */
    Buf *body_buf;  /* instead: taken over without a copy, empty afterwards */
    Shared *shared; /* instead: a reference is taken */
    bool close;     /* close the connection afterwards */
} HttpResponse;

/* Answers the request under way. */
void http_respond(Connection *conn, const HttpResponse *response);

/* {"error": reason} with that status; reason goes into the JSON as it is: plain words, below 200
 * bytes. */
void http_respond_error(Connection *conn, int status, const char *reason);

/*
 * A body of unknown length: begin (the response's bodies do not count), write any number of
 * times, end.  Watch connection_is_congested() and go on in on_drain.
 */
void http_stream_begin(Connection *conn, const HttpResponse *response);
void http_stream_write(Connection *conn, Str bytes);
/* Takes a reference of its own. */
void http_stream_write_shared(Connection *conn, Shared *payload);
void http_stream_end(Connection *conn);

/* The request that waits for its answer, or NULL. */
HttpRequest *http_current_request(const Connection *conn);

/*
 * Reactor's thread: the connection, if the request that was under way when `ref` was made still
 * waits for its answer (or the rest of it); else NULL: a late answer.
 */
Connection *http_find_exchange(ConnectionRef ref);

/* "Not Found" for 404; "Unknown" for a number without a name. */
const char *http_status_text(int status);
