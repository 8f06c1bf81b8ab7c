/* SPDX-License-Identifier: Apache-2.0 */
#include "commit/publish.h"

#include "base/memory.h"

#include <pthread.h>

/*
 * The lock makes reading a pointer and counting up its snapshot one step.  It is
 * held for a few instructions; a snapshot's release happens outside of it.
 *
 * A snapshot is listed from the moment it is published until its last holder
 * lets go.  One that was not published yet is newer than the durable one and
 * in nobody's hands, so the list is all that published_oldest_seq() must see.
 */
struct Published {
    pthread_mutex_t lock; /* guards durable, applied, visible and the links of its snapshots */
    Snapshot *durable;
    Snapshot *applied;
    Snapshot *visible; /* list */
    _Atomic SeqNo durable_seq;
};

Snapshot *snapshot_new(Store *store, SeqNo seq, Catalog *catalog)
{
    Snapshot *snapshot = NEW(Snapshot);
    refcount_init(&snapshot->refs);
    snapshot->store = store;
    snapshot->at = store_snapshot_take(store);
    snapshot->seq = seq;
    snapshot->catalog = catalog_ref(catalog);
    return snapshot;
}

Snapshot *snapshot_ref(Snapshot *snapshot)
{
    refcount_inc(&snapshot->refs);
    return snapshot;
}

static void list_locked(Published *published, Snapshot *snapshot)
{
    if (snapshot->published)
        return;
    snapshot->published = published;
    snapshot->next = published->visible;
    if (published->visible)
        published->visible->previous = snapshot;
    published->visible = snapshot;
}

static void unlist(Snapshot *snapshot)
{
    Published *published = snapshot->published;
    if (!published)
        return;
    pthread_mutex_lock(&published->lock);
    if (snapshot->previous)
        snapshot->previous->next = snapshot->next;
    else
        published->visible = snapshot->next;
    if (snapshot->next)
        snapshot->next->previous = snapshot->previous;
    pthread_mutex_unlock(&published->lock);
}

void snapshot_unref(Snapshot *snapshot)
{
    if (!snapshot || !refcount_dec(&snapshot->refs))
        return;
    unlist(snapshot);
    store_snapshot_release(snapshot->store, snapshot->at);
    catalog_unref(snapshot->catalog);
    free(snapshot);
}

Published *published_new(Snapshot *first)
{
    Published *published = NEW(Published);
    pthread_mutex_init(&published->lock, NULL);
    published->durable = snapshot_ref(first);
    published->applied = snapshot_ref(first);
    list_locked(published, first);
    atomic_init(&published->durable_seq, first->seq);
    return published;
}

void published_free(Published *published)
{
    if (!published)
        return;
    snapshot_unref(published->durable);
    snapshot_unref(published->applied);
    for (Snapshot *held = published->visible; held; held = held->next)
        held->published = NULL; /* somebody outlives us */
    pthread_mutex_destroy(&published->lock);
    free(published);
}

/* Returns the snapshot to be released, or NULL. */
static Snapshot *replace_older_locked(Published *published, Snapshot **place, Snapshot *snapshot)
{
    if (snapshot->seq <= (*place)->seq)
        return NULL;
    Snapshot *old = *place;
    *place = snapshot_ref(snapshot);
    list_locked(published, snapshot);
    return old;
}

void published_set_applied(Published *published, Snapshot *snapshot)
{
    pthread_mutex_lock(&published->lock);
    Snapshot *old = replace_older_locked(published, &published->applied, snapshot);
    pthread_mutex_unlock(&published->lock);
    snapshot_unref(old);
}

void published_set_durable(Published *published, Snapshot *snapshot)
{
    pthread_mutex_lock(&published->lock);
    Snapshot *old_durable = replace_older_locked(published, &published->durable, snapshot);
    Snapshot *old_applied = replace_older_locked(published, &published->applied, snapshot);
    atomic_store(&published->durable_seq, published->durable->seq);
    pthread_mutex_unlock(&published->lock);
    snapshot_unref(old_durable);
    snapshot_unref(old_applied);
}

Snapshot *published_durable(Published *published)
{
    pthread_mutex_lock(&published->lock);
    Snapshot *snapshot = snapshot_ref(published->durable);
    pthread_mutex_unlock(&published->lock);
    return snapshot;
}

Snapshot *published_applied(Published *published)
{
    pthread_mutex_lock(&published->lock);
    Snapshot *snapshot = snapshot_ref(published->applied);
    pthread_mutex_unlock(&published->lock);
    return snapshot;
}

SeqNo published_durable_seq(Published *published)
{
    return atomic_load(&published->durable_seq);
}

SeqNo published_oldest_seq(Published *published)
{
    SeqNo oldest = UINT64_MAX;
    pthread_mutex_lock(&published->lock);
    for (const Snapshot *held = published->visible; held; held = held->next)
        oldest = held->seq < oldest ? held->seq : oldest;
    pthread_mutex_unlock(&published->lock);
    return oldest;
}
