/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Complaint: an error as people read it, with the place in the statement.
 *
 *     ERROR SQL_EXECUTION_ERROR: column "nme" does not exist
 *     LINE 2: SELECT id, nme FROM app.t
 *                        ^
 *     HINT: did you mean "name"?
 */
#pragma once

#include "base/context.h"
#include "cli/style.h"
#include "value/json.h"

typedef struct Complaint {
    Str code;
    Str message;
    Str details;
    Str hint;
    size_t position; /* characters from 1 into the statement; 0 = unknown */
} Complaint;

/* Of the reply's `error` object (protocol.md 1.6); borrowed from it. */
Complaint complaint_from_json(const Json *error);
/* Of a function of ours that failed. */
Complaint complaint_from_context(const Context *ctx);

/* `sql`: what was sent. `line`: the number of its first line in the script, from 1. */
void complaint_write(
    const Complaint *complaint, Str sql, size_t line, const Style *style, Buf *out);
