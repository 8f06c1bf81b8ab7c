/* SPDX-License-Identifier: Apache-2.0 */
#include "cold/cold_trash.h"

#include "base/memory.h"

struct TrashItem {
    TrashItem *next;
    SeqNo seq;
    Str storage_id; /* both behind the struct */
    Str file;
};

void cold_trash_add(ColdTier *tier, Str storage_id, Str file, SeqNo seq)
{
    TrashItem *item = mem_alloc(sizeof(*item) + storage_id.len + file.len);
    char *texts = (char *)(item + 1);
    memcpy(texts, storage_id.ptr, storage_id.len);
    memcpy(texts + storage_id.len, file.ptr, file.len);
    *item = (TrashItem){
        .seq = seq,
        .storage_id = str_from(texts, storage_id.len),
        .file = str_from(texts + storage_id.len, file.len),
    };
    pthread_mutex_lock(&tier->lock);
    item->next = tier->trash;
    tier->trash = item;
    pthread_mutex_unlock(&tier->lock);
}

bool cold_trash_has(ColdTier *tier, Str storage_id, Str file)
{
    bool has = false;
    pthread_mutex_lock(&tier->lock);
    for (const TrashItem *item = tier->trash; item && !has; item = item->next)
        has = str_equal(item->file, file) && str_equal(item->storage_id, storage_id);
    pthread_mutex_unlock(&tier->lock);
    return has;
}

/* Takes one that is due; NULL when there is none. */
static TrashItem *take_due(ColdTier *tier, SeqNo oldest)
{
    TrashItem *found = NULL;
    pthread_mutex_lock(&tier->lock);
    for (TrashItem **place = &tier->trash; *place; place = &(*place)->next) {
        if ((*place)->seq > oldest)
            continue;
        found = *place;
        *place = found->next;
        break;
    }
    pthread_mutex_unlock(&tier->lock);
    return found;
}

static Status
remove_file(Context *ctx, ColdTier *tier, const Catalog *catalog, const TrashItem *item)
{
    CLEANUP(object_store_unref) ObjectStore *store = NULL;
    TRY(cold_object_store(ctx, tier, catalog, item->storage_id, &store));
    return object_store_remove(ctx, store, item->file);
}

Status cold_trash_empty(Context *ctx, ColdTier *tier, Sequencer *sequencer)
{
    Published *published = sequencer_published(sequencer);
    CLEANUP(snapshot_unref) Snapshot *snapshot = published_durable(published);
    SeqNo oldest = published_oldest_seq(published);
    for (TrashItem *item; (item = take_due(tier, oldest));) {
        Status status = remove_file(ctx, tier, snapshot->catalog, item);
        if (status != STATUS_OK)
            cold_trash_add(tier, item->storage_id, item->file, item->seq);
        free(item);
        TRY(status);
    }
    return STATUS_OK;
}

void cold_trash_done(ColdTier *tier)
{
    while (tier->trash) {
        TrashItem *item = tier->trash;
        tier->trash = item->next;
        free(item);
    }
}
