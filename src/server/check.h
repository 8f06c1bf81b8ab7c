/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `kalamdb check`: reads a data directory from end to end, while no server uses
 * it, and says whether everything in it can be read and belongs together:
 * checksums of all files (the store's), the catalog, each row and event against
 * the catalog, each commit of the change log against the one before it.
 */
#pragma once

#include "server/config.h"

typedef struct CheckReport {
    uint64_t table_count; /* made by users */
    uint64_t row_count;   /* versions, tombstones included */
    uint64_t event_count;
    uint64_t commit_count;
} CheckReport;

/* STATUS_CORRUPT names what was found first; also what data_dir_open() and store_open() give. */
MUST_CHECK Status check_data(Context *ctx, const Config *config, CheckReport *ret_report);
