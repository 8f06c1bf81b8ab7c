/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Expressions, by precedence climbing (Pratt; Norvell 1999) with PostgreSQL's
 * ranks.  A chain of AND or OR becomes a balanced tree, so that a generated
 * condition of thousands of terms is as shallow as it can be.
 */
#include "sql/parser_internal.h"

typedef enum Rank {
    RANK_OR = 1,
    RANK_AND,
    RANK_NOT,
    RANK_IS,
    RANK_COMPARE,
    RANK_RANGE, /* BETWEEN IN LIKE */
    RANK_OTHER, /* || -> ->> ? */
    RANK_ADD,
    RANK_MULTIPLY,
    RANK_SIGN,
    RANK_CAST,
} Rank;

typedef struct Operator {
    Str symbol;
    AstOp op;
    Rank rank;
} Operator;

static const Operator OPERATORS[] = {
    {STR_INIT("="), AST_OP_EQ, RANK_COMPARE},
    {STR_INIT("<>"), AST_OP_NE, RANK_COMPARE},
    {STR_INIT("<"), AST_OP_LT, RANK_COMPARE},
    {STR_INIT("<="), AST_OP_LE, RANK_COMPARE},
    {STR_INIT(">"), AST_OP_GT, RANK_COMPARE},
    {STR_INIT(">="), AST_OP_GE, RANK_COMPARE},
    {STR_INIT("||"), AST_OP_CONCAT, RANK_OTHER},
    {STR_INIT("->"), AST_OP_JSON_GET, RANK_OTHER},
    {STR_INIT("->>"), AST_OP_JSON_TEXT, RANK_OTHER},
    {STR_INIT("?"), AST_OP_JSON_EXISTS, RANK_OTHER},
    {STR_INIT("+"), AST_OP_ADD, RANK_ADD},
    {STR_INIT("-"), AST_OP_SUBTRACT, RANK_ADD},
    {STR_INIT("*"), AST_OP_MULTIPLY, RANK_MULTIPLY},
    {STR_INIT("/"), AST_OP_DIVIDE, RANK_MULTIPLY},
    {STR_INIT("%"), AST_OP_MODULO, RANK_MULTIPLY},
};

static Status parse_ranked(Parser *parser, Rank rank, const AstExpr **ret_expr);

/* ---- building ---- */

AstExpr *new_expr(Parser *parser, AstExprKind kind, uint32_t offset)
{
    AstExpr *expr = ARENA_NEW(parser->arena, AstExpr);
    expr->kind = kind;
    expr->offset = offset;
    return expr;
}

/* The text of a node ends where the last token taken ends. */
static void set_length(Parser *parser, AstExpr *expr)
{
    expr->length = parser->token[-1].end - parser->base - expr->offset;
}

static void set_args(AstExpr *expr, const ExprList *list)
{
    expr->args = list->items;
    expr->arg_count = list->count;
}

static AstExpr *new_with_args(
    Parser *parser, AstExprKind kind, uint32_t offset, const AstExpr *first, const AstExpr *second)
{
    ExprList list = {0};
    AstExpr *expr = new_expr(parser, kind, offset);
    expr_list_add(parser, &list, first);
    if (second)
        expr_list_add(parser, &list, second);
    set_args(expr, &list);
    return expr;
}

static AstExpr *new_binary(Parser *parser, AstOp op, const AstExpr *left, const AstExpr *right)
{
    AstExpr *expr = new_with_args(parser, AST_BINARY, left->offset, left, right);
    expr->op = op;
    expr->length = right->offset + right->length - left->offset;
    return expr;
}

const AstExpr *new_function(Parser *parser, uint32_t offset, Str name, ExprList args)
{
    AstExpr *expr = new_expr(parser, AST_FUNCTION, offset);
    expr->text = name;
    set_args(expr, &args);
    set_length(parser, expr);
    return expr;
}

static const AstExpr *new_string(Parser *parser, uint32_t offset, Str text)
{
    AstExpr *expr = new_expr(parser, AST_STRING, offset);
    expr->text = text;
    return expr;
}

/* ---- functions with a grammar of their own ---- */

/* EXTRACT(field FROM x) = date_part('field', x) */
static Status parse_extract(Parser *parser, uint32_t offset, const AstExpr **ret_expr)
{
    ExprList args = {0};
    AstName field;
    const AstExpr *source;
    TRY(parse_name_or_string(parser, "a field like YEAR", &field));
    TRY(EXPECT_WORD(parser, "from"));
    TRY(parse_expr(parser, &source));
    TRY(EXPECT_SYMBOL(parser, ")"));
    expr_list_add(parser, &args, new_string(parser, field.offset, field.text));
    expr_list_add(parser, &args, source);
    *ret_expr = new_function(parser, offset, STR("date_part"), args);
    return STATUS_OK;
}

/* SUBSTRING(x FROM a FOR b), or its arguments separated by commas */
static Status parse_substring(Parser *parser, uint32_t offset, const AstExpr **ret_expr)
{
    ExprList args = {0};
    const AstExpr *expr;
    TRY(parse_expr(parser, &expr));
    expr_list_add(parser, &args, expr);
    while (TAKE_SYMBOL(parser, ",") || TAKE_WORD(parser, "from") || TAKE_WORD(parser, "for")) {
        TRY(parse_expr(parser, &expr));
        expr_list_add(parser, &args, expr);
    }
    TRY(EXPECT_SYMBOL(parser, ")"));
    *ret_expr = new_function(parser, offset, STR("substring"), args);
    return STATUS_OK;
}

/* POSITION(a IN b) = strpos(b, a) */
static Status parse_position(Parser *parser, uint32_t offset, const AstExpr **ret_expr)
{
    ExprList args = {0};
    const AstExpr *what;
    const AstExpr *where;
    TRY(parse_ranked(parser, RANK_OTHER, &what));
    if (!TAKE_WORD(parser, "in"))
        TRY(EXPECT_SYMBOL(parser, ","));
    TRY(parse_expr(parser, &where));
    TRY(EXPECT_SYMBOL(parser, ")"));
    expr_list_add(parser, &args, where);
    expr_list_add(parser, &args, what);
    *ret_expr = new_function(parser, offset, STR("strpos"), args);
    return STATUS_OK;
}

/* TRIM([LEADING|TRAILING|BOTH] [characters FROM] x) = ltrim, rtrim, btrim */
static Status parse_trim(Parser *parser, uint32_t offset, const AstExpr **ret_expr)
{
    ExprList args = {0};
    const AstExpr *characters = NULL;
    const AstExpr *text = NULL;
    Str name = TAKE_WORD(parser, "leading")    ? STR("ltrim")
               : TAKE_WORD(parser, "trailing") ? STR("rtrim")
                                               : STR("btrim");
    if (str_equal(name, STR("btrim")))
        (void)TAKE_WORD(parser, "both");
    if (!TAKE_WORD(parser, "from")) {
        TRY(parse_expr(parser, &text));
        if (TAKE_WORD(parser, "from"))
            characters = text;
        else if (TAKE_SYMBOL(parser, ","))
            TRY(parse_expr(parser, &characters));
    }
    if (!text || characters == text)
        TRY(parse_expr(parser, &text));
    TRY(EXPECT_SYMBOL(parser, ")"));
    expr_list_add(parser, &args, text);
    if (characters)
        expr_list_add(parser, &args, characters);
    *ret_expr = new_function(parser, offset, name, args);
    return STATUS_OK;
}

static Status parse_cast(Parser *parser, uint32_t offset, const AstExpr **ret_expr)
{
    const AstExpr *value;
    AstType type;
    TRY(parse_expr(parser, &value));
    TRY(EXPECT_WORD(parser, "as"));
    TRY(parse_type(parser, &type));
    TRY(EXPECT_SYMBOL(parser, ")"));
    AstExpr *expr = new_with_args(parser, AST_CAST, offset, value, NULL);
    expr->type = type;
    set_length(parser, expr);
    *ret_expr = expr;
    return STATUS_OK;
}

typedef struct SpecialFunction {
    Str name;
    Status (*parse)(Parser *parser, uint32_t offset, const AstExpr **ret_expr);
} SpecialFunction;

/* Called behind the opening parenthesis. */
static const SpecialFunction SPECIAL_FUNCTIONS[] = {
    {STR_INIT("cast"), parse_cast},
    {STR_INIT("extract"), parse_extract},
    {STR_INIT("substring"), parse_substring},
    {STR_INIT("position"), parse_position},
    {STR_INIT("trim"), parse_trim},
};

static const SpecialFunction *find_special(const Parser *parser)
{
    const Token *token = parser->token;
    if (token->kind != TOKEN_WORD || !at_symbol_of(token + 1, STR("(")))
        return NULL;
    for (size_t i = 0; i < sizeof(SPECIAL_FUNCTIONS) / sizeof(*SPECIAL_FUNCTIONS); i++)
        if (str_equal(token->text, SPECIAL_FUNCTIONS[i].name))
            return &SPECIAL_FUNCTIONS[i];
    return NULL;
}

/* ---- function calls ---- */

static Status parse_frame_bound(Parser *parser, AstFrameBound *ret_bound)
{
    AstFrameBound bound = {0};
    if (TAKE_WORD(parser, "unbounded")) {
        bool following = AT_WORD(parser, "following");
        if (!following && !AT_WORD(parser, "preceding"))
            return parser_fail(parser, "PRECEDING or FOLLOWING");
        parser_advance(parser);
        bound.kind = following ? AST_FRAME_UNBOUNDED_FOLLOWING : AST_FRAME_UNBOUNDED_PRECEDING;
    } else if (TAKE_WORDS(parser, "current", "row")) {
        bound.kind = AST_FRAME_CURRENT_ROW;
    } else {
        TRY(parse_ranked(parser, RANK_OTHER, &bound.offset));
        bool following = AT_WORD(parser, "following");
        if (!following && !AT_WORD(parser, "preceding"))
            return parser_fail(parser, "PRECEDING or FOLLOWING");
        parser_advance(parser);
        bound.kind = following ? AST_FRAME_FOLLOWING : AST_FRAME_PRECEDING;
    }
    *ret_bound = bound;
    return STATUS_OK;
}

static Status parse_frame(Parser *parser, AstWindow *window)
{
    if (TAKE_WORD(parser, "rows"))
        window->frame = AST_FRAME_ROWS;
    else if (TAKE_WORD(parser, "range"))
        window->frame = AST_FRAME_RANGE;
    else if (TAKE_WORD(parser, "groups"))
        window->frame = AST_FRAME_GROUPS;
    else
        return STATUS_OK;
    window->end.kind = AST_FRAME_CURRENT_ROW;
    if (!TAKE_WORD(parser, "between"))
        return parse_frame_bound(parser, &window->start);
    TRY(parse_frame_bound(parser, &window->start));
    TRY(EXPECT_WORD(parser, "and"));
    return parse_frame_bound(parser, &window->end);
}

static Status parse_window(Parser *parser, const AstWindow **ret_window)
{
    AstWindow *window = ARENA_NEW(parser->arena, AstWindow);
    TRY(EXPECT_SYMBOL(parser, "("));
    if (TAKE_WORDS(parser, "partition", "by")) {
        ExprList partition = {0};
        TRY(parse_expr_list(parser, &partition));
        window->partition = partition.items;
        window->partition_count = partition.count;
    }
    if (AT_WORD(parser, "order")) {
        parser_advance(parser);
        TRY(EXPECT_WORD(parser, "by"));
        TRY(parse_order_list(parser, &window->order));
    }
    TRY(parse_frame(parser, window));
    TRY(EXPECT_SYMBOL(parser, ")"));
    *ret_window = window;
    return STATUS_OK;
}

static Status parse_arguments(Parser *parser, AstExpr *call)
{
    ExprList args = {0};
    if (TAKE_SYMBOL(parser, ")"))
        return STATUS_OK;
    call->distinct = TAKE_WORD(parser, "distinct");
    if (AT_SYMBOL(parser, "*")) {
        expr_list_add(parser, &args, new_expr(parser, AST_STAR, parser_offset(parser)));
        parser_advance(parser);
    } else {
        TRY(parse_expr_list(parser, &args));
    }
    set_args(call, &args);
    return EXPECT_SYMBOL(parser, ")");
}

static Status parse_call(Parser *parser, const AstExpr **ret_expr)
{
    AstExpr *call = new_expr(parser, AST_FUNCTION, parser_offset(parser));
    call->text = parser->token->text;
    parser->token += 2; /* name and parenthesis */
    TRY(parse_arguments(parser, call));
    if (AT_WORD(parser, "filter") && at_symbol_of(parser->token + 1, STR("("))) {
        parser->token += 2;
        TRY(EXPECT_WORD(parser, "where"));
        TRY(parse_expr(parser, &call->filter));
        TRY(EXPECT_SYMBOL(parser, ")"));
    }
    if (TAKE_WORD(parser, "over"))
        TRY(parse_window(parser, &call->window));
    set_length(parser, call);
    *ret_expr = call;
    return STATUS_OK;
}

/* CURRENT_TIMESTAMP and its like are functions without parentheses. */
static bool is_bare_function(Str word)
{
    static const Str WORDS[] = {
        STR_INIT("current_timestamp"),
        STR_INIT("current_date"),
        STR_INIT("current_user"),
        STR_INIT("current_role"),
    };
    for (size_t i = 0; i < sizeof(WORDS) / sizeof(*WORDS); i++)
        if (str_equal(word, WORDS[i]))
            return true;
    return false;
}

/* ---- primaries ---- */

/* DATE '2026-01-02' */
static bool at_typed_literal(const Parser *parser)
{
    static const Str TYPES[] = {
        STR_INIT("date"),
        STR_INIT("time"),
        STR_INIT("timestamp"),
        STR_INIT("datetime"),
        STR_INIT("uuid"),
        STR_INIT("interval"),
        STR_INIT("json"),
    };
    if (parser->token->kind != TOKEN_WORD || parser->token[1].kind != TOKEN_STRING)
        return false;
    for (size_t i = 0; i < sizeof(TYPES) / sizeof(*TYPES); i++)
        if (str_equal(parser->token->text, TYPES[i]))
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
    return STATUS_OK;
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
        AstWhen *when = &whens[expr->when_count++];
        TRY(parse_expr(parser, &when->condition));
        TRY(EXPECT_WORD(parser, "then"));
        TRY(parse_expr(parser, &when->result));
    }
    if (expr->when_count == 0)
        return parser_fail(parser, "WHEN");
    if (TAKE_WORD(parser, "else"))
        TRY(parse_expr(parser, &expr->otherwise));
    TRY(EXPECT_WORD(parser, "end"));
    expr->whens = whens;
    set_length(parser, expr);
    *ret_expr = expr;
    return STATUS_OK;
}

static Status parse_exists(Parser *parser, const AstExpr **ret_expr)
{
    AstExpr *expr = new_expr(parser, AST_EXISTS, parser_offset(parser));
    parser_advance(parser);
    TRY(EXPECT_SYMBOL(parser, "("));
    TRY(parse_select(parser, &expr->select));
    TRY(EXPECT_SYMBOL(parser, ")"));
    set_length(parser, expr);
    *ret_expr = expr;
    return STATUS_OK;
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
    return STATUS_OK;
}

/* [qualifier.]name, qualifier.* */
static Status parse_column(Parser *parser, const AstExpr **ret_expr)
{
    AstExpr *expr = new_expr(parser, AST_COLUMN, parser_offset(parser));
    TRY(parse_name(parser, "an expression", &expr->name));
    /* ns.table.column: the namespace says nothing that the table does not. */
    for (int parts = 0; parts < 2 && TAKE_SYMBOL(parser, "."); parts++) {
        expr->qualifier = expr->name;
        if (TAKE_SYMBOL(parser, "*")) {
            expr->kind = AST_STAR;
            expr->name = (AstName){0};
            break;
        }
        const Token *token = parser->token;
        if (token->kind != TOKEN_WORD && token->kind != TOKEN_QUOTED)
            return parser_fail(parser, "a column name");
        expr->name = (AstName){.text = token->text,
                               .offset = parser_offset(parser),
                               .quoted = token->kind == TOKEN_QUOTED};
        parser_advance(parser);
    }
    set_length(parser, expr);
    *ret_expr = expr;
    return STATUS_OK;
}

static Status parse_word(Parser *parser, const AstExpr **ret_expr)
{
    uint32_t offset = parser_offset(parser);
    Str word = parser->token->text;
    if (str_equal(word, STR("null")) || str_equal(word, STR("true")) ||
        str_equal(word, STR("false"))) {
        AstExpr *expr =
            new_expr(parser, str_equal(word, STR("null")) ? AST_NULL : AST_BOOLEAN, offset);
        expr->boolean = str_equal(word, STR("true"));
        parser_advance(parser);
        set_length(parser, expr);
        *ret_expr = expr;
        return STATUS_OK;
    }
    if (str_equal(word, STR("case")))
        return parse_case(parser, ret_expr);
    if (str_equal(word, STR("exists")))
        return parse_exists(parser, ret_expr);
    if (str_equal(word, STR("array")))
        return parse_array(parser, ret_expr);
    const SpecialFunction *special = find_special(parser);
    if (special) {
        parser->token += 2;
        return special->parse(parser, offset, ret_expr);
    }
    if (at_typed_literal(parser))
        return parse_typed_literal(parser, ret_expr);
    bool is_call = at_symbol_of(parser->token + 1, STR("("));
    /* left(..), right(..), replace(..) and other reserved words that are functions too */
    if (is_call &&
        (!sql_is_reserved(word) || str_equal(word, STR("left")) || str_equal(word, STR("right"))))
        return parse_call(parser, ret_expr);
    if (is_bare_function(word)) {
        parser_advance(parser);
        *ret_expr = new_function(parser, offset, word, (ExprList){0});
        return STATUS_OK;
    }
    return parse_column(parser, ret_expr);
}

static Status parse_parenthesis(Parser *parser, const AstExpr **ret_expr)
{
    uint32_t offset = parser_offset(parser);
    parser_advance(parser);
    if (!parser_at_select(parser)) {
        TRY(parse_expr(parser, ret_expr));
        return EXPECT_SYMBOL(parser, ")");
    }
    AstExpr *expr = new_expr(parser, AST_SUBQUERY, offset);
    TRY(parse_select(parser, &expr->select));
    TRY(EXPECT_SYMBOL(parser, ")"));
    set_length(parser, expr);
    *ret_expr = expr;
    return STATUS_OK;
}

static Status parse_literal(Parser *parser, AstExprKind kind, const AstExpr **ret_expr)
{
    AstExpr *expr = new_expr(parser, kind, parser_offset(parser));
    expr->text = parser->token->text;
    expr->index = parser->token->number;
    if (kind == AST_PARAMETER && expr->index > parser->parameter_count)
        parser->parameter_count = expr->index;
    parser_advance(parser);
    set_length(parser, expr);
    *ret_expr = expr;
    return STATUS_OK;
}

static Status parse_primary(Parser *parser, const AstExpr **ret_expr)
{
    switch (parser->token->kind) {
    case TOKEN_NUMBER:
        return parse_literal(parser, AST_NUMBER, ret_expr);
    case TOKEN_STRING:
        return parse_literal(parser, AST_STRING, ret_expr);
    case TOKEN_BYTES:
        return parse_literal(parser, AST_BYTES, ret_expr);
    case TOKEN_PARAMETER:
        return parse_literal(parser, AST_PARAMETER, ret_expr);
    case TOKEN_WORD:
        return parse_word(parser, ret_expr);
    case TOKEN_QUOTED:
        return parse_column(parser, ret_expr);
    case TOKEN_SYMBOL:
        if (AT_SYMBOL(parser, "("))
            return parse_parenthesis(parser, ret_expr);
        break;
    case TOKEN_END:
        break;
    }
    return parser_fail(parser, "an expression");
}

/* ---- prefix operators ---- */

static Status parse_unary(Parser *parser, AstOp op, Rank rank, const AstExpr **ret_expr)
{
    uint32_t offset = parser_offset(parser);
    const AstExpr *operand;
    parser_advance(parser);
    TRY(parse_ranked(parser, rank, &operand));
    AstExpr *expr = new_with_args(parser, AST_UNARY, offset, operand, NULL);
    expr->op = op;
    set_length(parser, expr);
    *ret_expr = expr;
    return STATUS_OK;
}

static Status parse_prefix(Parser *parser, const AstExpr **ret_expr)
{
    if (AT_SYMBOL(parser, "-"))
        return parse_unary(parser, AST_OP_NEGATE, RANK_SIGN, ret_expr);
    if (AT_SYMBOL(parser, "+"))
        return parse_unary(parser, AST_OP_PLUS, RANK_SIGN, ret_expr);
    if (AT_WORD(parser, "not"))
        return parse_unary(parser, AST_OP_NOT, RANK_NOT, ret_expr);
    return parse_primary(parser, ret_expr);
}

/* ---- what follows an operand ---- */

static Status parse_is(Parser *parser, const AstExpr *left, const AstExpr **ret_expr)
{
    parser_advance(parser);
    AstExpr *expr = new_with_args(parser, AST_IS, left->offset, left, NULL);
    expr->negated = TAKE_WORD(parser, "not");
    if (TAKE_WORD(parser, "null")) {
        expr->is_what = AST_IS_NULL;
    } else if (TAKE_WORD(parser, "true")) {
        expr->is_what = AST_IS_TRUE;
    } else if (TAKE_WORD(parser, "false")) {
        expr->is_what = AST_IS_FALSE;
    } else if (TAKE_WORD(parser, "unknown")) {
        expr->is_what = AST_IS_UNKNOWN;
    } else if (TAKE_WORDS(parser, "distinct", "from")) {
        const AstExpr *right;
        ExprList args = {0};
        expr->is_what = AST_IS_DISTINCT_FROM;
        TRY(parse_ranked(parser, RANK_COMPARE + 1, &right));
        expr_list_add(parser, &args, left);
        expr_list_add(parser, &args, right);
        set_args(expr, &args);
    } else {
        return parser_fail(parser, "NULL, TRUE, FALSE, UNKNOWN or DISTINCT FROM");
    }
    set_length(parser, expr);
    *ret_expr = expr;
    return STATUS_OK;
}

static Status parse_in(Parser *parser, const AstExpr *left, AstExpr *expr)
{
    ExprList args = {0};
    expr_list_add(parser, &args, left);
    TRY(EXPECT_SYMBOL(parser, "("));
    if (parser_at_select(parser))
        TRY(parse_select(parser, &expr->select));
    else
        TRY(parse_expr_list(parser, &args));
    set_args(expr, &args);
    return EXPECT_SYMBOL(parser, ")");
}

static Status parse_between(Parser *parser, const AstExpr *left, AstExpr *expr)
{
    ExprList args = {0};
    const AstExpr *low;
    const AstExpr *high;
    TRY(parse_ranked(parser, RANK_RANGE + 1, &low));
    TRY(EXPECT_WORD(parser, "and"));
    TRY(parse_ranked(parser, RANK_RANGE + 1, &high));
    expr_list_add(parser, &args, left);
    expr_list_add(parser, &args, low);
    expr_list_add(parser, &args, high);
    set_args(expr, &args);
    return STATUS_OK;
}

static Status parse_like(Parser *parser, const AstExpr *left, AstExpr *expr)
{
    ExprList args = {0};
    const AstExpr *pattern;
    expr_list_add(parser, &args, left);
    TRY(parse_ranked(parser, RANK_RANGE + 1, &pattern));
    expr_list_add(parser, &args, pattern);
    if (TAKE_WORD(parser, "escape")) {
        const AstExpr *escape;
        TRY(parse_ranked(parser, RANK_RANGE + 1, &escape));
        expr_list_add(parser, &args, escape);
    }
    set_args(expr, &args);
    return STATUS_OK;
}

/* [NOT] IN, BETWEEN, LIKE, ILIKE */
static Status parse_range(Parser *parser, const AstExpr *left, const AstExpr **ret_expr)
{
    AstExpr *expr = new_expr(parser, AST_IN, left->offset);
    expr->negated = TAKE_WORD(parser, "not");
    if (TAKE_WORD(parser, "in")) {
        TRY(parse_in(parser, left, expr));
    } else if (TAKE_WORD(parser, "between")) {
        expr->kind = AST_BETWEEN;
        TRY(parse_between(parser, left, expr));
    } else {
        expr->kind = AST_LIKE;
        expr->nocase = TAKE_WORD(parser, "ilike");
        if (!expr->nocase)
            TRY(EXPECT_WORD(parser, "like"));
        TRY(parse_like(parser, left, expr));
    }
    set_length(parser, expr);
    *ret_expr = expr;
    return STATUS_OK;
}

static bool at_range(const Parser *parser)
{
    const Token *token = parser->token + (AT_WORD(parser, "not") ? 1 : 0);
    return at_word_of(token, STR("in")) || at_word_of(token, STR("between")) ||
           at_word_of(token, STR("like")) || at_word_of(token, STR("ilike"));
}

static Status parse_cast_suffix(Parser *parser, const AstExpr *left, const AstExpr **ret_expr)
{
    parser_advance(parser);
    AstExpr *expr = new_with_args(parser, AST_CAST, left->offset, left, NULL);
    TRY(parse_type(parser, &expr->type));
    set_length(parser, expr);
    *ret_expr = expr;
    return STATUS_OK;
}

/* ---- AND, OR ---- */

static const AstExpr *balance(Parser *parser, AstOp op, const AstExpr **items, size_t count)
{
    if (count == 1)
        return items[0];
    size_t half = count / 2;
    return new_binary(parser,
                      op,
                      balance(parser, op, items, half),
                      balance(parser, op, items + half, count - half));
}

static Status
parse_conditions(Parser *parser, const AstExpr *left, AstOp op, Str word, const AstExpr **ret_expr)
{
    ExprList items = {0};
    Rank rank = op == AST_OP_AND ? RANK_AND : RANK_OR;
    expr_list_add(parser, &items, left);
    while (parser_take_word(parser, word)) {
        const AstExpr *next;
        if (items.count == SQL_CONDITIONS_MAX)
            return fail_at(parser->ctx,
                           STATUS_LIMIT_EXCEEDED,
                           parser->token->offset,
                           "more than %d conditions in one chain",
                           SQL_CONDITIONS_MAX);
        TRY(parse_ranked(parser, rank + 1, &next));
        expr_list_add(parser, &items, next);
    }
    *ret_expr = balance(parser, op, items.items, items.count);
    return STATUS_OK;
}

/* ---- climbing ---- */

static const Operator *find_operator(const Parser *parser)
{
    if (parser->token->kind != TOKEN_SYMBOL)
        return NULL;
    for (size_t i = 0; i < sizeof(OPERATORS) / sizeof(*OPERATORS); i++)
        if (str_equal(parser->token->text, OPERATORS[i].symbol))
            return &OPERATORS[i];
    return NULL;
}

/* One more operator of at least that rank; *ret_done when there is none. */
static Status climb(Parser *parser, Rank rank, const AstExpr **expr, bool *ret_done)
{
    *ret_done = false;
    if (AT_SYMBOL(parser, "::") && rank <= RANK_CAST)
        return parse_cast_suffix(parser, *expr, expr);
    if (at_range(parser) && rank <= RANK_RANGE)
        return parse_range(parser, *expr, expr);
    if (AT_WORD(parser, "is") && rank <= RANK_IS)
        return parse_is(parser, *expr, expr);
    if (AT_WORD(parser, "and") && rank <= RANK_AND)
        return parse_conditions(parser, *expr, AST_OP_AND, STR("and"), expr);
    if (AT_WORD(parser, "or") && rank <= RANK_OR)
        return parse_conditions(parser, *expr, AST_OP_OR, STR("or"), expr);
    const Operator *found = find_operator(parser);
    *ret_done = !found || found->rank < rank;
    if (*ret_done)
        return STATUS_OK;
    const AstExpr *right;
    parser_advance(parser);
    TRY(parse_ranked(parser, found->rank + 1, &right));
    *expr = new_binary(parser, found->op, *expr, right);
    return STATUS_OK;
}

static Status parse_climbing(Parser *parser, Rank rank, const AstExpr **ret_expr)
{
    const AstExpr *expr;
    TRY(parse_prefix(parser, &expr));
    for (int count = 0;; count++) {
        bool done;
        if (count > SQL_OPERATORS_MAX)
            return fail_at(parser->ctx,
                           STATUS_LIMIT_EXCEEDED,
                           parser->token->offset,
                           "more than %d operators in one chain",
                           SQL_OPERATORS_MAX);
        TRY(climb(parser, rank, &expr, &done));
        if (done)
            break;
    }
    *ret_expr = expr;
    return STATUS_OK;
}

static Status parse_ranked(Parser *parser, Rank rank, const AstExpr **ret_expr)
{
    TRY(parser_enter(parser));
    Status status = parse_climbing(parser, rank, ret_expr);
    parser_leave(parser);
    return status;
}

Status parse_expr(Parser *parser, const AstExpr **ret_expr)
{
    return parse_ranked(parser, RANK_OR, ret_expr);
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
