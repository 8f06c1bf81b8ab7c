/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Manifest: the cold rows of one table and owner.
 *
 * It lists the segments; everything about a segment that is not needed to decide
 * whether to look into it lies beside it in the store (store/layout.h): its key
 * filter, its kills, its column statistics.  A Manifest is immutable and
 * counted; a changed one replaces it by a commit and has the next version.  The
 * format is in manifest.c.
 *
 * At most one version of a key in all segments is *undead*: in none of the kills.
 */
#pragma once

#include "base/refcount.h"
#include "store/layout.h"

enum { KEY_BOUND_BYTES_MAX = 64, MANIFEST_SEGMENTS_MAX = 100000 };

/*
 * One immutable file "batch-<file_ms>.parquet": rows of one schema version in key
 * order.  Every key is >= key_min and <= key_max; long keys are cut short, so
 * that the bounds need not be keys themselves.  key_max empty = no bound.
 */
typedef struct Segment {
    uint32_t id; /* from 1, never used again in its manifest */
    uint32_t schema_version;
    int64_t file_ms;          /* when it was written, made unique in its directory */
    uint64_t row_count;       /* tombstones included */
    uint64_t tombstone_count; /* deleted or gone */
    uint64_t kill_count;
    uint64_t size_bytes; /* of the file */
    uint64_t raw_bytes;  /* of its rows in memory; 0 = not known */
    bool is_full;        /* it ended because of its bytes: merging it with others gains nothing */
    SeqNo seq_min;
    SeqNo seq_max;
    Str key_min;
    Str key_max;
} Segment;

typedef struct Manifest {
    RefCount refs;
    uint64_t version;      /* counts up when the segments change */
    uint32_t unsettled;    /* the segment whose rows may still be hot as well; 0 = settled */
    uint32_t last_segment; /* the highest id given so far */
    int64_t created_at_ms;
    int64_t updated_at_ms;
    int64_t last_file_ms;
    int64_t flushed_at_ms; /* the last time rows came from the hot tier */
    Str storage_id;
    Str directory; /* in the storage, without slashes at its ends */
    size_t segment_count;
    const Segment *segments; /* ascending by id */
    Arena arena;             /* of a decoded one: holds all of the above */
} Manifest;

Manifest *manifest_ref(Manifest *manifest);
void manifest_unref(Manifest *manifest);
DEFINE_CLEANUP(Manifest, manifest_unref)

void manifest_encode(Buf *out, const Manifest *manifest);
/* STATUS_CORRUPT */
MUST_CHECK Status manifest_decode(Context *ctx, Str bytes, Manifest **ret_manifest);
/* The version alone, without decoding the rest. */
MUST_CHECK Status manifest_decode_version(Context *ctx, Str bytes, uint64_t *ret_version);

/* The part of an encoded manifest by which it differs from all others of its table and owner. */
Str manifest_identity(Str bytes);

/* NULL when there is none of that id. */
const Segment *manifest_segment(const Manifest *manifest, uint32_t id);

/* "batch-1729468800000.parquet"; in the arena. */
Str segment_file_name(Arena *arena, int64_t file_ms);
/* False when it is none. */
bool segment_file_name_read(Str name, int64_t *ret_file_ms);
/* Takes the name of a draft, too: "batch-17.parquet.0123456789abcdef.tmp". */
bool segment_any_name_read(Str name, int64_t *ret_file_ms, bool *ret_draft);

/* The bounds of the keys first..last, cut to KEY_BOUND_BYTES_MAX; in the arena. */
void segment_set_key_range(Segment *segment, Arena *arena, Str first, Str last);
/* Could it hold this key, or one of [lower, upper)?  An empty bound is open. */
bool segment_may_hold_key(const Segment *segment, Str key);
bool segment_may_hold_range(const Segment *segment, Str lower, Str upper);
