/* SPDX-License-Identifier: Apache-2.0 */
#include "commit/meta.h"

Status meta_read(Context *ctx, Store *store, Str key, uint64_t *ret_value)
{
    Str bytes;
    TRY(store_get(ctx, store, (StoreRead){.family = FAMILY_META}, key, &bytes));
    if (bytes.ptr && bytes.len != sizeof(uint64_t))
        return fail(ctx, STATUS_CORRUPT, "meta entry %.*s has %zu bytes", STR_ARG(key), bytes.len);
    Reader reader = reader_from(bytes);
    *ret_value = bytes.ptr ? reader_u64be(&reader) : 0;
    return STATUS_OK;
}

void meta_put(StoreBatch *batch, Str key, uint64_t value)
{
    CLEANUP(buf_done) Buf bytes = {0};
    buf_u64be(&bytes, value);
    store_batch_put(batch, FAMILY_META, key, buf_str(&bytes));
}
