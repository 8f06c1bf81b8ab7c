/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HttpRequest: one complete request.
 *
 * Head and body live in the request itself; all Strs are slices of them.  It is
 * reference-counted: the connection holds a reference until the response is
 * complete, and whoever works on it on another thread takes one of his own, so
 * the bytes stay although the socket may close meanwhile.  Immutable once it is
 * handed up; any thread may read.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/memory_gauge.h"
#include "base/refcount.h"
#include "net/http_head.h"

typedef enum HttpMethod {
    HTTP_GET,
    HTTP_HEAD_METHOD,
    HTTP_POST,
    HTTP_PUT,
    HTTP_PATCH,
    HTTP_DELETE,
    HTTP_OPTIONS,
    HTTP_OTHER_METHOD /* see method_name */
} HttpMethod;

typedef struct HttpRequest {
    RefCount refs;
    HttpMethod method;
    uint8_t minor_version; /* HTTP/1.x: 0 or 1 */
    bool keep_alive;       /* what the client asks for */
    bool wants_continue;   /* Expect: 100-continue */
    HttpFraming framing;
    Str method_name;
    Str target; /* as sent */
    Str path;   /* of the target, still percent-encoded; "*" for OPTIONS * */
    Str query;  /* after the '?', still percent-encoded */
    Str body;
    char *body_memory;
    MemoryShare body_share;
    size_t header_count;
    HttpHeader headers[]; /* the head's text follows the last one */
} HttpRequest;

/*
 * Copies and parses a head that head_scan() found complete; line_count as it counted.
 * NULL when it is refused.
 */
HttpRequest *http_request_parse(Str head, size_t line_count, HttpRefusal *ret_refusal);

/* Takes the bytes of body over. */
void http_request_set_body(HttpRequest *request, Buf *body);

/* Returns its argument. */
HttpRequest *http_request_ref(HttpRequest *request);
void http_request_unref(HttpRequest *request);
DEFINE_CLEANUP(HttpRequest, http_request_unref)

/* The value of the first header of that name (case-insensitive), or an empty Str. */
Str http_request_header(const HttpRequest *request, Str name);

/* Resolves %xx (and '+' to a blank when plus_is_blank); false for a broken escape or %00. */
bool http_percent_decode(Arena *arena, Str text, bool plus_is_blank, Str *ret_text);

/* The decoded value of a query parameter; false when it is missing or broken. */
bool http_query_param(Arena *arena, Str query, Str name, Str *ret_value);
