/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread that ends statements: DuckDB knows no deadline and looks at no
 * Context, so something outside must interrupt it.
 *
 * While a call into DuckDB is watched, its Context is looked at every few
 * milliseconds; once a bound is reached, fire() is called each time until the
 * call ends: an interrupt that arrives between two steps of a statement is lost.
 * The thread starts with the first watch and sleeps when there is none.
 */
#pragma once

#include "base/context.h"

#include <pthread.h>

typedef struct Watch Watch;
struct Watch {
    Watch *previous;
    Watch *next;
    const atomic_bool *cancelled;
    int64_t deadline_us; /* 0 = none */
    void (*fire)(Watch *watch);
};

typedef struct Watchdog {
    pthread_mutex_t lock; /* guards everything below */
    pthread_cond_t changed;
    pthread_t thread;
    bool started;
    bool stopping;
    Watch *first;
} Watchdog;

void watchdog_init(Watchdog *watchdog);
/* No watch is left. */
void watchdog_done(Watchdog *watchdog);

/* fire is set; ctx must not move or end before watchdog_end(). */
void watchdog_begin(Watchdog *watchdog, Watch *watch, const Context *ctx);
/* After it, fire() is not running and will not be called. */
void watchdog_end(Watchdog *watchdog, Watch *watch);
