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

/* Does the text end inside of a quote or a comment, so that what follows belongs to it? */
bool statement_ends_quoted(Str text);

/* A line for kalam itself: it starts with a backslash, or is `exit` or `quit` alone. */
bool statement_is_command(Str line);

typedef enum ScriptPartKind {
    SCRIPT_END,
    SCRIPT_SQL, /* a statement, or BEGIN .. COMMIT as a whole: a transaction is one request */
    SCRIPT_META /* statement_is_command() */
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
