/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The initial data of a subscription: the rows of one published snapshot S, in
 * ascending _seq, a batch at a time; or what changed since X when it resumes.
 *
 * Rows are stored by key, so a load first collects (seq, key) of the matching
 * rows, at most WINDOW_MAX at a time (live_load.c), sorts them and fetches the
 * rows of one batch by key; memory stays bounded however large the table is.  A
 * resumed load walks the net changes instead (live_net.h) and puts deletes
 * between batches, where their sequence numbers fall.
 *
 * A LiveLoad is created on the reactor, runs on a worker (live_load_run), and
 * goes back to the reactor with its frames; never on two threads at once.  It
 * pins its snapshot until it is freed.
 */
#pragma once

#include "cold/cold.h"
#include "commit/sequencer.h"
#include "live/live_message.h"

typedef enum LiveLoadMode {
    LIVE_LOAD_ALL,    /* every matching row */
    LIVE_LOAD_LAST,   /* the newest `last_rows` */
    LIVE_LOAD_RESUME, /* what changed after `from` */
} LiveLoadMode;

typedef struct LiveLoadOptions {
    Sequencer *sequencer;
    ColdTier *cold;     /* NULL: there is none */
    LiveQuery *query;   /* a reference is taken */
    Snapshot *snapshot; /* likewise */
    Str subscription_id;
    LiveLoadMode mode;
    uint32_t last_rows;
    SeqNo from;
    bool from_time; /* `from` was made from a time, not taken from a message */
    bool resync;    /* say so in the ack: the client's set is to be replaced */
    bool gzip;
    uint32_t batch_size;
} LiveLoadOptions;

typedef struct LiveLoad LiveLoad;

LiveLoad *live_load_new(const LiveLoadOptions *options);
void live_load_free(LiveLoad *load);
DEFINE_CLEANUP(LiveLoad, live_load_free)

/*
 * Produces the next batch: the first time preceded by the acknowledgement.  On
 * failure the load is over and the error is in ctx.
 */
MUST_CHECK Status live_load_run(Context *ctx, LiveLoad *load);

/* What the last run made; the caller sends it and clears it. */
LiveFrames *live_load_frames(LiveLoad *load);
/* The `ready` batch has been made. */
bool live_load_is_ready(const LiveLoad *load);
/* The snapshot's sequence number. */
SeqNo live_load_seq(const LiveLoad *load);
/* What the last batch told the client, and how the client may go back in front of it. */
SeqNo live_load_last_seq(const LiveLoad *load);
void live_load_rewind(LiveLoad *load, SeqNo after);
/* Gives its memory back while the client does not ask; the next batch looks again. */
void live_load_rest(LiveLoad *load);
/* Rows in all batches so far. */
uint64_t live_load_row_count(const LiveLoad *load);
