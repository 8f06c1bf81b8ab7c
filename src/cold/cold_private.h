/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of this folder share: the tier, a view, and the parts of a
 * manifest in memory.
 */
#pragma once

#include "cold/cold.h"
#include "cold/cold_cache.h"
#include "cold/key_filter.h"
#include "cold/manifest.h"
#include "cold/segment_stats.h"
#include "cold/seq_set.h"

#include "base/map.h"

#include <pthread.h>

typedef struct TrashItem TrashItem;

struct ColdTier {
    Store *store;
    DuckEngine *duck;
    ObjectStores *objects;
    const StorageDefaults *defaults;
    ColdCache *cache;
    _Atomic int64_t last_file_ms; /* of the files written by this process */

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t turn_ended;
    Map turns;   /* (table, owner) that somebody maintains; the values are heap */
    Map allowed; /* directories that DuckDB was told of; likewise */
    TrashItem *trash;
};

/* The kills of all segments of one manifest version. */
typedef struct DeadList {
    CacheItem item;
    SeqSet seqs;
} DeadList;

struct ColdView {
    ColdTier *tier;
    Snapshot *snapshot;
    const Table *table;
    Owner owner;
    Manifest *manifest;
    DeadList *dead;     /* NULL until somebody asked */
    ObjectStore *store; /* likewise */
    ObjectFile **files; /* by position of the segment; NULL until somebody asked */
    Arena arena;
};

/* Of a manifest that the caller has; takes its reference. */
ColdView *cold_view_new(ColdTier *tier, const ColdViewOptions *options, Manifest *manifest);

/* Where the parts of the view's manifest are read from. */
StoreRead cold_view_read(const ColdView *view, StoreTier tier);

/* ---- parts of segments, counted items of the cache ---- */

typedef struct LoadedFilter {
    CacheItem item;
    Str bytes; /* behind the struct */
    KeyFilter filter;
} LoadedFilter;

/* STATUS_WOULD_BLOCK when it is not in memory and may not be read. */
MUST_CHECK Status cold_load_filter(Context *ctx,
                                   ColdView *view,
                                   const Segment *segment,
                                   StoreTier tier,
                                   LoadedFilter **ret_filter);

/* The view's dead list; borrowed from the view. */
MUST_CHECK Status cold_load_dead(Context *ctx, ColdView *view, const SeqSet **ret_dead);

/* In ctx's arena. */
MUST_CHECK Status cold_load_stats(Context *ctx,
                                  ColdView *view,
                                  const Segment *segment,
                                  SegmentStats *ret_stats);

/* The kills of one segment; into an empty set. */
MUST_CHECK Status cold_read_kills(Context *ctx,
                                  ColdView *view,
                                  const Segment *segment,
                                  SeqSet *ret_kills);

/* ---- segments ---- */

/*
 * DuckDB holds the rows that are to be one row group, or one part of a backward scan,
 * in memory: this many bytes of them at most, and as many rows.
 */
enum { ROW_GROUP_ROWS = 20480 };
uint64_t cold_group_bytes_max(const ColdTier *tier);

/* The version of the view's table that a segment's file has the columns of; borrowed. */
MUST_CHECK Status cold_segment_table(Context *ctx,
                                     const ColdView *view,
                                     const Segment *segment,
                                     const Table **ret_table);

/* The path of the file, pinned until the view is closed. */
MUST_CHECK Status cold_segment_path(Context *ctx,
                                    ColdView *view,
                                    const Segment *segment,
                                    Str *ret_path);

void cold_trash_done(ColdTier *tier);

/* ---- where files are ---- */

typedef struct ColdPlace {
    const Catalog *catalog;
    const Table *table;
    Owner owner;
} ColdPlace;

/* Sets storage and directory of a manifest to be, in its arena, by the table's options. */
MUST_CHECK Status cold_place(Context *ctx,
                             ColdTier *tier,
                             const ColdPlace *place,
                             Manifest *manifest);

/* The store of a storage's newest definition; the caller's reference. */
MUST_CHECK Status cold_object_store(
    Context *ctx, ColdTier *tier, const Catalog *catalog, Str storage_id, ObjectStore **ret_store);

/* "<directory>/<name>"; in the arena. */
Str cold_object_name(Arena *arena, const Manifest *manifest, Str name);
Str segment_object_name(Arena *arena, const Manifest *manifest, int64_t file_ms);

/* For a new file's name: now, but above `above` and all that this process was given before. */
int64_t cold_next_file_ms(ColdTier *tier, int64_t above);

/* ---- scans ---- */

/*
 * As cold_scan_open(), of these segments only, all rows and columns.  The dead
 * versions that it passes over are appended to `dead`, unsorted.
 */
ColdScan *
cold_scan_open_segments(ColdView *view, const uint32_t *segments, size_t count, SeqSet *dead);
