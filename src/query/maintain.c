/* SPDX-License-Identifier: Apache-2.0 */
/*
 * STORAGE FLUSH and STORAGE COMPACT (sql.md 3.6): they start jobs and name them.
 */
#include "query/access.h"
#include "query/work.h"

typedef struct Maintain {
    Work work;
    const AstMaintenance *ast;
    bool compact;
} Maintain;

typedef enum Start { STARTED, NOTHING_TO_DO, ALREADY_STARTED } Start;

static const char *noun(const Maintain *maintain)
{
    return maintain->compact ? "compaction" : "flush";
}

static bool has_cold_tier(const Table *table)
{
    return table->kind == TABLE_USER || table->kind == TABLE_SHARED;
}

/* While the rows of before the start are still counted there may be more than is known. */
static bool has_pending_writes(const ColdJobs *jobs, const Table *table)
{
    return pending_table_rows(jobs->pending, table->id) > 0 ||
           !pending_writes_complete(jobs->pending);
}

static Status start_job(
    QueryRun *run, const Maintain *maintain, const Table *table, Str *ret_id, Start *ret_start)
{
    Context *ctx = &run->ctx;
    const ColdJobs *jobs = run->engine->cold_jobs;
    *ret_start = NOTHING_TO_DO;
    if (!maintain->compact && !has_pending_writes(jobs, table))
        return STATUS_OK;
    Status status = maintain->compact ? compact_job_submit(ctx, jobs, table, true, ret_id)
                                      : flush_job_submit(ctx, jobs, table, 0, ret_id);
    *ret_start = status == STATUS_CONFLICT ? ALREADY_STARTED : STARTED;
    if (status != STATUS_CONFLICT)
        return status;
    context_clear_error(ctx);
    return STATUS_OK;
}

/* ---- one table ---- */

static Status find_table(QueryRun *run, const Maintain *maintain, const Table **ret_table)
{
    const AstTableName *name = &maintain->ast->table;
    TRY(access_table(run, name, ACTION_MAINTAIN_TABLE, ret_table));
    if (has_cold_tier(*ret_table))
        return STATUS_OK;
    return fail_at(
        &run->ctx,
        STATUS_UNSUPPORTED,
        name->name.offset,
        "STORAGE %s is not supported for %s table '%.*s': its rows never leave the hot tier",
        maintain->compact ? "COMPACT" : "FLUSH",
        table_kind_word((*ret_table)->kind),
        STR_ARG((*ret_table)->full_name));
}

static Status maintain_table(QueryRun *run, const Maintain *maintain)
{
    const Table *table;
    Start start;
    Str id;
    TRY(find_table(run, maintain, &table));
    TRY(start_job(run, maintain, table, &id, &start));
    switch (start) {
    case STARTED:
        run_message(run,
                    "Storage %s started for table '%.*s'. Job ID: %.*s",
                    noun(maintain),
                    STR_ARG(table->full_name),
                    STR_ARG(id));
        break;
    case NOTHING_TO_DO:
        run_message(run,
                    "Storage flush skipped: no pending writes for table '%.*s'",
                    STR_ARG(table->full_name));
        break;
    case ALREADY_STARTED:
        run_message(run,
                    "Storage %s skipped: a %s is already queued or running for table '%.*s'",
                    noun(maintain),
                    noun(maintain),
                    STR_ARG(table->full_name));
        break;
    }
    return STATUS_OK;
}

/* ---- all tables ---- */

typedef struct StartedJobs {
    size_t count;
    size_t already_count;
    Buf ids;
} StartedJobs;

static bool is_meant(const QueryRun *run, const Maintain *maintain, const Table *table)
{
    const AstName *space = &maintain->ast->namespace_name;
    return has_cold_tier(table) &&
           (!space->text.ptr || str_equal(table->namespace_name, space->text)) &&
           authorizer_allows(&run->principal, ACTION_MAINTAIN_TABLE, table);
}

static Status start_all(QueryRun *run, const Maintain *maintain, StartedJobs *started)
{
    TableList tables = catalog_tables(&run->ctx.arena, run->snapshot->catalog);
    for (size_t i = 0; i < tables.count; i++) {
        Start start;
        Str id;
        if (!is_meant(run, maintain, tables.items[i]))
            continue;
        TRY(start_job(run, maintain, tables.items[i], &id, &start));
        started->already_count += start == ALREADY_STARTED;
        if (start != STARTED)
            continue;
        buf_printf(&started->ids, "%s%.*s", started->count++ ? ", " : "", STR_ARG(id));
    }
    return STATUS_OK;
}

/* " in namespace 'ns'", or nothing; in the arena. */
static Str where(QueryRun *run, const Maintain *maintain)
{
    const AstName *space = &maintain->ast->namespace_name;
    return space->text.ptr
               ? arena_printf(&run->ctx.arena, " in namespace '%.*s'", STR_ARG(space->text))
               : STR("");
}

static void report_all(QueryRun *run, const Maintain *maintain, const StartedJobs *started)
{
    Str place = where(run, maintain);
    if (started->count)
        run_message(run,
                    "Storage %s started for %zu table(s)%.*s. Job IDs: [%.*s]",
                    noun(maintain),
                    started->count,
                    STR_ARG(place),
                    STR_ARG(buf_str(&started->ids)));
    else if (started->already_count)
        run_message(run,
                    "Storage %s skipped: a %s is already queued or running for %zu table(s)%.*s",
                    noun(maintain),
                    noun(maintain),
                    started->already_count,
                    STR_ARG(place));
    else
        run_message(run,
                    "Storage %s skipped: no %s%.*s",
                    noun(maintain),
                    maintain->compact ? "tables" : "pending writes",
                    STR_ARG(place));
}

static Status maintain_all(QueryRun *run, const Maintain *maintain)
{
    const AstName *space = &maintain->ast->namespace_name;
    if (space->text.ptr && !catalog_namespace(run->snapshot->catalog, space->text))
        return fail_at(&run->ctx,
                       STATUS_NOT_FOUND,
                       space->offset,
                       "Namespace '%.*s' does not exist",
                       STR_ARG(space->text));
    StartedJobs started = {0};
    Status status = start_all(run, maintain, &started);
    if (status == STATUS_OK)
        report_all(run, maintain, &started);
    buf_done(&started.ids);
    return status;
}

/* ---- the steps ---- */

static Status prepare_maintain(QueryRun *run, Work *work)
{
    const Maintain *maintain = CONTAINER_OF(work, Maintain, work);
    TRY(run_require_worker(run));
    if (!run->engine->cold_jobs)
        return fail(&run->ctx, STATUS_UNSUPPORTED, "this server has no cold tier");
    return maintain->ast->all ? maintain_all(run, maintain) : maintain_table(run, maintain);
}

Work *maintain_work(QueryRun *run, const AstStatement *statement)
{
    Maintain *maintain = ARENA_NEW(&run->ctx.arena, Maintain);
    maintain->work.prepare = prepare_maintain;
    maintain->ast = &statement->maintenance;
    maintain->compact = statement->kind == AST_STORAGE_COMPACT;
    return &maintain->work;
}
