/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The functions of DuckDB that a SELECT may call, beyond those of expr/: nothing
 * that is not in this list is ever written into its text.
 *
 * Each says what its arguments are and what it gives.  Functions that we have
 * ourselves are not here: ours are called for them, so that a SELECT gives the
 * same however it is run.
 */
#pragma once

#include "base/str.h"
#include "value/type.h"

typedef enum DuckFunctionKind { DUCK_SCALAR, DUCK_AGGREGATE, DUCK_WINDOW } DuckFunctionKind;

/* The type of an argument or a result. */
typedef enum DuckSort {
    SORT_NONE,
    SORT_SAME, /* result: as the first argument; argument: of the type of the first */
    SORT_ANY,  /* argument: whatever it is */
    SORT_BOOLEAN,
    SORT_BIGINT,
    SORT_DOUBLE,
    SORT_TEXT,
    SORT_JSON,
    SORT_BYTES,
    SORT_DATE,
    SORT_TIMESTAMP,
    SORT_CONSTANT_BIGINT, /* an integer that is known before */
    SORT_CONSTANT_TEXT,
} DuckSort;

enum { DUCK_ARGUMENTS_MAX = 4 };

typedef struct DuckFunctionEntry {
    Str name;
    Str theirs; /* empty = the same */
    DuckFunctionKind kind;
    DuckSort result;
    uint8_t argument_min;
    uint8_t argument_max;
    uint8_t arguments[DUCK_ARGUMENTS_MAX];
    Str around; /* a function that is put around the call with its FILTER and OVER; empty = none */
} DuckFunctionEntry;

/* NULL = not in the list.  Names are in lower case. */
const DuckFunctionEntry *duck_function_find(Str name);
Type duck_sort_type(DuckSort sort);
