/* SPDX-License-Identifier: Apache-2.0 */
#include "sql/lexer.h"

enum { PARAMETER_MAX = 65535 };

typedef struct Lexer {
    Context *ctx;
    Str text;
    size_t at;
    Token *items;
    size_t count;
    size_t capacity;
} Lexer;

/* ---- reserved words, sorted ---- */

static const char *const RESERVED[] = {
    "all",        "and",       "array",      "as",      "asc",    "between", "both",   "case",
    "cast",       "check",     "constraint", "create",  "cross",  "default", "delete", "desc",
    "distinct",   "drop",      "else",       "end",     "except", "exists",  "false",  "from",
    "full",       "group",     "having",     "ilike",   "in",     "inner",   "insert", "intersect",
    "into",       "is",        "join",       "leading", "left",   "like",    "limit",  "natural",
    "not",        "null",      "offset",     "on",      "or",     "order",   "outer",  "primary",
    "references", "returning", "right",      "select",  "set",    "table",   "then",   "to",
    "trailing",   "true",      "union",      "unique",  "update", "using",   "values", "when",
    "where",      "with",
};

static int compare_words(const void *word, const void *entry)
{
    return str_compare(*(const Str *)word, str_from_c(*(const char *const *)entry));
}

bool sql_is_reserved(Str word)
{
    size_t count = sizeof(RESERVED) / sizeof(*RESERVED);
    return bsearch(&word, RESERVED, count, sizeof(*RESERVED), compare_words) != NULL;
}

/* ---- characters ---- */

static char peek(const Lexer *lexer, size_t ahead)
{
    size_t at = lexer->at + ahead;
    return at < lexer->text.len ? lexer->text.ptr[at] : '\0';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word_start(char c)
{
    return (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_word_part(char c)
{
    return is_word_start(c) || is_digit(c) || c == '$';
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* ---- tokens ---- */

static Token *add(Lexer *lexer, TokenKind kind, size_t offset, Str text)
{
    lexer->items =
        arena_grow(&lexer->ctx->arena, lexer->items, lexer->count, &lexer->capacity, sizeof(Token));
    Token *token = &lexer->items[lexer->count++];
    *token =
        (Token){.kind = kind, .offset = (uint32_t)offset, .end = (uint32_t)lexer->at, .text = text};
    return token;
}

static Status skip_block_comment(Lexer *lexer)
{
    size_t start = lexer->at;
    int depth = 0;
    do {
        if (lexer->at >= lexer->text.len)
            return fail_at(
                lexer->ctx, STATUS_SYNTAX_ERROR, start, "the comment /* is never closed");
        if (peek(lexer, 0) == '/' && peek(lexer, 1) == '*') {
            depth++;
            lexer->at += 2;
        } else if (peek(lexer, 0) == '*' && peek(lexer, 1) == '/') {
            depth--;
            lexer->at += 2;
        } else {
            lexer->at++;
        }
    } while (depth > 0);
    return STATUS_OK;
}

static Status skip_blanks(Lexer *lexer)
{
    while (lexer->at < lexer->text.len) {
        if (is_space(peek(lexer, 0)))
            lexer->at++;
        else if (peek(lexer, 0) == '-' && peek(lexer, 1) == '-')
            while (lexer->at < lexer->text.len && peek(lexer, 0) != '\n')
                lexer->at++;
        else if (peek(lexer, 0) == '/' && peek(lexer, 1) == '*')
            TRY(skip_block_comment(lexer));
        else
            break;
    }
    return STATUS_OK;
}

static Status lex_word(Lexer *lexer)
{
    size_t start = lexer->at;
    bool folds = false;
    while (is_word_part(peek(lexer, 0))) {
        folds |= peek(lexer, 0) != ascii_lower(peek(lexer, 0));
        lexer->at++;
    }
    Str text = str_from(lexer->text.ptr + start, lexer->at - start);
    if (folds) {
        char *folded = arena_alloc(&lexer->ctx->arena, text.len);
        for (size_t i = 0; i < text.len; i++)
            folded[i] = ascii_lower(text.ptr[i]);
        text.ptr = folded;
    }
    add(lexer, TOKEN_WORD, start, text);
    return STATUS_OK;
}

static void skip_digits(Lexer *lexer)
{
    while (is_digit(peek(lexer, 0)))
        lexer->at++;
}

static Status lex_number(Lexer *lexer)
{
    size_t start = lexer->at;
    skip_digits(lexer);
    if (peek(lexer, 0) == '.') {
        lexer->at++;
        skip_digits(lexer);
    }
    size_t sign = peek(lexer, 1) == '+' || peek(lexer, 1) == '-' ? 1 : 0;
    if (ascii_lower(peek(lexer, 0)) == 'e' && is_digit(peek(lexer, 1 + sign))) {
        lexer->at += 1 + sign;
        skip_digits(lexer);
    }
    if (is_word_part(peek(lexer, 0)))
        return fail_at(lexer->ctx,
                       STATUS_SYNTAX_ERROR,
                       start,
                       "a name cannot start with a digit: \"%.*s\"",
                       (int)(lexer->at - start + 1),
                       lexer->text.ptr + start);
    add(lexer, TOKEN_NUMBER, start, str_from(lexer->text.ptr + start, lexer->at - start));
    return STATUS_OK;
}

static Status unterminated(Lexer *lexer, size_t start, char quote)
{
    fail_at(lexer->ctx,
            STATUS_SYNTAX_ERROR,
            start,
            "the %s that begins here is never closed",
            quote == '"' ? "quoted name" : "string");
    fail_hint(lexer->ctx, "write a quote inside it twice: %c%c", quote, quote);
    return STATUS_SYNTAX_ERROR;
}

/* From behind the opening quote; '' stands for '. */
static Status lex_quoted(Lexer *lexer, size_t start, char quote, Str *ret_text)
{
    size_t from = lexer->at;
    bool doubled = false;
    for (;; lexer->at++) {
        if (lexer->at >= lexer->text.len)
            return unterminated(lexer, start, quote);
        if (peek(lexer, 0) != quote)
            continue;
        if (peek(lexer, 1) != quote)
            break;
        doubled = true;
        lexer->at++;
    }
    Str raw = str_from(lexer->text.ptr + from, lexer->at - from);
    lexer->at++;
    *ret_text = raw;
    if (!doubled)
        return STATUS_OK;
    char *text = arena_alloc(&lexer->ctx->arena, raw.len);
    size_t len = 0;
    for (size_t i = 0; i < raw.len; i++) {
        text[len++] = raw.ptr[i];
        i += raw.ptr[i] == quote;
    }
    *ret_text = str_from(text, len);
    return STATUS_OK;
}

/* E'..': the escapes of C for control characters, a backslash before anything else quotes it. */
static char unescape(char c)
{
    switch (c) {
    case 'n':
        return '\n';
    case 't':
        return '\t';
    case 'r':
        return '\r';
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    default:
        return c;
    }
}

static Status lex_escaped(Lexer *lexer, size_t start, Str *ret_text)
{
    char *text = arena_alloc(&lexer->ctx->arena, lexer->text.len - lexer->at + 1);
    size_t len = 0;
    for (;; lexer->at++) {
        char c = peek(lexer, 0);
        if (lexer->at >= lexer->text.len)
            return unterminated(lexer, start, '\'');
        if (c == '\'' && peek(lexer, 1) != '\'')
            break;
        if (c == '\'' || (c == '\\' && lexer->at + 1 < lexer->text.len)) {
            lexer->at++;
            c = c == '\\' ? unescape(peek(lexer, 0)) : c;
        }
        text[len++] = c;
    }
    lexer->at++;
    *ret_text = str_from(text, len);
    return STATUS_OK;
}

static int hex_digit(char c)
{
    c = ascii_lower(c);
    return is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static Status decode_hex(Lexer *lexer, size_t start, Str hex, Str *ret_bytes)
{
    char *bytes = arena_alloc(&lexer->ctx->arena, hex.len / 2 + 1);
    for (size_t i = 0; i + 1 < hex.len + hex.len % 2; i += 2) {
        int high = hex_digit(hex.ptr[i]);
        int low = i + 1 < hex.len ? hex_digit(hex.ptr[i + 1]) : -1;
        if (high < 0 || low < 0)
            return fail_at(lexer->ctx,
                           STATUS_SYNTAX_ERROR,
                           start,
                           "X'%.*s' is not an even number of hexadecimal digits",
                           STR_ARG(hex));
        bytes[i / 2] = (char)(high * 16 + low);
    }
    *ret_bytes = str_from(bytes, hex.len / 2);
    return STATUS_OK;
}

static Status lex_string(Lexer *lexer)
{
    size_t start = lexer->at;
    char prefix = ascii_lower(peek(lexer, 0));
    Str text;
    lexer->at += prefix == '\'' ? 1 : 2;
    if (prefix == 'e')
        TRY(lex_escaped(lexer, start, &text));
    else
        TRY(lex_quoted(lexer, start, '\'', &text));
    if (prefix == 'x')
        TRY(decode_hex(lexer, start, text, &text));
    add(lexer, prefix == 'x' ? TOKEN_BYTES : TOKEN_STRING, start, text);
    return STATUS_OK;
}

static Status lex_quoted_name(Lexer *lexer)
{
    size_t start = lexer->at++;
    Str text;
    TRY(lex_quoted(lexer, start, '"', &text));
    if (text.len == 0)
        return fail_at(lexer->ctx, STATUS_SYNTAX_ERROR, start, "a quoted name cannot be empty");
    add(lexer, TOKEN_QUOTED, start, text);
    return STATUS_OK;
}

static Status lex_parameter(Lexer *lexer)
{
    size_t start = lexer->at++;
    skip_digits(lexer);
    uint64_t number = 0;
    Str digits = str_from(lexer->text.ptr + start + 1, lexer->at - start - 1);
    if (!str_to_uint64(digits, &number) || number == 0 || number > PARAMETER_MAX)
        return fail_at(lexer->ctx,
                       STATUS_SYNTAX_ERROR,
                       start,
                       "a parameter is $1 to $%d, got \"$%.*s\"",
                       PARAMETER_MAX,
                       STR_ARG(digits));
    add(lexer, TOKEN_PARAMETER, start, digits)->number = (uint32_t)number;
    return STATUS_OK;
}

static Status lex_symbol(Lexer *lexer)
{
    /* Longer ones first. */
    static const Str SYMBOLS[] = {
        STR_INIT("->>"), STR_INIT("->"), STR_INIT("::"), STR_INIT("||"), STR_INIT("<>"),
        STR_INIT("!="),  STR_INIT("<="), STR_INIT(">="), STR_INIT("("),  STR_INIT(")"),
        STR_INIT("["),   STR_INIT("]"),  STR_INIT(","),  STR_INIT(";"),  STR_INIT("."),
        STR_INIT("+"),   STR_INIT("-"),  STR_INIT("*"),  STR_INIT("/"),  STR_INIT("%"),
        STR_INIT("<"),   STR_INIT(">"),  STR_INIT("="),  STR_INIT("?"),
    };
    size_t start = lexer->at;
    Str rest = str_from(lexer->text.ptr + start, lexer->text.len - start);
    for (size_t i = 0; i < sizeof(SYMBOLS) / sizeof(*SYMBOLS); i++) {
        if (!str_starts_with(rest, SYMBOLS[i]))
            continue;
        lexer->at += SYMBOLS[i].len;
        add(lexer, TOKEN_SYMBOL, start, str_equal(SYMBOLS[i], STR("!=")) ? STR("<>") : SYMBOLS[i]);
        return STATUS_OK;
    }
    unsigned char c = (unsigned char)rest.ptr[0];
    if (c < 0x20 || c == 0x7f)
        return fail_at(
            lexer->ctx, STATUS_SYNTAX_ERROR, start, "unexpected control character 0x%02x", c);
    return fail_at(lexer->ctx, STATUS_SYNTAX_ERROR, start, "unexpected character \"%c\"", c);
}

static Status lex_token(Lexer *lexer)
{
    char c = peek(lexer, 0);
    char next = peek(lexer, 1);
    if (c == '\'' || ((ascii_lower(c) == 'e' || ascii_lower(c) == 'x') && next == '\''))
        return lex_string(lexer);
    if (is_word_start(c))
        return lex_word(lexer);
    if (is_digit(c) || (c == '.' && is_digit(next)))
        return lex_number(lexer);
    if (c == '"')
        return lex_quoted_name(lexer);
    if (c == '$')
        return lex_parameter(lexer);
    return lex_symbol(lexer);
}

Status sql_lex(Context *ctx, Str text, TokenList *ret_tokens)
{
    Lexer lexer = {.ctx = ctx, .text = text};
    for (;;) {
        TRY(skip_blanks(&lexer));
        if (lexer.at >= text.len)
            break;
        TRY(lex_token(&lexer));
    }
    add(&lexer, TOKEN_END, text.len, STR("end of input"));
    *ret_tokens = (TokenList){lexer.items, lexer.count};
    return STATUS_OK;
}
