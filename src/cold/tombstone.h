/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a tombstone has done its duty: it is as old as DELETED_RETENTION_HOURS
 * says, and the change log does not hold it any more.  A row that is gone, not
 * only deleted, is over at once.
 */
#pragma once

#include "commit/sequencer.h"

typedef struct TombstoneRule {
    int64_t expired_before_ms;
    SeqNo log_low_water;
} TombstoneRule;

/* As of now. */
TombstoneRule tombstone_rule(const Table *table, Sequencer *sequencer);

/* False for rows that are live. */
bool tombstone_is_over(const TombstoneRule *rule, const StoredRow *row);
