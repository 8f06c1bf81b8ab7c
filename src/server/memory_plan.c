/* SPDX-License-Identifier: Apache-2.0 */
#include "server/memory_plan.h"

#include "base/log.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PERCENT_OF_MACHINE = 70, MIB_BYTES = 1 << 20, BUFFERS_PER_FAMILY = 2 };
enum { DUCKDB_MIN_BYTES = 64 * MIB_BYTES };

/* Program, stacks, catalog, connections. */
static const uint64_t BASE_BYTES = 32 * (uint64_t)MIB_BYTES;
/* Requests get so much in any case: a server without it would answer nothing. */
static const uint64_t REQUESTS_MIN_BYTES = 16 * (uint64_t)MIB_BYTES;

/* "max" is no number: no limit. */
static bool read_number(const char *path, uint64_t *ret_number)
{
    char text[32];
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    bool has_line = fgets(text, sizeof(text), file) != NULL;
    (void)fclose(file);
    if (!has_line || text[0] < '0' || text[0] > '9')
        return false;
    *ret_number = strtoull(text, NULL, 10);
    return true;
}

uint64_t memory_plan_machine_bytes(void)
{
    uint64_t group_bytes;
    uint64_t bytes = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
    bool grouped = read_number("/sys/fs/cgroup/memory.max", &group_bytes) ||
                   read_number("/sys/fs/cgroup/memory/memory.limit_in_bytes", &group_bytes);
    return grouped && group_bytes < bytes ? group_bytes : bytes;
}

static uint64_t fixed_bytes(const Config *config)
{
    return (uint64_t)config->storage.block_cache_bytes +
           (uint64_t)config->storage.write_buffer_bytes * BUFFERS_PER_FAMILY * FAMILY_COUNT +
           (uint64_t)config->websocket.output_total_bytes + (uint64_t)config->duckdb.memory_bytes;
}

static void shrink(int64_t *bytes, double factor, int64_t bytes_min)
{
    int64_t smaller = (int64_t)((double)*bytes * factor);
    *bytes = smaller > bytes_min ? smaller : bytes_min;
}

static void fit(Config *config, uint64_t limit)
{
    uint64_t fixed = fixed_bytes(config);
    uint64_t room = limit / 4 * 3;
    if (fixed <= room)
        return;
    double factor = (double)room / (double)fixed;
    shrink(&config->storage.block_cache_bytes, factor, MIB_BYTES);
    shrink(&config->storage.write_buffer_bytes, factor, MIB_BYTES);
    shrink(&config->websocket.output_total_bytes, factor, MIB_BYTES);
    shrink(&config->duckdb.memory_bytes, factor, DUCKDB_MIN_BYTES);
    log_info("server",
             "caches and buffers made smaller: they would take %llu MiB, memory.limit is %llu MiB "
             "block_cache_size=%lld write_buffer_size=%lld output_budget_total_bytes=%lld "
             "duckdb.memory_limit=%lld",
             (unsigned long long)fixed / MIB_BYTES,
             (unsigned long long)limit / MIB_BYTES,
             (long long)config->storage.block_cache_bytes,
             (long long)config->storage.write_buffer_bytes,
             (long long)config->websocket.output_total_bytes,
             (long long)config->duckdb.memory_bytes);
}

size_t memory_plan_apply(Config *config, uint64_t machine_bytes)
{
    if (config->memory.limit_bytes == 0)
        config->memory.limit_bytes = (int64_t)(machine_bytes / 100 * PERCENT_OF_MACHINE);
    uint64_t limit = (uint64_t)config->memory.limit_bytes;
    fit(config, limit);
    uint64_t taken = fixed_bytes(config) + BASE_BYTES;
    bool roomy = limit > taken + REQUESTS_MIN_BYTES;
    return (size_t)(roomy ? limit - taken : REQUESTS_MIN_BYTES);
}
