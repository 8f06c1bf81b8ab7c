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

/* Takes all that are due. */
static TrashItem *take_due(ColdTier *tier, SeqNo oldest)
{
    TrashItem *due = NULL;
    pthread_mutex_lock(&tier->lock);
    for (TrashItem **place = &tier->trash; *place;) {
        TrashItem *item = *place;
        if (item->seq > oldest) {
            place = &item->next;
            continue;
        }
        *place = item->next;
        item->next = due;
        due = item;
    }
    pthread_mutex_unlock(&tier->lock);
    return due;
}

static void put_back(ColdTier *tier, TrashItem *item)
{
    pthread_mutex_lock(&tier->lock);
    item->next = tier->trash;
    tier->trash = item;
    pthread_mutex_unlock(&tier->lock);
}

static Status
remove_file(Context *ctx, ColdTier *tier, const Catalog *catalog, const TrashItem *item)
{
    CLEANUP(object_store_unref) ObjectStore *store = NULL;
    TRY(cold_object_store(ctx, tier, catalog, item->storage_id, &store));
    return object_store_remove(ctx, store, item->file);
}

/* What cannot be removed is in the list again. */
static Status remove_item(Context *ctx, ColdTier *tier, const Catalog *catalog, TrashItem *item)
{
    Status status = remove_file(ctx, tier, catalog, item);
    if (status == STATUS_OK)
        free(item);
    else
        put_back(tier, item);
    return status;
}

/* A storage that fails is asked once: it may take its time until it does. */
Status cold_trash_empty(Context *ctx, ColdTier *tier, Sequencer *sequencer)
{
    Published *published = sequencer_published(sequencer);
    CLEANUP(snapshot_unref) Snapshot *snapshot = published_durable(published);
    TrashItem *due = take_due(tier, published_oldest_seq(published));
    Status result = STATUS_OK;
    Str away = STR_NULL;
    while (due) {
        TrashItem *item = due;
        due = item->next;
        if (away.ptr && str_equal(away, item->storage_id)) {
            put_back(tier, item);
            continue;
        }
        Str storage_id = arena_str(&ctx->arena, item->storage_id);
        Status status = remove_item(ctx, tier, snapshot->catalog, item);
        if (status == STATUS_OK)
            continue;
        away = storage_id;
        result = status;
    }
    return result;
}

void cold_trash_done(ColdTier *tier)
{
    while (tier->trash) {
        TrashItem *item = tier->trash;
        tier->trash = item->next;
        free(item);
    }
}
