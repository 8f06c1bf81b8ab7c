/* SPDX-License-Identifier: Apache-2.0 */
#include "query/ddl.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "table/table_purge.h"

CatalogEdit *ddl_edit(QueryRun *run, CommitBuilder *builder)
{
    return catalog_edit_begin(&run->ctx, commit_catalog(builder), commit_time_ms(builder) * 1000);
}

Status ddl_check_unwatched(QueryRun *run, const Table *table)
{
    const QueryHooks *hooks = &run->engine->hooks;
    TableWatcher watcher;
    if (!hooks->find_watcher ||
        !hooks->find_watcher(hooks->data, &run->ctx.arena, table->id, &watcher))
        return STATUS_OK;
    return fail(&run->ctx,
                STATUS_INVALID_OPERATION,
                "Cannot drop table %.*s: live query '%.*s' of user '%.*s' on connection '%.*s' is "
                "open on it; DROP TABLE .. FORCE ends live queries",
                STR_ARG(table->full_name),
                STR_ARG(watcher.subscription_id),
                STR_ARG(watcher.user_id),
                STR_ARG(watcher.connection_id));
}

Str ddl_cleanup_job_id(Arena *arena)
{
    return arena_printf(arena, "CL-%012llx", (unsigned long long)(random_u64() & 0xffffffffffffu));
}

/* ---- purging ---- */

typedef struct Purge {
    WorkerTask task;
    Store *store;
    Sequencer *sequencer;
    size_t count;
    uint32_t table_ids[];
} Purge;

/* What fails is done by the next start, which asks catalog_dropped_tables(). */
static void run_purge(WorkerTask *task)
{
    Purge *purge = CONTAINER_OF(task, Purge, task);
    for (size_t i = 0; i < purge->count; i++) {
        CLEANUP(context_done) Context ctx = {0};
        Status status = table_purge(&ctx, purge->store, purge->sequencer, purge->table_ids[i]);
        if (status != STATUS_OK)
            log_debug("query",
                      "purge postponed table=%u reason=%.*s",
                      purge->table_ids[i],
                      STR_ARG(ctx.message));
    }
    free(purge);
}

void ddl_purge(const QueryEngine *engine, const uint32_t *table_ids, size_t count)
{
    if (count == 0)
        return;
    Purge *purge = mem_zalloc(sizeof(*purge) + count * sizeof(*table_ids));
    purge->task.run = run_purge;
    purge->store = engine->store;
    purge->sequencer = engine->sequencer;
    purge->count = count;
    memcpy(purge->table_ids, table_ids, count * sizeof(*table_ids));
    worker_pool_submit(engine->workers, &purge->task);
}
