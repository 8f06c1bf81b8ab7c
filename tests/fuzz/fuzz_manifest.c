/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first byte says what the rest is: a manifest, the statistics, kills or key
 * filter of a segment, or a manifest.json.  What decodes is written again and
 * decodes to the same.
 */
#include "cold/key_filter.h"
#include "cold/manifest_json.h"
#include "cold/seq_set.h"

#include <assert.h>

static void check_manifest(Context *ctx, Str bytes)
{
    CLEANUP(manifest_unref) Manifest *manifest = NULL;
    CLEANUP(manifest_unref) Manifest *again = NULL;
    CLEANUP(buf_done) Buf written = {0};
    uint64_t version = 0;
    if (manifest_decode(ctx, bytes, &manifest) != STATUS_OK)
        return;
    Status status = manifest_decode_version(ctx, bytes, &version);
    assert(status == STATUS_OK && version == manifest->version);
    manifest_encode(&written, manifest);
    status = manifest_decode(ctx, buf_str(&written), &again);
    assert(status == STATUS_OK && again->segment_count == manifest->segment_count);
    for (size_t i = 0; i < manifest->segment_count; i++)
        assert(manifest_segment(again, manifest->segments[i].id) == &again->segments[i]);
}

static void check_stats(Context *ctx, Str bytes)
{
    SegmentStats stats;
    SegmentStats again;
    CLEANUP(buf_done) Buf written = {0};
    CLEANUP(buf_done) Buf twice = {0};
    if (segment_stats_decode(ctx, bytes, &stats) != STATUS_OK)
        return;
    segment_stats_encode(&written, &stats);
    Status status = segment_stats_decode(ctx, buf_str(&written), &again);
    assert(status == STATUS_OK);
    segment_stats_encode(&twice, &again);
    assert(str_equal(buf_str(&written), buf_str(&twice)));
}

static void check_seqs(Context *ctx, Str bytes)
{
    CLEANUP(seq_set_done) SeqSet set = {0};
    CLEANUP(seq_set_done) SeqSet again = {0};
    CLEANUP(buf_done) Buf written = {0};
    if (seq_set_decode(ctx, bytes, &set) != STATUS_OK)
        return;
    for (size_t i = 0; i < set.count; i++)
        assert(seq_set_has(&set, set.items[i]));
    seq_set_encode(&written, &set);
    Status status = seq_set_decode(ctx, buf_str(&written), &again);
    assert(status == STATUS_OK && again.count == set.count);
}

static void check_filter(Context *ctx, Str bytes)
{
    KeyFilter filter;
    if (key_filter_read(ctx, bytes, &filter) == STATUS_OK)
        (void)key_filter_may_have(&filter, bytes);
}

static void check_json(Context *ctx, Str text)
{
    ManifestSummary summary;
    if (manifest_json_read(ctx, text, &summary) != STATUS_OK)
        return;
    for (size_t i = 0; i < summary.file_count; i++)
        assert(summary.files[i].path.len > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const CHECKS[])(Context *, Str) = {
        check_manifest, check_stats, check_seqs, check_filter, check_json};
    CLEANUP(context_done) Context ctx = {0};
    if (size > 0)
        CHECKS[data[0] % 5](&ctx, str_from((const char *)data + 1, size - 1));
    return 0;
}
