/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resume: how far a live query has been seen, so that a new connection can go
 * on behind it (protocol.md 2.6, decision 11).
 *
 * Everything up to the highest sequence number delivered counts as seen: rows
 * and changes arrive in ascending order.  The acknowledgement does not count,
 * it speaks of rows still to come.  Pure; one thread at a time.
 */
#pragma once

#include "base/buf.h"
#include "value/json.h"

typedef struct Resume {
    uint64_t seq;
    bool has_seq;
} Resume;

/* Takes note of a message of this subscription. */
void resume_observe(Resume *resume, const Json *message);

/*
 * Appends the options object to subscribe with: `options` (NULL = {}), and once
 * something was seen "from" in the place of what chose the first rows.
 */
void resume_write_options(const Resume *resume, const Json *options, Buf *out);
