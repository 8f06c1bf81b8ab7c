/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Passwords: Argon2id (RFC 9106) in PHC strings.
 *
 * Hashing takes tens of milliseconds and the policy's memory, so it belongs on
 * a worker thread; at most PASSWORD_HASHES_AT_ONCE run at a time in the whole
 * process, later ones wait.  Callable from any thread.
 */
#pragma once

#include "base/context.h"

enum {
    PASSWORD_HASHES_AT_ONCE = 2,
    PASSWORD_LENGTH_MIN = 8,
    PASSWORD_LENGTH_MAX = 256, /* bytes; also what is ever hashed */
};

/* Zero = the default in brackets. */
typedef struct PasswordPolicy {
    uint32_t memory_kib;  /* [19,456] */
    uint32_t iterations;  /* [2] */
    uint32_t parallelism; /* [1] */
    size_t length_min;    /* [PASSWORD_LENGTH_MIN] */
    size_t length_max;    /* [PASSWORD_LENGTH_MAX], and no more than that */
    bool allow_common;    /* do not refuse the most common passwords */
    bool complexity; /* require an upper- and a lower-case letter, a digit, another character */
} PasswordPolicy;

/* Every password of the first set-up: length, common ones, complexity when the policy asks for it.
 * STATUS_INVALID_INPUT "Weak password: ..". policy NULL = all defaults, here and below. */
MUST_CHECK Status password_check(Context *ctx, const PasswordPolicy *policy, Str password);

/* CREATE USER and ALTER USER: as password_check() when the policy asks for complexity, else the
 * length only. */
MUST_CHECK Status password_check_user(Context *ctx, const PasswordPolicy *policy, Str password);

/* "$argon2id$v=19$m=..,t=..,p=..$salt$hash" in ctx's arena, with a fresh salt. */
MUST_CHECK Status password_hash(Context *ctx,
                                const PasswordPolicy *policy,
                                Str password,
                                Str *ret_hash);

/*
 * An empty or unreadable hash matches nothing but costs as much as one that
 * is there, so that nobody learns from the time whether an account exists.
 */
MUST_CHECK Status password_verify(
    Context *ctx, const PasswordPolicy *policy, Str password, Str hash, bool *ret_matches);
