/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recursive descent, one function for each production.  `prefix` is the dotted
 * name of the table that the present line belongs to, with a dot behind it.
 */
#include "server/toml.h"

#include "base/buf.h"
#include "base/map.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

enum { NUMBER_LENGTH_MAX = 64 };

typedef struct TomlParser {
    Context *ctx;
    const char *at;
    const char *end;
    int line;
    int depth;
    Str prefix;
    TomlEntry *entries;
    size_t count;
    size_t capacity;
    Map known; /* keys of values, and headers of [[tables]] with their counts */
} TomlParser;

typedef struct TableCount {
    size_t count;
} TableCount;

static Status parse_value(TomlParser *parser, Str key, TomlValue *ret_value, bool *ret_is_value);

static Status bad(TomlParser *parser, const char *what)
{
    return fail(parser->ctx, STATUS_INVALID_INPUT, "line %d: %s", parser->line, what);
}

/* ---- characters ---- */

static bool at_end(const TomlParser *parser)
{
    return parser->at == parser->end;
}

/* NUL at the end, which no text contains. */
static char peek(const TomlParser *parser)
{
    return at_end(parser) ? '\0' : *parser->at;
}

static bool looking_at(const TomlParser *parser, Str text)
{
    return str_starts_with(str_from(parser->at, (size_t)(parser->end - parser->at)), text);
}

static bool take(TomlParser *parser, char c)
{
    if (at_end(parser) || *parser->at != c)
        return false;
    parser->line += c == '\n';
    parser->at++;
    return true;
}

static void skip_blanks(TomlParser *parser)
{
    while (take(parser, ' ') || take(parser, '\t'))
        ;
}

static void skip_comment(TomlParser *parser)
{
    if (peek(parser) != '#')
        return;
    while (!at_end(parser) && *parser->at != '\n')
        parser->at++;
}

/* Blanks, comments and line ends: between lines, and inside arrays. */
static void skip_lines(TomlParser *parser)
{
    for (const char *before = NULL; before != parser->at;) {
        before = parser->at;
        skip_blanks(parser);
        skip_comment(parser);
        (void)take(parser, '\r');
        (void)take(parser, '\n');
    }
}

static Status expect_line_end(TomlParser *parser)
{
    skip_blanks(parser);
    skip_comment(parser);
    (void)take(parser, '\r');
    if (at_end(parser) || take(parser, '\n'))
        return STATUS_OK;
    return bad(parser, "there is something behind the value");
}

/* ---- strings ---- */

static void append_utf8(Buf *out, uint32_t code)
{
    if (code < 0x80) {
        buf_byte(out, (char)code);
    } else if (code < 0x800) {
        buf_byte(out, (char)(0xc0 | code >> 6));
        buf_byte(out, (char)(0x80 | (code & 0x3f)));
    } else if (code < 0x10000) {
        buf_byte(out, (char)(0xe0 | code >> 12));
        buf_byte(out, (char)(0x80 | (code >> 6 & 0x3f)));
        buf_byte(out, (char)(0x80 | (code & 0x3f)));
    } else {
        buf_byte(out, (char)(0xf0 | code >> 18));
        buf_byte(out, (char)(0x80 | (code >> 12 & 0x3f)));
        buf_byte(out, (char)(0x80 | (code >> 6 & 0x3f)));
        buf_byte(out, (char)(0x80 | (code & 0x3f)));
    }
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static Status parse_unicode_escape(TomlParser *parser, int digit_count, Buf *out)
{
    uint32_t code = 0;
    for (int i = 0; i < digit_count; i++) {
        int digit = hex_digit(peek(parser));
        if (digit < 0)
            return bad(parser, "a \\u escape needs 4 hexadecimal digits, \\U needs 8");
        code = code << 4 | (uint32_t)digit;
        parser->at++;
    }
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return bad(parser, "the escape is no character");
    append_utf8(out, code);
    return STATUS_OK;
}

/* Behind the backslash. */
static Status parse_escape(TomlParser *parser, bool multi_line, Buf *out)
{
    static const char FROM[] = "btnfr\"\\";
    static const char TO[] = "\b\t\n\f\r\"\\";
    char c = peek(parser);
    if (multi_line && (c == '\n' || c == '\r' || c == ' ' || c == '\t')) {
        skip_blanks(parser);
        while (take(parser, '\r') || take(parser, '\n') || take(parser, ' ') || take(parser, '\t'))
            ;
        return STATUS_OK;
    }
    if (take(parser, 'u'))
        return parse_unicode_escape(parser, 4, out);
    if (take(parser, 'U'))
        return parse_unicode_escape(parser, 8, out);
    const char *known = c ? strchr(FROM, c) : NULL;
    if (!known)
        return bad(parser, "unknown escape in a string");
    parser->at++;
    buf_byte(out, TO[known - FROM]);
    return STATUS_OK;
}

/* Behind the opening quotes, through the closing ones. */
static Status parse_string_body(TomlParser *parser, char quote, bool multi_line, Buf *out)
{
    const char closing[3] = {quote, quote, quote};
    Str close = str_from(closing, multi_line ? 3 : 1);
    while (!looking_at(parser, close)) {
        char c = peek(parser);
        if (at_end(parser) || (c == '\n' && !multi_line))
            return bad(parser, "the string does not end");
        if (c == '\\' && quote == '"') {
            parser->at++;
            TRY(parse_escape(parser, multi_line, out));
            continue;
        }
        if ((unsigned char)c < 0x20 && c != '\t' && c != '\n' && c != '\r')
            return bad(parser, "control character in a string");
        buf_byte(out, c);
        (void)take(parser, c);
    }
    parser->at += close.len;
    return STATUS_OK;
}

static Status parse_string(TomlParser *parser, bool may_span_lines, Str *ret_text)
{
    CLEANUP(buf_done) Buf text = {0};
    char quote = peek(parser);
    const char quotes[3] = {quote, quote, quote};
    bool multi_line = may_span_lines && looking_at(parser, str_from(quotes, 3));
    parser->at += multi_line ? 3 : 1;
    if (multi_line) {
        (void)take(parser, '\r');
        (void)take(parser, '\n');
    }
    TRY(parse_string_body(parser, quote, multi_line, &text));
    *ret_text = arena_str(&parser->ctx->arena, buf_str(&text));
    return STATUS_OK;
}

/* ---- keys ---- */

static bool is_bare(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

static Status parse_key_part(TomlParser *parser, Str *ret_part)
{
    if (peek(parser) == '"' || peek(parser) == '\'')
        return parse_string(parser, false, ret_part);
    const char *start = parser->at;
    while (is_bare(peek(parser)))
        parser->at++;
    if (parser->at == start)
        return bad(parser, "expected a key");
    *ret_part = str_from(start, (size_t)(parser->at - start));
    return STATUS_OK;
}

/* a.b."c d", appended to prefix */
static Status parse_key(TomlParser *parser, Str prefix, Str *ret_key)
{
    CLEANUP(buf_done) Buf key = {0};
    buf_str_append(&key, prefix);
    for (bool more = true; more;) {
        Str part = STR_NULL;
        TRY(parse_key_part(parser, &part));
        buf_str_append(&key, part);
        skip_blanks(parser);
        more = take(parser, '.');
        if (more)
            BUF_LIT(&key, ".");
        skip_blanks(parser);
    }
    *ret_key = arena_str(&parser->ctx->arena, buf_str(&key));
    return STATUS_OK;
}

/* ---- values ---- */

static bool is_number_end(char c)
{
    return c == '\0' || strchr(" \t\r\n,]}#", c) != NULL;
}

/* The word up to a delimiter, without the underscores between digits. */
static Status take_word(TomlParser *parser, char word[NUMBER_LENGTH_MAX], Str *ret_source)
{
    size_t len = 0;
    const char *start = parser->at;
    while (!is_number_end(peek(parser))) {
        if (len + 1 >= NUMBER_LENGTH_MAX)
            return bad(parser, "expected a value");
        if (*parser->at != '_')
            word[len++] = *parser->at;
        parser->at++;
    }
    word[len] = '\0';
    *ret_source = str_from(start, (size_t)(parser->at - start));
    return STATUS_OK;
}

static int number_base(const char *word)
{
    if (word[0] != '0')
        return 10;
    return word[1] == 'x' ? 16 : word[1] == 'o' ? 8 : word[1] == 'b' ? 2 : 10;
}

static bool read_integer(const char *word, int64_t *ret_integer)
{
    int base = number_base(word);
    const char *digits = base == 10 ? word : word + 2;
    char *end;
    errno = 0;
    *ret_integer = strtoll(digits, &end, base);
    return end != digits && *end == '\0' && errno == 0;
}

/* An integer beyond 64 bits is no float. */
static bool read_float(const char *word, double *ret_real)
{
    char *end;
    if (!strpbrk(word, ".eE"))
        return false;
    errno = 0;
    *ret_real = strtod(word, &end);
    return end != word && *end == '\0' && errno == 0 && isfinite(*ret_real);
}

/* Numbers and booleans. */
static Status parse_word(TomlParser *parser, TomlValue *ret_value)
{
    char word[NUMBER_LENGTH_MAX];
    TRY(take_word(parser, word, &ret_value->text));
    Str text = str_from_c(word);
    ret_value->boolean = str_equal(text, STR("true"));
    if (ret_value->boolean || str_equal(text, STR("false")))
        ret_value->kind = TOML_BOOLEAN;
    else if (read_integer(word, &ret_value->integer))
        ret_value->kind = TOML_INTEGER;
    else if (read_float(word, &ret_value->real))
        ret_value->kind = TOML_FLOAT;
    else
        return bad(parser, "expected a value: a quoted string, a number, true, false or an array");
    return STATUS_OK;
}

static Status parse_array(TomlParser *parser, Str key, TomlValue *ret_value)
{
    const TomlValue **link = &ret_value->first;
    ret_value->kind = TOML_ARRAY;
    parser->at++;
    for (size_t index = 0;; index++) {
        skip_lines(parser);
        if (take(parser, ']'))
            return STATUS_OK;
        TomlValue *item = ARENA_NEW(&parser->ctx->arena, TomlValue);
        bool is_value;
        Str item_key = arena_printf(&parser->ctx->arena, "%.*s[%zu]", STR_ARG(key), index);
        TRY(parse_value(parser, item_key, item, &is_value));
        if (is_value) {
            *link = item;
            link = &item->next;
        }
        skip_lines(parser);
        if (!take(parser, ',') && peek(parser) != ']')
            return bad(parser, "expected , or ] in an array");
    }
}

static Status parse_assignment(TomlParser *parser, Str prefix);

/* { a = 1, b.c = 2 }: its members become entries of their own */
static Status parse_inline_table(TomlParser *parser, Str key)
{
    Str prefix = arena_printf(&parser->ctx->arena, "%.*s.", STR_ARG(key));
    parser->at++;
    skip_blanks(parser);
    if (take(parser, '}'))
        return STATUS_OK;
    for (;;) {
        skip_blanks(parser);
        TRY(parse_assignment(parser, prefix));
        skip_blanks(parser);
        if (take(parser, '}'))
            return STATUS_OK;
        if (!take(parser, ','))
            return bad(parser, "expected , or } in an inline table");
    }
}

static Status parse_nested(TomlParser *parser, Str key, TomlValue *ret_value, bool *ret_is_value)
{
    if (++parser->depth > TOML_DEPTH_MAX)
        return bad(parser, "values are nested too deeply");
    *ret_is_value = peek(parser) == '[';
    Status status =
        *ret_is_value ? parse_array(parser, key, ret_value) : parse_inline_table(parser, key);
    parser->depth--;
    return status;
}

/* *ret_is_value false: it was an inline table, whose entries are added already. */
static Status parse_value(TomlParser *parser, Str key, TomlValue *ret_value, bool *ret_is_value)
{
    char c = peek(parser);
    *ret_value = (TomlValue){0};
    *ret_is_value = true;
    if (c == '[' || c == '{')
        return parse_nested(parser, key, ret_value, ret_is_value);
    if (c != '"' && c != '\'')
        return parse_word(parser, ret_value);
    ret_value->kind = TOML_STRING;
    return parse_string(parser, true, &ret_value->text);
}

/* ---- lines ---- */

static Status add_entry(TomlParser *parser, Str key, const TomlValue *value, int line)
{
    if (parser->count == TOML_ENTRIES_MAX)
        return bad(parser, "there are too many keys");
    if (map_get(&parser->known, key))
        return fail(
            parser->ctx, STATUS_INVALID_INPUT, "line %d: %.*s is given twice", line, STR_ARG(key));
    parser->entries = arena_grow(
        &parser->ctx->arena, parser->entries, parser->count, &parser->capacity, sizeof(TomlEntry));
    parser->entries[parser->count++] = (TomlEntry){.key = key, .value = *value, .line = line};
    map_put(&parser->known, key, ARENA_NEW(&parser->ctx->arena, TableCount));
    return STATUS_OK;
}

static Status parse_assignment(TomlParser *parser, Str prefix)
{
    Str key;
    TomlValue value;
    bool is_value;
    int line = parser->line;
    TRY(parse_key(parser, prefix, &key));
    if (!take(parser, '='))
        return bad(parser, "expected = behind the key");
    skip_blanks(parser);
    TRY(parse_value(parser, key, &value, &is_value));
    return is_value ? add_entry(parser, key, &value, line) : STATUS_OK;
}

/* The place of the next element of [[name]]. */
static size_t next_element(TomlParser *parser, Str name)
{
    Str key = arena_printf(&parser->ctx->arena, "[[%.*s]]", STR_ARG(name));
    TableCount *table = map_get(&parser->known, key);
    if (!table) {
        table = ARENA_NEW(&parser->ctx->arena, TableCount);
        map_put(&parser->known, key, table);
    }
    return table->count++;
}

/* [name] or [[name]] */
static Status parse_header(TomlParser *parser)
{
    Arena *arena = &parser->ctx->arena;
    Str name;
    parser->at++;
    bool is_element = take(parser, '[');
    skip_blanks(parser);
    TRY(parse_key(parser, STR_NULL, &name));
    if (!take(parser, ']') || (is_element && !take(parser, ']')))
        return bad(parser, "the table's name does not end with ]");
    if (is_element)
        parser->prefix =
            arena_printf(arena, "%.*s[%zu].", STR_ARG(name), next_element(parser, name));
    else
        parser->prefix = arena_printf(arena, "%.*s.", STR_ARG(name));
    return STATUS_OK;
}

static Status parse_document(TomlParser *parser)
{
    for (;;) {
        skip_lines(parser);
        if (at_end(parser))
            return STATUS_OK;
        if (peek(parser) == '[')
            TRY(parse_header(parser));
        else
            TRY(parse_assignment(parser, parser->prefix));
        TRY(expect_line_end(parser));
    }
}

Status toml_parse(Context *ctx, Str text, TomlDocument *ret_document)
{
    if (!str_is_utf8(text) || str_find_byte(text, '\0') < text.len)
        return fail(ctx, STATUS_INVALID_INPUT, "the file is no UTF-8 text");
    TomlParser parser = {.ctx = ctx, .at = text.ptr, .end = text.ptr + text.len, .line = 1};
    Status status = parse_document(&parser);
    map_done(&parser.known);
    TRY(status);
    *ret_document = (TomlDocument){.entries = parser.entries, .count = parser.count};
    return STATUS_OK;
}

const char *toml_kind_word(TomlKind kind)
{
    static const char *const WORDS[] = {
        "a string", "an integer", "a float", "a boolean", "an array"};
    return WORDS[kind];
}
