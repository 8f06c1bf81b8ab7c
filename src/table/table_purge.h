/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What DROP TABLE leaves behind leaves later: rows, events and log index of a
 * dropped table are removed by range deletes, slot by slot, outside the change
 * log, and then the catalog forgets that there was something to do.
 *
 * Every step can be repeated, so a purge that was cut short by a crash is
 * started again from catalog_dropped_tables().
 */
#pragma once

#include "commit/sequencer.h"

/* The keys only; any table id. On a worker. */
MUST_CHECK Status table_purge_rows(Context *ctx, Store *store, uint32_t table_id);

/* The keys, then the catalog entry. On a worker: waits for the commit. */
MUST_CHECK Status table_purge(Context *ctx, Store *store, Sequencer *sequencer, uint32_t table_id);
