/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A manifest in the store, byte by byte.  varint is LEB128, bytes are a varint
 * length and as many bytes.
 *
 *     format         1       1
 *     version        8       big-endian, here so that it can be read alone
 *     unsettled      4       big-endian; segment id or 0
 *     last segment   varint
 *     created at     varint  milliseconds since 1970
 *     updated at     varint
 *     last file      varint
 *     flushed at     varint  milliseconds since 1970; 0 = never
 *     storage        bytes
 *     directory      bytes
 *     segment count  varint
 *     segments               each: id, schema version, file, row count, tombstones,
 *                            kills, size (varints), seq min, seq max (8 each, big-endian),
 *                            key min, key max (bytes)
 */
#include "cold/manifest.h"

#include "base/memory.h"

enum { MANIFEST_FORMAT = 2, SEGMENT_BYTES_MIN = 27, IDENTITY_BYTES = 13 };

Manifest *manifest_ref(Manifest *manifest)
{
    refcount_inc(&manifest->refs);
    return manifest;
}

void manifest_unref(Manifest *manifest)
{
    if (!manifest || !refcount_dec(&manifest->refs))
        return;
    arena_done(&manifest->arena);
    free(manifest);
}

/* ---- encoding ---- */

static void encode_segment(Buf *out, const Segment *segment)
{
    buf_varint(out, segment->id);
    buf_varint(out, segment->schema_version);
    buf_varint(out, (uint64_t)segment->file_ms);
    buf_varint(out, segment->row_count);
    buf_varint(out, segment->tombstone_count);
    buf_varint(out, segment->kill_count);
    buf_varint(out, segment->size_bytes);
    buf_u64be(out, segment->seq_min);
    buf_u64be(out, segment->seq_max);
    buf_bytes(out, segment->key_min);
    buf_bytes(out, segment->key_max);
    buf_varint(out, segment->raw_bytes);
    buf_byte(out, segment->is_full);
}

void manifest_encode(Buf *out, const Manifest *manifest)
{
    buf_byte(out, MANIFEST_FORMAT);
    buf_u64be(out, manifest->version);
    buf_u32be(out, manifest->unsettled);
    buf_varint(out, manifest->last_segment);
    buf_varint(out, (uint64_t)manifest->created_at_ms);
    buf_varint(out, (uint64_t)manifest->updated_at_ms);
    buf_varint(out, (uint64_t)manifest->last_file_ms);
    buf_varint(out, (uint64_t)manifest->flushed_at_ms);
    buf_bytes(out, manifest->storage_id);
    buf_bytes(out, manifest->directory);
    buf_varint(out, manifest->segment_count);
    for (size_t i = 0; i < manifest->segment_count; i++)
        encode_segment(out, &manifest->segments[i]);
}

/* ---- decoding ---- */

static uint64_t read_bounded(Reader *reader, uint64_t max)
{
    uint64_t number = reader_varint(reader);
    if (number <= max)
        return number;
    reader->failed = true;
    return 0;
}

static void decode_segment(Reader *reader, Segment *segment)
{
    segment->id = (uint32_t)read_bounded(reader, UINT32_MAX);
    segment->schema_version = (uint32_t)read_bounded(reader, UINT32_MAX);
    segment->file_ms = (int64_t)read_bounded(reader, INT64_MAX);
    segment->row_count = reader_varint(reader);
    segment->tombstone_count = read_bounded(reader, segment->row_count);
    segment->kill_count = reader_varint(reader);
    segment->size_bytes = reader_varint(reader);
    segment->seq_min = reader_u64be(reader);
    segment->seq_max = reader_u64be(reader);
    segment->key_min = reader_bytes(reader);
    segment->key_max = reader_bytes(reader);
    segment->raw_bytes = reader_varint(reader);
    segment->is_full = read_bounded(reader, 1);
    if (segment->id == 0 || segment->schema_version == 0 || segment->row_count == 0 ||
        segment->seq_min > segment->seq_max)
        reader->failed = true;
}

static void decode_segments(Reader *reader, Manifest *manifest)
{
    uint64_t count = read_bounded(reader, MANIFEST_SEGMENTS_MAX);
    if (reader->failed || count > reader_left(reader) / SEGMENT_BYTES_MIN) {
        reader->failed = true;
        return;
    }
    Segment *segments = ARENA_ARRAY(&manifest->arena, Segment, count);
    uint32_t before = 0;
    for (uint64_t i = 0; i < count && !reader->failed; i++) {
        decode_segment(reader, &segments[i]);
        if (segments[i].id <= before || segments[i].id > manifest->last_segment)
            reader->failed = true;
        before = segments[i].id;
    }
    manifest->segments = segments;
    manifest->segment_count = count;
}

static void decode_all(Reader *reader, Manifest *manifest)
{
    if (reader_u8(reader) != MANIFEST_FORMAT)
        reader->failed = true;
    manifest->version = reader_u64be(reader);
    manifest->unsettled = reader_u32be(reader);
    manifest->last_segment = (uint32_t)read_bounded(reader, UINT32_MAX);
    manifest->created_at_ms = (int64_t)read_bounded(reader, INT64_MAX);
    manifest->updated_at_ms = (int64_t)read_bounded(reader, INT64_MAX);
    manifest->last_file_ms = (int64_t)read_bounded(reader, INT64_MAX);
    manifest->flushed_at_ms = (int64_t)read_bounded(reader, INT64_MAX);
    manifest->storage_id = reader_bytes(reader);
    manifest->directory = reader_bytes(reader);
    decode_segments(reader, manifest);
    if (manifest->version == 0 || manifest->storage_id.len == 0 || reader_left(reader) > 0)
        reader->failed = true;
    if (!reader->failed && manifest->unsettled && !manifest_segment(manifest, manifest->unsettled))
        reader->failed = true;
}

Status manifest_decode(Context *ctx, Str bytes, Manifest **ret_manifest)
{
    CLEANUP(manifest_unref) Manifest *manifest = NEW(Manifest);
    refcount_init(&manifest->refs);
    Reader reader = reader_from(arena_str(&manifest->arena, bytes));
    decode_all(&reader, manifest);
    if (reader.failed)
        return fail(ctx, STATUS_CORRUPT, "%zu bytes are no manifest", bytes.len);
    *ret_manifest = TAKE(manifest);
    return STATUS_OK;
}

Status manifest_decode_version(Context *ctx, Str bytes, uint64_t *ret_version)
{
    Reader reader = reader_from(bytes);
    uint8_t format = reader_u8(&reader);
    uint64_t version = reader_u64be(&reader);
    if (reader.failed || format != MANIFEST_FORMAT || version == 0)
        return fail(ctx, STATUS_CORRUPT, "%zu bytes are no manifest", bytes.len);
    *ret_version = version;
    return STATUS_OK;
}

Str manifest_identity(Str bytes)
{
    return str_from(bytes.ptr, bytes.len < IDENTITY_BYTES ? bytes.len : IDENTITY_BYTES);
}

const Segment *manifest_segment(const Manifest *manifest, uint32_t id)
{
    for (size_t i = 0; i < manifest->segment_count; i++)
        if (manifest->segments[i].id == id)
            return &manifest->segments[i];
    return NULL;
}

/* ---- files ---- */

static const Str FILE_PREFIX = STR_INIT("batch-");
static const Str FILE_SUFFIX = STR_INIT(".parquet");

Str segment_file_name(Arena *arena, int64_t file_ms)
{
    return arena_printf(
        arena, "%.*s%lld%.*s", STR_ARG(FILE_PREFIX), (long long)file_ms, STR_ARG(FILE_SUFFIX));
}

bool segment_file_name_read(Str name, int64_t *ret_file_ms)
{
    size_t around = FILE_PREFIX.len + FILE_SUFFIX.len;
    if (name.len <= around || !str_starts_with(name, FILE_PREFIX) ||
        !str_ends_with(name, FILE_SUFFIX))
        return false;
    Str digits = str_from(name.ptr + FILE_PREFIX.len, name.len - around);
    return str_to_int64(digits, ret_file_ms) && *ret_file_ms >= 0;
}

bool segment_any_name_read(Str name, int64_t *ret_file_ms, bool *ret_draft)
{
    *ret_draft = str_ends_with(name, STR(".tmp"));
    const char *end = memmem(name.ptr, name.len, FILE_SUFFIX.ptr, FILE_SUFFIX.len);
    if (*ret_draft && end)
        name = str_from(name.ptr, (size_t)(end - name.ptr) + FILE_SUFFIX.len);
    return segment_file_name_read(name, ret_file_ms);
}

/* ---- key ranges ---- */

void segment_set_key_range(Segment *segment, Arena *arena, Str first, Str last)
{
    CLEANUP(buf_done) Buf bound = {0};
    if (first.len > KEY_BOUND_BYTES_MAX)
        first.len = KEY_BOUND_BYTES_MAX;
    segment->key_min = arena_str(arena, first);
    if (last.len > KEY_BOUND_BYTES_MAX)
        key_successor_append(&bound, str_from(last.ptr, KEY_BOUND_BYTES_MAX));
    else
        buf_str_append(&bound, last);
    segment->key_max = arena_str(arena, buf_str(&bound));
}

bool segment_may_hold_key(const Segment *segment, Str key)
{
    return str_compare(key, segment->key_min) >= 0 &&
           (segment->key_max.len == 0 || str_compare(key, segment->key_max) <= 0);
}

bool segment_may_hold_range(const Segment *segment, Str lower, Str upper)
{
    if (upper.len && str_compare(segment->key_min, upper) >= 0)
        return false;
    return segment->key_max.len == 0 || str_compare(lower, segment->key_max) <= 0;
}
