/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens: JWT (RFC 7519) signed with HS256, made and read here and nowhere else.
 *
 * The algorithm is ours, never the token's: a header that says anything but
 * HS256 is refused before the signature is looked at.  Claims are those of
 * protocol.md 1.5; all but email must be there, others are ignored.  One is our
 * own: "cv", the version of the account's credentials (user.h), which tokens
 * made by others with the shared secret need not have.
 */
#pragma once

#include "base/context.h"
#include "catalog/user.h"

enum {
    TOKEN_LENGTH_MAX = 8192,
    TOKEN_LEEWAY_SECONDS = 60, /* how far clocks may differ */
};

typedef enum TokenType { TOKEN_ACCESS, TOKEN_REFRESH } TokenType;

typedef struct Claims {
    Str user_id;
    Role role;
    TokenType type;
    int64_t issued_at;            /* seconds since 1970 */
    int64_t expires_at;           /* seconds since 1970, leeway not counted */
    Str email;                    /* ptr NULL = none */
    uint32_t credentials_version; /* 0 = the token does not say */
} Claims;

Str token_create(Arena *arena, Str secret, const Claims *claims);

/*
 * Strict: three parts of canonical base64url without padding, a valid
 * signature, well-formed claims, issued by us and not in the future.  Strings
 * are in ctx's arena.  STATUS_INVALID_CREDENTIALS, and STATUS_TOKEN_EXPIRED when
 * nothing but the time is wrong; the message is the same for both, the reason is
 * the error's detail and not for the caller.
 */
MUST_CHECK Status
token_verify(Context *ctx, Str secret, Str token, int64_t now_seconds, Claims *ret_claims);
