/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does every live row of a table, whoever owns it, meet what ALTER TABLE demands?
 *
 * The rows are looked at twice: all of them as of a snapshot, on a worker, while
 * writers go on; then, on the sequencer thread, what was committed since.
 */
#pragma once

#include "catalog/table_alter.h"
#include "cold/cold.h"
#include "commit/sequencer.h"

typedef struct TableCheck {
    ColdTier *cold;     /* NULL: there is none */
    const Table *table; /* as it is before the change */
    TableDemand demand;
    uint32_t column; /* of DEMAND_NOT_NULL: index into the table's columns */
} TableCheck;

/* Slow: reads the whole table. */
MUST_CHECK Status table_check_rows(Context *ctx,
                                   Snapshot *snapshot,
                                   const TableCheck *check,
                                   bool *ret_met);

/*
 * Inside execute(): every row written after `after`.  STATUS_STALE_PLAN when
 * there is too much to look at, or when the group in hand has rows of the table:
 * check again from a newer snapshot.
 */
MUST_CHECK Status table_check_changes(Context *ctx,
                                      CommitBuilder *builder,
                                      Store *store,
                                      SeqNo after,
                                      const TableCheck *check,
                                      bool *ret_met);
