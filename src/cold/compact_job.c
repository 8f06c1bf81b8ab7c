/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parameters: {"table_id":"ns.t","table_type":"Shared","everything":true}.
 */
#include "cold/cold_jobs_private.h"

#include "cold/compact.h"
#include "cold/manifest_scan.h"

typedef struct CompactRun {
    const ColdJobs *jobs;
    Job *job;
    const Table *table;
    bool everything;
    size_t owner_count; /* that were compacted */
    size_t files_before;
    size_t files_after;
    uint64_t rows_dropped;
} CompactRun;

static Status compact_owner(Context *ctx, CompactRun *run, Owner owner)
{
    CompactResult result;
    CompactOptions options = {
        .tier = run->jobs->tier,
        .sequencer = run->jobs->sequencer,
        .table_id = run->table->id,
        .owner = owner,
        .everything = run->everything,
    };
    TRY(cold_compact(ctx, &options, &result));
    run->owner_count += result.segments_before > 0;
    run->files_before += result.segments_before;
    run->files_after += result.segments_after;
    run->rows_dropped += result.rows_before - result.rows_after;
    return STATUS_OK;
}

static bool may_gain(const CompactRun *run, const Manifest *manifest)
{
    return run->everything || manifest->segment_count >= COMPACT_FAN_IN;
}

typedef struct OwnerList {
    Owner *items; /* in the arena */
    size_t count;
    size_t capacity;
} OwnerList;

/* First all of them: the scan holds a snapshot, which would keep the files that are replaced. */
static Status list_owners(Context *ctx, const CompactRun *run, OwnerList *list)
{
    CLEANUP(snapshot_unref)
    Snapshot *snapshot = published_durable(sequencer_published(run->jobs->sequencer));
    CLEANUP(manifest_scan_close)
    ManifestScan *scan = manifest_scan_open(snapshot->store, snapshot, run->table->id);
    for (;;) {
        ScannedManifest scanned;
        bool more;
        TRY(manifest_scan_next(ctx, scan, &scanned, &more));
        if (!more)
            return STATUS_OK;
        if (!may_gain(run, scanned.manifest))
            continue;
        list->items =
            arena_grow(&ctx->arena, list->items, list->count, &list->capacity, sizeof(Owner));
        list->items[list->count++] = owner_of(arena_str(&ctx->arena, scanned.owner.user_id));
    }
}

static Status compact_owners(Context *ctx, CompactRun *run)
{
    OwnerList list = {0};
    TRY(list_owners(ctx, run, &list));
    ArenaMark mark = arena_mark(&ctx->arena);
    for (size_t i = 0; i < list.count; i++) {
        TRY(context_check(ctx));
        TRY(compact_owner(ctx, run, list.items[i]));
        arena_rewind(&ctx->arena, mark);
    }
    return STATUS_OK;
}

static void set_outcome(const CompactRun *run)
{
    CLEANUP(buf_done) Buf json = {0};
    buf_printf(&json,
               "{\"owners\":%zu,\"files_before\":%zu,\"files_after\":%zu,\"rows_dropped\":%llu}",
               run->owner_count,
               run->files_before,
               run->files_after,
               (unsigned long long)run->rows_dropped);
    job_set_result(run->job, buf_str(&json));
    if (run->owner_count == 0)
        job_set_message(run->job,
                        "Compaction completed for %.*s (nothing to merge)",
                        STR_ARG(run->table->full_name));
    else
        job_set_message(run->job,
                        "Compaction completed for %.*s (%zu files became %zu)",
                        STR_ARG(run->table->full_name),
                        run->files_before,
                        run->files_after);
}

static Status run_compact(Context *ctx, Job *job, void *data)
{
    const ColdJobs *jobs = data;
    CLEANUP(cold_job_target_done) ColdJobTarget target;
    TRY(cold_job_target(ctx, jobs, job, &target));
    if (!target.table)
        return STATUS_OK;
    const Json *everything = json_member(target.parameters, STR("everything"));
    CompactRun run = {
        .jobs = jobs,
        .job = job,
        .table = target.table,
        .everything = everything && everything->kind == JSON_TRUE,
    };
    TRY(compact_owners(ctx, &run));
    set_outcome(&run);
    return STATUS_OK;
}

void compact_job_register(ColdJobs *jobs)
{
    job_register(jobs->scheduler,
                 &(JobKind){.name = "compact", .prefix = "CO", .run = run_compact, .data = jobs});
}

Status compact_job_submit(
    Context *ctx, const ColdJobs *jobs, const Table *table, bool everything, Str *ret_id)
{
    Str extra = everything ? STR("\"everything\":true") : STR("\"everything\":false");
    return cold_job_submit(ctx, jobs, &(ColdJobRequest){"compact", table, extra}, ret_id);
}
