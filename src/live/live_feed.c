/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commits in, messages out.
 *
 * For each change of a commit the index of its table names candidate groups;
 * each judges the change once and appends to its delta.  When the commit is
 * through, every touched group's messages go to its members.  A commit is
 * thereby delivered whole.
 *
 * The queue between the sequencer's threads and this reactor is bounded: past
 * feed_bytes_max commits are dropped and one *gap* item takes their place; when
 * it arrives, every LIVE subscription goes on from the change log instead.
 */
#include "base/log.h"
#include "base/memory.h"
#include "live/live_private.h"

/* ---- the queue ---- */

typedef struct FeedItem {
    MailboxItem item;
    LiveEngine *engine;
    CommitGroup *group; /* NULL = a gap */
    size_t byte_count;
} FeedItem;

static void process_group(LiveEngine *engine, const CommitGroup *group);
static void process_gap(LiveEngine *engine);

static void feed_item_run(MailboxItem *item)
{
    FeedItem *feed = CONTAINER_OF(item, FeedItem, item);
    LiveEngine *engine = feed->engine;
    if (feed->group) {
        if (!engine->stopped)
            process_group(engine, feed->group);
        commit_group_unref(feed->group);
        atomic_fetch_sub(&engine->feed_bytes, feed->byte_count);
    } else {
        atomic_store(&engine->feed_gap, false);
        if (!engine->stopped)
            process_gap(engine);
    }
    free(feed);
}

static void post(LiveEngine *engine, CommitGroup *group, size_t byte_count)
{
    FeedItem *feed = NEW(FeedItem);
    feed->item.run = feed_item_run;
    feed->engine = engine;
    feed->group = group;
    feed->byte_count = byte_count;
    engine->options.post(engine->options.post_data, &feed->item);
}

void live_feed_deliver(void *data, CommitGroup *group)
{
    LiveEngine *engine = data;
    size_t byte_count = 0;
    for (size_t i = 0; i < group->count; i++)
        byte_count += group->records[i]->bytes.len;
    if (atomic_load(&engine->feed_bytes) + byte_count <= engine->options.feed_bytes_max) {
        atomic_fetch_add(&engine->feed_bytes, byte_count);
        post(engine, group, byte_count);
        return;
    }
    commit_group_unref(group);
    if (!atomic_exchange(&engine->feed_gap, true))
        post(engine, NULL, 0);
}

/* ---- the ring ---- */

static void ring_drop_oldest(LiveRing *ring)
{
    CommitRecord *record = ring->records[ring->tail++ % RING_COUNT_MAX];
    ring->byte_count -= record->bytes.len;
    commit_record_unref(record);
}

void live_ring_clear(LiveEngine *engine)
{
    while (engine->ring->tail < engine->ring->head)
        ring_drop_oldest(engine->ring);
}

static void ring_add(LiveEngine *engine, CommitRecord *record)
{
    LiveRing *ring = engine->ring;
    if (engine->away_count == 0) {
        live_ring_clear(engine);
        ring->tail = ++ring->head;
        return;
    }
    while (ring->head - ring->tail == RING_COUNT_MAX ||
           (ring->tail < ring->head && ring->byte_count + record->bytes.len > RING_BYTES_MAX))
        ring_drop_oldest(ring);
    ring->records[ring->head++ % RING_COUNT_MAX] = commit_record_ref(record);
    ring->byte_count += record->bytes.len;
}

static bool touches(const CommitRecord *record, const LiveQuery *query)
{
    for (uint32_t i = 0; i < record->scope_count; i++)
        if (record->scopes[i].table_id == query->table->id &&
            live_query_owns(query, record->scopes[i].owner))
            return true;
    return false;
}

bool live_feed_replay(Context *ctx, Subscription *subscription, Status *ret_status, bool *ret_gone)
{
    const LiveRing *ring = subscription->client->engine->ring;
    *ret_status = STATUS_OK;
    *ret_gone = false;
    if (subscription->ring_mark < ring->tail)
        return false;
    CLEANUP(live_delta_done) LiveDelta delta = {0};
    for (uint64_t at = subscription->ring_mark; at < ring->head; at++) {
        CommitRecord *record = ring->records[at % RING_COUNT_MAX];
        if (record->seq <= subscription->position || !touches(record, subscription->group->query))
            continue;
        *ret_status = live_delta_record(ctx, &delta, subscription->group->query, record);
        if (*ret_status != STATUS_OK)
            return true;
        if (!subscription_send(subscription, &delta, record)) {
            *ret_gone = true;
            return true;
        }
        live_delta_clear(&delta);
    }
    return true;
}

/* ---- deltas: the memory of those that are done serves the next commit ---- */

enum { SPARE_DELTAS_MAX = 256 };

static LiveDelta *take_delta(LiveEngine *engine)
{
    LiveDelta *delta = engine->spare_deltas;
    if (!delta)
        return NEW(LiveDelta);
    engine->spare_deltas = delta->next;
    engine->spare_delta_count--;
    return delta;
}

static void free_delta(LiveDelta *delta)
{
    live_delta_done(delta);
    free(delta);
}

static void give_back(LiveEngine *engine, LiveDelta *delta)
{
    if (engine->spare_delta_count == SPARE_DELTAS_MAX) {
        free_delta(delta);
        return;
    }
    live_delta_clear(delta);
    delta->next = engine->spare_deltas;
    engine->spare_deltas = delta;
    engine->spare_delta_count++;
}

void live_spare_deltas_free(LiveEngine *engine)
{
    while (engine->spare_deltas)
        free_delta(take_delta(engine));
}

/* ---- matching ---- */

typedef struct Matching {
    LiveEngine *engine;
    const Change *change;
    LiveImages images;
} Matching;

static void touch(LiveEngine *engine, LiveGroup *group)
{
    if (group->delta)
        return;
    group->delta = take_delta(engine);
    group->reference_count++; /* whoever ends meanwhile must not free it under us */
    group->next_touched = engine->touched;
    engine->touched = group;
}

static Status add_event(LiveEngine *engine, LiveGroup *group, const LiveEvent *event)
{
    size_t before = group->delta->byte_count;
    Status status = live_delta_add(&engine->scratch, group->delta, group->query, event);
    engine->commit_bytes += group->delta->byte_count - before;
    group->overflowed = engine->commit_bytes > COMMIT_BYTES_MAX;
    if (group->overflowed)
        live_delta_clear(group->delta);
    return status;
}

static void visit_group(void *data, void *item)
{
    Matching *matching = data;
    LiveGroup *group = item;
    LiveEngine *engine = matching->engine;
    if (group->judged_change == engine->change_count || group->member_count == 0 || group->failed ||
        group->overflowed)
        return;
    group->judged_change = engine->change_count;
    if (!live_query_owns(group->query, matching->change->owner))
        return;
    atomic_fetch_add_explicit(&engine->evaluations, 1, memory_order_relaxed);

    LiveEvent event;
    Context *ctx = &engine->scratch;
    Status status = live_judge(ctx, group->query, matching->change, &matching->images, &event);
    if (status != STATUS_OK || event.kind != LIVE_NOTHING)
        touch(engine, group);
    if (status == STATUS_OK && event.kind != LIVE_NOTHING)
        status = add_event(engine, group, &event);
    group->failed = status != STATUS_OK;
}

/* A change that cannot be read: whoever watches the table must know. */
static void fail_groups(LiveEngine *engine, LiveTable *live_table)
{
    size_t at = 0;
    for (LiveGroup *group; (group = id_map_next(&live_table->groups, &at));) {
        for (; group; group = group->next_same_hash) {
            group->failed = true;
            touch(engine, group);
        }
    }
}

static void match_change(LiveEngine *engine, LiveTable *live_table, const Change *change)
{
    Matching matching = {.engine = engine, .change = change};
    Context *ctx = &engine->scratch;
    if (live_images(ctx, live_table->table, change, &matching.images) != STATUS_OK) {
        fail_groups(engine, live_table);
        return;
    }
    engine->change_count++;
    const LiveImages *images = &matching.images;
    if (images->old_row)
        live_index_match(live_table->index, change->owner, images->old_row, visit_group, &matching);
    if (images->new_row)
        live_index_match(live_table->index, change->owner, images->new_row, visit_group, &matching);
}

/* ---- delivery ---- */

static void fail_members(LiveEngine *engine, LiveGroup *group)
{
    while (group->member_count > 0)
        subscription_fail(live_group_members(group)[group->member_count - 1], &engine->scratch);
    group->failed = false;
}

/* They go on from the change log, a bounded piece at a time. */
static void lag_members(LiveGroup *group, SeqNo position)
{
    while (group->member_count > 0) {
        Subscription *subscription = live_group_members(group)[group->member_count - 1];
        subscription_lag(subscription, position);
        client_feed_waiting(subscription->client);
    }
    group->overflowed = false;
}

static void deliver_group(LiveEngine *engine, LiveGroup *group, const CommitRecord *record)
{
    if (group->failed)
        fail_members(engine, group);
    if (group->overflowed)
        lag_members(group, record->first_seq - 1);
    LiveDelta *delta = TAKE(group->delta);
    live_delta_commit(delta, record->seq);
    /* Backwards: a member that falls behind leaves the list. */
    for (uint32_t i = group->member_count; i-- > 0;) {
        Subscription *member = i < group->member_count ? live_group_members(group)[i] : NULL;
        if (member && record->seq > member->position)
            subscription_send(member, delta, record);
    }
    give_back(engine, delta);
    live_group_leave(engine, group);
}

static void deliver_touched(LiveEngine *engine, const CommitRecord *record)
{
    while (engine->touched) {
        LiveGroup *group = engine->touched;
        engine->touched = group->next_touched;
        deliver_group(engine, group, record);
    }
}

/* ---- a commit ---- */

static void match_record(LiveEngine *engine, const CommitRecord *record)
{
    CommitChanges changes = commit_changes(record);
    for (Change change; commit_changes_next_seen(&changes, &change);) {
        if (change.table_id == 0) {
            live_catalog_changed(engine, &change);
            continue;
        }
        LiveTable *live_table = id_map_get(&engine->tables, change.table_id);
        for (; live_table; live_table = live_table->next_version) {
            live_table->last_seq = record->seq;
            match_change(engine, live_table, &change);
        }
    }
}

static void process_record(LiveEngine *engine, CommitRecord *record)
{
    arena_clear(&engine->scratch.arena);
    engine->commit_bytes = 0;
    ring_add(engine, record);
    live_engine_expire(engine, snowflake_to_ms(record->seq));
    match_record(engine, record);
    deliver_touched(engine, record);
}

static void process_group(LiveEngine *engine, const CommitGroup *group)
{
    for (size_t i = 0; i < group->count; i++)
        process_record(engine, group->records[i]);
}

/* ---- a gap ---- */

static void lag_client(LiveClient *client)
{
    size_t at = 0;
    for (Subscription *subscription; (subscription = map_next(&client->subscriptions, &at));) {
        SeqNo processed = subscription->group->table->last_seq;
        if (subscription->state == SUBSCRIPTION_LIVE)
            subscription_lag(subscription,
                             processed > subscription->position ? processed
                                                                : subscription->position);
    }
    client_feed_waiting(client);
}

static void process_gap(LiveEngine *engine)
{
    log_warn("live",
             "reactor=%u fell behind the writers; catching up from the change log",
             engine->options.index);
    /* Whoever is on a worker now must not trust the ring. */
    live_ring_clear(engine);
    engine->ring->tail = ++engine->ring->head;
    for (LiveClient *client = engine->clients; client; client = client->next)
        lag_client(client);
    live_catalog_check(engine);
}
