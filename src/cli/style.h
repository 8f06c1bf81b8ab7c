/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How output looks: colours (never when it does not go to a terminal) and the
 * width lines are cut to.
 */
#pragma once

#include "base/buf.h"

typedef struct Style {
    bool color;
    size_t width; /* of the terminal in columns; 0 = lines may be of any length */
} Style;

typedef enum Paint {
    PAINT_NONE,
    PAINT_BOLD,
    PAINT_DIM,
    PAINT_RED,
    PAINT_GREEN,
    PAINT_YELLOW,
    PAINT_BLUE
} Paint;

/* "" without colours; the reset for PAINT_NONE. */
const char *style_escape(const Style *style, Paint paint);

/* Appends text in that colour. */
void style_write(const Style *style, Paint paint, Str text, Buf *out);
void style_printf(const Style *style, Paint paint, Buf *out, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
