/* SPDX-License-Identifier: Apache-2.0 */
/*
 *     format           1       1
 *     state            1       JobState
 *     kind, parameters, key, message, trace, result    each: length varint, bytes
 *     retry count, retries max                         varints
 *     created, updated, started, finished              varints
 *     memory bytes, cpu microseconds                   varints
 */
#include "job/job_record.h"

enum { FORMAT = 1 };

static const Str STATE_WORDS[JOB_STATE_COUNT] = {
    [JOB_NEW] = STR_INIT("new"),
    [JOB_QUEUED] = STR_INIT("queued"),
    [JOB_RUNNING] = STR_INIT("running"),
    [JOB_RETRYING] = STR_INIT("retrying"),
    [JOB_COMPLETED] = STR_INIT("completed"),
    [JOB_FAILED] = STR_INIT("failed"),
    [JOB_CANCELLED] = STR_INIT("cancelled"),
    [JOB_SKIPPED] = STR_INIT("skipped"),
};

Str job_state_word(JobState state)
{
    return STATE_WORDS[state];
}

bool job_state_is_final(JobState state)
{
    return state >= JOB_COMPLETED;
}

void job_record_encode(Buf *out, const JobRecord *record)
{
    buf_byte(out, FORMAT);
    buf_byte(out, (char)record->state);
    buf_bytes(out, record->kind);
    buf_bytes(out, record->parameters);
    buf_bytes(out, record->key);
    buf_bytes(out, record->message);
    buf_bytes(out, record->trace);
    buf_bytes(out, record->result);
    buf_varint(out, record->retry_count);
    buf_varint(out, record->retries_max);
    buf_varint(out, (uint64_t)record->created_at_us);
    buf_varint(out, (uint64_t)record->updated_at_us);
    buf_varint(out, (uint64_t)record->started_at_us);
    buf_varint(out, (uint64_t)record->finished_at_us);
    buf_varint(out, record->memory_bytes);
    buf_varint(out, record->cpu_us);
}

static JobRecord read_record(Reader *reader)
{
    JobRecord record = {0};
    record.kind = reader_bytes(reader);
    record.parameters = reader_bytes(reader);
    record.key = reader_bytes(reader);
    record.message = reader_bytes(reader);
    record.trace = reader_bytes(reader);
    record.result = reader_bytes(reader);
    record.retry_count = (uint32_t)reader_varint(reader);
    record.retries_max = (uint32_t)reader_varint(reader);
    record.created_at_us = (int64_t)reader_varint(reader);
    record.updated_at_us = (int64_t)reader_varint(reader);
    record.started_at_us = (int64_t)reader_varint(reader);
    record.finished_at_us = (int64_t)reader_varint(reader);
    record.memory_bytes = reader_varint(reader);
    record.cpu_us = reader_varint(reader);
    return record;
}

Status job_record_decode(Context *ctx, Str id, Str bytes, JobRecord *ret_record)
{
    Reader reader = reader_from(bytes);
    uint8_t format = reader_u8(&reader);
    uint8_t state = reader_u8(&reader);
    JobRecord record = read_record(&reader);
    if (reader.failed || reader_left(&reader) || format != FORMAT || state >= JOB_STATE_COUNT)
        return fail(ctx, STATUS_CORRUPT, "job '%.*s' cannot be read", STR_ARG(id));
    record.id = id;
    record.state = state;
    *ret_record = record;
    return STATUS_OK;
}
