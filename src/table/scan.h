/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the rows of one table and one owner from a published snapshot, hot
 * and cold ones as one.
 *
 * The owner is a required argument: there is no way to scan a USER table without
 * saying whose rows.  Rows come in primary key order (streams: in the order of
 * their events) as expressions see them: the columns in declared order, then
 * _seq, _updated, _deleted.  Tombstones and expired events are left out unless
 * asked for.
 */
#pragma once

#include "cold/cold.h"
#include "commit/published.h"
#include "value/value.h"

typedef struct TableRow {
    SeqNo seq;
    bool cold; /* it is this version that the cold tier holds */
    bool deleted;
    Str key;             /* encoded primary key; empty for streams */
    Str image;           /* as stored (value/row.h) */
    const Value *values; /* table_row_width() of them */
} TableRow;

typedef struct TableScanOptions {
    ColdTier *cold;     /* NULL: there is none */
    Snapshot *snapshot; /* must outlive the scan */
    const Table *table; /* likewise */
    Owner owner;
    Str key_lower; /* encoded primary key prefix, inclusive; empty = open */
    Str key_upper; /* exclusive; empty = open */
    bool include_deleted;
    bool include_gone; /* markers too, which have no row: for who hides cold rows himself */
    bool reverse;
    StoreTier tier;
    int64_t now_ms; /* what is expired; streams only */
} TableScanOptions;

typedef struct TableScan TableScan;

/* Not for system tables. */
TableScan *table_scan_open(const TableScanOptions *options);
void table_scan_close(TableScan *scan);
DEFINE_CLEANUP(TableScan, table_scan_close)

/* The row is valid until the next call.  False at the end and on an error. */
bool table_scan_next(Context *ctx, TableScan *scan, TableRow *ret_row);
/* STATUS_WOULD_BLOCK when a memory-only scan needs the disk, STATUS_CORRUPT .. */
MUST_CHECK Status table_scan_status(Context *ctx, TableScan *scan);

/*
 * How much the hot rows that a scan would read take in files, roughly; what is
 * only in memory does not count.  Not of streams; the snapshot is not looked at.
 */
uint64_t table_hot_bytes(Store *store, const TableScanOptions *options);

/* One row by encoded primary key; in ctx's arena.  Tombstones are not found. */
typedef struct TableGet {
    ColdTier *cold; /* NULL: there is none */
    Snapshot *snapshot;
    const Table *table;
    Owner owner;
    Str key;
    StoreTier tier;
    bool include_deleted;
} TableGet;
MUST_CHECK Status table_get(Context *ctx, const TableGet *get, TableRow *ret_row, bool *ret_found);

/* An encoded row image (a change record's old_row or new_row) as expressions see it;
 * values[table_row_width()]. */
MUST_CHECK Status table_decode_image(
    Context *ctx, const Table *table, Str image, SeqNo seq, bool deleted, Value *ret_values);

/* Of a stream event written at `seq`, is it expired at now_ms? */
bool stream_is_expired(const Table *table, SeqNo seq, int64_t now_ms);
