/* SPDX-License-Identifier: Apache-2.0 */
/*
 * KILL JOB 'id', KILL LIVE QUERY 'id'.
 */
#include "query/work.h"

typedef struct Kill {
    Work work;
    const AstKill *ast;
} Kill;

static const AstKill *ast_of(Work *work)
{
    return CONTAINER_OF(work, Kill, work)->ast;
}

static Status kill_live_query(QueryRun *run, Str id)
{
    const QueryHooks *hooks = &run->engine->hooks;
    if (!hooks->kill_live_query || !hooks->kill_live_query(hooks->data, id))
        return fail(&run->ctx, STATUS_NOT_FOUND, "Live query '%.*s' is not open", STR_ARG(id));
    run_message(run, "Live query killed: %.*s", STR_ARG(id));
    return STATUS_OK;
}

static Status prepare_kill(QueryRun *run, Work *work)
{
    const AstKill *ast = ast_of(work);
    work->writes = !ast->live_query;
    return ast->live_query ? kill_live_query(run, ast->id) : STATUS_OK;
}

static Status execute_kill(QueryRun *run, Work *work, CommitBuilder *builder)
{
    return job_kill_add(builder, &run->ctx, ast_of(work)->id);
}

static Status finish_kill(QueryRun *run, Work *work)
{
    const AstKill *ast = ast_of(work);
    if (ast->live_query)
        return STATUS_OK;
    job_kill(run->engine->jobs, ast->id);
    run_message(run, "Job %.*s killed: cancelled", STR_ARG(ast->id));
    return STATUS_OK;
}

Work *kill_work(QueryRun *run, const AstKill *ast)
{
    Kill *kill = ARENA_NEW(&run->ctx.arena, Kill);
    kill->work = (Work){.prepare = prepare_kill, .execute = execute_kill, .finish = finish_kill};
    kill->ast = ast;
    return &kill->work;
}
