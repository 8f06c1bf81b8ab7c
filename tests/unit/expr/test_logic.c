/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random conditions against a model of three-valued logic, and random
 * expressions over columns against the same ones over constants, which are
 * folded while they are bound.
 */
#include "expr_fixture.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { ROUNDS = 4000, DEPTH = 4 };

/* ---- three-valued logic ---- */

typedef enum Answer { NO, YES, UNKNOWN } Answer;

static Answer answer_not(Answer a)
{
    return a == UNKNOWN ? UNKNOWN : a == YES ? NO : YES;
}

static Answer answer_and(Answer a, Answer b)
{
    if (a == NO || b == NO)
        return NO;
    return a == YES && b == YES ? YES : UNKNOWN;
}

static Answer answer_or(Answer a, Answer b)
{
    return answer_not(answer_and(answer_not(a), answer_not(b)));
}

static Answer answer_of(bool condition)
{
    return condition ? YES : NO;
}

static Answer answer_equal(Answer a, Answer b)
{
    return a == UNKNOWN || b == UNKNOWN ? UNKNOWN : answer_of(a == b);
}

static Answer write_leaf(Buf *out)
{
    /* Twice each answer: known only with the row, and known at once. */
    static const struct {
        const char *text;
        Answer answer;
    } LEAVES[] = {
        {"(id = 7)", YES},
        {"(id = 8)", NO},
        {"(missing = 'x')", UNKNOWN},
        {"TRUE", YES},
        {"FALSE", NO},
        {"NULL", UNKNOWN},
    };
    size_t leaf = random_below(sizeof(LEAVES) / sizeof(LEAVES[0]));
    buf_str_append(out, str_from_c(LEAVES[leaf].text));
    return LEAVES[leaf].answer;
}

static Answer write_logic(Buf *out, int depth);

static Answer write_binary(Buf *out, int depth, const char *op, Answer (*combine)(Answer, Answer))
{
    buf_byte(out, '(');
    Answer a = write_logic(out, depth - 1);
    buf_str_append(out, str_from_c(op));
    Answer b = write_logic(out, depth - 1);
    buf_byte(out, ')');
    return combine(a, b);
}

static Answer write_is(Buf *out, int depth)
{
    static const char *const WORDS[] = {" IS TRUE)", " IS FALSE)", " IS UNKNOWN)", " IS NULL)"};
    static const Answer WANTED[] = {YES, NO, UNKNOWN, UNKNOWN};
    size_t what = random_below(4);
    buf_byte(out, '(');
    Answer a = write_logic(out, depth - 1);
    buf_str_append(out, str_from_c(WORDS[what]));
    return answer_of(a == WANTED[what]);
}

static Answer answer_distinct(Answer a, Answer b)
{
    return answer_of(a != b);
}

/* a IN (b, c) is a = b OR a = c */
static Answer write_in(Buf *out, int depth)
{
    bool negated = random_below(2);
    Answer a = write_logic(out, depth - 1);
    buf_str_append(out, negated ? STR(" NOT IN (") : STR(" IN ("));
    Answer b = write_logic(out, depth - 1);
    buf_byte(out, ',');
    Answer c = write_logic(out, depth - 1);
    buf_byte(out, ')');
    Answer answer = answer_or(answer_equal(a, b), answer_equal(a, c));
    return negated ? answer_not(answer) : answer;
}

/* Writes a random condition and says what it must be. */
static Answer write_logic(Buf *out, int depth)
{
    if (depth == 0)
        return write_leaf(out);
    switch (random_below(8)) {
    case 0:
        return write_leaf(out);
    case 1: {
        BUF_LIT(out, "(NOT ");
        Answer answer = answer_not(write_logic(out, depth - 1));
        buf_byte(out, ')');
        return answer;
    }
    case 2:
        return write_binary(out, depth, " = ", answer_equal);
    case 3:
        return write_is(out, depth);
    case 4:
        return write_binary(out, depth, " IS DISTINCT FROM ", answer_distinct);
    case 5: {
        buf_byte(out, '(');
        Answer answer = write_in(out, depth);
        buf_byte(out, ')');
        return answer;
    }
    case 6:
        return write_binary(out, depth, " AND ", answer_and);
    default:
        return write_binary(out, depth, " OR ", answer_or);
    }
}

static void conditions_agree_with_the_model(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {[NO] = "false", [YES] = "true", [UNKNOWN] = "NULL"};
    ExprScope scope = fixture_scope();
    for (int round = 0; round < ROUNDS; round++) {
        Context ctx = {0};
        CLEANUP(buf_done) Buf text = {0};
        Answer answer = write_logic(&text, DEPTH);
        buf_byte(&text, '\0');
        Str result = fixture_run(&ctx, &scope, text.ptr);
        if (!str_equal(result, str_from_c(TEXTS[answer])))
            fail_msg("%s is %.*s, not %s", text.ptr, STR_ARG(result), TEXTS[answer]);
        context_done(&ctx);
    }
}

/* ---- folding ---- */

typedef struct Writers {
    Buf columns;   /* with columns of the row */
    Buf constants; /* the same with their values */
} Writers;

static void write_both(Writers *out, const char *text)
{
    buf_str_append(&out->columns, str_from_c(text));
    buf_str_append(&out->constants, str_from_c(text));
}

static void write_number(Writers *out, int depth)
{
    static const char *const COLUMNS[] = {"id", "room", "price", "ratio", "small"};
    static const char *const CONSTANTS[] = {"CAST(7 AS BIGINT)",
                                            "CAST(3 AS INT)",
                                            "CAST('12.50' AS DECIMAL(10,2))",
                                            "CAST(0.5 AS DOUBLE)",
                                            "CAST(2 AS SMALLINT)"};
    static const char *const OPERATORS[] = {" + ", " - ", " * ", " / ", " % "};
    static const char *const LITERALS[] = {"1", "2.5", "'3'", "0", "NULL", "9223372036854775807"};
    size_t choice = depth == 0 ? random_below(2) : random_below(7);
    if (choice == 0) {
        size_t column = random_below(5);
        buf_str_append(&out->columns, str_from_c(COLUMNS[column]));
        buf_str_append(&out->constants, str_from_c(CONSTANTS[column]));
    } else if (choice == 1) {
        write_both(out, "(0 + ");
        write_both(out, LITERALS[random_below(6)]);
        write_both(out, ")");
    } else if (choice == 2) {
        static const char *const FUNCTIONS[] = {"abs(", "round(", "floor(", "ceil(", "- ("};
        write_both(out, FUNCTIONS[random_below(5)]);
        write_number(out, depth - 1);
        write_both(out, ")");
    } else if (choice == 3) {
        write_both(out, random_below(2) ? "coalesce(" : "greatest(");
        write_number(out, depth - 1);
        write_both(out, ", ");
        write_number(out, depth - 1);
        write_both(out, ")");
    } else if (choice == 4) {
        write_both(out, "CASE WHEN ");
        write_number(out, depth - 1);
        write_both(out, random_below(2) ? " < " : " = ");
        write_number(out, depth - 1);
        write_both(out, " THEN ");
        write_number(out, depth - 1);
        write_both(out, " ELSE ");
        write_number(out, depth - 1);
        write_both(out, " END");
    } else {
        write_both(out, "(");
        write_number(out, depth - 1);
        write_both(out, OPERATORS[random_below(5)]);
        write_number(out, depth - 1);
        write_both(out, ")");
    }
}

static void folded_and_evaluated_expressions_agree(void **state)
{
    (void)state;
    ExprScope scope = fixture_scope();
    int values = 0;
    for (int round = 0; round < ROUNDS; round++) {
        Context ctx = {0};
        Writers out = {0};
        write_number(&out, DEPTH);
        buf_byte(&out.columns, '\0');
        buf_byte(&out.constants, '\0');
        Str evaluated = fixture_run(&ctx, &scope, out.columns.ptr);
        Str folded = fixture_run(&ctx, &scope, out.constants.ptr);
        if (!str_equal(evaluated, folded))
            fail_msg(
                "%s is %.*s, folded %.*s", out.columns.ptr, STR_ARG(evaluated), STR_ARG(folded));
        values += evaluated.ptr[0] != '!';
        buf_done(&out.columns);
        buf_done(&out.constants);
        context_done(&ctx);
    }
    assert_true(values > ROUNDS / 10);
}

static int setup(void **state)
{
    random_start();
    return fixture_setup(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conditions_agree_with_the_model),
        cmocka_unit_test(folded_and_evaluated_expressions_agree),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("logic", tests, setup, NULL);
}
