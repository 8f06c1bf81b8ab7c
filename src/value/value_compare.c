/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"
#include "value/datetime.h"
#include "value/decimal.h"

#include <assert.h>
#include <math.h>

static int compare_int64(int64_t a, int64_t b)
{
    return a == b ? 0 : a < b ? -1 : 1;
}

static bool is_real(TypeKind kind)
{
    return kind == TYPE_FLOAT || kind == TYPE_DOUBLE;
}

static int compare_reals(double a, double b)
{
    if (isnan(a) || isnan(b))
        return isnan(a) - isnan(b);
    return a == b ? 0 : a < b ? -1 : 1;
}

/* Exact: a double holds only 53 of an integer's 63 bits. */
static int compare_integer_real(int64_t integer, double real)
{
    if (isnan(real) || real >= 0x1p63)
        return -1;
    if (real < -0x1p63)
        return 1;
    int order = compare_int64(integer, (int64_t)real);
    return order ? order : compare_reals(0, real - trunc(real));
}

static int compare_number_real(const Value *number, double real)
{
    if (is_real(number->kind))
        return compare_reals(number->real, real);
    if (number->kind == TYPE_DECIMAL)
        return isnan(real) ? -1 : decimal_compare_double(number, real);
    return compare_integer_real(number->integer, real);
}

static int compare_numbers(const Value *a, const Value *b)
{
    if (type_is_integer(a->kind) && type_is_integer(b->kind))
        return compare_int64(a->integer, b->integer);
    if (is_real(b->kind))
        return compare_number_real(a, b->real);
    if (is_real(a->kind))
        return -compare_number_real(b, a->real);
    return decimal_compare(a, b);
}

/* A moment as microseconds; a corrupt date may lie beyond 64 bits. */
static Int128 moment_of(const Value *value)
{
    return value->kind == TYPE_DATE ? (Int128)value->integer * US_PER_DAY : value->integer;
}

static int compare_moments(const Value *a, const Value *b)
{
    if (a->kind == b->kind)
        return compare_int64(a->integer, b->integer);
    assert(a->kind != TYPE_TIME && b->kind != TYPE_TIME && type_is_temporal(b->kind));
    Int128 left = moment_of(a), right = moment_of(b);
    return left == right ? 0 : left < right ? -1 : 1;
}

int value_compare(const Value *a, const Value *b)
{
    switch (a->kind) {
    case TYPE_SMALLINT:
    case TYPE_INT:
    case TYPE_BIGINT:
    case TYPE_FLOAT:
    case TYPE_DOUBLE:
    case TYPE_DECIMAL:
        assert(type_is_number(b->kind));
        return compare_numbers(a, b);
    case TYPE_DATE:
    case TYPE_TIME:
    case TYPE_TIMESTAMP:
    case TYPE_DATETIME:
        return compare_moments(a, b);
    case TYPE_BOOLEAN:
        assert(b->kind == TYPE_BOOLEAN);
        return a->boolean - b->boolean;
    case TYPE_TEXT:
    case TYPE_JSON:
    case TYPE_BYTES:
        assert(a->kind == b->kind);
        return str_compare(a->text, b->text);
    case TYPE_UUID: {
        assert(b->kind == TYPE_UUID);
        int order = memcmp(a->uuid, b->uuid, sizeof(a->uuid));
        return order == 0 ? 0 : order < 0 ? -1 : 1;
    }
    case TYPE_NULL:
    case TYPE_KIND_COUNT:
        break;
    }
    assert(false && "NULL has no order");
    return 0;
}

int value_compare_nulls_last(const Value *a, const Value *b)
{
    if (value_is_null(a) || value_is_null(b))
        return value_is_null(a) - value_is_null(b);
    return value_compare(a, b);
}

bool value_same(const Value *a, const Value *b)
{
    return value_compare_nulls_last(a, b) == 0;
}

static uint64_t hash_number(uint64_t bits)
{
    return hash_stable(str_from((const char *)&bits, sizeof(bits)));
}

/*
 * Equal numbers of different kinds have one form: the 64-bit integer when the
 * number is one, else the nearest double.  A DECIMAL that equals a double has
 * it as its nearest.
 */
static uint64_t hash_real(double real)
{
    if (isnan(real))
        return hash_number(UINT64_MAX);
    if (real >= -0x1p63 && real < 0x1p63 && real == trunc(real))
        return hash_number((uint64_t)(int64_t)real);
    uint64_t bits;
    memcpy(&bits, &real, sizeof(bits));
    return hash_number(bits);
}

static uint64_t hash_decimal(const Value *value)
{
    Int128 unit = (Int128)decimal_power(value->scale);
    Int128 whole = value->decimal / unit;
    if (value->decimal % unit == 0 && whole >= INT64_MIN && whole <= INT64_MAX)
        return hash_number((uint64_t)whole);
    return hash_real(decimal_to_double(value));
}

uint64_t value_hash(const Value *value)
{
    switch (value->kind) {
    case TYPE_NULL:
        return hash_stable(STR(""));
    case TYPE_BOOLEAN:
        return hash_number(value->boolean);
    case TYPE_SMALLINT:
    case TYPE_INT:
    case TYPE_BIGINT:
    case TYPE_TIME:
        return hash_number((uint64_t)value->integer);
    case TYPE_DATE:
    case TYPE_TIMESTAMP:
    case TYPE_DATETIME:
        return hash_number((uint64_t)moment_of(value));
    case TYPE_FLOAT:
    case TYPE_DOUBLE:
        return hash_real(value->real);
    case TYPE_DECIMAL:
        return hash_decimal(value);
    case TYPE_TEXT:
    case TYPE_JSON:
    case TYPE_BYTES:
        return hash_stable(value->text);
    case TYPE_UUID:
        return hash_stable(str_from((const char *)value->uuid, sizeof(value->uuid)));
    case TYPE_KIND_COUNT:
        break;
    }
    assert(false && "no such kind of value");
    return 0;
}
