/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values into and out of DuckDB's vectors.
 */
#pragma once

#include "duck/duck.h"
#include "duck/type.h"

/* Fails for a value of another type, a DECIMAL without room, and text that is not UTF-8. */
MUST_CHECK Status duck_vector_put(
    Context *ctx, duckdb_vector vector, idx_t row, const DuckColumn *column, const Value *value);

/* One column of a chunk, ready to be read. */
typedef struct DuckVector {
    DuckLayout layout;
    const void *data;
    const uint64_t *validity; /* NULL = no NULLs */
} DuckVector;

/* Text is borrowed from the chunk.  False when a HUGEINT has more than 38 digits. */
bool duck_vector_get(const DuckVector *vector, idx_t row, Value *ret_value);

/* DuckDB's numbers of 128 bits; a UUID is one whose highest bit is flipped, so that it sorts. */
static inline Int128 int128_from_hugeint(duckdb_hugeint huge)
{
    return (Int128)((Uint128)(uint64_t)huge.upper << 64 | huge.lower);
}

static inline duckdb_hugeint hugeint_from_int128(Int128 value)
{
    return (duckdb_hugeint){.lower = (uint64_t)value, .upper = (int64_t)(value >> 64)};
}
