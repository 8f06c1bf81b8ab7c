/* SPDX-License-Identifier: Apache-2.0 */
#include "expr/nearest.h"

enum { NEAREST_NAME_MAX = 64 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Levenshtein's distance, one row at a time; ASCII case does not count. */
static size_t edit_distance(Str a, Str b)
{
    size_t row[NEAREST_NAME_MAX + 1];
    for (size_t j = 0; j <= b.len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t change = ascii_lower(a.ptr[i - 1]) != ascii_lower(b.ptr[j - 1]);
            size_t cost = least(diagonal + change, least(row[j], row[j - 1]) + 1);
            diagonal = row[j];
            row[j] = cost;
        }
    }
    return row[b.len];
}

void nearest_offer(Nearest *nearest, Str name)
{
    if (name.len > NEAREST_NAME_MAX || nearest->wanted.len > NEAREST_NAME_MAX)
        return;
    size_t distance = edit_distance(nearest->wanted, name);
    if (distance > nearest->wanted.len / 3 + 1 || distance >= name.len)
        return;
    if (!nearest->best.ptr || distance < nearest->distance) {
        nearest->best = name;
        nearest->distance = distance;
    }
}
