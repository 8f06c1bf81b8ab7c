/* SPDX-License-Identifier: Apache-2.0 */
#include "table/system_jobs.h"

#include "job/job.h"

/* There is one node. */
enum { NODE_ID = 1 };

static void set_text(SystemRows *rows, const char *column, Str text)
{
    if (text.len)
        system_row_text(rows, column, text);
}

static void set_time(SystemRows *rows, const char *column, int64_t time_us)
{
    if (time_us)
        system_row_integer(rows, column, time_us);
}

static void set_times(SystemRows *rows, const JobRecord *job)
{
    system_row_integer(rows, "created_at", job->created_at_us);
    system_row_integer(rows, "updated_at", job->updated_at_us);
    set_time(rows, "started_at", job->started_at_us);
    set_time(rows, "finished_at", job->finished_at_us);
}

static void add_job(SystemRows *rows, const JobRecord *job)
{
    system_row_begin(rows);
    system_row_text(rows, "job_id", job->id);
    system_row_text(rows, "job_type", job->kind);
    system_row_text(rows, "status", job_state_word(job->state));
    set_text(rows, "parameters", job->parameters);
    set_text(rows, "message", job->message);
    set_text(rows, "exception_trace", job->trace);
    set_text(rows, "idempotency_key", job->key);
    set_text(rows, "result", job->result);
    system_row_integer(rows, "retry_count", job->retry_count);
    system_row_integer(rows, "max_retries", job->retries_max);
    if (job->started_at_us) {
        system_row_integer(rows, "memory_used", (int64_t)job->memory_bytes);
        system_row_integer(rows, "cpu_used", (int64_t)job->cpu_us);
    }
    set_times(rows, job);
    system_row_integer(rows, "node_id", NODE_ID);
    system_row_integer(rows, "leader_node_id", NODE_ID);
}

static Status provide_jobs(Context *ctx, const SystemRequest *request, SystemRows *rows, void *data)
{
    (void)data;
    JobList list;
    TRY(job_list(ctx, request->snapshot, request->tier, &list));
    for (size_t i = 0; i < list.count; i++)
        add_job(rows, &list.items[i]);
    return STATUS_OK;
}

static void add_node(SystemRows *rows, const JobRecord *job)
{
    system_row_begin(rows);
    system_row_text(rows, "job_id", job->id);
    system_row_integer(rows, "node_id", NODE_ID);
    system_row_text(rows, "status", job_state_word(job->state));
    if (job->state == JOB_FAILED || job->state == JOB_RETRYING)
        set_text(rows, "error_message", job->message);
    set_times(rows, job);
}

static Status
provide_job_nodes(Context *ctx, const SystemRequest *request, SystemRows *rows, void *data)
{
    (void)data;
    JobList list;
    TRY(job_list(ctx, request->snapshot, request->tier, &list));
    for (size_t i = 0; i < list.count; i++)
        add_node(rows, &list.items[i]);
    return STATUS_OK;
}

void system_jobs_register(SystemTables *tables)
{
    system_tables_register(tables, STR("system.jobs"), provide_jobs, NULL);
    system_tables_register(tables, STR("system.job_nodes"), provide_job_nodes, NULL);
}
