/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows kept back: all of them in the end, sorted; or only the first N of the
 * order, in a heap of N rows (top-N); or, without any order, as they came.
 *
 * Each kept row is one allocation that holds its values and their text, so a
 * row that falls out of a top-N gives its memory back.  Rows that compare equal
 * stay in the order they came.
 */
#pragma once

#include "base/context.h"
#include "value/value.h"

typedef struct SortOrder {
    bool descending;
    bool nulls_first;
} SortOrder;

typedef struct SorterOptions {
    const SortOrder *orders; /* of the keys; must outlive the sorter */
    size_t key_count;
    size_t width;           /* of a row, keys not counted */
    uint64_t row_count_max; /* 0 = keep all */
    size_t bytes_max;
} SorterOptions;

typedef struct Sorter Sorter;

Sorter *sorter_new(const SorterOptions *options);
void sorter_free(Sorter *sorter);
DEFINE_CLEANUP(Sorter, sorter_free)

/* Copies both.  STATUS_MEMORY_LIMIT past bytes_max. */
MUST_CHECK Status sorter_add(Context *ctx, Sorter *sorter, const Value *keys, const Value *row);

/* After the last sorter_add(). */
void sorter_finish(Sorter *sorter);

size_t sorter_count(const Sorter *sorter);

/* The next row in order, NULL after the last; valid as long as the sorter. */
const Value *sorter_next(Sorter *sorter);
