/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scope-bound resources: the vocabulary every module uses to close what it
 * opened on every way out of a block.
 */
#pragma once

#include <stddef.h>
#include <stdlib.h>

/* CLEANUP(scan_close) Scan *scan = NULL;  -- closed on every way out of the block. */
#define CLEANUP(close) __attribute__((cleanup(close##_at)))

#define DEFINE_CLEANUP(type, close)                                                                \
    static inline void close##_at(type **place)                                                    \
    {                                                                                              \
        close(*place);                                                                             \
    }

/* For structs that live in place: CLEANUP(buf_done) Buf buf = {0}; */
#define DEFINE_CLEANUP_IN_PLACE(type, done)                                                        \
    static inline void done##_at(type *place)                                                      \
    {                                                                                              \
        done(place);                                                                               \
    }

/* Hands a pointer over to its next owner and leaves NULL behind. */
#define TAKE(pointer)                                                                              \
    __extension__({                                                                                \
        __typeof__(pointer) taken_ = (pointer);                                                    \
        (pointer) = NULL;                                                                          \
        taken_;                                                                                    \
    })

static inline void free_at(void *place)
{
    free(*(void **)place);
}

/* An enum of one byte, for structs of which there are many. */
#define SMALL_ENUM __attribute__((packed))

/* The struct of `type` whose `member` is at `pointer`. */
#define CONTAINER_OF(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))
