/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base64url without padding (RFC 4648, section 5), as JWT writes it.
 */
#pragma once

#include "base/buf.h"

void base64url_append(Buf *out, Str bytes);

/*
 * Strict: only the alphabet, no padding, no white space, and no text that
 * another text of the same bytes could stand for.  False leaves `out` with
 * whatever was decoded so far.
 */
bool base64url_decode(Buf *out, Str text);
