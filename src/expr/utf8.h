/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text by characters: counting, cutting, folding case.
 *
 * Bytes that are no UTF-8 (a cast from BYTES) count as one character each and
 * are never read past the end.  Case is folded one character to one character
 * of the same length for ASCII, Latin-1, Latin Extended-A, Greek and Cyrillic;
 * everything else has no case here.
 */
#pragma once

#include "base/str.h"

/* Of a character of more than one byte; use utf8_size(). */
size_t utf8_size_long(Str text, size_t offset);

/* Bytes of the character at `offset`, which is below text.len; never past the end. */
static inline size_t utf8_size(Str text, size_t offset)
{
    return (unsigned char)text.ptr[offset] < 0x80 ? 1 : utf8_size_long(text, offset);
}

/* In characters. */
size_t utf8_count(Str text);
/* The byte offset of character `index`, counted from 0; text.len when there are fewer. */
size_t utf8_offset(Str text, size_t index);

/* Writes text.len bytes. */
void utf8_lower(Str text, char *ret_text);
void utf8_upper(Str text, char *ret_text);
/* Are the `size` bytes at both places one character, case aside? */
bool utf8_same_nocase(const char *a, const char *b, size_t size);
