/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FROM: tables, queries and functions, and the joins between them.  Joins lean
 * to the left; a list of tables is a cross join.
 */
#include "sql/parser_internal.h"

static Status parse_joins(Parser *parser, const AstFrom **ret_from);

static AstFrom *new_from(Parser *parser, AstFromKind kind, uint32_t offset)
{
    AstFrom *from = ARENA_NEW(parser->arena, AstFrom);
    from->kind = kind;
    from->offset = offset;
    return from;
}

/* [AS] alias [(columns)] */
static Status parse_from_alias(Parser *parser, AstFrom *from)
{
    TRY(parse_alias(parser, &from->alias));
    if (from->alias.text.ptr && AT_SYMBOL(parser, "("))
        return parse_name_list(parser, &from->column_aliases);
    return STATUS_OK;
}

/* ---- one item ---- */

static Status finish_query(Parser *parser, AstFrom *from, const AstFrom **ret_from)
{
    from->kind = from->select->values ? AST_FROM_VALUES : AST_FROM_SELECT;
    TRY(parse_from_alias(parser, from));
    *ret_from = from;
    return parser_grow(parser, 1);
}

/* A query in parentheses and nothing more, so that it may be the first part of a longer one. */
static bool is_bare_query(const AstFrom *from)
{
    return (from->kind == AST_FROM_SELECT || from->kind == AST_FROM_VALUES) && !from->lateral &&
           !from->alias.text.ptr;
}

/*
 * (SELECT ..) x, ((SELECT ..) UNION ..) x or (a JOIN b ON ..) x: what begins
 * with two parentheses is read as joins, until it turns out to be a query.
 */
static Status parse_from_parenthesis(Parser *parser, bool lateral, const AstFrom **ret_from)
{
    const Token *open = parser->token;
    AstFrom *from = new_from(parser, AST_FROM_SELECT, open->offset);
    from->lateral = lateral;
    parser_advance(parser);
    if (parser_at_query(parser)) {
        TRY(parse_select(parser, &from->select));
        TRY(parser_expect_close(parser, open));
        return finish_query(parser, from, ret_from);
    }
    const AstFrom *inner;
    TRY(parse_joins(parser, &inner));
    if (is_bare_query(inner)) {
        TRY(parse_select_rest(parser, inner->select, &from->select));
        TRY(parser_expect_close(parser, open));
        return finish_query(parser, from, ret_from);
    }
    if (inner->kind != AST_FROM_JOIN || lateral)
        return parser_fail(parser, lateral ? "a query behind LATERAL" : "JOIN");
    TRY(parser_expect_close(parser, open));
    *from = *inner;
    TRY(parse_from_alias(parser, from));
    *ret_from = from;
    return STATUS_OK;
}

static Status parse_from_item(Parser *parser, const AstFrom **ret_from)
{
    uint32_t offset = parser_offset(parser);
    bool lateral = TAKE_WORD(parser, "lateral");
    if (AT_SYMBOL(parser, "("))
        return parse_from_parenthesis(parser, lateral, ret_from);
    AstFrom *from = new_from(parser, AST_FROM_TABLE, offset);
    from->lateral = lateral;
    if (parser_at_call(parser)) {
        from->kind = AST_FROM_FUNCTION;
        TRY(parse_call(parser, &from->function));
        if (from->function->kind != AST_FUNCTION)
            return fail_at(
                parser->ctx, STATUS_SYNTAX_ERROR, offset, "CAST makes no table to select from");
    } else {
        TRY(parse_table_name(parser, &from->table));
    }
    TRY(parse_from_alias(parser, from));
    *ret_from = from;
    return parser_grow(parser, 1);
}

/* ---- joins ---- */

typedef struct JoinWord {
    Str word;
    AstJoinKind kind;
    bool outer;
} JoinWord;

/* [NATURAL] [INNER | LEFT [OUTER] | .. | CROSS] JOIN; ret_join->join is set when there is one. */
static Status take_join(Parser *parser, AstFrom *ret_join, bool *ret_found)
{
    static const JoinWord JOINS[] = {
        {STR_INIT("inner"), AST_JOIN_INNER, false},
        {STR_INIT("left"), AST_JOIN_LEFT, true},
        {STR_INIT("right"), AST_JOIN_RIGHT, true},
        {STR_INIT("full"), AST_JOIN_FULL, true},
        {STR_INIT("cross"), AST_JOIN_CROSS, false},
    };
    ret_join->natural = TAKE_WORD(parser, "natural");
    ret_join->join = AST_JOIN_INNER;
    *ret_found = ret_join->natural || AT_WORD(parser, "join");
    for (size_t i = 0; i < sizeof(JOINS) / sizeof(*JOINS); i++) {
        if (!parser_take_word(parser, JOINS[i].word))
            continue;
        *ret_found = true;
        ret_join->join = JOINS[i].kind;
        if (JOINS[i].outer)
            (void)TAKE_WORD(parser, "outer");
        break;
    }
    return *ret_found ? EXPECT_WORD(parser, "join") : STATUS_OK;
}

static Status parse_join_condition(Parser *parser, AstFrom *join)
{
    if (join->join == AST_JOIN_CROSS || join->natural)
        return STATUS_OK;
    if (TAKE_WORD(parser, "using"))
        return parse_name_list(parser, &join->using_columns);
    if (!TAKE_WORD(parser, "on"))
        return parser_fail(parser, "ON or USING");
    return parse_expr(parser, &join->on);
}

static Status parse_join_chain(Parser *parser, const AstFrom **ret_from)
{
    uint32_t offset = parser_offset(parser);
    const AstFrom *left = NULL;
    TRY(parse_from_item(parser, &left));
    for (;;) {
        AstFrom join = {.kind = AST_FROM_JOIN, .offset = offset, .left = left};
        bool found;
        TRY(take_join(parser, &join, &found));
        if (!found)
            break;
        int outer = height_open(parser);
        TRY(parse_from_item(parser, &join.right));
        height_close(parser, outer);
        TRY(parse_join_condition(parser, &join));
        TRY(parser_grow(parser, 1));
        left = memcpy(new_from(parser, AST_FROM_JOIN, offset), &join, sizeof(join));
    }
    *ret_from = left;
    return STATUS_OK;
}

static Status parse_joins(Parser *parser, const AstFrom **ret_from)
{
    int outer = height_open(parser);
    TRY(parser_enter(parser));
    TRY(parse_join_chain(parser, ret_from));
    parser_leave(parser);
    height_close(parser, outer);
    return STATUS_OK;
}

Status parse_from(Parser *parser, const AstFrom **ret_from)
{
    uint32_t offset = parser_offset(parser);
    int outer = height_open(parser);
    const AstFrom *left;
    TRY(parse_joins(parser, &left));
    while (TAKE_SYMBOL(parser, ",")) {
        AstFrom *join = new_from(parser, AST_FROM_JOIN, offset);
        join->join = AST_JOIN_CROSS;
        join->left = left;
        TRY(parse_joins(parser, &join->right));
        TRY(parser_grow(parser, 1));
        left = join;
    }
    height_close(parser, outer);
    *ret_from = left;
    return STATUS_OK;
}
