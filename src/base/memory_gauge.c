/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory_gauge.h"

#include "base/context.h"

static _Atomic size_t held_bytes;
static _Atomic size_t limit_bytes;

void memory_gauge_set_limit(size_t bytes)
{
    atomic_store(&limit_bytes, bytes);
}

size_t memory_gauge_bytes(void)
{
    return atomic_load_explicit(&held_bytes, memory_order_relaxed);
}

bool memory_gauge_is_full(void)
{
    size_t limit = atomic_load_explicit(&limit_bytes, memory_order_relaxed);
    return limit && memory_gauge_bytes() > limit;
}

void memory_gauge_add(size_t bytes)
{
    atomic_fetch_add_explicit(&held_bytes, bytes, memory_order_relaxed);
}

void memory_gauge_remove(size_t bytes)
{
    atomic_fetch_sub_explicit(&held_bytes, bytes, memory_order_relaxed);
}

Status memory_gauge_check(Context *ctx, size_t held)
{
    if (held < MEMORY_SMALL || !memory_gauge_is_full())
        return STATUS_OK;
    Status status = fail(ctx,
                         STATUS_MEMORY_LIMIT,
                         "all requests together hold %zu bytes, more than memory.limit leaves "
                         "them (%zu)",
                         memory_gauge_bytes(),
                         atomic_load(&limit_bytes));
    fail_hint(ctx, "try again when others have ended, or raise memory.limit");
    return status;
}

void memory_share_set(MemoryShare *share, size_t bytes)
{
    if (bytes >= share->counted + MEMORY_SMALL)
        memory_gauge_add(bytes - share->counted);
    else if (bytes + MEMORY_SMALL <= share->counted)
        memory_gauge_remove(share->counted - bytes);
    else
        return;
    share->counted = bytes;
}

void memory_share_done(MemoryShare *share)
{
    memory_gauge_remove(share->counted);
    share->counted = 0;
}
