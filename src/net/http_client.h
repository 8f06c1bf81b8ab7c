/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HttpResponseParser: responses out of bytes that arrive in any pieces.
 *
 * For clients; knows no socket, so a blocking client reads, feeds, and looks.
 * Interim responses (100 Continue) are passed over; 101 ends after its head and
 * what follows belongs to the new protocol.  One thread at a time.
 */
#pragma once

#include "net/http_parser.h"

typedef struct HttpResponseOptions {
    size_t head_max; /* 0 = 64 KiB */
    size_t body_max; /* bytes held in `body` at once; 0 = 1 GiB */
    bool no_body;    /* the request was HEAD */
} HttpResponseOptions;

typedef struct HttpResponseParser {
    int status;
    bool keep_alive; /* the connection can be used again after HTTP_PARSE_DONE */
    size_t header_count;
    HttpHeader *headers; /* from HTTP_PARSE_HEAD on */
    /* What has arrived of the body.  The caller may buf_clear() it between feeds to stream. */
    Buf body;
    const char *error; /* after HTTP_PARSE_BAD */

    HttpResponseOptions options;
    HeadScanner scanner;
    HttpFraming framing;
    ChunkedDecoder chunked;
    Buf head;
    uint64_t body_left;
    bool in_body;
} HttpResponseParser;

/* NULL options: all defaults.  Also after http_response_parser_done(), for the next response. */
void http_response_parser_init(HttpResponseParser *parser, const HttpResponseOptions *options);
void http_response_parser_done(HttpResponseParser *parser);
DEFINE_CLEANUP_IN_PLACE(HttpResponseParser, http_response_parser_done)

/* As http_parser_feed(): HTTP_PARSE_HEAD is told once, also before an empty body. */
HttpProgress http_response_parser_feed(HttpResponseParser *parser, Str input, size_t *ret_used);

/* The peer closed: HTTP_PARSE_DONE when the body's end was not told otherwise, else HTTP_PARSE_BAD.
 */
HttpProgress http_response_parser_end(HttpResponseParser *parser);

/* First header of that name (case-insensitive), or an empty Str. */
Str http_response_header(const HttpResponseParser *parser, Str name);
