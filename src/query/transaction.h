/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A transaction: BEGIN .. COMMIT.
 *
 * It reads the snapshot taken at BEGIN and keeps its own writes in memory, by
 * row key, where its later statements see them.  COMMIT is one write operation:
 * every row it wrote must still have the version it had in the snapshot
 * (STATUS_CONFLICT otherwise: first committer wins), then the net effect of the
 * transaction becomes one commit.
 *
 * Only USER and SHARED tables; statements inside run on workers, because the
 * overlay cannot be half changed by a read that would have to wait.
 */
#pragma once

#include "query/run.h"
#include "table/table_write.h"

/* One row as the transaction left it. */
typedef struct TransactionRow {
    const Table *table;
    Owner owner;
    Str key;
    bool base_found; /* in the snapshot, be it a tombstone */
    StoredRow base;
    bool gone; /* deleted for good: DELETED_RETENTION_HOURS = 0 */
    StoredRow now;
} TransactionRow;

/* bytes_max bounds what it may keep.  Takes a reference of the snapshot. */
Transaction *transaction_new(Snapshot *snapshot, ColdTier *cold, size_t bytes_max);
void transaction_free(Transaction *transaction);

Snapshot *transaction_snapshot(Transaction *transaction);
int64_t transaction_age_ms(const Transaction *transaction);
/* 26 characters, for messages. */
Str transaction_id(const Transaction *transaction);

/* Where table_insert() and its kin find and put rows. */
RowTarget *transaction_target(Transaction *transaction);

/* NULL when the transaction did not touch the row. */
const TransactionRow *
transaction_row(const Transaction *transaction, const Table *table, Owner owner, Str key);

/* The rows it touched of table and owner with lower <= key < upper (empty = open), by key; in ctx's
 * arena. */
typedef struct TransactionRows {
    const TransactionRow **items;
    size_t count;
} TransactionRows;
TransactionRows transaction_rows(Context *ctx,
                                 const Transaction *transaction,
                                 const Table *table,
                                 Owner owner,
                                 Str lower,
                                 Str upper);

/* Before COMMIT, on a worker: what the cold tier says of its rows, as of the newest snapshot. */
MUST_CHECK Status transaction_look_ahead(Context *ctx,
                                         Transaction *transaction,
                                         Snapshot *snapshot);

/* Inside execute().  STATUS_STALE_PLAN: look ahead again. */
MUST_CHECK Status transaction_commit(Context *ctx,
                                     Transaction *transaction,
                                     CommitBuilder *builder);
