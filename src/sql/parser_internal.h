/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of the parser share: the token cursor and its small words.
 *
 * A parse function starts at the first token of what it parses and leaves the
 * cursor behind it.
 */
#pragma once

#include "sql/lexer.h"
#include "sql/operators.h"
#include "sql/parser.h"

/*
 * How high a tree may get.  Nesting is bounded by SQL_DEPTH_MAX, but a chain
 * like 1 + 1 + .. is as high as it is long without nesting at all, and whoever
 * walks a tree recursively needs stack for its height.  (AND and OR make
 * balanced trees and have no such limit.)
 */
enum { SQL_HEIGHT_MAX = 2000 };

typedef struct WindowScope WindowScope;

typedef struct Parser {
    Context *ctx;
    Arena *arena;
    Str text;
    const Token *token; /* the current one */
    uint32_t parameter_count;
    int depth;            /* of the parser's own recursion */
    int deepest;          /* that depth was since the WHERE being parsed began */
    int height;           /* of the trees built since the last height_open() */
    uint32_t entry_count; /* how often parser_enter() was called */
    WindowScope *windows; /* of the query being parsed; NULL outside */
} Parser;

/* ---- the cursor ---- */

static inline uint32_t parser_offset(const Parser *parser)
{
    return parser->token->offset;
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

/* The ")" of the parenthesis `open`; the hint of a failure says which one is not closed. */
MUST_CHECK Status parser_expect_close(Parser *parser, const Token *open);

/* `syntax error at or near "x", expected ..` at the current token. */
Status parser_fail(Parser *parser, const char *expected);
/* `Unsupported statement type: VERB WORD`, WORD being the current token; at `start`. */
Status parser_fail_unsupported(Parser *parser, const Token *start, const char *verb);
/* STATUS_UNSUPPORTED at the current token: it is SQL, but not of this dialect. */
Status parser_fail_dialect(Parser *parser, const char *what, const char *hint);

/* ---- limits ---- */

/* Against deep nesting: every recursive function enters and leaves. */
MUST_CHECK Status parser_enter(Parser *parser);
static inline void parser_leave(Parser *parser)
{
    parser->depth--;
}

/*
 * Heights.  Between height_open() and height_close() parser->height is the
 * height of the highest tree built in between; parser_grow() puts a node on top
 * of all of them.
 */
static inline int height_open(Parser *parser)
{
    int outer = parser->height;
    parser->height = 0;
    return outer;
}

static inline void height_close(Parser *parser, int outer)
{
    if (parser->height < outer)
        parser->height = outer;
}

MUST_CHECK Status parser_grow(Parser *parser, int levels);

/* ---- names, literals ---- */

/* A name: quoted, or a word that is not reserved. */
bool parser_at_name(const Parser *parser);
MUST_CHECK Status parse_name(Parser *parser, const char *expected, AstName *ret_name);
/* Any word: behind a dot or AS nothing but a name can stand. */
MUST_CHECK Status parse_label(Parser *parser, const char *expected, AstName *ret_name);
/* As parse_name(), and the namespace DEFAULT. */
MUST_CHECK Status parse_namespace_name(Parser *parser, AstName *ret_name);
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

/* expressions: parse_expr.c, parse_primary.c, parse_function.c, parse_window.c */
MUST_CHECK Status parse_expr(Parser *parser, const AstExpr **ret_expr);
MUST_CHECK Status parse_expr_list(Parser *parser, ExprList *list); /* a, b, .. */
/* One operand with the operators that bind at least as tightly as `rank`: of RANK_OR, any. */
MUST_CHECK Status parse_expr_of_rank(Parser *parser, Rank rank, const AstExpr **ret_expr);
/* The same for who has entered already: an operator's right side nests no deeper than its rank. */
MUST_CHECK Status parse_ranked(Parser *parser, Rank rank, const AstExpr **ret_expr);
MUST_CHECK Status parse_primary(Parser *parser, const AstExpr **ret_expr);
bool parser_at_call(const Parser *parser);
MUST_CHECK Status parse_call(Parser *parser, const AstExpr **ret_expr);
/* Behind OVER. */
MUST_CHECK Status parse_over(Parser *parser, AstExpr *call);

AstExpr *new_expr(Parser *parser, AstExprKind kind, uint32_t offset);
const AstExpr *new_star(Parser *parser); /* of the current token */
/* The text of a node ends where the last token taken ends. */
void set_length(Parser *parser, AstExpr *expr);
void set_args(AstExpr *expr, const ExprList *list);

/* windows by name: WINDOW w AS (..) */
typedef struct WindowUse {
    AstExpr *call;
    AstName name;
} WindowUse;

typedef struct NamedWindow {
    AstName name;
    const AstWindow *window;
} NamedWindow;

struct WindowScope {
    WindowUse *uses; /* OVER name, still without a window */
    size_t use_count;
    size_t use_capacity;
    NamedWindow *windows; /* of the last query block */
    size_t count;
    size_t capacity;
};

MUST_CHECK Status parse_window_clause(Parser *parser);
MUST_CHECK Status resolve_windows(Parser *parser);

/* queries: parse_select.c, parse_from.c */
/* True at SELECT, VALUES or WITH. */
bool parser_at_query(const Parser *parser);
/* As parser_at_query(), also at a parenthesis before one of them. */
bool parser_at_select(const Parser *parser);
/* True at a word that goes on a query which stands in parentheses before it: UNION, LIMIT, .. */
bool parser_at_select_rest(const Parser *parser);
MUST_CHECK Status parse_select(Parser *parser, const AstSelect **ret_select);
/* What follows `first`, which was read already; it stood in parentheses. */
MUST_CHECK Status parse_select_rest(Parser *parser,
                                    const AstSelect *first,
                                    const AstSelect **ret_select);
/* VALUES with DEFAULT allowed, or any query. */
MUST_CHECK Status parse_insert_source(Parser *parser, const AstSelect **ret_select);
MUST_CHECK Status parse_from(Parser *parser, const AstFrom **ret_from);
MUST_CHECK Status parse_alias(Parser *parser, AstName *ret_alias);
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
