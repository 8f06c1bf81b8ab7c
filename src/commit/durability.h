/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second half of a commit: makes groups durable, publishes them, feeds the
 * consumers and tells the outcomes.
 *
 * The sequencer makes one PendingGroup of each group it wrote to the store;
 * whoever sits on the syncing seat (commit/crew.h) settles all that wait with
 * one fsync.
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

void pending_group_free(PendingGroup *group);

typedef struct Durability Durability;

typedef struct DurabilityOptions {
    Store *store;
    Published *published;
    Feed *feed;
    WriteHealth *health;
    SeqNo durable_seq; /* as found in the store */
    int64_t lease_ms;
} DurabilityOptions;

Durability *durability_new(const DurabilityOptions *options);
void durability_free(Durability *durability);

/* Takes the groups, a list in the order they were written.  One thread at a time. */
void durability_settle(Durability *durability, PendingGroup *groups);

/* From any thread. */

/* Everything up to here is durable, published *and fed*. */
SeqNo durability_seq(Durability *durability);
/* The lease that is on disk. */
int64_t durability_lease_ms(Durability *durability);
