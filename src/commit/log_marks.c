/* SPDX-License-Identifier: Apache-2.0 */
#include "commit/log_marks.h"

#include "base/memory.h"
#include "commit/meta.h"

#include <string.h>

void log_marks_init(LogMarks *marks)
{
    *marks = (LogMarks){0};
    pthread_mutex_init(&marks->lock, NULL);
}

void log_marks_done(LogMarks *marks)
{
    free(marks->items);
    pthread_mutex_destroy(&marks->lock);
}

/* Where the table's mark is, or would be. */
static size_t place_of(const LogMarks *marks, uint32_t table_id)
{
    size_t low = 0;
    size_t high = marks->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (marks->items[middle].table_id < table_id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_at(const LogMarks *marks, size_t place, uint32_t table_id)
{
    return place < marks->count && marks->items[place].table_id == table_id;
}

SeqNo log_marks_get(LogMarks *marks, uint32_t table_id)
{
    pthread_mutex_lock(&marks->lock);
    size_t place = place_of(marks, table_id);
    SeqNo seq = is_at(marks, place, table_id) ? marks->items[place].seq : 0;
    pthread_mutex_unlock(&marks->lock);
    return seq;
}

static void insert(LogMarks *marks, size_t place, LogMark mark)
{
    if (marks->count == marks->capacity) {
        marks->capacity = marks->capacity ? marks->capacity * 2 : 8;
        marks->items = mem_realloc(marks->items, marks->capacity * sizeof(*marks->items));
    }
    memmove(marks->items + place + 1,
            marks->items + place,
            (marks->count - place) * sizeof(*marks->items));
    marks->items[place] = mark;
    marks->count++;
}

void log_marks_raise(LogMarks *marks, uint32_t table_id, SeqNo seq)
{
    pthread_mutex_lock(&marks->lock);
    size_t place = place_of(marks, table_id);
    if (!is_at(marks, place, table_id))
        insert(marks, place, (LogMark){table_id, seq});
    else if (marks->items[place].seq < seq)
        marks->items[place].seq = seq;
    pthread_mutex_unlock(&marks->lock);
}

SeqNo log_marks_highest(LogMarks *marks)
{
    SeqNo highest = 0;
    pthread_mutex_lock(&marks->lock);
    for (size_t i = 0; i < marks->count; i++)
        highest = marks->items[i].seq > highest ? marks->items[i].seq : highest;
    pthread_mutex_unlock(&marks->lock);
    return highest;
}

void log_marks_put(LogMarks *marks, SeqNo low_water, StoreBatch *batch)
{
    CLEANUP(buf_done) Buf bytes = {0};
    pthread_mutex_lock(&marks->lock);
    for (size_t i = 0; i < marks->count; i++) {
        if (marks->items[i].seq <= low_water)
            continue;
        buf_varint(&bytes, marks->items[i].table_id);
        buf_u64be(&bytes, marks->items[i].seq);
    }
    pthread_mutex_unlock(&marks->lock);
    store_batch_put(batch, FAMILY_META, META_LOG_TABLE_MARKS, buf_str(&bytes));
}

Status log_marks_load(Context *ctx, Store *store, LogMarks *marks)
{
    Str bytes;
    StoreRead read = {.family = FAMILY_META};
    TRY(store_get(ctx, store, read, META_LOG_TABLE_MARKS, &bytes));
    Reader reader = reader_from(bytes);
    while (reader_left(&reader) > 0) {
        uint64_t table_id = reader_varint(&reader);
        SeqNo seq = reader_u64be(&reader);
        if (reader.failed || table_id > UINT32_MAX)
            return fail(ctx, STATUS_CORRUPT, "the change log's marks of tables cannot be read");
        log_marks_raise(marks, (uint32_t)table_id, seq);
    }
    return STATUS_OK;
}
