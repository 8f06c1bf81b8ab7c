/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One version of a table: columns, options, how its rows are laid out.
 * Immutable and counted; a new version is a new Table with the same id.
 */
#pragma once

#include "base/refcount.h"
#include "sql/ast.h"
#include "value/row.h"

enum { NAME_LENGTH_MAX = 64, TABLE_COLUMNS_MAX = 1000 };

typedef enum TableKind { TABLE_USER, TABLE_SHARED, TABLE_STREAM, TABLE_SYSTEM } TableKind;

typedef enum AccessLevel {
    ACCESS_PUBLIC,
    ACCESS_PRIVATE,
    ACCESS_RESTRICTED,
    ACCESS_DBA
} AccessLevel;

typedef enum DefaultKind { DEFAULT_NONE, DEFAULT_LITERAL, DEFAULT_FUNCTION } DefaultKind;

typedef enum DefaultFunction {
    DEFAULT_NOW, /* also CURRENT_TIMESTAMP */
    DEFAULT_SNOWFLAKE_ID,
    DEFAULT_UUID_V7,
    DEFAULT_ULID,
    DEFAULT_CURRENT_USER,
} DefaultFunction;

typedef struct ColumnDefault {
    DefaultKind kind;
    DefaultFunction function;
    Value literal; /* of the column's type */
} ColumnDefault;

typedef struct Column {
    Str name;
    Str json_key; /* "name": with quotes and colon, for JSON objects; computed */
    uint32_t id;  /* stable for the life of the table */
    Type type;
    bool not_null;
    bool primary_key;
    ColumnDefault default_value;
} Column;

typedef struct FlushPolicy {
    bool by_rows, by_interval;
    uint32_t rows; /* 0 = never by rows */
    uint32_t interval_seconds;
} FlushPolicy;

typedef struct TableOptions {
    AccessLevel access_level; /* SHARED, and STREAM with SCOPE shared */
    bool durability_given;
    bool async; /* DURABILITY = 'async'; STREAM: always */
    Str storage_id;
    bool use_user_storage;
    bool flush_policy_given;
    FlushPolicy flush_policy;
    int64_t deleted_retention_hours;
    int64_t change_log_retention_hours; /* 0 = the server's */
    /* STREAM */
    int64_t ttl_ms; /* 0 = for ever */
    bool ephemeral;
    int64_t max_buffer; /* events per owner; 0 = unbounded */
    bool scope_shared;
} TableOptions;

typedef struct Table {
    RefCount refs;
    uint32_t id;
    uint32_t version; /* from 1 */
    TableKind kind;
    Str namespace_name;
    Str name;
    Str full_name; /* "ns.name" */
    uint32_t column_count;
    const Column *columns; /* in declared order */
    int primary_key;       /* index, or -1 (STREAM and SYSTEM only) */
    RowLayout layout;      /* the columns by id, as stored; layout_order[i] = index into columns of
                              layout column i */
    const uint32_t *layout_order;
    TableOptions options;
    uint32_t next_column_id;
    Str comment;
    int64_t created_at_us;
    int64_t updated_at_us;
    Str created_by;
    Arena arena; /* holds everything above */
} Table;

Table *table_ref(Table *table);
void table_unref(Table *table);
DEFINE_CLEANUP(Table, table_unref)

/* Index into columns, or -1. */
int table_column(const Table *table, Str name);

/*
 * The row as expressions see it: the columns in declared order, then _seq,
 * _updated, _deleted (in this order, for every kind of table; a STREAM has only
 * _seq, and its others read as NULL and cannot be named).
 */
enum { SYSTEM_COLUMN_SEQ, SYSTEM_COLUMN_UPDATED, SYSTEM_COLUMN_DELETED, SYSTEM_COLUMN_COUNT };

static inline size_t table_row_width(const Table *table)
{
    return table->column_count + SYSTEM_COLUMN_COUNT;
}

/* Is every write acknowledged only when on disk? */
bool table_is_sync(const Table *table);

/* CHANGE_LOG_RETENTION in milliseconds; 0 = as the server says. */
int64_t table_change_log_keep_ms(const Table *table);

/* Do rows belong to one user each? (USER, and STREAM unless SCOPE shared) */
bool table_is_per_user(const Table *table);

const char *default_function_name(DefaultFunction function); /* "SNOWFLAKE_ID" .. */
const char *table_kind_word(TableKind kind);                 /* "user" .. */
const char *access_level_word(AccessLevel level);            /* "public" .. */

/*
 * A definition from CREATE TABLE: validates names, types, options, defaults,
 * primary key (sql.md 3.3, decisions 22-25, 29), with the errors worded there.
 * System columns are never among the columns.  The result has no id yet.
 */
typedef struct TableDefaults { /* what the server's configuration says */
    bool async;
    FlushPolicy flush_policy;
    int64_t deleted_retention_hours;
    int64_t stream_ttl_ms;
    int64_t stream_max_buffer;
} TableDefaults;

typedef struct TableDefinition {
    const AstCreateTable *ast;
    Str namespace_name; /* resolved */
    TableKind kind;     /* resolved from prefix and TYPE by table_kind_from_ast() */
    Str created_by;
    int64_t now_us;
    const TableDefaults *defaults;
} TableDefinition;

/* AST_TABLE_UNSPECIFIED and no TYPE option: SHARED. Sets *ret_given when it was said. */
MUST_CHECK Status table_kind_from_ast(Context *ctx,
                                      const AstCreateTable *ast,
                                      TableKind *ret_kind,
                                      bool *ret_given);
MUST_CHECK Status table_define(Context *ctx, const TableDefinition *definition, Table **ret_table);

/*
 * Names of sql.md 3.1: letters, digits, _, at most NAME_LENGTH_MAX, first a letter.  Namespaces and
 * tables: lower case only.  Columns: no reserved name, no keyword.  STATUS_INVALID_SQL with the
 * name's position.
 */
MUST_CHECK Status name_check_namespace(Context *ctx, AstName name);
MUST_CHECK Status name_check_table(Context *ctx, AstName name);
MUST_CHECK Status name_check_column(Context *ctx, AstName name);

/* system.schemas' columns and options JSON (sql.md 4.1) */
void table_write_columns_json(Buf *out, const Table *table);
void table_write_options_json(Buf *out, const Table *table);
/* DEFAULT as SQL text: "SNOWFLAKE_ID()", "'x'"; empty = none. In the arena. */
Str column_default_sql(Arena *arena, const Column *column);
