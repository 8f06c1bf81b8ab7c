/* SPDX-License-Identifier: Apache-2.0 */
#include "api/rate_table.h"

#include "api/rate_gate.h"
#include "base/map.h"
#include "base/memory.h"

#include <pthread.h>

enum { SWEEP_COUNT_MIN = 1024 };

typedef struct RateEntry {
    RateGate gate;
    size_t key_len;
    char key[];
} RateEntry;

struct RateTable {
    pthread_mutex_t lock;
    Map entries;
    size_t sweep_at; /* entries */
    uint32_t per_second;
};

RateTable *rate_table_new(uint32_t per_second)
{
    RateTable *table = NEW(RateTable);
    pthread_mutex_init(&table->lock, NULL);
    table->per_second = per_second;
    table->sweep_at = SWEEP_COUNT_MIN;
    return table;
}

static void free_entries(Map *entries)
{
    RateEntry *entry;
    for (size_t at = 0; (entry = map_next(entries, &at));)
        free(entry);
    map_done(entries);
}

void rate_table_free(RateTable *table)
{
    if (!table)
        return;
    free_entries(&table->entries);
    pthread_mutex_destroy(&table->lock);
    free(table);
}

/* Builds the map anew from the keys that still owe something. */
static void sweep(RateTable *table, int64_t now_us)
{
    Map kept = {0};
    RateEntry *entry;
    for (size_t at = 0; (entry = map_next(&table->entries, &at));) {
        if (entry->gate.earned_at_us > now_us)
            map_put(&kept, str_from(entry->key, entry->key_len), entry);
        else
            free(entry);
    }
    map_done(&table->entries);
    table->entries = kept;
    table->sweep_at = kept.count * 2 > SWEEP_COUNT_MIN ? kept.count * 2 : SWEEP_COUNT_MIN;
}

static RateEntry *add_entry(RateTable *table, Str key, int64_t now_us)
{
    if (table->entries.count >= table->sweep_at)
        sweep(table, now_us);
    RateEntry *entry = mem_zalloc(sizeof(*entry) + key.len);
    entry->key_len = key.len;
    if (key.len > 0)
        memcpy(entry->key, key.ptr, key.len);
    map_put(&table->entries, str_from(entry->key, key.len), entry);
    return entry;
}

bool rate_table_pass(RateTable *table, Str key, int64_t now_us)
{
    if (table->per_second == 0)
        return true;
    pthread_mutex_lock(&table->lock);
    RateEntry *entry = map_get(&table->entries, key);
    if (!entry)
        entry = add_entry(table, key, now_us);
    bool pass = rate_gate_pass(&entry->gate, table->per_second, now_us);
    pthread_mutex_unlock(&table->lock);
    return pass;
}

size_t rate_table_count(RateTable *table)
{
    pthread_mutex_lock(&table->lock);
    size_t count = table->entries.count;
    pthread_mutex_unlock(&table->lock);
    return count;
}
