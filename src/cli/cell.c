/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cell.h"

#include "value/datetime.h"

CellType cell_type(const Json *data_type)
{
    static const struct {
        Str name;
        CellType type;
    } TYPES[] = {
        {STR_INIT("SmallInt"), CELL_NUMBER},
        {STR_INIT("Int"), CELL_NUMBER},
        {STR_INIT("BigInt"), CELL_NUMBER},
        {STR_INIT("Float"), CELL_NUMBER},
        {STR_INIT("Double"), CELL_NUMBER},
        {STR_INIT("Timestamp"), CELL_TIMESTAMP},
        {STR_INIT("DateTime"), CELL_TIMESTAMP},
        {STR_INIT("Date"), CELL_DATE},
        {STR_INIT("Time"), CELL_TIME},
        {STR_INIT("Bytes"), CELL_BYTES},
    };
    if (json_member(data_type, STR("Decimal")))
        return CELL_NUMBER;
    for (size_t i = 0; i < sizeof(TYPES) / sizeof(*TYPES); i++) {
        if (data_type && data_type->kind == JSON_STRING &&
            str_equal(data_type->text, TYPES[i].name))
            return TYPES[i].type;
    }
    return CELL_TEXT;
}

bool cell_is_null(const Json *cell)
{
    return !cell || cell->kind == JSON_NULL;
}

static bool write_moment(const Json *cell, CellType type, Buf *out)
{
    int64_t value;
    if (!json_to_int64(cell, &value))
        return false;
    if (type == CELL_TIMESTAMP)
        timestamp_write(out, value);
    else if (type == CELL_DATE)
        date_write(out, value);
    else if (type == CELL_TIME)
        time_write(out, value);
    else
        return false;
    return true;
}

static bool write_bytes(const Json *cell, Buf *out)
{
    if (cell->kind != JSON_ARRAY)
        return false;
    BUF_LIT(out, "\\x");
    for (const Json *byte = cell->first; byte; byte = byte->next) {
        int64_t value = 0;
        if (json_to_int64(byte, &value))
            buf_printf(out, "%02x", (unsigned)(value & 0xff));
    }
    return true;
}

void cell_write(const Json *cell, CellType type, Buf *out)
{
    if (cell_is_null(cell) || write_moment(cell, type, out))
        return;
    if (type == CELL_BYTES && write_bytes(cell, out))
        return;
    if (cell->kind == JSON_STRING)
        buf_str_append(out, cell->text);
    else
        json_write(out, cell);
}
