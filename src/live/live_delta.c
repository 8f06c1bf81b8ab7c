/* SPDX-License-Identifier: Apache-2.0 */
#include "live/live_delta.h"

#include "base/memory.h"
#include "table/scan.h"

enum { MESSAGE_BYTES_MAX = 60 * 1024 };

/* ---- images and judgement ---- */

static Status decode(Context *ctx, const Table *table, Str image, SeqNo seq, const Value **ret_row)
{
    if (!image.ptr) {
        *ret_row = NULL;
        return STATUS_OK;
    }
    Value *row = ARENA_ARRAY(&ctx->arena, Value, table_row_width(table));
    TRY(table_decode_image(ctx, table, image, seq, false, row));
    *ret_row = row;
    return STATUS_OK;
}

Status live_images(Context *ctx, const Table *table, const Change *change, LiveImages *ret_images)
{
    LiveImages images;
    TRY(decode(ctx, table, change->old_row, change->old_seq, &images.old_row));
    TRY(decode(ctx, table, change->new_row, change->seq, &images.new_row));
    *ret_images = images;
    return STATUS_OK;
}

static Status matches(Context *ctx, const LiveQuery *query, const Value *row, bool *ret_matches)
{
    *ret_matches = false;
    return row ? expr_test(ctx, query->condition, row, ret_matches) : STATUS_OK;
}

/* Does anything but _seq and _updated differ?  The table has no other columns that could. */
static bool same_columns(const Table *table, const LiveImages *images)
{
    for (uint32_t i = 0; i < table->column_count; i++)
        if (!value_same(&images->old_row[i], &images->new_row[i]))
            return false;
    return true;
}

Status live_judge(Context *ctx,
                  const LiveQuery *query,
                  const Change *change,
                  const LiveImages *images,
                  LiveEvent *ret_event)
{
    bool before;
    bool after;
    LiveEvent event = {.seq = change->seq, .images = *images};
    TRY(matches(ctx, query, images->old_row, &before));
    TRY(matches(ctx, query, images->new_row, &after));
    if (before && after)
        event.kind = same_columns(query->table, images) ? LIVE_NOTHING : LIVE_UPDATE;
    else if (after)
        event.kind = LIVE_INSERT;
    else if (before)
        event.kind = LIVE_DELETE;
    event.left = event.kind == LIVE_DELETE && images->new_row;
    event.hard = change->kind == CHANGE_DELETE_HARD || change->kind == CHANGE_DELETE_MARK ||
                 change->kind == CHANGE_EVENT_DELETE;
    *ret_event = event;
    return STATUS_OK;
}

/* ---- rows as JSON objects ---- */

static void put_seq(Buf *out, SeqNo seq)
{
    BUF_LIT(out, "\"_seq\":\"");
    buf_uint64(out, seq);
    buf_byte(out, '"');
}

static SeqNo row_seq(const LiveQuery *query, const Value *row)
{
    return (SeqNo)row[query->table->column_count + SYSTEM_COLUMN_SEQ].integer;
}

static Status put_cell(Context *ctx, Buf *out, LiveColumn column, const Value *row)
{
    buf_str_append(out, column.key);
    if (value_write_cell(ctx, out, &row[column.index]) != STATUS_OK)
        return fail(ctx,
                    ctx->error,
                    "column %.*s %.*s",
                    STR_ARG(column.key),
                    STR_ARG(arena_str(&ctx->arena, ctx->message)));
    buf_byte(out, ',');
    return STATUS_OK;
}

/* All columns, then _seq and, for *, _deleted. */
static Status put_whole_row(
    Context *ctx, Buf *out, const LiveQuery *query, const Value *row, const LiveEvent *event)
{
    bool deleted = event && event->kind == LIVE_DELETE;
    buf_byte(out, '{');
    for (uint32_t i = 0; i < query->column_count; i++)
        TRY(put_cell(ctx, out, live_query_column(query, i), row));
    put_seq(out, deleted ? event->seq : row_seq(query, row));
    if (deleted)
        BUF_LIT(out, ",\"_deleted\":true");
    else if (query->star && query->table->kind != TABLE_STREAM)
        BUF_LIT(out, ",\"_deleted\":false");
    buf_byte(out, '}');
    return STATUS_OK;
}

Status live_write_row(Context *ctx, Buf *out, const LiveQuery *query, const Value *row)
{
    return put_whole_row(ctx, out, query, row, NULL);
}

static bool column_changed(uint32_t index, const LiveImages *images)
{
    return !value_same(&images->old_row[index], &images->new_row[index]);
}

static bool selection_changed(const LiveQuery *query, const LiveImages *images)
{
    for (uint32_t i = 0; i < query->selected_count; i++)
        if (column_changed(query->columns[i], images))
            return true;
    return false;
}

/* {_seq, key, every column whose new value is not NULL}; only {_seq, key} when no selected one
 * changed. */
static Status put_new_values(Context *ctx, Buf *out, const LiveQuery *query, const LiveEvent *event)
{
    bool changed = selection_changed(query, &event->images);
    const Value *row = event->images.new_row;
    buf_byte(out, '{');
    for (uint32_t i = 0; i < query->column_count; i++) {
        LiveColumn column = live_query_column(query, i);
        bool wanted = changed && !value_is_null(&row[column.index]);
        if (column.in_key || wanted)
            TRY(put_cell(ctx, out, column, row));
    }
    put_seq(out, row_seq(query, row));
    buf_byte(out, '}');
    return STATUS_OK;
}

/* {old _seq, key, only the columns that changed} */
static Status put_old_values(Context *ctx, Buf *out, const LiveQuery *query, const LiveEvent *event)
{
    const Value *row = event->images.old_row;
    buf_byte(out, '{');
    for (uint32_t i = 0; i < query->column_count; i++) {
        LiveColumn column = live_query_column(query, i);
        bool wanted = column_changed(column.index, &event->images);
        if (column.in_key || wanted)
            TRY(put_cell(ctx, out, column, row));
    }
    put_seq(out, row_seq(query, row));
    buf_byte(out, '}');
    return STATUS_OK;
}

/* ---- messages ---- */

void live_delta_clear(LiveDelta *delta)
{
    for (size_t i = 0; i < delta->tail_count; i++)
        shared_unref(delta->tails[i]);
    delta->tail_count = 0;
    delta->row_count = 0;
    delta->byte_count = 0;
    delta->open = (LiveEvent){0};
    buf_clear(&delta->rows);
    buf_clear(&delta->old_values);
}

void live_delta_done(LiveDelta *delta)
{
    live_delta_clear(delta);
    free(delta->tails);
    buf_done(&delta->rows);
    buf_done(&delta->old_values);
    *delta = (LiveDelta){0};
}

static void put_list(Buf *out, const char *name, const Buf *items)
{
    if (items->len == 0)
        return;
    buf_printf(out, ",\"%s\":[", name);
    buf_str_append(out, buf_str(items));
    buf_byte(out, ']');
}

static void close_message(LiveDelta *delta, SeqNo commit)
{
    static const char *const WORDS[] = {
        [LIVE_INSERT] = "insert", [LIVE_UPDATE] = "update", [LIVE_DELETE] = "delete"};
    if (delta->open.kind == LIVE_NOTHING)
        return;
    CLEANUP(buf_done) Buf tail = {0};
    buf_printf(&tail, ",\"change_type\":\"%s\"", WORDS[delta->open.kind]);
    put_list(&tail, "rows", &delta->rows);
    put_list(&tail, "old_values", &delta->old_values);
    if (delta->open.left)
        BUF_LIT(&tail, ",\"left\":true");
    if (delta->open.hard)
        BUF_LIT(&tail, ",\"hard\":true");
    if (commit)
        buf_printf(&tail, ",\"commit\":\"%llu\"", (unsigned long long)commit);
    buf_byte(&tail, '}');

    if (delta->tail_count == delta->tail_capacity) {
        delta->tail_capacity = delta->tail_capacity ? delta->tail_capacity * 2 : 4;
        delta->tails = mem_realloc(delta->tails, delta->tail_capacity * sizeof(Shared *));
    }
    delta->tails[delta->tail_count++] = shared_take(&tail);
    delta->open = (LiveEvent){0};
    buf_clear(&delta->rows);
    buf_clear(&delta->old_values);
}

void live_delta_commit(LiveDelta *delta, SeqNo commit)
{
    close_message(delta, commit);
}

static bool fits_open_message(const LiveDelta *delta, const LiveEvent *event)
{
    return delta->open.kind == event->kind && delta->open.left == event->left &&
           delta->open.hard == event->hard &&
           delta->rows.len + delta->old_values.len < MESSAGE_BYTES_MAX;
}

static Buf *next_item(Buf *list)
{
    if (list->len)
        buf_byte(list, ',');
    return list;
}

static Status
put_event(Context *ctx, LiveDelta *delta, const LiveQuery *query, const LiveEvent *event)
{
    const LiveImages *images = &event->images;
    if (event->kind == LIVE_INSERT)
        return put_whole_row(ctx, next_item(&delta->rows), query, images->new_row, event);
    if (event->kind == LIVE_DELETE)
        return put_whole_row(ctx, next_item(&delta->old_values), query, images->old_row, event);
    TRY(put_old_values(ctx, next_item(&delta->old_values), query, event));
    if (query->full)
        return put_whole_row(ctx, next_item(&delta->rows), query, images->new_row, event);
    return put_new_values(ctx, next_item(&delta->rows), query, event);
}

Status
live_delta_add(Context *ctx, LiveDelta *delta, const LiveQuery *query, const LiveEvent *event)
{
    if (event->kind == LIVE_NOTHING)
        return STATUS_OK;
    if (!fits_open_message(delta, event))
        close_message(delta, 0);
    size_t before = delta->rows.len + delta->old_values.len;
    delta->open = *event;
    delta->row_count++;
    TRY(put_event(ctx, delta, query, event));
    delta->byte_count += delta->rows.len + delta->old_values.len - before;
    return STATUS_OK;
}

Status live_delta_record(Context *ctx,
                         LiveDelta *delta,
                         const LiveQuery *query,
                         const CommitRecord *record)
{
    CommitChanges changes = commit_changes(record);
    for (Change change; commit_changes_next_seen(&changes, &change);) {
        if (change.table_id != query->table->id || !live_query_owns(query, change.owner))
            continue;
        LiveImages images;
        LiveEvent event;
        TRY(live_images(ctx, query->table, &change, &images));
        TRY(live_judge(ctx, query, &change, &images, &event));
        TRY(live_delta_add(ctx, delta, query, &event));
    }
    live_delta_commit(delta, record->seq);
    return STATUS_OK;
}
