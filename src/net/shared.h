/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared: immutable bytes with a reference count.
 *
 * One serialised payload goes to thousands of sockets on several reactors; each
 * output queue holds a reference and the last one to be sent frees the bytes.
 * The count is atomic, the bytes never change, so any thread may read.
 */
#pragma once

#include "base/buf.h"
#include "base/refcount.h"

typedef struct Shared {
    RefCount refs;
    size_t len;
    char *bytes; /* behind this struct, or a heap block of its own */
} Shared;

/* One allocation that holds a copy; the caller has the first reference. */
Shared *shared_copy(Str bytes);

/* Takes over what was built; buf is empty afterwards.  A buf that overflowed is our mistake. */
Shared *shared_take(Buf *buf);

/* Returns its argument. */
Shared *shared_ref(Shared *shared);
void shared_unref(Shared *shared);
DEFINE_CLEANUP(Shared, shared_unref)

static inline Str shared_str(const Shared *shared)
{
    return str_from(shared->bytes, shared->len);
}
