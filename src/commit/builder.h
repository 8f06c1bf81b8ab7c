/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CommitBuilder: one operation's commit while it is being executed.
 *
 * The executing seat (commit/crew.h) owns one builder and reuses it: begin, execute, finish
 * or forget.
 */
#pragma once

#include "commit/feed.h"
#include "commit/overlay.h"
#include "commit/record_writer.h"
#include "commit/seq_clock.h"

struct CommitBuilder {
    /* For all operations. */
    Store *store;
    SeqClock *clock;
    const Overlay *group_rows; /* of commits before this one that the store does not show yet */
    const SeqNo *awaited;      /* by table_bucket(): a commit to it that is not told yet, or 0 */

    /* Of this operation. */
    Context *ctx;
    RecordWriter writer;
    Overlay rows;
    Buf key;                /* scratch */
    const Catalog *catalog; /* the newest before this commit */
    Catalog *new_catalog;   /* NULL = unchanged */
    int64_t time_ms;
    SeqNo depends_on; /* the highest awaited commit to anything it looked at or changed */
    bool sync;
};

void builder_done(CommitBuilder *builder);

void builder_begin(CommitBuilder *builder, Context *ctx, const Catalog *catalog);

/* The operation's commit; NULL when it changed nothing.  STATUS_LIMIT_EXCEEDED */
MUST_CHECK Status builder_finish(CommitBuilder *builder,
                                 uint64_t previous_hash,
                                 CommitRecord **ret_record);

/* Forgets the operation; a new catalog that was not taken is released. */
void builder_end(CommitBuilder *builder);
