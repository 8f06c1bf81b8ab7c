/* SPDX-License-Identifier: Apache-2.0 */
#include "sql/lexer.h"

enum { PARAMETER_MAX = 65535, EXCERPT_MAX = 60 };

/* Editors put it in front of UTF-8 files. */
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

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
    "all",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "between",
    "both",
    "case",
    "cast",
    "check",
    "column",
    "constraint",
    "create",
    "cross",
    "current_date",
    "current_role",
    "current_time",
    "current_timestamp",
    "current_user",
    "default",
    "desc",
    "distinct",
    "else",
    "end",
    "except",
    "exists",
    "false",
    "fetch",
    "for",
    "foreign",
    "from",
    "full",
    "group",
    "having",
    "ilike",
    "in",
    "inner",
    "intersect",
    "into",
    "is",
    "join",
    "lateral",
    "leading",
    "left",
    "like",
    "limit",
    "natural",
    "not",
    "null",
    "offset",
    "on",
    "or",
    "order",
    "outer",
    "primary",
    "references",
    "returning",
    "right",
    "select",
    "table",
    "then",
    "trailing",
    "true",
    "union",
    "unique",
    "using",
    "values",
    "when",
    "where",
    "window",
    "with",
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

/* At most `len_max` bytes from `start`, cut where a character ends. */
static Str excerpt(Str text, size_t start, size_t end, size_t len_max)
{
    if (end - start > len_max)
        end = start + len_max;
    while (end < text.len && end > start && ((unsigned char)text.ptr[end] & 0xc0) == 0x80)
        end--;
    return str_from(text.ptr + start, end - start);
}

Str sql_excerpt(Str text, const Token *token)
{
    return excerpt(text, token->offset, token->end, EXCERPT_MAX);
}

static Status fail_here(Lexer *lexer, size_t start, const char *what)
{
    return fail_at(lexer->ctx,
                   STATUS_SYNTAX_ERROR,
                   start,
                   "%s at or near \"%.*s\"",
                   what,
                   STR_ARG(excerpt(lexer->text, start, lexer->at, EXCERPT_MAX)));
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

/* What editors and web pages put in place of quotes and blanks. */
static Status check_typography(Lexer *lexer)
{
    static const Str MARKS[] = {
        STR_INIT("\u2018"),
        STR_INIT("\u2019"),
        STR_INIT("\u201c"),
        STR_INIT("\u201d"),
        STR_INIT("\u00a0"),
    };
    Str rest = str_from(lexer->text.ptr + lexer->at, lexer->text.len - lexer->at);
    for (size_t i = 0; i < sizeof(MARKS) / sizeof(*MARKS); i++) {
        if (!str_starts_with(rest, MARKS[i]))
            continue;
        size_t start = lexer->at;
        lexer->at += MARKS[i].len;
        Status status = fail_here(lexer, start, "unexpected character");
        fail_hint(lexer->ctx,
                  "this is a typographic quote or a no-break space; SQL takes ' and \" and plain "
                  "blanks only");
        return status;
    }
    return STATUS_OK;
}

static Status lex_word(Lexer *lexer)
{
    size_t start = lexer->at;
    if ((unsigned char)peek(lexer, 0) >= 0x80)
        TRY(check_typography(lexer));
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

static Status refuse_name(Lexer *lexer, size_t start)
{
    while (is_word_part(peek(lexer, 0)))
        lexer->at++;
    return fail_at(lexer->ctx,
                   STATUS_SYNTAX_ERROR,
                   start,
                   "a name cannot start with a digit: \"%.*s\"",
                   STR_ARG(excerpt(lexer->text, start, lexer->at, EXCERPT_MAX)));
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
        return refuse_name(lexer, start);
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

static int hex_digit(char c)
{
    c = ascii_lower(c);
    return is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* ---- E'..' ---- */

/* A control character by its letter; anything else stands for itself. */
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

static size_t put_utf8(char *out, uint32_t code)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    size_t len = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = len - 1; i > 0; i--, code >>= 6)
        out[i] = (char)(0x80 | (code & 0x3f));
    out[0] = (char)(0xf00u >> len | code);
    return len;
}

/* \xh, \xhh, \uhhhh, \Uhhhhhhhh: the digits behind the letter, which is at `raw.ptr`. */
static size_t hex_escape(Str raw, char *out, size_t *ret_written)
{
    size_t len_max = raw.ptr[0] == 'x' ? 2 : raw.ptr[0] == 'u' ? 4 : 8;
    uint32_t code = 0;
    size_t len = 0;
    for (; len < len_max && len + 1 < raw.len && hex_digit(raw.ptr[len + 1]) >= 0; len++)
        code = code << 4 | (uint32_t)hex_digit(raw.ptr[len + 1]);
    bool is_byte = raw.ptr[0] == 'x';
    if (len == 0 || code == 0 || (!is_byte && (len != len_max || code > 0x10ffff)))
        return 0;
    *ret_written = is_byte ? 1 : put_utf8(out, code);
    if (is_byte)
        out[0] = (char)code;
    return len + 1;
}

/*
 * What stands behind a backslash: how many bytes of raw it takes, 0 when it is
 * no escape.  It never writes more than it takes, the backslash counted.
 */
static size_t take_escape(Str raw, char *out, size_t *ret_written)
{
    if (raw.len == 0)
        return 0;
    if (raw.ptr[0] == 'x' || raw.ptr[0] == 'u' || raw.ptr[0] == 'U')
        return hex_escape(raw, out, ret_written);
    if (is_digit(raw.ptr[0]))
        return 0;
    out[0] = unescape(raw.ptr[0]);
    *ret_written = 1;
    return 1;
}

static Status decode_escapes(Lexer *lexer, size_t start, Str raw, Str *ret_text)
{
    char *text = arena_alloc(&lexer->ctx->arena, raw.len);
    size_t len = 0;
    for (size_t i = 0; i < raw.len;) {
        char c = raw.ptr[i++];
        if (c != '\\') {
            text[len++] = c;
            i += c == '\'';
            continue;
        }
        size_t written = 0;
        size_t taken = take_escape(str_from(raw.ptr + i, raw.len - i), text + len, &written);
        if (taken == 0)
            return fail_at(lexer->ctx,
                           STATUS_SYNTAX_ERROR,
                           start + 1 + i,
                           "unknown escape in E'..'; known are \\n \\t \\r \\b \\f \\\\ \\' \\xhh "
                           "\\uhhhh \\Uhhhhhhhh");
        i += taken;
        len += written;
    }
    *ret_text = str_from(text, len);
    if (!str_is_utf8(*ret_text))
        return fail_at(
            lexer->ctx, STATUS_SYNTAX_ERROR, start, "the escapes of E'..' do not make valid UTF-8");
    return STATUS_OK;
}

/* From behind the opening quote. */
static Status lex_escaped(Lexer *lexer, size_t start, Str *ret_text)
{
    size_t from = lexer->at;
    for (;; lexer->at++) {
        if (lexer->at >= lexer->text.len)
            return unterminated(lexer, start, '\'');
        char c = peek(lexer, 0);
        if (c == '\'' && peek(lexer, 1) != '\'')
            break;
        lexer->at += c == '\'' || c == '\\';
    }
    Str raw = str_from(lexer->text.ptr + from, lexer->at - from);
    lexer->at++;
    return decode_escapes(lexer, start, raw, ret_text);
}

/* ---- X'..' ---- */

static Status decode_hex(Lexer *lexer, size_t start, Str hex, Str *ret_bytes)
{
    char *bytes = arena_alloc(&lexer->ctx->arena, hex.len / 2 + 1);
    for (size_t i = 0; i + 1 < hex.len + hex.len % 2; i += 2) {
        int high = hex_digit(hex.ptr[i]);
        int low = i + 1 < hex.len ? hex_digit(hex.ptr[i + 1]) : -1;
        if (high < 0 || low < 0)
            return fail_here(lexer, start, "X'..' takes an even number of hexadecimal digits,");
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
    bool ends = !is_word_part(peek(lexer, 0));
    if (!ends || !str_to_uint64(digits, &number) || number == 0 || number > PARAMETER_MAX) {
        while (is_word_part(peek(lexer, 0)))
            lexer->at++;
        Status status = fail_here(lexer, start, "invalid parameter");
        fail_hint(lexer->ctx, "parameters are $1 to $%d", PARAMETER_MAX);
        return status;
    }
    add(lexer, TOKEN_PARAMETER, start, digits)->number = (uint32_t)number;
    return STATUS_OK;
}

/* The hint for operators of other languages and other databases, or NULL. */
static const char *stranger_hint(char c, char next)
{
    if (c == '=' && next == '=')
        return "equality is written with one =";
    if (c == '&' && next == '&')
        return "write AND";
    if (c == '`')
        return "names are quoted with \"";
    if (c == ':' || c == '@' || c == '#')
        return "parameters are written $1, $2, ..";
    return NULL;
}

static Status refuse_character(Lexer *lexer)
{
    size_t start = lexer->at++;
    unsigned char c = (unsigned char)lexer->text.ptr[start];
    if (c < 0x20 || c == 0x7f)
        return fail_at(
            lexer->ctx, STATUS_SYNTAX_ERROR, start, "unexpected control character 0x%02x", c);
    const char *hint = stranger_hint((char)c, peek(lexer, 0));
    Status status = fail_here(lexer, start, "unexpected character");
    if (hint)
        fail_hint(lexer->ctx, "%s", hint);
    return status;
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
    if (str_starts_with(rest, STR("==")))
        return refuse_character(lexer);
    for (size_t i = 0; i < sizeof(SYMBOLS) / sizeof(*SYMBOLS); i++) {
        if (!str_starts_with(rest, SYMBOLS[i]))
            continue;
        lexer->at += SYMBOLS[i].len;
        add(lexer, TOKEN_SYMBOL, start, str_equal(SYMBOLS[i], STR("!=")) ? STR("<>") : SYMBOLS[i]);
        return STATUS_OK;
    }
    return refuse_character(lexer);
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
    Lexer lexer = {.ctx = ctx, .text = text, .capacity = text.len / 4 + 8};
    lexer.items = arena_alloc(&ctx->arena, lexer.capacity * sizeof(Token));
    if (str_starts_with(text, STR(BYTE_ORDER_MARK)))
        lexer.at = sizeof(BYTE_ORDER_MARK) - 1;
    for (;;) {
        TRY(skip_blanks(&lexer));
        if (lexer.at >= text.len)
            break;
        TRY(lex_token(&lexer));
    }
    add(&lexer, TOKEN_END, text.len, STR("end of input"));
    *ret_tokens = (TokenList){lexer.items, lexer.count};
    return context_check(ctx);
}
