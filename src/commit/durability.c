/* SPDX-License-Identifier: Apache-2.0 */
#include "commit/durability.h"

#include "base/memory.h"

#include <assert.h>

struct Durability {
    DurabilityOptions options;
    _Atomic SeqNo seq;
    _Atomic int64_t lease_ms;
    Context ctx; /* of the settling thread */
};

void pending_group_free(PendingGroup *group)
{
    assert(!group->waiting.first);
    snapshot_unref(group->snapshot);
    free(group);
}

/* What groups without a snapshot wait for was written before, and synced by the round before. */
static bool wrote_something(const PendingGroup *groups)
{
    for (const PendingGroup *group = groups; group; group = group->next) {
        if (group->snapshot)
            return true;
    }
    return false;
}

static Status make_durable(Durability *durability, const PendingGroup *groups)
{
    Context *ctx = &durability->ctx;
    arena_clear(&ctx->arena);
    if (write_health_reason(durability->options.health))
        return write_health_refuse(durability->options.health, ctx);
    return wrote_something(groups) ? store_sync(ctx, durability->options.store) : STATUS_OK;
}

static void publish(Durability *durability, PendingGroup *groups)
{
    Snapshot *newest = NULL;
    for (PendingGroup *group = groups; group; group = group->next)
        newest = group->snapshot ? group->snapshot : newest;
    if (newest)
        published_set_durable(durability->options.published, newest);
}

static void feed_groups(Durability *durability, PendingGroup *groups)
{
    OpFeeder feeder;
    feeder.feed = durability->options.feed;
    feeder.count = 0;
    for (PendingGroup *group = groups; group; group = group->next)
        op_feeder_add(&feeder, &group->waiting);
    op_feeder_flush(&feeder);
}

/*
 * Only after the feed: the sequencer feeds an async commit itself as soon as
 * nothing before it on its table is above durability_seq(), and so comes after
 * what we fed.
 */
static void note_progress(Durability *durability, PendingGroup *groups)
{
    for (PendingGroup *group = groups; group; group = group->next) {
        if (!group->snapshot)
            continue;
        atomic_store(&durability->lease_ms, group->lease_ms);
        atomic_store(&durability->seq, group->snapshot->seq);
    }
}

void durability_settle(Durability *durability, PendingGroup *groups)
{
    Status status = make_durable(durability, groups);
    if (status == STATUS_OK) {
        publish(durability, groups);
        feed_groups(durability, groups);
        note_progress(durability, groups);
    } else {
        write_health_fail(durability->options.health, &durability->ctx);
    }
    while (groups) {
        PendingGroup *group = groups;
        groups = group->next;
        if (status == STATUS_OK)
            op_list_complete(&group->waiting);
        else
            op_list_refuse(&group->waiting, durability->options.health);
        pending_group_free(group);
    }
}

/* ---- life cycle ---- */

Durability *durability_new(const DurabilityOptions *options)
{
    Durability *durability = NEW(Durability);
    durability->options = *options;
    atomic_init(&durability->seq, options->durable_seq);
    atomic_init(&durability->lease_ms, options->lease_ms);
    return durability;
}

void durability_free(Durability *durability)
{
    if (!durability)
        return;
    context_done(&durability->ctx);
    free(durability);
}

SeqNo durability_seq(Durability *durability)
{
    return atomic_load(&durability->seq);
}

int64_t durability_lease_ms(Durability *durability)
{
    return atomic_load(&durability->lease_ms);
}
