/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first run: GET /v1/api/auth/status, POST /v1/api/auth/setup.  Set-up makes
 * a first administrator and gives root its password, in one commit, as long as
 * root has none.
 */
#include "api/auth_job.h"
#include "api/auth_reply.h"
#include "base/clock.h"
#include "base/log.h"
#include "commit/catalog_commit.h"

#include <assert.h>

typedef struct SetupRefusal {
    int status; /* 0 = none */
    const char *code;
    Str message;
} SetupRefusal;

typedef struct SetupJob {
    AuthJob job;
    Str user_id;
    Str password;
    Str root_password;
    Str email;
    SetupRefusal refusal;
    User *user;
    const User *root;
    WriteOp op;
} SetupJob;

static bool may_set_up(const ApiRequest *request)
{
    return api_is_local(request) || request->home->api->options.settings.allow_remote_setup;
}

static void refuse_remote(const ApiRequest *request)
{
    reply_error(
        request->conn, 403, "forbidden", STR("Server setup can only be performed from localhost"));
}

void api_get_setup_status(const ApiRequest *request)
{
    if (!may_set_up(request)) {
        refuse_remote(request);
        return;
    }
    CLEANUP(snapshot_unref) Snapshot *snapshot = api_snapshot(request->home->api);
    Buf body = {0};
    if (auth_needs_setup(snapshot->catalog))
        BUF_LIT(&body, "{\"needs_setup\":true,\"message\":\"Server requires initial setup\"}");
    else
        BUF_LIT(&body, "{\"needs_setup\":false,\"message\":\"Server is configured\"}");
    reply_json(request->conn, 200, &body, NULL);
}

/* ---- on the executing thread: the newest catalog decides ---- */

static Status put_accounts(SetupJob *setup, CatalogEdit *edit)
{
    TRY(catalog_put_user(edit, setup->root));
    return catalog_put_user(edit, setup->user);
}

static Status execute_setup(WriteOp *op, CommitBuilder *builder)
{
    SetupJob *setup = CONTAINER_OF(op, SetupJob, op);
    const Catalog *catalog = commit_catalog(builder);
    if (!auth_needs_setup(catalog))
        return fail(op->ctx, STATUS_CONFLICT, "the server is configured already");
    if (catalog_user(catalog, setup->user_id))
        return fail(op->ctx, STATUS_ALREADY_EXISTS, "the user exists already");
    CLEANUP(catalog_edit_abort)
    CatalogEdit *edit = catalog_edit_begin(op->ctx, catalog, clock_wall_us());
    TRY(put_accounts(setup, edit));
    commit_catalog_edit(builder, TAKE(edit));
    return STATUS_OK;
}

/* ---- on a worker ---- */

static void refuse(SetupJob *setup, int status, const char *code, const char *what)
{
    Context *ctx = &setup->job.ctx;
    setup->refusal = (SetupRefusal){
        .status = status,
        .code = code,
        .message = arena_printf(&ctx->arena, "%s%.*s", what, STR_ARG(ctx->message)),
    };
}

/* The reason is for the log: nobody has proven yet to be an administrator. */
static void fail_setup(SetupJob *setup)
{
    Context *ctx = &setup->job.ctx;
    log_error("api", "setup failed error=%.*s", STR_ARG(ctx->message));
    setup->refusal = (SetupRefusal){
        .status = status_info(ctx->error)->http_status,
        .code = "internal_error",
        .message = context_error_text(&ctx->arena, ctx, AUDIENCE_ALL),
    };
}

static void refuse_commit(SetupJob *setup, Status status)
{
    if (status == STATUS_CONFLICT)
        refuse(setup, 409, "already_configured", "");
    else if (status == STATUS_ALREADY_EXISTS)
        refuse(setup, 409, "user_exists", "");
    else
        fail_setup(setup);
}

/* In the order of protocol.md 1.5. */
static bool check(SetupJob *setup)
{
    Context *ctx = &setup->job.ctx;
    const PasswordPolicy *policy = auth_password_policy(setup->job.home->api->options.auth);
    if (!auth_needs_setup(setup->job.snapshot->catalog)) {
        refuse(setup, 409, "already_configured", "the server is configured already");
    } else if (password_check(ctx, policy, setup->password) != STATUS_OK) {
        refuse(setup, 400, "weak_password", "DBA user password: ");
    } else if (password_check(ctx, policy, setup->root_password) != STATUS_OK) {
        refuse(setup, 400, "weak_password", "Root password: ");
    } else if (user_id_check(ctx, setup->user_id) != STATUS_OK) {
        refuse(setup, 400, "invalid_user", "");
    } else if (str_equal(setup->user_id, ROOT_USER_ID)) {
        refuse(setup, 400, "invalid_user", "root is not a name for the first administrator");
    } else if (catalog_user(setup->job.snapshot->catalog, setup->user_id)) {
        refuse(setup, 409, "user_exists", "the user exists already");
    } else {
        return true;
    }
    return false;
}

static Status make_accounts(SetupJob *setup)
{
    Context *ctx = &setup->job.ctx;
    Auth *auth = setup->job.home->api->options.auth;
    TRY(auth_root_account(
        ctx, auth, setup->job.snapshot->catalog, setup->root_password, &setup->root));
    TRY(auth_make_user(ctx, auth, setup->user_id, ROLE_DBA, setup->password, &setup->user));
    if (setup->email.ptr)
        setup->user->email = setup->email;
    return STATUS_OK;
}

static Status commit_accounts(SetupJob *setup)
{
    setup->op.ctx = &setup->job.ctx;
    setup->op.execute = execute_setup;
    return sequencer_execute(setup->job.home->api->options.sequencer, &setup->op);
}

static void work_setup(AuthJob *job)
{
    SetupJob *setup = CONTAINER_OF(job, SetupJob, job);
    if (!check(setup))
        return;
    Status status = make_accounts(setup);
    assert(status != STATUS_OK || setup->root); /* it had no password: it changes */
    if (status == STATUS_OK)
        status = commit_accounts(setup);
    if (status != STATUS_OK)
        refuse_commit(setup, status);
}

/* ---- the endpoint ---- */

static void reply_user(Connection *conn, const SetupJob *setup)
{
    CLEANUP(snapshot_unref) Snapshot *snapshot = api_snapshot(setup->job.home->api);
    const User *stored = catalog_user(snapshot->catalog, setup->user_id);
    Buf body = {0};
    BUF_LIT(&body, "{\"user\":");
    auth_write_user(&body, stored ? stored : setup->user);
    BUF_LIT(&body, ",\"message\":\"Server setup complete. You can now log in.\"}");
    reply_json(conn, 200, &body, NULL);
}

static void answer_setup(AuthJob *job, Connection *conn)
{
    const SetupJob *setup = CONTAINER_OF(job, SetupJob, job);
    const SetupRefusal *refusal = &setup->refusal;
    if (refusal->status)
        reply_error(conn, refusal->status, refusal->code, refusal->message);
    else
        reply_user(conn, setup);
}

void api_post_setup(const ApiRequest *request)
{
    if (auth_refuses_speed(request))
        return;
    if (!may_set_up(request)) {
        refuse_remote(request);
        return;
    }
    CLEANUP(auth_job_free) AuthJob *job = auth_job_new(request, sizeof(SetupJob));
    SetupJob *setup = CONTAINER_OF(job, SetupJob, job);
    const AuthField fields[] = {
        {STR("user"), STR("username"), &setup->user_id, USER_ID_LENGTH_MAX, false},
        {STR("password"), STR_NULL, &setup->password, PASSWORD_LENGTH_MAX, false},
        {STR("root_password"), STR_NULL, &setup->root_password, PASSWORD_LENGTH_MAX, false},
        {STR("email"), STR_NULL, &setup->email, 320, true},
    };
    Str why;
    if (!auth_read_fields(&job->ctx, request->http->body, fields, 4, &why)) {
        reply_text(request->conn, 400, why);
        return;
    }
    job->work = work_setup;
    job->answer = answer_setup;
    auth_job_start(TAKE(job), request->conn);
}
