/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bounds of encoded keys as conditions on values, for DuckDB.
 */
#pragma once

#include "value/value.h"

typedef struct KeyBound {
    bool known;     /* false: nothing can be said about values; check the keys themselves */
    bool inclusive; /* >= or <=, else > or < */
    Value value;
} KeyBound;

/* Of an inclusive lower or an exclusive upper bound (cold/cold.h); empty = open. In ctx's arena. */
KeyBound key_bound_lower(Context *ctx, Type type, Str bound);
KeyBound key_bound_upper(Context *ctx, Type type, Str bound);
