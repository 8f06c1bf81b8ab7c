/* SPDX-License-Identifier: Apache-2.0 */
#include "sql/operators.h"

typedef struct Operator {
    Str text;
    Rank rank;
} Operator;

static const Operator OPERATORS[] = {
    [AST_OP_NONE] = {STR_INIT(""), RANK_NONE},
    [AST_OP_NOT] = {STR_INIT("NOT"), RANK_NOT},
    [AST_OP_NEGATE] = {STR_INIT("-"), RANK_SIGN},
    [AST_OP_PLUS] = {STR_INIT("+"), RANK_SIGN},
    [AST_OP_OR] = {STR_INIT("OR"), RANK_OR},
    [AST_OP_AND] = {STR_INIT("AND"), RANK_AND},
    [AST_OP_EQ] = {STR_INIT("="), RANK_COMPARE},
    [AST_OP_NE] = {STR_INIT("<>"), RANK_COMPARE},
    [AST_OP_LT] = {STR_INIT("<"), RANK_COMPARE},
    [AST_OP_LE] = {STR_INIT("<="), RANK_COMPARE},
    [AST_OP_GT] = {STR_INIT(">"), RANK_COMPARE},
    [AST_OP_GE] = {STR_INIT(">="), RANK_COMPARE},
    [AST_OP_ADD] = {STR_INIT("+"), RANK_ADD},
    [AST_OP_SUBTRACT] = {STR_INIT("-"), RANK_ADD},
    [AST_OP_MULTIPLY] = {STR_INIT("*"), RANK_MULTIPLY},
    [AST_OP_DIVIDE] = {STR_INIT("/"), RANK_MULTIPLY},
    [AST_OP_MODULO] = {STR_INIT("%"), RANK_MULTIPLY},
    [AST_OP_CONCAT] = {STR_INIT("||"), RANK_OTHER},
    [AST_OP_JSON_GET] = {STR_INIT("->"), RANK_OTHER},
    [AST_OP_JSON_TEXT] = {STR_INIT("->>"), RANK_OTHER},
    [AST_OP_JSON_EXISTS] = {STR_INIT("?"), RANK_OTHER},
};

Rank operator_rank(AstOp op)
{
    return OPERATORS[op].rank;
}

Str operator_text(AstOp op)
{
    return OPERATORS[op].text;
}

AstOp operator_from_symbol(Str symbol)
{
    for (int op = AST_OP_EQ; op <= AST_OP_JSON_EXISTS; op++)
        if (str_equal(symbol, OPERATORS[op].text))
            return (AstOp)op;
    return AST_OP_NONE;
}
