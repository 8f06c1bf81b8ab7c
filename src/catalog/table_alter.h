/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ALTER TABLE: from a table and one change to its next definition.
 *
 * Only what keeps every stored row readable is allowed: a column's id never
 * changes, a dropped column's id is never given again, a type may only be
 * widened.  What must hold for the rows that are there already is said in the
 * result; who executes the change has to check it.
 */
#pragma once

#include "catalog/table.h"

typedef enum TableDemand {
    DEMAND_NOTHING,
    DEMAND_EMPTY,    /* the table has no live row */
    DEMAND_NOT_NULL, /* no live row has NULL in the column */
} TableDemand;

/* In ctx's arena; names are borrowed from the syntax tree. */
typedef struct TableAlteration {
    const Table *definition; /* for catalog_replace_table(); NULL: the table is so already */
    Str text;                /* "ADD COLUMN c TEXT" */
    TableDemand demand;
    uint32_t demand_column; /* index into the present table's columns */
} TableAlteration;

/*
 * Errors are worded as sql.md 3.4 asks and point at the name: system columns and
 * the primary key are refused, as is what the kind of table cannot have
 * (decision 24: a stream takes ADD COLUMN and options).
 */
MUST_CHECK Status table_alter(Context *ctx,
                              const Table *table,
                              const AstAlterTable *ast,
                              TableAlteration *ret_alteration);

/* Does every value of `from` have its equal in `to`? */
bool type_widens(Type from, Type to);
