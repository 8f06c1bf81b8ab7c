/* SPDX-License-Identifier: Apache-2.0 */
#include "commit/seq_clock.h"

#include "base/clock.h"
#include "commit/meta.h"

#include <assert.h>

/*
 * Every crash may move the numbers ahead of the wall clock by as much as the
 * lease reaches; renewing it is one key in a batch that is written anyway.
 */
enum { LEASE_AHEAD_MS = 4000, LEASE_RENEW_MS = 2000 };

Status
seq_clock_load(Context *ctx, Store *store, uint16_t worker_id, SeqNo last, SeqClock *ret_clock)
{
    uint64_t lease_ms;
    TRY(meta_read(ctx, store, META_SEQ_LEASE, &lease_ms));
    if (lease_ms > INT64_MAX)
        return fail(ctx, STATUS_CORRUPT, "the lease on sequence numbers is impossible");
    SeqNo leased = snowflake_from_ms((int64_t)lease_ms);
    *ret_clock = (SeqClock){
        .last = leased > last ? leased - 1 : last,
        .lease_ms = (int64_t)lease_ms,
        .worker_id = worker_id,
    };
    return STATUS_OK;
}

int64_t seq_clock_begin(SeqClock *clock)
{
    int64_t wall_ms = clock_wall_us() / 1000;
    int64_t last_ms = snowflake_to_ms(clock->last);
    clock->now_ms = wall_ms > last_ms ? wall_ms : last_ms;
    return clock->now_ms;
}

static SeqNo first_of(const SeqClock *clock, int64_t ms)
{
    return snowflake_from_ms(ms) | (SeqNo)clock->worker_id << SNOWFLAKE_WORKER_SHIFT;
}

static bool has_successor_in_its_millisecond(const SeqClock *clock)
{
    return (clock->last >> SNOWFLAKE_WORKER_SHIFT & SEQ_WORKER_MAX) == clock->worker_id &&
           (clock->last & SNOWFLAKE_COUNTER_MAX) < SNOWFLAKE_COUNTER_MAX;
}

SeqNo seq_clock_next(SeqClock *clock)
{
    SeqNo next = first_of(clock, clock->now_ms);
    if (next <= clock->last) {
        next = has_successor_in_its_millisecond(clock)
                   ? clock->last + 1
                   : first_of(clock, snowflake_to_ms(clock->last) + 1);
    }
    assert(next > clock->last);
    clock->last = next;
    return next;
}

bool seq_lease_covers(int64_t lease_ms, SeqNo seq)
{
    return snowflake_to_ms(seq) < lease_ms;
}

void seq_clock_extend_lease(SeqClock *clock, StoreBatch *batch)
{
    int64_t last_ms = snowflake_to_ms(clock->last);
    if (last_ms + LEASE_RENEW_MS < clock->lease_ms)
        return;
    clock->lease_ms = last_ms + LEASE_AHEAD_MS;
    meta_put(batch, META_SEQ_LEASE, (uint64_t)clock->lease_ms);
}

void seq_clock_return_lease(SeqClock *clock, StoreBatch *batch)
{
    clock->lease_ms = snowflake_to_ms(clock->last) + 1;
    meta_put(batch, META_SEQ_LEASE, (uint64_t)clock->lease_ms);
}
