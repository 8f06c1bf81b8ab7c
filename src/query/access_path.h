/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which rows a condition can concern: what it pins or bounds of the primary key
 * becomes keys to look up or a range to scan.  The condition itself is still
 * tested on every row.
 */
#pragma once

#include "base/context.h"
#include "expr/predicate.h"

typedef struct AccessPath {
    bool never;      /* no row at all */
    bool by_key;     /* only `keys`: distinct, ascending */
    const Str *keys; /* encoded primary keys */
    size_t key_count;
    Str lower; /* inclusive; empty = open */
    Str upper; /* exclusive; empty = open */
} AccessPath;

/* condition NULL = every row.  In ctx's arena. */
AccessPath access_path_make(Context *ctx, const Table *table, const Expr *condition);
