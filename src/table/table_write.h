/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a write means.
 *
 * A row is checked and encoded where its statement runs (row_image_make), and
 * judged where the newest state is known: against a RowTarget, which is either
 * the commit being built on the executing thread or the overlay of an open
 * transaction.  Uniqueness, tombstones, hard deletes and no-op updates are
 * decided here, once, for both.
 *
 * USER and SHARED tables keep the newest version of each row under its primary
 * key.  STREAM tables keep events: they are never updated, their order is the
 * order of their sequence numbers, and a key is not checked for uniqueness.
 */
#pragma once

#include "table/cold_rows.h"

enum { TABLE_KEY_BYTES_MAX = 4096 };

/* A row ready to be stored. */
typedef struct RowImage {
    Str key; /* encoded primary key; empty when the table has none */
    Str row;
} RowImage;

/*
 * values: the columns in declared order, each NULL or of its column's type.
 * Checks NOT NULL (STATUS_NOT_NULL_VIOLATION) and the key's length
 * (STATUS_LIMIT_EXCEEDED).  The image is in ctx's arena.
 */
MUST_CHECK Status row_image_make(Context *ctx,
                                 const Table *table,
                                 const Value *values,
                                 RowImage *ret_image);

/* The encoded key of a primary key value of the column's type; in ctx's arena. */
MUST_CHECK Status row_key_make(Context *ctx, const Table *table, const Value *value, Str *ret_key);

/* The primary key as text, for messages and row_ids; in the arena. */
MUST_CHECK Status row_key_text(Context *ctx, const Table *table, Str key, Str *ret_text);

/* Which row. */
typedef struct RowPlace {
    const Table *table;
    Owner owner;
    Str key; /* encoded primary key */
} RowPlace;

/* Where a write reads the newest version of a row and puts its change. */
typedef struct RowTarget RowTarget;
struct RowTarget {
    /* A tombstone is found, a marker too (StoredRow.gone, which says deleted as well).  Bytes stay
     * valid until the statement's writes are over. */
    Status (*read)(RowTarget *target,
                   Context *ctx,
                   const RowPlace *place,
                   StoredRow *ret_stored,
                   bool *ret_found);
    /* seq is assigned here. */
    Status (*add)(
        RowTarget *target, Context *ctx, const Table *table, const Change *change, SeqNo *ret_seq);
    /* Streams, which transactions do not have: the time of an event written now, and whether an
     * event was removed by a change that the store does not show yet. */
    int64_t (*time_ms)(RowTarget *target);
    bool (*event_is_removed)(RowTarget *target, const Table *table, Owner owner, SeqNo event);
};

/* The commit being built; only inside WriteOp.execute(). */
typedef struct CommitTarget {
    RowTarget target;
    CommitBuilder *builder;
} CommitTarget;

CommitTarget commit_target(CommitBuilder *builder);

/*
 * Call first inside execute(): STATUS_STALE_PLAN when the table has another
 * version by now, or is gone; makes the commit of a sync table wait for the disk.
 */
MUST_CHECK Status table_write_begin(Context *ctx, CommitBuilder *builder, const Table *table);

/* The writes of one statement into one table. */
typedef struct TableWrite {
    Context *ctx;
    RowTarget *target;
    const Table *table;
    Owner owner;          /* OWNER_SHARED unless table_is_per_user() */
    const ColdRows *cold; /* of all rows it touches; NULL where the target knows them itself */
} TableWrite;

/*
 * STATUS_UNIQUE_VIOLATION when a live row has the key (an earlier row of the
 * same statement included).  Over a tombstone it is an ordinary insert.  STREAM:
 * an event.
 */
MUST_CHECK Status table_insert(const TableWrite *write, const RowImage *image, SeqNo *ret_seq);

/* The newest version, hot or cold; tombstones and markers are found. */
MUST_CHECK Status table_read(const TableWrite *write,
                             Str key,
                             StoredRow *ret_stored,
                             bool *ret_found);

/* The newest live version; a tombstone is not found.  USER and SHARED only. */
MUST_CHECK Status table_find(const TableWrite *write,
                             Str key,
                             StoredRow *ret_stored,
                             bool *ret_found);

/* `old` came from table_find().  The caller has seen that something changes. */
MUST_CHECK Status table_update(const TableWrite *write, Str key, const StoredRow *old, Str new_row);

/*
 * Leaves a tombstone with the last values, or nothing when DELETED_RETENTION_HOURS
 * is 0 (for a cold table: a marker that nobody sees).
 */
MUST_CHECK Status table_delete(const TableWrite *write, Str key, const StoredRow *old);

/* Removes one event for good; one that is gone already changes nothing and is not *ret_found. */
MUST_CHECK Status stream_event_delete(
    const TableWrite *write, Store *store, SeqNo event, Str old_row, bool *ret_found);
