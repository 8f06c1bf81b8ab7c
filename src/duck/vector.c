/* SPDX-License-Identifier: Apache-2.0 */
#include "duck/vector.h"

#include "value/decimal.h"

#include <endian.h>

static const uint64_t UUID_FLIP = UINT64_C(1) << 63;

/* ---- into ---- */

static duckdb_hugeint hugeint_from_uuid(const uint8_t *uuid)
{
    uint64_t halves[2];
    memcpy(halves, uuid, sizeof(halves));
    return (duckdb_hugeint){.lower = be64toh(halves[1]),
                            .upper = (int64_t)(be64toh(halves[0]) ^ UUID_FLIP)};
}

static Status
put_decimal(Context *ctx, void *data, idx_t row, const DuckColumn *column, const Value *value)
{
    Type type = column->type;
    Int128 decimal;
    if (!decimal_rescale(value->decimal, value->scale, type.scale, &decimal) ||
        !decimal_fits(decimal, type.precision))
        return fail(ctx,
                    STATUS_OUT_OF_RANGE,
                    "column \"%.*s\" holds a number that has no room in DECIMAL(%u,%u)",
                    STR_ARG(column->name),
                    (unsigned)type.precision,
                    (unsigned)type.scale);
    if (type.precision <= 4)
        ((int16_t *)data)[row] = (int16_t)decimal;
    else if (type.precision <= 9)
        ((int32_t *)data)[row] = (int32_t)decimal;
    else if (type.precision <= 18)
        ((int64_t *)data)[row] = (int64_t)decimal;
    else
        ((duckdb_hugeint *)data)[row] = hugeint_from_int128(decimal);
    return STATUS_OK;
}

/* DuckDB would take text that is not UTF-8 for an empty one. */
static Status
put_text(Context *ctx, duckdb_vector vector, idx_t row, const DuckColumn *column, Str text)
{
    if (column->type.kind != TYPE_BYTES && !str_is_utf8(text))
        return fail(ctx,
                    STATUS_INVALID_VALUE,
                    "column \"%.*s\" holds text that is not UTF-8",
                    STR_ARG(column->name));
    duckdb.unsafe_vector_assign_string_element_len(vector, row, text.ptr, text.len);
    return STATUS_OK;
}

static void put_null(duckdb_vector vector, idx_t row)
{
    duckdb.vector_ensure_validity_writable(vector);
    duckdb.validity_set_row_invalid(duckdb.vector_get_validity(vector), row);
}

Status duck_vector_put(
    Context *ctx, duckdb_vector vector, idx_t row, const DuckColumn *column, const Value *value)
{
    void *data = duckdb.vector_get_data(vector);
    if (value_is_null(value)) {
        put_null(vector, row);
        return STATUS_OK;
    }
    if (value->kind != column->type.kind)
        return fail(ctx,
                    STATUS_INTERNAL,
                    "column \"%.*s\" holds a value that is not of its type",
                    STR_ARG(column->name));
    switch (value->kind) {
    case TYPE_BOOLEAN:
        ((bool *)data)[row] = value->boolean;
        break;
    case TYPE_SMALLINT:
        ((int16_t *)data)[row] = (int16_t)value->integer;
        break;
    case TYPE_INT:
    case TYPE_DATE:
        ((int32_t *)data)[row] = (int32_t)value->integer;
        break;
    case TYPE_FLOAT:
        ((float *)data)[row] = (float)value->real;
        break;
    case TYPE_DOUBLE:
        ((double *)data)[row] = value->real;
        break;
    case TYPE_DECIMAL:
        return put_decimal(ctx, data, row, column, value);
    case TYPE_TEXT:
    case TYPE_JSON:
    case TYPE_BYTES:
        return put_text(ctx, vector, row, column, value->text);
    case TYPE_UUID:
        ((duckdb_hugeint *)data)[row] = hugeint_from_uuid(value->uuid);
        break;
    default:
        ((int64_t *)data)[row] = value->integer;
        break;
    }
    return STATUS_OK;
}

/* ---- out of ---- */

static int64_t get_integer(const DuckVector *vector, idx_t row)
{
    switch (vector->layout.stored) {
    case DUCKDB_TYPE_TINYINT:
        return ((const int8_t *)vector->data)[row];
    case DUCKDB_TYPE_UTINYINT:
        return ((const uint8_t *)vector->data)[row];
    case DUCKDB_TYPE_SMALLINT:
        return ((const int16_t *)vector->data)[row];
    case DUCKDB_TYPE_USMALLINT:
        return ((const uint16_t *)vector->data)[row];
    case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_DATE:
        return ((const int32_t *)vector->data)[row];
    case DUCKDB_TYPE_UINTEGER:
        return ((const uint32_t *)vector->data)[row];
    default:
        return ((const int64_t *)vector->data)[row];
    }
}

static Int128 get_decimal(const DuckVector *vector, idx_t row)
{
    if (vector->layout.stored == DUCKDB_TYPE_HUGEINT)
        return int128_from_hugeint(((const duckdb_hugeint *)vector->data)[row]);
    if (vector->layout.stored == DUCKDB_TYPE_UBIGINT)
        return ((const uint64_t *)vector->data)[row];
    return get_integer(vector, row);
}

static Str get_text(const DuckVector *vector, idx_t row)
{
    const duckdb_string_t *text = &((const duckdb_string_t *)vector->data)[row];
    uint32_t len = text->value.inlined.length;
    bool is_inlined = len <= sizeof(text->value.inlined.inlined);
    return str_from(is_inlined ? text->value.inlined.inlined : text->value.pointer.ptr, len);
}

static void get_uuid(const DuckVector *vector, idx_t row, uint8_t *ret_uuid)
{
    const duckdb_hugeint *huge = &((const duckdb_hugeint *)vector->data)[row];
    uint64_t halves[2] = {htobe64((uint64_t)huge->upper ^ UUID_FLIP), htobe64(huge->lower)};
    memcpy(ret_uuid, halves, sizeof(halves));
}

static bool is_null(const DuckVector *vector, idx_t row)
{
    return vector->validity && !(vector->validity[row / 64] >> (row % 64) & 1);
}

bool duck_vector_get(const DuckVector *vector, idx_t row, Value *ret_value)
{
    Type type = vector->layout.type;
    if (type.kind == TYPE_NULL || is_null(vector, row)) {
        *ret_value = VALUE_NULL;
        return true;
    }
    *ret_value = (Value){.kind = type.kind, .scale = type.scale};
    switch (type.kind) {
    case TYPE_BOOLEAN:
        ret_value->boolean = ((const bool *)vector->data)[row];
        return true;
    case TYPE_FLOAT:
        ret_value->real = (double)((const float *)vector->data)[row];
        return true;
    case TYPE_DOUBLE:
        ret_value->real = ((const double *)vector->data)[row];
        return true;
    case TYPE_DECIMAL:
        ret_value->decimal = get_decimal(vector, row);
        return decimal_fits(ret_value->decimal, DECIMAL_PRECISION_MAX);
    case TYPE_TEXT:
    case TYPE_JSON:
    case TYPE_BYTES:
        ret_value->text = get_text(vector, row);
        return true;
    case TYPE_UUID:
        get_uuid(vector, row, ret_value->uuid);
        return true;
    default:
        ret_value->integer = get_integer(vector, row);
        return true;
    }
}
