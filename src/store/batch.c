/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A batch is collected in our own form, because one of RocksDB's can only be
 * filled with the handles of an open database:
 *
 *     operation(1) family(1) key(varint length, bytes) [second(varint length, bytes)]
 *
 * second is the value of a put and the end of a range; a delete has none.
 */
#include "store/rocks.h"

#include "base/memory.h"

#include <assert.h>

typedef enum BatchOperation { BATCH_PUT, BATCH_DELETE, BATCH_DELETE_RANGE } BatchOperation;

struct StoreBatch {
    Buf bytes;
    size_t count;
};

/* A batch that once held more gives the memory back when it is cleared. */
enum { BATCH_KEEP_BYTES = 8 << 20 };

StoreBatch *store_batch_new(void)
{
    return NEW(StoreBatch);
}

void store_batch_free(StoreBatch *batch)
{
    if (!batch)
        return;
    buf_done(&batch->bytes);
    free(batch);
}

void store_batch_clear(StoreBatch *batch)
{
    if (batch->bytes.capacity > BATCH_KEEP_BYTES)
        buf_done(&batch->bytes);
    buf_clear(&batch->bytes);
    batch->count = 0;
}

static void add_operation(StoreBatch *batch, BatchOperation operation, StoreFamily family, Str key)
{
    assert(family < FAMILY_COUNT);
    buf_byte(&batch->bytes, (char)operation);
    buf_byte(&batch->bytes, (char)family);
    buf_bytes(&batch->bytes, key);
    batch->count++;
}

void store_batch_put(StoreBatch *batch, StoreFamily family, Str key, Str value)
{
    add_operation(batch, BATCH_PUT, family, key);
    buf_bytes(&batch->bytes, value);
}

void store_batch_delete(StoreBatch *batch, StoreFamily family, Str key)
{
    add_operation(batch, BATCH_DELETE, family, key);
}

void store_batch_delete_range(StoreBatch *batch, StoreFamily family, Str from, Str to)
{
    add_operation(batch, BATCH_DELETE_RANGE, family, from);
    buf_bytes(&batch->bytes, to);
}

size_t store_batch_count(const StoreBatch *batch)
{
    return batch->count;
}

static void translate_one(Reader *reader, Store *store, rocksdb_writebatch_t *target)
{
    uint8_t operation = reader_u8(reader);
    rocksdb_column_family_handle_t *family = store->families[reader_u8(reader)];
    Str key = reader_bytes(reader);
    Str second = operation == BATCH_DELETE ? STR_NULL : reader_bytes(reader);
    assert(!reader->failed);

    switch (operation) {
    case BATCH_PUT:
        rocksdb_writebatch_put_cf(target, family, key.ptr, key.len, second.ptr, second.len);
        break;
    case BATCH_DELETE:
        rocksdb_writebatch_delete_cf(target, family, key.ptr, key.len);
        break;
    default:
        rocksdb_writebatch_delete_range_cf(
            target, family, key.ptr, key.len, second.ptr, second.len);
        break;
    }
}

void store_batch_translate(const StoreBatch *batch, Store *store, rocksdb_writebatch_t *target)
{
    Reader reader = reader_from(buf_str(&batch->bytes));
    for (size_t i = 0; i < batch->count; i++)
        translate_one(&reader, store, target);
    assert(reader_left(&reader) == 0);
}
