/* SPDX-License-Identifier: Apache-2.0 */
#include "commit/durability.h"

#include "base/memory.h"

#include <assert.h>
#include <time.h>

struct Durability {
    DurabilityOptions options;
    pthread_t thread;
    _Atomic SeqNo seq;
    _Atomic int64_t lease_ms;
    Context ctx; /* of the thread */

    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t changed;
    PendingGroup *first;
    PendingGroup *last;
    struct timespec deadline; /* of the oldest group */
    bool urgent;              /* an operation waits */
    bool stopping;
};

/* ---- hand-over ---- */

static void pending_group_free(PendingGroup *group)
{
    assert(!group->waiting.first);
    snapshot_unref(group->snapshot);
    free(group);
}

static struct timespec time_after(int64_t ms)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += ms / 1000;
    at.tv_nsec += (long)(ms % 1000) * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000;
    }
    return at;
}

static bool time_is_over(const struct timespec *deadline)
{
    struct timespec now = time_after(0);
    return now.tv_sec > deadline->tv_sec ||
           (now.tv_sec == deadline->tv_sec && now.tv_nsec >= deadline->tv_nsec);
}

/*
 * A group that nobody waits for is contained in the one after it.  Dropping it
 * keeps the list, and the store's snapshots, few under a load of async writes.
 * Returns the dropped one.
 */
static PendingGroup *append_locked(Durability *durability, PendingGroup *group)
{
    PendingGroup *last = durability->last;
    if (last && !last->waiting.first && group->snapshot) {
        PendingGroup contained = *last;
        *last = *group;
        *group = contained;
        return group;
    }
    if (last)
        last->next = group;
    else
        durability->first = group;
    durability->last = group;
    return NULL;
}

void durability_hand_over(Durability *durability, PendingGroup *group)
{
    group->next = NULL;
    bool urgent = group->waiting.first;
    pthread_mutex_lock(&durability->lock);
    bool was_empty = !durability->first;
    if (was_empty)
        durability->deadline = time_after(durability->options.async_interval_ms);
    PendingGroup *contained = append_locked(durability, group);
    if (was_empty || (urgent && !durability->urgent))
        pthread_cond_signal(&durability->changed);
    durability->urgent |= urgent;
    pthread_mutex_unlock(&durability->lock);
    if (contained)
        pending_group_free(contained);
}

/* ---- the thread ---- */

static void wait_until_due_locked(Durability *durability)
{
    while (!durability->urgent && !durability->stopping) {
        if (!durability->first)
            pthread_cond_wait(&durability->changed, &durability->lock);
        else if (!time_is_over(&durability->deadline))
            pthread_cond_timedwait(&durability->changed, &durability->lock, &durability->deadline);
        else
            return;
    }
}

/* All groups that wait, as a list; NULL when the thread shall end. */
static PendingGroup *wait_for_groups(Durability *durability)
{
    pthread_mutex_lock(&durability->lock);
    wait_until_due_locked(durability);
    PendingGroup *first = durability->first;
    durability->first = durability->last = NULL;
    durability->urgent = false;
    pthread_mutex_unlock(&durability->lock);
    return first;
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

static void settle(Durability *durability, PendingGroup *groups)
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

static void *run(void *data)
{
    Durability *durability = data;
    for (PendingGroup *groups; (groups = wait_for_groups(durability));)
        settle(durability, groups);
    return NULL;
}

/* ---- life cycle ---- */

static void durability_free(Durability *durability)
{
    pthread_mutex_destroy(&durability->lock);
    pthread_cond_destroy(&durability->changed);
    context_done(&durability->ctx);
    free(durability);
}

Status durability_start(Context *ctx, const DurabilityOptions *options, Durability **ret_durability)
{
    Durability *durability = NEW(Durability);
    durability->options = *options;
    atomic_init(&durability->seq, options->durable_seq);
    atomic_init(&durability->lease_ms, options->lease_ms);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&durability->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&durability->lock, NULL);

    int error = pthread_create(&durability->thread, NULL, run, durability);
    if (error) {
        durability_free(durability);
        return fail(ctx, STATUS_INTERNAL, "no thread for durability: %s", strerror(error));
    }
    pthread_setname_np(durability->thread, "durability");
    *ret_durability = durability;
    return STATUS_OK;
}

void durability_stop(Durability *durability)
{
    if (!durability)
        return;
    pthread_mutex_lock(&durability->lock);
    durability->stopping = true;
    pthread_cond_signal(&durability->changed);
    pthread_mutex_unlock(&durability->lock);
    pthread_join(durability->thread, NULL);
    durability_free(durability);
}

SeqNo durability_seq(Durability *durability)
{
    return atomic_load(&durability->seq);
}

int64_t durability_lease_ms(Durability *durability)
{
    return atomic_load(&durability->lease_ms);
}
