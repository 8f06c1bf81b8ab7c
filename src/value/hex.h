/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hexadecimal digits.
 */
#pragma once

#include "base/str.h"

/* 0..15 in either case, or -1. */
static inline int hex_digit(char c)
{
    char lower = ascii_lower(c);
    if (lower >= 'a' && lower <= 'f')
        return lower - 'a' + 10;
    return c >= '0' && c <= '9' ? c - '0' : -1;
}
