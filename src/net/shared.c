/* SPDX-License-Identifier: Apache-2.0 */
#include "net/shared.h"

#include "base/memory.h"

#include <assert.h>

static char *inline_bytes(Shared *shared)
{
    return (char *)(shared + 1);
}

Shared *shared_copy(Str bytes)
{
    Shared *shared = mem_alloc(sizeof(Shared) + bytes.len);
    refcount_init(&shared->refs);
    shared->len = bytes.len;
    shared->bytes = inline_bytes(shared);
    if (bytes.len)
        memcpy(shared->bytes, bytes.ptr, bytes.len);
    return shared;
}

Shared *shared_take(Buf *buf)
{
    assert(!buf->overflowed);
    Shared *shared = NEW(Shared);
    refcount_init(&shared->refs);
    shared->bytes = buf_take(buf, &shared->len);
    return shared;
}

Shared *shared_ref(Shared *shared)
{
    refcount_inc(&shared->refs);
    return shared;
}

void shared_unref(Shared *shared)
{
    if (!shared || !refcount_dec(&shared->refs))
        return;
    if (shared->bytes != inline_bytes(shared))
        free(shared->bytes);
    free(shared);
}
