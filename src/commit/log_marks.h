/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far the change log of single tables was removed.
 *
 * Tables may ask for a shorter CHANGE_LOG_RETENTION than others.  What they no
 * longer want is taken out of the middle of the log (change_log_thin.c); a mark
 * says up to which sequence number that has happened for its table.  Tables
 * without a mark lost nothing that the log's low-water mark does not tell.
 *
 * One value of the store's meta family, "log_table_marks": for each table, in
 * ascending order, id (varint) and sequence number (8 bytes).
 *
 * Any thread may read; one at a time, the one that trims, may raise.
 */
#pragma once

#include "store/layout.h"
#include "store/store.h"

#include <pthread.h>

typedef struct LogMark {
    uint32_t table_id;
    SeqNo seq;
} LogMark;

typedef struct LogMarks {
    pthread_mutex_t lock; /* guards the rest */
    LogMark *items;       /* ascending by table */
    size_t count;
    size_t capacity;
} LogMarks;

void log_marks_init(LogMarks *marks);
void log_marks_done(LogMarks *marks);

/* What the store holds; into empty marks. */
MUST_CHECK Status log_marks_load(Context *ctx, Store *store, LogMarks *marks);
/* Adds the marks to a batch, without those that say no more than the log's low-water mark. */
void log_marks_put(LogMarks *marks, SeqNo low_water, StoreBatch *batch);

/* Entries of the table at or below it may be gone; 0 = none. */
SeqNo log_marks_get(LogMarks *marks, uint32_t table_id);
/* A mark never falls. */
void log_marks_raise(LogMarks *marks, uint32_t table_id, SeqNo seq);
/* The highest of all. */
SeqNo log_marks_highest(LogMarks *marks);
