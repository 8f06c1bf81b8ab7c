/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LiveView: the messages of one live query, one line for each row.
 *
 *     12:04:05.123 = id=1 body='hi'           there already
 *     12:04:06.010 + id=2 body='new'          came in
 *     12:04:07.200 ~ id=2 body='new' -> 'newer'
 *     12:04:08.000 - id=2 body='newer'        went away
 *
 * As CSV the columns are `change`, then the query's, and their header comes
 * again when the table was altered; as JSON each message stands on a line as it
 * came.  One thread at a time.
 */
#pragma once

#include "cli/cell.h"
#include "cli/options.h"
#include "cli/style.h"

typedef struct LiveView {
    OutputFormat format;
    Style style;
    Context schema; /* holds the columns of the last acknowledgement */
    const Json *columns;
    size_t row_count; /* first rows so far */
    bool announced;   /* that from here on it is live */
} LiveView;

void live_view_init(LiveView *view, OutputFormat format, const Style *style);
void live_view_done(LiveView *view);
DEFINE_CLEANUP_IN_PLACE(LiveView, live_view_done)

/* The subscription options that this view needs, as a JSON object. */
Str live_view_options(const LiveView *view);

/* Appends the lines of a message; time_us is when it came, on the wall clock. */
MUST_CHECK Status
live_view_write(Context *ctx, LiveView *view, const Json *message, int64_t time_us, Buf *out);

/* A remark between the lines; nothing unless the format is table. */
void live_view_remark(LiveView *view, int64_t time_us, Str text, Buf *out);
