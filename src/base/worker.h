/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WorkerPool: threads for work that may block.
 *
 * A task is handed over whole (it carries its request's Context) and runs on
 * some worker; when finished it usually posts itself back to a mailbox.
 * Threads are started as they are needed, up to the maximum, and stay.
 */
#pragma once

#include "base/cleanup.h"

#include <stddef.h>

typedef struct WorkerPool WorkerPool;

typedef struct WorkerTask WorkerTask;
struct WorkerTask {
    WorkerTask *next;
    void (*run)(WorkerTask *task);
};

WorkerPool *worker_pool_new(size_t thread_count_max);

/* Finishes all queued tasks, then ends the threads. */
void worker_pool_free(WorkerPool *pool);
DEFINE_CLEANUP(WorkerPool, worker_pool_free)

/* From any thread. */
void worker_pool_submit(WorkerPool *pool, WorkerTask *task);

size_t worker_pool_thread_count(WorkerPool *pool);
