/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What has to be tidied up from time to time: the change log is cut to its
 * bounds and expired stream events are removed, on a worker, and only while
 * something can have become old since the last commit.
 *
 * housekeeping_tick() belongs to one thread.
 */
#pragma once

#include "base/worker.h"
#include "commit/change_log.h"

typedef struct HousekeepingOptions {
    Store *store;
    Sequencer *sequencer;
    WorkerPool *workers;
    ChangeLogRetention retention;
    int64_t interval_ms;
} HousekeepingOptions;

typedef struct Housekeeping Housekeeping;

Housekeeping *housekeeping_new(const HousekeepingOptions *options);
/* After the worker pool's end. */
void housekeeping_free(Housekeeping *housekeeping);
DEFINE_CLEANUP(Housekeeping, housekeeping_free)

/* Hands to a worker what is due.  Returns after how many milliseconds to call again. */
int64_t housekeeping_tick(Housekeeping *housekeeping, int64_t now_us);
