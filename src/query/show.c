/* SPDX-License-Identifier: Apache-2.0 */
/*
 * USE, and SHOW: system tables that everybody may see a part of.
 */
#include "query/listing.h"
#include "query/work.h"

/* ---- USE ---- */

typedef struct Use {
    Work work;
    const AstName *name;
} Use;

static Status prepare_use(QueryRun *run, Work *work)
{
    Str name = CONTAINER_OF(work, Use, work)->name->text;
    if (!catalog_namespace(run->snapshot->catalog, name))
        return fail(&run->ctx, STATUS_NOT_FOUND, "Namespace '%.*s' does not exist", STR_ARG(name));
    buf_clear(&run->namespace_name);
    buf_str_append(&run->namespace_name, name);
    run->namespace_used = true;
    run_message(run, "Namespace switched to '%.*s'", STR_ARG(name));
    return STATUS_OK;
}

Work *use_work(QueryRun *run, const AstName *name)
{
    Use *use = ARENA_NEW(&run->ctx.arena, Use);
    use->work.prepare = prepare_use;
    use->name = name;
    return &use->work;
}

/* ---- SHOW ---- */

typedef struct Show {
    Work work;
    const AstShow *ast;
    Listing listing;
} Show;

static Status unsupported(QueryRun *run, const AstShow *ast)
{
    static const char *const NAMES[] = {
        [AST_SHOW_COLUMNS] = "SHOW COLUMNS",
        [AST_SHOW_ALL] = "SHOW ALL",
    };
    return fail(&run->ctx, STATUS_UNSUPPORTED, "%s is not supported", NAMES[ast->show]);
}

static const char *shown_table(const AstShow *ast)
{
    switch (ast->show) {
    case AST_SHOW_NAMESPACES:
        return "namespaces";
    case AST_SHOW_TABLES:
        return "schemas";
    case AST_SHOW_STORAGES:
        return "storages";
    case AST_SHOW_MANIFEST:
        return "manifest";
    default:
        return NULL;
    }
}

/* SHOW TABLES: the newest versions of what one may describe, in the namespace asked for. */
static bool
is_shown(const QueryRun *run, const AstShow *ast, const Table *schemas, const Value *row)
{
    if (ast->show != AST_SHOW_TABLES)
        return true;
    if (!row[table_column(schemas, STR("is_latest"))].boolean)
        return false;
    Str space = row[table_column(schemas, STR("namespace_id"))].text;
    Str name = row[table_column(schemas, STR("table_name"))].text;
    const Table *table = catalog_table(run->snapshot->catalog, space, name);
    if (!table || !authorizer_allows(&run->principal, ACTION_DESCRIBE, table))
        return false;
    return !ast->namespace_name.text.ptr || str_equal(space, ast->namespace_name.text);
}

static Status check_namespace(QueryRun *run, const AstShow *ast)
{
    Str name = ast->namespace_name.text;
    if (!name.ptr || catalog_namespace(run->snapshot->catalog, name))
        return STATUS_OK;
    return fail(&run->ctx, STATUS_NOT_FOUND, "Namespace '%.*s' does not exist", STR_ARG(name));
}

static Status prepare_show(QueryRun *run, Work *work)
{
    Show *show = CONTAINER_OF(work, Show, work);
    const char *name = shown_table(show->ast);
    if (!name)
        return unsupported(run, show->ast);
    TRY(check_namespace(run, show->ast));

    SystemRequest request = {
        .snapshot = run->snapshot,
        .table = catalog_table(run->snapshot->catalog, STR("system"), str_from_c(name)),
        .user_id = run->principal.user_id,
        .role = run->principal.role,
        .tier = run_tier(run),
    };
    SystemResult result;
    TRY(system_tables_read(&run->ctx, run->engine->system_tables, &request, &result));
    Listing *listing = &show->listing;
    listing->column_count = request.table->column_count;
    listing->columns = listing_columns_of(&run->ctx.arena, request.table);
    for (size_t i = 0; i < result.count; i++)
        if (is_shown(run, show->ast, request.table, result.rows[i]))
            memcpy(
                listing_add(run, listing), result.rows[i], listing->column_count * sizeof(Value));
    return STATUS_OK;
}

static Status emit_show(QueryRun *run, Work *work, bool *ret_done)
{
    return listing_emit(run, &CONTAINER_OF(work, Show, work)->listing, ret_done);
}

Work *show_work(QueryRun *run, const AstShow *ast)
{
    if (ast->show == AST_SHOW_STATS)
        return show_stats_work(run, ast);
    Show *show = ARENA_NEW(&run->ctx.arena, Show);
    show->work = (Work){.prepare = prepare_show, .emit = emit_show};
    show->ast = ast;
    return &show->work;
}
