/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a subscription asks for: one table, one owner's rows, a condition, some
 * columns.
 *
 * live_query_bind() makes one in the arena of a request.  Most often somebody asks
 * for the same already (equal condition, columns, owner and form of updates), and
 * that query is shared; if not, live_query_keep() makes a copy that lives on.  That
 * one is counted, never changes and may be read by any thread.  There may be a
 * hundred thousand of them: what follows from the table is not stored again.
 */
#pragma once

#include "auth/authorizer.h"
#include "base/refcount.h"
#include "catalog/catalog.h"
#include "expr/expr.h"
#include "store/layout.h"

/* Of its WHERE.  Long chains (a AND b AND c ..) do not nest. */
enum { LIVE_CONDITION_NESTING_MAX = 64 };

typedef struct LiveQuery {
    RefCount refs;           /* of a kept one */
    uint32_t selected_count; /* of columns */
    uint32_t column_count;
    bool star; /* rows carry _deleted (not streams) */
    bool full; /* updates carry whole rows */
    /* Indices into the row as expressions see it: as selected, then the primary key when it was
     * not selected. */
    const uint32_t *columns;
    const Table *table; /* counted by a kept one, else the catalog's */
    Owner owner;
    const Expr *condition; /* NULL = every row */
    Str sql;               /* the words of who asked first */
    uint64_t hash;         /* of all that live_query_equal() compares */
} LiveQuery;

typedef struct LiveColumn {
    uint32_t index; /* into the row as expressions see it */
    Str key;        /* "name": as JSON, with the colon */
    bool in_key;    /* the table's primary key */
} LiveColumn;

/* at < column_count */
static inline LiveColumn live_query_column(const LiveQuery *query, uint32_t at)
{
    const Table *table = query->table;
    uint32_t index = query->columns[at];
    return (LiveColumn){
        .index = index,
        .key = index < table->column_count ? table->columns[index].json_key : STR("\"_updated\":"),
        .in_key = (int)index == table->primary_key,
    };
}

typedef struct LiveQueryText {
    Str sql;
    ExprParameters parameters;
    bool full;
    const Table *table; /* the definition to bind to; NULL = the catalog's newest */
} LiveQueryText;

/*
 * Parses, authorizes and binds.  The result is in ctx's arena and valid as long as the catalog
 * (which is not looked at when text names the table); text too must stay that long.  Errors:
 * STATUS_INVALID_SQL (what cannot be kept live, with the reason), STATUS_TABLE_NOT_FOUND,
 * STATUS_PERMISSION_DENIED, STATUS_UNSUPPORTED, worded as protocol.md 2.8 asks once
 * live_error_message() has put the prefix before them.
 */
MUST_CHECK Status live_query_bind(Context *ctx,
                                  const Catalog *catalog,
                                  const Principal *principal,
                                  const LiveQueryText *text,
                                  const LiveQuery **ret_query);

/* A copy with everything it needs, in one allocation; counted once. */
LiveQuery *live_query_keep(const LiveQuery *bound);
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
Str live_error_message(Arena *arena, const Context *ctx, Audience audience);
