/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cells of the protocol as people read them.
 *
 * A cell is JSON whose meaning depends on its column's type (protocol.md 1.6):
 * microseconds become ISO dates and times, bytes \x0aff; all else is shown as
 * it came.
 */
#pragma once

#include "value/json.h"

typedef enum CellType {
    CELL_TEXT,
    CELL_NUMBER,
    CELL_TIMESTAMP,
    CELL_DATE,
    CELL_TIME,
    CELL_BYTES
} CellType;

/* `data_type` of a schema field: a name, or an object for types with parameters. */
CellType cell_type(const Json *data_type);

/* Nothing for null and for a cell that is missing (NULL). */
void cell_write(const Json *cell, CellType type, Buf *out);

bool cell_is_null(const Json *cell);
