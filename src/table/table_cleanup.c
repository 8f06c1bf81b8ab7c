/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parameters: {"table_id":"ns.t","id":1025} for one table, none for all that wait
 * in catalog_dropped_tables().  Two jobs may meet at one table: every step can
 * be repeated.
 */
#include "table/table_cleanup.h"

#include "table/table_purge.h"
#include "value/json.h"

#define KIND "cleanup"

/* Files in storages that are gone are added to *inout_lost: there is no way to them. */
static Status
purge(Context *ctx, const TableCleanup *cleanup, uint32_t table_id, uint64_t *inout_lost)
{
    uint64_t lost = 0;
    if (cleanup->cold)
        TRY(cold_drop_table(ctx, cleanup->cold, cleanup->sequencer, table_id, &lost));
    *inout_lost += lost;
    return table_purge(ctx, cleanup->store, cleanup->sequencer, table_id);
}

static const char *lost_note(Context *ctx, uint64_t lost)
{
    if (lost == 0)
        return "";
    return arena_printf(&ctx->arena,
                        "; warning: %llu files were left behind, because their storage was dropped",
                        (unsigned long long)lost)
        .ptr;
}

static Status clean_one(Context *ctx, Job *job, const TableCleanup *cleanup)
{
    const Json *parameters;
    int64_t id;
    TRY(json_parse(ctx, job_parameters(job), &parameters));
    const Json *name = json_member(parameters, STR("table_id"));
    if (!name || !json_to_int64(json_member(parameters, STR("id")), &id) || id <= 0 ||
        id > UINT32_MAX)
        return fail(ctx,
                    STATUS_INVALID_INPUT,
                    "these parameters name no table: %.*s",
                    STR_ARG(job_parameters(job)));
    uint64_t lost = 0;
    TRY(purge(ctx, cleanup, (uint32_t)id, &lost));
    job_set_message(job, "Cleaned up table %.*s%s", STR_ARG(name->text), lost_note(ctx, lost));
    return STATUS_OK;
}

static Status clean_all(Context *ctx, Job *job, const TableCleanup *cleanup)
{
    uint32_t *ids;
    size_t count;
    TRY(catalog_dropped_tables(ctx, cleanup->store, &ids, &count));
    uint64_t lost = 0;
    for (size_t i = 0; i < count; i++) {
        TRY(purge(ctx, cleanup, ids[i], &lost));
        job_set_message(job, "Cleaned up %zu of %zu dropped tables", i + 1, count);
        job_report(job);
    }
    job_set_message(job, "Cleaned up %zu dropped tables%s", count, lost_note(ctx, lost));
    if (count == 0)
        job_skip(job);
    return STATUS_OK;
}

static Status run_cleanup(Context *ctx, Job *job, void *data)
{
    const TableCleanup *cleanup = data;
    return job_parameters(job).len ? clean_one(ctx, job, cleanup) : clean_all(ctx, job, cleanup);
}

void table_cleanup_register(JobScheduler *scheduler, TableCleanup *cleanup)
{
    job_register(scheduler,
                 &(JobKind){.name = KIND, .prefix = "CL", .run = run_cleanup, .data = cleanup});
}

Status table_cleanup_new(Context *ctx, JobScheduler *scheduler, const Table *table, Job **ret_job)
{
    CLEANUP(buf_done) Buf parameters = {0};
    if (table) {
        BUF_LIT(&parameters, "{\"table_id\":");
        json_write_string(&parameters, table->full_name);
        buf_printf(&parameters, ",\"id\":%u}", table->id);
    }
    JobRequest request = {.kind = KIND, .parameters = buf_str(&parameters)};
    return job_new(ctx, scheduler, &request, ret_job);
}

Status table_cleanup_resume(Context *ctx, JobScheduler *scheduler, const TableCleanup *cleanup)
{
    uint32_t *ids;
    size_t count;
    Str id;
    TRY(catalog_dropped_tables(ctx, cleanup->store, &ids, &count));
    return count ? job_submit(ctx, scheduler, &(JobRequest){.kind = KIND}, &id) : STATUS_OK;
}
