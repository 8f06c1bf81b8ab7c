/* SPDX-License-Identifier: Apache-2.0 */
#include "base/worker.h"

#include "base/memory.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>

struct WorkerPool {
    pthread_mutex_t lock; /* guards everything below */
    pthread_cond_t filled;
    WorkerTask *first;
    WorkerTask *last;
    pthread_t *threads;
    size_t thread_count;
    size_t thread_count_max;
    size_t idle_count;
    size_t queued_count;
    bool stopping;
};

WorkerPool *worker_pool_new(size_t thread_count_max)
{
    assert(thread_count_max > 0);
    WorkerPool *pool = NEW(WorkerPool);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->filled, NULL);
    pool->thread_count_max = thread_count_max;
    pool->threads = mem_zalloc(thread_count_max * sizeof(pthread_t));
    return pool;
}

static WorkerTask *next_task(WorkerPool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool->idle_count++;
    while (!pool->first && !pool->stopping)
        pthread_cond_wait(&pool->filled, &pool->lock);
    pool->idle_count--;
    WorkerTask *task = pool->first;
    if (task) {
        pool->first = task->next;
        pool->queued_count--;
    }
    pthread_mutex_unlock(&pool->lock);
    return task;
}

static void *work(void *data)
{
    WorkerPool *pool = data;
    for (WorkerTask *task; (task = next_task(pool));)
        task->run(task);
    return NULL;
}

void worker_pool_submit(WorkerPool *pool, WorkerTask *task)
{
    task->next = NULL;
    pthread_mutex_lock(&pool->lock);
    assert(!pool->stopping);
    if (pool->first)
        pool->last->next = task;
    else
        pool->first = task;
    pool->last = task;
    pool->queued_count++;
    if (pool->queued_count > pool->idle_count && pool->thread_count < pool->thread_count_max) {
        int error = pthread_create(&pool->threads[pool->thread_count], NULL, work, pool);
        assert(!error || pool->thread_count > 0);
        if (!error)
            pool->thread_count++;
    }
    pthread_cond_signal(&pool->filled);
    pthread_mutex_unlock(&pool->lock);
}

size_t worker_pool_thread_count(WorkerPool *pool)
{
    pthread_mutex_lock(&pool->lock);
    size_t count = pool->thread_count;
    pthread_mutex_unlock(&pool->lock);
    return count;
}

void worker_pool_free(WorkerPool *pool)
{
    if (!pool)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->stopping = true;
    pthread_cond_broadcast(&pool->filled);
    pthread_mutex_unlock(&pool->lock);
    for (size_t i = 0; i < pool->thread_count; i++)
        pthread_join(pool->threads[i], NULL);
    pthread_mutex_destroy(&pool->lock);
    pthread_cond_destroy(&pool->filled);
    free(pool->threads);
    free(pool);
}
