/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

static int64_t read_clock(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t system_wall_us(void *data)
{
    (void)data;
    return read_clock(CLOCK_REALTIME);
}

static int64_t system_monotonic_us(void *data)
{
    (void)data;
    return read_clock(CLOCK_MONOTONIC);
}

static void system_random_bytes(void *data, void *bytes, size_t size)
{
    (void)data;
    char *next = bytes;
    while (size > 0) {
        ssize_t got = getrandom(next, size, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            perror("getrandom");
            abort();
        }
        next += got;
        size -= (size_t)got;
    }
}

static const ClockSource SYSTEM = {
    .wall_us = system_wall_us,
    .monotonic_us = system_monotonic_us,
    .random_bytes = system_random_bytes,
};

static ClockSource current = {
    .wall_us = system_wall_us,
    .monotonic_us = system_monotonic_us,
    .random_bytes = system_random_bytes,
};

void clock_replace(const ClockSource *source)
{
    current = source ? *source : SYSTEM;
}

int64_t clock_wall_us(void)
{
    return current.wall_us(current.data);
}

int64_t clock_monotonic_us(void)
{
    return current.monotonic_us(current.data);
}

struct timespec clock_deadline(int64_t us)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    int64_t ns = until.tv_nsec + us % 1000000 * 1000;
    until.tv_sec += us / 1000000 + ns / 1000000000;
    until.tv_nsec = ns % 1000000000;
    return until;
}

void random_bytes(void *bytes, size_t size)
{
    current.random_bytes(current.data, bytes, size);
}

uint64_t random_u64(void)
{
    uint64_t value;
    random_bytes(&value, sizeof(value));
    return value;
}
