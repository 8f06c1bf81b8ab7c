/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of cold/ share: seeds, random numbers and bytes.
 */
#pragma once

#include "base/clock.h"
#include "base/context.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#undef fail /* cmocka's would hide ours */

/* Seeded from TEST_SEED, which is printed. */
static inline uint64_t test_seed(void)
{
    const char *given = getenv("TEST_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 10) : random_u64() % 1000000007;
    printf("# TEST_SEED=%llu\n", (unsigned long long)seed);
    return seed;
}

static inline uint64_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

/* Up to max bytes of any value; in the arena. */
static inline Str random_bytes_of(Arena *arena, uint64_t *state, size_t max)
{
    size_t len = next_random(state) % (max + 1);
    char *bytes = arena_alloc(arena, len + 1);
    for (size_t i = 0; i < len; i++)
        bytes[i] = (char)next_random(state);
    return str_from(bytes, len);
}
