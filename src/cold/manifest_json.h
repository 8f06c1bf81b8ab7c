/* SPDX-License-Identifier: Apache-2.0 */
/*
 * manifest.json: what lies in a table's directory, for readers that are not us
 * and for rebuilding a lost catalog.
 *
 * It is written after the commit that it describes, so it may be one behind
 * after a crash; the store's manifest is the truth.
 */
#pragma once

#include "cold/manifest.h"
#include "cold/segment_stats.h"

#define MANIFEST_JSON_NAME STR("manifest.json")

typedef struct ManifestDocument {
    Str table_name; /* "ns.table" */
    Str user_id;    /* ptr NULL = shared */
    const Manifest *manifest;
    const SegmentStats *stats; /* one for each segment of the manifest */
} ManifestDocument;

/* As operations.md 6.3.  A text bound that is no UTF-8 is left out. */
void manifest_json_write(Buf *out, const ManifestDocument *document);

/* What a rebuild needs of it: everything else is read from the files themselves. */
typedef struct ManifestFile {
    Str path; /* relative to the directory */
    uint32_t schema_version;
    int64_t created_at_ms;
} ManifestFile;

typedef struct ManifestSummary {
    Str table_name;
    Str user_id; /* ptr NULL = shared */
    uint64_t version;
    int64_t created_at_ms;
    int64_t updated_at_ms;
    size_t file_count;
    const ManifestFile *files; /* committed segments */
} ManifestSummary;

/* In ctx's arena.  STATUS_CORRUPT naming what is wrong. */
MUST_CHECK Status manifest_json_read(Context *ctx, Str text, ManifestSummary *ret_summary);
