/* SPDX-License-Identifier: Apache-2.0 */
#include "cold/manifest_json.h"

#include "value/json.h"

#include <stdio.h>

/* ---- writing ---- */

static void write_key(Buf *out, Str name)
{
    if (out->len && out->ptr[out->len - 1] != '{')
        BUF_LIT(out, ",");
    json_write_key(out, name);
}

static void write_text(Buf *out, Str name, Str text)
{
    write_key(out, name);
    if (text.ptr)
        json_write_string(out, text);
    else
        BUF_LIT(out, "null");
}

static void write_number(Buf *out, Str name, uint64_t number)
{
    write_key(out, name);
    buf_uint64(out, number);
}

/* {"Int64":"10"}, or null when there is no bound. */
static void write_bound(Buf *out, Str name, const ColumnStats *column, const Value *bound)
{
    CLEANUP(buf_done) Buf text = {0};
    CLEANUP(arena_done) Arena arena = {0};
    bool known = column->bounded && !value_is_null(bound);
    if (known)
        value_write_text(&text, bound);
    write_key(out, name);
    if (!known || !str_is_utf8(buf_str(&text))) {
        BUF_LIT(out, "null");
        return;
    }
    BUF_LIT(out, "{");
    json_write_key(out, type_arrow_name(&arena, column->type));
    json_write_string(out, buf_str(&text));
    BUF_LIT(out, "}");
}

static void write_column_stats(Buf *out, const SegmentStats *stats)
{
    write_key(out, STR("column_stats"));
    BUF_LIT(out, "{");
    for (size_t i = 0; i < stats->count; i++) {
        const ColumnStats *column = &stats->columns[i];
        char id[16];
        int length = snprintf(id, sizeof(id), "%u", column->column_id);
        write_key(out, str_from(id, (size_t)length));
        BUF_LIT(out, "{");
        write_bound(out, STR("min"), column, &column->min);
        write_bound(out, STR("max"), column, &column->max);
        write_number(out, STR("null_count"), column->null_count);
        BUF_LIT(out, "}");
    }
    BUF_LIT(out, "}");
}

static void write_segment(Buf *out, const Segment *segment, const SegmentStats *stats)
{
    CLEANUP(arena_done) Arena arena = {0};
    Str name = segment_file_name(&arena, segment->file_ms);
    BUF_LIT(out, "{");
    write_text(out, STR("id"), name);
    write_text(out, STR("path"), name);
    write_number(out, STR("min_seq"), segment->seq_min);
    write_number(out, STR("max_seq"), segment->seq_max);
    write_number(out, STR("row_count"), segment->row_count);
    write_number(out, STR("size_bytes"), segment->size_bytes);
    write_number(out, STR("created_at"), (uint64_t)segment->file_ms);
    write_column_stats(out, stats);
    write_number(out, STR("schema_version"), segment->schema_version);
    write_text(out, STR("status"), STR("committed"));
    BUF_LIT(out, "}");
}

static SeqNo last_seq(const Manifest *manifest)
{
    SeqNo last = 0;
    for (size_t i = 0; i < manifest->segment_count; i++)
        if (manifest->segments[i].seq_max > last)
            last = manifest->segments[i].seq_max;
    return last;
}

void manifest_json_write(Buf *out, const ManifestDocument *document)
{
    const Manifest *manifest = document->manifest;
    BUF_LIT(out, "{");
    write_text(out, STR("table_id"), document->table_name);
    write_text(out, STR("user_id"), document->user_id);
    write_number(out, STR("version"), manifest->version);
    write_number(out, STR("created_at"), (uint64_t)manifest->created_at_ms);
    write_number(out, STR("updated_at"), (uint64_t)manifest->updated_at_ms);
    write_key(out, STR("segments"));
    BUF_LIT(out, "[");
    for (size_t i = 0; i < manifest->segment_count; i++) {
        if (i > 0)
            BUF_LIT(out, ",");
        write_segment(out, &manifest->segments[i], &document->stats[i]);
    }
    BUF_LIT(out, "]");
    write_number(out, STR("last_sequence_number"), last_seq(manifest));
    write_text(out, STR("files"), STR_NULL);
    write_key(out, STR("vector_indexes"));
    BUF_LIT(out, "{}}\n");
}

/* ---- reading ---- */

static Status read_text(Context *ctx, const Json *object, Str name, bool may_be_null, Str *ret_text)
{
    const Json *member = json_member(object, name);
    if (member && member->kind == JSON_NULL && may_be_null) {
        *ret_text = STR_NULL;
        return STATUS_OK;
    }
    if (!member || member->kind != JSON_STRING || member->text.len == 0)
        return fail(ctx, STATUS_CORRUPT, "manifest.json: \"%.*s\" is no text", STR_ARG(name));
    *ret_text = member->text;
    return STATUS_OK;
}

static Status
read_number(Context *ctx, const Json *object, Str name, int64_t min, int64_t *ret_number)
{
    if (!json_to_int64(json_member(object, name), ret_number) || *ret_number < min)
        return fail(ctx,
                    STATUS_CORRUPT,
                    "manifest.json: \"%.*s\" is no number from %lld",
                    STR_ARG(name),
                    (long long)min);
    return STATUS_OK;
}

/* A path leads to a file of the directory itself. */
static bool path_is_plain(Str path)
{
    return str_find_byte(path, '/') == path.len && str_find_byte(path, '\0') == path.len &&
           path.ptr[0] != '.';
}

static Status read_file(Context *ctx, const Json *segment, ManifestFile *file)
{
    int64_t schema_version;
    TRY(read_text(ctx, segment, STR("path"), false, &file->path));
    TRY(read_number(ctx, segment, STR("schema_version"), 1, &schema_version));
    TRY(read_number(ctx, segment, STR("created_at"), 0, &file->created_at_ms));
    if (!path_is_plain(file->path) || schema_version > UINT32_MAX)
        return fail(ctx,
                    STATUS_CORRUPT,
                    "manifest.json: segment '%.*s' has no plain file name or an impossible version",
                    STR_ARG(file->path));
    file->schema_version = (uint32_t)schema_version;
    return STATUS_OK;
}

static Status read_files(Context *ctx, const Json *segments, ManifestSummary *summary)
{
    if (!segments || segments->kind != JSON_ARRAY)
        return fail(ctx, STATUS_CORRUPT, "manifest.json: \"segments\" is no array");
    ManifestFile *files = ARENA_ARRAY(&ctx->arena, ManifestFile, segments->count);
    for (const Json *segment = segments->first; segment; segment = segment->next) {
        Str status = STR_NULL;
        TRY(read_text(ctx, segment, STR("status"), false, &status));
        if (str_equal(status, STR("committed")))
            TRY(read_file(ctx, segment, &files[summary->file_count++]));
    }
    summary->files = files;
    return STATUS_OK;
}

Status manifest_json_read(Context *ctx, Str text, ManifestSummary *ret_summary)
{
    const Json *json;
    int64_t version;
    ManifestSummary summary = {0};
    if (json_parse(ctx, text, &json) != STATUS_OK)
        return fail(ctx, STATUS_CORRUPT, "manifest.json: %.*s", STR_ARG(ctx->message));
    TRY(read_text(ctx, json, STR("table_id"), false, &summary.table_name));
    TRY(read_text(ctx, json, STR("user_id"), true, &summary.user_id));
    TRY(read_number(ctx, json, STR("version"), 1, &version));
    TRY(read_number(ctx, json, STR("created_at"), 0, &summary.created_at_ms));
    TRY(read_number(ctx, json, STR("updated_at"), 0, &summary.updated_at_ms));
    TRY(read_files(ctx, json_member(json, STR("segments")), &summary));
    summary.version = (uint64_t)version;
    *ret_summary = summary;
    return STATUS_OK;
}
