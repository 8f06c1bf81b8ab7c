/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The head of an HTTP/1.1 message: what requests and responses share.
 *
 * HeadScanner finds the end of a head in bytes that arrive in any pieces.
 * http_head_fields() then takes the complete head apart, strictly (RFC 9112):
 * lines end in CR LF, no folding, no blank before a colon, no control
 * characters.  Because nothing is parsed before the head is complete, the
 * result cannot depend on how the bytes were split.
 *
 * Refusals are HTTP status codes with a reason, because that is what the peer
 * is told; the text is static.
 */
#pragma once

#include "base/str.h"

typedef struct HttpHeader {
    Str name;
    Str value;
} HttpHeader;

/* 0 = fine; otherwise the status to refuse with. */
typedef struct HttpRefusal {
    int status;
    const char *reason;
} HttpRefusal;

typedef struct HeadScanner {
    size_t scanned;    /* bytes looked at */
    size_t line_start; /* of the line being looked at */
    size_t line_count; /* complete, non-empty ones */
    size_t skipped;    /* bytes of an empty line before the head (RFC 9112, 2.2: pass over one) */
    size_t first_line_max;
    size_t head_max;
} HeadScanner;

/* The head's length with its closing empty line, or 0: not complete yet, or refused (see refusal).
 */
size_t head_scan(HeadScanner *scanner, Str bytes, HttpRefusal *ret_refusal);

/* Takes the first line (without CR LF) off `rest`, which must be a scanned head. */
Str head_take_line(Str *rest);

/*
 * Parses the lines after the first into `headers` (room for count_max).  Slices point into
 * `lines`.
 */
HttpRefusal head_parse_fields(Str lines, HttpHeader *headers, size_t count_max, size_t *ret_count);

/* First header of that name, case-insensitive; NULL when there is none. */
const HttpHeader *http_header_find(const HttpHeader *headers, size_t count, Str name);

/* Does a comma-separated header value list this token, case-insensitive? */
bool http_value_has_token(Str value, Str token);

/* RFC 9110 token: method and header names. */
bool http_is_token(Str text);

/* No CR, LF, NUL or other control character but a tab: safe to send as a header's value. */
bool http_is_field_value(Str text);

/* How the length of a message's body is told. */
typedef struct HttpFraming {
    bool chunked;
    bool has_length;
    uint64_t length;
} HttpFraming;

/*
 * 400 for contradictory or repeated lengths and for a length beside a transfer encoding,
 * 501 for an encoding other than chunked.
 */
HttpRefusal http_framing(const HttpHeader *headers, size_t count, HttpFraming *ret_framing);
