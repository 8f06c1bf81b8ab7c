/* SPDX-License-Identifier: Apache-2.0 */
#include "api/sql_envelope.h"

#include "base/memory.h"
#include "value/json.h"

#include <assert.h>

static void write_head(SqlEnvelope *envelope, Str status)
{
    Buf *out = &envelope->out;
    BUF_LIT(out, "{");
    buf_str_append(out, envelope->options.prefix);
    BUF_LIT(out, "\"status\":");
    json_write_string(out, status);
    BUF_LIT(out, ",\"results\":[");
}

void sql_envelope_init(SqlEnvelope *envelope, const SqlEnvelopeOptions *options)
{
    *envelope = (SqlEnvelope){.options = *options, .out = {.limit = options->size_max}};
    write_head(envelope, STR("success"));
}

void sql_envelope_done(SqlEnvelope *envelope)
{
    free(TAKE(envelope->secret_memory));
    arena_done(&envelope->names);
    buf_done(&envelope->out);
}

void sql_envelope_start_streaming(SqlEnvelope *envelope)
{
    envelope->streaming = true;
}

/* ---- the sink ---- */

static void write_member(Buf *out, Str name)
{
    if (out->len > 0 && out->ptr[out->len - 1] != '{')
        BUF_LIT(out, ",");
    json_write_key(out, name);
}

static void on_begin(void *data, const AstStatement *statement)
{
    (void)statement;
    SqlEnvelope *envelope = data;
    envelope->in_result = true;
    envelope->has_columns = false;
    envelope->row_count = 0;
    envelope->secret = NULL;
    if (envelope->result_count > 0)
        BUF_LIT(&envelope->out, ",");
    BUF_LIT(&envelope->out, "{");
}

static void write_column(Buf *out, const ResultColumn *column, size_t index)
{
    BUF_LIT(out, "{\"name\":");
    json_write_string(out, column->name);
    BUF_LIT(out, ",\"data_type\":");
    type_write_json(out, column->type);
    BUF_LIT(out, ",\"index\":");
    buf_uint64(out, index);
    if (column->primary_key)
        BUF_LIT(out, ",\"flags\":[\"nn\",\"pk\",\"uq\"]");
    else if (column->not_null)
        BUF_LIT(out, ",\"flags\":[\"nn\"]");
    BUF_LIT(out, "}");
}

static bool is_secret_name(Str name)
{
    return str_equal(name, STR("credentials")) || str_equal(name, STR("password_hash"));
}

static void note_secrets(SqlEnvelope *envelope, const ResultColumn *columns, size_t count)
{
    envelope->secret = NULL;
    if (role_is_admin(envelope->options.role))
        return;
    for (size_t i = 0; i < count; i++) {
        if (!is_secret_name(columns[i].name))
            continue;
        if (!envelope->secret) {
            free(envelope->secret_memory);
            envelope->secret = envelope->secret_memory = mem_zalloc(count * sizeof(bool));
        }
        envelope->secret_memory[i] = true;
    }
}

/* For the error that names the column; most results have none and cost nothing. */
static void note_reals(SqlEnvelope *envelope, const ResultColumn *columns, size_t count)
{
    envelope->real_names = NULL;
    arena_clear(&envelope->names);
    for (size_t i = 0; i < count; i++) {
        TypeKind kind = columns[i].type.kind;
        if (kind != TYPE_FLOAT && kind != TYPE_DOUBLE)
            continue;
        if (!envelope->real_names)
            envelope->real_names = ARENA_ARRAY(&envelope->names, Str, count);
        envelope->real_names[i] = arena_str(&envelope->names, columns[i].name);
    }
}

static void on_columns(void *data, const ResultColumn *columns, size_t count)
{
    SqlEnvelope *envelope = data;
    Buf *out = &envelope->out;
    envelope->column_count = count;
    envelope->has_columns = envelope->selected = true;
    note_secrets(envelope, columns, count);
    note_reals(envelope, columns, count);
    BUF_LIT(out, "\"schema\":[");
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            BUF_LIT(out, ",");
        write_column(out, &columns[i], i);
    }
    BUF_LIT(out, "],\"rows\":[");
}

/* Decision 58: NaN and infinities, which JSON does not have. */
static Status fail_cell(const SqlEnvelope *envelope, Context *ctx, Status status, size_t column)
{
    if (status != STATUS_INVALID_VALUE || !envelope->real_names)
        return status;
    Str name = envelope->real_names[column];
    return fail(ctx, status, "column \"%.*s\": %.*s", STR_ARG(name), STR_ARG(ctx->message));
}

static Status write_cell(SqlEnvelope *envelope, Context *ctx, const Value *values, size_t column)
{
    Buf *out = &envelope->out;
    if (envelope->secret && envelope->secret[column]) {
        BUF_LIT(out, "\"***\"");
        return STATUS_OK;
    }
    Status status = value_write_cell(ctx, out, &values[column]);
    return status == STATUS_OK ? status : fail_cell(envelope, ctx, status, column);
}

static Status write_cells(SqlEnvelope *envelope, Context *ctx, const Value *values)
{
    Buf *out = &envelope->out;
    for (size_t i = 0; i < envelope->column_count; i++) {
        if (i > 0)
            BUF_LIT(out, ",");
        TRY(write_cell(envelope, ctx, values, i));
    }
    return STATUS_OK;
}

/* A row that cannot be written leaves nothing of itself behind. */
static Status on_row(void *data, Context *ctx, const Value *values)
{
    SqlEnvelope *envelope = data;
    Buf *out = &envelope->out;
    size_t start = out->len;
    if (envelope->row_count > 0)
        BUF_LIT(out, ",");
    BUF_LIT(out, "[");
    Status status = write_cells(envelope, ctx, values);
    BUF_LIT(out, "]");
    if (status == STATUS_OK && out->overflowed)
        status = fail(ctx,
                      STATUS_LIMIT_EXCEEDED,
                      "the result has more than %zu bytes; ask for it over HTTP",
                      envelope->options.size_max);
    if (status != STATUS_OK)
        out->len = start;
    else
        envelope->row_count++;
    return status;
}

static void write_row_ids(Buf *out, const ResultDone *done)
{
    BUF_LIT(out, ",\"row_ids\":[");
    for (size_t i = 0; i < done->row_id_count; i++) {
        if (i > 0)
            BUF_LIT(out, ",");
        json_write_string(out, done->row_ids[i]);
    }
    BUF_LIT(out, "]");
}

/* What we say beyond the first clients' contract (decisions 21, 24, 26). */
static void write_additions(Buf *out, const ResultDone *done)
{
    if (done->seq)
        buf_printf(out, ",\"seq\":\"%llu\"", (unsigned long long)done->seq);
    if (done->row_id_count > 0)
        write_row_ids(out, done);
    if (done->has_timestamp) {
        BUF_LIT(out, ",\"timestamp_ms\":");
        buf_int64(out, done->timestamp_ms);
    }
    if (done->has_discarded) {
        BUF_LIT(out, ",\"discarded\":");
        buf_uint64(out, done->discarded);
    }
    if (done->truncated)
        BUF_LIT(out, ",\"truncated\":true");
}

static void on_done(void *data, const ResultDone *done)
{
    SqlEnvelope *envelope = data;
    Buf *out = &envelope->out;
    if (envelope->has_columns)
        BUF_LIT(out, "]");
    write_member(out, STR("row_count"));
    buf_uint64(out, done->row_count);
    if (done->message.len > 0) {
        BUF_LIT(out, ",\"message\":");
        json_write_string(out, done->message);
    }
    BUF_LIT(out, ",\"as_user\":");
    json_write_string(out, done->as_user);
    write_additions(out, done);
    BUF_LIT(out, "}");
    envelope->in_result = false;
    envelope->result_count++;
}

static bool is_full(void *data)
{
    const SqlEnvelope *envelope = data;
    return envelope->options.chunk_size > 0 && envelope->out.len >= envelope->options.chunk_size;
}

const ResultSink SQL_ENVELOPE_SINK = {
    .begin = on_begin,
    .columns = on_columns,
    .row = on_row,
    .done = on_done,
    .is_full = is_full,
};

/* ---- the end ---- */

static void write_took(Buf *out, int64_t took_us)
{
    buf_printf(
        out, ",\"took\":%lld.%03lld", (long long)(took_us / 1000), (long long)(took_us % 1000));
}

/* The current result, as far as its rows have left or are about to. */
static void cut_result(SqlEnvelope *envelope)
{
    ResultDone done = {.row_count = envelope->row_count, .as_user = envelope->options.user_id};
    if (envelope->in_result)
        on_done(envelope, &done);
}

void sql_envelope_finish(SqlEnvelope *envelope, int64_t took_us)
{
    static const SqlError TOO_LARGE = {
        .http_status = 400,
        .code = "SQL_EXECUTION_ERROR",
        .message = STR_INIT("Invalid operation: the answer is too large; ask for it over HTTP"),
    };
    Buf *out = &envelope->out;
    assert(!envelope->in_result);
    BUF_LIT(out, "]");
    write_took(out, took_us);
    if (envelope->selected && envelope->result_count == 1)
        BUF_LIT(out, ",\"error\":null");
    BUF_LIT(out, "}");
    if (out->overflowed)
        sql_envelope_fail(envelope, &TOO_LARGE, took_us);
}

void sql_envelope_fail(SqlEnvelope *envelope, const SqlError *error, int64_t took_us)
{
    Buf *out = &envelope->out;
    out->limit = 0;
    if (envelope->streaming) {
        cut_result(envelope);
    } else {
        buf_clear(out);
        write_head(envelope, STR("error"));
    }
    BUF_LIT(out, "]");
    write_took(out, took_us);
    BUF_LIT(out, ",\"error\":");
    sql_error_write(out, error);
    BUF_LIT(out, "}");
}
