/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The syntax tree: what a statement says, before anybody asks what it means.
 *
 * Nodes live in the arena of the Context that parsed them; names are folded
 * (unquoted identifiers to lower case) and borrowed from the arena too.  Every
 * node knows where it starts, for the caret under an error: offsets count bytes
 * from the start of the whole text that was parsed, not of its statement.  The
 * tree is immutable once built.
 */
#pragma once

#include "base/cleanup.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct AstExpr AstExpr;
typedef struct AstSelect AstSelect;

/* A name with its place and whether it was written "quoted". ptr NULL = absent. */
typedef struct AstName {
    Str text;
    uint32_t offset;
    bool quoted;
} AstName;

/* [namespace.]table */
typedef struct AstTableName {
    AstName namespace_name; /* text.ptr NULL = not given */
    AstName name;
} AstTableName;

typedef struct AstNameList {
    const AstName *items;
    size_t count;
} AstNameList;

/* A type as written: name in lower case, words joined by one space ("double precision"). */
typedef struct AstType {
    Str name;
    const int64_t *args;
    size_t arg_count;
    uint32_t offset;
} AstType;

/* ---- expressions ---- */

typedef enum AstExprKind {
    AST_NULL,
    AST_BOOLEAN,   /* boolean */
    AST_NUMBER,    /* text: as written, unsigned; integer or with . or e */
    AST_STRING,    /* text: unescaped */
    AST_BYTES,     /* text: the bytes of X'..' */
    AST_TYPED,     /* DATE '..', TIMESTAMP '..': type, text */
    AST_PARAMETER, /* $n: index, from 1 */
    AST_COLUMN,    /* [qualifier.]name */
    AST_STAR,      /* * or qualifier.*; only in select lists and f(*) */
    AST_UNARY,     /* op, args[0] */
    AST_BINARY,    /* op, args[0], args[1] */
    AST_IS,        /* args[0] IS [NOT] is_what */
    AST_IN,        /* args[0] [NOT] IN (args[1..]) or IN (select) */
    AST_BETWEEN,   /* args[0] [NOT] BETWEEN args[1] AND args[2] */
    AST_LIKE,      /* args[0] [NOT] [I]LIKE args[1] [ESCAPE args[2]] */
    AST_CASE,      /* CASE [operand] whens else: see below */
    AST_CAST,      /* CAST(args[0] AS type), args[0]::type */
    AST_FUNCTION,  /* name(args), [DISTINCT], OVER, FILTER */
    AST_EXISTS,    /* EXISTS (select); NOT EXISTS is a NOT above it */
    AST_SUBQUERY,  /* (select) as a value */
    AST_ARRAY,     /* ARRAY[args] */
    AST_GROUPING,  /* ROLLUP | CUBE | GROUPING SETS (args), or a set (args); only in GROUP BY */
} AstExprKind;

typedef enum SMALL_ENUM AstOp {
    AST_OP_NONE,
    AST_OP_NOT,
    AST_OP_NEGATE,
    AST_OP_PLUS, /* unary */
    AST_OP_OR,
    AST_OP_AND,
    AST_OP_EQ,
    AST_OP_NE,
    AST_OP_LT,
    AST_OP_LE,
    AST_OP_GT,
    AST_OP_GE,
    AST_OP_ADD,
    AST_OP_SUBTRACT,
    AST_OP_MULTIPLY,
    AST_OP_DIVIDE,
    AST_OP_MODULO,
    AST_OP_CONCAT,     /* || */
    AST_OP_JSON_GET,   /* -> */
    AST_OP_JSON_TEXT,  /* ->> */
    AST_OP_JSON_EXISTS /* ? */
} AstOp;

typedef enum SMALL_ENUM AstGrouping {
    AST_GROUPING_SET, /* (a, b): groups by both; () by nothing */
    AST_GROUPING_ROLLUP,
    AST_GROUPING_CUBE,
    AST_GROUPING_SETS
} AstGrouping;

typedef enum SMALL_ENUM AstIsWhat {
    AST_IS_NULL,
    AST_IS_TRUE,
    AST_IS_FALSE,
    AST_IS_UNKNOWN,
    AST_IS_DISTINCT_FROM
} AstIsWhat;

typedef struct AstWhen {
    const AstExpr *condition;
    const AstExpr *result;
} AstWhen;

typedef struct AstOrder {
    const AstExpr *expr;
    bool descending;
    bool nulls_first;
    bool nulls_given; /* NULLS FIRST|LAST was written */
} AstOrder;

typedef struct AstOrderList {
    const AstOrder *items;
    size_t count;
} AstOrderList;

typedef struct AstFrameBound {
    enum {
        AST_FRAME_UNBOUNDED_PRECEDING,
        AST_FRAME_PRECEDING,
        AST_FRAME_CURRENT_ROW,
        AST_FRAME_FOLLOWING,
        AST_FRAME_UNBOUNDED_FOLLOWING
    } kind;
    const AstExpr *offset;
} AstFrameBound;

typedef struct AstWindow {
    const AstExpr *const *partition;
    size_t partition_count;
    AstOrderList order;
    enum { AST_FRAME_NONE, AST_FRAME_ROWS, AST_FRAME_RANGE, AST_FRAME_GROUPS } frame;
    AstFrameBound start, end;
} AstWindow;

struct AstExpr {
    AstExprKind kind;
    AstOp op;
    uint32_t offset; /* where it starts */
    uint32_t length; /* of its text */
    bool negated;    /* NOT IN, NOT LIKE, IS NOT .. */
    bool nocase;     /* ILIKE */
    bool distinct;   /* f(DISTINCT ..) */
    bool boolean;
    AstIsWhat is_what;
    AstGrouping grouping;
    uint32_t index; /* PARAMETER */
    Str text;       /* NUMBER, STRING, BYTES, TYPED; FUNCTION: the lower-case name */
    AstName qualifier;
    AstName name; /* COLUMN */
    AstType type;
    const AstExpr *const *args;
    size_t arg_count;
    const AstExpr *operand; /* CASE */
    const AstWhen *whens;
    size_t when_count;
    const AstExpr *otherwise;     /* CASE .. ELSE; NULL = absent */
    const AstOrderList *order_by; /* f(args ORDER BY ..); NULL = none */
    const AstExpr *filter;        /* FILTER (WHERE ..) */
    const AstWindow *window;      /* OVER (..) */
    const AstSelect *select;      /* IN, EXISTS, SUBQUERY */
};

/* ---- SELECT ---- */

typedef struct AstItem {
    const AstExpr *expr;
    AstName alias; /* text.ptr NULL = none */
} AstItem;

typedef enum AstJoinKind {
    AST_JOIN_INNER,
    AST_JOIN_LEFT,
    AST_JOIN_RIGHT,
    AST_JOIN_FULL,
    AST_JOIN_CROSS
} AstJoinKind;

typedef enum AstFromKind {
    AST_FROM_TABLE,
    AST_FROM_SELECT,
    AST_FROM_FUNCTION,
    AST_FROM_JOIN,
    AST_FROM_VALUES
} AstFromKind;

typedef struct AstFrom AstFrom;
struct AstFrom {
    AstFromKind kind;
    uint32_t offset;
    AstTableName table;
    const AstSelect *select;
    const AstExpr *function;
    AstName alias;
    AstNameList column_aliases;
    AstJoinKind join;
    bool natural;
    bool lateral;
    const AstFrom *left, *right;
    const AstExpr *on;
    AstNameList using_columns;
};

typedef struct AstValues { /* rows[i] has width[0] expressions */
    const AstExpr *const *const *rows;
    size_t row_count;
    size_t width;
} AstValues;

typedef struct AstCte {
    AstName name;
    AstNameList columns;
    const AstSelect *select;
} AstCte;

typedef enum AstSetOp { AST_SET_NONE, AST_SET_UNION, AST_SET_INTERSECT, AST_SET_EXCEPT } AstSetOp;

struct AstSelect {
    uint32_t offset;
    const AstCte *ctes;
    size_t cte_count;
    bool recursive;
    /* either a set operation over left and right ... */
    AstSetOp set_op;
    bool set_all;
    const AstSelect *left, *right;
    /* ... or VALUES ... */
    const AstValues *values;
    /* ... or one query block */
    bool distinct;
    const AstExpr *const *distinct_on;
    size_t distinct_on_count;
    const AstItem *items;
    size_t item_count;
    const AstFrom *from; /* NULL = none; a list of tables is a cross join */
    const AstExpr *where;
    int where_nesting; /* levels of parentheses, calls, CASE, NOT and signs in it */
    const AstExpr *const *group_by;
    size_t group_by_count;
    const AstExpr *having;
    /* of the whole */
    AstOrderList order_by;
    const AstExpr *limit;
    const AstExpr *limit_offset;
    const AstExpr *as_of_seq; /* SELECT .. AS OF SEQ n */
};

/* ---- statements ---- */

typedef enum AstTableKind {
    AST_TABLE_UNSPECIFIED,
    AST_TABLE_USER,
    AST_TABLE_SHARED,
    AST_TABLE_STREAM
} AstTableKind;

/* key = value of WITH (..), TBLPROPERTIES, OPTIONS; the clauses of decision 25 become options too.
 * Key in lower case. */
typedef struct AstOption {
    Str key;
    Str value; /* text of the literal or word: 'rows:10', 100, true, public */
    uint32_t offset;
} AstOption;

typedef struct AstOptionList {
    const AstOption *items;
    size_t count;
} AstOptionList;

typedef struct AstColumnDef {
    AstName name;
    AstType type;
    bool not_null;
    bool null_given; /* NULL was written */
    bool primary_key;
    bool unique;
    bool auto_increment; /* also SERIAL, IDENTITY, GENERATED */
    const AstExpr *default_value;
} AstColumnDef;

typedef struct AstAssignment {
    AstName column;
    const AstExpr *value;
} AstAssignment;

typedef enum AstKind {
    AST_SELECT,
    AST_INSERT,
    AST_UPDATE,
    AST_DELETE,
    AST_CREATE_NAMESPACE,
    AST_ALTER_NAMESPACE,
    AST_DROP_NAMESPACE,
    AST_CREATE_TABLE,
    AST_ALTER_TABLE,
    AST_DROP_TABLE,
    AST_CREATE_VIEW,
    AST_DROP_VIEW,
    AST_CREATE_USER,
    AST_ALTER_USER,
    AST_DROP_USER,
    AST_CREATE_STORAGE,
    AST_ALTER_STORAGE,
    AST_DROP_STORAGE,
    AST_STORAGE_CHECK,
    AST_STORAGE_FLUSH,
    AST_STORAGE_COMPACT,
    AST_USE,
    AST_SHOW,
    AST_DESCRIBE,
    AST_EXPLAIN,
    AST_SUBSCRIBE,
    AST_EXECUTE_AS,
    AST_KILL,
    AST_BEGIN,
    AST_COMMIT,
    AST_ROLLBACK,
} AstKind;

typedef struct AstInsert {
    AstTableName table;
    AstNameList columns;     /* count 0 = all */
    bool default_values;     /* DEFAULT VALUES */
    const AstSelect *source; /* VALUES or a query; a NULL expression in VALUES stands for DEFAULT */
    bool on_conflict;
    AstNameList conflict_columns;
    bool conflict_update; /* DO UPDATE SET .. [WHERE ..], else DO NOTHING */
    const AstAssignment *assignments;
    size_t assignment_count;
    const AstExpr *conflict_where;
    const AstItem *returning;
    size_t returning_count;
} AstInsert;

typedef struct AstUpdate {
    AstTableName table;
    const AstAssignment *assignments;
    size_t assignment_count;
    const AstExpr *where; /* NULL = none */
    const AstItem *returning;
    size_t returning_count;
} AstUpdate;

typedef struct AstDelete {
    AstTableName table;
    const AstExpr *where;
    const AstItem *returning;
    size_t returning_count;
} AstDelete;

typedef struct AstCreateTable {
    AstTableKind table_kind;
    bool if_not_exists;
    AstTableName table;
    const AstColumnDef *columns;
    size_t column_count;
    AstNameList primary_key; /* table constraint; empty when given at the column */
    AstOptionList options;
} AstCreateTable;

typedef enum AstAlterKind {
    AST_ALTER_ADD_COLUMN,
    AST_ALTER_DROP_COLUMN,
    AST_ALTER_RENAME_COLUMN,
    AST_ALTER_MODIFY_COLUMN,
    AST_ALTER_SET_NOT_NULL,
    AST_ALTER_DROP_NOT_NULL,
    AST_ALTER_SET_DEFAULT,
    AST_ALTER_DROP_DEFAULT,
    AST_ALTER_SET_OPTIONS,
    AST_ALTER_CREATE_INDEX,
    AST_ALTER_DROP_INDEX,
} AstAlterKind;

typedef struct AstAlterTable {
    AstTableName table;
    AstAlterKind alter;
    AstColumnDef
        column;       /* ADD, MODIFY; its name, and default_value of SET DEFAULT, for the others */
    AstName new_name; /* RENAME; CREATE INDEX .. USING word */
    AstOptionList options;
} AstAlterTable;

typedef struct AstDropTable {
    AstTableKind table_kind; /* what the table must be */
    bool if_exists;
    bool force;
    AstTableName table;
} AstDropTable;

typedef struct AstUser {
    AstName user;
    bool if_exists;
    Str password; /* ptr NULL = not given */
    AstName role; /* text.ptr NULL = not given */
    Str email;
    Str oauth; /* JSON */
    bool internal;
} AstUser;

typedef struct AstNamespace {
    AstName name;
    bool if_exists;
    bool if_not_exists;
    bool cascade;
    AstOptionList options;
} AstNamespace;

typedef struct AstStorage {
    AstName id;
    bool if_exists;
    bool extended;
    AstOptionList
        options; /* type, name, description, path, bucket, region, credentials, config, .. */
} AstStorage;

typedef struct AstMaintenance { /* STORAGE FLUSH | COMPACT */
    bool all;
    AstTableName table;
    AstName namespace_name;
} AstMaintenance;

typedef enum AstShowKind {
    AST_SHOW_NAMESPACES,
    AST_SHOW_TABLES, /* IN [NAMESPACE] name */
    AST_SHOW_COLUMNS,
    AST_SHOW_STORAGES,
    AST_SHOW_STATS,
    AST_SHOW_MANIFEST,
    AST_SHOW_ALL,
} AstShowKind;

typedef struct AstShow {
    AstShowKind show;
    AstName namespace_name;
    AstTableName table;
} AstShow;

typedef struct AstDescribe {
    AstTableName table;
    bool history;
} AstDescribe;

typedef struct AstStatement AstStatement;

typedef struct AstExplain {
    bool analyze;
    bool subscribe; /* EXPLAIN SUBSCRIBE [TO] .. */
    const AstStatement *statement;
} AstExplain;

typedef struct AstSubscribe { /* SUBSCRIBE TO .. */
    const AstSelect *select;
    AstOptionList options;
} AstSubscribe;

typedef struct AstExecuteAs {
    AstName user;
    const AstStatement *statement;
} AstExecuteAs;

typedef struct AstKill {
    bool live_query; /* else a job */
    Str id;
} AstKill;

typedef struct AstView {
    AstTableName name;
    bool or_replace;
    bool if_exists;
    const AstSelect *select;
    Str text; /* of the query */
} AstView;

struct AstStatement {
    AstKind kind;
    Str text;                 /* this statement alone, trimmed, without the ; */
    uint32_t offset;          /* of text within what was parsed */
    uint32_t parameter_count; /* the highest $n */
    union {
        const AstSelect *select;
        AstInsert insert;
        AstUpdate update;
        AstDelete delete_from;
        AstCreateTable create_table;
        AstAlterTable alter_table;
        AstDropTable drop_table;
        AstView view;
        AstUser user;
        AstNamespace space;
        AstStorage storage;
        AstMaintenance maintenance;
        AstName use;
        AstShow show;
        AstDescribe describe;
        AstExplain explain;
        AstSubscribe subscribe;
        AstExecuteAs execute_as;
        AstKill kill;
    };
};
