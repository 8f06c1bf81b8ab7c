/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CREATE, ALTER and DROP STORAGE.  The clauses of ALTER are read on the sequencer
 * thread, against the newest definition, so that two statements about one storage
 * do not undo each other; nothing is opened there.
 */
#include "cold/storage_define.h"
#include "commit/catalog_commit.h"
#include "query/ddl.h"
#include "query/work.h"

typedef struct StorageDdl {
    Work work;
    const AstStorage *ast;
    Storage storage; /* CREATE: the definition; its text is in the run's arena */
    bool skipped;
} StorageDdl;

static Work *storage_ddl_new(QueryRun *run, const AstStorage *ast, Work work)
{
    StorageDdl *ddl = ARENA_NEW(&run->ctx.arena, StorageDdl);
    ddl->work = work;
    ddl->ast = ast;
    return &ddl->work;
}

static Status finish(QueryRun *run, Work *work, const char *done)
{
    const StorageDdl *ddl = CONTAINER_OF(work, StorageDdl, work);
    run_message(run, "Storage '%.*s' %s", STR_ARG(ddl->ast->id.text), done);
    return STATUS_OK;
}

/* ---- CREATE ---- */

static Status prepare_create(QueryRun *run, Work *work)
{
    StorageDdl *ddl = CONTAINER_OF(work, StorageDdl, work);
    ObjectStores *objects = run->engine->objects;
    work->writes = true;
    TRY(storage_define(&run->ctx, objects, ddl->ast, NULL, &ddl->storage));
    if (ddl->storage.type != STORAGE_FILESYSTEM)
        return STATUS_OK;
    TRY(run_require_worker(run));
    return storage_make_directory(&run->ctx, objects, run->snapshot->catalog, &ddl->storage);
}

static Status execute_create(QueryRun *run, Work *work, CommitBuilder *builder)
{
    StorageDdl *ddl = CONTAINER_OF(work, StorageDdl, work);
    if (ddl->storage.type == STORAGE_FILESYSTEM)
        TRY(storage_check_overlap(&run->ctx, commit_catalog(builder), &ddl->storage));
    CLEANUP(catalog_edit_abort) CatalogEdit *edit = ddl_edit(run, builder);
    TRY(catalog_create_storage(edit, &ddl->storage));
    commit_catalog_edit(builder, TAKE(edit));
    return STATUS_OK;
}

static Status finish_create(QueryRun *run, Work *work)
{
    return finish(run, work, "created successfully");
}

Work *create_storage_work(QueryRun *run, const AstStorage *ast)
{
    return storage_ddl_new(
        run,
        ast,
        (Work){.prepare = prepare_create, .execute = execute_create, .finish = finish_create});
}

/* ---- ALTER ---- */

static Status prepare_write(QueryRun *run, Work *work)
{
    (void)run;
    work->writes = true;
    return STATUS_OK;
}

static Status execute_alter(QueryRun *run, Work *work, CommitBuilder *builder)
{
    StorageDdl *ddl = CONTAINER_OF(work, StorageDdl, work);
    Str id = ddl->ast->id.text;
    Storage after;
    const Storage *before = catalog_storage(commit_catalog(builder), id);
    if (!before)
        return fail(&run->ctx, STATUS_NOT_FOUND, "Storage '%.*s' not found", STR_ARG(id));
    TRY(storage_define(&run->ctx, run->engine->objects, ddl->ast, before, &after));
    CLEANUP(catalog_edit_abort) CatalogEdit *edit = ddl_edit(run, builder);
    TRY(catalog_replace_storage(edit, &after));
    commit_catalog_edit(builder, TAKE(edit));
    return STATUS_OK;
}

static Status finish_alter(QueryRun *run, Work *work)
{
    return finish(run, work, "altered successfully");
}

Work *alter_storage_work(QueryRun *run, const AstStorage *ast)
{
    return storage_ddl_new(
        run,
        ast,
        (Work){.prepare = prepare_write, .execute = execute_alter, .finish = finish_alter});
}

/* ---- DROP ---- */

static Status execute_drop(QueryRun *run, Work *work, CommitBuilder *builder)
{
    StorageDdl *ddl = CONTAINER_OF(work, StorageDdl, work);
    Str id = ddl->ast->id.text;
    ddl->skipped = ddl->ast->if_exists && !catalog_storage(commit_catalog(builder), id);
    if (ddl->skipped)
        return STATUS_OK;
    CLEANUP(catalog_edit_abort) CatalogEdit *edit = ddl_edit(run, builder);
    TRY(catalog_drop_storage(edit, id));
    commit_catalog_edit(builder, TAKE(edit));
    return STATUS_OK;
}

static Status finish_drop(QueryRun *run, Work *work)
{
    const StorageDdl *ddl = CONTAINER_OF(work, StorageDdl, work);
    return finish(run, work, ddl->skipped ? "does not exist (skipped)" : "dropped successfully");
}

Work *drop_storage_work(QueryRun *run, const AstStorage *ast)
{
    return storage_ddl_new(
        run, ast, (Work){.prepare = prepare_write, .execute = execute_drop, .finish = finish_drop});
}
