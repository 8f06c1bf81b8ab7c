/* SPDX-License-Identifier: Apache-2.0 */
#include "commit/catalog_commit.h"
#include "query/ddl.h"
#include "query/work.h"
#include "table/table_cleanup.h"

typedef struct NamespaceDdl {
    Work work;
    const AstNamespace *ast;
    bool skipped; /* IF [NOT] EXISTS, and it does (not) */
    Job *cleanup; /* of its tables, until it is released; NULL = it had none */
} NamespaceDdl;

static NamespaceDdl *namespace_ddl_new(QueryRun *run, const AstNamespace *ast)
{
    NamespaceDdl *ddl = ARENA_NEW(&run->ctx.arena, NamespaceDdl);
    ddl->ast = ast;
    return ddl;
}

/* ---- CREATE ---- */

static Status prepare_create(QueryRun *run, Work *work)
{
    NamespaceDdl *ddl = CONTAINER_OF(work, NamespaceDdl, work);
    work->writes = true;
    bool exists =
        ddl->ast->if_not_exists && catalog_namespace(run->snapshot->catalog, ddl->ast->name.text);
    return exists ? STATUS_OK : name_check_namespace(&run->ctx, ddl->ast->name);
}

static Status execute_create(QueryRun *run, Work *work, CommitBuilder *builder)
{
    NamespaceDdl *ddl = CONTAINER_OF(work, NamespaceDdl, work);
    Str name = ddl->ast->name.text;
    ddl->skipped = ddl->ast->if_not_exists && catalog_namespace(commit_catalog(builder), name);
    if (ddl->skipped)
        return STATUS_OK;
    CLEANUP(catalog_edit_abort) CatalogEdit *edit = ddl_edit(run, builder);
    TRY(catalog_create_namespace(edit, name));
    commit_catalog_edit(builder, TAKE(edit));
    return STATUS_OK;
}

static Status finish_create(QueryRun *run, Work *work)
{
    NamespaceDdl *ddl = CONTAINER_OF(work, NamespaceDdl, work);
    run_message(run,
                ddl->skipped ? "Namespace '%.*s' already exists"
                             : "Namespace '%.*s' created successfully",
                STR_ARG(ddl->ast->name.text));
    return STATUS_OK;
}

Work *create_namespace_work(QueryRun *run, const AstNamespace *ast)
{
    NamespaceDdl *ddl = namespace_ddl_new(run, ast);
    ddl->work = (Work){
        .prepare = prepare_create,
        .execute = execute_create,
        .finish = finish_create,
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

/* None of the namespace's tables may be watched. */
static Status check_tables(QueryRun *run, Str name, const Catalog *catalog, size_t *ret_count)
{
    TableList tables = catalog_tables(&run->ctx.arena, catalog);
    *ret_count = 0;
    for (size_t i = 0; i < tables.count; i++) {
        if (!str_equal(tables.items[i]->namespace_name, name))
            continue;
        TRY(ddl_check_unwatched(run, tables.items[i]));
        ++*ret_count;
    }
    return STATUS_OK;
}

static Status execute_drop(QueryRun *run, Work *work, CommitBuilder *builder)
{
    NamespaceDdl *ddl = CONTAINER_OF(work, NamespaceDdl, work);
    Str name = ddl->ast->name.text;
    ddl->skipped = ddl->ast->if_exists && !catalog_namespace(commit_catalog(builder), name);
    if (ddl->skipped)
        return STATUS_OK;
    size_t table_count;
    TRY(check_tables(run, name, commit_catalog(builder), &table_count));
    CLEANUP(catalog_edit_abort) CatalogEdit *edit = ddl_edit(run, builder);
    TRY(catalog_drop_namespace(edit, name));
    if (table_count)
        TRY(table_cleanup_new(&run->ctx, run->engine->jobs, NULL, &ddl->cleanup));
    commit_catalog_edit(builder, TAKE(edit));
    if (ddl->cleanup)
        job_add(builder, ddl->cleanup);
    return STATUS_OK;
}

static Status finish_drop(QueryRun *run, Work *work)
{
    NamespaceDdl *ddl = CONTAINER_OF(work, NamespaceDdl, work);
    if (ddl->cleanup)
        job_release(TAKE(ddl->cleanup));
    run_message(run,
                ddl->skipped ? "Namespace '%.*s' does not exist"
                             : "Namespace '%.*s' dropped successfully",
                STR_ARG(ddl->ast->name.text));
    return STATUS_OK;
}

static void close_drop(Work *work)
{
    job_abandon(TAKE(CONTAINER_OF(work, NamespaceDdl, work)->cleanup));
}

Work *drop_namespace_work(QueryRun *run, const AstNamespace *ast)
{
    NamespaceDdl *ddl = namespace_ddl_new(run, ast);
    ddl->work = (Work){
        .prepare = prepare_drop,
        .execute = execute_drop,
        .finish = finish_drop,
        .close = close_drop,
    };
    return &ddl->work;
}
