/* SPDX-License-Identifier: Apache-2.0 */
#include "query/access.h"

/* ---- by kind ---- */

static Action show_action(const AstShow *show)
{
    switch (show->show) {
    case AST_SHOW_MANIFEST:
        return ACTION_SHOW_MANIFEST;
    case AST_SHOW_ALL:
        return ACTION_SHOW_SETTINGS;
    default:
        return ACTION_LIST;
    }
}

/* ACTION_COUNT: decided when the table is known, or allowed to everybody. */
static Action statement_action(const AstStatement *statement)
{
    switch (statement->kind) {
    case AST_CREATE_NAMESPACE:
    case AST_ALTER_NAMESPACE:
    case AST_DROP_NAMESPACE:
        return ACTION_NAMESPACE_DDL;
    case AST_CREATE_VIEW:
    case AST_DROP_VIEW:
        return ACTION_VIEW_DDL;
    case AST_CREATE_USER:
    case AST_ALTER_USER:
    case AST_DROP_USER:
        return ACTION_USER_DDL;
    case AST_CREATE_STORAGE:
    case AST_ALTER_STORAGE:
    case AST_DROP_STORAGE:
    case AST_STORAGE_CHECK:
        return ACTION_STORAGE_DDL;
    case AST_STORAGE_FLUSH:
    case AST_STORAGE_COMPACT:
        return ACTION_MAINTAIN_ALL;
    case AST_KILL:
        return ACTION_KILL;
    case AST_SHOW:
        return show_action(&statement->show);
    default:
        return ACTION_COUNT;
    }
}

Status access_check_statement(QueryRun *run, const AstStatement *statement)
{
    Action action = statement_action(statement);
    return action == ACTION_COUNT ? STATUS_OK : authorize(&run->ctx, &run->actor, action, NULL);
}

/* ---- impersonation ---- */

static bool is_dml_or_select(AstKind kind)
{
    return kind == AST_SELECT || kind == AST_INSERT || kind == AST_UPDATE || kind == AST_DELETE;
}

Status access_execute_as(QueryRun *run)
{
    const AstExecuteAs *execute_as = &run->statement->execute_as;
    Str target_id = execute_as->user.text;
    if (!is_dml_or_select(execute_as->statement->kind))
        return fail_at(&run->ctx,
                       STATUS_INVALID_OPERATION,
                       execute_as->statement->offset,
                       "EXECUTE AS USER runs SELECT, INSERT, UPDATE and DELETE, not %s",
                       ast_kind_name(execute_as->statement->kind));
    const User *target = catalog_user(run->snapshot->catalog, target_id);
    TRY(authorize_impersonation(&run->ctx, &run->actor, target_id, target, &run->principal));
    run->impersonated = true;
    run->statement = execute_as->statement;
    return STATUS_OK;
}

/* ---- tables ---- */

Str access_namespace(const QueryRun *run, const AstTableName *name)
{
    return name->namespace_name.text.ptr ? name->namespace_name.text
                                         : buf_str(&run->namespace_name);
}

const Table *access_find_table(const QueryRun *run, const AstTableName *name)
{
    return catalog_table(run->snapshot->catalog, access_namespace(run, name), name->name.text);
}

Status access_table(QueryRun *run, const AstTableName *name, Action action, const Table **ret_table)
{
    const Table *table = access_find_table(run, name);
    if (!table)
        return fail_at(&run->ctx,
                       STATUS_TABLE_NOT_FOUND,
                       name->name.offset,
                       "%.*s.%.*s",
                       STR_ARG(access_namespace(run, name)),
                       STR_ARG(name->name.text));
    TRY(authorize(&run->ctx, &run->principal, action, table));
    if (run->impersonated)
        TRY(authorize_impersonated_table(&run->ctx, table));
    if (run->transaction && (table->kind == TABLE_STREAM || table->kind == TABLE_SYSTEM))
        return fail_at(&run->ctx,
                       STATUS_INVALID_OPERATION,
                       name->name.offset,
                       "%s tables are not supported inside a transaction (table '%.*s')",
                       table->kind == TABLE_STREAM ? "STREAM" : "system",
                       STR_ARG(table->full_name));
    *ret_table = table;
    return STATUS_OK;
}
