/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/grid.h"

#include "base/memory.h"
#include "cli/display.h"

enum {
    COLUMN_WIDTH_MIN = 4, /* a column is not cut below this */
    BORDER_WIDTH = 3,     /* of each column: two blanks and a line */
};

typedef struct Widths {
    size_t *items;
    size_t count;
} Widths;

static const GridCell *cell_at(const Grid *grid, size_t row, size_t column)
{
    return &grid->cells[row * grid->column_count + column];
}

/* ---- widths ---- */

static void measure(const Grid *grid, Widths *widths)
{
    for (size_t column = 0; column < grid->column_count; column++) {
        size_t widest = display_width(grid->columns[column].name);
        for (size_t row = 0; row < grid->row_count; row++) {
            size_t width = display_width(cell_at(grid, row, column)->text);
            widest = width > widest ? width : widest;
        }
        widths->items[column] = widest;
    }
}

static size_t total_width(const Widths *widths)
{
    size_t total = 1;
    for (size_t i = 0; i < widths->count; i++)
        total += widths->items[i] + BORDER_WIDTH;
    return total;
}

/* Narrows the widest column to the second widest, again and again. */
static bool fit(Widths *widths, size_t width_max)
{
    while (total_width(widths) > width_max) {
        size_t widest = 0;
        size_t second = COLUMN_WIDTH_MIN;
        size_t excess = total_width(widths) - width_max;
        for (size_t i = 1; i < widths->count; i++)
            widest = widths->items[i] > widths->items[widest] ? i : widest;
        for (size_t i = 0; i < widths->count; i++)
            second = i != widest && widths->items[i] > second ? widths->items[i] : second;
        size_t now = widths->items[widest];
        if (now <= COLUMN_WIDTH_MIN)
            return false;
        size_t step = now > second ? now - second : 1;
        widths->items[widest] = now - (step < excess ? step : excess);
    }
    return true;
}

/* ---- drawing ---- */

static void
write_rule(const Widths *widths, const char *const ends[3], const Style *style, Buf *out)
{
    CLEANUP(buf_done) Buf rule = {0};
    for (size_t i = 0; i < widths->count; i++) {
        buf_str_append(&rule, str_from_c(ends[i == 0 ? 0 : 1]));
        display_repeat(STR("─"), widths->items[i] + 2, &rule);
    }
    buf_str_append(&rule, str_from_c(ends[2]));
    style_write(style, PAINT_DIM, buf_str(&rule), out);
    BUF_LIT(out, "\n");
}

static void
write_cell(Str text, size_t width, bool right, Paint paint, const Style *style, Buf *out)
{
    CLEANUP(buf_done) Buf shown = {0};
    display_cut(text, width, &shown);
    size_t used = display_width(buf_str(&shown));
    size_t pad = width > used ? width - used : 0;
    BUF_LIT(out, " ");
    display_repeat(STR(" "), right ? pad : 0, out);
    style_write(style, paint, buf_str(&shown), out);
    display_repeat(STR(" "), right ? 0 : pad, out);
    BUF_LIT(out, " ");
}

static void write_header(const Grid *grid, const Widths *widths, const Style *style, Buf *out)
{
    for (size_t i = 0; i < grid->column_count; i++) {
        const GridColumn *column = &grid->columns[i];
        style_write(style, PAINT_DIM, STR("│"), out);
        write_cell(column->name, widths->items[i], column->right, PAINT_BOLD, style, out);
    }
    style_write(style, PAINT_DIM, STR("│"), out);
    BUF_LIT(out, "\n");
}

static void
write_row(const Grid *grid, size_t row, const Widths *widths, const Style *style, Buf *out)
{
    for (size_t i = 0; i < grid->column_count; i++) {
        const GridCell *cell = cell_at(grid, row, i);
        Paint paint = cell->dim ? PAINT_DIM : PAINT_NONE;
        style_write(style, PAINT_DIM, STR("│"), out);
        write_cell(cell->text, widths->items[i], grid->columns[i].right, paint, style, out);
    }
    style_write(style, PAINT_DIM, STR("│"), out);
    BUF_LIT(out, "\n");
}

static void draw(const Grid *grid, const Widths *widths, const Style *style, Buf *out)
{
    write_rule(widths, (const char *const[]){"┌", "┬", "┐"}, style, out);
    write_header(grid, widths, style, out);
    write_rule(widths, (const char *const[]){"├", "┼", "┤"}, style, out);
    for (size_t row = 0; row < grid->row_count; row++)
        write_row(grid, row, widths, style, out);
    write_rule(widths, (const char *const[]){"└", "┴", "┘"}, style, out);
}

void grid_write(const Grid *grid, const Style *style, Buf *out)
{
    CLEANUP(free) size_t *items = mem_zalloc((grid->column_count + 1) * sizeof(size_t));
    Widths widths = {items, grid->column_count};
    if (grid->column_count == 0)
        return;
    measure(grid, &widths);
    if (style->width && !fit(&widths, style->width))
        grid_write_expanded(grid, style, out);
    else
        draw(grid, &widths, style, out);
}

void grid_write_expanded(const Grid *grid, const Style *style, Buf *out)
{
    size_t name_width = 0;
    for (size_t i = 0; i < grid->column_count; i++) {
        size_t width = display_width(grid->columns[i].name);
        name_width = width > name_width ? width : name_width;
    }
    for (size_t row = 0; row < grid->row_count; row++) {
        style_printf(style, PAINT_DIM, out, "─── row %zu ───", row + 1);
        BUF_LIT(out, "\n");
        for (size_t i = 0; i < grid->column_count; i++) {
            const GridCell *cell = cell_at(grid, row, i);
            write_cell(grid->columns[i].name, name_width, true, PAINT_BOLD, style, out);
            style_write(style, PAINT_DIM, STR("│"), out);
            BUF_LIT(out, " ");
            style_write(style, cell->dim ? PAINT_DIM : PAINT_NONE, cell->text, out);
            BUF_LIT(out, "\n");
        }
    }
}
