/* SPDX-License-Identifier: Apache-2.0 */
#include "base/tally.h"

#include "base/memory.h"

#include <assert.h>

typedef struct Count {
    size_t number;
    size_t key_len;
    char key[];
} Count;

void tally_done(Tally *tally)
{
    Count *count;
    for (size_t at = 0; (count = map_next(&tally->counts, &at));)
        free(count);
    map_done(&tally->counts);
}

void tally_add(Tally *tally, Str key)
{
    Count *count = map_get(&tally->counts, key);
    if (!count) {
        count = mem_zalloc(sizeof(*count) + key.len);
        count->key_len = key.len;
        if (key.len)
            memcpy(count->key, key.ptr, key.len);
        map_put(&tally->counts, str_from(count->key, count->key_len), count);
    }
    count->number++;
}

void tally_remove(Tally *tally, Str key)
{
    Count *count = map_get(&tally->counts, key);
    assert(count);
    if (--count->number > 0)
        return;
    map_remove(&tally->counts, key);
    free(count);
}

size_t tally_get(const Tally *tally, Str key)
{
    const Count *count = map_get(&tally->counts, key);
    return count ? count->number : 0;
}
