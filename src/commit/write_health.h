/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WriteHealth: whether writes are accepted, and why not.
 *
 * It changes once, at the first failed write or fsync, and never back: what the
 * disk holds is not known any more.  Any thread.
 */
#pragma once

#include "base/context.h"

#include <pthread.h>

enum { WRITE_HEALTH_REASON_MAX = 1024 };

typedef struct WriteHealth {
    pthread_mutex_t lock; /* guards text */
    _Atomic(const char *) reason;
    char text[WRITE_HEALTH_REASON_MAX];
    void (*on_fail)(void *data,
                    const char *reason); /* once, from the thread that failed; or NULL */
    void *data;
} WriteHealth;

void write_health_init(WriteHealth *health);
void write_health_done(WriteHealth *health);

/* Remembers the error in ctx unless an earlier one is known. */
void write_health_fail(WriteHealth *health, const Context *ctx);

/* NULL while all is well. */
const char *write_health_reason(WriteHealth *health);

/* fail() with STATUS_READ_ONLY and the reason. */
Status write_health_refuse(WriteHealth *health, Context *ctx);
