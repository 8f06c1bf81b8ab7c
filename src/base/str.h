/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Str: a borrowed run of bytes, by value.  Not NUL-terminated, never modified
 * through the Str.  Text is UTF-8 unless a function says otherwise.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct Str {
    const char *ptr;
    size_t len;
} Str;

#define STR(literal) ((Str){"" literal, sizeof(literal) - 1})
#define STR_INIT(literal)                                                                          \
    {                                                                                              \
        "" literal, sizeof(literal) - 1                                                            \
    }
#define STR_NULL ((Str){NULL, 0})

/* printf("%.*s", STR_ARG(name)) */
#define STR_ARG(str) (int)((str).len), ((str).ptr ? (str).ptr : "")

static inline Str str_from(const char *ptr, size_t len)
{
    return (Str){ptr, len};
}

/* A C string from a library border; NULL counts as empty. */
static inline Str str_from_c(const char *text)
{
    return (Str){text, text ? strlen(text) : 0};
}

static inline bool str_equal(Str a, Str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* Byte order; -1, 0 or 1. */
int str_compare(Str a, Str b);

/* ASCII case only. */
bool str_equal_nocase(Str a, Str b);

bool str_starts_with(Str str, Str prefix);
bool str_ends_with(Str str, Str suffix);

/* Offset of the first `byte`, or str.len. */
size_t str_find_byte(Str str, char byte);

/* Without ASCII white space at both ends. */
Str str_trim(Str str);

/* Takes the text up to `separator` off `rest`; false when rest is used up. */
bool str_split(Str *rest, char separator, Str *ret_part);

/* Whole-string decimal integers; false on anything else or overflow. */
bool str_to_int64(Str str, int64_t *ret_value);
bool str_to_uint64(Str str, uint64_t *ret_value);

/* RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
bool str_is_utf8(Str str);

static inline char ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static inline char ascii_upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}
