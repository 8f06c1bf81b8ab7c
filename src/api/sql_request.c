/* SPDX-License-Identifier: Apache-2.0 */
#include "api/sql_request.h"

#include "value/decimal.h"

#include <math.h>

enum {
    STATEMENT_BYTES_MAX = 1 << 20,
    PARAMETER_COUNT_MAX = 65535,
    PARAMETER_BYTES_MAX = 512 << 10,
};

static size_t or_default(size_t limit, size_t otherwise)
{
    return limit ? limit : otherwise;
}

static Status bad_parameter(Context *ctx, size_t index, const char *why)
{
    return fail(ctx, STATUS_INVALID_PARAMETER, "Parameter $%zu invalid: %s", index + 1, why);
}

static bool is_integer_text(Str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] == '.' || ascii_lower(text.ptr[i]) == 'e')
            return false;
    return true;
}

/* Does the shortest text of the double stand for the same number? */
static bool is_double(const Value *decimal, double real)
{
    Int128 back;
    return isfinite(real) && decimal_from_double(real, decimal->scale, &back) &&
           back == decimal->decimal;
}

/*
 * Nothing is rounded unasked: integers beyond 64 bits and fractions with more digits than a DOUBLE
 * keeps are DECIMALs while they fit.
 */
static Status read_number(Context *ctx, const Json *json, size_t index, Value *ret_value)
{
    int64_t integer;
    double real = HUGE_VAL;
    Value decimal;
    if (json_to_int64(json, &integer)) {
        *ret_value = value_bigint(integer);
        return STATUS_OK;
    }
    bool has_double = json_to_double(json, &real) && isfinite(real);
    bool has_decimal =
        decimal_parse(json->text, &decimal) && decimal_fits(decimal.decimal, DECIMAL_PRECISION_MAX);
    if (has_decimal && (is_integer_text(json->text) || !is_double(&decimal, real)))
        *ret_value = decimal;
    else if (has_double)
        *ret_value = value_double(real);
    else
        return bad_parameter(ctx, index, "the number is out of range");
    return STATUS_OK;
}

static Status
read_parameter(Context *ctx, const Json *json, size_t index, size_t bytes_max, Value *ret_value)
{
    switch (json->kind) {
    case JSON_NULL:
        *ret_value = VALUE_NULL;
        return STATUS_OK;
    case JSON_FALSE:
    case JSON_TRUE:
        *ret_value = value_boolean(json->kind == JSON_TRUE);
        return STATUS_OK;
    case JSON_NUMBER:
        return read_number(ctx, json, index, ret_value);
    case JSON_STRING:
        if (json->text.len > bytes_max)
            return fail(ctx,
                        STATUS_INVALID_PARAMETER,
                        "Parameter $%zu invalid: it has %zu bytes, "
                        "execution.max_parameter_size_bytes is %zu",
                        index + 1,
                        json->text.len,
                        bytes_max);
        *ret_value = value_text(json->text);
        return STATUS_OK;
    case JSON_ARRAY:
        return bad_parameter(ctx, index, "an array is no SQL value");
    case JSON_OBJECT:
        break;
    }
    return bad_parameter(ctx, index, "an object is no SQL value");
}

Status sql_parameters_read(Context *ctx,
                           const Json *json,
                           const SqlRequestLimits *limits,
                           const Value **ret_values,
                           size_t *ret_count)
{
    *ret_values = NULL;
    *ret_count = 0;
    if (!json || json->kind == JSON_NULL || json->count == 0)
        return STATUS_OK;
    size_t count_max = or_default(limits->parameter_count_max, PARAMETER_COUNT_MAX);
    size_t bytes_max = or_default(limits->parameter_bytes_max, PARAMETER_BYTES_MAX);
    if (json->count > count_max)
        return fail(ctx,
                    STATUS_INVALID_PARAMETER,
                    "%zu parameters given, execution.max_parameters is %zu",
                    json->count,
                    count_max);
    Value *values = ARENA_ARRAY(&ctx->arena, Value, json->count);
    size_t count = 0;
    for (const Json *item = json->first; item; item = item->next, count++)
        TRY(read_parameter(ctx, item, count, bytes_max, &values[count]));
    *ret_values = values;
    *ret_count = count;
    return STATUS_OK;
}

static Status bad_payload(Context *ctx, const char *why)
{
    return fail(ctx, STATUS_INVALID_INPUT, "Invalid JSON payload: %s", why);
}

/* Missing and null are the same. */
static const Json *given(const Json *json, Str name)
{
    const Json *member = json_member(json, name);
    return member && member->kind != JSON_NULL ? member : NULL;
}

Status sql_request_read(Context *ctx,
                        const Json *json,
                        const SqlRequestLimits *limits,
                        SqlRequest *ret_request)
{
    SqlRequest request = {0};
    const Json *sql = given(json, STR("sql"));
    const Json *parameters = given(json, STR("params"));
    const Json *namespace_id = given(json, STR("namespace_id"));
    size_t sql_max = or_default(limits->statement_bytes_max, STATEMENT_BYTES_MAX);

    if (json->kind != JSON_OBJECT)
        return bad_payload(ctx, "expected an object");
    if (!sql || sql->kind != JSON_STRING)
        return bad_payload(ctx, "\"sql\" must be a string");
    if (parameters && parameters->kind != JSON_ARRAY)
        return bad_payload(ctx, "\"params\" must be an array");
    if (namespace_id && namespace_id->kind != JSON_STRING)
        return bad_payload(ctx, "\"namespace_id\" must be a string");
    if (sql->text.len > sql_max)
        return fail(ctx,
                    STATUS_INVALID_SQL,
                    "the statement has %zu bytes, limits.max_statement_bytes is %zu",
                    sql->text.len,
                    sql_max);
    request.sql = sql->text;
    if (namespace_id)
        request.namespace_name = namespace_id->text;
    TRY(sql_parameters_read(
        ctx, parameters, limits, &request.parameters, &request.parameter_count));
    *ret_request = request;
    return STATUS_OK;
}

Status
sql_request_parse(Context *ctx, Str text, const SqlRequestLimits *limits, SqlRequest *ret_request)
{
    const Json *json;
    if (str_trim(text).len == 0)
        return bad_payload(ctx, "the body is empty");
    if (json_parse(ctx, text, &json) != STATUS_OK)
        return fail(ctx,
                    STATUS_INVALID_INPUT,
                    "Invalid JSON payload: %.*s",
                    STR_ARG(arena_str(&ctx->arena, ctx->message)));
    return sql_request_read(ctx, json, limits, ret_request);
}
