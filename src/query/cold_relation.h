/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table of which rows lie in segments, as a relation of a DuckDB statement:
 * DuckDB reads the files itself, and of the hot tier what hides them.
 *
 *     (WITH h AS MATERIALIZED (SELECT * FROM kalam_source(0))
 *      SELECT k."id" AS c0, .. FROM <cold rows> k ANTI JOIN h ON k."id" = h.c0 WHERE NOT k._deleted
 *      UNION ALL
 *      SELECT c0, .. FROM h WHERE NOT c3)
 *
 * The hot rows come unfiltered, tombstones and markers too: a row that a
 * condition refuses hides a cold version that it would accept.  Conditions stand
 * around the relation, and DuckDB carries them into the files; files that
 * statistics exclude are not opened.
 */
#pragma once

#include "query/table_source.h"

/*
 * Does the table have cold rows of this owner?  Then the source gives hot rows
 * only from now on, and has a view that cold_relation_close() closes after the
 * result.  Not inside a transaction, not for few keys: those are looked up.
 */
MUST_CHECK Status cold_relation_open(QueryRun *run, TableSource *source);
void cold_relation_close(TableSource *source);

/* Appends the relation; `sources` are those of the statement. */
MUST_CHECK Status cold_relation_write(QueryRun *run,
                                      TableSource *source,
                                      DuckSourceList *sources,
                                      Buf *out);

/* Is a SELECT of this one table better left to DuckDB?  False when it is not valid. */
bool cold_relation_is_wanted(QueryRun *run, const AstSelect *ast);
