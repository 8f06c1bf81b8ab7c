/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cold tier: rows that left the hot tier for Parquet files.
 *
 * The cold rows of one table and owner are listed in a manifest (cold/manifest.h),
 * which lies in the store and belongs to a snapshot like everything there.  A
 * *segment* is one immutable file, sorted by primary key.  A row version is
 * named by its sequence number for ever, whichever tier it is in.
 *
 * Reading both tiers: a hot version hides the cold one of its key; of the cold
 * versions of a key at most one is *undead*, the others are in the kills of some
 * segment; a tombstone hides the row.  The functions here show undead versions
 * only, tombstones included; what hides them in the hot tier is up to the caller.
 *
 * Manifests, key filters and dead lists are kept in memory, least recently used
 * ones leave first.  A ColdTier may be used by any thread.
 */
#pragma once

#include "cold/object_store.h"
#include "commit/sequencer.h"
#include "duck/duck.h"

typedef struct ColdTier ColdTier;
typedef struct ColdView ColdView;
typedef struct ColdScan ColdScan;

typedef struct ColdTierOptions {
    Store *store;
    DuckEngine *duck;
    ObjectStores *objects;
    const StorageDefaults *defaults; /* path templates; immutable, outlives the tier */
    size_t cache_bytes;              /* 0 = 64 MiB */
} ColdTierOptions;

ColdTier *cold_tier_new(const ColdTierOptions *options);
/* All views and scans are closed by now. */
void cold_tier_free(ColdTier *tier);
DEFINE_CLEANUP(ColdTier, cold_tier_free)

/* ---- one table and owner as of one snapshot ---- */

typedef struct ColdViewOptions {
    Snapshot *snapshot; /* counted up */
    const Table *table; /* of the snapshot's catalog */
    Owner owner;
    StoreTier tier; /* STORE_READ_MEMORY: STATUS_WOULD_BLOCK rather than wait for the disk */
} ColdViewOptions;

/* *ret_view is NULL when nothing is cold; every function here takes that for an empty view.
 * A view belongs to one thread at a time. */
MUST_CHECK Status cold_view_open(Context *ctx,
                                 ColdTier *tier,
                                 const ColdViewOptions *options,
                                 ColdView **ret_view);
void cold_view_close(ColdView *view);
DEFINE_CLEANUP(ColdView, cold_view_close)

/*
 * The manifest's version, 0 for NULL.  Inside execute() a writer compares it with
 * the newest one: what it found in the view holds as long as they agree.
 */
uint64_t cold_view_version(const ColdView *view);
MUST_CHECK Status cold_newest_version(CommitBuilder *builder,
                                      uint32_t table_id,
                                      Owner owner,
                                      uint64_t *ret_version);

typedef struct ColdStats {
    uint64_t segments;
    uint64_t bytes;      /* of the files */
    uint64_t rows;       /* versions in the files */
    uint64_t dead_rows;  /* of them superseded by other segments */
    uint64_t tombstones; /* of `rows`: deleted or gone, dead or not */
    SeqNo seq_max;       /* of all versions; 0 = none */
} ColdStats;
MUST_CHECK Status cold_view_stats(Context *ctx, ColdView *view, ColdStats *ret_stats);

/* The text of the manifest.json beside the view's files (cold/manifest_json.h); appended. */
MUST_CHECK Status cold_view_write_json(Context *ctx, ColdView *view, Buf *out);

/* Where the files of a table's owners go as its storage is defined now; borrowed from the catalog
 * or the tier. */
Str cold_path_template(const ColdTier *tier, const Catalog *catalog, const Table *table);

/* ---- by key ---- */

/*
 * Could an undead version of the key be cold?  Looks at key ranges and filters
 * only.  STATUS_WOULD_BLOCK in memory only, when a filter is not there.
 */
MUST_CHECK Status
cold_may_hold(Context *ctx, ColdView *view, Str key, StoreTier tier, bool *ret_may);

/*
 * The undead version of each key, tombstones and gone ones included; ret_found
 * says which keys have one.  Keys are distinct.  Rows are encoded (value/row.h) under the column
 * ids of their schema version, in ctx's arena.  Workers only: reads files.
 */
MUST_CHECK Status cold_find(Context *ctx,
                            ColdView *view,
                            const Str *keys,
                            size_t count,
                            StoredRow *ret_rows,
                            bool *ret_found);

/* ---- in key order ---- */

typedef struct ColdScanOptions {
    Str key_lower; /* encoded, inclusive; empty = open */
    Str key_upper; /* exclusive; empty = open */
    bool reverse;
    SeqNo after_seq;            /* only later versions */
    const bool *wanted_columns; /* of the view's table, by declared order; NULL = all.  Columns that
                                   are not wanted are missing in the rows. */
} ColdScanOptions;

/* Workers only.  The bounds are copied; the view outlives the scan. */
ColdScan *cold_scan_open(ColdView *view, const ColdScanOptions *options);
void cold_scan_close(ColdScan *scan);
DEFINE_CLEANUP(ColdScan, cold_scan_close)
/* Undead versions, tombstones and gone ones included.  Key and row are valid until the next call.
 * False at the end and on an error. */
bool cold_scan_next(Context *ctx, ColdScan *scan, Str *ret_key, StoredRow *ret_row);
MUST_CHECK Status cold_scan_status(Context *ctx, ColdScan *scan);

/* ---- inside DuckDB ---- */

/* The sources of a statement under construction, in the arena of its Context. */
typedef struct DuckSourceList {
    DuckSource **items;
    size_t count;
    size_t capacity;
} DuckSourceList;

/* Values that a statement is interested in; a NULL bound is open. */
typedef struct ColdBound {
    uint32_t column; /* of the table, in declared order */
    Value lower;     /* inclusive */
    Value upper;     /* inclusive */
} ColdBound;

typedef struct ColdRelation {
    const Table *table; /* under whose names and types; of the view's catalog */
    const bool *wanted; /* its columns, by declared order; NULL = all */
    /* What is known of the rows that matter; files that hold none of them are left out.  Rows
     * outside may still come. */
    Str key_lower; /* as in ColdScanOptions */
    Str key_upper;
    SeqNo seq_min;
    SeqNo seq_max; /* 0 = open */
    const ColdBound *bounds;
    size_t bound_count;
} ColdRelation;

/* A statement under construction. */
typedef struct ColdSql {
    Buf *out;
    DuckSourceList *sources;
    bool empty;        /* result: no file is left, nothing was appended */
    size_t file_count; /* result: that are read */
} ColdSql;

/*
 * Appends a parenthesised SELECT of the undead cold rows: the wanted columns, then
 * _seq and _deleted, in no particular order; rows that are gone do not come.  The
 * sources and the files are the view's: close it after the result.  Workers only.
 */
MUST_CHECK Status cold_relation_sql(Context *ctx,
                                    ColdView *view,
                                    const ColdRelation *relation,
                                    ColdSql *sql);
