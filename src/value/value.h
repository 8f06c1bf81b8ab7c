/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Value: one SQL value, by value.
 *
 * Text, JSON and BYTES borrow their bytes; whoever makes a Value says how long
 * they live.  NULL is the kind TYPE_NULL whatever the column's type.  Integers
 * of every width and all temporal types sit in `integer`, FLOAT and DOUBLE in
 * `real`, a DECIMAL is `decimal` / 10^scale.
 */
#pragma once

#include "value/type.h"

__extension__ typedef __int128 Int128;
__extension__ typedef unsigned __int128 Uint128;

typedef struct Value {
    TypeKind kind;
    uint8_t scale; /* DECIMAL only */
    union {
        bool boolean;
        int64_t integer;
        double real;
        Str text; /* TEXT, JSON, BYTES */
        uint8_t uuid[16];
        Int128 decimal;
    };
} Value;

#define VALUE_NULL ((Value){.kind = TYPE_NULL})

static inline bool value_is_null(const Value *value)
{
    return value->kind == TYPE_NULL;
}

static inline Value value_boolean(bool boolean)
{
    return (Value){.kind = TYPE_BOOLEAN, .boolean = boolean};
}

static inline Value value_integer(TypeKind kind, int64_t integer)
{
    return (Value){.kind = kind, .integer = integer};
}

static inline Value value_bigint(int64_t integer)
{
    return value_integer(TYPE_BIGINT, integer);
}

static inline Value value_double(double real)
{
    return (Value){.kind = TYPE_DOUBLE, .real = real};
}

static inline Value value_text(Str text)
{
    return (Value){.kind = TYPE_TEXT, .text = text};
}

static inline Value value_decimal(Int128 decimal, uint8_t scale)
{
    return (Value){.kind = TYPE_DECIMAL, .scale = scale, .decimal = decimal};
}

/*
 * -1, 0, 1.  Both not NULL and comparable: same kind, or any two numbers (exact
 * across integers, DECIMAL scales and DOUBLE), or any of DATE, TIMESTAMP,
 * DATETIME.  Text and bytes by bytes, false < true, NaN is equal to itself and
 * the greatest number.
 */
int value_compare(const Value *a, const Value *b);

/* Sorting: as value_compare(), with NULL after everything. */
int value_compare_nulls_last(const Value *a, const Value *b);

/* IS NOT DISTINCT FROM: NULL equals NULL. */
bool value_same(const Value *a, const Value *b);

/* Equal values (value_compare() == 0, across numeric kinds too) hash alike. Stable, may be stored.
 */
uint64_t value_hash(const Value *value);

/*
 * Explicit conversion (CAST, and assignment to a column): sql.md 3.15.  Text
 * parses, numbers narrow with a range check, integer to TIMESTAMP counts
 * microseconds, DOUBLE to integer and DECIMAL to a smaller scale round half
 * away from zero.  Fails with STATUS_INVALID_VALUE (text that does not parse),
 * STATUS_OUT_OF_RANGE or STATUS_TYPE_MISMATCH, the message naming value and
 * type.  ret_value may be borrowed from value, new bytes are in ctx's arena.
 *
 * A DECIMAL without precision keeps the scale that the value has.  JSON scalars
 * convert as their text does, JSON's null becomes NULL.  Text becomes BYTES by
 * '\x0aff', any other text by its own bytes.
 */
MUST_CHECK Status value_cast(Context *ctx, const Value *value, Type to, Value *ret_value);

/* Could value_cast() ever succeed between these kinds? */
bool value_can_cast(TypeKind from, TypeKind to);

/* As PostgreSQL's text output: 'true', '12.50', ISO 8601 dates and times. */
void value_write_text(Buf *out, const Value *value);
Str value_to_text(Arena *arena, const Value *value);

/* A deep copy: text goes to the arena. */
Value value_copy(Arena *arena, const Value *value);

/* A SQL literal that reads back as the value: 'it''s', X'00ff', DATE '2026-01-02'. */
void value_write_sql(Buf *out, const Value *value);

/*
 * One cell on the wire (protocol.md 1.6): BIGINT and DECIMAL as strings, JSON
 * as a string holding JSON, BYTES as an array of numbers.  Fails with
 * STATUS_INVALID_VALUE for NaN and infinities, which JSON does not have.
 */
MUST_CHECK Status value_write_cell(Context *ctx, Buf *out, const Value *value);
