/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PendingWrites: how many rows of each table and owner are in the hot tier, and
 * since when.
 *
 * What is there at the start is counted by a scan in the background; after that
 * every commit is counted.  Writers only append their commits to a list; whoever
 * wants to know a number counts them, so that it includes every write that was
 * acknowledged before.  Numbers may be too high for a while (writes during a
 * flush are counted whether they were in time for it or not), never too low.
 *
 * Any thread.
 */
#pragma once

#include "commit/sequencer.h"

typedef struct PendingWrites PendingWrites;

/* Right after sequencer_open(), as its feed consumer `consumer`: no commit may come before. */
PendingWrites *pending_writes_new(Store *store, Sequencer *sequencer, unsigned consumer);
/* Before sequencer_close(), when nobody scans any more. */
void pending_writes_stop(PendingWrites *pending);
/* After it. */
void pending_writes_free(PendingWrites *pending);
DEFINE_CLEANUP(PendingWrites, pending_writes_free)

/* ---- the scan at the start ---- */

/* Once, on a thread that may block.  When it fails, what it did not reach is not known. */
MUST_CHECK Status pending_writes_scan(Context *ctx, PendingWrites *pending);
/* Waits until it is through; STATUS_CANCELLED .. */
MUST_CHECK Status pending_writes_wait(Context *ctx, PendingWrites *pending);
/* Until then owners may be missing. */
bool pending_writes_complete(PendingWrites *pending);

/* ---- numbers ---- */

uint64_t pending_table_rows(PendingWrites *pending, uint32_t table_id);
uint64_t pending_owner_rows(PendingWrites *pending, uint32_t table_id, Owner owner);

typedef struct PendingTable {
    uint32_t table_id;
    uint64_t row_count;
    uint64_t owner_rows_max; /* no owner has more */
    int64_t retry_at_ms;     /* after a failed flush: not before; monotonic */
} PendingTable;

typedef struct PendingTables {
    PendingTable *items;
    size_t count;
} PendingTables;
/* Those with pending rows; forgets the ones that are not in the catalog. */
PendingTables pending_tables(Arena *arena, PendingWrites *pending, const Catalog *catalog);

typedef struct PendingOwner {
    Owner owner;
    uint64_t row_count;
    int64_t since_ms; /* the first of them, milliseconds since 1970 */
} PendingOwner;

typedef struct PendingOwners {
    PendingOwner *items;
    size_t count;
} PendingOwners;
/* Those with rows_min or more, by user id; everything in the arena. */
PendingOwners
pending_owners(Arena *arena, PendingWrites *pending, uint32_t table_id, uint64_t rows_min);

/* ---- flushes ---- */

/* Before the flush takes its snapshot. */
void pending_flush_begin(PendingWrites *pending, uint32_t table_id, Owner owner);
/* retry_ms: 0 = it is done; else it has failed, and the monitor leaves the table alone so long. */
void pending_flush_end(PendingWrites *pending, uint32_t table_id, Owner owner, int64_t retry_ms);

/* ---- waiting for writes ---- */

/* False: nothing was committed within the time, or pending_writes_wake() was called. */
bool pending_writes_await(PendingWrites *pending, int64_t timeout_ms);
void pending_writes_wake(PendingWrites *pending);
