/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where statements end: a `;` outside of quotes, comments and $tag$..$tag$.
 *
 * Knows as much of SQL's lexical rules as the server's lexer, so that both cut
 * at the same places.  Pure.
 */
#pragma once

#include "base/str.h"

/* The length up to and with the first `;` that ends a statement; 0 = there is none yet. */
size_t statement_end(Str text);

/* Only blanks, comments and semicolons. */
bool statement_is_blank(Str text);

/* The n-th word of the statement, from 0, past blanks and comments; empty when there is none. */
Str statement_word(Str text, size_t n);

typedef enum ScriptPartKind {
    SCRIPT_END,
    SCRIPT_SQL, /* a statement, or BEGIN .. COMMIT as a whole: a transaction is one request */
    SCRIPT_META /* a line that starts with a backslash */
} ScriptPartKind;

typedef struct ScriptPart {
    ScriptPartKind kind;
    Str text;    /* without blanks around */
    size_t line; /* where it starts, from 1 */
    bool closed; /* SCRIPT_SQL: ended by its `;`, a transaction by its COMMIT or ROLLBACK */
} ScriptPart;

typedef struct Script {
    Str text;
    size_t at;    /* what was read so far */
    size_t lines; /* newlines before `at` */
} Script;

/* {.text = ..} starts at the beginning. */
ScriptPart script_next(Script *script);
