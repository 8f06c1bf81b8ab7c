/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

int str_compare(Str a, Str b)
{
    size_t shorter = a.len < b.len ? a.len : b.len;
    int order = shorter ? memcmp(a.ptr, b.ptr, shorter) : 0;
    if (order)
        return order < 0 ? -1 : 1;
    return a.len == b.len ? 0 : a.len < b.len ? -1 : 1;
}

bool str_equal_nocase(Str a, Str b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (ascii_lower(a.ptr[i]) != ascii_lower(b.ptr[i]))
            return false;
    return true;
}

bool str_starts_with(Str str, Str prefix)
{
    return str.len >= prefix.len && str_equal(str_from(str.ptr, prefix.len), prefix);
}

bool str_ends_with(Str str, Str suffix)
{
    return str.len >= suffix.len &&
           str_equal(str_from(str.ptr + str.len - suffix.len, suffix.len), suffix);
}

size_t str_find_byte(Str str, char byte)
{
    const char *found = str.len ? memchr(str.ptr, byte, str.len) : NULL;
    return found ? (size_t)(found - str.ptr) : str.len;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

Str str_trim(Str str)
{
    while (str.len && is_space(str.ptr[0]))
        str = str_from(str.ptr + 1, str.len - 1);
    while (str.len && is_space(str.ptr[str.len - 1]))
        str.len--;
    return str;
}

bool str_split(Str *rest, char separator, Str *ret_part)
{
    if (!rest->ptr)
        return false;
    size_t end = str_find_byte(*rest, separator);
    *ret_part = str_from(rest->ptr, end);
    *rest = end < rest->len ? str_from(rest->ptr + end + 1, rest->len - end - 1) : STR_NULL;
    return true;
}

bool str_to_uint64(Str str, uint64_t *ret_value)
{
    uint64_t value = 0;
    if (str.len == 0)
        return false;
    for (size_t i = 0; i < str.len; i++) {
        unsigned digit = (unsigned)((unsigned char)str.ptr[i] - '0');
        if (digit > 9 || __builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, digit, &value))
            return false;
    }
    *ret_value = value;
    return true;
}

bool str_to_int64(Str str, int64_t *ret_value)
{
    bool negative = str.len > 0 && str.ptr[0] == '-';
    bool sign = negative || (str.len > 0 && str.ptr[0] == '+');
    uint64_t magnitude;
    if (!str_to_uint64(sign ? str_from(str.ptr + 1, str.len - 1) : str, &magnitude))
        return false;
    if (magnitude > (uint64_t)INT64_MAX + (negative ? 1 : 0))
        return false;
    *ret_value = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return true;
}

/* Length of the UTF-8 sequence at ptr, or 0 when it is not a legal one. */
static size_t utf8_sequence(const unsigned char *ptr, size_t len)
{
    unsigned char c = ptr[0];
    if (c < 0x80)
        return 1;
    size_t need = c >= 0xc2 && c <= 0xdf   ? 2
                  : (c & 0xf0) == 0xe0     ? 3
                  : c >= 0xf0 && c <= 0xf4 ? 4
                                           : 0;
    if (need == 0 || need > len)
        return 0;
    for (size_t i = 1; i < need; i++)
        if ((ptr[i] & 0xc0) != 0x80)
            return 0;
    bool overlong = (c == 0xe0 && ptr[1] < 0xa0) || (c == 0xf0 && ptr[1] < 0x90);
    bool surrogate = c == 0xed && ptr[1] > 0x9f;
    bool too_big = c == 0xf4 && ptr[1] > 0x8f;
    return overlong || surrogate || too_big ? 0 : need;
}

bool str_is_utf8(Str str)
{
    const unsigned char *ptr = (const unsigned char *)str.ptr;
    size_t at = 0;
    while (at < str.len) {
        uint64_t word;
        while (str.len - at >= 8 && (memcpy(&word, ptr + at, 8), !(word & 0x8080808080808080u)))
            at += 8;
        if (at == str.len)
            break;
        size_t step = utf8_sequence(ptr + at, str.len - at);
        if (step == 0)
            return false;
        at += step;
    }
    return true;
}
