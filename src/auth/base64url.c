/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/base64url.h"

static const char ALPHABET[64] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void base64url_append(Buf *out, Str bytes)
{
    uint32_t bits = 0;
    unsigned bit_count = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        bits = bits << 8 | (uint8_t)bytes.ptr[i];
        for (bit_count += 8; bit_count >= 6; bit_count -= 6)
            buf_byte(out, ALPHABET[bits >> (bit_count - 6) & 63]);
    }
    if (bit_count > 0)
        buf_byte(out, ALPHABET[bits << (6 - bit_count) & 63]);
}

/* 0..63, or -1. */
static int digit_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '-')
        return 62;
    return c == '_' ? 63 : -1;
}

bool base64url_decode(Buf *out, Str text)
{
    uint32_t bits = 0;
    unsigned bit_count = 0;
    for (size_t i = 0; i < text.len; i++) {
        int value = digit_value(text.ptr[i]);
        if (value < 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
        bit_count += 6;
        if (bit_count >= 8) {
            bit_count -= 8;
            buf_byte(out, (char)(bits >> bit_count & 255));
        }
    }
    /* Six bits left over are a digit too many; others must be the zeroes that fill the last digit.
     */
    return bit_count < 6 && (bits & ((1u << bit_count) - 1)) == 0;
}
