/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls: f(..) with DISTINCT, FILTER and OVER, functions without parentheses,
 * and those whose arguments are separated by words.
 */
#include "sql/parser_internal.h"

static AstExpr *new_call(Parser *parser, uint32_t offset, Str name, const ExprList *args)
{
    AstExpr *call = new_expr(parser, AST_FUNCTION, offset);
    call->text = name;
    set_args(call, args);
    return call;
}

/* ---- functions with a grammar of their own; called behind the parenthesis ---- */

/* EXTRACT(field FROM x) = date_part('field', x) */
static Status parse_extract(Parser *parser, uint32_t offset, AstExpr **ret_expr)
{
    ExprList args = {0};
    AstName field;
    const AstExpr *source;
    TRY(parse_name_or_string(parser, "a field like YEAR", &field));
    if (!TAKE_SYMBOL(parser, ","))
        TRY(EXPECT_WORD(parser, "from"));
    TRY(parse_expr(parser, &source));
    AstExpr *text = new_expr(parser, AST_STRING, field.offset);
    text->text = field.text;
    expr_list_add(parser, &args, text);
    expr_list_add(parser, &args, source);
    *ret_expr = new_call(parser, offset, STR("date_part"), &args);
    return STATUS_OK;
}

/* SUBSTRING(x FROM a FOR b), or its arguments separated by commas */
static Status parse_substring(Parser *parser, uint32_t offset, AstExpr **ret_expr)
{
    ExprList args = {0};
    do {
        const AstExpr *expr;
        TRY(parse_expr(parser, &expr));
        expr_list_add(parser, &args, expr);
    } while (TAKE_SYMBOL(parser, ",") || TAKE_WORD(parser, "from") || TAKE_WORD(parser, "for"));
    *ret_expr = new_call(parser, offset, STR("substring"), &args);
    return STATUS_OK;
}

/* POSITION(a IN b) = strpos(b, a) */
static Status parse_position(Parser *parser, uint32_t offset, AstExpr **ret_expr)
{
    ExprList args = {0};
    const AstExpr *what;
    const AstExpr *where;
    TRY(parse_expr_of_rank(parser, RANK_OTHER, &what));
    if (!TAKE_SYMBOL(parser, ","))
        TRY(EXPECT_WORD(parser, "in"));
    TRY(parse_expr(parser, &where));
    expr_list_add(parser, &args, where);
    expr_list_add(parser, &args, what);
    *ret_expr = new_call(parser, offset, STR("strpos"), &args);
    return STATUS_OK;
}

/* TRIM([LEADING|TRAILING|BOTH] [characters FROM] x) = ltrim, rtrim, btrim */
static Status parse_trim(Parser *parser, uint32_t offset, AstExpr **ret_expr)
{
    ExprList args = {0};
    const AstExpr *characters = NULL;
    const AstExpr *text = NULL;
    Str name = TAKE_WORD(parser, "leading")    ? STR("ltrim")
               : TAKE_WORD(parser, "trailing") ? STR("rtrim")
                                               : STR("btrim");
    (void)TAKE_WORD(parser, "both");
    if (!AT_WORD(parser, "from"))
        TRY(parse_expr(parser, &text));
    if (TAKE_WORD(parser, "from")) {
        characters = text;
        TRY(parse_expr(parser, &text));
    } else if (TAKE_SYMBOL(parser, ",")) {
        TRY(parse_expr(parser, &characters));
    }
    expr_list_add(parser, &args, text);
    if (characters)
        expr_list_add(parser, &args, characters);
    *ret_expr = new_call(parser, offset, name, &args);
    return STATUS_OK;
}

static Status parse_cast(Parser *parser, uint32_t offset, AstExpr **ret_expr)
{
    ExprList args = {0};
    const AstExpr *value;
    AstExpr *expr = new_expr(parser, AST_CAST, offset);
    TRY(parse_expr(parser, &value));
    TRY(EXPECT_WORD(parser, "as"));
    TRY(parse_type(parser, &expr->type));
    expr_list_add(parser, &args, value);
    set_args(expr, &args);
    *ret_expr = expr;
    return STATUS_OK;
}

/* FILE("upload") names a part of a multipart request. */
static Status refuse_file(Parser *parser, uint32_t offset, AstExpr **ret_expr)
{
    (void)ret_expr;
    return fail_at(parser->ctx,
                   STATUS_INVALID_SQL,
                   offset,
                   "Unsupported statement type: FILE(..) is not in this version");
}

typedef struct SpecialFunction {
    Str name;
    Status (*parse)(Parser *parser, uint32_t offset, AstExpr **ret_expr);
} SpecialFunction;

static const SpecialFunction SPECIAL_FUNCTIONS[] = {
    {STR_INIT("cast"), parse_cast},
    {STR_INIT("extract"), parse_extract},
    {STR_INIT("file"), refuse_file},
    {STR_INIT("position"), parse_position},
    {STR_INIT("substring"), parse_substring},
    {STR_INIT("trim"), parse_trim},
};

static const SpecialFunction *find_special(Str name)
{
    for (size_t i = 0; i < sizeof(SPECIAL_FUNCTIONS) / sizeof(*SPECIAL_FUNCTIONS); i++)
        if (str_equal(name, SPECIAL_FUNCTIONS[i].name))
            return &SPECIAL_FUNCTIONS[i];
    return NULL;
}

/* ---- all others ---- */

/* CURRENT_TIMESTAMP and its like are functions without parentheses. */
static bool is_bare_function(Str word)
{
    static const Str WORDS[] = {
        STR_INIT("current_date"),
        STR_INIT("current_role"),
        STR_INIT("current_time"),
        STR_INIT("current_timestamp"),
        STR_INIT("current_user"),
    };
    for (size_t i = 0; i < sizeof(WORDS) / sizeof(*WORDS); i++)
        if (str_equal(word, WORDS[i]))
            return true;
    return false;
}

bool parser_at_call(const Parser *parser)
{
    const Token *token = parser->token;
    if (token->kind != TOKEN_WORD)
        return false;
    if (is_bare_function(token->text))
        return true;
    if (!at_symbol_of(token + 1, STR("(")))
        return false;
    return !sql_is_reserved(token->text) || str_equal(token->text, STR("cast")) ||
           str_equal(token->text, STR("left")) || str_equal(token->text, STR("right"));
}

const AstExpr *new_star(Parser *parser)
{
    AstExpr *star = new_expr(parser, AST_STAR, parser_offset(parser));
    parser_advance(parser);
    set_length(parser, star);
    return star;
}

static Status parse_arguments(Parser *parser, AstExpr *call)
{
    ExprList args = {0};
    if (AT_SYMBOL(parser, ")"))
        return STATUS_OK;
    call->distinct = TAKE_WORD(parser, "distinct");
    if (!call->distinct)
        (void)TAKE_WORD(parser, "all");
    if (AT_SYMBOL(parser, "*"))
        expr_list_add(parser, &args, new_star(parser));
    else
        TRY(parse_expr_list(parser, &args));
    set_args(call, &args);
    if (!TAKE_WORD(parser, "order"))
        return STATUS_OK;
    AstOrderList *order = ARENA_NEW(parser->arena, AstOrderList);
    call->order_by = order;
    TRY(EXPECT_WORD(parser, "by"));
    return parse_order_list(parser, order);
}

/* FILTER (WHERE ..) */
static Status parse_filter(Parser *parser, AstExpr *call)
{
    const Token *open = parser->token;
    TRY(EXPECT_SYMBOL(parser, "("));
    TRY(EXPECT_WORD(parser, "where"));
    TRY(parse_expr(parser, &call->filter));
    return parser_expect_close(parser, open);
}

/* FILTER and OVER are names too, when nothing that fits follows. */
static Status parse_call_clauses(Parser *parser, AstExpr *call)
{
    if (AT_WORD(parser, "filter") && at_symbol_of(parser->token + 1, STR("("))) {
        parser_advance(parser);
        TRY(parse_filter(parser, call));
    }
    if (!AT_WORD(parser, "over"))
        return STATUS_OK;
    const Token *next = parser->token + 1;
    bool is_window = at_symbol_of(next, STR("(")) || next->kind == TOKEN_QUOTED ||
                     (next->kind == TOKEN_WORD && !sql_is_reserved(next->text));
    if (!is_window)
        return STATUS_OK;
    parser_advance(parser);
    return parse_over(parser, call);
}

static Status parse_plain_call(Parser *parser, uint32_t offset, Str name, AstExpr **ret_expr)
{
    const Token *open = parser->token;
    AstExpr *call = new_call(parser, offset, name, &(ExprList){0});
    *ret_expr = call;
    if (!TAKE_SYMBOL(parser, "("))
        return STATUS_OK; /* CURRENT_USER */
    TRY(parse_arguments(parser, call));
    TRY(parser_expect_close(parser, open));
    return parse_call_clauses(parser, call);
}

Status parse_call(Parser *parser, const AstExpr **ret_expr)
{
    AstExpr *expr;
    uint32_t offset = parser_offset(parser);
    Str name = parser->token->text;
    parser_advance(parser);
    const SpecialFunction *special = find_special(name);
    if (special) {
        const Token *open = parser->token;
        parser_advance(parser);
        TRY(special->parse(parser, offset, &expr));
        TRY(parser_expect_close(parser, open));
    } else {
        TRY(parse_plain_call(parser, offset, name, &expr));
    }
    set_length(parser, expr);
    *ret_expr = expr;
    return parser_grow(parser, 1);
}
