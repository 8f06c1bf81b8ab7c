/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Published snapshots: what readers may see.
 *
 * After each group of commits the sequencer's threads publish whole commits:
 * the *durable* snapshot (everything on disk up to seq) and the *applied* one
 * (also what waits for the disk).  Statements that touch a sync table read the
 * durable one, those on async and stream tables only the applied one; binding
 * always uses the durable one's catalog.  A Snapshot is immutable and counted;
 * hold it for one statement, not for a connection's life.  Any thread.
 */
#pragma once

#include "base/refcount.h"
#include "catalog/catalog.h"
#include "store/layout.h"
#include "store/store.h"

typedef struct Snapshot {
    RefCount refs;
    Store *store;
    const StoreSnapshot *at;
    SeqNo seq; /* every commit up to here, none after */
    Catalog *catalog;
    struct Published *published; /* that counts it among the visible ones; NULL = nobody sees it */
    struct Snapshot *previous;   /* among those */
    struct Snapshot *next;
} Snapshot;

Snapshot *snapshot_ref(Snapshot *snapshot);
void snapshot_unref(Snapshot *snapshot);
DEFINE_CLEANUP(Snapshot, snapshot_unref)

typedef struct Published Published; /* owned by the Sequencer */

/* Never NULL; the caller unrefs. */
Snapshot *published_durable(Published *published);
Snapshot *published_applied(Published *published);
/* Of the durable snapshot, without taking it. */
SeqNo published_durable_seq(Published *published);

/*
 * The smallest seq of any snapshot that somebody still holds, or can take: what
 * a durable commit at or below it replaced is not needed by any reader any more.
 */
SeqNo published_oldest_seq(Published *published);
