/* SPDX-License-Identifier: Apache-2.0 */
#include "sql/lexer.h"

#include "sql_fixture.h"

static TokenList lex(Context *ctx, const char *sql)
{
    TokenList tokens = {0};
    assert_int_equal(sql_lex(ctx, str_from_c(sql), &tokens), STATUS_OK);
    return tokens;
}

static void assert_first(const char *sql, TokenKind kind, const char *text)
{
    CLEANUP(context_done) Context ctx = {0};
    TokenList tokens = lex(&ctx, sql);
    assert_int_equal(tokens.count, 2);
    assert_int_equal(tokens.items[0].kind, kind);
    assert_str(tokens.items[0].text, text);
}

static void words_fold_to_lower_case_and_quoted_names_do_not(void **state)
{
    (void)state;
    assert_first("SeLeCt", TOKEN_WORD, "select");
    assert_first("_a$1", TOKEN_WORD, "_a$1");
    assert_first("GR\u00d6SSE", TOKEN_WORD, "gr\u00d6sse");
    assert_first("\u540d\u524d", TOKEN_WORD, "\u540d\u524d");
    assert_first("\"Foo\"", TOKEN_QUOTED, "Foo");
    assert_first("\"a\"\"b\"", TOKEN_QUOTED, "a\"b");
}

static void strings_are_unescaped(void **state)
{
    (void)state;
    assert_first("''", TOKEN_STRING, "");
    assert_first("'it''s'", TOKEN_STRING, "it's");
    assert_first("'a\\n'", TOKEN_STRING, "a\\n");
    assert_first("'-- no /* comment'", TOKEN_STRING, "-- no /* comment");
    assert_first("E'a\\n\\t\\\\\\'b'''", TOKEN_STRING, "a\n\t\\'b'");
    assert_first("e'\\x41\\u00e9\\U0001f600'", TOKEN_STRING, "A\u00e9\U0001f600");
    assert_first("X'0AfF'", TOKEN_BYTES, "\x0a\xff");
    assert_first("x''", TOKEN_BYTES, "");
}

static void numbers_keep_their_text(void **state)
{
    static const char *const NUMBERS[] = {"1", "007", "1.5", ".5", "1.", "1e10", "1.5E-3", "2e+7"};
    (void)state;
    for (size_t i = 0; i < sizeof(NUMBERS) / sizeof(*NUMBERS); i++)
        assert_first(NUMBERS[i], TOKEN_NUMBER, NUMBERS[i]);
}

static void parameters_carry_their_number(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    TokenList tokens = lex(&ctx, "$1,$65535");
    assert_int_equal(tokens.items[0].kind, TOKEN_PARAMETER);
    assert_int_equal(tokens.items[0].number, 1);
    assert_int_equal(tokens.items[2].number, 65535);
}

static void symbols_are_as_long_as_they_can_be(void **state)
{
    static const char *const EXPECTED[] = {
        "a",  "->>", "b",  "->", "c", "::", "d", "||", "e", "<=", "f", ">=", "g",
        "<>", "h",   "<>", "i",  "<", "-",  "j", ">",  "k", "=",  "-", "l",  "?",
        "m",  "%",   "n",  "*",  "/", "[",  "]", "(",  ")", ".",  "+", ",",  ";"};
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    TokenList tokens = lex(&ctx, "a->>b->c::d||e<=f>=g<>h!=i<-j>k=-l?m%n*/[]().+,;");
    assert_int_equal(tokens.count, sizeof(EXPECTED) / sizeof(*EXPECTED) + 1);
    for (size_t i = 0; i + 1 < tokens.count; i++)
        assert_str(tokens.items[i].text, EXPECTED[i]);
}

static void comments_and_blanks_vanish_and_places_stay(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    TokenList tokens = lex(&ctx, "\xef\xbb\xbf a -- b 'c\n/* d /* e */ -- */\tf/**/g --");
    assert_int_equal(tokens.count, 4);
    assert_int_equal(tokens.items[0].offset, 4);
    assert_int_equal(tokens.items[0].end, 5);
    assert_int_equal(tokens.items[1].offset, 33);
    assert_int_equal(tokens.items[2].offset, 38);
    assert_int_equal(tokens.items[3].kind, TOKEN_END);
    assert_int_equal(tokens.items[3].offset, 42);
}

typedef struct LexError {
    const char *sql;
    int position;
    const char *message;
} LexError;

static void errors_stand_at_the_offending_byte(void **state)
{
    static const LexError ERRORS[] = {
        {"SELECT 'abc", 8, "the string that begins here is never closed"},
        {"SELECT E'abc\\'", 8, "the string that begins here is never closed"},
        {"SELECT \"abc", 8, "the quoted name that begins here is never closed"},
        {"a \"\"", 3, "a quoted name cannot be empty"},
        {"a /* /* */", 3, "the comment /* is never closed"},
        {"a 1foo b", 3, "a name cannot start with a digit: \"1foo\""},
        {"1.5e", 1, "a name cannot start with a digit: \"1.5e\""},
        {"$0", 1, "invalid parameter at or near \"$0\""},
        {"$65536", 1, "invalid parameter at or near \"$65536\""},
        {"$1a", 1, "invalid parameter at or near \"$1a\""},
        {"$", 1, "invalid parameter at or near \"$\""},
        {"X'0a0'", 1, "X'..' takes an even number of hexadecimal digits, at or near \"X'0a0'\""},
        {"X'0g'", 1, "X'..' takes an even number of hexadecimal digits, at or near \"X'0g'\""},
        {"a ! b", 3, "unexpected character at or near \"!\""},
        {"a == b", 3, "unexpected character at or near \"=\""},
        {"a \x01", 3, "unexpected control character 0x01"},
        {"a = \u2018b\u2019", 5, "unexpected character at or near \"\u2018\""},
        {"E'\\q\\xff'", 1, "the escapes of E'..' do not make valid UTF-8"},
        {"E'\\ud800'", 1, "the escapes of E'..' do not make valid UTF-8"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(ERRORS) / sizeof(*ERRORS); i++) {
        CLEANUP(context_done) Context ctx = {0};
        TokenList tokens;
        assert_int_equal(sql_lex(&ctx, str_from_c(ERRORS[i].sql), &tokens), STATUS_SYNTAX_ERROR);
        assert_str(ctx.message, ERRORS[i].message);
        assert_int_equal(ctx.position, ERRORS[i].position);
    }
}

static void unknown_escapes_are_refused(void **state)
{
    static const char *const ESCAPES[] = {"E'\\x'", "E'\\0'", "E'\\u12'", "E'\\U00110000'"};
    (void)state;
    for (size_t i = 0; i < sizeof(ESCAPES) / sizeof(*ESCAPES); i++) {
        CLEANUP(context_done) Context ctx = {0};
        TokenList tokens;
        assert_int_equal(sql_lex(&ctx, str_from_c(ESCAPES[i]), &tokens), STATUS_SYNTAX_ERROR);
        assert_int_equal(ctx.position, 3);
    }
}

static void many_escaped_strings_take_no_more_memory_than_their_text(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    char *text = repeat("", "E'\\n',", 100000, "1");
    TokenList tokens = lex(&ctx, text);
    assert_int_equal(tokens.count, 200002);
    assert_true(ctx.arena.allocated_bytes < 64 << 20);
    free(text);
}

/* bsearch() finds nothing in a list that is out of order. */
static void every_reserved_word_is_found(void **state)
{
    static const char *const WORDS[] = {"all",
                                        "and",
                                        "current_user",
                                        "default",
                                        "from",
                                        "in",
                                        "left",
                                        "table",
                                        "union",
                                        "where",
                                        "with"};
    (void)state;
    for (size_t i = 0; i < sizeof(WORDS) / sizeof(*WORDS); i++)
        assert_true(sql_is_reserved(str_from_c(WORDS[i])));
}

static void common_column_names_are_no_reserved_words(void **state)
{
    static const char *const WORDS[] = {"name",  "type", "status", "date",    "time",  "timestamp",
                                        "user",  "role", "key",    "value",   "text",  "json",
                                        "data",  "id",   "to",     "message", "state", "options",
                                        "level", "rows", "seq",    "storage", "index", "set"};
    (void)state;
    for (size_t i = 0; i < sizeof(WORDS) / sizeof(*WORDS); i++)
        assert_false(sql_is_reserved(str_from_c(WORDS[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_fold_to_lower_case_and_quoted_names_do_not),
        cmocka_unit_test(strings_are_unescaped),
        cmocka_unit_test(numbers_keep_their_text),
        cmocka_unit_test(parameters_carry_their_number),
        cmocka_unit_test(symbols_are_as_long_as_they_can_be),
        cmocka_unit_test(comments_and_blanks_vanish_and_places_stay),
        cmocka_unit_test(errors_stand_at_the_offending_byte),
        cmocka_unit_test(unknown_escapes_are_refused),
        cmocka_unit_test(many_escaped_strings_take_no_more_memory_than_their_text),
        cmocka_unit_test(every_reserved_word_is_found),
        cmocka_unit_test(common_column_names_are_no_reserved_words),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("sql/lexer", tests, NULL, NULL);
}
