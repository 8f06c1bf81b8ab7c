/* SPDX-License-Identifier: Apache-2.0 */
#include "table/table_write.h"

#include "table/stream_store.h"

/* ---- the commit as a target ---- */

static Status read_from_commit(
    RowTarget *target, Context *ctx, const RowPlace *place, StoredRow *ret_stored, bool *ret_found)
{
    (void)ctx;
    CommitTarget *commit = CONTAINER_OF(target, CommitTarget, target);
    return commit_read_row(
        commit->builder, place->table->id, place->owner, place->key, ret_stored, ret_found);
}

/* What is removed for good would come back if the cold tier held an older version of it. */
static Status add_to_commit(
    RowTarget *target, Context *ctx, const Table *table, const Change *change, SeqNo *ret_seq)
{
    (void)ctx;
    CommitBuilder *builder = CONTAINER_OF(target, CommitTarget, target)->builder;
    Change added = *change;
    if (added.kind == CHANGE_DELETE_HARD &&
        catalog_table_is_cold(commit_catalog(builder), table->id))
        added.kind = CHANGE_DELETE_MARK;
    *ret_seq = commit_add(builder, &added);
    return STATUS_OK;
}

static int64_t commit_target_time_ms(RowTarget *target)
{
    return commit_time_ms(CONTAINER_OF(target, CommitTarget, target)->builder);
}

static bool
commit_target_event_is_removed(RowTarget *target, const Table *table, Owner owner, SeqNo event)
{
    CommitTarget *self = CONTAINER_OF(target, CommitTarget, target);
    return commit_event_is_removed(self->builder, table->id, owner, event);
}

CommitTarget commit_target(CommitBuilder *builder)
{
    return (CommitTarget){
        .target = {.read = read_from_commit,
                   .add = add_to_commit,
                   .time_ms = commit_target_time_ms,
                   .event_is_removed = commit_target_event_is_removed},
        .builder = builder,
    };
}

Status table_write_begin(Context *ctx, CommitBuilder *builder, const Table *table)
{
    const Table *newest = catalog_table_by_id(commit_catalog(builder), table->id);
    if (!newest || newest->version != table->version)
        return fail(ctx,
                    STATUS_STALE_PLAN,
                    "table %.*s changed while the statement was planned",
                    STR_ARG(table->full_name));
    if (table_is_sync(table))
        commit_require_sync(builder);
    return STATUS_OK;
}

/* ---- rows ---- */

static Status add(const TableWrite *write, Change change, SeqNo *ret_seq)
{
    change.table_id = write->table->id;
    change.schema_version = write->table->version;
    change.owner = write->owner;
    return write->target->add(write->target, write->ctx, write->table, &change, ret_seq);
}

/* A row that left the hot tier since the plan was made is found by a new plan. */
static Status read_cold(const TableWrite *write, Str key, StoredRow *ret_stored, bool *ret_found)
{
    const ColdRow *row = cold_rows_get(write->cold, key);
    if (!row)
        return fail(write->ctx,
                    STATUS_STALE_PLAN,
                    "a row of table %.*s moved while the statement was planned",
                    STR_ARG(write->table->full_name));
    *ret_found = row->found;
    *ret_stored = row->stored;
    return STATUS_OK;
}

Status table_read(const TableWrite *write, Str key, StoredRow *ret_stored, bool *ret_found)
{
    RowPlace place = {write->table, write->owner, key};
    TRY(write->target->read(write->target, write->ctx, &place, ret_stored, ret_found));
    bool in_cold_tier = !*ret_found && write->cold && write->cold->version > 0;
    return in_cold_tier ? read_cold(write, key, ret_stored, ret_found) : STATUS_OK;
}

static Status unique_violation(const TableWrite *write, Str key)
{
    Str text;
    TRY(row_key_text(write->ctx, write->table, key, &text));
    return fail(write->ctx,
                STATUS_UNIQUE_VIOLATION,
                "Primary key violation: value '%.*s' already exists in column '%.*s'",
                STR_ARG(text),
                STR_ARG(write->table->columns[write->table->primary_key].name));
}

static Status insert_event(const TableWrite *write, const RowImage *image, SeqNo *ret_seq)
{
    Change change = {
        .kind = CHANGE_EVENT,
        .bucket = stream_bucket(write->table, write->target->time_ms(write->target)),
        .new_row = image->row,
    };
    return add(write, change, ret_seq);
}

Status table_insert(const TableWrite *write, const RowImage *image, SeqNo *ret_seq)
{
    if (write->table->kind == TABLE_STREAM)
        return insert_event(write, image, ret_seq);

    StoredRow old;
    bool found;
    TRY(table_read(write, image->key, &old, &found));
    if (found && !old.deleted)
        return unique_violation(write, image->key);
    Change change = {
        .kind = CHANGE_INSERT,
        .old_seq = found ? old.seq : 0,
        .cold_seq = found ? old.cold_seq : 0,
        .key = image->key,
        .new_row = image->row,
    };
    return add(write, change, ret_seq);
}

Status table_find(const TableWrite *write, Str key, StoredRow *ret_stored, bool *ret_found)
{
    TRY(table_read(write, key, ret_stored, ret_found));
    *ret_found = *ret_found && !ret_stored->deleted;
    return STATUS_OK;
}

Status table_update(const TableWrite *write, Str key, const StoredRow *old, Str new_row)
{
    Change change = {
        .kind = CHANGE_UPDATE,
        .old_seq = old->seq,
        .cold_seq = old->cold_seq,
        .key = key,
        .old_row = old->row,
        .new_row = new_row,
    };
    SeqNo seq;
    return add(write, change, &seq);
}

Status table_delete(const TableWrite *write, Str key, const StoredRow *old)
{
    bool hard = write->table->options.deleted_retention_hours == 0;
    Change change = {
        .kind = hard ? CHANGE_DELETE_HARD : CHANGE_DELETE,
        .old_seq = old->seq,
        .cold_seq = old->cold_seq,
        .key = key,
        .old_row = old->row,
    };
    SeqNo seq;
    return add(write, change, &seq);
}

/* ---- events ---- */

Status stream_event_delete(
    const TableWrite *write, Store *store, SeqNo event, Str old_row, bool *ret_found)
{
    StreamEvent stored;
    StreamGet get = {.store = store, .table = write->table, .owner = write->owner, .seq = event};
    *ret_found = false;
    if (write->target->event_is_removed(write->target, write->table, write->owner, event))
        return STATUS_OK;
    TRY(stream_get(write->ctx, &get, &stored, ret_found));
    if (!*ret_found)
        return STATUS_OK;
    Change change = {
        .kind = CHANGE_EVENT_DELETE,
        .old_seq = event,
        .bucket = stored.bucket,
        .old_row = old_row,
    };
    SeqNo seq;
    return add(write, change, &seq);
}
