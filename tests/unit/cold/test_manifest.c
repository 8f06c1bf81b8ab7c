/* SPDX-License-Identifier: Apache-2.0 */
#include "cold/manifest.h"

#include "cold/manifest_json.h"
#include "cold_test.h"
#include "value/json.h"

enum { ROUNDS = 300, SEGMENTS_MAX = 20 };

static uint64_t seed;

static Segment random_segment(Arena *arena, uint32_t id)
{
    SeqNo seq = 1 + next_random(&seed);
    uint64_t rows = 1 + next_random(&seed) % 100000;
    return (Segment){
        .id = id,
        .schema_version = 1 + (uint32_t)next_random(&seed) % 9,
        .file_ms = (int64_t)(1770000000000 + next_random(&seed)),
        .row_count = rows,
        .tombstone_count = next_random(&seed) % (rows + 1),
        .kill_count = next_random(&seed),
        .size_bytes = next_random(&seed),
        .raw_bytes = next_random(&seed),
        .is_full = next_random(&seed) % 2,
        .seq_min = seq,
        .seq_max = seq + next_random(&seed),
        .key_min = random_bytes_of(arena, &seed, 30),
        .key_max = random_bytes_of(arena, &seed, 30),
    };
}

/* Segments have odd ids. */
static Manifest random_manifest(Arena *arena)
{
    size_t count = next_random(&seed) % SEGMENTS_MAX;
    Segment *segments = ARENA_ARRAY(arena, Segment, count + 1);
    for (size_t i = 0; i < count; i++)
        segments[i] = random_segment(arena, (uint32_t)(2 * i + 1));
    return (Manifest){
        .version = 1 + next_random(&seed),
        .unsettled = count && next_random(&seed) % 2 ? segments[count - 1].id : 0,
        .last_segment = (uint32_t)(2 * count + next_random(&seed) % 5),
        .created_at_ms = (int64_t)next_random(&seed),
        .updated_at_ms = (int64_t)next_random(&seed),
        .last_file_ms = (int64_t)next_random(&seed),
        .flushed_at_ms = (int64_t)next_random(&seed),
        .storage_id = STR("local"),
        .directory = STR("app/chat/u1"),
        .segment_count = count,
        .segments = segments,
    };
}

static void assert_same_segment(const Segment *a, const Segment *b)
{
    assert_int_equal(a->id, b->id);
    assert_int_equal(a->schema_version, b->schema_version);
    assert_int_equal(a->file_ms, b->file_ms);
    assert_int_equal(a->row_count, b->row_count);
    assert_int_equal(a->tombstone_count, b->tombstone_count);
    assert_int_equal(a->kill_count, b->kill_count);
    assert_int_equal(a->size_bytes, b->size_bytes);
    assert_int_equal(a->raw_bytes, b->raw_bytes);
    assert_int_equal(a->is_full, b->is_full);
    assert_int_equal(a->seq_min, b->seq_min);
    assert_int_equal(a->seq_max, b->seq_max);
    assert_true(str_equal(a->key_min, b->key_min));
    assert_true(str_equal(a->key_max, b->key_max));
}

static void a_manifest_survives_its_encoding(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        CLEANUP(context_done) Context ctx = {0};
        CLEANUP(buf_done) Buf bytes = {0};
        CLEANUP(manifest_unref) Manifest *read = NULL;
        Manifest written = random_manifest(&ctx.arena);
        uint64_t version = 0;
        manifest_encode(&bytes, &written);
        assert_int_equal(manifest_decode(&ctx, buf_str(&bytes), &read), STATUS_OK);
        assert_int_equal(manifest_decode_version(&ctx, buf_str(&bytes), &version), STATUS_OK);

        assert_int_equal(version, written.version);
        assert_int_equal(read->version, written.version);
        assert_int_equal(read->unsettled, written.unsettled);
        assert_int_equal(read->last_segment, written.last_segment);
        assert_int_equal(read->created_at_ms, written.created_at_ms);
        assert_int_equal(read->updated_at_ms, written.updated_at_ms);
        assert_int_equal(read->last_file_ms, written.last_file_ms);
        assert_int_equal(read->flushed_at_ms, written.flushed_at_ms);
        assert_true(str_equal(read->storage_id, written.storage_id));
        assert_true(str_equal(read->directory, written.directory));
        assert_int_equal(read->segment_count, written.segment_count);
        for (size_t i = 0; i < read->segment_count; i++)
            assert_same_segment(&read->segments[i], &written.segments[i]);
    }
}

static void a_damaged_manifest_is_refused(void **state)
{
    (void)state;
    CLEANUP(context_done) Context made = {0};
    CLEANUP(buf_done) Buf bytes = {0};
    Manifest written = random_manifest(&made.arena);
    manifest_encode(&bytes, &written);
    for (size_t len = 0; len < bytes.len; len++) {
        CLEANUP(context_done) Context ctx = {0};
        Manifest *read = NULL;
        Status status = manifest_decode(&ctx, str_from(bytes.ptr, len), &read);
        assert_int_equal(status, STATUS_CORRUPT);
        assert_null(read);
    }
}

static void r64_a_segment_file_is_named_after_its_millisecond(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    int64_t ms = 0;
    Str name = segment_file_name(&arena, 1729468800000);
    assert_true(str_equal(name, STR("batch-1729468800000.parquet")));
    assert_true(segment_file_name_read(name, &ms));
    assert_int_equal(ms, 1729468800000);
    static const Str OTHERS[] = {
        STR_INIT("batch-.parquet"),
        STR_INIT("batch-1x.parquet"),
        STR_INIT("batch--1.parquet"),
        STR_INIT("batch-1.parquet.tmp"),
        STR_INIT("manifest.json"),
        STR_INIT(""),
    };
    for (size_t i = 0; i < sizeof(OTHERS) / sizeof(OTHERS[0]); i++)
        assert_false(segment_file_name_read(OTHERS[i], &ms));
}

/* Keys of up to 100 bytes, so that many are cut, against a model that remembers them all. */
static void no_key_of_a_segment_lies_outside_of_its_range(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        CLEANUP(arena_done) Arena arena = {0};
        enum { KEYS = 10 };
        Str keys[KEYS];
        Segment segment = {0};
        for (int i = 0; i < KEYS; i++) {
            keys[i] = random_bytes_of(&arena, &seed, 100);
            if (next_random(&seed) % 4 == 0 && keys[i].len)
                memset((char *)keys[i].ptr, 0xff, keys[i].len);
        }
        Str first = keys[0];
        Str last = keys[0];
        for (int i = 1; i < KEYS; i++) {
            first = str_compare(keys[i], first) < 0 ? keys[i] : first;
            last = str_compare(keys[i], last) > 0 ? keys[i] : last;
        }
        segment_set_key_range(&segment, &arena, first, last);
        assert_true(segment.key_min.len <= KEY_BOUND_BYTES_MAX);
        assert_true(segment.key_max.len <= KEY_BOUND_BYTES_MAX);
        for (int i = 0; i < KEYS; i++) {
            assert_true(segment_may_hold_key(&segment, keys[i]));
            assert_true(segment_may_hold_range(&segment, keys[i], STR_NULL));
        }
        Str other = random_bytes_of(&arena, &seed, 40);
        bool outside = str_compare(other, first) < 0 || str_compare(other, last) > 0;
        if (last.len <= KEY_BOUND_BYTES_MAX && first.len <= KEY_BOUND_BYTES_MAX)
            assert_int_equal(segment_may_hold_key(&segment, other), !outside);
        if (other.len && str_compare(first, other) < 0)
            assert_true(segment_may_hold_range(&segment, STR_NULL, other));
    }
}

/* ---- manifest.json ---- */

static const Segment SEGMENT = {
    .id = 1,
    .schema_version = 1,
    .file_ms = 1770000000000,
    .row_count = 10,
    .size_bytes = 4096,
    .seq_min = 1,
    .seq_max = 9,
};

static const ColumnStats COLUMNS[] = {
    {.column_id = 1,
     .type = {.kind = TYPE_BIGINT},
     .bounded = true,
     .min = {.kind = TYPE_BIGINT, .integer = 1},
     .max = {.kind = TYPE_BIGINT, .integer = 10}},
    {.column_id = 3,
     .type = {.kind = TYPE_TEXT},
     .bounded = true,
     .min = {.kind = TYPE_TEXT, .text = STR_INIT("")},
     .max = {.kind = TYPE_TEXT, .text = STR_INIT("a \"word\"")},
     .null_count = 2},
    {.column_id = 4, .type = {.kind = TYPE_SMALLINT}, .bounded = true, .null_count = 10},
    {.column_id = 5, .type = {.kind = TYPE_JSON}},
};

static void manifest_json_has_the_documented_form(void **state)
{
    (void)state;
    CLEANUP(buf_done) Buf out = {0};
    SegmentStats stats = {.count = 4, .columns = COLUMNS};
    Manifest manifest = {
        .version = 3,
        .created_at_ms = 1770000000000,
        .updated_at_ms = 1770000000001,
        .segment_count = 1,
        .segments = &SEGMENT,
    };
    ManifestDocument document = {.table_name = STR("ns.t"), .manifest = &manifest, .stats = &stats};
    manifest_json_write(&out, &document);
    Str expected = STR(
        "{\"table_id\":\"ns.t\",\"user_id\":null,\"version\":3,\"created_at\":1770000000000,"
        "\"updated_at\":1770000000001,\"segments\":[{\"id\":\"batch-1770000000000.parquet\","
        "\"path\":\"batch-1770000000000.parquet\",\"min_seq\":1,\"max_seq\":9,\"row_count\":10,"
        "\"size_bytes\":4096,\"created_at\":1770000000000,\"column_stats\":{"
        "\"1\":{\"min\":{\"Int64\":\"1\"},\"max\":{\"Int64\":\"10\"},\"null_count\":0},"
        "\"3\":{\"min\":{\"Utf8\":\"\"},\"max\":{\"Utf8\":\"a \\\"word\\\"\"},\"null_count\":2},"
        "\"4\":{\"min\":null,\"max\":null,\"null_count\":10},"
        "\"5\":{\"min\":null,\"max\":null,\"null_count\":0}},"
        "\"schema_version\":1,\"status\":\"committed\"}],"
        "\"last_sequence_number\":9,\"files\":null,\"vector_indexes\":{}}\n");
    assert_true(str_equal(buf_str(&out), expected));
}

static void manifest_json_is_read_back(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        CLEANUP(context_done) Context ctx = {0};
        CLEANUP(buf_done) Buf out = {0};
        Manifest manifest = random_manifest(&ctx.arena);
        SegmentStats *stats = ARENA_ARRAY(&ctx.arena, SegmentStats, manifest.segment_count + 1);
        ManifestDocument document = {.table_name = STR("app.chat"),
                                     .user_id = round % 2 ? STR("ann\xc3\xa9") : STR_NULL,
                                     .manifest = &manifest,
                                     .stats = stats};
        ManifestSummary summary;
        manifest_json_write(&out, &document);
        assert_int_equal(manifest_json_read(&ctx, buf_str(&out), &summary), STATUS_OK);
        assert_true(str_equal(summary.table_name, document.table_name));
        assert_true(str_equal(summary.user_id, document.user_id));
        assert_int_equal(!summary.user_id.ptr, !document.user_id.ptr);
        assert_int_equal(summary.version, manifest.version);
        assert_int_equal(summary.file_count, manifest.segment_count);
        for (size_t i = 0; i < summary.file_count; i++) {
            int64_t ms;
            assert_true(segment_file_name_read(summary.files[i].path, &ms));
            assert_int_equal(ms, manifest.segments[i].file_ms);
            assert_int_equal(summary.files[i].schema_version, manifest.segments[i].schema_version);
        }
    }
}

static void a_manifest_json_that_leads_elsewhere_is_refused(void **state)
{
    (void)state;
    static const char *const PATHS[] = {"../x.parquet", "/etc/passwd", "a/b.parquet", ".."};
    for (size_t i = 0; i < sizeof(PATHS) / sizeof(PATHS[0]); i++) {
        CLEANUP(context_done) Context ctx = {0};
        ManifestSummary summary;
        Str text = arena_printf(&ctx.arena,
                                "{\"table_id\":\"a.b\",\"user_id\":null,\"version\":1,"
                                "\"created_at\":1,\"updated_at\":1,\"segments\":[{\"path\":\"%s\","
                                "\"schema_version\":1,\"created_at\":1,\"status\":\"committed\"}]}",
                                PATHS[i]);
        assert_int_equal(manifest_json_read(&ctx, text, &summary), STATUS_CORRUPT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_manifest_survives_its_encoding),
        cmocka_unit_test(a_damaged_manifest_is_refused),
        cmocka_unit_test(r64_a_segment_file_is_named_after_its_millisecond),
        cmocka_unit_test(no_key_of_a_segment_lies_outside_of_its_range),
        cmocka_unit_test(manifest_json_has_the_documented_form),
        cmocka_unit_test(manifest_json_is_read_back),
        cmocka_unit_test(a_manifest_json_that_leads_elsewhere_is_refused),
    };
    seed = test_seed();
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("manifest", tests, NULL, NULL);
}
