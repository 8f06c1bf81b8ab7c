/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One entry of the envelope's `results`, as a table or as CSV (RFC 4180).
 *
 * In CSV NULL is an empty field and an empty text is "", so that both survive;
 * lines end in a bare newline, as Unix tools want them.
 */
#pragma once

#include "cli/grid.h"
#include "value/json.h"

/* Does it have columns, that is, is there something to draw? */
bool result_has_columns(const Json *result);

void result_write_table(
    Context *ctx, const Json *result, bool expanded, const Style *style, Buf *out);
void result_write_csv(const Json *result, Buf *out);

/* One field; is_null = nothing at all. */
void csv_field(Str text, bool is_null, Buf *out);
