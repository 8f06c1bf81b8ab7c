/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Failed logins: so many in a row lock an account for a while.
 *
 * Counted in memory, for ids that exist and ids that do not alike, so that a
 * lock tells nothing.  At most LOGIN_RECORDS_MAX ids are remembered, the one
 * untouched for longest gives way.  Any thread.
 */
#pragma once

#include "base/cleanup.h"
#include "base/str.h"

enum { LOGIN_FAILURES_MAX = 5, LOGIN_LOCK_MINUTES = 15, LOGIN_RECORDS_MAX = 20000 };

typedef struct LoginGuard LoginGuard;

/* What system.users shows. 0 = none, never. */
typedef struct LoginState {
    int failed_attempts;
    int64_t locked_until_us;
    int64_t last_login_us;
} LoginState;

LoginGuard *login_guard_new(void);
void login_guard_free(LoginGuard *guard);
DEFINE_CLEANUP(LoginGuard, login_guard_free)

LoginState login_guard_state(LoginGuard *guard, Str user_id, int64_t now_us);
void login_guard_succeeded(LoginGuard *guard, Str user_id, int64_t now_us);
void login_guard_failed(LoginGuard *guard, Str user_id, int64_t now_us);
