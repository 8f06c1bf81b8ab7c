/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time and randomness, the only two doors to either.
 *
 * Both can be replaced as a whole, so that a simulator or a test decides what
 * time it is and what the dice say.  Replace them before threads start.
 * Callable from any thread.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* Microseconds since 1970-01-01 UTC. */
int64_t clock_wall_us(void);

/* Microseconds since some fixed moment; never steps back. */
int64_t clock_monotonic_us(void);

/* The moment `us` from now, for pthread_cond_timedwait(); of the real clock, whatever replaces it.
 */
struct timespec clock_deadline(int64_t us);

/* Cryptographically strong bytes. */
void random_bytes(void *bytes, size_t size);
uint64_t random_u64(void);

typedef struct ClockSource {
    int64_t (*wall_us)(void *data);
    int64_t (*monotonic_us)(void *data);
    void (*random_bytes)(void *data, void *bytes, size_t size);
    void *data;
} ClockSource;

/* NULL restores the system's. */
void clock_replace(const ClockSource *source);
