/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one commit changed: the unit of the change log, of delivery to live
 * queries, and later of replication.
 *
 * A record is deterministic and complete: applying it to a store needs no
 * clock, no catalog and no other input, and replaying the log into an empty
 * store gives the same store.  The byte format is in commit_record.c.
 */
#pragma once

#include "base/refcount.h"
#include "store/layout.h"
#include "store/store.h"

typedef enum ChangeKind {
    CHANGE_INSERT,         /* new_row */
    CHANGE_UPDATE,         /* old_row, new_row */
    CHANGE_DELETE,         /* old_row; a tombstone with the old values stays */
    CHANGE_DELETE_HARD,    /* old_row; nothing stays */
    CHANGE_EVENT,          /* new_row: a stream event; bucket */
    CHANGE_EVENT_DELETE,   /* old_row: a stream event removed; bucket, old_seq */
    CHANGE_CATALOG_PUT,    /* key, new_row: catalog entry */
    CHANGE_CATALOG_DELETE, /* key */
    /* old_row; as CHANGE_DELETE_HARD, but the cold tier may hold versions of the row: a marker
     * that nobody sees stays in their way */
    CHANGE_DELETE_MARK,

    /* Upkeep, which no reader sees: in no scope, so neither fed nor in log_by_owner. */
    CHANGE_EVICT,           /* key, old_seq: the cold tier holds this version; the hot copy goes */
    CHANGE_COLD_SEQ,        /* change_cold_seq(): version old_seq stays and hides cold_seq */
    CHANGE_MANIFEST_PUT,    /* key (manifest_key_append()), new_row: the entry's value */
    CHANGE_MANIFEST_DELETE, /* key */
    CHANGE_JOB_PUT,         /* key: job id, new_row: the entry's value */
    CHANGE_JOB_DELETE,      /* key */
    CHANGE_KIND_COUNT
} ChangeKind;

/* Is it a change that no reader sees? */
bool change_is_upkeep(ChangeKind kind);
/* Of the catalog or of jobs: its table id is 0. */
bool change_is_of_no_table(ChangeKind kind);
/* Where apply puts it. */
StoreFamily change_family(ChangeKind kind);

/* Str fields are borrowed from whoever made the Change (a record's bytes, an arena). */
typedef struct Change {
    ChangeKind kind;
    uint32_t table_id; /* 0 = catalog, jobs */
    uint32_t schema_version;
    SeqNo seq;       /* of this change: the new version, tombstone or event */
    SeqNo old_seq;   /* of the version it replaces or removes; 0 = none */
    SeqNo cold_seq;  /* of the version in the cold tier that the row hides from now on; 0 = none */
    uint64_t bucket; /* streams */
    Owner owner;
    Str key;     /* encoded primary key (value/key.h); streams: empty; catalog: its key */
    Str old_row; /* encoded rows (value/row.h); ptr NULL = none */
    Str new_row;
} Change;

/* One (table, owner) that a commit changed for its readers. */
typedef struct CommitScope {
    uint32_t table_id;
    Owner owner;
} CommitScope;

typedef struct CommitRecord CommitRecord;
struct CommitRecord {
    RefCount refs;
    SeqNo seq; /* of its last change */
    SeqNo first_seq;
    bool sync;
    Str bytes; /* as stored in the log */
    uint32_t change_count;
    uint32_t scope_count;
    const CommitScope *scopes; /* distinct; owner borrowed from bytes */
};

/*
 * The change by which a stored row, found by commit_read_row(), is known to hide
 * version `cold_seq` of the cold tier; it keeps its number, its flags and its
 * bytes, which are borrowed.
 */
Change change_cold_seq(CommitScope scope, Str key, const StoredRow *stored, SeqNo cold_seq);

/*
 * What a change leaves under its key, borrowed: a version of a row or an event;
 * of an entry of another family its value, as `row`.  False when it leaves nothing.
 */
bool change_stored(const Change *change, StoredRow *ret_stored);

CommitRecord *commit_record_ref(CommitRecord *record);
void commit_record_unref(CommitRecord *record);
DEFINE_CLEANUP(CommitRecord, commit_record_unref)

/* Takes a copy of bytes.  STATUS_CORRUPT when they are no record. */
MUST_CHECK Status commit_record_decode(Context *ctx, Str bytes, CommitRecord **ret_record);

/* Each record holds the hash of the one before it in the log (0 = it is the first). */
uint64_t commit_record_hash(const CommitRecord *record);
uint64_t commit_record_previous_hash(const CommitRecord *record);

/* Walks the changes in order: commit_changes_next() fills `change` until it returns false. */
typedef struct CommitChanges {
    const CommitRecord *record;
    Reader reader;
    SeqNo seq;
    uint32_t left;
} CommitChanges;

CommitChanges commit_changes(const CommitRecord *record);
bool commit_changes_next(CommitChanges *changes, Change *ret_change);
/* The same without upkeep: what whoever follows a table's or the catalog's changes wants. */
bool commit_changes_next_seen(CommitChanges *changes, Change *ret_change);

/*
 * apply: the only writer of rows, streams, log, catalog, manifest and jobs.  Adds
 * what the record changes, the record itself and its log_by_owner entries to the
 * batch.
 */
void commit_record_apply(const CommitRecord *record, StoreBatch *batch);
