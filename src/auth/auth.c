/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/auth.h"

#include "base/clock.h"
#include "base/memory.h"

#include <openssl/crypto.h>

enum { DEFAULT_TOKEN_HOURS = 24, REFRESH_FACTOR = 7 };

struct Auth {
    AuthOptions options;
    char *secret; /* what options.secret points to */
    LoginGuard *guard;
};

static int64_t now_seconds(void)
{
    return clock_wall_us() / 1000000;
}

Auth *auth_new(const AuthOptions *options)
{
    Auth *auth = NEW(Auth);
    auth->options = *options;
    auth->secret = mem_dup(options->secret.ptr, options->secret.len);
    auth->options.secret.ptr = auth->secret;
    if (auth->options.token_hours == 0)
        auth->options.token_hours = DEFAULT_TOKEN_HOURS;
    auth->guard = login_guard_new();
    return auth;
}

void auth_free(Auth *auth)
{
    if (!auth)
        return;
    login_guard_free(auth->guard);
    OPENSSL_cleanse(auth->secret, auth->options.secret.len);
    free(auth->secret);
    free(auth);
}

const PasswordPolicy *auth_password_policy(const Auth *auth)
{
    return &auth->options.password;
}

LoginGuard *auth_login_guard(const Auth *auth)
{
    return auth->guard;
}

/* ---- login ---- */

static Status refuse_login(Context *ctx, LoginAttempt *attempt)
{
    attempt->refusal = LOGIN_WRONG;
    return fail(ctx, STATUS_INVALID_CREDENTIALS, "Invalid credentials");
}

static Status check_lock(Context *ctx, Auth *auth, LoginAttempt *attempt)
{
    int64_t now_us = clock_wall_us();
    LoginState state = login_guard_state(auth->guard, attempt->user_id, now_us);
    if (!state.locked_until_us)
        return STATUS_OK;
    int64_t minutes = (state.locked_until_us - now_us + 59999999) / 60000000;
    attempt->refusal = LOGIN_LOCKED;
    return fail(ctx,
                STATUS_INVALID_CREDENTIALS,
                "Account is locked after too many failed logins. Try again in %lld minute(s).",
                (long long)minutes);
}

/* Accounts of other providers have no password here; theirs would be the empty one. */
static Str login_hash(const User *user)
{
    return user && user->auth_type != AUTH_OAUTH ? user->password_hash : STR_NULL;
}

Status auth_login(
    Context *ctx, Auth *auth, const Catalog *catalog, LoginAttempt *attempt, const User **ret_user)
{
    if (attempt->user_id.len > USER_ID_LENGTH_MAX || attempt->password.len > PASSWORD_LENGTH_MAX)
        return refuse_login(ctx, attempt);
    if (str_equal(attempt->user_id, ROOT_USER_ID) && attempt->password.len == 0 &&
        auth_needs_setup(catalog)) {
        attempt->refusal = LOGIN_NEEDS_SETUP;
        return fail(
            ctx, STATUS_INVALID_CREDENTIALS, "Server setup is required: root has no password");
    }
    TRY(check_lock(ctx, auth, attempt));
    const User *user = catalog_user(catalog, attempt->user_id);
    bool matches = false;
    attempt->refusal = LOGIN_FAILED;
    TRY(password_verify(
        ctx, &auth->options.password, attempt->password, login_hash(user), &matches));
    if (!user || !matches) {
        login_guard_failed(auth->guard, attempt->user_id, clock_wall_us());
        return refuse_login(ctx, attempt);
    }
    login_guard_succeeded(auth->guard, attempt->user_id, clock_wall_us());
    *ret_user = user;
    return STATUS_OK;
}

TokenPair auth_issue_tokens(Arena *arena, const Auth *auth, const User *user)
{
    int64_t now = now_seconds();
    int64_t seconds = auth->options.token_hours * 3600;
    Claims claims = {
        .user_id = user->id,
        .role = user->role,
        .type = TOKEN_ACCESS,
        .issued_at = now,
        .expires_at = now + seconds,
        .email = user->email,
        .credentials_version = user->credentials_version,
    };
    TokenPair pair = {.access_expires_at_us = claims.expires_at * 1000000};
    pair.access = token_create(arena, auth->options.secret, &claims);
    claims.type = TOKEN_REFRESH;
    claims.expires_at = now + seconds * REFRESH_FACTOR;
    pair.refresh_expires_at_us = claims.expires_at * 1000000;
    pair.refresh = token_create(arena, auth->options.secret, &claims);
    return pair;
}

/* ---- sessions ---- */

static Status refuse_token(Context *ctx, const char *why)
{
    fail(ctx, STATUS_INVALID_CREDENTIALS, "Invalid credentials");
    fail_detail(ctx, "%s", why);
    return STATUS_INVALID_CREDENTIALS;
}

/* Issued before a change of role or password, or to an earlier account of this id? */
static bool is_outdated(const Claims *claims, const User *user)
{
    return claims->credentials_version && claims->credentials_version != user->credentials_version;
}

Status auth_verify_bearer(
    Context *ctx, const Auth *auth, const Catalog *catalog, Str token, Session *ret_session)
{
    Claims claims;
    TRY(token_verify(ctx, auth->options.secret, token, now_seconds(), &claims));
    if (claims.type != TOKEN_ACCESS)
        return refuse_token(ctx, "a refresh token is no access token");
    const User *user = catalog_user(catalog, claims.user_id);
    if (!user)
        return refuse_token(ctx, "the account does not exist");
    if (user->role != claims.role)
        return refuse_token(ctx, "the account has another role");
    if (is_outdated(&claims, user))
        return refuse_token(ctx, "the account's credentials have changed");
    int64_t end;
    if (__builtin_add_overflow(claims.expires_at, TOKEN_LEEWAY_SECONDS, &end) ||
        __builtin_mul_overflow(end, INT64_C(1000000), &end))
        end = INT64_MAX;
    *ret_session = (Session){
        .principal = {.user_id = claims.user_id, .role = claims.role},
        .email = user->email.ptr ? arena_str(&ctx->arena, user->email) : STR_NULL,
        .expires_at_us = end,
        .credentials_version = user->credentials_version,
    };
    return STATUS_OK;
}

Status auth_verify_header(
    Context *ctx, const Auth *auth, const Catalog *catalog, Str header, Session *ret_session)
{
    Str scheme;
    Str token = str_trim(header);
    if (!str_split(&token, ' ', &scheme) || !str_equal_nocase(scheme, STR("Bearer")))
        return refuse_token(ctx, "the Authorization header has no Bearer token");
    return auth_verify_bearer(ctx, auth, catalog, str_trim(token), ret_session);
}

Status auth_verify_refresh(
    Context *ctx, const Auth *auth, const Catalog *catalog, Str token, const User **ret_user)
{
    Claims claims;
    TRY(token_verify(ctx, auth->options.secret, token, now_seconds(), &claims));
    if (claims.type != TOKEN_REFRESH)
        return fail(ctx, STATUS_INVALID_CREDENTIALS, "Refresh endpoint requires a refresh token");
    const User *user = catalog_user(catalog, claims.user_id);
    if (!user)
        return fail(ctx, STATUS_INVALID_CREDENTIALS, "User no longer valid");
    if (user->role != claims.role)
        return fail(ctx, STATUS_INVALID_CREDENTIALS, "Token role does not match user role");
    if (is_outdated(&claims, user))
        return refuse_token(ctx, "the account's credentials have changed");
    *ret_user = user;
    return STATUS_OK;
}

SessionState auth_session_state(const Session *session, const Catalog *catalog, int64_t now_us)
{
    const User *user = catalog_user(catalog, session->principal.user_id);
    if (!user || user->role != session->principal.role ||
        user->credentials_version != session->credentials_version)
        return SESSION_REVOKED;
    return now_us >= session->expires_at_us ? SESSION_EXPIRED : SESSION_ALIVE;
}

/* ---- the root account ---- */

bool auth_needs_setup(const Catalog *catalog)
{
    const User *root = catalog_account(catalog, ROOT_USER_ID);
    return !root || (root->password_hash.len == 0 && root->deleted_at_us == 0 &&
                     root->credentials_version == 1);
}

static User *copy_to_arena(Arena *arena, const User *from)
{
    User *user = ARENA_NEW(arena, User);
    if (!from)
        return user;
    user->id = from->id;
    user->role = from->role;
    user->auth_type = from->auth_type;
    user->password_hash = from->password_hash;
    user->email = from->email;
    user->auth_data = from->auth_data;
    user->created_at_us = from->created_at_us;
    return user;
}

Status auth_root_account(
    Context *ctx, const Auth *auth, const Catalog *catalog, Str password, const User **ret_user)
{
    const User *stored = catalog_account(catalog, ROOT_USER_ID);
    bool is_sound = stored && stored->role == ROLE_SYSTEM && stored->deleted_at_us == 0;
    bool is_right = is_sound && password.len == 0;
    if (is_sound && password.len > 0)
        TRY(password_verify(
            ctx, &auth->options.password, password, stored->password_hash, &is_right));
    if (is_right) {
        *ret_user = NULL;
        return STATUS_OK;
    }
    User *root = copy_to_arena(&ctx->arena, stored);
    root->id = ROOT_USER_ID;
    root->role = ROLE_SYSTEM;
    root->auth_type = AUTH_INTERNAL;
    if (!root->email.ptr)
        root->email = STR("root@localhost");
    if (password.len > 0)
        TRY(password_hash(ctx, &auth->options.password, password, &root->password_hash));
    *ret_user = root;
    return STATUS_OK;
}

Status auth_make_user(
    Context *ctx, const Auth *auth, Str user_id, Role role, Str password, User **ret_user)
{
    User *user = ARENA_NEW(&ctx->arena, User);
    user->id = user_id;
    user->role = role;
    user->auth_type = AUTH_PASSWORD;
    TRY(password_hash(ctx, &auth->options.password, password, &user->password_hash));
    *ret_user = user;
    return STATUS_OK;
}
