/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much memory requests hold, all together, and how much they may.
 *
 * Counted is what can get large: arena blocks of MEMORY_SMALL bytes and more,
 * and what reports itself through a MemoryShare (sorts, groups, bodies).  When
 * the sum is past the limit, whoever holds more than MEMORY_SMALL and asks for
 * more is refused; small requests go on, so that the server stays usable.
 *
 * Any thread.
 */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum { MEMORY_SMALL = 32 * 1024 };

typedef struct Context Context;

/* 0 = none. */
void memory_gauge_set_limit(size_t bytes);
size_t memory_gauge_bytes(void);
bool memory_gauge_is_full(void);

void memory_gauge_add(size_t bytes);
void memory_gauge_remove(size_t bytes);

/* STATUS_MEMORY_LIMIT for whoever holds `held` bytes and wants more than there is. */
MUST_CHECK Status memory_gauge_check(Context *ctx, size_t held);

/* The part of one holder.  Zeroed = nothing held. */
typedef struct MemoryShare {
    size_t counted;
} MemoryShare;

/* It holds that much now; the gauge follows in steps of MEMORY_SMALL. */
void memory_share_set(MemoryShare *share, size_t bytes);
void memory_share_done(MemoryShare *share);
