/* SPDX-License-Identifier: Apache-2.0 */
#include "cold/sql_text.h"

#include <assert.h>

static void quoted(Buf *out, Str text, char quote)
{
    buf_byte(out, quote);
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == quote)
            buf_byte(out, quote);
        buf_byte(out, text.ptr[i]);
    }
    buf_byte(out, quote);
}

void sql_identifier(Buf *out, Str name)
{
    quoted(out, name, '"');
}

void sql_text(Buf *out, Str text)
{
    quoted(out, text, '\'');
}

void sql_parameter(Buf *out, SqlParameters *parameters, Type type, const Value *value)
{
    CLEANUP(arena_done) Arena arena = {0};
    assert(parameters->count < SQL_PARAMETERS_MAX);
    parameters->values[parameters->count++] = *value;
    buf_printf(out, "CAST($%zu AS %.*s)", parameters->count, STR_ARG(duck_type_sql(&arena, type)));
}

/* As DuckDB reads a BLOB from text: \\x and two digits for each byte. */
static void bytes_text(Buf *out, Str bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        buf_printf(out, "\\x%02X", (unsigned char)bytes.ptr[i]);
}

void sql_literal(Buf *out, Str type, const Value *value)
{
    CLEANUP(buf_done) Buf text = {0};
    BUF_LIT(out, "CAST(");
    if (value_is_null(value)) {
        BUF_LIT(out, "NULL");
    } else {
        if (value->kind == TYPE_BYTES)
            bytes_text(&text, value->text);
        else
            value_write_text(&text, value);
        sql_text(out, buf_str(&text));
    }
    buf_printf(out, " AS %.*s)", STR_ARG(type));
}
