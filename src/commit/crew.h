/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The crew: two threads of equal rank and two seats.
 *
 *     executing   takes what was submitted and executes it
 *     syncing     takes the groups that wait for the disk and settles them
 *
 * Whoever is free takes a seat that has work; each seat is held by one thread at
 * a time.  A thread that has executed an operation syncs it too, unless the
 * other one is syncing: then that one finds the group when it comes back.  So a
 * lone writer is served by one thread without a hand-over, and under load one
 * executes while the other waits for the disk.
 *
 * Patient operations (commit/sequencer.h) do not wake a sleeping thread during a
 * sync: their own could not begin before it is over.
 *
 * Without work both threads sleep.
 */
#pragma once

#include "commit/durability.h"

typedef struct Crew Crew;

/* What the seats do; the lists are never empty and belong to the callee. */
typedef struct CrewWork {
    void (*execute)(void *data, WriteOp *ops);
    void (*settle)(void *data, PendingGroup *groups);
    void *data;
    int64_t async_interval_ms; /* groups nobody waits for are settled within */
} CrewWork;

MUST_CHECK Status crew_start(Context *ctx, const CrewWork *work, Crew **ret_crew);
/* Refuses what comes later, finishes what came, ends the threads. */
void crew_stop(Crew *crew);

/* From any thread.  False, and the operation is not taken, after crew_stop() began. */
bool crew_submit(Crew *crew, WriteOp *op);

/*
 * From execute(): takes a group for the syncing seat.  `more` says that the
 * caller goes on executing, so that the other thread should sync it.
 */
void crew_add_group(Crew *crew, PendingGroup *group, bool more);
