/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flush events (decision 15): live queries with the option include_flush are told
 * when rows of their table and owner have gone to files.
 *
 * They tell of storage, not of rows: they are in no change log and belong to no
 * commit.  A live query that is still loading, or lags, is not told.
 */
#pragma once

#include "cold/cold_jobs.h"
#include "live/live_registry.h"
#include "net/shared.h"

/* The message behind its head (live_write_change_head()). */
void live_write_flush_tail(Buf *out, const FlushNotice *notice);

/* For ColdJobs.on_flush; data is the LiveRegistry.  Any thread; posts to the reactors concerned. */
void live_flush_tell(void *data, const FlushNotice *notice);

/* Has the engine tell it to those concerned; from any thread.  Takes a reference to the tail. */
struct FlushScope {
    uint32_t table_id;
    Owner owner;
};
void live_engine_tell_flush(LiveEngine *engine, const FlushScope *scope, Shared *tail);
