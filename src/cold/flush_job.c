/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parameters: {"table_id":"ns.t","table_type":"Shared","flush_threshold":null};
 * a threshold is rows_min of flush_job_submit().  The table is the one that has
 * the name when the job runs.
 */
#include "cold/cold_jobs_private.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "cold/compact.h"
#include "cold/flush.h"

enum { RESULT_FILES_MAX = 20 };

/* ---- what is told once the job has ended ---- */

typedef struct NoticeList {
    const ColdJobs *jobs;
    FlushNotice *items; /* in the arena, like all they refer to */
    size_t count;
    size_t capacity;
    Arena arena;
} NoticeList;

static void tell(void *data)
{
    NoticeList *list = data;
    for (size_t i = 0; i < list->count; i++)
        list->jobs->on_flush(list->jobs->on_flush_data, &list->items[i]);
    arena_done(&list->arena);
    free(list);
}

static NoticeList *notice_list_new(const ColdJobs *jobs, Job *job)
{
    if (!jobs->on_flush)
        return NULL;
    NoticeList *list = NEW(NoticeList);
    list->jobs = jobs;
    job_at_end(job, tell, list);
    return list;
}

static void add_notice(NoticeList *list, const Table *table, Owner owner, const FlushResult *result)
{
    if (!list || result->file_count == 0)
        return;
    Arena *arena = &list->arena;
    Str *files = ARENA_ARRAY(arena, Str, result->file_count);
    for (size_t i = 0; i < result->file_count; i++)
        files[i] = arena_str(arena, result->files[i]);
    list->items =
        arena_grow(arena, list->items, list->count, &list->capacity, sizeof(*list->items));
    list->items[list->count++] = (FlushNotice){
        .table_id = table->id,
        .table_name = arena_str(arena, table->full_name),
        .owner = owner_of(arena_str(arena, owner.user_id)),
        .per_user = table_is_per_user(table),
        .row_count = result->row_count,
        .files = files,
        .file_count = result->file_count,
        .flushed_at_ms = clock_wall_us() / 1000,
    };
}

/* ---- one attempt ---- */

typedef struct FlushRun {
    const ColdJobs *jobs;
    Job *job;
    const Table *table;
    NoticeList *notices;
    uint64_t row_count;
    size_t file_count;
    size_t owner_count;
    bool many_segments; /* some owner has so many that compaction may be worth it */
    Buf files;          /* JSON strings */
} FlushRun;

static void add_files(FlushRun *run, const FlushResult *result)
{
    for (size_t i = 0; i < result->file_count; i++) {
        if (run->file_count + i >= RESULT_FILES_MAX)
            break;
        if (run->files.len)
            BUF_LIT(&run->files, ",");
        json_write_string(&run->files, result->files[i]);
    }
    run->row_count += result->row_count;
    run->file_count += result->file_count;
    run->owner_count += result->file_count > 0;
}

static Status flush_owner(Context *ctx, FlushRun *run, Owner owner)
{
    FlushResult result;
    const ColdJobs *jobs = run->jobs;
    FlushOptions options = {
        .tier = jobs->tier,
        .sequencer = jobs->sequencer,
        .table_id = run->table->id,
        .owner = owner,
    };
    pending_flush_begin(jobs->pending, run->table->id, owner);
    Status status = cold_flush(ctx, &options, &result);
    pending_flush_end(jobs->pending, run->table->id, owner, status ? jobs->retry_ms : 0);
    add_notice(run->notices, run->table, owner, &result);
    add_files(run, &result);
    run->many_segments |= result.segment_count >= COMPACT_FAN_IN;
    return status;
}

static Status flush_owners(Context *ctx, FlushRun *run, uint64_t rows_min)
{
    const ColdJobs *jobs = run->jobs;
    PendingOwners owners = pending_owners(&ctx->arena, jobs->pending, run->table->id, rows_min);
    ArenaMark mark = arena_mark(&ctx->arena);
    for (size_t i = 0; i < owners.count; i++) {
        TRY(context_check(ctx));
        TRY(flush_owner(ctx, run, owners.items[i].owner));
        arena_rewind(&ctx->arena, mark);
        job_set_message(run->job,
                        "Flushed %zu of %zu owners of %.*s (%llu rows, %zu files)",
                        i + 1,
                        owners.count,
                        STR_ARG(run->table->full_name),
                        (unsigned long long)run->row_count,
                        run->file_count);
        job_report(run->job);
    }
    return STATUS_OK;
}

static void set_outcome(const FlushRun *run)
{
    CLEANUP(buf_done) Buf json = {0};
    buf_printf(&json,
               "{\"rows\":%llu,\"files\":%zu,\"owners\":%zu,\"parquet_files\":[%.*s]}",
               (unsigned long long)run->row_count,
               run->file_count,
               run->owner_count,
               (int)run->files.len,
               run->files.len ? run->files.ptr : "");
    job_set_result(run->job, buf_str(&json));
    job_set_message(run->job,
                    "Flushed %.*s successfully (%llu rows, %zu files)",
                    STR_ARG(run->table->full_name),
                    (unsigned long long)run->row_count,
                    run->file_count);
}

/* It is no failure of the flush when the compaction cannot be asked for now. */
static void ask_compaction(const FlushRun *run)
{
    CLEANUP(context_done) Context ctx = {0};
    Str id;
    Status status = compact_job_submit(&ctx, run->jobs, run->table, false, &id);
    if (status != STATUS_OK && status != STATUS_CONFLICT)
        log_warn("cold",
                 "no compaction table=%.*s error=\"%.*s\"",
                 STR_ARG(run->table->full_name),
                 STR_ARG(ctx.message));
}

static Status run_on_table(Context *ctx, FlushRun *run, uint64_t rows_min)
{
    TRY(pending_writes_wait(ctx, run->jobs->pending));
    TRY(flush_owners(ctx, run, rows_min));
    set_outcome(run);
    if (run->many_segments)
        ask_compaction(run);
    return STATUS_OK;
}

static Status run_flush(Context *ctx, Job *job, void *data)
{
    const ColdJobs *jobs = data;
    CLEANUP(cold_job_target_done) ColdJobTarget target;
    TRY(cold_job_target(ctx, jobs, job, &target));
    if (!target.table)
        return STATUS_OK;
    FlushRun run = {
        .jobs = jobs,
        .job = job,
        .table = target.table,
        .notices = notice_list_new(jobs, job),
    };
    int64_t rows_min = 0;
    (void)json_to_int64(json_member(target.parameters, STR("flush_threshold")), &rows_min);
    Status status = run_on_table(ctx, &run, rows_min > 0 ? (uint64_t)rows_min : 0);
    buf_done(&run.files);
    return status;
}

void flush_job_register(ColdJobs *jobs)
{
    job_register(jobs->scheduler,
                 &(JobKind){.name = "flush", .prefix = "FL", .run = run_flush, .data = jobs});
}

Status flush_job_submit(
    Context *ctx, const ColdJobs *jobs, const Table *table, uint64_t rows_min, Str *ret_id)
{
    Str extra =
        rows_min
            ? arena_printf(&ctx->arena, "\"flush_threshold\":%llu", (unsigned long long)rows_min)
            : STR("\"flush_threshold\":null");
    return cold_job_submit(ctx, jobs, &(ColdJobRequest){"flush", table, extra}, ret_id);
}
