/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Grid: rows and columns of clean text, drawn with box characters.
 *
 * When the style has a width, columns that are wider than their share are cut
 * until the grid fits.  A grid with too many columns for that is shown
 * expanded: one line for each column of each row.
 */
#pragma once

#include "cli/style.h"

typedef struct GridColumn {
    Str name;
    bool right; /* aligned, as numbers are */
} GridColumn;

typedef struct GridCell {
    Str text;
    bool dim;
} GridCell;

typedef struct Grid {
    const GridColumn *columns;
    size_t column_count;
    const GridCell *cells; /* row by row */
    size_t row_count;
} Grid;

void grid_write(const Grid *grid, const Style *style, Buf *out);
void grid_write_expanded(const Grid *grid, const Style *style, Buf *out);
