/* SPDX-License-Identifier: Apache-2.0 */
#include "samples.h"

#include "base/memory.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FIRST_CAPACITY = 1024, NS_PER_S = 1000000000 };
#define NS_PER_US 1e3

void samples_add(Samples *samples, int64_t ns)
{
    if (samples->count == samples->capacity) {
        samples->capacity = samples->capacity ? 2 * samples->capacity : FIRST_CAPACITY;
        samples->items = mem_realloc(samples->items, samples->capacity * sizeof(int64_t));
    }
    samples->items[samples->count++] = ns;
}

void samples_done(Samples *samples)
{
    free(samples->items);
    *samples = (Samples){0};
}

static int compare_times(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

int64_t samples_percentile(Samples *samples, double fraction)
{
    if (samples->count == 0)
        return 0;
    qsort(samples->items, samples->count, sizeof(int64_t), compare_times);
    size_t at = (size_t)(fraction * (double)samples->count);
    return samples->items[at < samples->count ? at : samples->count - 1];
}

static double percentile_us(Samples *samples, double fraction)
{
    return (double)samples_percentile(samples, fraction) / NS_PER_US;
}

void samples_print(Samples *samples, const char *name)
{
    printf("{\"name\":\"%s\",\"count\":%zu,\"p50_us\":%.1f,\"p90_us\":%.1f,\"p99_us\":%.1f,"
           "\"max_us\":%.1f}\n",
           name,
           samples->count,
           percentile_us(samples, 0.5),
           percentile_us(samples, 0.9),
           percentile_us(samples, 0.99),
           percentile_us(samples, 1));
}

static int64_t read_clock(clockid_t clock)
{
    struct timespec time;
    if (clock_gettime(clock, &time) != 0)
        die_errno("clock_gettime");
    return (int64_t)time.tv_sec * NS_PER_S + time.tv_nsec;
}

int64_t now_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int64_t process_cpu_ns(pid_t pid)
{
    clockid_t clock;
    int error = clock_getcpuclockid(pid, &clock);
    if (error != 0)
        die("no CPU clock of process %d: %s", (int)pid, strerror(error));
    return read_clock(clock);
}

size_t argument_count(const char *text)
{
    char *end;
    long count = strtol(text, &end, 10);
    if (*end != '\0' || count < 1)
        die("not a count: %s", text);
    return (size_t)count;
}

void die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("bench: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}

void die_errno(const char *what)
{
    die("%s: %s", what, strerror(errno));
}
