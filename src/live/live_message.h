/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The messages of a subscription that are not changes (protocol.md 2.5), as
 * JSON text, and how they are framed: text when small or without compression,
 * else a binary frame of gzip.
 */
#pragma once

#include "live/live_query.h"
#include "net/shared.h"

typedef struct LiveBatchControl {
    uint32_t batch_num;
    bool has_more;
    bool has_last_seq;
    SeqNo last_seq;
} LiveBatchControl;

/* {"type":"change","subscription_id":"ID" -- what live_delta.h's tails follow. */
void live_write_change_head(Buf *out, Str subscription_id);
void live_write_ack(Buf *out,
                    Str subscription_id,
                    const LiveQuery *query,
                    const LiveBatchControl *control,
                    bool resync);
/* rows: the inside of the list */
void live_write_batch(Buf *out, Str subscription_id, Str rows, const LiveBatchControl *control);
void live_write_error(Buf *out, Str subscription_id, const char *code, Str message);
/* As live_write_error(), with the sequence number at which the stream ended. */
void live_write_end(Buf *out, Str subscription_id, const char *code, Str message, SeqNo seq);
void live_write_progress(Buf *out, Str subscription_id, SeqNo seq);

/* One message as it goes to the socket. */
typedef struct LiveFrame {
    bool tail;   /* a change: the subscription's head goes before it */
    bool binary; /* gzip */
    Shared *bytes;
} LiveFrame;

typedef struct LiveFrames {
    LiveFrame *items;
    size_t count;
    size_t capacity;
    size_t byte_count;
} LiveFrames;

void live_frames_done(LiveFrames *frames);
DEFINE_CLEANUP_IN_PLACE(LiveFrames, live_frames_done)
/* Takes over the message's bytes and gzips them when that is agreed and pays. */
void live_frames_add_message(LiveFrames *frames, Buf *message, bool gzip);
/* Takes over the reference. */
void live_frames_add_tail(LiveFrames *frames, Shared *tail);
