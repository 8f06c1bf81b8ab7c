/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sequencer's insides, for the files of this folder that read and trim the
 * change log.
 */
#pragma once

#include "commit/builder.h"
#include "commit/change_log_thin.h"
#include "commit/crew.h"
#include "commit/log_marks.h"

struct Sequencer {
    Store *store;
    Published *published;
    Feed *feed;
    Durability *durability;
    WriteHealth health;
    _Atomic SeqNo log_low_water;
    LogMarks log_marks;
    ThinCursors thin_cursors;

    Crew *crew; /* its threads call us */

    /* Of the thread on the executing seat. */
    SeqClock clock;
    uint64_t chain_hash; /* of the newest record */
    SeqNo last_commit;
    Catalog *catalog; /* the newest */
    Overlay group_rows;
    StoreBatch *batch;
    CommitBuilder builder;
    Context ctx;
    SeqNo awaited[TABLE_BUCKET_COUNT]; /* newest commit to a table that was not told at once */
};
