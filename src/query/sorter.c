/* SPDX-License-Identifier: Apache-2.0 */
#include "query/sorter.h"

#include "base/memory.h"
#include "query/run.h"

typedef struct KeptRow {
    uint64_t number; /* of arrival */
    size_t bytes;
    Value values[]; /* keys, then the row; text behind them */
} KeptRow;

struct Sorter {
    SorterOptions options;
    KeptRow **rows; /* top-N and full: a heap with the last of the order at the root */
    size_t count;
    size_t capacity;
    uint64_t arrived;
    size_t bytes;
    MemoryShare share;
    size_t next;
};

Sorter *sorter_new(const SorterOptions *options)
{
    Sorter *sorter = NEW(Sorter);
    sorter->options = *options;
    return sorter;
}

void sorter_free(Sorter *sorter)
{
    if (!sorter)
        return;
    for (size_t i = 0; i < sorter->count; i++)
        free(sorter->rows[i]);
    memory_share_done(&sorter->share);
    free(sorter->rows);
    free(sorter);
}

size_t sorter_count(const Sorter *sorter)
{
    return sorter->count;
}

/* ---- order ---- */

static int compare_key(const Value *a, const Value *b, SortOrder order)
{
    bool a_null = value_is_null(a);
    bool b_null = value_is_null(b);
    if (a_null || b_null)
        return order.nulls_first ? b_null - a_null : a_null - b_null;
    int compared = value_compare(a, b);
    return order.descending ? -compared : compared;
}

static int compare_keys(const SorterOptions *options, const Value *a, const Value *b)
{
    for (size_t i = 0; i < options->key_count; i++) {
        int compared = compare_key(&a[i], &b[i], options->orders[i]);
        if (compared)
            return compared;
    }
    return 0;
}

static int compare_rows(const void *a, const void *b, void *data)
{
    const Sorter *sorter = data;
    const KeptRow *first = *(KeptRow *const *)a;
    const KeptRow *second = *(KeptRow *const *)b;
    int compared = compare_keys(&sorter->options, first->values, second->values);
    return compared ? compared
                    : (first->number > second->number) - (first->number < second->number);
}

static bool comes_after(Sorter *sorter, size_t a, size_t b)
{
    return compare_rows(&sorter->rows[a], &sorter->rows[b], sorter) > 0;
}

static void swap_rows(Sorter *sorter, size_t a, size_t b)
{
    KeptRow *row = sorter->rows[a];
    sorter->rows[a] = sorter->rows[b];
    sorter->rows[b] = row;
}

static void sift_down(Sorter *sorter, size_t at)
{
    for (;;) {
        size_t last = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2; child++)
            if (child < sorter->count && comes_after(sorter, child, last))
                last = child;
        if (last == at)
            return;
        swap_rows(sorter, at, last);
        at = last;
    }
}

static void make_heap(Sorter *sorter)
{
    for (size_t at = sorter->count / 2; at-- > 0;)
        sift_down(sorter, at);
}

/* ---- keeping ---- */

static bool has_text(const Value *value)
{
    return value->kind == TYPE_TEXT || value->kind == TYPE_JSON || value->kind == TYPE_BYTES;
}

static size_t text_bytes(const Value *values, size_t count)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++)
        bytes += has_text(&values[i]) ? values[i].text.len : 0;
    return bytes;
}

static char *copy_values(Value *to, const Value *from, size_t count, char *text)
{
    for (size_t i = 0; i < count; i++) {
        to[i] = from[i];
        if (!has_text(&from[i]) || from[i].text.len == 0)
            continue;
        memcpy(text, from[i].text.ptr, from[i].text.len);
        to[i].text.ptr = text;
        text += from[i].text.len;
    }
    return text;
}

static KeptRow *keep(Sorter *sorter, const Value *keys, const Value *values)
{
    const SorterOptions *options = &sorter->options;
    size_t head = sizeof(KeptRow) + (options->key_count + options->width) * sizeof(Value);
    size_t bytes = head + text_bytes(keys, options->key_count) + text_bytes(values, options->width);
    KeptRow *row = mem_alloc(bytes);
    row->number = sorter->arrived++;
    row->bytes = bytes;
    char *text = copy_values(row->values, keys, options->key_count, (char *)row + head);
    copy_values(row->values + options->key_count, values, options->width, text);
    sorter->bytes += bytes + sizeof(KeptRow *);
    return row;
}

static void append(Sorter *sorter, KeptRow *row)
{
    if (sorter->count == sorter->capacity) {
        sorter->capacity = sorter->capacity ? sorter->capacity * 2 : 16;
        sorter->rows = mem_realloc(sorter->rows, sorter->capacity * sizeof(KeptRow *));
    }
    sorter->rows[sorter->count++] = row;
}

/* The heap is full: the new row enters when it comes before the root. */
static void replace_last(Sorter *sorter, const Value *keys, const Value *row)
{
    KeptRow *last = sorter->rows[0];
    if (compare_keys(&sorter->options, keys, last->values) >= 0)
        return;
    sorter->rows[0] = keep(sorter, keys, row);
    sorter->bytes -= last->bytes + sizeof(KeptRow *);
    free(last);
    sift_down(sorter, 0);
}

Status sorter_add(Context *ctx, Sorter *sorter, const Value *keys, const Value *row)
{
    uint64_t row_count_max = sorter->options.row_count_max;
    if (row_count_max > 0 && sorter->count == row_count_max) {
        replace_last(sorter, keys, row);
    } else {
        append(sorter, keep(sorter, keys, row));
        if (sorter->count == row_count_max)
            make_heap(sorter);
    }
    return run_check_memory(ctx, &sorter->share, sorter->bytes, sorter->options.bytes_max);
}

void sorter_finish(Sorter *sorter)
{
    if (sorter->count > 1 && sorter->options.key_count > 0)
        qsort_r(sorter->rows, sorter->count, sizeof(KeptRow *), compare_rows, sorter);
}

const Value *sorter_next(Sorter *sorter)
{
    if (sorter->next == sorter->count)
        return NULL;
    return sorter->rows[sorter->next++]->values + sorter->options.key_count;
}
