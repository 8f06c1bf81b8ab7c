/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/display.h"

#include <wchar.h>

enum { REPLACEMENT = 0xfffd };

size_t display_decode(Str text, uint32_t *ret_character)
{
    static const uint8_t LEADS[] = {0x00, 0x00, 0xc0, 0xe0, 0xf0};
    uint8_t lead = (uint8_t)text.ptr[0];
    size_t len = lead < 0x80 ? 1 : lead < 0xc0 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (len == 0 || len > text.len || !str_is_utf8(str_from(text.ptr, len))) {
        *ret_character = REPLACEMENT;
        return 1;
    }
    uint32_t character = (uint32_t)(lead & ~LEADS[len]);
    for (size_t i = 1; i < len; i++)
        character = character << 6 | ((uint8_t)text.ptr[i] & 0x3f);
    *ret_character = character;
    return len;
}

static size_t character_width(uint32_t character)
{
    int width = wcwidth((wchar_t)character);
    return width < 0 ? 1 : (size_t)width;
}

size_t display_width(Str text)
{
    size_t width = 0;
    for (size_t at = 0; at < text.len;) {
        uint32_t character;
        at += display_decode(str_from(text.ptr + at, text.len - at), &character);
        width += character_width(character);
    }
    return width;
}

size_t display_count(Str text)
{
    size_t count = 0;
    for (size_t at = 0; at < text.len; count++) {
        uint32_t character;
        at += display_decode(str_from(text.ptr + at, text.len - at), &character);
    }
    return count;
}

static bool turns_direction(uint32_t c)
{
    return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

static void clean_character(uint32_t character, Str bytes, Buf *out)
{
    if (character == '\n')
        BUF_LIT(out, "\\n");
    else if (character == '\t')
        BUF_LIT(out, "\\t");
    else if (character == '\r')
        BUF_LIT(out, "\\r");
    else if (character < 0x20 || (character >= 0x7f && character < 0xa0))
        buf_printf(out, "\\x%02x", character);
    else if (turns_direction(character) || character == 0x2028 || character == 0x2029)
        buf_printf(out, "\\u%04x", character);
    else if (character == REPLACEMENT)
        BUF_LIT(out, "\xef\xbf\xbd");
    else
        buf_str_append(out, bytes);
}

void display_clean(Str text, Buf *out)
{
    for (size_t at = 0; at < text.len;) {
        uint32_t character;
        size_t len = display_decode(str_from(text.ptr + at, text.len - at), &character);
        clean_character(character, str_from(text.ptr + at, len), out);
        at += len;
    }
}

void display_cut(Str text, size_t width, Buf *out)
{
    size_t kept_width = 0;
    size_t at = 0;
    if (display_width(text) <= width) {
        buf_str_append(out, text);
        return;
    }
    if (width == 0)
        return;
    while (at < text.len) {
        uint32_t character;
        size_t len = display_decode(str_from(text.ptr + at, text.len - at), &character);
        kept_width += character_width(character);
        if (kept_width > width - 1)
            break;
        at += len;
    }
    buf_append(out, text.ptr, at);
    BUF_LIT(out, "…");
}

void display_repeat(Str text, size_t count, Buf *out)
{
    while (count-- > 0)
        buf_str_append(out, text);
}
