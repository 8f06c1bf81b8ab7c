/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TOML (v1.0.0) for configuration files: comments, tables, dotted and quoted
 * keys, basic and literal strings (also multi-line ones), integers, floats,
 * booleans, arrays, inline tables, arrays of tables.
 *
 * The document comes out flat: one entry for each value, under its full dotted
 * name ("server.port"; the second [[cluster.peers]] gives "cluster.peers[1].x").
 * Dates and times are not read.  A key given twice is an error, as are numbers
 * beyond 64 bits.  Pure; everything is in ctx's arena.
 */
#pragma once

#include "base/context.h"

enum { TOML_DEPTH_MAX = 32, TOML_ENTRIES_MAX = 10000 };

typedef enum TomlKind {
    TOML_STRING,
    TOML_INTEGER,
    TOML_FLOAT,
    TOML_BOOLEAN,
    TOML_ARRAY, /* of any kinds */
} TomlKind;

typedef struct TomlValue TomlValue;
struct TomlValue {
    TomlKind kind;
    Str text; /* STRING: unescaped; INTEGER, FLOAT, BOOLEAN: as written */
    int64_t integer;
    double real;
    bool boolean;
    const TomlValue *first; /* ARRAY; inline tables inside arrays are left out */
    const TomlValue *next;  /* the next element of the same array */
};

typedef struct TomlEntry {
    Str key;
    TomlValue value;
    int line; /* from 1 */
} TomlEntry;

typedef struct TomlDocument {
    const TomlEntry *entries; /* in the file's order */
    size_t count;
} TomlDocument;

/* STATUS_INVALID_INPUT "line 3: ..". */
MUST_CHECK Status toml_parse(Context *ctx, Str text, TomlDocument *ret_document);

/* "string", "integer" .. for messages. */
const char *toml_kind_word(TomlKind kind);
