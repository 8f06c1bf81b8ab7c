/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random numbers and values for the model tests.  The seed is printed and can
 * be given as TEST_SEED; edge cases are as frequent as ordinary values.
 */
#pragma once

#include "base/clock.h"
#include "value/datetime.h"
#include "value/decimal.h"
#include "value/value.h"

#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <setjmp.h>

#include <cmocka.h>

static uint64_t dice_state;

/* splitmix64 */
static inline uint64_t dice(void)
{
    uint64_t z = (dice_state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static inline uint64_t dice_below(uint64_t count)
{
    return dice() % count;
}

/* A group setup. */
static inline int dice_seed(void **state)
{
    (void)state;
    const char *seed = getenv("TEST_SEED");
    dice_state = seed ? strtoull(seed, NULL, 10) : random_u64() >> 32;
    printf("# TEST_SEED=%llu\n", (unsigned long long)dice_state);
    return 0;
}

/* Any number of bits, so that small ones come up as well. */
static inline int64_t random_integer(unsigned bits)
{
    unsigned shift = 64 - bits + (unsigned)dice_below(bits);
    switch (dice_below(8)) {
    case 0:
        return (int64_t)dice_below(5) - 2;
    case 1:
        return INT64_MIN >> (64 - bits);
    case 2:
        return INT64_MAX >> (64 - bits);
    default:
        return (int64_t)dice() >> shift;
    }
}

static inline double random_double(void)
{
    static const double EDGES[] = {
        0.0, -0.0, 1.0, -1.0, 0x1p53, 0x1p63, -0x1p63, 0x1p127, 5e-324, 1.7976931348623157e308};
    uint64_t bits = dice();
    double real;
    switch (dice_below(8)) {
    case 0:
        return EDGES[dice_below(sizeof(EDGES) / sizeof(EDGES[0]))];
    case 1:
        return (double)NAN;
    case 2:
        return dice() & 1 ? HUGE_VAL : -HUGE_VAL;
    case 3:
        return (double)random_integer(64);
    case 4:
        return (double)random_integer(30) / 1000;
    default:
        memcpy(&real, &bits, sizeof(real));
        return real;
    }
}

static inline Int128 random_int128(unsigned digits)
{
    Uint128 wide = (Uint128)dice() << 64 | dice();
    Int128 limit = (Int128)decimal_power((unsigned)dice_below(digits + 1));
    Int128 value = (Int128)(wide % (Uint128)limit);
    if (dice_below(8) == 0)
        value = limit - 1;
    return dice() & 1 ? -value : value;
}

/* Few different bytes, so that texts share beginnings; zero bytes among them. */
static inline Str random_text(Arena *arena)
{
    static const char LETTERS[] = {'\0', 1, 'a', 'b', (char)0xc3, (char)0xff};
    size_t len = (size_t)dice_below(dice_below(10) == 0 ? 300 : 6);
    char *text = arena_alloc(arena, len + 1);
    for (size_t i = 0; i < len; i++)
        text[i] = LETTERS[dice_below(sizeof(LETTERS))];
    return str_from(text, len);
}

static inline Type random_type(void)
{
    Type type = {.kind = (TypeKind)(1 + dice_below(TYPE_KIND_COUNT - 1))};
    if (type.kind == TYPE_DECIMAL) {
        type.precision = (uint8_t)(1 + dice_below(DECIMAL_PRECISION_MAX));
        type.scale = (uint8_t)dice_below(type.precision + 1u);
    }
    return type;
}

/* Never NULL. */
static inline Value random_value(Arena *arena, Type type)
{
    Value value = {.kind = type.kind, .scale = type.scale};
    switch (type.kind) {
    case TYPE_BOOLEAN:
        value.boolean = dice() & 1;
        break;
    case TYPE_SMALLINT:
        value.integer = random_integer(16);
        break;
    case TYPE_INT:
    case TYPE_DATE:
        value.integer = random_integer(32);
        break;
    case TYPE_FLOAT:
        value.real = (double)(float)random_integer(40) / 8;
        value.real = dice_below(8) == 0 ? (double)NAN : (double)(float)value.real;
        break;
    case TYPE_DOUBLE:
        value.real = random_double();
        break;
    case TYPE_DECIMAL:
        value.decimal = random_int128(type.precision);
        break;
    case TYPE_TEXT:
    case TYPE_JSON:
    case TYPE_BYTES:
        value.text = random_text(arena);
        break;
    case TYPE_UUID:
        for (int i = 0; i < 16; i++)
            value.uuid[i] = (uint8_t)(dice() & 3);
        break;
    default:
        value.integer = random_integer(64);
        break;
    }
    return value;
}

/* The same bits, but for the payload of a NaN. */
static inline bool same_value(const Value *a, const Value *b)
{
    if (a->kind != b->kind || (a->kind == TYPE_DECIMAL && a->scale != b->scale))
        return false;
    return value_same(a, b);
}
