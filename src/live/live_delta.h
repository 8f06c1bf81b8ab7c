/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a committed change to the messages one live query sends for it.
 *
 * A change is judged on both images (decision 9): old and new match: update;
 * only new: insert; only old: delete.  A LiveDelta collects what a query has to
 * say about one commit and turns it into message *tails*: everything of a
 * `change` message behind the subscription's id, so that all subscriptions of a
 * group share the bytes (protocol.md 2.7):
 *
 *     {"type":"change","subscription_id":"ID"     <- head, one per subscription
 *     ,"change_type":"insert","rows":[..],"commit":"T"}     <- tail, shared
 *
 * Consecutive rows of one kind share a message of up to 60 KiB; the last
 * message of the commit carries "commit".
 */
#pragma once

#include "commit/commit_record.h"
#include "live/live_query.h"
#include "net/shared.h"

typedef enum LiveKind { LIVE_NOTHING, LIVE_INSERT, LIVE_UPDATE, LIVE_DELETE } LiveKind;

/* A change's two images as expressions see them; NULL = there is none. */
typedef struct LiveImages {
    const Value *old_row;
    const Value *new_row;
} LiveImages;

/* Decodes a change's images in ctx's arena. */
MUST_CHECK Status live_images(Context *ctx,
                              const Table *table,
                              const Change *change,
                              LiveImages *ret_images);

typedef struct LiveEvent {
    LiveKind kind;
    bool left; /* DELETE: the row still exists but no longer matches */
    bool hard; /* DELETE: the row was removed physically */
    SeqNo seq;
    LiveImages images;
} LiveEvent;

/* What the change means to the query.  An update that changes nothing means nothing. */
MUST_CHECK Status live_judge(Context *ctx,
                             const LiveQuery *query,
                             const Change *change,
                             const LiveImages *images,
                             LiveEvent *ret_event);

/* One row of initial data, or of an insert: {"id":..,"_seq":".."}.  Fails when a cell has no JSON
 * form. */
MUST_CHECK Status live_write_row(Context *ctx, Buf *out, const LiveQuery *query, const Value *row);

typedef struct LiveDelta {
    struct LiveDelta *next; /* while it is nobody's: see live_feed.c */
    /* finished messages */
    Shared **tails;
    size_t tail_count;
    size_t tail_capacity;
    uint64_t row_count; /* in all messages */
    size_t byte_count;  /* of these rows */
    /* the message being built */
    LiveEvent open; /* kind LIVE_NOTHING = none; kind, left and hard of its rows */
    Buf rows;
    Buf old_values;
} LiveDelta;

void live_delta_done(LiveDelta *delta);
DEFINE_CLEANUP_IN_PLACE(LiveDelta, live_delta_done)
/* Drops the messages, keeps the memory. */
void live_delta_clear(LiveDelta *delta);

MUST_CHECK Status live_delta_add(Context *ctx,
                                 LiveDelta *delta,
                                 const LiveQuery *query,
                                 const LiveEvent *event);
/* Ends the commit: its last message carries "commit" (0 = none: a delete inside a resumed load). */
void live_delta_commit(LiveDelta *delta, SeqNo commit);

/* All changes of a record, judged for one query alone; commits the delta. */
MUST_CHECK Status live_delta_record(Context *ctx,
                                    LiveDelta *delta,
                                    const LiveQuery *query,
                                    const CommitRecord *record);
