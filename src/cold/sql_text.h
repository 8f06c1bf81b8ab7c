/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing statements for DuckDB: names and texts quoted, values as parameters.
 */
#pragma once

#include "duck/duck.h"

void sql_identifier(Buf *out, Str name); /* "na""me" */
void sql_text(Buf *out, Str text);       /* 'it''s' */

enum { SQL_PARAMETERS_MAX = 72 };

typedef struct SqlParameters {
    Value values[SQL_PARAMETERS_MAX];
    size_t count;
} SqlParameters;

/* CAST($n AS type), so that DECIMAL and JSON arrive as what they are; at most SQL_PARAMETERS_MAX.
 */
void sql_parameter(Buf *out, SqlParameters *parameters, Type type, const Value *value);

/*
 * CAST('text' AS type), or of NULL: for values that come from a definition, not
 * from a statement.
 */
void sql_literal(Buf *out, Str type, const Value *value);
