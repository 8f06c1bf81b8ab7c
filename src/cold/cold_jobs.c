/* SPDX-License-Identifier: Apache-2.0 */
#include "cold/cold_jobs_private.h"

void cold_jobs_register(ColdJobs *jobs)
{
    flush_job_register(jobs);
    compact_job_register(jobs);
    sweep_job_register(jobs);
}

void cold_job_target_done(ColdJobTarget *target)
{
    catalog_unref(target->catalog);
}

/* The catalog alone: a snapshot would keep files that the job itself replaces. */
static Catalog *newest_catalog(const ColdJobs *jobs)
{
    CLEANUP(snapshot_unref)
    Snapshot *snapshot = published_durable(sequencer_published(jobs->sequencer));
    return catalog_ref(snapshot->catalog);
}

Status cold_job_target(Context *ctx, const ColdJobs *jobs, Job *job, ColdJobTarget *target)
{
    Str space;
    *target = (ColdJobTarget){0};
    TRY(json_parse(ctx, job_parameters(job), &target->parameters));
    const Json *name = json_member(target->parameters, STR("table_id"));
    Str rest = name && name->kind == JSON_STRING ? name->text : STR_NULL;
    if (!str_split(&rest, '.', &space))
        return fail(ctx,
                    STATUS_INVALID_INPUT,
                    "these parameters name no table: %.*s",
                    STR_ARG(job_parameters(job)));
    target->catalog = newest_catalog(jobs);
    target->table = catalog_table(target->catalog, space, rest);
    if (!target->table) {
        job_set_message(job, "Table %.*s was dropped", STR_ARG(name->text));
        job_skip(job);
    }
    return STATUS_OK;
}

static Str type_word(const Table *table)
{
    return table->kind == TABLE_USER ? STR("User") : STR("Shared");
}

Status
cold_job_submit(Context *ctx, const ColdJobs *jobs, const ColdJobRequest *request, Str *ret_id)
{
    const Table *table = request->table;
    Arena *arena = &ctx->arena;
    Str parameters = arena_printf(arena,
                                  "{\"table_id\":\"%.*s\",\"table_type\":\"%.*s\",%.*s}",
                                  STR_ARG(table->full_name),
                                  STR_ARG(type_word(table)),
                                  STR_ARG(request->extra));
    JobRequest job = {
        .kind = request->kind,
        .parameters = parameters,
        .key = arena_printf(arena, "%s:%.*s", request->kind, STR_ARG(table->full_name)),
    };
    return job_submit(ctx, jobs->scheduler, &job, ret_id);
}
