/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The durability thread: makes groups of commits durable, publishes them, feeds
 * the consumers and tells the outcomes.
 *
 * The sequencer hands over one PendingGroup per group it wrote to the store.
 * All that wait are made durable by one fsync; meanwhile the next ones gather.
 * A group nobody waits for is synced when the async interval is over.  Without
 * work the thread sleeps.
 */
#pragma once

#include "commit/op_list.h"
#include "commit/publish.h"

typedef struct PendingGroup {
    struct PendingGroup *next;
    Snapshot *snapshot; /* after the group; NULL = it wrote nothing */
    int64_t lease_ms;   /* in the store as of this group (seq_clock.h) */
    OpList waiting;     /* to be told when it is durable */
} PendingGroup;

typedef struct Durability Durability;

typedef struct DurabilityOptions {
    Store *store;
    Published *published;
    Feed *feed;
    WriteHealth *health;
    int64_t async_interval_ms;
    SeqNo durable_seq; /* as found in the store */
    int64_t lease_ms;
} DurabilityOptions;

MUST_CHECK Status durability_start(Context *ctx,
                                   const DurabilityOptions *options,
                                   Durability **ret_durability);
/* Finishes what was handed over and ends the thread. */
void durability_stop(Durability *durability);

/* From the sequencer thread; takes the group. */
void durability_hand_over(Durability *durability, PendingGroup *group);

/* Everything up to here is durable, published *and fed*. */
SeqNo durability_seq(Durability *durability);
/* The lease that is on disk. */
int64_t durability_lease_ms(Durability *durability);
