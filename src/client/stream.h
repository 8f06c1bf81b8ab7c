/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stream: a TCP or TLS connection that blocks, but never past a deadline.
 *
 * Deadlines are monotonic microseconds.  Whoever sets ctx->cancelled (a signal
 * handler may) ends a wait with STATUS_CANCELLED within a fifth of a second.
 * Certificates are checked against the system's authorities (SSL_CERT_FILE and
 * SSL_CERT_DIR replace them) and the host's name.  One thread at a time.
 */
#pragma once

#include "base/buf.h"
#include "base/context.h"
#include "client/client_url.h"

typedef struct Stream Stream;

/* STATUS_IO_ERROR or STATUS_TIMEOUT name the address and the reason. */
MUST_CHECK Status stream_open(Context *ctx,
                              const ClientUrl *url,
                              int64_t deadline_us,
                              Stream **ret_stream);
void stream_close(Stream *stream);
DEFINE_CLEANUP(Stream, stream_close)

/* All of `bytes`.  After a failure the stream is of no use. */
MUST_CHECK Status stream_write(Context *ctx, Stream *stream, Str bytes, int64_t deadline_us);

/*
 * Appends what has come to `input`, at least one byte; none and STATUS_OK = the peer
 * closed.  After STATUS_TIMEOUT and STATUS_CANCELLED the stream can be read on.
 */
MUST_CHECK Status stream_read(Context *ctx, Stream *stream, int64_t deadline_us, Buf *input);

/* Between two requests nothing may come: if something did, the peer is closing. */
bool stream_is_stale(const Stream *stream);
