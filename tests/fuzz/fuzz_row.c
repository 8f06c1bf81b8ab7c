/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a row of a layout that has a column of every type; what reads is
 * written and reads back the same.
 */
#include "value/row.h"

#include <assert.h>

enum { COLUMN_COUNT = TYPE_KIND_COUNT + 1 };

static RowLayout layout_of_all_types(RowColumn columns[COLUMN_COUNT])
{
    for (uint32_t i = 0; i < COLUMN_COUNT; i++) {
        TypeKind kind = i + 1 < TYPE_KIND_COUNT ? (TypeKind)(i + 1) : TYPE_BIGINT;
        columns[i] = (RowColumn){.id = i + 1, .type = {.kind = kind}, .missing = VALUE_NULL};
        if (kind == TYPE_DECIMAL)
            columns[i].type = (Type){TYPE_DECIMAL, 20, 4};
    }
    columns[COLUMN_COUNT - 1].id = 1000;
    columns[COLUMN_COUNT - 1].missing = value_bigint(7);
    return (RowLayout){COLUMN_COUNT, columns};
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(buf_done) Buf buf = {0};
    RowColumn columns[COLUMN_COUNT];
    Value values[COLUMN_COUNT], again[COLUMN_COUNT];
    RowLayout layout = layout_of_all_types(columns);
    Status status = row_decode(&ctx, str_from((const char *)bytes, size), &layout, values);
    assert(status == STATUS_OK || status == STATUS_CORRUPT);
    if (status != STATUS_OK)
        return 0;
    row_encode(&buf, &layout, values);
    status = row_decode(&ctx, buf_str(&buf), &layout, again);
    assert(status == STATUS_OK);
    for (int i = 0; i < COLUMN_COUNT; i++)
        assert(value_same(&values[i], &again[i]));
    return 0;
}
