/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The chunked transfer coding (RFC 9112, 7.1), decoded from any pieces.
 *
 * Chunk extensions and trailers are checked for length and passed over.
 */
#pragma once

#include "base/str.h"

typedef enum ChunkedProgress {
    CHUNKED_MORE, /* all of the input was used */
    CHUNKED_DATA, /* ret_data holds body bytes, a slice of the input */
    CHUNKED_DONE, /* the last byte of the body was used */
    CHUNKED_BAD
} ChunkedProgress;

/* A zeroed decoder is ready for use. */
typedef struct ChunkedDecoder {
    uint64_t left; /* of the chunk */
    uint32_t line_len;
    uint32_t trailer_len;
    uint8_t state;
    uint8_t digit_count;
} ChunkedDecoder;

/* ret_data is written for CHUNKED_DATA only; call again with what was not used. */
ChunkedProgress chunked_decode(ChunkedDecoder *decoder, Str input, size_t *ret_used, Str *ret_data);

/* Room for "<hex length>\r\n". */
enum { CHUNK_HEAD_MAX = 18 };

/* Writes the line before a chunk of `size` bytes; the chunk is followed by CR LF. */
Str chunk_head_format(char *text, size_t size);
