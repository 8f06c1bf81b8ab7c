/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gzip (RFC 1952) of whole messages.
 *
 * Each thread keeps one compressor and one decompressor and reuses them: setting
 * up zlib's tables costs more than compressing a small message.  They are freed
 * when the thread ends.  Callable from any thread.
 */
#pragma once

#include "base/buf.h"
#include "base/context.h"

/*
 * Appends the compressed bytes (level 1) to ret_out.  STATUS_LIMIT_EXCEEDED when ret_out's
 * limit is too small; what ret_out held before is still there.
 */
MUST_CHECK Status gzip_compress(Context *ctx, Str bytes, Buf *ret_out);

/*
 * Appends the decompressed bytes of exactly one gzip member to ret_out.
 * STATUS_INVALID_INPUT: no or damaged gzip, or bytes behind its end.
 * STATUS_LIMIT_EXCEEDED: more than size_max bytes would come out.
 */
MUST_CHECK Status gzip_decompress(Context *ctx, Str bytes, size_t size_max, Buf *ret_out);

/* Starts with the magic bytes 1f 8b. */
bool gzip_is(Str bytes);
