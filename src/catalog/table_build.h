/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making a Table: the one place that computes what follows from its columns
 * (full name, primary key, layout).
 */
#pragma once

#include "catalog/table.h"

/*
 * A Table of its own (counted 1) with everything of `like` that is not
 * computed.  Columns with id 0 get the next ids; missing[i] is what rows
 * written before column i existed answer (missing NULL = NULL for all).
 */
Table *table_build(const Table *like, const Value *missing);

/* A column as it is written, without its part in the primary key; the name is borrowed. */
MUST_CHECK Status column_from_ast(Context *ctx, const AstColumnDef *ast, Column *ret_column);

/* CREATE TABLE's DEFAULT (or AUTO_INCREMENT), cast to the column's type; text in ctx's arena. */
MUST_CHECK Status column_default_from_ast(Context *ctx,
                                          const AstColumnDef *ast,
                                          Type type,
                                          ColumnDefault *ret_default);

/* WITH (..): every option checked for what it is and whether it applies to the kind. */
MUST_CHECK Status table_options_from_ast(Context *ctx,
                                         const AstOptionList *list,
                                         TableKind kind,
                                         const TableDefaults *defaults,
                                         TableOptions *ret_options);

/* ALTER TABLE's options, read over those that the table has; refuses what cannot change. */
MUST_CHECK Status table_options_change(Context *ctx,
                                       const AstOptionList *list,
                                       const Table *table,
                                       TableOptions *ret_options);
bool table_options_equal(const TableOptions *a, const TableOptions *b);
