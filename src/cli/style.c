/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/style.h"

#include <stdio.h>

const char *style_escape(const Style *style, Paint paint)
{
    static const char *const ESCAPES[] = {
        [PAINT_NONE] = "\033[0m",
        [PAINT_BOLD] = "\033[1m",
        [PAINT_DIM] = "\033[2m",
        [PAINT_RED] = "\033[31m",
        [PAINT_GREEN] = "\033[32m",
        [PAINT_YELLOW] = "\033[33m",
        [PAINT_BLUE] = "\033[34m",
    };
    return style->color ? ESCAPES[paint] : "";
}

void style_write(const Style *style, Paint paint, Str text, Buf *out)
{
    if (paint == PAINT_NONE) {
        buf_str_append(out, text);
        return;
    }
    buf_str_append(out, str_from_c(style_escape(style, paint)));
    buf_str_append(out, text);
    buf_str_append(out, str_from_c(style_escape(style, PAINT_NONE)));
}

void style_printf(const Style *style, Paint paint, Buf *out, const char *format, ...)
{
    CLEANUP(free) char *text = NULL;
    va_list args;
    va_start(args, format);
    int len = vasprintf(&text, format, args);
    va_end(args);
    if (len >= 0)
        style_write(style, paint, str_from(text, (size_t)len), out);
}
