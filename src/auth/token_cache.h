/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens whose signature this thread has verified before.
 *
 * A client sends the same token with each request; its HMAC and the parsing of
 * its claims cost as much as the rest of a short read.  A hit needs the whole
 * token and the secret to be equal, byte for byte, and says only that it was
 * signed by us: times and the account are looked at every time.  One table per
 * thread (TOKEN_CACHE_SLOTS tokens, the newer one wins), so nothing is shared.
 */
#pragma once

#include "auth/token.h"

enum { TOKEN_CACHE_SLOTS = 256 };

/* Strings are copied to the arena. */
bool token_cache_find(Arena *arena, Str secret, Str token, Claims *ret_claims);
void token_cache_keep(Str secret, Str token, const Claims *claims);
