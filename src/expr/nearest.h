/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "Did you mean ..?": the known name nearest to a misspelt one.
 */
#pragma once

#include "base/str.h"

typedef struct Nearest {
    Str wanted;
    Str best; /* ptr NULL = nothing is near enough */
    size_t distance;
} Nearest;

/* Offers one known name, which must live as long as the Nearest. */
void nearest_offer(Nearest *nearest, Str name);
