/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LIKE: '%' stands for any text, '_' for one character, the escape character
 * makes the next one stand for itself.
 */
#pragma once

#include "base/str.h"

typedef struct LikePattern {
    Str pattern;
    Str escape; /* one character, or empty: nothing escapes */
    bool nocase;
} LikePattern;

/* False when the pattern ends in the middle of an escape. */
bool like_is_valid(const LikePattern *like);

/* At most text.len * pattern.len steps, no recursion.  The pattern must be valid. */
bool like_match(const LikePattern *like, Str text);
