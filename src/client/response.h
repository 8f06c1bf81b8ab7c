/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads one HTTP response off a stream.
 */
#pragma once

#include "client/stream.h"
#include "net/http_client.h"

/*
 * Feeds the parser until it is done; `input` then holds what follows the response.
 * STATUS_IO_ERROR when the response is cut or none.
 */
MUST_CHECK Status response_read(
    Context *ctx, Stream *stream, int64_t deadline_us, Buf *input, HttpResponseParser *parser);
