/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/live_view.h"

#include "cli/display.h"
#include "cli/result.h"

#include <time.h>

typedef struct Change {
    char mark;
    const char *name; /* in CSV */
    Paint paint;
} Change;

static const Change INITIAL = {'=', "initial", PAINT_DIM};
static const Change INSERTED = {'+', "insert", PAINT_GREEN};
static const Change UPDATED = {'~', "update", PAINT_YELLOW};
static const Change DELETED = {'-', "delete", PAINT_RED};

void live_view_init(LiveView *view, OutputFormat format, const Style *style)
{
    *view = (LiveView){.format = format, .style = *style};
}

void live_view_done(LiveView *view)
{
    context_done(&view->schema);
}

/* CSV has no way to say "as before", so it wants whole rows. */
Str live_view_options(const LiveView *view)
{
    return view->format == FORMAT_CSV ? STR("{\"full\":true}") : STR("{}");
}

/* ---- lines ---- */

static void write_time(const LiveView *view, int64_t time_us, Buf *out)
{
    time_t seconds = (time_t)(time_us / 1000000);
    struct tm local;
    char text[16];
    localtime_r(&seconds, &local);
    strftime(text, sizeof(text), "%H:%M:%S", &local);
    style_printf(&view->style, PAINT_DIM, out, "%s.%03d", text, (int)(time_us / 1000 % 1000));
    BUF_LIT(out, " ");
}

void live_view_remark(LiveView *view, int64_t time_us, Str text, Buf *out)
{
    if (view->format != FORMAT_TABLE)
        return;
    write_time(view, time_us, out);
    style_printf(&view->style, PAINT_DIM, out, "# %.*s", STR_ARG(text));
    BUF_LIT(out, "\n");
}

static bool is_hidden(Str name)
{
    return str_equal(name, STR("_seq")) || str_equal(name, STR("_deleted"));
}

static CellType type_of(const LiveView *view, Str name)
{
    for (const Json *column = view->columns ? view->columns->first : NULL; column;
         column = column->next) {
        const Json *own = json_member(column, STR("name"));
        if (own && str_equal(own->text, name))
            return cell_type(json_member(column, STR("data_type")));
    }
    return CELL_TEXT;
}

/* A long text is cut, so that the other columns are seen on a line or two. */
static size_t value_width(const LiveView *view)
{
    enum { VALUE_WIDTH_MIN = 20 };
    size_t width = view->style.width / 2;
    return width > VALUE_WIDTH_MIN ? width : VALUE_WIDTH_MIN;
}

/* Text in quotes, so that where it ends is seen. */
static void write_value(const LiveView *view, const Json *cell, CellType type, Buf *out)
{
    CLEANUP(buf_done) Buf text = {0};
    CLEANUP(buf_done) Buf clean = {0};
    bool quoted = type == CELL_TEXT && cell && cell->kind == JSON_STRING;
    if (cell_is_null(cell)) {
        style_write(&view->style, PAINT_DIM, STR("NULL"), out);
        return;
    }
    cell_write(cell, type, &text);
    display_clean(buf_str(&text), &clean);
    buf_str_append(out, quoted ? STR("'") : STR_NULL);
    if (view->style.width)
        display_cut(buf_str(&clean), value_width(view), out);
    else
        buf_str_append(out, buf_str(&clean));
    buf_str_append(out, quoted ? STR("'") : STR_NULL);
}

static void write_field(const LiveView *view, const Json *cell, Buf *out)
{
    BUF_LIT(out, " ");
    display_clean(cell->key, out);
    BUF_LIT(out, "=");
    write_value(view, cell, type_of(view, cell->key), out);
}

static bool same_value(const Json *a, const Json *b)
{
    return a && b && a->kind == b->kind && str_equal(a->source, b->source);
}

/* The new row's fields that were not changed are told only if the old one names them: the key. */
static void write_changed_field(const LiveView *view, const Json *old, const Json *row, Buf *out)
{
    const Json *now = json_member(row, old->key);
    write_field(view, old, out);
    if (same_value(old, now))
        return;
    style_write(&view->style, PAINT_YELLOW, STR(" -> "), out);
    write_value(view, now, type_of(view, old->key), out);
}

static void
write_row(const LiveView *view, const Change *change, const Json *row, const Json *old, Buf *out)
{
    CLEANUP(buf_done) Buf fields = {0};
    const Json *told = old ? old : row;
    for (const Json *cell = told->first; cell; cell = cell->next) {
        if (is_hidden(cell->key))
            continue;
        if (old)
            write_changed_field(view, cell, row, &fields);
        else
            write_field(view, cell, &fields);
    }
    style_write(&view->style, change->paint, str_from(&change->mark, 1), out);
    buf_str_append(out, buf_str(&fields));
    BUF_LIT(out, "\n");
}

/* ---- CSV ---- */

static void write_csv_header(const LiveView *view, Buf *out)
{
    BUF_LIT(out, "change");
    for (const Json *column = view->columns->first; column; column = column->next) {
        const Json *name = json_member(column, STR("name"));
        BUF_LIT(out, ",");
        csv_field(name ? name->text : STR_NULL, false, out);
    }
    BUF_LIT(out, "\n");
}

static void write_csv_row(const LiveView *view, const Change *change, const Json *row, Buf *out)
{
    buf_str_append(out, str_from_c(change->name));
    for (const Json *column = view->columns ? view->columns->first : NULL; column;
         column = column->next) {
        CLEANUP(buf_done) Buf text = {0};
        const Json *name = json_member(column, STR("name"));
        const Json *cell = name ? json_member(row, name->text) : NULL;
        cell_write(cell, cell_type(json_member(column, STR("data_type"))), &text);
        BUF_LIT(out, ",");
        csv_field(buf_str(&text), cell_is_null(cell), out);
    }
    BUF_LIT(out, "\n");
}

/* ---- messages ---- */

static void remark_columns(LiveView *view, int64_t time_us, Buf *out)
{
    CLEANUP(buf_done) Buf remark = {0};
    BUF_LIT(&remark, "the table was altered; the columns are");
    for (const Json *column = view->columns->first; column; column = column->next) {
        const Json *name = json_member(column, STR("name"));
        BUF_LIT(&remark, " ");
        display_clean(name ? name->text : STR_NULL, &remark);
    }
    live_view_remark(view, time_us, buf_str(&remark), out);
}

/* An acknowledgement comes again with every new connection, and when the table was altered. */
static Status
take_columns(Context *ctx, LiveView *view, const Json *schema, int64_t time_us, Buf *out)
{
    bool is_first = !view->columns;
    if (!schema || schema->kind != JSON_ARRAY ||
        (!is_first && str_equal(view->columns->source, schema->source)))
        return STATUS_OK;
    arena_clear(&view->schema.arena);
    Str own = arena_str(&view->schema.arena, schema->source);
    Status status = json_parse(&view->schema, own, &view->columns);
    if (status != STATUS_OK) {
        context_copy_error(ctx, &view->schema);
        return status;
    }
    if (view->format == FORMAT_CSV)
        write_csv_header(view, out);
    else if (!is_first)
        remark_columns(view, time_us, out);
    return STATUS_OK;
}

/* `old` goes along with `rows` for updates. */
static void write_rows(const LiveView *view,
                       const Change *change,
                       const Json *rows,
                       const Json *old,
                       int64_t time_us,
                       Buf *out)
{
    const Json *old_row = old ? old->first : NULL;
    for (const Json *row = rows ? rows->first : NULL; row; row = row->next) {
        if (view->format == FORMAT_CSV) {
            write_csv_row(view, change, row, out);
        } else {
            write_time(view, time_us, out);
            write_row(view, change, row, old_row, out);
        }
        old_row = old_row ? old_row->next : NULL;
    }
}

static void write_batch(LiveView *view, const Json *message, int64_t time_us, Buf *out)
{
    const Json *rows = json_member(message, STR("rows"));
    const Json *more = json_member(json_member(message, STR("batch_control")), STR("has_more"));
    write_rows(view, &INITIAL, rows, NULL, time_us, out);
    view->row_count += rows ? rows->count : 0;
    if (view->announced || (more && more->kind == JSON_TRUE))
        return;
    CLEANUP(buf_done) Buf remark = {0};
    const char *plural = view->row_count == 1 ? "" : "s";
    buf_printf(&remark, "%zu row%s; live from here on", view->row_count, plural);
    live_view_remark(view, time_us, buf_str(&remark), out);
    view->announced = true;
}

static void write_change(LiveView *view, const Json *message, int64_t time_us, Buf *out)
{
    const Json *kind = json_member(message, STR("change_type"));
    const Json *rows = json_member(message, STR("rows"));
    const Json *old = json_member(message, STR("old_values"));
    if (!kind)
        return;
    if (str_equal(kind->text, STR("insert")))
        write_rows(view, &INSERTED, rows, NULL, time_us, out);
    else if (str_equal(kind->text, STR("update")))
        write_rows(view, &UPDATED, rows, old, time_us, out);
    else if (str_equal(kind->text, STR("delete")))
        write_rows(view, &DELETED, old, NULL, time_us, out);
}

static Status take_ack(Context *ctx, LiveView *view, const Json *message, int64_t us, Buf *out)
{
    const Json *resync = json_member(message, STR("resync"));
    if (resync && resync->kind == JSON_TRUE) {
        live_view_remark(view, us, STR("too much was missed: all rows come again"), out);
        view->row_count = 0;
        view->announced = false;
    }
    return take_columns(ctx, view, json_member(message, STR("schema")), us, out);
}

Status live_view_write(Context *ctx, LiveView *view, const Json *message, int64_t time_us, Buf *out)
{
    const Json *type = json_member(message, STR("type"));
    if (view->format == FORMAT_JSON) {
        json_write(out, message);
        BUF_LIT(out, "\n");
        return STATUS_OK;
    }
    if (!type)
        return STATUS_OK;
    if (str_equal(type->text, STR("subscription_ack")))
        return take_ack(ctx, view, message, time_us, out);
    if (str_equal(type->text, STR("initial_data_batch")))
        write_batch(view, message, time_us, out);
    else if (str_equal(type->text, STR("change")))
        write_change(view, message, time_us, out);
    return STATUS_OK;
}
