/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CREATE, ALTER and DROP USER.  Passwords are hashed while planning, on a
 * worker; the account itself is read and written on the executing thread, so
 * that two statements about one account do not undo each other.
 */
#include "auth/auth.h"
#include "commit/catalog_commit.h"
#include "query/ddl.h"
#include "query/work.h"
#include "value/json.h"

typedef struct UserDdl {
    Work work;
    const AstUser *ast;
    bool has_role;
    Role role;
    Str password_hash; /* ptr NULL = not given */
    bool skipped;
} UserDdl;

static UserDdl *user_ddl_new(QueryRun *run, const AstUser *ast)
{
    UserDdl *ddl = ARENA_NEW(&run->ctx.arena, UserDdl);
    ddl->ast = ast;
    return ddl;
}

static Status parse_role(QueryRun *run, UserDdl *ddl)
{
    const AstName *name = &ddl->ast->role;
    ddl->has_role = name->text.ptr != NULL;
    if (!ddl->has_role || role_parse(name->text, &ddl->role))
        return STATUS_OK;
    Status status = fail_at(
        &run->ctx, STATUS_INVALID_SQL, name->offset, "Unknown role '%.*s'", STR_ARG(name->text));
    fail_hint(&run->ctx, "the roles are user, service, dba and system");
    return status;
}

static Status hash_password(QueryRun *run, UserDdl *ddl)
{
    if (!ddl->ast->password.ptr)
        return STATUS_OK;
    const PasswordPolicy *policy = run->engine->password_policy;
    TRY(password_check_user(&run->ctx, policy, ddl->ast->password));
    TRY(run_require_worker(run));
    return password_hash(&run->ctx, policy, ddl->ast->password, &ddl->password_hash);
}

/* What the other provider says about the account. */
static Status check_oauth(QueryRun *run, Str text)
{
    const Json *json;
    if (!text.ptr)
        return STATUS_OK;
    if (json_parse(&run->ctx, text, &json) != STATUS_OK || json->kind != JSON_OBJECT)
        return fail(&run->ctx, STATUS_INVALID_SQL, "WITH OAUTH needs a JSON object in quotes");
    return STATUS_OK;
}

static Status plan(QueryRun *run, UserDdl *ddl)
{
    TRY(parse_role(run, ddl));
    ddl->work.writes = true;
    return STATUS_OK;
}

/* The user with the account's new state; borrowed strings are copied by the edit. */
static Status put_user(QueryRun *run, CommitBuilder *builder, const User *user)
{
    CLEANUP(catalog_edit_abort) CatalogEdit *edit = ddl_edit(run, builder);
    TRY(catalog_put_user(edit, user));
    commit_catalog_edit(builder, TAKE(edit));
    return STATUS_OK;
}

static Status unknown_user(QueryRun *run, Str id)
{
    return fail(&run->ctx, STATUS_NOT_FOUND, "User '%.*s' does not exist", STR_ARG(id));
}

/* Without root, or with a root that may less, nobody could repair the accounts. */
static Status protect_root(QueryRun *run, const User *user, const char *what)
{
    if (!str_equal(user->id, ROOT_USER_ID))
        return STATUS_OK;
    return fail(&run->ctx, STATUS_INVALID_OPERATION, "the built-in account root %s", what);
}

/* ---- CREATE ---- */

static Status prepare_create(QueryRun *run, Work *work)
{
    UserDdl *ddl = CONTAINER_OF(work, UserDdl, work);
    TRY(plan(run, ddl));
    if (!ddl->has_role)
        ddl->role = ROLE_USER;
    TRY(authorize_account(&run->ctx, &run->actor, NULL, ddl->role));
    TRY(check_oauth(run, ddl->ast->oauth));
    return hash_password(run, ddl);
}

static AuthType auth_type_of(const AstUser *ast)
{
    if (ast->oauth.ptr)
        return AUTH_OAUTH;
    return ast->internal ? AUTH_INTERNAL : AUTH_PASSWORD;
}

static Status execute_create(QueryRun *run, Work *work, CommitBuilder *builder)
{
    UserDdl *ddl = CONTAINER_OF(work, UserDdl, work);
    Str id = ddl->ast->user.text;
    if (catalog_user(commit_catalog(builder), id))
        return fail(&run->ctx, STATUS_ALREADY_EXISTS, "User '%.*s' already exists", STR_ARG(id));
    User user = {
        .id = id,
        .role = ddl->role,
        .auth_type = auth_type_of(ddl->ast),
        .password_hash = ddl->password_hash,
        .email = ddl->ast->email,
        .auth_data = ddl->ast->oauth,
    };
    return put_user(run, builder, &user);
}

static Status finish_create(QueryRun *run, Work *work)
{
    run_message(
        run, "User '%.*s' created", STR_ARG(CONTAINER_OF(work, UserDdl, work)->ast->user.text));
    return STATUS_OK;
}

Work *create_user_work(QueryRun *run, const AstUser *ast)
{
    UserDdl *ddl = user_ddl_new(run, ast);
    ddl->work = (Work){
        .prepare = prepare_create,
        .execute = execute_create,
        .finish = finish_create,
    };
    return &ddl->work;
}

/* ---- ALTER ---- */

static Status prepare_alter(QueryRun *run, Work *work)
{
    UserDdl *ddl = CONTAINER_OF(work, UserDdl, work);
    TRY(plan(run, ddl));
    return hash_password(run, ddl);
}

static Status execute_alter(QueryRun *run, Work *work, CommitBuilder *builder)
{
    UserDdl *ddl = CONTAINER_OF(work, UserDdl, work);
    const User *before = catalog_user(commit_catalog(builder), ddl->ast->user.text);
    if (!before)
        return unknown_user(run, ddl->ast->user.text);
    Role role = ddl->has_role ? ddl->role : before->role;
    TRY(authorize_account(&run->ctx, &run->actor, before, role));
    if (role != before->role)
        TRY(protect_root(run, before, "keeps its role"));

    CLEANUP(user_unref) User *after = user_copy(before);
    after->role = role;
    if (ddl->password_hash.ptr) {
        after->password_hash = ddl->password_hash;
        after->auth_type = AUTH_PASSWORD;
    }
    if (ddl->ast->email.ptr)
        after->email = ddl->ast->email;
    return put_user(run, builder, after);
}

static Status finish_alter(QueryRun *run, Work *work)
{
    run_message(
        run, "User '%.*s' updated", STR_ARG(CONTAINER_OF(work, UserDdl, work)->ast->user.text));
    return STATUS_OK;
}

Work *alter_user_work(QueryRun *run, const AstUser *ast)
{
    UserDdl *ddl = user_ddl_new(run, ast);
    ddl->work = (Work){
        .prepare = prepare_alter,
        .execute = execute_alter,
        .finish = finish_alter,
    };
    return &ddl->work;
}

/* ---- DROP ---- */

static Status prepare_drop(QueryRun *run, Work *work)
{
    (void)run;
    work->writes = true;
    return STATUS_OK;
}

static Status execute_drop(QueryRun *run, Work *work, CommitBuilder *builder)
{
    UserDdl *ddl = CONTAINER_OF(work, UserDdl, work);
    Str id = ddl->ast->user.text;
    const User *before = catalog_user(commit_catalog(builder), id);
    ddl->skipped = !before && ddl->ast->if_exists;
    if (ddl->skipped)
        return STATUS_OK;
    if (!before)
        return unknown_user(run, id);
    TRY(authorize_account(&run->ctx, &run->actor, before, before->role));
    TRY(protect_root(run, before, "cannot be dropped"));
    CLEANUP(user_unref) User *after = user_copy(before);
    after->deleted_at_us = commit_time_ms(builder) * 1000;
    return put_user(run, builder, after);
}

static Status finish_drop(QueryRun *run, Work *work)
{
    UserDdl *ddl = CONTAINER_OF(work, UserDdl, work);
    run_message(run,
                ddl->skipped ? "User '%.*s' does not exist (skipped)"
                             : "User '%.*s' dropped (soft delete)",
                STR_ARG(ddl->ast->user.text));
    return STATUS_OK;
}

Work *drop_user_work(QueryRun *run, const AstUser *ast)
{
    UserDdl *ddl = user_ddl_new(run, ast);
    ddl->work = (Work){
        .prepare = prepare_drop,
        .execute = execute_drop,
        .finish = finish_drop,
    };
    return &ddl->work;
}
