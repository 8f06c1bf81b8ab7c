/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/result.h"

#include "cli/cell.h"
#include "cli/display.h"

static const Json *schema_of(const Json *result)
{
    return json_member(result, STR("schema"));
}

static Str field_name(const Json *field)
{
    const Json *name = json_member(field, STR("name"));
    return name ? name->text : STR_NULL;
}

bool result_has_columns(const Json *result)
{
    const Json *schema = schema_of(result);
    return schema && schema->count > 0;
}

/* ---- table ---- */

static Str clean(Context *ctx, Str text)
{
    CLEANUP(buf_done) Buf out = {0};
    display_clean(text, &out);
    return arena_str(&ctx->arena, buf_str(&out));
}

static GridCell grid_cell(Context *ctx, const Json *cell, CellType type)
{
    CLEANUP(buf_done) Buf text = {0};
    if (cell_is_null(cell))
        return (GridCell){STR("NULL"), true};
    cell_write(cell, type, &text);
    return (GridCell){clean(ctx, buf_str(&text)), false};
}

static CellType *column_types(Context *ctx, const Json *schema)
{
    CellType *types = ARENA_ARRAY(&ctx->arena, CellType, schema->count + 1);
    size_t at = 0;
    for (const Json *field = schema->first; field; field = field->next)
        types[at++] = cell_type(json_member(field, STR("data_type")));
    return types;
}

static const GridColumn *grid_columns(Context *ctx, const Json *schema, const CellType *types)
{
    GridColumn *columns = ARENA_ARRAY(&ctx->arena, GridColumn, schema->count + 1);
    size_t at = 0;
    for (const Json *field = schema->first; field; field = field->next, at++)
        columns[at] = (GridColumn){clean(ctx, field_name(field)), types[at] == CELL_NUMBER};
    return columns;
}

/* A row with too few cells, which no server should send, is filled with NULL. */
static Grid grid_of(Context *ctx, const Json *result)
{
    const Json *schema = schema_of(result);
    const Json *rows = json_member(result, STR("rows"));
    size_t row_count = rows ? rows->count : 0;
    const CellType *types = column_types(ctx, schema);
    GridCell *cells = ARENA_ARRAY(&ctx->arena, GridCell, schema->count * row_count + 1);
    size_t at = 0;
    for (const Json *row = rows ? rows->first : NULL; row; row = row->next) {
        const Json *cell = row->kind == JSON_ARRAY ? row->first : NULL;
        for (size_t column = 0; column < schema->count; column++) {
            cells[at++] = grid_cell(ctx, cell, types[column]);
            cell = cell ? cell->next : NULL;
        }
    }
    return (Grid){grid_columns(ctx, schema, types), schema->count, cells, row_count};
}

void result_write_table(
    Context *ctx, const Json *result, bool expanded, const Style *style, Buf *out)
{
    Grid grid = grid_of(ctx, result);
    if (expanded)
        grid_write_expanded(&grid, style, out);
    else
        grid_write(&grid, style, out);
}

/* ---- CSV ---- */

static bool needs_quotes(Str text)
{
    if (text.len == 0)
        return true;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '"' || c == ',' || c == '\n' || c == '\r')
            return true;
    }
    return text.ptr[0] == ' ' || text.ptr[text.len - 1] == ' ';
}

void csv_field(Str text, bool is_null, Buf *out)
{
    if (is_null)
        return;
    if (!needs_quotes(text)) {
        buf_str_append(out, text);
        return;
    }
    BUF_LIT(out, "\"");
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"')
            BUF_LIT(out, "\"");
        buf_byte(out, text.ptr[i]);
    }
    BUF_LIT(out, "\"");
}

static void csv_row(const Json *schema, const Json *row, Buf *out)
{
    const Json *cell = row->kind == JSON_ARRAY ? row->first : NULL;
    for (const Json *field = schema->first; field; field = field->next) {
        CLEANUP(buf_done) Buf text = {0};
        cell_write(cell, cell_type(json_member(field, STR("data_type"))), &text);
        csv_field(buf_str(&text), cell_is_null(cell), out);
        buf_byte(out, field->next ? ',' : '\n');
        cell = cell ? cell->next : NULL;
    }
}

void result_write_csv(const Json *result, Buf *out)
{
    const Json *schema = schema_of(result);
    const Json *rows = json_member(result, STR("rows"));
    for (const Json *field = schema->first; field; field = field->next) {
        csv_field(field_name(field), false, out);
        buf_byte(out, field->next ? ',' : '\n');
    }
    for (const Json *row = rows ? rows->first : NULL; row; row = row->next)
        csv_row(schema, row, out);
}
