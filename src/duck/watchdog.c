/* SPDX-License-Identifier: Apache-2.0 */
#include "duck/watchdog.h"

#include "base/clock.h"

#include <assert.h>
#include <time.h>

#define LOOK_EVERY_NS INT64_C(5000000)

void watchdog_init(Watchdog *watchdog)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    *watchdog = (Watchdog){0};
    pthread_mutex_init(&watchdog->lock, NULL);
    pthread_cond_init(&watchdog->changed, &attributes);
    pthread_condattr_destroy(&attributes);
}

void watchdog_done(Watchdog *watchdog)
{
    pthread_mutex_lock(&watchdog->lock);
    assert(!watchdog->first);
    watchdog->stopping = true;
    pthread_cond_signal(&watchdog->changed);
    bool started = watchdog->started;
    pthread_mutex_unlock(&watchdog->lock);
    if (started)
        pthread_join(watchdog->thread, NULL);
    pthread_mutex_destroy(&watchdog->lock);
    pthread_cond_destroy(&watchdog->changed);
}

static bool is_over(const Watch *watch)
{
    return atomic_load_explicit(watch->cancelled, memory_order_relaxed) ||
           (watch->deadline_us && clock_monotonic_us() > watch->deadline_us);
}

static void sleep_a_little(Watchdog *watchdog)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += LOOK_EVERY_NS;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    (void)pthread_cond_timedwait(&watchdog->changed, &watchdog->lock, &until);
}

static void *look_after(void *data)
{
    Watchdog *watchdog = data;
    pthread_mutex_lock(&watchdog->lock);
    while (!watchdog->stopping) {
        for (Watch *watch = watchdog->first; watch; watch = watch->next) {
            if (is_over(watch))
                watch->fire(watch);
        }
        if (watchdog->first)
            sleep_a_little(watchdog);
        else
            pthread_cond_wait(&watchdog->changed, &watchdog->lock);
    }
    pthread_mutex_unlock(&watchdog->lock);
    return NULL;
}

static void start_locked(Watchdog *watchdog)
{
    if (!watchdog->started && pthread_create(&watchdog->thread, NULL, look_after, watchdog) == 0)
        watchdog->started = true;
}

void watchdog_begin(Watchdog *watchdog, Watch *watch, const Context *ctx)
{
    watch->cancelled = &ctx->cancelled;
    watch->deadline_us = ctx->deadline_us;
    watch->previous = NULL;
    pthread_mutex_lock(&watchdog->lock);
    start_locked(watchdog);
    bool was_idle = !watchdog->first;
    watch->next = watchdog->first;
    if (watch->next)
        watch->next->previous = watch;
    watchdog->first = watch;
    if (was_idle)
        pthread_cond_signal(&watchdog->changed);
    pthread_mutex_unlock(&watchdog->lock);
}

void watchdog_end(Watchdog *watchdog, Watch *watch)
{
    pthread_mutex_lock(&watchdog->lock);
    if (watch->previous)
        watch->previous->next = watch->next;
    else
        watchdog->first = watch->next;
    if (watch->next)
        watch->next->previous = watch->previous;
    pthread_mutex_unlock(&watchdog->lock);
}
