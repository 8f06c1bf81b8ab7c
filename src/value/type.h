/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQL types.  A Type is small and passed by value.
 */
#pragma once

#include "base/buf.h"
#include "base/context.h"

typedef enum TypeKind {
    TYPE_NULL, /* of a bare NULL; also the kind of every NULL Value */
    TYPE_BOOLEAN,
    TYPE_SMALLINT,
    TYPE_INT,
    TYPE_BIGINT,
    TYPE_FLOAT,
    TYPE_DOUBLE,
    TYPE_DECIMAL,
    TYPE_TEXT,
    TYPE_JSON,
    TYPE_BYTES,
    TYPE_DATE,      /* days since 1970-01-01 */
    TYPE_TIME,      /* microseconds since midnight */
    TYPE_TIMESTAMP, /* microseconds since 1970-01-01, no zone */
    TYPE_DATETIME,  /* microseconds since 1970-01-01 UTC */
    TYPE_UUID,
    TYPE_KIND_COUNT
} TypeKind;
/* Numbers are stored in rows and keys: append only. */

typedef struct Type {
    TypeKind kind;
    uint8_t precision; /* DECIMAL only, 1..38 */
    uint8_t scale;     /* DECIMAL only, 0..precision */
} Type;

#define TYPE(kind_) ((Type){.kind = TYPE_##kind_})

enum { DECIMAL_PRECISION_MAX = 38, DECIMAL_PRECISION_DEFAULT = 38, DECIMAL_SCALE_DEFAULT = 10 };

static inline bool type_equal(Type a, Type b)
{
    return a.kind == b.kind && a.precision == b.precision && a.scale == b.scale;
}

bool type_is_integer(TypeKind kind);
bool type_is_number(TypeKind kind); /* integers, FLOAT, DOUBLE, DECIMAL */
bool type_is_temporal(TypeKind kind);

/*
 * A type name of sql.md 3.17 with its arguments, as the parser saw it
 * ("varchar", {20}).  Fails with STATUS_INVALID_SQL naming the type.
 */
MUST_CHECK Status
type_from_sql(Context *ctx, Str name, const int64_t *args, size_t arg_count, Type *ret_type);

/* "BIGINT", "DECIMAL(10,2)"; in the arena. */
Str type_to_sql(Arena *arena, Type type);

/* The serialised names of protocol.md 1.6: "BigInt" or {"Decimal":{..}}. */
void type_write_json(Buf *out, Type type);

/* As type_write_json() without quotes, "Decimal(10, 2)" for DECIMAL: what DESCRIBE shows. */
Str type_display_name(Arena *arena, Type type);

/* Arrow names for information_schema: "Int64", "Utf8" .. */
Str type_arrow_name(Arena *arena, Type type);

/* What type_write_json() wrote, read back; false when it is none. */
bool type_from_display_name(Str name, Type *ret_type);
