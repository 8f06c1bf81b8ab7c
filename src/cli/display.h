/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text as a terminal shows it: how many columns it takes, and nothing in it
 * that moves the cursor.
 *
 * Widths are wcwidth's, so the locale must be one of UTF-8 (terminal.h sets
 * it).  Wide characters take two columns, combining ones none.
 */
#pragma once

#include "base/buf.h"

/* The length of the character at the front in bytes; 1 and U+FFFD for what is no UTF-8. */
size_t display_decode(Str text, uint32_t *ret_character);

/* Columns of clean text. */
size_t display_width(Str text);

/* How many characters there are. */
size_t display_count(Str text);

/*
 * Appends text in which controls and changes of direction are written out: \n, \t, \x1b, \u202e;
 * what is no UTF-8 becomes U+FFFD.
 */
void display_clean(Str text, Buf *out);

/* Appends clean text, cut to width columns with an ellipsis as the last when it is longer. */
void display_cut(Str text, size_t width, Buf *out);

void display_repeat(Str text, size_t count, Buf *out);
