/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Authentication: who is this?  Logins with passwords, tokens, sessions, the
 * root account.
 *
 * An Auth is shared by all threads and immutable but for the count of failed
 * logins (login_guard.h).  Accounts come from the catalog that the caller
 * passes; changes of accounts are returned as Users for the caller to commit.
 * Times come from base/clock.h.
 */
#pragma once

#include "auth/authorizer.h"
#include "auth/login_guard.h"
#include "auth/password.h"
#include "auth/token.h"
#include "catalog/catalog.h"

typedef struct AuthOptions {
    Str secret;          /* of tokens: secret_load() */
    int64_t token_hours; /* of access tokens; 0 = 24. Refresh tokens live 7 times as long */
    PasswordPolicy password;
} AuthOptions;

typedef struct Auth Auth;

/* Copies the options. */
Auth *auth_new(const AuthOptions *options);
void auth_free(Auth *auth);
DEFINE_CLEANUP(Auth, auth_free)

const PasswordPolicy *auth_password_policy(const Auth *auth);
LoginGuard *auth_login_guard(const Auth *auth);

/* ---- login ---- */

typedef enum LoginRefusal {
    LOGIN_WRONG,       /* 401 unauthorized: the text is the same whatever is wrong */
    LOGIN_LOCKED,      /* 401 account_locked */
    LOGIN_NEEDS_SETUP, /* 428 setup_required: root has no password yet and none was sent */
    LOGIN_FAILED,      /* 500 internal_error */
} LoginRefusal;

typedef struct LoginAttempt {
    Str user_id;
    Str password;
    LoginRefusal refusal; /* set when login() fails */
} LoginAttempt;

/*
 * Checks the password, on a worker (password.h).  The user is borrowed from the
 * catalog.  STATUS_INVALID_CREDENTIALS with the message for the client.
 */
MUST_CHECK Status auth_login(
    Context *ctx, Auth *auth, const Catalog *catalog, LoginAttempt *attempt, const User **ret_user);

typedef struct TokenPair {
    Str access;
    Str refresh;
    int64_t access_expires_at_us;
    int64_t refresh_expires_at_us;
} TokenPair;

/* In the arena. */
TokenPair auth_issue_tokens(Arena *arena, const Auth *auth, const User *user);

/* ---- sessions ---- */

/* Somebody whose token was accepted.  Strings are in the arena of the Context that verified it. */
typedef struct Session {
    Principal principal;
    Str email;                    /* ptr NULL = none */
    int64_t expires_at_us;        /* leeway included: from then on the token is not accepted */
    uint32_t credentials_version; /* of the account when the session began */
} Session;

/*
 * An access token of an account that exists, has the role that the token says
 * and, when the token is ours, the credentials of then.  STATUS_TOKEN_EXPIRED or
 * STATUS_INVALID_CREDENTIALS; the message says the same for all of them, the detail says why.
 */
MUST_CHECK Status auth_verify_bearer(
    Context *ctx, const Auth *auth, const Catalog *catalog, Str token, Session *ret_session);

/* The value of an Authorization header: "Bearer " and such a token. */
MUST_CHECK Status auth_verify_header(
    Context *ctx, const Auth *auth, const Catalog *catalog, Str header, Session *ret_session);

/* A refresh token, for new tokens; the messages are those of protocol.md 1.5. The user is borrowed
 * from the catalog. */
MUST_CHECK Status auth_verify_refresh(
    Context *ctx, const Auth *auth, const Catalog *catalog, Str token, const User **ret_user);

/* Would the session still be accepted?  Else it ended: expired, or revoked by a change of the
 * account. For streams that outlive a request. */
typedef enum SessionState { SESSION_ALIVE, SESSION_EXPIRED, SESSION_REVOKED } SessionState;
SessionState auth_session_state(const Session *session, const Catalog *catalog, int64_t now_us);

/* ---- the root account ---- */

#define ROOT_USER_ID STR("root")

/*
 * Has root never had a password?  Only then is set-up open to whoever comes
 * first: an account that lost its password, or was dropped by an earlier
 * version, belongs to a database that is in use.
 */
bool auth_needs_setup(const Catalog *catalog);

/*
 * At start: what root has to become, in ctx's arena, or NULL when it is right
 * as it is.  An empty password leaves the one that is stored; a given one
 * replaces it.  A dropped account is brought back with the password it had.
 */
MUST_CHECK Status auth_root_account(
    Context *ctx, const Auth *auth, const Catalog *catalog, Str password, const User **ret_user);

/* An account with that password's hash, in ctx's arena; the caller fills in the rest. */
MUST_CHECK Status auth_make_user(
    Context *ctx, const Auth *auth, Str user_id, Role role, Str password, User **ret_user);
