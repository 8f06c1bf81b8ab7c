/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HttpParser: requests out of bytes that arrive in any pieces.
 *
 * A head that lies complete in the input is parsed where it is and copied once,
 * into its HttpRequest; only an incomplete one is collected.  One parser reads
 * one request; the bytes behind it are the next one's.
 *
 * Pure: no socket, no clock.  One thread at a time.
 */
#pragma once

#include "net/http_chunked.h"
#include "net/http_request.h"

typedef struct HttpLimits {
    size_t head_max;         /* 431 beyond; 0 = 16 KiB */
    size_t request_line_max; /* 414 beyond; 0 = 8 KiB */
    size_t body_max;         /* 413 beyond; 0 = 10 MiB */
} HttpLimits;

typedef enum HttpProgress {
    HTTP_PARSE_MORE, /* all input was used; feed the next piece */
    HTTP_PARSE_HEAD, /* the head is complete, a body follows: body_max may be changed now */
    HTTP_PARSE_DONE, /* the request is complete */
    HTTP_PARSE_BAD   /* see refusal; the connection cannot be used further */
} HttpProgress;

typedef struct HttpParser {
    HttpRequest *request; /* from HTTP_PARSE_HEAD on */
    HttpRefusal refusal;
    size_t body_max;
    HeadScanner scanner;
    ChunkedDecoder chunked;
    Buf head;
    Buf body;
    uint64_t body_left; /* when a length was told */
    uint64_t body_size; /* refused with 413: told, or come so far */
} HttpParser;

void http_parser_init(HttpParser *parser, const HttpLimits *limits);
void http_parser_done(HttpParser *parser);

/* Uses ret_used bytes of the input.  After HTTP_PARSE_DONE or HTTP_PARSE_BAD it must not be fed
 * again. */
HttpProgress http_parser_feed(HttpParser *parser, Str input, size_t *ret_used);

/* Nothing of a request was seen yet; an empty line does not count. */
bool http_parser_is_empty(const HttpParser *parser);

/* After HTTP_PARSE_DONE: the request with its body; the caller has the reference. */
HttpRequest *http_parser_take(HttpParser *parser);
