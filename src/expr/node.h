/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The typed tree behind `Expr`; private to this folder.
 *
 * A node is written while it is bound and never afterwards.  AND and OR have
 * any number of arguments, so that a long chain costs no depth.  Whatever has
 * only constant arguments is folded to a constant at once.
 *
 * Live queries keep their trees by the hundred thousand: nodes are small.
 */
#pragma once

#include "expr/expr.h"

typedef enum SMALL_ENUM ExprKind {
    EXPR_CONSTANT,
    EXPR_COLUMN,     /* column */
    EXPR_AND,        /* args */
    EXPR_OR,         /* args */
    EXPR_NOT,        /* args[0] */
    EXPR_COMPARE,    /* args[0] op args[1] */
    EXPR_BETWEEN,    /* args[0] [NOT] BETWEEN args[1] AND args[2] */
    EXPR_IN,         /* args[0] [NOT] IN (set, args[1..]); has_null: the list named NULL */
    EXPR_LIKE,       /* args[0] [NOT] [I]LIKE args[1] [ESCAPE args[2]] */
    EXPR_IS,         /* args[0] IS [NOT] is_what */
    EXPR_DISTINCT,   /* args[0] IS [NOT] DISTINCT FROM args[1] */
    EXPR_NEGATE,     /* - args[0] */
    EXPR_ARITHMETIC, /* args[0] op args[1] */
    EXPR_CONCAT,     /* args[0] || args[1] */
    EXPR_CAST,       /* args[0] to type */
    EXPR_CASE,       /* [operand], then condition and result in turn, then ELSE */
    EXPR_COALESCE,   /* args */
    EXPR_NULLIF,     /* args[0], args[1] */
    EXPR_CALL        /* function(args) */
} ExprKind;

/* How two values are compared; known when the types are. */
typedef enum SMALL_ENUM CompareBy { COMPARE_VALUE, COMPARE_INTEGER, COMPARE_TEXT } CompareBy;

/* A literal has no type of its own yet: it takes the one of what it meets. */
typedef enum SMALL_ENUM ExprLiteral {
    LITERAL_NONE,
    LITERAL_TEXT,            /* 'x', a text parameter */
    LITERAL_NUMBER,          /* 1, 1.5, 1e3 */
    LITERAL_NUMBER_PARAMETER /* also adapts to TEXT */
} ExprLiteral;

typedef struct Function Function;
typedef struct ValueSet ValueSet;

struct Expr {
    ExprKind kind;
    AstOp op;
    AstIsWhat is_what;
    CompareBy compare_by;
    ExprLiteral literal;
    bool negated;
    bool nocase;
    bool has_operand; /* CASE */
    bool has_null;    /* IN */
    bool is_volatile; /* gives another value each time */
    Type type;
    uint32_t depth;  /* of the tree below, this node included */
    uint32_t offset; /* in the statement's text */
    uint32_t arg_count;
    union {
        struct { /* EXPR_CONSTANT */
            Value constant;
            Str literal_text; /* LITERAL_NUMBER: as written, for exact decimals */
        };
        struct { /* all others; what a kind does not have is zero */
            const Expr *const *args;
            const Function *function;
            const ValueSet *set;
            uint32_t column;
        };
    };
};

CompareBy compare_by_types(TypeKind a, TypeKind b);

/* Of two values that are not NULL. */
static inline int values_order(CompareBy by, const Value *a, const Value *b)
{
    if (by == COMPARE_INTEGER)
        return (a->integer > b->integer) - (a->integer < b->integer);
    if (by == COMPARE_TEXT)
        return str_compare(a->text, b->text);
    return value_compare(a, b);
}

static inline bool values_equal(CompareBy by, const Value *a, const Value *b)
{
    if (by == COMPARE_INTEGER)
        return a->integer == b->integer;
    if (by == COMPARE_TEXT)
        return str_equal(a->text, b->text);
    return value_compare(a, b) == 0;
}

/* Does the order of two values satisfy the comparison? */
static inline bool order_satisfies(AstOp op, int order)
{
    switch (op) {
    case AST_OP_EQ:
        return order == 0;
    case AST_OP_NE:
        return order != 0;
    case AST_OP_LT:
        return order < 0;
    case AST_OP_LE:
        return order <= 0;
    case AST_OP_GT:
        return order > 0;
    default:
        return order >= 0;
    }
}
