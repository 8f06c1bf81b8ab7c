/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/statement.h"

/* A cursor over the text; `at` may lie behind the end of what is never closed. */
typedef struct Scan {
    Str text;
    size_t at;
} Scan;

static char peek(const Scan *scan, size_t ahead)
{
    size_t at = scan->at + ahead;
    return at < scan->text.len ? scan->text.ptr[at] : '\0';
}

static bool at_end(const Scan *scan)
{
    return scan->at >= scan->text.len;
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

/* ---- skipping; each returns false when the end came before what closes it ---- */

/* A doubled quote closes and opens again, which comes to the same. */
static bool skip_quoted(Scan *scan, char quote, bool escapes)
{
    scan->at++;
    while (!at_end(scan)) {
        char c = peek(scan, 0);
        scan->at += escapes && c == '\\' ? 2 : 1;
        if (c == quote)
            return true;
    }
    return false;
}

static bool skip_block_comment(Scan *scan)
{
    int depth = 0;
    while (!at_end(scan)) {
        bool opens = peek(scan, 0) == '/' && peek(scan, 1) == '*';
        bool closes = peek(scan, 0) == '*' && peek(scan, 1) == '/';
        scan->at += opens || closes ? 2 : 1;
        depth += opens ? 1 : closes ? -1 : 0;
        if (depth == 0)
            return true;
    }
    return false;
}

static void skip_line(Scan *scan)
{
    while (!at_end(scan) && peek(scan, 0) != '\n')
        scan->at++;
}

/* $tag$ .. $tag$ is one text; $1 is a parameter. */
static bool skip_dollar(Scan *scan)
{
    size_t start = scan->at++;
    if (!is_word_start(peek(scan, 0)) && peek(scan, 0) != '$')
        return true;
    while (is_word_part(peek(scan, 0)) && peek(scan, 0) != '$')
        scan->at++;
    if (peek(scan, 0) != '$')
        return true;
    Str tag = str_from(scan->text.ptr + start, ++scan->at - start);
    for (; !at_end(scan); scan->at++) {
        Str rest = str_from(scan->text.ptr + scan->at, scan->text.len - scan->at);
        if (str_starts_with(rest, tag)) {
            scan->at += tag.len;
            return true;
        }
    }
    return false;
}

/* E'..' with its backslashes is a word and a string to us. */
static bool skip_word(Scan *scan)
{
    size_t start = scan->at;
    while (is_word_part(peek(scan, 0)))
        scan->at++;
    bool is_e = scan->at - start == 1 && ascii_lower(scan->text.ptr[start]) == 'e';
    return is_e && peek(scan, 0) == '\'' ? skip_quoted(scan, '\'', true) : true;
}

static bool skip_token(Scan *scan)
{
    char c = peek(scan, 0);
    if (c == '\'' || c == '"')
        return skip_quoted(scan, c, false);
    if (c == '$')
        return skip_dollar(scan);
    if (is_word_start(c) || is_digit(c))
        return skip_word(scan);
    scan->at++;
    return true;
}

static bool skip_blanks(Scan *scan)
{
    while (!at_end(scan)) {
        if (is_space(peek(scan, 0)))
            scan->at++;
        else if (peek(scan, 0) == '-' && peek(scan, 1) == '-')
            skip_line(scan);
        else if (peek(scan, 0) != '/' || peek(scan, 1) != '*')
            return true;
        else if (!skip_block_comment(scan))
            return false;
    }
    return true;
}

/* ---- statements ---- */

size_t statement_end(Str text)
{
    Scan scan = {text, 0};
    while (skip_blanks(&scan) && !at_end(&scan)) {
        if (peek(&scan, 0) == ';')
            return scan.at + 1;
        if (!skip_token(&scan))
            return 0;
    }
    return 0;
}

bool statement_is_blank(Str text)
{
    Scan scan = {text, 0};
    while (skip_blanks(&scan) && peek(&scan, 0) == ';')
        scan.at++;
    return at_end(&scan);
}

Str statement_word(Str text, size_t n)
{
    Scan scan = {text, 0};
    for (size_t i = 0; skip_blanks(&scan) && !at_end(&scan); i++) {
        size_t start = scan.at;
        if (peek(&scan, 0) == ';' || !skip_token(&scan))
            break;
        if (i == n)
            return str_from(text.ptr + start, scan.at - start);
    }
    return STR_NULL;
}

bool statement_ends_quoted(Str text)
{
    Scan scan = {text, 0};
    while (skip_blanks(&scan)) {
        if (at_end(&scan))
            return false;
        if (!skip_token(&scan))
            return true;
    }
    return true;
}

bool statement_is_command(Str line)
{
    Str text = str_trim(line);
    if (str_starts_with(text, STR("\\")))
        return true;
    while (text.len && text.ptr[text.len - 1] == ';')
        text = str_trim(str_from(text.ptr, text.len - 1));
    return str_equal_nocase(text, STR("exit")) || str_equal_nocase(text, STR("quit"));
}

static bool begins_transaction(Str statement)
{
    Str word = statement_word(statement, 0);
    return str_equal_nocase(word, STR("begin")) || str_equal_nocase(word, STR("start"));
}

static bool ends_transaction(Str statement)
{
    Str word = statement_word(statement, 0);
    return str_equal_nocase(word, STR("commit")) || str_equal_nocase(word, STR("rollback")) ||
           str_equal_nocase(word, STR("end"));
}

/* The length of the statement or the whole transaction; all of text when it is never closed. */
static size_t request_len(Str text, bool *ret_closed)
{
    size_t len = statement_end(text);
    *ret_closed = len > 0;
    if (len == 0)
        return text.len;
    if (!begins_transaction(str_from(text.ptr, len)))
        return len;
    for (;;) {
        Str rest = str_from(text.ptr + len, text.len - len);
        size_t next = statement_end(rest);
        *ret_closed = next > 0;
        if (next == 0)
            return text.len;
        len += next;
        if (ends_transaction(str_from(rest.ptr, next)))
            return len;
    }
}

/* ---- scripts ---- */

static void script_advance(Script *script, size_t to)
{
    for (; script->at < to; script->at++)
        script->lines += script->text.ptr[script->at] == '\n' ? 1 : 0;
}

/* Leading comments are passed over, so that a part begins where its first word is. */
ScriptPart script_next(Script *script)
{
    Scan scan = {script->text, script->at};
    while (skip_blanks(&scan) && peek(&scan, 0) == ';')
        scan.at++;
    if (at_end(&scan)) {
        script_advance(script, script->text.len);
        return (ScriptPart){.kind = SCRIPT_END, .line = script->lines + 1};
    }
    script_advance(script, scan.at);
    ScriptPart part = {.line = script->lines + 1};
    Str rest = str_from(script->text.ptr + scan.at, script->text.len - scan.at);
    size_t line_len = str_find_byte(rest, '\n');
    bool is_meta = statement_is_command(str_from(rest.ptr, line_len));
    size_t len = is_meta ? line_len : request_len(rest, &part.closed);
    part.kind = is_meta ? SCRIPT_META : SCRIPT_SQL;
    part.text = str_trim(str_from(rest.ptr, len));
    script_advance(script, scan.at + len);
    return part;
}
