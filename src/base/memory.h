/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Heap allocation that cannot fail: a real allocation failure aborts, limits
 * are what protects the server.  All memory is released with free().
 */
#pragma once

#include <stddef.h>

void *mem_alloc(size_t size);
void *mem_zalloc(size_t size);
void *mem_realloc(void *memory, size_t size);
void *mem_dup(const void *bytes, size_t size);

#define NEW(type) ((type *)mem_zalloc(sizeof(type)))
