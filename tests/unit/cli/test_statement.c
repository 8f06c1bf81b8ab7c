/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/statement.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Where the @ is, the statement ends; without one it is not complete. */
static void assert_ends(const char *marked)
{
    char text[256];
    size_t len = 0;
    size_t expected = 0;
    for (const char *c = marked; *c; c++) {
        if (*c == '@')
            expected = len;
        else
            text[len++] = *c;
    }
    assert_int_equal(statement_end(str_from(text, len)), expected);
}

static void a_statement_ends_at_its_semicolon(void **state)
{
    (void)state;
    assert_ends("SELECT 1;@ SELECT 2;");
    assert_ends("SELECT 1");
    assert_ends("");
    assert_ends(";@");
    assert_ends("SELECT\n 1\n;@\n");
}

static void quotes_hide_semicolons(void **state)
{
    (void)state;
    assert_ends("SELECT ';';@");
    assert_ends("SELECT 'it''s;';@");
    assert_ends("SELECT \"a;b\"\"c;\";@");
    assert_ends("SELECT ';");
    assert_ends("SELECT E'\\';';@");
    assert_ends("SELECT e'\\\\';@'");
    assert_ends("SELECT '\\';@'");
    assert_ends("SELECT name'\\';@'");
    assert_ends("SELECT X'3b';@");
}

static void comments_hide_semicolons_and_quotes(void **state)
{
    (void)state;
    assert_ends("SELECT 1 -- it's; not over\n;@");
    assert_ends("SELECT 1 -- ;");
    assert_ends("SELECT /* ; ' */ 1;@");
    assert_ends("SELECT /* /* ; */ ; */ 1;@");
    assert_ends("SELECT /* ;");
    assert_ends("SELECT 4 - 1 / 2 * 3;@");
    assert_ends("SELECT '-- ;' || '/*';@ */");
}

static void dollars_are_parameters_parts_of_words_or_quotes(void **state)
{
    (void)state;
    assert_ends("SELECT $1;@");
    assert_ends("SELECT $1, $2;@ SELECT $1;");
    assert_ends("SELECT a$b;@ SELECT c$b;");
    assert_ends("SELECT $$ ; ' $$;@");
    assert_ends("SELECT $tag$ ; $$ ; $tag$;@");
    assert_ends("SELECT $tag$ ;");
    assert_ends("SELECT $ ;@");
}

static void wide_text_does_not_disturb(void **state)
{
    (void)state;
    assert_ends("SELECT 'größe; 漢字 🙂';@");
    assert_ends("SELECT größe;@");
    assert_ends("SELECT '\xff;';@");
}

static void assert_part(Script *script, ScriptPartKind kind, const char *text, size_t line)
{
    ScriptPart part = script_next(script);
    assert_int_equal(part.kind, kind);
    assert_int_equal(part.line, line);
    if (text)
        assert_true(str_equal(part.text, str_from_c(text)));
}

static void a_script_is_read_part_by_part_with_line_numbers(void **state)
{
    (void)state;
    Script script = {.text = STR("-- first\nSELECT 1;\n\n \\dt \nSELECT\n2; SELECT 3\n -- end\n")};
    assert_part(&script, SCRIPT_SQL, "SELECT 1;", 2);
    assert_part(&script, SCRIPT_META, "\\dt", 4);
    assert_part(&script, SCRIPT_SQL, "SELECT\n2;", 5);
    assert_part(&script, SCRIPT_SQL, "SELECT 3\n -- end", 6);
    assert_part(&script, SCRIPT_END, NULL, 8);
}

static void exit_and_quit_alone_on_a_line_are_commands(void **state)
{
    (void)state;
    Script script = {.text = STR("SELECT 1; exit\nQUIT ;\nexit now;\n")};
    assert_part(&script, SCRIPT_SQL, "SELECT 1;", 1);
    assert_part(&script, SCRIPT_META, "exit", 1);
    assert_part(&script, SCRIPT_META, "QUIT ;", 2);
    assert_part(&script, SCRIPT_SQL, "exit now;", 3);
    assert_true(statement_is_command(STR("  \\d t")));
    assert_false(statement_is_command(STR("")));
    assert_false(statement_is_command(STR("SELECT 1")));
}

static void the_end_of_a_text_may_be_inside_of_a_quote(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool quoted;
    } CASES[] = {
        {"", false},
        {"SELECT 1", false},
        {"SELECT 'it''s'", false},
        {"SELECT 'half\n", true},
        {"SELECT 1; SELECT \"half", true},
        {"SELECT $$ a;\n", true},
        {"SELECT /* a\n", true},
        {"SELECT -- it's\n", false},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(*CASES); i++)
        assert_int_equal(statement_ends_quoted(str_from_c(CASES[i].text)), CASES[i].quoted);
}

static void a_transaction_is_one_part(void **state)
{
    (void)state;
    Script script = {.text = STR("BEGIN; INSERT INTO t VALUES (';'); COMMIT; SELECT 1;")};
    assert_part(&script, SCRIPT_SQL, "BEGIN; INSERT INTO t VALUES (';'); COMMIT;", 1);
    assert_part(&script, SCRIPT_SQL, "SELECT 1;", 1);

    Script open = {.text = STR("/* x */ start transaction; DELETE FROM t;")};
    ScriptPart part = script_next(&open);
    assert_false(part.closed);
    assert_true(str_equal(part.text, STR("start transaction; DELETE FROM t;")));

    Script undone = {.text = STR("begin; -- commit;\nrollback;")};
    assert_true(script_next(&undone).closed);
}

static void blanks_comments_and_semicolons_are_no_statement(void **state)
{
    (void)state;
    assert_true(statement_is_blank(STR(" ; -- x\n /* ; */ ;")));
    assert_true(statement_is_blank(STR_NULL));
    assert_false(statement_is_blank(STR("; x")));
    Script script = {.text = STR(" ;; -- nothing ")};
    assert_part(&script, SCRIPT_END, NULL, 1);
}

static void words_are_found_past_comments(void **state)
{
    (void)state;
    Str text = STR("/* a */ USE -- b\n \"My Space\";");
    assert_true(str_equal(statement_word(text, 0), STR("USE")));
    assert_true(str_equal(statement_word(text, 1), STR("\"My Space\"")));
    assert_int_equal(statement_word(text, 2).len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_statement_ends_at_its_semicolon),
        cmocka_unit_test(quotes_hide_semicolons),
        cmocka_unit_test(comments_hide_semicolons_and_quotes),
        cmocka_unit_test(dollars_are_parameters_parts_of_words_or_quotes),
        cmocka_unit_test(wide_text_does_not_disturb),
        cmocka_unit_test(a_script_is_read_part_by_part_with_line_numbers),
        cmocka_unit_test(exit_and_quit_alone_on_a_line_are_commands),
        cmocka_unit_test(the_end_of_a_text_may_be_inside_of_a_quote),
        cmocka_unit_test(a_transaction_is_one_part),
        cmocka_unit_test(blanks_comments_and_semicolons_are_no_statement),
        cmocka_unit_test(words_are_found_past_comments),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("cli/statement", tests, NULL, NULL);
}
