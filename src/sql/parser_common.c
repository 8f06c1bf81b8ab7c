/* SPDX-License-Identifier: Apache-2.0 */
#include "sql/parser_internal.h"

/* ---- the cursor ---- */

bool parser_take_word(Parser *parser, Str word)
{
    if (!at_word_of(parser->token, word))
        return false;
    parser_advance(parser);
    return true;
}

bool parser_take_symbol(Parser *parser, Str symbol)
{
    if (!at_symbol_of(parser->token, symbol))
        return false;
    parser_advance(parser);
    return true;
}

Status parser_fail(Parser *parser, const char *expected)
{
    const Token *token = parser->token;
    const char *comma = expected ? ", expected " : "";
    expected = expected ? expected : "";
    if (token->kind == TOKEN_END)
        return fail_at(parser->ctx,
                       STATUS_SYNTAX_ERROR,
                       token->offset,
                       "syntax error at end of input%s%s",
                       comma,
                       expected);
    return fail_at(parser->ctx,
                   STATUS_SYNTAX_ERROR,
                   token->offset,
                   "syntax error at or near \"%.*s\"%s%s",
                   STR_ARG(sql_excerpt(parser->text, token)),
                   comma,
                   expected);
}

Status parser_fail_dialect(Parser *parser, const char *what, const char *hint)
{
    Status status = fail_at(
        parser->ctx, STATUS_UNSUPPORTED, parser->token->offset, "%s is not supported", what);
    if (hint)
        fail_hint(parser->ctx, "%s", hint);
    return status;
}

/* Keywords are written in capitals in messages. */
static const char *in_capitals(Parser *parser, Str word)
{
    char *capitals = arena_text(parser->arena, word);
    for (size_t i = 0; i < word.len; i++)
        capitals[i] = ascii_upper(capitals[i]);
    return capitals;
}

Status parser_fail_unsupported(Parser *parser, const Token *start, const char *verb)
{
    if (parser->token->kind != TOKEN_WORD)
        return parser_fail(parser, "a statement");
    return fail_at(parser->ctx,
                   STATUS_INVALID_SQL,
                   start->offset,
                   "Unsupported statement type: %s%s",
                   verb,
                   in_capitals(parser, sql_excerpt(parser->text, parser->token)));
}

Status parser_expect_word(Parser *parser, Str word)
{
    return parser_take_word(parser, word) ? STATUS_OK
                                          : parser_fail(parser, in_capitals(parser, word));
}

Status parser_expect_symbol(Parser *parser, Str symbol)
{
    if (parser_take_symbol(parser, symbol))
        return STATUS_OK;
    return parser_fail(parser, arena_printf(parser->arena, "\"%.*s\"", STR_ARG(symbol)).ptr);
}

Status parser_expect_close(Parser *parser, const Token *open)
{
    if (TAKE_SYMBOL(parser, ")"))
        return STATUS_OK;
    Status status = parser_fail(parser, "\")\"");
    if (parser->token->kind == TOKEN_END || AT_SYMBOL(parser, ";"))
        fail_hint(parser->ctx, "the \"(\" at character %u is not closed", open->offset + 1);
    return status;
}

/* ---- limits ---- */

enum { ENTRIES_PER_CHECK = 1024 };

Status parser_enter(Parser *parser)
{
    if (++parser->depth > SQL_DEPTH_MAX)
        return fail_at(parser->ctx,
                       STATUS_INVALID_SQL,
                       parser->token->offset,
                       "the statement nests deeper than %d levels",
                       SQL_DEPTH_MAX);
    if (parser->depth > parser->deepest)
        parser->deepest = parser->depth;
    return ++parser->entry_count % ENTRIES_PER_CHECK == 0 ? context_check(parser->ctx) : STATUS_OK;
}

Status parser_grow(Parser *parser, int levels)
{
    parser->height += levels;
    if (parser->height <= SQL_HEIGHT_MAX)
        return STATUS_OK;
    return fail_at(parser->ctx,
                   STATUS_INVALID_SQL,
                   parser->token->offset,
                   "more than %d operators, joins or set operations in one chain",
                   SQL_HEIGHT_MAX);
}

/* ---- names ---- */

bool parser_at_name(const Parser *parser)
{
    return parser->token->kind == TOKEN_QUOTED ||
           (parser->token->kind == TOKEN_WORD && !sql_is_reserved(parser->token->text));
}

Status parse_name(Parser *parser, const char *expected, AstName *ret_name)
{
    if (!parser_at_name(parser)) {
        parser_fail(parser, expected);
        if (parser->token->kind == TOKEN_WORD)
            fail_hint(parser->ctx,
                      "%.*s is a reserved word; as a name it is written \"%.*s\"",
                      STR_ARG(parser->token->text),
                      STR_ARG(parser->token->text));
        return STATUS_SYNTAX_ERROR;
    }
    *ret_name = (AstName){.text = parser->token->text,
                          .offset = parser_offset(parser),
                          .quoted = parser->token->kind == TOKEN_QUOTED};
    parser_advance(parser);
    return STATUS_OK;
}

Status parse_name_or_string(Parser *parser, const char *expected, AstName *ret_name)
{
    if (parser->token->kind != TOKEN_STRING)
        return parse_name(parser, expected, ret_name);
    *ret_name =
        (AstName){.text = parser->token->text, .offset = parser_offset(parser), .quoted = true};
    parser_advance(parser);
    return STATUS_OK;
}

Status parse_label(Parser *parser, const char *expected, AstName *ret_name)
{
    const Token *token = parser->token;
    if (token->kind != TOKEN_WORD && token->kind != TOKEN_QUOTED)
        return parser_fail(parser, expected);
    *ret_name = (AstName){.text = token->text,
                          .offset = parser_offset(parser),
                          .quoted = token->kind == TOKEN_QUOTED};
    parser_advance(parser);
    return STATUS_OK;
}

Status parse_namespace_name(Parser *parser, AstName *ret_name)
{
    return AT_WORD(parser, "default") ? parse_label(parser, "a namespace", ret_name)
                                      : parse_name_or_string(parser, "a namespace", ret_name);
}

Status parse_table_name(Parser *parser, AstTableName *ret_name)
{
    AstTableName name = {0};
    bool qualified = at_symbol_of(parser->token + (parser->token->kind != TOKEN_END), STR("."));
    /* The namespace `default` is a reserved word; before a dot it can mean nothing else. */
    if (qualified)
        TRY(parse_label(parser, "a table name", &name.name));
    else
        TRY(parse_name(parser, "a table name", &name.name));
    if (TAKE_SYMBOL(parser, ".")) {
        name.namespace_name = name.name;
        TRY(parse_label(parser, "a table name", &name.name));
    }
    if (AT_SYMBOL(parser, "."))
        return parser_fail_dialect(parser, "a name of three parts", "a table is named ns.table");
    *ret_name = name;
    return STATUS_OK;
}

Status parse_name_list(Parser *parser, AstNameList *ret_list)
{
    AstName *items = NULL;
    size_t count = 0;
    size_t capacity = 0;
    const Token *open = parser->token;
    TRY(EXPECT_SYMBOL(parser, "("));
    do {
        items = arena_grow(parser->arena, items, count, &capacity, sizeof(*items));
        TRY(parse_name(parser, "a column name", &items[count++]));
    } while (TAKE_SYMBOL(parser, ","));
    TRY(parser_expect_close(parser, open));
    *ret_list = (AstNameList){items, count};
    return STATUS_OK;
}

Status parse_string(Parser *parser, const char *expected, Str *ret_text)
{
    if (parser->token->kind != TOKEN_STRING)
        return parser_fail(parser, expected);
    *ret_text = parser->token->text;
    parser_advance(parser);
    return STATUS_OK;
}

bool parse_if_exists(Parser *parser)
{
    return TAKE_WORDS(parser, "if", "exists");
}

bool parse_if_not_exists(Parser *parser)
{
    if (!AT_WORDS(parser, "if", "not") || !at_word_of(parser->token + 2, STR("exists")))
        return false;
    parser->token += 3;
    return true;
}

/* ---- types ---- */

/* Words that go on a type name: DOUBLE PRECISION, CHARACTER VARYING, BIGINT UNSIGNED, .. */
static bool continues_type(const Parser *parser)
{
    return AT_WORD(parser, "precision") || AT_WORD(parser, "varying") ||
           AT_WORD(parser, "unsigned");
}

static void append_word(Parser *parser, Str *name, Str word)
{
    *name = arena_printf(parser->arena, "%.*s %.*s", STR_ARG(*name), STR_ARG(word));
}

static Status parse_type_args(Parser *parser, AstType *type)
{
    int64_t *args = NULL;
    size_t capacity = 0;
    do {
        args = arena_grow(parser->arena, args, type->arg_count, &capacity, sizeof(*args));
        if (parser->token->kind != TOKEN_NUMBER ||
            !str_to_int64(parser->token->text, &args[type->arg_count]))
            return parser_fail(parser, "a whole number");
        type->arg_count++;
        parser_advance(parser);
    } while (TAKE_SYMBOL(parser, ","));
    type->args = args;
    return EXPECT_SYMBOL(parser, ")");
}

/* WITH TIME ZONE, WITHOUT TIME ZONE */
static void parse_time_zone(Parser *parser, AstType *type)
{
    bool with = AT_WORDS(parser, "with", "time");
    if (!with && !AT_WORDS(parser, "without", "time"))
        return;
    if (!at_word_of(parser->token + 2, STR("zone")))
        return;
    parser->token += 3;
    append_word(parser, &type->name, with ? STR("with time zone") : STR("without time zone"));
}

Status parse_type(Parser *parser, AstType *ret_type)
{
    AstType type = {.offset = parser_offset(parser)};
    if (parser->token->kind != TOKEN_WORD || sql_is_reserved(parser->token->text))
        return parser_fail(parser, "a type");
    type.name = parser->token->text;
    parser_advance(parser);
    for (; continues_type(parser); parser_advance(parser))
        append_word(parser, &type.name, parser->token->text);
    if (TAKE_SYMBOL(parser, "("))
        TRY(parse_type_args(parser, &type));
    parse_time_zone(parser, &type);
    if (TAKE_WORD(parser, "unsigned"))
        append_word(parser, &type.name, STR("unsigned"));
    if (AT_SYMBOL(parser, "["))
        return parser_fail_dialect(parser, "an array type", "JSON columns hold arrays");
    *ret_type = type;
    return STATUS_OK;
}

/* ---- options ---- */

/* Keys written 'in quotes' too. */
static Str in_lower_case(Parser *parser, Str text)
{
    char *letters = arena_text(parser->arena, text);
    for (size_t i = 0; i < text.len; i++)
        letters[i] = ascii_lower(letters[i]);
    return str_from(letters, text.len);
}

static Status parse_option_value(Parser *parser, Str *ret_value)
{
    bool negative = TAKE_SYMBOL(parser, "-");
    const Token *token = parser->token;
    bool is_value = token->kind == TOKEN_NUMBER ||
                    (!negative && (token->kind == TOKEN_STRING || token->kind == TOKEN_WORD ||
                                   token->kind == TOKEN_QUOTED));
    if (!is_value)
        return parser_fail(parser, "a value");
    *ret_value =
        negative ? arena_printf(parser->arena, "-%.*s", STR_ARG(token->text)) : token->text;
    parser_advance(parser);
    return STATUS_OK;
}

static Status parse_option(Parser *parser, AstOption *ret_option)
{
    AstOption option = {.offset = parser_offset(parser)};
    if (parser->token->kind != TOKEN_WORD && parser->token->kind != TOKEN_STRING)
        return parser_fail(parser, "an option's name");
    option.key = in_lower_case(parser, parser->token->text);
    parser_advance(parser);
    TRY(EXPECT_SYMBOL(parser, "="));
    TRY(parse_option_value(parser, &option.value));
    *ret_option = option;
    return STATUS_OK;
}

Status parse_options(Parser *parser, AstOptionList *ret_options)
{
    AstOption *items = NULL;
    size_t count = 0;
    size_t capacity = 0;
    const Token *open = parser->token;
    TRY(EXPECT_SYMBOL(parser, "("));
    if (!AT_SYMBOL(parser, ")")) {
        do {
            items = arena_grow(parser->arena, items, count, &capacity, sizeof(*items));
            TRY(parse_option(parser, &items[count++]));
        } while (TAKE_SYMBOL(parser, ","));
    }
    *ret_options = (AstOptionList){items, count};
    return parser_expect_close(parser, open);
}
