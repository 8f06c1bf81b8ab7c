/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hashing: XXH3 (libxxhash), 64 bits.
 *
 * hash_stable() never changes and may be stored; hash_seeded() differs from one
 * process to the next, so that nobody can choose keys that collide in a map.
 */
#pragma once

#include "base/str.h"

uint64_t hash_stable(Str bytes);
uint64_t hash_seeded(Str bytes);

/* Mixes a second hash into a first; order matters. */
static inline uint64_t hash_combine(uint64_t first, uint64_t second)
{
    uint64_t mixed = (first ^ (second + 0x9e3779b97f4a7c15u + (first << 6) + (first >> 2)));
    return mixed * 0xff51afd7ed558ccdu;
}
