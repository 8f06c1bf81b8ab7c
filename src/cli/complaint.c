/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/complaint.h"

#include "cli/display.h"

enum { EXCERPT_WIDTH = 100 /* columns, when the terminal's are not known */ };

static Str member_text(const Json *json, Str name)
{
    const Json *member = json_member(json, name);
    return member && member->kind == JSON_STRING ? member->text : STR_NULL;
}

Complaint complaint_from_json(const Json *error)
{
    int64_t position = 0;
    bool known = json_to_int64(json_member(error, STR("position")), &position) && position > 0;
    return (Complaint){
        .code = member_text(error, STR("code")),
        .message = member_text(error, STR("message")),
        .details = member_text(error, STR("details")),
        .hint = member_text(error, STR("hint")),
        .position = known ? (size_t)position : 0,
    };
}

static Str code_of(Status status)
{
    if (status == STATUS_IO_ERROR)
        return STR("CONNECTION_FAILED");
    if (status == STATUS_TIMEOUT)
        return STR("TIMEOUT");
    if (status == STATUS_CANCELLED)
        return STR("CANCELLED");
    return str_from_c(status_info(status)->wire_code);
}

Complaint complaint_from_context(const Context *ctx)
{
    return (Complaint){
        .code = code_of(ctx->error),
        .message = ctx->message,
        .details = ctx->detail,
        .hint = ctx->hint,
    };
}

/* ---- the place ---- */

typedef struct Place {
    Str line;
    size_t offset; /* bytes into the line */
    size_t number; /* of the line, from 0 */
} Place;

/* Just behind the end, where a statement that stops too early is found wanting, is a place too. */
static bool find_place(Str sql, size_t position, Place *ret_place)
{
    size_t start = 0;
    size_t at = 0;
    size_t number = 0;
    for (size_t i = 1; i < position; i++) {
        uint32_t character;
        if (at >= sql.len)
            return false;
        at += display_decode(str_from(sql.ptr + at, sql.len - at), &character);
        if (character == '\n') {
            start = at;
            number++;
        }
    }
    Str rest = str_from(sql.ptr + start, sql.len - start);
    *ret_place = (Place){str_from(rest.ptr, str_find_byte(rest, '\n')), at - start, number};
    return true;
}

/* Controls, tabs above all, become blanks: what is above the caret must have a known width. */
static void write_source(Str text, Buf *out)
{
    for (size_t at = 0; at < text.len;) {
        uint32_t character;
        Str rest = str_from(text.ptr + at, text.len - at);
        size_t len = display_decode(rest, &character);
        if (character < 0x20)
            BUF_LIT(out, " ");
        else
            display_clean(str_from(rest.ptr, len), out);
        at += len;
    }
}

/* Drops characters from the front until the text is at most `width` columns wide. */
static Str keep_tail(Str text, size_t width)
{
    while (display_width(text) > width) {
        uint32_t character;
        size_t len = display_decode(text, &character);
        text = str_from(text.ptr + len, text.len - len);
    }
    return text;
}

static void write_place(const Place *place, size_t line, const Style *style, Buf *out)
{
    CLEANUP(buf_done) Buf before = {0};
    CLEANUP(buf_done) Buf after = {0};
    CLEANUP(buf_done) Buf label = {0};
    size_t width = style->width ? style->width : EXCERPT_WIDTH;
    write_source(str_from(place->line.ptr, place->offset), &before);
    write_source(str_from(place->line.ptr + place->offset, place->line.len - place->offset),
                 &after);
    buf_printf(&label, "LINE %zu: ", line + place->number);

    width = width > label.len + 20 ? width - label.len : 20;
    Str head = buf_str(&before);
    const char *ellipsis = "";
    if (display_width(head) > width / 2 && display_width(buf_str(&before)) + after.len > width) {
        head = keep_tail(head, width / 2 - 1);
        ellipsis = "…";
    }
    size_t indent = display_width(head) + (*ellipsis ? 1 : 0);
    style_write(style, PAINT_DIM, buf_str(&label), out);
    buf_printf(out, "%s%.*s", ellipsis, STR_ARG(head));
    display_cut(buf_str(&after), width - indent, out);
    BUF_LIT(out, "\n");
    display_repeat(STR(" "), label.len + indent, out);
    style_write(style, PAINT_RED, STR("^"), out);
    BUF_LIT(out, "\n");
}

static void write_note(const char *label, Str text, const Style *style, Buf *out)
{
    if (!text.len)
        return;
    style_write(style, PAINT_DIM, str_from_c(label), out);
    display_clean(text, out);
    BUF_LIT(out, "\n");
}

/* Details that only quote the statement tell nothing to whoever has just typed it. */
static bool repeats(Str sql, Str details)
{
    return sql.len && details.len && memmem(sql.ptr, sql.len, details.ptr, details.len) != NULL;
}

void complaint_write(const Complaint *complaint, Str sql, size_t line, const Style *style, Buf *out)
{
    Place place;
    style_printf(style, PAINT_RED, out, "ERROR %.*s:", STR_ARG(complaint->code));
    BUF_LIT(out, " ");
    display_clean(complaint->message, out);
    BUF_LIT(out, "\n");
    if (complaint->position && find_place(sql, complaint->position, &place))
        write_place(&place, line, style, out);
    else if (!repeats(sql, complaint->details))
        write_note("DETAIL: ", complaint->details, style, out);
    write_note("HINT: ", complaint->hint, style, out);
}
