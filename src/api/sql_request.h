/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a SQL request asks for: {"sql":"..","params":[..],"namespace_id":".."},
 * as the body of POST /v1/api/sql or inside a WebSocket message.
 */
#pragma once

#include "base/context.h"
#include "value/json.h"
#include "value/value.h"

typedef struct SqlRequest {
    Str sql;
    const Value *parameters;
    size_t parameter_count;
    Str namespace_name; /* empty = default */
} SqlRequest;

typedef struct SqlRequestLimits { /* 0 = the default in brackets */
    size_t statement_bytes_max;   /* [1 MiB] */
    size_t parameter_count_max;   /* [65,535] */
    size_t parameter_bytes_max;   /* [512 KiB], of one */
} SqlRequestLimits;

/*
 * Borrows from json and ctx's arena.  STATUS_INVALID_INPUT "Invalid JSON
 * payload: ..", STATUS_INVALID_SQL when the text is too long,
 * STATUS_INVALID_PARAMETER "Parameter $N invalid: ..".
 */
MUST_CHECK Status sql_request_read(Context *ctx,
                                   const Json *json,
                                   const SqlRequestLimits *limits,
                                   SqlRequest *ret_request);

/* As sql_request_read(), from text. */
MUST_CHECK Status sql_request_parse(Context *ctx,
                                    Str text,
                                    const SqlRequestLimits *limits,
                                    SqlRequest *ret_request);

/* A list of parameters (NULL or null: none): JSON's null, booleans, numbers and strings. */
MUST_CHECK Status sql_parameters_read(Context *ctx,
                                      const Json *json,
                                      const SqlRequestLimits *limits,
                                      const Value **ret_values,
                                      size_t *ret_count);
