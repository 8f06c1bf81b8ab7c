/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ALTER TABLE.  A new version of the definition, decided on the sequencer
 * thread; rows stay as they were written.  Where the change demands something of
 * the rows that are there, a worker looks at all of them first, and the sequencer
 * at those written meanwhile: writers never wait.
 */
#include "commit/catalog_commit.h"
#include "query/access.h"
#include "query/ddl.h"
#include "query/work.h"
#include "table/table_check.h"
#include "table/table_write.h"

typedef struct AlterTable {
    Work work;
    const AstAlterTable *ast;
    const Table *table;
    TableAlteration alteration;
    TableCheck check;
    Snapshot *checked; /* the rows as of here meet the demand; borrowed from the run */
    uint32_t version;  /* the new one */
} AlterTable;

static Status demand_not_met(QueryRun *run, const AlterTable *alter)
{
    const Table *table = alter->table;
    AstName name = alter->ast->column.name;
    if (alter->check.demand == DEMAND_EMPTY)
        return fail_at(
            &run->ctx,
            STATUS_INVALID_OPERATION,
            name.offset,
            "Cannot add column '%.*s': a NOT NULL column without a literal DEFAULT needs "
            "an empty table, and %.*s has rows",
            STR_ARG(name.text),
            STR_ARG(table->full_name));
    return fail_at(&run->ctx,
                   STATUS_INVALID_OPERATION,
                   name.offset,
                   "Cannot set column '%.*s' NOT NULL: table %.*s has rows where it is NULL",
                   STR_ARG(name.text),
                   STR_ARG(table->full_name));
}

static Status check_rows(QueryRun *run, AlterTable *alter)
{
    bool met = true;
    alter->check = (TableCheck){
        .cold = run->engine->cold,
        .table = alter->table,
        .demand = alter->alteration.demand,
        .column = alter->alteration.demand_column,
    };
    if (alter->check.demand == DEMAND_NOTHING)
        return STATUS_OK;
    TRY(run_require_worker(run));
    alter->checked = run_row_snapshot(run, alter->table);
    TRY(table_check_rows(&run->ctx, alter->checked, &alter->check, &met));
    return met ? STATUS_OK : demand_not_met(run, alter);
}

static Status prepare_alter(QueryRun *run, Work *work)
{
    AlterTable *alter = CONTAINER_OF(work, AlterTable, work);
    TRY(access_table(run, &alter->ast->table, ACTION_ALTER_TABLE, &alter->table));
    TRY(table_alter(&run->ctx, alter->table, alter->ast, &alter->alteration));
    work->writes = alter->alteration.definition != NULL;
    return work->writes ? check_rows(run, alter) : STATUS_OK;
}

static Status check_changes(QueryRun *run, AlterTable *alter, CommitBuilder *builder)
{
    bool met = true;
    if (alter->check.demand == DEMAND_NOTHING)
        return STATUS_OK;
    TRY(table_check_changes(
        &run->ctx, builder, run->engine->store, alter->checked->seq, &alter->check, &met));
    return met ? STATUS_OK : demand_not_met(run, alter);
}

static Status execute_alter(QueryRun *run, Work *work, CommitBuilder *builder)
{
    AlterTable *alter = CONTAINER_OF(work, AlterTable, work);
    TRY(table_write_begin(&run->ctx, builder, alter->table));
    TRY(check_changes(run, alter, builder));
    CLEANUP(catalog_edit_abort) CatalogEdit *edit = ddl_edit(run, builder);
    const Table *altered;
    TRY(catalog_replace_table(edit, alter->alteration.definition, &altered));
    alter->version = altered->version;
    commit_catalog_edit(builder, TAKE(edit));
    return STATUS_OK;
}

static Status finish_alter(QueryRun *run, Work *work)
{
    const AlterTable *alter = CONTAINER_OF(work, AlterTable, work);
    if (work->writes)
        run_message(run,
                    "Table %.*s altered successfully: %.*s (version %u)",
                    STR_ARG(alter->table->full_name),
                    STR_ARG(alter->alteration.text),
                    alter->version);
    else
        run_message(run,
                    "Table %.*s unchanged: %.*s (version %u - no changes needed)",
                    STR_ARG(alter->table->full_name),
                    STR_ARG(alter->alteration.text),
                    alter->table->version);
    return STATUS_OK;
}

Work *alter_table_work(QueryRun *run, const AstAlterTable *ast)
{
    AlterTable *alter = ARENA_NEW(&run->ctx.arena, AlterTable);
    alter->work = (Work){
        .prepare = prepare_alter,
        .execute = execute_alter,
        .finish = finish_alter,
    };
    alter->ast = ast;
    return &alter->work;
}
