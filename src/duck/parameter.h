/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Value as a parameter of a statement.
 */
#pragma once

#include "duck/library.h"
#include "value/value.h"

/* number counts from 1.  Fails with STATUS_INVALID_VALUE for text that is not UTF-8. */
MUST_CHECK Status duck_parameter_bind(Context *ctx,
                                      duckdb_prepared_statement prepared,
                                      idx_t number,
                                      const Value *value);
