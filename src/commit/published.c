/* SPDX-License-Identifier: Apache-2.0 */
#include "commit/publish.h"

#include "base/memory.h"

#include <pthread.h>

/*
 * The lock makes reading a pointer and counting up its snapshot one step.  It is
 * held for a few instructions; a snapshot's release happens outside of it.
 */
struct Published {
    pthread_mutex_t lock; /* guards durable, applied */
    Snapshot *durable;
    Snapshot *applied;
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

void snapshot_unref(Snapshot *snapshot)
{
    if (!snapshot || !refcount_dec(&snapshot->refs))
        return;
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
    atomic_init(&published->durable_seq, first->seq);
    return published;
}

void published_free(Published *published)
{
    if (!published)
        return;
    snapshot_unref(published->durable);
    snapshot_unref(published->applied);
    pthread_mutex_destroy(&published->lock);
    free(published);
}

/* With the lock held; returns the snapshot to be released, or NULL. */
static Snapshot *replace_older(Snapshot **place, Snapshot *snapshot)
{
    if (snapshot->seq <= (*place)->seq)
        return NULL;
    Snapshot *old = *place;
    *place = snapshot_ref(snapshot);
    return old;
}

void published_set_applied(Published *published, Snapshot *snapshot)
{
    pthread_mutex_lock(&published->lock);
    Snapshot *old = replace_older(&published->applied, snapshot);
    pthread_mutex_unlock(&published->lock);
    snapshot_unref(old);
}

void published_set_durable(Published *published, Snapshot *snapshot)
{
    pthread_mutex_lock(&published->lock);
    Snapshot *old_durable = replace_older(&published->durable, snapshot);
    Snapshot *old_applied = replace_older(&published->applied, snapshot);
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
