/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows at rest.
 *
 * A row is stored as (column id, value) pairs, so that a row written under an
 * older version of its table can be read under a newer one: a column that is
 * missing gets its default, one that is unknown is skipped, one whose type was
 * widened is converted.  The format is described byte by byte in row.c.
 */
#pragma once

#include "value/value.h"

typedef struct RowColumn {
    uint32_t id; /* stable for the life of the table; ascending within a layout */
    Type type;
    Value missing; /* what rows written before this column existed answer */
} RowColumn;

typedef struct RowLayout {
    uint32_t count;
    const RowColumn *columns;
} RowLayout;

/* Each value is NULL or of its column's type. */
void row_encode(Buf *out, const RowLayout *layout, const Value *values);

/*
 * Fills ret_values[layout->count].  Text is borrowed from `bytes` where it can
 * be, else in ctx's arena.  STATUS_CORRUPT when bytes are no row; what ret_values
 * holds then means nothing.
 */
MUST_CHECK Status row_decode(Context *ctx, Str bytes, const RowLayout *layout, Value *ret_values);
