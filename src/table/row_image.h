/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between stored rows and rows as expressions see them: columns in declared
 * order, then _seq, _updated, _deleted.
 */
#pragma once

#include "catalog/table.h"
#include "store/layout.h"

/*
 * Fills values[table_row_width(table)].  scratch has table->column_count
 * elements.  Text is borrowed from `image` or lies in ctx's arena.
 */
MUST_CHECK Status row_image_read(
    Context *ctx, const Table *table, const StoredRow *stored, Value *scratch, Value *ret_values);
