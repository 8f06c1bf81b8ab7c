/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OpList: executed write operations on their way to being told, in the order
 * they were executed.  Zeroed = empty.
 */
#pragma once

#include "commit/feed.h"
#include "commit/write_health.h"

typedef struct OpList {
    WriteOp *first;
    WriteOp *last;
} OpList;

void op_list_add(OpList *list, WriteOp *op);

/* Feeds the commits of a chain of lists, given one after another. */
typedef struct OpFeeder {
    Feed *feed;
    size_t count;
    CommitRecord *records[256];
} OpFeeder;

void op_feeder_add(OpFeeder *feeder, const OpList *list);
void op_feeder_flush(OpFeeder *feeder);

/* Tells the outcomes and empties the list; the operations belong to their submitters again. */
void op_list_complete(OpList *list);
/* The same with STATUS_READ_ONLY for all of them. */
void op_list_refuse(OpList *list, WriteHealth *health);
