/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DuckDB's functions, found at run time.
 *
 * Linking would map 70 MB into every process and make the program refuse to
 * start without the file; so the functions sit in a table that is filled by the
 * first use and never emptied.
 */
#pragma once

#include "base/context.h"

#include <duckdb.h>

/* Newer than the header. */
void duckdb_unsafe_vector_assign_string_element_len(duckdb_vector vector,
                                                    idx_t index,
                                                    const char *text,
                                                    idx_t len);

#define DUCK_FUNCTIONS(X)                                                                          \
    X(bind_add_result_column)                                                                      \
    X(bind_get_extra_info)                                                                         \
    X(bind_get_parameter)                                                                          \
    X(bind_set_bind_data)                                                                          \
    X(bind_set_cardinality)                                                                        \
    X(bind_set_error)                                                                              \
    X(bind_value)                                                                                  \
    X(client_context_get_connection_id)                                                            \
    X(close)                                                                                       \
    X(column_count)                                                                                \
    X(column_logical_type)                                                                         \
    X(column_name)                                                                                 \
    X(connect)                                                                                     \
    X(connection_get_client_context)                                                               \
    X(create_blob)                                                                                 \
    X(create_bool)                                                                                 \
    X(create_config)                                                                               \
    X(create_date)                                                                                 \
    X(create_decimal)                                                                              \
    X(create_decimal_type)                                                                         \
    X(create_double)                                                                               \
    X(create_float)                                                                                \
    X(create_int16)                                                                                \
    X(create_int32)                                                                                \
    X(create_int64)                                                                                \
    X(create_logical_type)                                                                         \
    X(create_null_value)                                                                           \
    X(create_scalar_function)                                                                      \
    X(create_table_function)                                                                       \
    X(create_time)                                                                                 \
    X(create_timestamp)                                                                            \
    X(create_timestamp_tz)                                                                         \
    X(create_uuid)                                                                                 \
    X(create_varchar_length)                                                                       \
    X(data_chunk_get_column_count)                                                                 \
    X(data_chunk_get_size)                                                                         \
    X(data_chunk_get_vector)                                                                       \
    X(data_chunk_set_size)                                                                         \
    X(decimal_internal_type)                                                                       \
    X(decimal_scale)                                                                               \
    X(decimal_width)                                                                               \
    X(destroy_client_context)                                                                      \
    X(destroy_config)                                                                              \
    X(destroy_data_chunk)                                                                          \
    X(destroy_logical_type)                                                                        \
    X(destroy_pending)                                                                             \
    X(destroy_prepare)                                                                             \
    X(destroy_result)                                                                              \
    X(destroy_scalar_function)                                                                     \
    X(destroy_table_function)                                                                      \
    X(destroy_value)                                                                               \
    X(disconnect)                                                                                  \
    X(execute_pending)                                                                             \
    X(fetch_chunk)                                                                                 \
    X(free)                                                                                        \
    X(function_get_init_data)                                                                      \
    X(function_set_error)                                                                          \
    X(get_int64)                                                                                   \
    X(get_type_id)                                                                                 \
    X(init_get_bind_data)                                                                          \
    X(init_get_column_count)                                                                       \
    X(init_get_column_index)                                                                       \
    X(init_set_error)                                                                              \
    X(init_set_init_data)                                                                          \
    X(init_set_max_threads)                                                                        \
    X(interrupt)                                                                                   \
    X(library_version)                                                                             \
    X(logical_type_get_alias)                                                                      \
    X(logical_type_set_alias)                                                                      \
    X(nparams)                                                                                     \
    X(open_ext)                                                                                    \
    X(pending_error)                                                                               \
    X(pending_prepared)                                                                            \
    X(pending_prepared_streaming)                                                                  \
    X(prepare)                                                                                     \
    X(prepare_error)                                                                               \
    X(query)                                                                                       \
    X(register_scalar_function)                                                                    \
    X(register_table_function)                                                                     \
    X(result_error)                                                                                \
    X(result_error_type)                                                                           \
    X(rows_changed)                                                                                \
    X(scalar_function_add_parameter)                                                               \
    X(scalar_function_bind_get_extra_info)                                                         \
    X(scalar_function_bind_set_error)                                                              \
    X(scalar_function_get_bind_data)                                                               \
    X(scalar_function_get_client_context)                                                          \
    X(scalar_function_set_bind)                                                                    \
    X(scalar_function_set_bind_data)                                                               \
    X(scalar_function_set_bind_data_copy)                                                          \
    X(scalar_function_set_error)                                                                   \
    X(scalar_function_set_extra_info)                                                              \
    X(scalar_function_set_function)                                                                \
    X(scalar_function_set_name)                                                                    \
    X(scalar_function_set_return_type)                                                             \
    X(scalar_function_set_special_handling)                                                        \
    X(scalar_function_set_varargs)                                                                 \
    X(scalar_function_set_volatile)                                                                \
    X(set_config)                                                                                  \
    X(table_function_add_parameter)                                                                \
    X(table_function_get_client_context)                                                           \
    X(table_function_set_bind)                                                                     \
    X(table_function_set_extra_info)                                                               \
    X(table_function_set_function)                                                                 \
    X(table_function_set_init)                                                                     \
    X(table_function_set_name)                                                                     \
    X(table_function_supports_projection_pushdown)                                                 \
    X(unsafe_vector_assign_string_element_len)                                                     \
    X(validity_set_row_invalid)                                                                    \
    X(vector_ensure_validity_writable)                                                             \
    X(vector_get_column_type)                                                                      \
    X(vector_get_data)                                                                             \
    X(vector_get_validity)                                                                         \
    X(vector_size)

typedef struct DuckFunctions {
#define DUCK_FUNCTION_MEMBER(name) __typeof__(duckdb_##name) *name;
    DUCK_FUNCTIONS(DUCK_FUNCTION_MEMBER)
#undef DUCK_FUNCTION_MEMBER
} DuckFunctions;

/* Valid once duck_library_load() has succeeded. */
extern DuckFunctions duckdb;

/*
 * Loads `file` (empty: where duck_engine_new() says), once for the process; from
 * any thread.  Fails with STATUS_IO_ERROR naming what was tried.
 */
MUST_CHECK Status duck_library_load(Context *ctx, Str file);
