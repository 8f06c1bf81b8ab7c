/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The newest version of every row of one owner as one snapshot shows it: hot
 * tier and cold tier read as one, in primary key order.
 *
 * Hot beats cold: a key that the hot tier holds, be it a tombstone, hides what
 * the segments say.  Within the cold tier a key has one version (cold/cold.h),
 * so two ordered sequences are merged and nothing is ever compared by `_seq`.
 */
#pragma once

#include "table/scan.h"

typedef struct RowScan RowScan;

/* USER and SHARED tables only; options as for table_scan_open(). */
RowScan *row_scan_open(const TableScanOptions *options);
void row_scan_close(RowScan *scan);
DEFINE_CLEANUP(RowScan, row_scan_close)

/* Tombstones come when they are asked for.  Key and row are valid until the next call; a row from
 * a segment has itself as its cold_seq. */
bool row_scan_next(Context *ctx, RowScan *scan, Str *ret_key, StoredRow *ret_stored);
MUST_CHECK Status row_scan_status(const RowScan *scan);

/* One row, tombstones and markers included; in ctx's arena. */
MUST_CHECK Status row_get(Context *ctx,
                          const TableGet *get,
                          StoredRow *ret_stored,
                          bool *ret_found);
