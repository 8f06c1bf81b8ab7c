/* SPDX-License-Identifier: Apache-2.0 */
#include "commit/feed.h"

#include "base/memory.h"

#include <assert.h>
#include <pthread.h>

/* Records looked at together: bounds a group and the memory on the stack. */
enum { FEED_STEP = 256 };

typedef struct Consumer {
    void (*deliver)(void *data, CommitGroup *group);
    void *data;
    pthread_mutex_t lock; /* guards counts, and the consumer's bits in the masks */
    uint32_t counts[TABLE_BUCKET_COUNT];
} Consumer;

struct Feed {
    _Atomic uint64_t interest[TABLE_BUCKET_COUNT]; /* bit = consumer */
    Consumer *consumers[FEED_CONSUMERS_MAX];       /* complete before the first commit */
};

Feed *feed_new(void)
{
    return NEW(Feed);
}

void feed_free(Feed *feed)
{
    if (!feed)
        return;
    for (unsigned i = 0; i < FEED_CONSUMERS_MAX; i++) {
        if (feed->consumers[i])
            pthread_mutex_destroy(&feed->consumers[i]->lock);
        free(feed->consumers[i]);
    }
    free(feed);
}

void feed_add_consumer(Feed *feed,
                       unsigned index,
                       void (*deliver)(void *data, CommitGroup *group),
                       void *data)
{
    assert(index < FEED_CONSUMERS_MAX && !feed->consumers[index]);
    Consumer *consumer = NEW(Consumer);
    consumer->deliver = deliver;
    consumer->data = data;
    pthread_mutex_init(&consumer->lock, NULL);
    feed->consumers[index] = consumer;
}

void feed_interest_add(Feed *feed, unsigned index, uint32_t table_id)
{
    Consumer *consumer = feed->consumers[index];
    assert(consumer);
    uint32_t bucket = table_bucket(table_id);
    pthread_mutex_lock(&consumer->lock);
    if (consumer->counts[bucket]++ == 0)
        atomic_fetch_or(&feed->interest[bucket], UINT64_C(1) << index);
    pthread_mutex_unlock(&consumer->lock);
}

void feed_interest_remove(Feed *feed, unsigned index, uint32_t table_id)
{
    Consumer *consumer = feed->consumers[index];
    assert(consumer);
    uint32_t bucket = table_bucket(table_id);
    pthread_mutex_lock(&consumer->lock);
    assert(consumer->counts[bucket] > 0);
    if (--consumer->counts[bucket] == 0)
        atomic_fetch_and(&feed->interest[bucket], ~(UINT64_C(1) << index));
    pthread_mutex_unlock(&consumer->lock);
}

static uint64_t consumers_of(Feed *feed, const CommitRecord *record)
{
    uint64_t mask = 0;
    for (uint32_t i = 0; i < record->scope_count; i++)
        mask |= atomic_load(&feed->interest[table_bucket(record->scopes[i].table_id)]);
    return mask;
}

/* Some records and, for each, who wants it. */
typedef struct FeedStep {
    CommitRecord *const *records;
    size_t count;
    uint64_t wanted_by[FEED_STEP];
} FeedStep;

static void deliver_to(const Consumer *consumer, const FeedStep *step, uint64_t bit)
{
    size_t size = sizeof(CommitGroup) + step->count * sizeof(CommitRecord *);
    CommitGroup *group = mem_alloc(size);
    refcount_init(&group->refs);
    group->count = 0;
    for (size_t i = 0; i < step->count; i++) {
        if (step->wanted_by[i] & bit)
            group->records[group->count++] = commit_record_ref(step->records[i]);
    }
    consumer->deliver(consumer->data, group);
}

static void deliver_step(Feed *feed, FeedStep *step)
{
    uint64_t anybody = 0;
    for (size_t i = 0; i < step->count; i++) {
        step->wanted_by[i] = consumers_of(feed, step->records[i]);
        anybody |= step->wanted_by[i];
    }
    for (; anybody; anybody &= anybody - 1) {
        int index = __builtin_ctzll(anybody);
        deliver_to(feed->consumers[index], step, UINT64_C(1) << index);
    }
}

void feed_deliver(Feed *feed, CommitRecord *const *records, size_t count)
{
    for (size_t done = 0; done < count; done += FEED_STEP) {
        size_t left = count - done;
        FeedStep step = {.records = records + done, .count = left < FEED_STEP ? left : FEED_STEP};
        deliver_step(feed, &step);
    }
}

void commit_group_unref(CommitGroup *group)
{
    if (!group || !refcount_dec(&group->refs))
        return;
    for (size_t i = 0; i < group->count; i++)
        commit_record_unref(group->records[i]);
    free(group);
}
