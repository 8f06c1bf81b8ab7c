/* SPDX-License-Identifier: Apache-2.0 */
#include "expr/utf8.h"

static bool is_continuation(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

static size_t size_by_lead(unsigned char lead)
{
    if (lead < 0xc0)
        return 1;
    return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

size_t utf8_size_long(Str text, size_t offset)
{
    size_t wanted = size_by_lead((unsigned char)text.ptr[offset]);
    size_t size = 1;
    while (size < wanted && offset + size < text.len && is_continuation(text.ptr[offset + size]))
        size++;
    return size == wanted ? size : 1;
}

size_t utf8_count(Str text)
{
    size_t count = 0;
    for (size_t at = 0; at < text.len; at += utf8_size(text, at))
        count++;
    return count;
}

size_t utf8_offset(Str text, size_t index)
{
    size_t at = 0;
    for (; index > 0 && at < text.len; index--)
        at += utf8_size(text, at);
    return at;
}

/* Only characters of two bytes and their partners of two bytes, U+0080..U+07FF. */

static unsigned lower_two(unsigned c)
{
    if ((c >= 0xc0 && c <= 0xde && c != 0xd7) || (c >= 0x391 && c <= 0x3ab && c != 0x3a2) ||
        (c >= 0x410 && c <= 0x42f))
        return c + 32;
    if (c >= 0x400 && c <= 0x40f)
        return c + 80;
    if (c == 0x178)
        return 0xff;
    bool even_is_upper = (c >= 0x100 && c <= 0x137 && c != 0x130) || (c >= 0x14a && c <= 0x177) ||
                         (c >= 0x460 && c <= 0x481) || (c >= 0x48a && c <= 0x4bf);
    bool odd_is_upper = (c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e);
    if ((even_is_upper && c % 2 == 0) || (odd_is_upper && c % 2 == 1))
        return c + 1;
    return c;
}

static unsigned upper_two(unsigned c)
{
    if ((c >= 0xe0 && c <= 0xfe && c != 0xf7) || (c >= 0x3b1 && c <= 0x3cb && c != 0x3c2) ||
        (c >= 0x430 && c <= 0x44f))
        return c - 32;
    if (c >= 0x450 && c <= 0x45f)
        return c - 80;
    if (c == 0xff)
        return 0x178;
    if (c == 0x3c2) /* the sigma that ends a word */
        return 0x3a3;
    return c > 0x80 && c != 0x131 && lower_two(c - 1) == c ? c - 1 : c;
}

static void map_two(const char *from, char *to, unsigned (*map)(unsigned))
{
    unsigned c = ((unsigned)from[0] & 0x1fu) << 6 | ((unsigned)from[1] & 0x3fu);
    c = map(c);
    to[0] = (char)(0xc0 | c >> 6);
    to[1] = (char)(0x80 | (c & 0x3f));
}

static void map_text(Str text, char *ret_text, char (*ascii)(char), unsigned (*two)(unsigned))
{
    for (size_t at = 0, size; at < text.len; at += size) {
        size = utf8_size(text, at);
        if (size == 1)
            ret_text[at] = ascii(text.ptr[at]);
        else if (size == 2)
            map_two(text.ptr + at, ret_text + at, two);
        else
            memcpy(ret_text + at, text.ptr + at, size);
    }
}

void utf8_lower(Str text, char *ret_text)
{
    map_text(text, ret_text, ascii_lower, lower_two);
}

void utf8_upper(Str text, char *ret_text)
{
    map_text(text, ret_text, ascii_upper, upper_two);
}

bool utf8_same_nocase(const char *a, const char *b, size_t size)
{
    char a_lower[4], b_lower[4];
    utf8_lower(str_from(a, size), a_lower);
    utf8_lower(str_from(b, size), b_lower);
    return memcmp(a_lower, b_lower, size) == 0;
}
