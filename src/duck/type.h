/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our types as DuckDB's, and back.
 */
#pragma once

#include "duck/library.h"
#include "value/type.h"

/* To be destroyed by the caller. */
duckdb_logical_type duck_type_make(Type type);

/* A column of a result: its type, and how DuckDB lays it out. */
typedef struct DuckLayout {
    Type type;
    duckdb_type stored; /* of a DECIMAL: the integer that holds it */
} DuckLayout;

/* False for types that have no nearest one of ours. */
bool duck_type_read(duckdb_logical_type logical, DuckLayout *ret_layout);
