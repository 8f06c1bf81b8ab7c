/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names and permissions: the only way from a name in a statement to a Table is
 * through the authorizer.
 */
#pragma once

#include "query/run.h"

/* May the actor run statements of this kind at all?  Asked of a whole script before any of it runs.
 */
MUST_CHECK Status access_check_statement(QueryRun *run, const AstStatement *statement);

/* EXECUTE AS USER: replaces the run's statement and principal by the inner ones. */
MUST_CHECK Status access_execute_as(QueryRun *run);

/* The namespace a name means: the one written, else the current one. */
Str access_namespace(const QueryRun *run, const AstTableName *name);

/* The table of that name, or NULL; asks nobody. Borrowed from the run's snapshot. */
const Table *access_find_table(const QueryRun *run, const AstTableName *name);

/* STATUS_TABLE_NOT_FOUND, or what the authorizer says. */
MUST_CHECK Status access_table(QueryRun *run,
                               const AstTableName *name,
                               Action action,
                               const Table **ret_table);
