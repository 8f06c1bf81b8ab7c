/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Path templates: the directory of a table, or of one user's part of it, inside
 * a storage.
 *
 *     {namespace}/{tableName}              shared tables
 *     {namespace}/{tableName}/{userId}     user tables
 *
 * Names in paths consist of [a-z0-9-] as they are and every other byte as _hh.
 * What is longer than a file system takes is cut and ends in "_-" and a digest,
 * which no other name does.
 */
#pragma once

#include "base/buf.h"
#include "base/context.h"

#define SHARED_TABLES_TEMPLATE STR("{namespace}/{tableName}")
#define USER_TABLES_TEMPLATE   STR("{namespace}/{tableName}/{userId}")

enum { STORAGE_TEMPLATE_LENGTH_MAX = 256 };

/* Which tables a template is for. */
typedef enum StorageTemplateKind { TEMPLATE_SHARED, TEMPLATE_USER } StorageTemplateKind;

/*
 * Checks a template and writes it in today's words: {table_name} becomes
 * {tableName}, {user_id} {userId}; a component {shard} is left out.  In the
 * arena.  STATUS_INVALID_SQL: variables are missing, unknown or in the wrong
 * place, or the literal text would not make a path below the storage.
 */
MUST_CHECK Status storage_template_normalise(Context *ctx,
                                             Str text,
                                             StorageTemplateKind kind,
                                             Str *ret_template);

typedef struct StoragePathNames {
    Str namespace_name;
    Str table_name;
    Str user_id; /* of templates for user tables */
} StoragePathNames;

/* The directory, without a slash at either end; in the arena.  The template is normalised. */
Str storage_path_expand(Arena *arena, Str template_text, const StoragePathNames *names);

/* One name as it stands in paths. */
void storage_path_encode(Buf *out, Str name);

/* Would DuckDB take the path of a file for a pattern? */
bool storage_path_has_pattern(Str path);
