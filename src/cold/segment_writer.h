/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SegmentWriter: rows in key order become one file in a storage, and everything
 * that a manifest has to know about it.
 *
 * Nothing refers to the file yet when it is written: the commit that names it in
 * a manifest makes it part of the table.
 */
#pragma once

#include "cold/segment_collector.h"

/* Where the rows come from: versions in key order, one of each key. */
typedef struct RowFeed RowFeed;
struct RowFeed {
    /* *ret_more false: the end.  Key and row are valid until the next call. */
    Status (*next)(RowFeed *feed, Context *ctx, Str *ret_key, StoredRow *ret_row, bool *ret_more);
};

typedef struct SegmentWrite {
    ColdTier *tier;
    ObjectStore *store;
    const Table *table; /* whose columns the file gets */
    Owner owner;
    const Manifest *manifest; /* whose directory it goes to */
    RowFeed *feed;
    uint64_t row_count_max; /* the feed's next rows are left to another segment */
    SeqNo snapshot_seq;     /* no version is newer; noted in the file */
} SegmentWrite;

/*
 * *ret_written false: the feed had no row, there is no file.  *ret_draft is
 * zeroed before.  After an error the file may exist, unnamed.
 */
MUST_CHECK Status segment_write(Context *ctx,
                                const SegmentWrite *write,
                                SegmentDraft *ret_draft,
                                bool *ret_written);
