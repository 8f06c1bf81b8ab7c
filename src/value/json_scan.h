/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of a JSON string that stand for themselves, eight at a time.
 */
#pragma once

#include "base/str.h"

#include <endian.h>

#define BYTES_OF(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Marks every zero byte; bytes after (not before) one may be marked too. */
static inline uint64_t json_zero_bytes(uint64_t word)
{
    return (word - BYTES_OF(1)) & ~word & BYTES_OF(0x80);
}

/* The first byte that is a quote, a backslash or a control character, or end. */
static inline const char *json_plain_end(const char *at, const char *end)
{
    uint64_t word;
    for (; end - at >= 8; at += 8) {
        memcpy(&word, at, sizeof(word));
        word = le64toh(word);
        uint64_t control = (word - BYTES_OF(0x20)) & ~word & BYTES_OF(0x80);
        uint64_t special = control | json_zero_bytes(word ^ BYTES_OF('"')) |
                           json_zero_bytes(word ^ BYTES_OF('\\'));
        if (special)
            return at + __builtin_ctzll(special) / 8;
    }
    while (at < end && (unsigned char)*at >= 0x20 && *at != '"' && *at != '\\')
        at++;
    return at;
}
