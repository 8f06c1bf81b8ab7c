/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where things are: the key of everything in the hot tier, in bytes.
 *
 *   rows          slot(2) table(4) owner pk            newest hot version of a row
 *   log           shard(2) seq(8)                      one commit (commit/commit_record.h)
 *   log_by_owner  slot(2) table(4) owner seq(8)        empty: table and owner changed then
 *   streams       slot(2) table(4) bucket(8) owner seq(8)   one event
 *   catalog       text keys                            catalog/catalog.h
 *   meta          text keys                            "seq_lease", "log_low_water", ..
 *   manifest      part(1) slot(2) table(4) owner [segment(4)]   what is in the cold tier
 *   jobs          job id                               one background job
 *
 * Integers are big-endian.  slot = hash_stable(owner) & 4095, for SHARED tables
 * (and streams of SCOPE shared) of the table id's four bytes; their owner is
 * empty.  owner is escaped and terminated, pk is encoded (both value/key.h).
 *
 * A value in `rows` and `streams`: seq(8) flags(1) [cold seq(8)]
 * schema_version(varint) row (value/row.h).  A version in `rows` may hide one
 * in the cold tier: cold seq then names it.  The user id is a typed argument of every function
 * here: no key can be built without saying whose it is.
 */
#pragma once

#include "base/buf.h"
#include "base/context.h"
#include "value/ids.h"

typedef uint64_t SeqNo;

enum { SLOT_COUNT = 4096 };

/* Flags of a stored version. */
enum { STORED_DELETED = 1, STORED_GONE = 2, STORED_HAS_COLD = 4 };

/* Whose rows: a user id, or OWNER_SHARED. */
typedef struct Owner {
    Str user_id; /* empty = shared */
} Owner;

#define OWNER_SHARED ((Owner){STR_NULL})

static inline Owner owner_of(Str user_id)
{
    return (Owner){user_id};
}

uint16_t slot_of(uint32_t table_id, Owner owner);

/* Append to `out`.  pk is encoded; an empty one gives the prefix of all rows of table and owner. */
void row_key_append(Buf *out, uint32_t table_id, Owner owner, Str pk);
/* The pk part of a row key made for this owner; borrowed. */
Str row_key_pk(Str key, Owner owner);
/* The table of any key that begins with slot and table. */
uint32_t row_key_table(Str key);
/* Taken apart completely; owner is copied to the arena, pk borrowed. STATUS_CORRUPT */
MUST_CHECK Status
row_key_read(Context *ctx, Str key, uint32_t *ret_table_id, Owner *ret_owner, Str *ret_pk);

void log_key_append(Buf *out, SeqNo seq);
SeqNo log_key_seq(Str key);

void log_by_owner_key_append(Buf *out, uint32_t table_id, Owner owner, SeqNo seq);
SeqNo log_by_owner_key_seq(Str key); /* its last eight bytes */

void stream_key_append(Buf *out, uint32_t table_id, uint64_t bucket, Owner owner, SeqNo seq);
/* All events of a bucket whoever owns them: the range [prefix, upper bound) per slot. */
void stream_bucket_prefix_append(Buf *out, uint16_t slot, uint32_t table_id, uint64_t bucket);
MUST_CHECK Status stream_key_read(Context *ctx,
                                  Str key,
                                  uint32_t *ret_table_id,
                                  uint64_t *ret_bucket,
                                  Owner *ret_owner,
                                  SeqNo *ret_seq);

/* The parts of what the store knows of a table's and owner's cold files. */
typedef enum ManifestPart {
    MANIFEST_HEAD = 1,   /* which segments there are; all heads are one range */
    MANIFEST_FILTER = 2, /* of one segment: which keys it may hold */
    MANIFEST_KILLS = 3,  /* of one segment: the older cold versions that it supersedes */
    MANIFEST_STATS = 4,  /* of one segment: bounds of its columns */
} ManifestPart;

typedef struct ManifestKey {
    ManifestPart part;
    uint32_t table_id;
    Owner owner;
    uint32_t segment; /* not of MANIFEST_HEAD */
} ManifestKey;

void manifest_key_append(Buf *out, const ManifestKey *key);
/* What the keys of all segments start with. */
void manifest_prefix_append(Buf *out, ManifestPart part, uint32_t table_id, Owner owner);
/* What all keys of a part and a slot start with that belong to the table. */
void manifest_slot_prefix_append(Buf *out, ManifestPart part, uint16_t slot, uint32_t table_id);
/* owner is copied to the arena.  STATUS_CORRUPT */
MUST_CHECK Status manifest_key_read(Context *ctx, Str key, ManifestKey *ret_key);

/* The smallest key above all keys that start with `prefix`; appended to out. Empty when there is
 * none. */
void key_successor_append(Buf *out, Str prefix);

/* A stored version taken apart; row borrowed. */
typedef struct StoredRow {
    SeqNo seq;
    SeqNo cold_seq; /* of the version in the cold tier that this one hides; 0 = none known */
    uint32_t schema_version;
    bool deleted; /* a tombstone: row holds the last values */
    bool gone;    /* deleted, and without a trace: hides a cold version from all readers; no row */
    Str row;
} StoredRow;

void stored_row_append(Buf *out, const StoredRow *stored);
MUST_CHECK Status stored_row_read(Context *ctx, Str value, StoredRow *ret_stored);
