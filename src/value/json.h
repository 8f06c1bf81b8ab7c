/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON (RFC 8259): a strict reader into a tree in the arena, and a writer.
 *
 * Numbers keep their text, so that 64-bit integers and decimals survive.  The
 * reader refuses trailing text, invalid UTF-8, lone surrogates, nesting above
 * the limit; of duplicate keys the last one counts.
 */
#pragma once

#include "base/buf.h"
#include "base/context.h"

enum { JSON_DEPTH_MAX = 256 };

typedef enum JsonKind {
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
} JsonKind;

typedef struct Json Json;
struct Json {
    JsonKind kind;
    Str text;          /* NUMBER: as written; STRING: unescaped */
    Str source;        /* this value as written in the input */
    Str key;           /* the member's name, when inside an object */
    const Json *first; /* ARRAY, OBJECT: first element or member */
    const Json *next;  /* the next one in the same container */
    size_t count;
};

/* Strings and the tree are in ctx's arena or borrowed from text. STATUS_INVALID_VALUE with the byte
 * offset in the message. */
MUST_CHECK Status json_parse(Context *ctx, Str text, const Json **ret_json);

/* Checks without building anything. */
bool json_is_valid(Str text);

/* NULL when json is no object or has no such member. */
const Json *json_member(const Json *json, Str key);
/* Negative counts from the end. NULL when out of range or no array. */
const Json *json_element(const Json *json, int64_t index);

/* False when json is NULL, of another kind, or no integer in range. */
bool json_to_int64(const Json *json, int64_t *ret_value);
bool json_to_double(const Json *json, double *ret_value);

/* A quoted, escaped string. Text must be UTF-8. */
void json_write_string(Buf *out, Str text);
/* "name": with the colon; BUF_LIT(out, ",") is the caller's. */
void json_write_key(Buf *out, Str name);
/* The shortest text that reads back as the same number; value must be finite. */
void json_write_double(Buf *out, double value);
/* The shortest text that reads back as the same float; value must be finite. */
void json_write_float(Buf *out, float value);
/* Compact: no white space, members in their order. */
void json_write(Buf *out, const Json *json);
