/* SPDX-License-Identifier: Apache-2.0 */
#include "commit/catalog_commit.h"
#include "query/ddl.h"
#include "query/work.h"

typedef struct NamespaceDdl {
    Work work;
    const AstNamespace *ast;
    bool skipped; /* IF [NOT] EXISTS, and it does (not) */
    uint32_t *dropped_ids;
    size_t dropped_count;
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

/* The namespace's tables, none of which may be watched. */
static Status collect_tables(QueryRun *run, NamespaceDdl *ddl, const Catalog *catalog)
{
    TableList tables = catalog_tables(&run->ctx.arena, catalog);
    ddl->dropped_ids = ARENA_ARRAY(&run->ctx.arena, uint32_t, tables.count);
    for (size_t i = 0; i < tables.count; i++) {
        if (!str_equal(tables.items[i]->namespace_name, ddl->ast->name.text))
            continue;
        TRY(ddl_check_unwatched(run, tables.items[i]));
        ddl->dropped_ids[ddl->dropped_count++] = tables.items[i]->id;
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
    TRY(collect_tables(run, ddl, commit_catalog(builder)));
    CLEANUP(catalog_edit_abort) CatalogEdit *edit = ddl_edit(run, builder);
    TRY(catalog_drop_namespace(edit, name));
    commit_catalog_edit(builder, TAKE(edit));
    return STATUS_OK;
}

static Status finish_drop(QueryRun *run, Work *work)
{
    NamespaceDdl *ddl = CONTAINER_OF(work, NamespaceDdl, work);
    ddl_purge(run->engine, ddl->dropped_ids, ddl->dropped_count);
    run_message(run,
                ddl->skipped ? "Namespace '%.*s' does not exist"
                             : "Namespace '%.*s' dropped successfully",
                STR_ARG(ddl->ast->name.text));
    return STATUS_OK;
}

Work *drop_namespace_work(QueryRun *run, const AstNamespace *ast)
{
    NamespaceDdl *ddl = namespace_ddl_new(run, ast);
    ddl->work = (Work){
        .prepare = prepare_drop,
        .execute = execute_drop,
        .finish = finish_drop,
    };
    return &ddl->work;
}
