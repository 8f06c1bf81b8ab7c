/* SPDX-License-Identifier: Apache-2.0 */
#include "value/datetime.h"
#include "value/decimal.h"
#include "value/ids.h"
#include "value/json.h"

#include <assert.h>
#include <math.h>

static Status write_real(Context *ctx, Buf *out, const Value *value)
{
    if (!isfinite(value->real))
        return fail(ctx, STATUS_INVALID_VALUE, "NaN and Infinity cannot be sent as JSON");
    if (value->kind == TYPE_FLOAT)
        json_write_float(out, (float)value->real);
    else
        json_write_double(out, value->real);
    return STATUS_OK;
}

static void write_byte_numbers(Buf *out, Str bytes)
{
    BUF_LIT(out, "[");
    for (size_t i = 0; i < bytes.len; i++) {
        if (i > 0)
            BUF_LIT(out, ",");
        buf_uint64(out, (unsigned char)bytes.ptr[i]);
    }
    BUF_LIT(out, "]");
}

static void write_uuid(Buf *out, const uint8_t uuid[16])
{
    char quoted[38];
    quoted[0] = quoted[37] = '"';
    uuid_format(uuid, quoted + 1);
    buf_append(out, quoted, sizeof(quoted));
}

static void write_quoted_number(Buf *out, const Value *value)
{
    BUF_LIT(out, "\"");
    value_write_text(out, value);
    BUF_LIT(out, "\"");
}

Status value_write_cell(Context *ctx, Buf *out, const Value *value)
{
    switch (value->kind) {
    case TYPE_NULL:
        BUF_LIT(out, "null");
        return STATUS_OK;
    case TYPE_BOOLEAN:
        buf_str_append(out, value->boolean ? STR("true") : STR("false"));
        return STATUS_OK;
    case TYPE_SMALLINT:
    case TYPE_INT:
    case TYPE_DATE:
    case TYPE_TIME:
    case TYPE_TIMESTAMP:
    case TYPE_DATETIME:
        buf_int64(out, value->integer);
        return STATUS_OK;
    case TYPE_BIGINT:
    case TYPE_DECIMAL:
        write_quoted_number(out, value);
        return STATUS_OK;
    case TYPE_FLOAT:
    case TYPE_DOUBLE:
        return write_real(ctx, out, value);
    case TYPE_TEXT:
    case TYPE_JSON:
        json_write_string(out, value->text);
        return STATUS_OK;
    case TYPE_BYTES:
        write_byte_numbers(out, value->text);
        return STATUS_OK;
    case TYPE_UUID:
        write_uuid(out, value->uuid);
        return STATUS_OK;
    case TYPE_KIND_COUNT:
        break;
    }
    assert(false && "no such kind of value");
    return STATUS_OK;
}
