/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rebuild: manifests that are lost or do not fit their files are made again from
 * the files and manifest.json (`kalamdb check --rebuild-manifest`).
 *
 * Needed after the hot store was lost and put back from an older copy, or was
 * made anew with the same tables.  The catalog must have the tables: files do
 * not say what a column's default was.  No server uses the data meanwhile.
 */
#pragma once

#include "cold/cold.h"

typedef struct RebuildResult {
    uint64_t kept_count;    /* manifests that fit their files */
    uint64_t rebuilt_count; /* owners */
    uint64_t row_count;     /* versions in the rebuilt ones */
    uint64_t lost_files;    /* that manifest.json names and that are not there */
} RebuildResult;

/*
 * Of all tables.  `on_problem` is told of each directory that cannot be used, and
 * why; the others are rebuilt all the same.
 */
typedef struct RebuildOptions {
    ColdTier *tier;
    Sequencer *sequencer;
    void (*on_problem)(void *data, Str directory, Str reason);
    void *data;
} RebuildOptions;
MUST_CHECK Status cold_rebuild(Context *ctx,
                               const RebuildOptions *options,
                               RebuildResult *ret_result);
