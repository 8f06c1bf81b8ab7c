/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The usual two-pointer matcher: a mismatch goes back to the last '%' and lets
 * it swallow one character more.  Going back to the last one is enough, because
 * what stands before it has matched already and '%' takes whatever is between.
 */
#include "expr/like.h"

#include "expr/utf8.h"

/* Most characters are told from the escape by their first byte. */
static inline bool escapes_at(const LikePattern *like, size_t at)
{
    Str escape = like->escape, pattern = like->pattern;
    return escape.len > 0 && pattern.ptr[at] == escape.ptr[0] &&
           (escape.len == 1 ||
            str_starts_with(str_from(pattern.ptr + at, pattern.len - at), escape));
}

bool like_is_valid(const LikePattern *like)
{
    size_t at = 0;
    while (at < like->pattern.len) {
        if (escapes_at(like, at))
            at += like->escape.len;
        if (at >= like->pattern.len)
            return false;
        at += utf8_size(like->pattern, at);
    }
    return true;
}

static bool is_percent(const LikePattern *like, size_t at)
{
    return at < like->pattern.len && like->pattern.ptr[at] == '%' && !escapes_at(like, at);
}

/* Matches one character of the pattern at *p, which is no '%'; moves both on when it fits. */
static bool match_one(const LikePattern *like, Str text, size_t *p, size_t *t)
{
    size_t at = *p;
    size_t text_size = utf8_size(text, *t);
    bool escaped = escapes_at(like, at);
    if (escaped)
        at += like->escape.len;
    size_t size = utf8_size(like->pattern, at);
    const char *a = like->pattern.ptr + at;
    const char *b = text.ptr + *t;

    bool any = !escaped && *a == '_';
    if (!any && (size != text_size ||
                 !(like->nocase ? utf8_same_nocase(a, b, size) : memcmp(a, b, size) == 0)))
        return false;
    *p = at + size;
    *t += text_size;
    return true;
}

bool like_match(const LikePattern *like, Str text)
{
    size_t p = 0, t = 0;
    size_t after_percent = 0, swallowed = 0;
    bool seen_percent = false;

    while (t < text.len) {
        if (is_percent(like, p)) {
            seen_percent = true;
            after_percent = ++p;
            swallowed = t;
            continue;
        }
        if (p < like->pattern.len && match_one(like, text, &p, &t))
            continue;
        if (!seen_percent)
            return false;
        swallowed += utf8_size(text, swallowed);
        p = after_percent;
        t = swallowed;
    }
    while (is_percent(like, p))
        p++;
    return p == like->pattern.len;
}
