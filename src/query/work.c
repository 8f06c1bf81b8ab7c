/* SPDX-License-Identifier: Apache-2.0 */
#include "query/work.h"

#include "query/cold_relation.h"
#include "query/duck_plan.h"

static Status unsupported(QueryRun *run, const AstStatement *statement)
{
    return fail_at(&run->ctx,
                   STATUS_UNSUPPORTED,
                   statement->offset,
                   "%s is not supported",
                   ast_kind_name(statement->kind));
}

Work *select_work_chosen(QueryRun *run, const AstSelect *ast)
{
    bool duck =
        run->engine->only_duck || duck_plan_is_needed(ast) || cold_relation_is_wanted(run, ast);
    return duck ? duck_select_work(run, ast) : select_work(run, ast);
}

static Work *definition_work(QueryRun *run, const AstStatement *statement)
{
    switch (statement->kind) {
    case AST_CREATE_NAMESPACE:
        return create_namespace_work(run, &statement->space);
    case AST_DROP_NAMESPACE:
        return drop_namespace_work(run, &statement->space);
    case AST_CREATE_TABLE:
        return create_table_work(run, &statement->create_table);
    case AST_ALTER_TABLE:
        return alter_table_work(run, &statement->alter_table);
    case AST_DROP_TABLE:
        return drop_table_work(run, &statement->drop_table);
    case AST_CREATE_USER:
        return create_user_work(run, &statement->user);
    case AST_ALTER_USER:
        return alter_user_work(run, &statement->user);
    case AST_DROP_USER:
        return drop_user_work(run, &statement->user);
    case AST_CREATE_STORAGE:
        return create_storage_work(run, &statement->storage);
    case AST_ALTER_STORAGE:
        return alter_storage_work(run, &statement->storage);
    case AST_DROP_STORAGE:
        return drop_storage_work(run, &statement->storage);
    case AST_STORAGE_FLUSH:
    case AST_STORAGE_COMPACT:
        return maintain_work(run, statement);
    default:
        return NULL;
    }
}

static Work *other_work(QueryRun *run, const AstStatement *statement)
{
    switch (statement->kind) {
    case AST_SELECT:
        return select_work_chosen(run, statement->select);
    case AST_EXPLAIN:
        return explain_work(run, &statement->explain);
    case AST_INSERT:
        return insert_work(run, &statement->insert);
    case AST_UPDATE:
        return update_work(run, &statement->update);
    case AST_DELETE:
        return delete_work(run, &statement->delete_from);
    case AST_USE:
        return use_work(run, &statement->use);
    case AST_SHOW:
        return show_work(run, &statement->show);
    case AST_DESCRIBE:
        return describe_work(run, &statement->describe);
    case AST_STORAGE_CHECK:
        return storage_check_work(run, &statement->storage);
    case AST_KILL:
        return kill_work(run, &statement->kill);
    case AST_BEGIN:
        return begin_work(run);
    case AST_COMMIT:
        return commit_work(run);
    case AST_ROLLBACK:
        return rollback_work(run);
    default:
        return NULL;
    }
}

Status work_new(QueryRun *run, const AstStatement *statement, Work **ret_work)
{
    Work *work = other_work(run, statement);
    Work *definition = work ? NULL : definition_work(run, statement);
    if (definition && run->transaction)
        return fail_at(&run->ctx,
                       STATUS_INVALID_OPERATION,
                       statement->offset,
                       "%s is not allowed inside a transaction",
                       ast_kind_name(statement->kind));
    if (!work && !definition)
        return unsupported(run, statement);
    *ret_work = work ? work : definition;
    return STATUS_OK;
}
