/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *check(void *memory, size_t size)
{
    if (memory)
        return memory;
    fprintf(stderr, "out of memory allocating %zu bytes\n", size);
    abort();
}

void *mem_alloc(size_t size)
{
    return check(malloc(size ? size : 1), size);
}

void *mem_zalloc(size_t size)
{
    return check(calloc(1, size ? size : 1), size);
}

void *mem_realloc(void *memory, size_t size)
{
    return check(realloc(memory, size ? size : 1), size);
}

void *mem_dup(const void *bytes, size_t size)
{
    void *copy = mem_alloc(size);
    if (size)
        memcpy(copy, bytes, size);
    return copy;
}
