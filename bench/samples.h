/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Samples: measured times, and what they say as one JSON object.
 *
 * Nanoseconds in, microseconds out.  Also the two clocks that every benchmark
 * reads, and die(), for they give up at the first surprise.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct Samples {
    int64_t *items;
    size_t count;
    size_t capacity;
} Samples;

void samples_add(Samples *samples, int64_t ns);
void samples_done(Samples *samples);

/* The value that `fraction` of the samples do not exceed; sorts them. */
int64_t samples_percentile(Samples *samples, double fraction);

/* Prints {"name":..,"count":..,"p50_us":..,"p90_us":..,"p99_us":..,"max_us":..} and a newline. */
void samples_print(Samples *samples, const char *name);

/* Nanoseconds since some fixed moment. */
int64_t now_ns(void);

/* CPU time, user and system, that all threads of a process have used. */
int64_t process_cpu_ns(pid_t pid);

/* A whole number >= 1 from the command line. */
size_t argument_count(const char *text);

_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* As die(), with what errno says. */
_Noreturn void die_errno(const char *what);
