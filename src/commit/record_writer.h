/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing a commit record: changes are encoded as they come, the head in front
 * of them when the commit is complete.  Format in commit_record.c.
 *
 * A zeroed RecordWriter is empty and is reused after record_writer_clear().
 */
#pragma once

#include "base/map.h"
#include "commit/commit_record.h"

enum {
    COMMIT_RECORD_VERSION = 2,
    COMMIT_RECORD_SYNC = 1,
    COMMIT_CHANGE_KIND_MASK = 0x1f,
    COMMIT_CHANGE_HAS_COLD = 0x20,
    COMMIT_CHANGE_HAS_OLD = 0x40,
    COMMIT_CHANGE_HAS_NEW = 0x80,
};

/* Both images of everything one commit changes; far below what a batch of RocksDB's may hold. */
enum { COMMIT_BYTES_MAX = 512 << 20 };

typedef struct ScopeList {
    Arena arena; /* keys of index */
    Map index;   /* table and owner as encoded -> position */
    Buf encoded;
    uint32_t count;
} ScopeList;

typedef struct RecordWriter {
    ScopeList scopes;
    ScopeList upkeep_scopes;
    Buf changes; /* encoded; overflows at COMMIT_BYTES_MAX */
    Buf bytes;   /* scratch: the finished record */
    uint32_t change_count;
    SeqNo first_seq;
    SeqNo last_seq;
} RecordWriter;

void record_writer_done(RecordWriter *writer);
void record_writer_clear(RecordWriter *writer);

/* Copies the change; its seq is above all before. */
void record_writer_add(RecordWriter *writer, const Change *change);

/* At least one change was added.  NULL when they were more than COMMIT_BYTES_MAX. */
CommitRecord *record_writer_finish(RecordWriter *writer, uint64_t previous_hash, bool sync);

/* As commit_record_decode(), of bytes that we have just written. NULL: they are no record. */
CommitRecord *commit_record_from_bytes(Str bytes);
