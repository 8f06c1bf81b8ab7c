/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All manifests of a snapshot, or those of one table.
 *
 *     manifest_scan_open(store, snapshot, table_id) .. manifest_scan_next() ..
 * manifest_scan_close()
 */
#pragma once

#include "cold/manifest.h"
#include "commit/published.h"

typedef struct ManifestScan ManifestScan;

/* table_id 0 = all tables; the ids of dropped ones are as good.  The snapshot outlives the scan;
 * NULL = newest. */
ManifestScan *manifest_scan_open(Store *store, Snapshot *snapshot, uint32_t table_id);
void manifest_scan_close(ManifestScan *scan);
DEFINE_CLEANUP(ManifestScan, manifest_scan_close)

typedef struct ScannedManifest {
    uint32_t table_id;
    Owner owner;
    Manifest *manifest;
} ScannedManifest;

/* Valid until the next call.  *ret_more false: the end. */
MUST_CHECK Status manifest_scan_next(Context *ctx,
                                     ManifestScan *scan,
                                     ScannedManifest *ret_scanned,
                                     bool *ret_more);
