/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators, by precedence climbing (Pratt; Norvell 1999) with PostgreSQL's
 * ranks.  A chain of AND or OR becomes a balanced tree, so that a generated
 * condition of thousands of terms is as shallow as it can be; every other chain
 * leans to the left and is bounded by SQL_HEIGHT_MAX.
 */
#include "sql/parser_internal.h"

/* ---- building ---- */

AstExpr *new_expr(Parser *parser, AstExprKind kind, uint32_t offset)
{
    AstExpr *expr = ARENA_NEW(parser->arena, AstExpr);
    expr->kind = kind;
    expr->offset = offset;
    return expr;
}

void set_length(Parser *parser, AstExpr *expr)
{
    expr->length = parser->token[-1].end - expr->offset;
}

void set_args(AstExpr *expr, const ExprList *list)
{
    expr->args = list->items;
    expr->arg_count = list->count;
}

void expr_list_add(Parser *parser, ExprList *list, const AstExpr *expr)
{
    list->items = arena_grow(
        parser->arena, list->items, list->count, &list->capacity, sizeof(const AstExpr *));
    list->items[list->count++] = expr;
}

static void
give_args(Parser *parser, AstExpr *expr, size_t count, const AstExpr *first, const AstExpr *second)
{
    const AstExpr **args = ARENA_ARRAY(parser->arena, const AstExpr *, count);
    args[0] = first;
    if (count > 1)
        args[1] = second;
    expr->args = args;
    expr->arg_count = count;
}

static AstExpr *
new_binary(Parser *parser, AstOp op, uint32_t offset, const AstExpr *left, const AstExpr *right)
{
    AstExpr *expr = new_expr(parser, AST_BINARY, offset);
    expr->op = op;
    give_args(parser, expr, 2, left, right);
    return expr;
}

/* ---- prefix operators ---- */

static Status parse_unary(Parser *parser, AstOp op, const AstExpr **ret_expr)
{
    const AstExpr *operand;
    AstExpr *expr = new_expr(parser, AST_UNARY, parser_offset(parser));
    expr->op = op;
    TRY(parser_enter(parser));
    parser_advance(parser);
    TRY(parse_ranked(parser, operator_rank(op), &operand));
    parser_leave(parser);
    give_args(parser, expr, 1, operand, NULL);
    set_length(parser, expr);
    *ret_expr = expr;
    return parser_grow(parser, 1);
}

/* a = NOT b: PostgreSQL's grammar has no such expression either. */
static Status refuse_not(Parser *parser)
{
    Status status = parser_fail(parser, "an operand");
    fail_hint(parser->ctx, "NOT binds weaker than what stands before it: write (NOT ..)");
    return status;
}

static Status parse_prefix(Parser *parser, Rank rank, const AstExpr **ret_expr)
{
    if (AT_SYMBOL(parser, "-"))
        return parse_unary(parser, AST_OP_NEGATE, ret_expr);
    if (AT_SYMBOL(parser, "+"))
        return parse_unary(parser, AST_OP_PLUS, ret_expr);
    if (AT_WORD(parser, "not"))
        return rank > RANK_NOT ? refuse_not(parser) : parse_unary(parser, AST_OP_NOT, ret_expr);
    return parse_primary(parser, ret_expr);
}

/* ---- what follows an operand; each is given a node with its place and its left side ---- */

static Status parse_distinct_from(Parser *parser, AstExpr *expr, const AstExpr *left)
{
    const AstExpr *right;
    expr->is_what = AST_IS_DISTINCT_FROM;
    TRY(parse_ranked(parser, RANK_IS + 1, &right));
    give_args(parser, expr, 2, left, right);
    return STATUS_OK;
}

static Status parse_is(Parser *parser, AstExpr *expr, const AstExpr *left)
{
    expr->kind = AST_IS;
    parser_advance(parser);
    expr->negated = TAKE_WORD(parser, "not");
    give_args(parser, expr, 1, left, NULL);
    if (TAKE_WORDS(parser, "distinct", "from"))
        return parse_distinct_from(parser, expr, left);
    if (TAKE_WORD(parser, "null"))
        expr->is_what = AST_IS_NULL;
    else if (TAKE_WORD(parser, "true"))
        expr->is_what = AST_IS_TRUE;
    else if (TAKE_WORD(parser, "false"))
        expr->is_what = AST_IS_FALSE;
    else if (TAKE_WORD(parser, "unknown"))
        expr->is_what = AST_IS_UNKNOWN;
    else
        return parser_fail(parser, "NULL, TRUE, FALSE, UNKNOWN or DISTINCT FROM");
    return STATUS_OK;
}

/* IN (a, b), IN (SELECT ..), IN ((SELECT ..)), IN ((SELECT ..) UNION ..) */
static Status parse_in(Parser *parser, AstExpr *expr, const AstExpr *left)
{
    ExprList args = {0};
    const Token *open = parser->token;
    expr->kind = AST_IN;
    expr_list_add(parser, &args, left);
    TRY(EXPECT_SYMBOL(parser, "("));
    if (parser_at_query(parser)) {
        TRY(parse_select(parser, &expr->select));
    } else {
        TRY(parse_expr_list(parser, &args));
        const AstExpr *last = args.items[args.count - 1];
        if (args.count == 2 && last->kind == AST_SUBQUERY) {
            args.count = 1;
            TRY(parse_select_rest(parser, last->select, &expr->select));
        }
    }
    set_args(expr, &args);
    return parser_expect_close(parser, open);
}

static Status parse_between(Parser *parser, AstExpr *expr, const AstExpr *left)
{
    const AstExpr **args = ARENA_ARRAY(parser->arena, const AstExpr *, 3);
    expr->kind = AST_BETWEEN;
    expr->args = args;
    expr->arg_count = 3;
    args[0] = left;
    TRY(parse_ranked(parser, RANK_RANGE + 1, &args[1]));
    TRY(EXPECT_WORD(parser, "and"));
    return parse_ranked(parser, RANK_RANGE + 1, &args[2]);
}

static Status parse_like(Parser *parser, AstExpr *expr, const AstExpr *left)
{
    const AstExpr **args = ARENA_ARRAY(parser->arena, const AstExpr *, 3);
    expr->kind = AST_LIKE;
    expr->args = args;
    expr->arg_count = 2;
    args[0] = left;
    TRY(parse_ranked(parser, RANK_RANGE + 1, &args[1]));
    if (!TAKE_WORD(parser, "escape"))
        return STATUS_OK;
    expr->arg_count = 3;
    return parse_ranked(parser, RANK_RANGE + 1, &args[2]);
}

/* [NOT] IN, BETWEEN, LIKE, ILIKE */
static Status parse_range(Parser *parser, AstExpr *expr, const AstExpr *left)
{
    expr->negated = TAKE_WORD(parser, "not");
    if (TAKE_WORD(parser, "in"))
        return parse_in(parser, expr, left);
    if (TAKE_WORD(parser, "between"))
        return parse_between(parser, expr, left);
    expr->nocase = TAKE_WORD(parser, "ilike");
    if (!expr->nocase)
        TRY(EXPECT_WORD(parser, "like"));
    return parse_like(parser, expr, left);
}

static bool at_range(const Parser *parser)
{
    const Token *token = parser->token + (AT_WORD(parser, "not") ? 1 : 0);
    return at_word_of(token, STR("in")) || at_word_of(token, STR("between")) ||
           at_word_of(token, STR("like")) || at_word_of(token, STR("ilike"));
}

static Status parse_cast_suffix(Parser *parser, AstExpr *expr, const AstExpr *left)
{
    expr->kind = AST_CAST;
    parser_advance(parser);
    give_args(parser, expr, 1, left, NULL);
    return parse_type(parser, &expr->type);
}

/* ---- AND, OR ---- */

static int height_of_balanced(size_t count)
{
    int height = 0;
    for (size_t reach = 1; reach < count; reach *= 2)
        height++;
    return height;
}

static const AstExpr *balance(Parser *parser, AstOp op, const AstExpr **items, size_t count)
{
    if (count == 1)
        return items[0];
    size_t half = count / 2;
    const AstExpr *left = balance(parser, op, items, half);
    const AstExpr *right = balance(parser, op, items + half, count - half);
    AstExpr *expr = new_binary(parser, op, left->offset, left, right);
    expr->length = right->offset + right->length - left->offset;
    return expr;
}

static Status parse_conditions(Parser *parser, AstOp op, Str word, const AstExpr **expr)
{
    ExprList items = {0};
    expr_list_add(parser, &items, *expr);
    while (parser_take_word(parser, word)) {
        const AstExpr *next;
        TRY(parse_ranked(parser, operator_rank(op) + 1, &next));
        expr_list_add(parser, &items, next);
    }
    *expr = balance(parser, op, items.items, items.count);
    return parser_grow(parser, height_of_balanced(items.count));
}

/* ---- climbing ---- */

static AstOp operator_here(const Parser *parser)
{
    return parser->token->kind == TOKEN_SYMBOL ? operator_from_symbol(parser->token->text)
                                               : AST_OP_NONE;
}

static Status parse_binary(Parser *parser, AstOp op, AstExpr *expr, const AstExpr *left)
{
    const AstExpr *right;
    Rank rank = operator_rank(op);
    expr->kind = AST_BINARY;
    expr->op = op;
    parser_advance(parser);
    TRY(parse_ranked(parser, rank + 1, &right));
    give_args(parser, expr, 2, left, right);
    if (rank != RANK_COMPARE || operator_rank(operator_here(parser)) != RANK_COMPARE)
        return STATUS_OK;
    Status status = parser_fail(parser, NULL);
    fail_hint(parser->ctx, "comparisons do not chain: write a < b AND b < c");
    return status;
}

/* What the operator at the cursor makes of its left side; RANK_NONE when there is none. */
static Rank rank_here(const Parser *parser)
{
    const Token *token = parser->token;
    if (token->kind == TOKEN_SYMBOL)
        return AT_SYMBOL(parser, "::") ? RANK_CAST : operator_rank(operator_here(parser));
    if (token->kind != TOKEN_WORD)
        return RANK_NONE;
    return AT_WORD(parser, "and")  ? RANK_AND
           : AT_WORD(parser, "or") ? RANK_OR
           : AT_WORD(parser, "is") ? RANK_IS
           : at_range(parser)      ? RANK_RANGE
                                   : RANK_NONE;
}

static Status climb(Parser *parser, Rank rank, uint32_t offset, const AstExpr **expr)
{
    if (rank == RANK_AND)
        return parse_conditions(parser, AST_OP_AND, STR("and"), expr);
    if (rank == RANK_OR)
        return parse_conditions(parser, AST_OP_OR, STR("or"), expr);
    AstExpr *above = new_expr(parser, AST_NULL, offset);
    if (rank == RANK_CAST)
        TRY(parse_cast_suffix(parser, above, *expr));
    else if (rank == RANK_RANGE)
        TRY(parse_range(parser, above, *expr));
    else if (rank == RANK_IS)
        TRY(parse_is(parser, above, *expr));
    else
        TRY(parse_binary(parser, operator_here(parser), above, *expr));
    set_length(parser, above);
    *expr = above;
    return parser_grow(parser, 1);
}

Status parse_ranked(Parser *parser, Rank rank, const AstExpr **ret_expr)
{
    uint32_t offset = parser_offset(parser);
    int outer = height_open(parser);
    TRY(parse_prefix(parser, rank, ret_expr));
    for (;;) {
        Rank found = rank_here(parser);
        if (found == RANK_NONE || found < rank)
            break;
        TRY(climb(parser, found, offset, ret_expr));
    }
    height_close(parser, outer);
    return STATUS_OK;
}

Status parse_expr_of_rank(Parser *parser, Rank rank, const AstExpr **ret_expr)
{
    TRY(parser_enter(parser));
    TRY(parse_ranked(parser, rank, ret_expr));
    parser_leave(parser);
    return STATUS_OK;
}

Status parse_expr(Parser *parser, const AstExpr **ret_expr)
{
    return parse_expr_of_rank(parser, RANK_OR, ret_expr);
}

Status parse_expr_list(Parser *parser, ExprList *list)
{
    do {
        const AstExpr *expr;
        TRY(parse_expr(parser, &expr));
        expr_list_add(parser, list, expr);
    } while (TAKE_SYMBOL(parser, ","));
    return STATUS_OK;
}
