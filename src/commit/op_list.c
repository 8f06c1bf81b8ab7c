/* SPDX-License-Identifier: Apache-2.0 */
#include "commit/op_list.h"

void op_list_add(OpList *list, WriteOp *op)
{
    op->next = NULL;
    if (list->last)
        list->last->next = op;
    else
        list->first = op;
    list->last = op;
}

void op_feeder_flush(OpFeeder *feeder)
{
    feed_deliver(feeder->feed, feeder->records, feeder->count);
    feeder->count = 0;
}

void op_feeder_add(OpFeeder *feeder, const OpList *list)
{
    for (const WriteOp *op = list->first; op; op = op->next) {
        if (!op->record)
            continue;
        if (feeder->count == sizeof(feeder->records) / sizeof(feeder->records[0]))
            op_feeder_flush(feeder);
        feeder->records[feeder->count++] = op->record;
    }
}

/* An operation may be gone as soon as it was completed. */
void op_list_complete(OpList *list)
{
    for (WriteOp *op = list->first; op;) {
        WriteOp *next = op->next;
        commit_record_unref(TAKE(op->record));
        op->complete(op);
        op = next;
    }
    *list = (OpList){0};
}

void op_list_refuse(OpList *list, WriteHealth *health)
{
    for (WriteOp *op = list->first; op; op = op->next) {
        op->status = write_health_refuse(health, op->ctx);
        op->seq = 0;
    }
    op_list_complete(list);
}
