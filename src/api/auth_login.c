/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POST /v1/api/auth/login, refresh, logout; GET /v1/api/auth/me.
 */
#include "api/auth_job.h"
#include "api/auth_reply.h"
#include "base/log.h"

/* ---- login ---- */

typedef struct LoginJob {
    AuthJob job;
    LoginAttempt attempt;
    Status status;
    const User *user; /* in the job's snapshot */
    TokenPair tokens;
} LoginJob;

static void work_login(AuthJob *job)
{
    LoginJob *login = CONTAINER_OF(job, LoginJob, job);
    Auth *auth = job->home->api->options.auth;
    login->status =
        auth_login(&job->ctx, auth, job->snapshot->catalog, &login->attempt, &login->user);
    if (login->status == STATUS_OK)
        login->tokens = auth_issue_tokens(&job->ctx.arena, auth, login->user);
}

static void refuse_login(LoginJob *login, Connection *conn)
{
    static const struct {
        int status;
        const char *code;
    } refusals[] = {
        [LOGIN_WRONG] = {401, "unauthorized"},
        [LOGIN_LOCKED] = {401, "account_locked"},
        [LOGIN_NEEDS_SETUP] = {428, "setup_required"},
        [LOGIN_FAILED] = {500, "internal_error"},
    };
    LoginRefusal refusal = login->attempt.refusal;
    Context *ctx = &login->job.ctx;
    Str message = ctx->message;
    if (refusal == LOGIN_FAILED) {
        log_error("api", "login failed error=%.*s", STR_ARG(message));
        message = context_error_text(&ctx->arena, ctx, AUDIENCE_ALL);
    }
    reply_error(conn, refusals[refusal].status, refusals[refusal].code, message);
}

static void answer_login(AuthJob *job, Connection *conn)
{
    LoginJob *login = CONTAINER_OF(job, LoginJob, job);
    if (login->status == STATUS_OK)
        auth_reply_tokens(conn, &job->ctx.arena, login->user, &login->tokens);
    else
        refuse_login(login, conn);
}

void api_post_login(const ApiRequest *request)
{
    if (auth_refuses_speed(request))
        return;
    CLEANUP(auth_job_free) AuthJob *job = auth_job_new(request, sizeof(LoginJob));
    LoginAttempt *attempt = &CONTAINER_OF(job, LoginJob, job)->attempt;
    const AuthField fields[] = {
        {STR("user"), STR("username"), &attempt->user_id, USER_ID_LENGTH_MAX, false},
        {STR("password"), STR_NULL, &attempt->password, PASSWORD_LENGTH_MAX, false},
    };
    Str why;
    if (!auth_read_fields(&job->ctx, request->http->body, fields, 2, &why)) {
        reply_text(request->conn, 400, why);
        return;
    }
    job->work = work_login;
    job->answer = answer_login;
    auth_job_start(TAKE(job), request->conn);
}

/* ---- the others: signatures are quick ---- */

void api_post_refresh(const ApiRequest *request)
{
    if (auth_refuses_speed(request))
        return;
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(snapshot_unref) Snapshot *snapshot = api_snapshot(request->home->api);
    Auth *auth = request->home->api->options.auth;
    Str token = auth_cookie(request->http, COOKIE_REFRESH);
    if (token.len == 0)
        token = auth_bearer(request->http);
    const User *user;
    if (token.len == 0) {
        auth_reply_unauthorized(request->conn, STR("No refresh token found"));
    } else if (auth_verify_refresh(&ctx, auth, snapshot->catalog, token, &user) != STATUS_OK) {
        auth_reply_unauthorized(request->conn, ctx.message);
    } else {
        TokenPair tokens = auth_issue_tokens(&ctx.arena, auth, user);
        auth_reply_tokens(request->conn, &ctx.arena, user, &tokens);
    }
}

void api_post_logout(const ApiRequest *request)
{
    CLEANUP(context_done) Context ctx = {0};
    auth_reply_logout(request->conn, &ctx.arena);
}

static void reply_identity(Connection *conn, const User *user)
{
    Buf body = {0};
    BUF_LIT(&body, "{\"user\":");
    auth_write_user(&body, user);
    buf_printf(&body, ",\"admin_ui_access\":%s}", role_is_admin(user->role) ? "true" : "false");
    reply_json(conn, 200, &body, NULL);
}

void api_get_me(const ApiRequest *request)
{
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(snapshot_unref) Snapshot *snapshot = api_snapshot(request->home->api);
    Auth *auth = request->home->api->options.auth;
    Str token = auth_bearer(request->http);
    if (token.len == 0)
        token = auth_cookie(request->http, COOKIE_ACCESS);
    Session session;
    if (token.len == 0)
        auth_reply_unauthorized(request->conn, STR("No auth token found"));
    else if (auth_verify_bearer(&ctx, auth, snapshot->catalog, token, &session) != STATUS_OK)
        auth_reply_unauthorized(request->conn, ctx.message);
    else
        reply_identity(request->conn, catalog_user(snapshot->catalog, session.principal.user_id));
}
