/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `kalamdb check --rebuild-manifest`: cold/rebuild.h on a data directory that no
 * server uses.
 */
#pragma once

#include "cold/rebuild.h"
#include "server/config.h"

typedef struct RebuildReport {
    RebuildResult result;
    uint64_t problem_count; /* directories that could not be used; each is a line in the log */
} RebuildReport;

MUST_CHECK Status rebuild_manifests(Context *ctx, const Config *config, RebuildReport *ret_report);
