/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors as callers of SQL see them (protocol.md 1.6): the wire code, the
 * message with its prefix, and for those who are no administrators words that
 * tell nothing about what they may not see.
 *
 *     {"code":"INVALID_SQL","message":"..","details":"..","position":12,"hint":".."}
 *
 * details only for administrators; position counts characters of the request's
 * SQL from 1; details, position and hint are left out when there are none.
 */
#pragma once

#include "catalog/user.h"
#include "query/query.h"

typedef struct SqlError {
    int http_status;
    const char *code;
    Str message;
    Str details;
    Str hint;
    size_t position; /* characters, from 1; 0 = unknown */
} SqlError;

/* An error of the request itself, described in ctx, as everybody may see it; in ctx's arena. */
SqlError sql_error_from_context(Context *ctx);

/* Of a run that failed, in the arena.  `sql` is the request's whole text. */
SqlError sql_error_from_run(Arena *arena, const QueryRun *run, Role role, Str sql);

void sql_error_write(Buf *out, const SqlError *error);
