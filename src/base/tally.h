/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many there are of each: a count per text.  What has no count takes no
 * memory.  Zeroed = empty.  One thread at a time.
 */
#pragma once

#include "base/map.h"

typedef struct Tally {
    Map counts;
} Tally;

void tally_done(Tally *tally);
DEFINE_CLEANUP_IN_PLACE(Tally, tally_done)

/* One more, one less.  The key is copied; only what was counted may be taken back. */
void tally_add(Tally *tally, Str key);
void tally_remove(Tally *tally, Str key);
size_t tally_get(const Tally *tally, Str key);
