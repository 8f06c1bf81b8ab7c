/* SPDX-License-Identifier: Apache-2.0 */
#include "duck/parameter.h"

#include "duck/vector.h"
#include "value/decimal.h"

#include <endian.h>

/* As narrow as its digits allow: widths add up in a product. */
static duckdb_value make_decimal(const Value *value)
{
    uint8_t width = 1;
    while (width < DECIMAL_PRECISION_MAX && !decimal_fits(value->decimal, width))
        width++;
    if (width < value->scale)
        width = value->scale;
    return duckdb.create_decimal((duckdb_decimal){
        .width = width, .scale = value->scale, .value = hugeint_from_int128(value->decimal)});
}

static duckdb_value make_uuid(const uint8_t *uuid)
{
    uint64_t halves[2];
    memcpy(halves, uuid, sizeof(halves));
    return duckdb.create_uuid(
        (duckdb_uhugeint){.lower = be64toh(halves[1]), .upper = be64toh(halves[0])});
}

static duckdb_value make_value(const Value *value)
{
    switch (value->kind) {
    case TYPE_BOOLEAN:
        return duckdb.create_bool(value->boolean);
    case TYPE_SMALLINT:
        return duckdb.create_int16((int16_t)value->integer);
    case TYPE_INT:
        return duckdb.create_int32((int32_t)value->integer);
    case TYPE_BIGINT:
        return duckdb.create_int64(value->integer);
    case TYPE_FLOAT:
        return duckdb.create_float((float)value->real);
    case TYPE_DOUBLE:
        return duckdb.create_double(value->real);
    case TYPE_DECIMAL:
        return make_decimal(value);
    case TYPE_TEXT:
    case TYPE_JSON:
        return duckdb.create_varchar_length(value->text.ptr, value->text.len);
    case TYPE_BYTES:
        return duckdb.create_blob((const uint8_t *)value->text.ptr, value->text.len);
    case TYPE_DATE:
        return duckdb.create_date((duckdb_date){(int32_t)value->integer});
    case TYPE_TIME:
        return duckdb.create_time((duckdb_time){value->integer});
    case TYPE_TIMESTAMP:
        return duckdb.create_timestamp((duckdb_timestamp){value->integer});
    case TYPE_DATETIME:
        return duckdb.create_timestamp_tz((duckdb_timestamp){value->integer});
    case TYPE_UUID:
        return make_uuid(value->uuid);
    default:
        return duckdb.create_null_value();
    }
}

Status duck_parameter_bind(Context *ctx,
                           duckdb_prepared_statement prepared,
                           idx_t number,
                           const Value *value)
{
    bool is_text = value->kind == TYPE_TEXT || value->kind == TYPE_JSON;
    if (is_text && !str_is_utf8(value->text))
        return fail(ctx, STATUS_INVALID_VALUE, "parameter %zu is not UTF-8", (size_t)number);
    duckdb_value made = make_value(value);
    duckdb_state state = duckdb.bind_value(prepared, number, made);
    duckdb.destroy_value(&made);
    if (state == DuckDBError)
        return fail(ctx, STATUS_INTERNAL, "cannot bind parameter %zu", (size_t)number);
    return STATUS_OK;
}
