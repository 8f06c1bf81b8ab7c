/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What operators stand between: literals, parameters, columns, CASE, arrays,
 * and everything in parentheses.
 */
#include "sql/parser_internal.h"

/* ---- literals ---- */

static Status parse_literal(Parser *parser, AstExprKind kind, const AstExpr **ret_expr)
{
    AstExpr *expr = new_expr(parser, kind, parser_offset(parser));
    expr->text = parser->token->text;
    parser_advance(parser);
    set_length(parser, expr);
    *ret_expr = expr;
    return parser_grow(parser, 1);
}

static Status parse_parameter(Parser *parser, const AstExpr **ret_expr)
{
    AstExpr *expr = new_expr(parser, AST_PARAMETER, parser_offset(parser));
    expr->index = parser->token->number;
    if (parser->parameter_count < expr->index)
        parser->parameter_count = expr->index;
    parser_advance(parser);
    set_length(parser, expr);
    *ret_expr = expr;
    return parser_grow(parser, 1);
}

/* NULL, TRUE, FALSE */
static Status parse_constant(Parser *parser, AstExprKind kind, const AstExpr **ret_expr)
{
    AstExpr *expr = new_expr(parser, kind, parser_offset(parser));
    expr->boolean = AT_WORD(parser, "true");
    parser_advance(parser);
    set_length(parser, expr);
    *ret_expr = expr;
    return parser_grow(parser, 1);
}

/* DATE '2026-01-02', TIMESTAMP WITH TIME ZONE '..' */
static bool at_typed_literal(const Parser *parser)
{
    static const Str TYPES[] = {
        STR_INIT("date"),
        STR_INIT("time"),
        STR_INIT("timestamp"),
        STR_INIT("timestamptz"),
        STR_INIT("datetime"),
        STR_INIT("interval"),
        STR_INIT("uuid"),
        STR_INIT("json"),
        STR_INIT("jsonb"),
        STR_INIT("decimal"),
        STR_INIT("numeric"),
    };
    const Token *token = parser->token;
    bool zone = at_word_of(token + 1, STR("with")) || at_word_of(token + 1, STR("without"));
    if (token[1].kind != TOKEN_STRING && !(zone && at_word_of(token + 2, STR("time"))))
        return false;
    for (size_t i = 0; i < sizeof(TYPES) / sizeof(*TYPES); i++)
        if (str_equal(token->text, TYPES[i]))
            return true;
    return false;
}

static Status parse_typed_literal(Parser *parser, const AstExpr **ret_expr)
{
    AstExpr *expr = new_expr(parser, AST_TYPED, parser_offset(parser));
    TRY(parse_type(parser, &expr->type));
    TRY(parse_string(parser, "a string", &expr->text));
    set_length(parser, expr);
    *ret_expr = expr;
    return parser_grow(parser, 1);
}

/* ---- CASE, EXISTS, ARRAY ---- */

static Status parse_when(Parser *parser, AstWhen *ret_when)
{
    TRY(parse_expr(parser, &ret_when->condition));
    TRY(EXPECT_WORD(parser, "then"));
    return parse_expr(parser, &ret_when->result);
}

static Status parse_case(Parser *parser, const AstExpr **ret_expr)
{
    AstExpr *expr = new_expr(parser, AST_CASE, parser_offset(parser));
    AstWhen *whens = NULL;
    size_t capacity = 0;
    parser_advance(parser);
    if (!AT_WORD(parser, "when"))
        TRY(parse_expr(parser, &expr->operand));
    while (TAKE_WORD(parser, "when")) {
        whens = arena_grow(parser->arena, whens, expr->when_count, &capacity, sizeof(*whens));
        TRY(parse_when(parser, &whens[expr->when_count++]));
    }
    if (expr->when_count == 0)
        return parser_fail(parser, "WHEN");
    if (TAKE_WORD(parser, "else"))
        TRY(parse_expr(parser, &expr->otherwise));
    TRY(EXPECT_WORD(parser, "end"));
    expr->whens = whens;
    set_length(parser, expr);
    *ret_expr = expr;
    return parser_grow(parser, 1);
}

static Status parse_exists(Parser *parser, const AstExpr **ret_expr)
{
    AstExpr *expr = new_expr(parser, AST_EXISTS, parser_offset(parser));
    parser_advance(parser);
    const Token *open = parser->token;
    TRY(EXPECT_SYMBOL(parser, "("));
    TRY(parse_select(parser, &expr->select));
    TRY(parser_expect_close(parser, open));
    set_length(parser, expr);
    *ret_expr = expr;
    return parser_grow(parser, 1);
}

static Status parse_array(Parser *parser, const AstExpr **ret_expr)
{
    ExprList items = {0};
    AstExpr *expr = new_expr(parser, AST_ARRAY, parser_offset(parser));
    parser_advance(parser);
    TRY(EXPECT_SYMBOL(parser, "["));
    if (!AT_SYMBOL(parser, "]"))
        TRY(parse_expr_list(parser, &items));
    TRY(EXPECT_SYMBOL(parser, "]"));
    set_args(expr, &items);
    set_length(parser, expr);
    *ret_expr = expr;
    return parser_grow(parser, 1);
}

/* ---- columns ---- */

/* [[namespace.]table.]column: the namespace says nothing that the table does not. */
static Status parse_column(Parser *parser, const AstExpr **ret_expr)
{
    AstExpr *expr = new_expr(parser, AST_COLUMN, parser_offset(parser));
    TRY(parse_name(parser, "an expression", &expr->name));
    for (int parts = 0; parts < 2 && TAKE_SYMBOL(parser, "."); parts++) {
        expr->qualifier = expr->name;
        TRY(parse_label(parser, "a column name", &expr->name));
    }
    set_length(parser, expr);
    *ret_expr = expr;
    return parser_grow(parser, 1);
}

/* ---- parentheses ---- */

static Status close_subquery(Parser *parser, const Token *open, AstExpr *expr)
{
    TRY(parser_expect_close(parser, open));
    set_length(parser, expr);
    return parser_grow(parser, 1);
}

/*
 * After "(" only the end tells (SELECT ..) + 1 from (SELECT ..) UNION ..: what
 * begins with a query in parentheses is read as an expression, and when that
 * turns out to be the first part of a longer query, it goes on as one.
 */
static Status parse_parenthesis(Parser *parser, const AstExpr **ret_expr)
{
    const Token *open = parser->token;
    AstExpr *expr = new_expr(parser, AST_SUBQUERY, open->offset);
    parser_advance(parser);
    if (parser_at_query(parser)) {
        TRY(parse_select(parser, &expr->select));
        *ret_expr = expr;
        return close_subquery(parser, open, expr);
    }
    TRY(parse_expr(parser, ret_expr));
    if ((*ret_expr)->kind == AST_SUBQUERY && parser_at_select_rest(parser)) {
        TRY(parse_select_rest(parser, (*ret_expr)->select, &expr->select));
        *ret_expr = expr;
        return close_subquery(parser, open, expr);
    }
    if (AT_SYMBOL(parser, ","))
        return parser_fail_dialect(parser, "a row of several values", NULL);
    return parser_expect_close(parser, open);
}

/* ---- all together ---- */

static Status parse_word(Parser *parser, const AstExpr **ret_expr)
{
    if (AT_WORD(parser, "null"))
        return parse_constant(parser, AST_NULL, ret_expr);
    if (AT_WORD(parser, "true") || AT_WORD(parser, "false"))
        return parse_constant(parser, AST_BOOLEAN, ret_expr);
    if (AT_WORD(parser, "case"))
        return parse_case(parser, ret_expr);
    if (AT_WORD(parser, "exists"))
        return parse_exists(parser, ret_expr);
    if (AT_WORD(parser, "array"))
        return parse_array(parser, ret_expr);
    if (at_typed_literal(parser))
        return parse_typed_literal(parser, ret_expr);
    return parser_at_call(parser) ? parse_call(parser, ret_expr) : parse_column(parser, ret_expr);
}

static Status refuse_symbol(Parser *parser)
{
    Status status = parser_fail(parser, "an expression");
    if (AT_SYMBOL(parser, "?"))
        fail_hint(parser->ctx, "parameters are written $1, $2, ..");
    return status;
}

static Status parse_operand(Parser *parser, const AstExpr **ret_expr)
{
    switch (parser->token->kind) {
    case TOKEN_NUMBER:
        return parse_literal(parser, AST_NUMBER, ret_expr);
    case TOKEN_STRING:
        return parse_literal(parser, AST_STRING, ret_expr);
    case TOKEN_BYTES:
        return parse_literal(parser, AST_BYTES, ret_expr);
    case TOKEN_PARAMETER:
        return parse_parameter(parser, ret_expr);
    case TOKEN_WORD:
        return parse_word(parser, ret_expr);
    case TOKEN_QUOTED:
        return parse_column(parser, ret_expr);
    case TOKEN_SYMBOL:
        return AT_SYMBOL(parser, "(") ? parse_parenthesis(parser, ret_expr) : refuse_symbol(parser);
    case TOKEN_END:
        break;
    }
    return parser_fail(parser, "an expression");
}

Status parse_primary(Parser *parser, const AstExpr **ret_expr)
{
    TRY(parse_operand(parser, ret_expr));
    return AT_SYMBOL(parser, "[") ? parser_fail_dialect(parser, "taking an element by [..]", NULL)
                                  : STATUS_OK;
}
