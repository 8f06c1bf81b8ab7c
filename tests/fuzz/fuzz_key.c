/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first byte names a type, the rest is a key of that type; what reads is
 * written as the same bytes (but for the many NaN and the two zeroes).
 */
#include "value/key.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(buf_done) Buf buf = {0};
    if (size == 0)
        return 0;
    Type type = {.kind = (TypeKind)(1 + bytes[0] % (TYPE_KIND_COUNT - 1))};
    if (type.kind == TYPE_DECIMAL)
        type = (Type){TYPE_DECIMAL, 38, bytes[0] % 39};
    Str key = str_from((const char *)bytes + 1, size - 1);
    Reader reader = reader_from(key);
    Value value, again;
    Status status = key_read(&ctx, &reader, type, &value);
    assert(status == STATUS_OK || status == STATUS_CORRUPT);
    if (status != STATUS_OK)
        return 0;
    key_append(&buf, &value);
    Reader second = reader_from(buf_str(&buf));
    status = key_read(&ctx, &second, type, &again);
    assert(status == STATUS_OK && reader_left(&second) == 0);
    assert(value_compare(&value, &again) == 0);
    if (type.kind != TYPE_FLOAT && type.kind != TYPE_DOUBLE)
        assert(str_equal(buf_str(&buf), str_from(key.ptr, key.len - reader_left(&reader))));
    return 0;
}
