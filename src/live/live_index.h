/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which live queries of one table want this row?
 *
 * Tuple-space search (Srinivasan, Suri, Varghese 1999).  A predicate that pins
 * columns to constants is filed under its *shape*, the set of columns it pins,
 * and the hash of the pinned values; for tables with owners the owner is part of
 * every hash.  To match a row, each shape costs one hash over its columns and
 * one probe, however many queries are filed under it.  An IN list, and a
 * top-level OR whose branches all pin something, is filed in several slots (at
 * most 64); what pins nothing goes to the scan list and is visited for every
 * row.
 *
 * The index only narrows: whoever is visited still tests his whole condition.
 * It belongs to one reactor; call it only from that thread.
 */
#pragma once

#include "expr/predicate.h"
#include "store/layout.h"

typedef struct LiveIndex LiveIndex;

/* Where one item is filed; given back to live_index_remove(). */
typedef struct LiveFiling LiveFiling;

enum { LIVE_INDEX_SHAPES_MAX = 128, LIVE_INDEX_SLOTS_MAX = 64, LIVE_INDEX_SHAPE_COLUMNS_MAX = 8 };

/* per_user: rows and queries have owners, and only equal owners meet. */
LiveIndex *live_index_new(bool per_user);
/* All items must have been removed. */
void live_index_free(LiveIndex *index);

/* The predicate is only read during the call.  `item` is what visits hand back. */
LiveFiling *live_index_add(LiveIndex *index, Owner owner, const Predicate *predicate, void *item);
/* `item` as it was added. */
void live_index_remove(LiveIndex *index, LiveFiling *filing, const void *item);

/*
 * Visits every item whose condition may hold for the row (and some whose does
 * not; an item filed in several slots may be visited more than once).
 */
typedef void (*LiveIndexVisit)(void *data, void *item);
void live_index_match(
    LiveIndex *index, Owner owner, const Value *row, LiveIndexVisit visit, void *data);

/* "hash", "scan" or "never" (no row can match): how this item is found; for system.live and
 * EXPLAIN. */
const char *live_filing_kind(const LiveFiling *filing);

size_t live_index_shape_count(const LiveIndex *index);
size_t live_index_item_count(const LiveIndex *index);
size_t live_index_scan_count(const LiveIndex *index);
