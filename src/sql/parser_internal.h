/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of the parser share: the token cursor and its small words.
 *
 * A parse function starts at the first token of what it parses and leaves the
 * cursor behind it.
 */
#pragma once

#include "sql/lexer.h"
#include "sql/parser.h"

enum {
    SQL_OPERATORS_MAX = 1000,    /* in one chain of operators of equal rank */
    SQL_CONDITIONS_MAX = 100000, /* in one chain of AND or OR */
    SQL_SET_OPERATIONS_MAX = 500,
    SQL_FROM_ITEMS_MAX = 100,
};

typedef struct Parser {
    Context *ctx;
    Arena *arena;
    Str text;
    const Token *token; /* the current one */
    uint32_t base;      /* offset of the statement in text */
    uint32_t parameter_count;
    int depth;
} Parser;

/* ---- the cursor ---- */

static inline uint32_t parser_offset(const Parser *parser)
{
    return parser->token->offset - parser->base;
}

static inline void parser_advance(Parser *parser)
{
    if (parser->token->kind != TOKEN_END)
        parser->token++;
}

static inline bool at_word_of(const Token *token, Str word)
{
    return token->kind == TOKEN_WORD && str_equal(token->text, word);
}

static inline bool at_symbol_of(const Token *token, Str symbol)
{
    return token->kind == TOKEN_SYMBOL && str_equal(token->text, symbol);
}

#define AT_WORD(parser, word) at_word_of((parser)->token, STR(word))
#define AT_WORDS(parser, first, then)                                                              \
    (AT_WORD(parser, first) && at_word_of((parser)->token + 1, STR(then)))
#define AT_SYMBOL(parser, symbol) at_symbol_of((parser)->token, STR(symbol))
#define TAKE_WORD(parser, word)   parser_take_word((parser), STR(word))
#define TAKE_WORDS(parser, first, then)                                                            \
    (AT_WORDS(parser, first, then) && TAKE_WORD(parser, first) && TAKE_WORD(parser, then))
#define TAKE_SYMBOL(parser, symbol)   parser_take_symbol((parser), STR(symbol))
#define EXPECT_WORD(parser, word)     parser_expect_word((parser), STR(word))
#define EXPECT_SYMBOL(parser, symbol) parser_expect_symbol((parser), STR(symbol))

/* True, and the cursor moves on, when that is the current token. */
bool parser_take_word(Parser *parser, Str word);
bool parser_take_symbol(Parser *parser, Str symbol);
MUST_CHECK Status parser_expect_word(Parser *parser, Str word);
MUST_CHECK Status parser_expect_symbol(Parser *parser, Str symbol);

/* `syntax error at or near "x", expected ..` at the current token. */
Status parser_fail(Parser *parser, const char *expected);

/* Against deep nesting: every recursive function enters and leaves. */
MUST_CHECK Status parser_enter(Parser *parser);
static inline void parser_leave(Parser *parser)
{
    parser->depth--;
}

/* ---- names, literals ---- */

/* A name: quoted, or a word that is not reserved. */
bool parser_at_name(const Parser *parser);
MUST_CHECK Status parse_name(Parser *parser, const char *expected, AstName *ret_name);
/* As parse_name(), also 'in quotes'. */
MUST_CHECK Status parse_name_or_string(Parser *parser, const char *expected, AstName *ret_name);
MUST_CHECK Status parse_table_name(Parser *parser, AstTableName *ret_name);
/* (a, b, ..) */
MUST_CHECK Status parse_name_list(Parser *parser, AstNameList *ret_list);
MUST_CHECK Status parse_string(Parser *parser, const char *expected, Str *ret_text);
MUST_CHECK Status parse_type(Parser *parser, AstType *ret_type);
/* (key = value, ..) */
MUST_CHECK Status parse_options(Parser *parser, AstOptionList *ret_options);
/* IF EXISTS, IF NOT EXISTS */
bool parse_if_exists(Parser *parser);
bool parse_if_not_exists(Parser *parser);

/* A growing list in the arena. */
typedef struct ExprList {
    const AstExpr **items;
    size_t count;
    size_t capacity;
} ExprList;
void expr_list_add(Parser *parser, ExprList *list, const AstExpr *expr);

/* ---- the grammar ---- */

MUST_CHECK Status parse_expr(Parser *parser, const AstExpr **ret_expr);
MUST_CHECK Status parse_expr_list(Parser *parser, ExprList *list); /* a, b, .. */
AstExpr *new_expr(Parser *parser, AstExprKind kind, uint32_t offset);
const AstExpr *new_function(Parser *parser, uint32_t offset, Str name, ExprList args);

/* True at SELECT, VALUES, WITH, or a parenthesis before one of them. */
bool parser_at_select(const Parser *parser);
MUST_CHECK Status parse_select(Parser *parser, const AstSelect **ret_select);
MUST_CHECK Status parse_order_list(Parser *parser, AstOrderList *ret_list);
/* The select list; also of RETURNING. */
MUST_CHECK Status parse_items(Parser *parser, const AstItem **ret_items, size_t *ret_count);

MUST_CHECK Status parse_insert(Parser *parser, AstStatement *statement);
MUST_CHECK Status parse_update(Parser *parser, AstStatement *statement);
MUST_CHECK Status parse_delete(Parser *parser, AstStatement *statement);

/* Behind CREATE, ALTER, DROP. */
MUST_CHECK Status parse_create(Parser *parser, AstStatement *statement);
MUST_CHECK Status parse_alter(Parser *parser, AstStatement *statement);
MUST_CHECK Status parse_drop(Parser *parser, AstStatement *statement);

MUST_CHECK Status parse_statement(Parser *parser, AstStatement *statement);
/* Everything that is neither a query, DML nor DDL. */
MUST_CHECK Status parse_utility(Parser *parser, AstStatement *statement);
