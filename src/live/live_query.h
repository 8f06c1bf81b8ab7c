/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a subscription asks for: one table, one owner's rows, a condition, some
 * columns.
 *
 * A LiveQuery is bound once, at subscribe, and never changes; it is counted and
 * may be read by any thread.  Two subscriptions that ask for the same (equal
 * condition, columns, owner and form of updates) share one, see live_engine.c.
 */
#pragma once

#include "auth/authorizer.h"
#include "base/refcount.h"
#include "catalog/catalog.h"
#include "expr/predicate.h"
#include "store/layout.h"

enum { LIVE_CONDITION_DEPTH_MAX = 64 };

typedef struct LiveColumn {
    uint32_t index; /* into the row as expressions see it */
    Str key;        /* "name": as JSON, with the colon */
    bool in_key;    /* the table's primary key */
} LiveColumn;

typedef struct LiveQuery {
    RefCount refs;
    Arena arena;
    Catalog *catalog; /* keeps the table */
    const Table *table;
    Owner owner;
    const Expr *condition; /* NULL = every row */
    Predicate predicate;
    const LiveColumn *columns; /* as selected, then the primary key when it was not selected */
    uint32_t column_count;
    uint32_t selected_count; /* of columns */
    bool star;               /* rows carry _deleted (not streams) */
    bool full;               /* updates carry whole rows */
    uint64_t hash;           /* of all that live_query_equal() compares */
} LiveQuery;

typedef struct LiveQueryText {
    Str sql;
    ExprParameters parameters;
    bool full;
} LiveQueryText;

/*
 * Parses, authorizes and binds.  Errors: STATUS_INVALID_SQL (what cannot be kept
 * live, with the reason), STATUS_TABLE_NOT_FOUND, STATUS_PERMISSION_DENIED,
 * STATUS_UNSUPPORTED, worded as protocol.md 2.8 asks once live_error_message()
 * has put the prefix before them.
 */
MUST_CHECK Status live_query_bind(Context *ctx,
                                  Catalog *catalog,
                                  const Principal *principal,
                                  const LiveQueryText *text,
                                  LiveQuery **ret_query);

LiveQuery *live_query_ref(LiveQuery *query);
void live_query_unref(LiveQuery *query);
DEFINE_CLEANUP(LiveQuery, live_query_unref)

bool live_query_equal(const LiveQuery *a, const LiveQuery *b);

/* Is the change's owner this query's? */
static inline bool live_query_owns(const LiveQuery *query, Owner owner)
{
    return !table_is_per_user(query->table) || str_equal(query->owner.user_id, owner.user_id);
}

/* The error codes of protocol.md 2.8, and the message with its prefixes (in the arena). */
const char *live_error_code(Status status);
Str live_error_message(Arena *arena, const Context *ctx);
