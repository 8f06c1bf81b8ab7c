/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reference counts for objects shared between threads: x_ref()/x_unref().
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>

typedef atomic_int RefCount;

static inline void refcount_init(RefCount *count)
{
    atomic_init(count, 1);
}

static inline void refcount_inc(RefCount *count)
{
    atomic_fetch_add_explicit(count, 1, memory_order_relaxed);
}

/* True when this was the last reference: the caller frees the object. */
static inline bool refcount_dec(RefCount *count)
{
    return atomic_fetch_sub_explicit(count, 1, memory_order_acq_rel) == 1;
}
