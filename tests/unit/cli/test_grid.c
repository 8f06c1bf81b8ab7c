/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/grid.h"

#include "cli/display.h"
#include "cli/terminal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const GridColumn COLUMNS[] = {{STR_INIT("id"), true}, {STR_INIT("名"), false}};

static const GridCell CELLS[] = {
    {STR_INIT("1"), false},
    {STR_INIT("漢字"), false},
    {STR_INIT("200"), false},
    {STR_INIT("NULL"), true},
};

static const Grid SMALL = {COLUMNS, 2, CELLS, 2};

static void assert_grid(const Grid *grid, const Style *style, const char *expected)
{
    CLEANUP(buf_done) Buf out = {0};
    grid_write(grid, style, &out);
    buf_byte(&out, '\0');
    assert_string_equal(out.ptr, expected);
}

static void columns_line_up_whatever_the_width_of_their_characters(void **state)
{
    (void)state;
    assert_grid(&SMALL,
                &(Style){0},
                "┌─────┬──────┐\n"
                "│  id │ 名   │\n"
                "├─────┼──────┤\n"
                "│   1 │ 漢字 │\n"
                "│ 200 │ NULL │\n"
                "└─────┴──────┘\n");
}

static void a_grid_without_rows_is_its_header(void **state)
{
    (void)state;
    Grid empty = {COLUMNS, 2, NULL, 0};
    assert_grid(&empty,
                &(Style){0},
                "┌────┬────┐\n"
                "│ id │ 名 │\n"
                "├────┼────┤\n"
                "└────┴────┘\n");
}

static void null_is_dim_where_there_are_colours(void **state)
{
    (void)state;
    CLEANUP(buf_done) Buf out = {0};
    grid_write(&SMALL, &(Style){.color = true}, &out);
    buf_byte(&out, '\0');
    assert_non_null(strstr(out.ptr, " \033[2mNULL\033[0m "));
}

/* Every line of what a terminal of that width gets. */
static void assert_no_line_is_wider(const Buf *out, size_t width)
{
    Str rest = buf_str(out);
    Str line;
    while (str_split(&rest, '\n', &line))
        assert_true(display_width(line) <= width);
}

static void wide_cells_are_cut_until_the_grid_fits(void **state)
{
    (void)state;
    static const GridCell WIDE[] = {
        {STR_INIT("12345"), false},
        {STR_INIT("漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字"), false},
    };
    Grid grid = {COLUMNS, 2, WIDE, 1};
    for (size_t width = 16; width < 60; width++) {
        CLEANUP(buf_done) Buf out = {0};
        grid_write(&grid, &(Style){.width = width}, &out);
        assert_no_line_is_wider(&out, width);
    }
    assert_grid(&grid,
                &(Style){.width = 20},
                "┌───────┬──────────┐\n"
                "│    id │ 名       │\n"
                "├───────┼──────────┤\n"
                "│ 12345 │ 漢字漢…  │\n"
                "└───────┴──────────┘\n");
}

static void too_many_columns_are_shown_below_each_other(void **state)
{
    (void)state;
    assert_grid(&SMALL,
                &(Style){.width = 10},
                "─── row 1 ───\n"
                " id │ 1\n"
                " 名 │ 漢字\n"
                "─── row 2 ───\n"
                " id │ 200\n"
                " 名 │ NULL\n");
}

static int set_locale(void **state)
{
    (void)state;
    terminal_init();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_line_up_whatever_the_width_of_their_characters),
        cmocka_unit_test(a_grid_without_rows_is_its_header),
        cmocka_unit_test(null_is_dim_where_there_are_colours),
        cmocka_unit_test(wide_cells_are_cut_until_the_grid_fits),
        cmocka_unit_test(too_many_columns_are_shown_below_each_other),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("cli/grid", tests, set_locale, NULL);
}
