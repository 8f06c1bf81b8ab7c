/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small result set that lies ready in memory: what SHOW and DESCRIBE answer.
 */
#pragma once

#include "query/run.h"

typedef struct Listing {
    const ResultColumn *columns;
    size_t column_count;
    Value **rows; /* in the arena; column_count values each, or more */
    size_t row_count;
    size_t capacity;
    size_t sent;
    bool begun;
} Listing;

/* Appends a row of NULLs. */
Value *listing_add(QueryRun *run, Listing *listing);

/* Sends what the sink takes; *ret_done when the result is complete and reported. */
MUST_CHECK Status listing_emit(QueryRun *run, Listing *listing, bool *ret_done);

/* The columns of a table as result columns; in the arena. */
const ResultColumn *listing_columns_of(Arena *arena, const Table *table);
