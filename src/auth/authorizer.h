/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The authorizer: the one place that says who may do what (sql.md 5), for SQL
 * and live queries alike.
 *
 * A table of minimum roles, one row per action and one column per kind of
 * relation, decides; the only other inputs are who created a table (ALTER) and
 * whom an impersonation targets.  It is also the only place where a user id
 * becomes the owner of rows.  Pure functions, callable from any thread.
 */
#pragma once

#include "base/context.h"
#include "catalog/table.h"
#include "catalog/user.h"
#include "store/layout.h"

/* Who asks. */
typedef struct Principal {
    Str user_id;
    Role role;
} Principal;

/*
 * X(name, verb, words for "cannot ..").  The first ACTION_TABLE_COUNT are judged against a table.
 */
#define ACTION_LIST(X)                                                                             \
    X(SELECT, "select", "select from")                                                             \
    X(INSERT, "insert", "insert into")                                                             \
    X(UPDATE, "update", "update")                                                                  \
    X(DELETE, "delete", "delete from")                                                             \
    X(SUBSCRIBE, "subscribe to", "subscribe to")                                                   \
    X(DESCRIBE, "describe", "describe")                                                            \
    X(ALTER_TABLE, "alter", "alter")                                                               \
    X(DROP_TABLE, "drop", "drop")                                                                  \
    X(MAINTAIN_TABLE, "flush", "flush or compact")                                                 \
    X(CREATE_USER_TABLE, "", "create user tables")                                                 \
    X(CREATE_SHARED_TABLE, "", "create shared tables")                                             \
    X(CREATE_STREAM_TABLE, "", "create stream tables")                                             \
    X(NAMESPACE_DDL, "", "create, alter or drop namespaces")                                       \
    X(STORAGE_DDL, "", "create, alter or drop storages")                                           \
    X(USER_DDL, "", "create, alter or drop users")                                                 \
    X(VIEW_DDL, "", "create or drop views")                                                        \
    X(MAINTAIN_ALL, "", "flush or compact tables")                                                 \
    X(LIST, "", "list namespaces, tables or storages")                                             \
    X(SYSTEM_READ, "", "read system tables")                                                       \
    X(SHOW_SETTINGS, "", "show or change settings")                                                \
    X(SHOW_MANIFEST, "", "show the manifest")                                                      \
    X(KILL, "", "kill jobs or live queries")

typedef enum Action {
#define ACTION_MEMBER(name, verb, words) ACTION_##name,
    ACTION_LIST(ACTION_MEMBER)
#undef ACTION_MEMBER
        ACTION_COUNT,
    ACTION_TABLE_COUNT = ACTION_CREATE_USER_TABLE
} Action;

/*
 * May the principal do that?  `table` is what the first ACTION_TABLE_COUNT
 * actions act upon and NULL for the others.  STATUS_PERMISSION_DENIED with the
 * texts of sql.md 4 and 5; STATUS_INVALID_OPERATION when an administrator writes
 * to a system table, which nobody may.
 */
MUST_CHECK Status authorize(Context *ctx,
                            const Principal *principal,
                            Action action,
                            const Table *table);

/* As authorize() without words; for lists that leave out what one may not see. */
bool authorizer_allows(const Principal *principal, Action action, const Table *table);

/* Under which owner the principal's rows of the table live; borrows the principal's user id. */
Owner authorizer_owner(const Principal *principal, const Table *table);

/* CREATE TABLE of that kind. */
Action authorizer_create_action(TableKind kind);

/*
 * CREATE USER (target NULL), ALTER USER and DROP USER, new_role being the role
 * that the account has afterwards: on top of ACTION_USER_DDL, only role system
 * may grant the role system or touch an account that has it.
 */
MUST_CHECK Status authorize_account(Context *ctx,
                                    const Principal *principal,
                                    const User *target,
                                    Role new_role);

/*
 * EXECUTE AS USER (sql.md 5.4).  `target` is the account, or NULL for an id that
 * has none and counts as a plain user.  STATUS_UNAUTHORIZED; STATUS_INVALID_SQL
 * when the id is empty or longer than USER_ID_LENGTH_MAX.  The principal to
 * go on with has the target's id and the role user.
 */
MUST_CHECK Status authorize_impersonation(Context *ctx,
                                          const Principal *principal,
                                          Str target_id,
                                          const User *target,
                                          Principal *ret_principal);

/* EXECUTE AS USER reaches USER and STREAM tables only. STATUS_INVALID_OPERATION */
MUST_CHECK Status authorize_impersonated_table(Context *ctx, const Table *table);

/* The whole matrix as text, for the documentation and its test. */
void authorizer_print(Buf *out);
