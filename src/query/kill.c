/* SPDX-License-Identifier: Apache-2.0 */
/*
 * KILL LIVE QUERY 'id'.
 */
#include "query/work.h"

typedef struct Kill {
    Work work;
    const AstKill *ast;
} Kill;

static Status prepare_kill(QueryRun *run, Work *work)
{
    const AstKill *ast = CONTAINER_OF(work, Kill, work)->ast;
    const QueryHooks *hooks = &run->engine->hooks;
    if (!ast->live_query)
        return fail(&run->ctx, STATUS_UNSUPPORTED, "KILL JOB is not supported");
    if (!hooks->kill_live_query || !hooks->kill_live_query(hooks->data, ast->id))
        return fail(&run->ctx, STATUS_NOT_FOUND, "Live query '%.*s' is not open", STR_ARG(ast->id));
    run_message(run, "Live query killed: %.*s", STR_ARG(ast->id));
    return STATUS_OK;
}

Work *kill_work(QueryRun *run, const AstKill *ast)
{
    Kill *kill = ARENA_NEW(&run->ctx.arena, Kill);
    kill->work.prepare = prepare_kill;
    kill->ast = ast;
    return &kill->work;
}
