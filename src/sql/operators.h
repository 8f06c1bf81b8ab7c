/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operators of expressions: how they are written and how tightly they
 * bind, PostgreSQL's way.  Parser and printer read the same table.
 */
#pragma once

#include "sql/ast.h"

typedef enum Rank {
    RANK_NONE,
    RANK_OR,
    RANK_AND,
    RANK_NOT,
    RANK_IS,
    RANK_COMPARE, /* does not chain: a < b < c is an error */
    RANK_RANGE,   /* BETWEEN IN LIKE */
    RANK_OTHER,   /* || -> ->> ? */
    RANK_ADD,
    RANK_MULTIPLY,
    RANK_SIGN,
    RANK_CAST,
    RANK_PRIMARY, /* literals, names, calls, parentheses */
} Rank;

Rank operator_rank(AstOp op);
/* In capitals. */
Str operator_text(AstOp op);
/* The binary operator that is written so, or AST_OP_NONE; words (AND, OR) are not among them. */
AstOp operator_from_symbol(Str symbol);
