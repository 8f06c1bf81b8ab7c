/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Feed: hands published commits to the consumers that watch their tables.
 *
 * Who watches what is an array of atomic masks, one bit per consumer, indexed
 * by the low bits of the table id; tables that share an entry only make a
 * consumer look at commits it then ignores.
 *
 * No commit falls between a subscriber's snapshot and its feed: a subscriber
 * sets its bit, then reads the published snapshot S; a publisher publishes, then
 * reads the mask.  All four accesses are sequentially consistent, so if the
 * subscriber's S is older than a commit, the publisher of that commit sees the
 * bit.
 */
#pragma once

#include "commit/sequencer.h"

/* Per-table state is kept in this many buckets: a table's is the low bits of its id. */
enum { TABLE_BUCKET_COUNT = 4096 };

static inline uint32_t table_bucket(uint32_t table_id)
{
    return table_id & (TABLE_BUCKET_COUNT - 1);
}

typedef struct Feed Feed;

Feed *feed_new(void);
void feed_free(Feed *feed);

void feed_add_consumer(Feed *feed,
                       unsigned index,
                       void (*deliver)(void *data, CommitGroup *group),
                       void *data);
void feed_interest_add(Feed *feed, unsigned index, uint32_t table_id);
void feed_interest_remove(Feed *feed, unsigned index, uint32_t table_id);

/* Hands each consumer, in one or more groups, those of the records that interest it. */
void feed_deliver(Feed *feed, CommitRecord *const *records, size_t count);
