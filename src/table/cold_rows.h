/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the cold tier says about the rows that a statement is about to write.
 *
 * The sequencer never waits for a file, so who plans a write asks beforehand, as
 * of a snapshot, and brings the answers.  They are good as long as the owner's
 * manifest has the version they were given at; table_write_begin() compares, and
 * a write whose row is neither hot nor among the answers is planned again.
 */
#pragma once

#include "base/map.h"
#include "cold/cold.h"
#include "commit/sequencer.h"

typedef struct ColdRow {
    bool found;
    StoredRow stored; /* a tombstone is found; cold_seq is its own seq */
} ColdRow;

/* Zeroed: nothing was asked.  Lives in the arena of the context that is given. */
typedef struct ColdRows {
    uint64_t version; /* of the manifest; 0 = the owner has nothing cold */
    Map by_key;       /* key -> ColdRow */
} ColdRows;

void cold_rows_done(ColdRows *rows);
DEFINE_CLEANUP_IN_PLACE(ColdRows, cold_rows_done)

typedef struct ColdRowsPlace {
    ColdTier *tier; /* NULL: there is no cold tier */
    Snapshot *snapshot;
    const Table *table;
    Owner owner;
    StoreTier how;
} ColdRowsPlace;

/* Forgets everything and notes the manifest's version as of the snapshot. */
MUST_CHECK Status cold_rows_begin(Context *ctx, ColdRows *rows, const ColdRowsPlace *place);

/* Asks for these keys, which must outlive the answers.  STATUS_WOULD_BLOCK when a file is to be
 * read and the reader must not wait. */
MUST_CHECK Status cold_rows_ask(
    Context *ctx, ColdRows *rows, const ColdRowsPlace *place, const Str *keys, size_t count);

/* An answer that a scan gave; key and row must outlive it. */
void cold_rows_add(Context *ctx, ColdRows *rows, Str key, const StoredRow *stored);

/* NULL: nobody asked for it. */
const ColdRow *cold_rows_get(const ColdRows *rows, Str key);

/* Inside execute(): STATUS_STALE_PLAN when the owner's manifest has another version by now. */
MUST_CHECK Status cold_rows_check(
    Context *ctx, const ColdRows *rows, CommitBuilder *builder, const Table *table, Owner owner);
