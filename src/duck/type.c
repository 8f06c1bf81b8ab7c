/* SPDX-License-Identifier: Apache-2.0 */
#include "duck/type.h"

#include "duck/duck.h"

static const duckdb_type STORED_AS[TYPE_KIND_COUNT] = {
    [TYPE_NULL] = DUCKDB_TYPE_SQLNULL,
    [TYPE_BOOLEAN] = DUCKDB_TYPE_BOOLEAN,
    [TYPE_SMALLINT] = DUCKDB_TYPE_SMALLINT,
    [TYPE_INT] = DUCKDB_TYPE_INTEGER,
    [TYPE_BIGINT] = DUCKDB_TYPE_BIGINT,
    [TYPE_FLOAT] = DUCKDB_TYPE_FLOAT,
    [TYPE_DOUBLE] = DUCKDB_TYPE_DOUBLE,
    [TYPE_TEXT] = DUCKDB_TYPE_VARCHAR,
    [TYPE_JSON] = DUCKDB_TYPE_VARCHAR,
    [TYPE_BYTES] = DUCKDB_TYPE_BLOB,
    [TYPE_DATE] = DUCKDB_TYPE_DATE,
    [TYPE_TIME] = DUCKDB_TYPE_TIME,
    [TYPE_TIMESTAMP] = DUCKDB_TYPE_TIMESTAMP,
    [TYPE_DATETIME] = DUCKDB_TYPE_TIMESTAMP_TZ,
    [TYPE_UUID] = DUCKDB_TYPE_UUID,
};

/* DuckDB's JSON is text under another name. */
static const char JSON_ALIAS[] = "JSON";

duckdb_logical_type duck_type_make(Type type)
{
    if (type.kind == TYPE_DECIMAL)
        return duckdb.create_decimal_type(type.precision, type.scale);
    duckdb_logical_type logical = duckdb.create_logical_type(STORED_AS[type.kind]);
    if (type.kind == TYPE_JSON)
        duckdb.logical_type_set_alias(logical, JSON_ALIAS);
    return logical;
}

Str duck_type_sql(Arena *arena, Type type)
{
    switch (type.kind) {
    case TYPE_BYTES:
        return STR("BLOB");
    case TYPE_DATETIME:
        return STR("TIMESTAMPTZ");
    case TYPE_NULL:
        return STR("\"NULL\"");
    default:
        return type_to_sql(arena, type);
    }
}

static bool is_json(duckdb_logical_type logical)
{
    char *alias = duckdb.logical_type_get_alias(logical);
    bool is_json = alias && strcmp(alias, JSON_ALIAS) == 0;
    duckdb.free(alias);
    return is_json;
}

static Type decimal(uint8_t precision, uint8_t scale)
{
    return (Type){.kind = TYPE_DECIMAL, .precision = precision, .scale = scale};
}

/* Of the types that are not ours: the narrowest that holds all their values. */
static bool nearest(duckdb_type stored, Type *ret_type)
{
    switch (stored) {
    case DUCKDB_TYPE_TINYINT:
    case DUCKDB_TYPE_UTINYINT:
        *ret_type = TYPE(SMALLINT);
        return true;
    case DUCKDB_TYPE_USMALLINT:
        *ret_type = TYPE(INT);
        return true;
    case DUCKDB_TYPE_UINTEGER:
        *ret_type = TYPE(BIGINT);
        return true;
    case DUCKDB_TYPE_UBIGINT:
        *ret_type = decimal(20, 0);
        return true;
    case DUCKDB_TYPE_HUGEINT:
        *ret_type = decimal(DECIMAL_PRECISION_MAX, 0);
        return true;
    default:
        return false;
    }
}

bool duck_type_read(duckdb_logical_type logical, DuckLayout *ret_layout)
{
    duckdb_type stored = duckdb.get_type_id(logical);
    ret_layout->stored = stored;
    if (stored == DUCKDB_TYPE_DECIMAL) {
        ret_layout->stored = duckdb.decimal_internal_type(logical);
        ret_layout->type = decimal(duckdb.decimal_width(logical), duckdb.decimal_scale(logical));
        return true;
    }
    for (int kind = 0; kind < TYPE_KIND_COUNT; kind++) {
        if (kind == TYPE_DECIMAL || STORED_AS[kind] != stored)
            continue;
        ret_layout->type = (Type){.kind = (TypeKind)kind};
        if (kind == TYPE_TEXT && is_json(logical))
            ret_layout->type.kind = TYPE_JSON;
        return true;
    }
    return nearest(stored, &ret_layout->type);
}
