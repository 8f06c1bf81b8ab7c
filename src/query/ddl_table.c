/* SPDX-License-Identifier: Apache-2.0 */
#include "commit/catalog_commit.h"
#include "query/access.h"
#include "query/ddl.h"
#include "query/work.h"
#include "table/table_cleanup.h"

/* ---- CREATE TABLE ---- */

typedef struct CreateTable {
    Work work;
    const AstCreateTable *ast;
    Table *table; /* the definition; counted */
    bool skipped;
} CreateTable;

/* What is created without saying which kind: SHARED, but in one's own namespace USER. */
static Status
find_kind(QueryRun *run, const AstCreateTable *ast, Str namespace_name, TableKind *ret)
{
    bool given;
    TRY(table_kind_from_ast(&run->ctx, ast, ret, &given));
    bool plain_role = run->actor.role == ROLE_USER || run->actor.role == ROLE_SERVICE;
    if (!given && plain_role && str_equal(namespace_name, run->actor.user_id))
        *ret = TABLE_USER;
    return STATUS_OK;
}

static Status prepare_create(QueryRun *run, Work *work)
{
    CreateTable *create = CONTAINER_OF(work, CreateTable, work);
    TableDefinition definition = {
        .ast = create->ast,
        .namespace_name = access_namespace(run, &create->ast->table),
        .created_by = run->actor.user_id,
        .now_us = run->environment.now_us,
        .defaults = &run->engine->table_defaults,
    };
    TRY(find_kind(run, create->ast, definition.namespace_name, &definition.kind));
    TRY(authorize(&run->ctx, &run->actor, authorizer_create_action(definition.kind), NULL));
    TRY(table_define(&run->ctx, &definition, &create->table));
    work->writes = true;
    return STATUS_OK;
}

static Status execute_create(QueryRun *run, Work *work, CommitBuilder *builder)
{
    CreateTable *create = CONTAINER_OF(work, CreateTable, work);
    const Table *definition = create->table;
    create->skipped =
        create->ast->if_not_exists &&
        catalog_table(commit_catalog(builder), definition->namespace_name, definition->name);
    if (create->skipped)
        return STATUS_OK;
    CLEANUP(catalog_edit_abort) CatalogEdit *edit = ddl_edit(run, builder);
    const Table *created;
    TRY(catalog_create_table(edit, definition, &created));
    commit_catalog_edit(builder, TAKE(edit));
    return STATUS_OK;
}

static Status finish_create(QueryRun *run, Work *work)
{
    CreateTable *create = CONTAINER_OF(work, CreateTable, work);
    if (create->skipped)
        run_message(run, "Table %.*s already exists", STR_ARG(create->table->full_name));
    else
        run_message(run,
                    "CREATE TABLE: %.*s (%s)",
                    STR_ARG(create->table->full_name),
                    table_kind_word(create->table->kind));
    return STATUS_OK;
}

static void close_create(Work *work)
{
    table_unref(CONTAINER_OF(work, CreateTable, work)->table);
}

Work *create_table_work(QueryRun *run, const AstCreateTable *ast)
{
    CreateTable *create = ARENA_NEW(&run->ctx.arena, CreateTable);
    create->work = (Work){
        .prepare = prepare_create,
        .execute = execute_create,
        .finish = finish_create,
        .close = close_create,
    };
    create->ast = ast;
    return &create->work;
}

/* ---- DROP TABLE ---- */

typedef struct DropTable {
    Work work;
    const AstDropTable *ast;
    const Table *table; /* NULL: skipped */
    Job *cleanup;       /* until it is released */
} DropTable;

/* A kind that is given must be the table's. */
static Status check_kind(QueryRun *run, const DropTable *drop)
{
    static const TableKind EXPECTED[] = {
        [AST_TABLE_USER] = TABLE_USER,
        [AST_TABLE_SHARED] = TABLE_SHARED,
        [AST_TABLE_STREAM] = TABLE_STREAM,
    };
    AstTableKind given = drop->ast->table_kind;
    if (given == AST_TABLE_UNSPECIFIED || drop->table->kind == EXPECTED[given])
        return STATUS_OK;
    return fail_at(&run->ctx,
                   STATUS_INVALID_OPERATION,
                   drop->ast->table.name.offset,
                   "Table '%.*s' is a %s table, not a %s table",
                   STR_ARG(drop->table->full_name),
                   table_kind_word(drop->table->kind),
                   table_kind_word(EXPECTED[given]));
}

static Status prepare_drop(QueryRun *run, Work *work)
{
    DropTable *drop = CONTAINER_OF(work, DropTable, work);
    if (drop->ast->if_exists && !access_find_table(run, &drop->ast->table))
        return STATUS_OK;
    work->writes = true;
    TRY(access_table(run, &drop->ast->table, ACTION_DROP_TABLE, &drop->table));
    return check_kind(run, drop);
}

static Status execute_drop(QueryRun *run, Work *work, CommitBuilder *builder)
{
    DropTable *drop = CONTAINER_OF(work, DropTable, work);
    if (!catalog_table_by_id(commit_catalog(builder), drop->table->id))
        return fail(&run->ctx, STATUS_STALE_PLAN, "the table is gone");
    if (!drop->ast->force)
        TRY(ddl_check_unwatched(run, drop->table));
    CLEANUP(catalog_edit_abort) CatalogEdit *edit = ddl_edit(run, builder);
    TRY(catalog_drop_table(edit, drop->table->id));
    TRY(table_cleanup_new(&run->ctx, run->engine->jobs, drop->table, &drop->cleanup));
    commit_catalog_edit(builder, TAKE(edit));
    job_add(builder, drop->cleanup);
    return STATUS_OK;
}

static Status finish_drop(QueryRun *run, Work *work)
{
    DropTable *drop = CONTAINER_OF(work, DropTable, work);
    if (!drop->table) {
        run_message(run,
                    "Table %.*s.%.*s does not exist (skipped)",
                    STR_ARG(access_namespace(run, &drop->ast->table)),
                    STR_ARG(drop->ast->table.name.text));
        return STATUS_OK;
    }
    run_message(run,
                "Table %.*s dropped successfully. Cleanup job: %.*s",
                STR_ARG(drop->table->full_name),
                STR_ARG(job_id(drop->cleanup)));
    job_release(TAKE(drop->cleanup));
    return STATUS_OK;
}

static void close_drop(Work *work)
{
    job_abandon(TAKE(CONTAINER_OF(work, DropTable, work)->cleanup));
}

Work *drop_table_work(QueryRun *run, const AstDropTable *ast)
{
    DropTable *drop = ARENA_NEW(&run->ctx.arena, DropTable);
    drop->work = (Work){
        .prepare = prepare_drop,
        .execute = execute_drop,
        .finish = finish_drop,
        .close = close_drop,
    };
    drop->ast = ast;
    return &drop->work;
}
