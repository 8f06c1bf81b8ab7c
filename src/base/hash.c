/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"

#include "base/clock.h"

#include <pthread.h>

/* Inlined into this file, so that no XXH symbol of ours can replace RocksDB's. */
#define XXH_INLINE_ALL
#include <xxhash.h>

static uint64_t process_seed;
static pthread_once_t seeded = PTHREAD_ONCE_INIT;

static void choose_seed(void)
{
    process_seed = random_u64();
}

uint64_t hash_stable(Str bytes)
{
    return XXH3_64bits(bytes.ptr, bytes.len);
}

uint64_t hash_seeded(Str bytes)
{
    pthread_once(&seeded, choose_seed);
    return XXH3_64bits_withSeed(bytes.ptr, bytes.len, process_seed);
}
