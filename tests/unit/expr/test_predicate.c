/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Predicates are shown as text, one branch after the other:
 *
 *     room=7 author=a|b id[1,5)   pins, then bounds; "?" open; branches parted by " / "
 *
 * and must hold for every random row for which the condition is true.
 */
#include "expr/predicate.h"

#include "expr_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* ---- as text ---- */

static void write_branch(Buf *out, const PredicateBranch *branch)
{
    for (size_t i = 0; i < branch->pin_count; i++) {
        const PredicatePin *pin = &branch->pins[i];
        if (out->len > 0 && out->ptr[out->len - 1] != ' ')
            buf_byte(out, ' ');
        buf_str_append(out, fixture_table.columns[pin->column].name);
        for (size_t j = 0; j < pin->count; j++) {
            buf_byte(out, j ? '|' : '=');
            value_write_text(out, &pin->values[j]);
        }
    }
    for (size_t i = 0; i < branch->bound_count; i++) {
        const PredicateBound *bound = &branch->bounds[i];
        if (out->len > 0 && out->ptr[out->len - 1] != ' ')
            buf_byte(out, ' ');
        buf_str_append(out, fixture_table.columns[bound->column].name);
        buf_byte(out, bound->lower_inclusive ? '[' : '(');
        if (bound->lower)
            value_write_text(out, bound->lower);
        buf_byte(out, ',');
        if (bound->upper)
            value_write_text(out, bound->upper);
        buf_byte(out, bound->upper_inclusive ? ']' : ')');
    }
}

static Predicate analyse(Context *ctx, const char *text, const Expr **ret_expr)
{
    ExprScope scope = fixture_scope();
    if (fixture_bind(ctx, &scope, text, ret_expr) != STATUS_OK)
        fail_msg("%s: %.*s", text, STR_ARG(ctx->message));
    return predicate_analyse(&ctx->arena, *ret_expr);
}

static void check(const FixtureCase *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        Context ctx = {0};
        CLEANUP(buf_done) Buf out = {0};
        const Expr *expr;
        Predicate predicate = analyse(&ctx, cases[i].text, &expr);
        if (predicate.never)
            BUF_LIT(&out, "never");
        for (size_t b = 0; b < predicate.branch_count; b++) {
            if (b > 0)
                BUF_LIT(&out, " / ");
            write_branch(&out, &predicate.branches[b]);
        }
        if (!str_equal(buf_str(&out), str_from_c(cases[i].expected)))
            fail_msg("%s gives %.*s", cases[i].text, STR_ARG(buf_str(&out)));
        context_done(&ctx);
    }
}

#define CHECK(cases) check((cases), sizeof(cases) / sizeof((cases)[0]))

static void equalities_and_lists_pin(void **state)
{
    (void)state;
    static const FixtureCase CASES[] = {
        {"room = 7", "room=7"},
        {"7 = room AND author = 'a'", "room=7 author=a"},
        {"id IN (1, 2, 2, NULL)", "id=1|2"},
        {"id = 1 OR id = 2 OR id IN (2, 3)", "id=1|2|3"},
        {"room = 3 AND (id = 1 OR id = 2)", "id=1|2 room=3"},
        {"id IN (1, 2, 3) AND id IN (2, 3, 4)", "id=2|3"},
        {"id IN (1, 2, 3) AND id > 1", "id=2|3"},
        {"done", "done=true"},
        {"NOT done", "done=false"},
        {"done = false", "done=false"},
        {"(room = 3) IS TRUE", "room=3"},
        {"(room <> 3) IS FALSE", "room=3"},
        {"room IS NOT DISTINCT FROM 3", "room=3"},
        {"NOT (room <> 3 OR author <> 'a')", "room=3 author=a"},
        {"NOT (room IN (3, 4)) OR room IS NULL", " / "},
        {"room = 3 OR author = 'a'", "room=3 / author=a"},
        {"author LIKE 'a%'", ""},
        {"room <> 3", ""},
        {"room IS DISTINCT FROM 3", ""},
        {"room = id", ""},
        {"lower(author) = 'a'", ""},
        {"true", ""},
        {"uid = '00112233-4455-6677-8899-aabbccddeeff'",
         "uid=00112233-4455-6677-8899-aabbccddeeff"},
    };
    CHECK(CASES);
}

static void comparisons_bound(void **state)
{
    (void)state;
    static const FixtureCase CASES[] = {
        {"id > 5", "id(5,)"},
        {"5 > id", "id(,5)"},
        {"id >= 1 AND id < 10 AND id <= 20", "id[1,10)"},
        {"NOT (id < 3)", "id[3,)"},
        {"id BETWEEN 2 AND 4", "id[2,4]"},
        {"NOT (id NOT BETWEEN 2 AND 4)", "id[2,4]"},
        {"id NOT BETWEEN 2 AND 4", ""},
        {"id > 1.5", "id[2,)"},
        {"id > 1.4", "id(1,)"},
        {"id < 1.5", "id(,2)"},
        {"id <= 1.4", "id(,1]"},
        {"price >= 1.255", "price[1.26,)"},
        {"price < 1.254", "price(,1.25]"},
        {"small < 100000", ""},
        {"born > TIMESTAMP '2026-01-02 12:00:00'", "born(2026-01-02,)"},
        {"author >= 'a' AND author < 'b'", "author[a,b)"},
        {"id > 1 AND id > 1", "id(1,)"},
        {"id > 1 AND id >= 1", "id(1,)"},
        {"id > 1 OR id < 0", "id(1,) / id(,0)"},
    };
    CHECK(CASES);
}

static void contradictions_never_hold(void **state)
{
    (void)state;
    static const FixtureCase CASES[] = {
        {"false", "never"},
        {"NULL", "never"},
        {"id = NULL", "never"},
        {"id > NULL", "never"},
        {"id = 1.5", "never"},
        {"id IN (1.5, 2.5)", "never"},
        {"id IN (NULL)", "never"},
        {"id NOT IN (1, NULL)", "never"},
        {"small = 100000", "never"},
        {"small > 100000", "never"},
        {"small < -100000", "never"},
        {"price = 1.255", "never"},
        {"id = 1 AND id = 2", "never"},
        {"id = 1 AND id > 1", "never"},
        {"id > 5 AND id < 3", "never"},
        {"id > 5 AND id <= 5", "never"},
        {"id = 1.5 OR room = 3", "room=3"},
        {"id = 1.5 OR room = 3.5", "never"},
        {"done AND NOT done", "never"},
        {"born = TIMESTAMP '2026-01-02 12:00:00'", "never"},
        {"weight = CAST(0.1 AS DOUBLE)", "never"},
    };
    CHECK(CASES);
}

static Predicate analyse_list(Context *ctx, int count, const char *head, const char *separator)
{
    CLEANUP(buf_done) Buf text = {0};
    const Expr *expr;
    for (int i = 0; i < count; i++)
        buf_printf(&text, "%s%s%d", i ? separator : head, "", i);
    if (separator[0] == ',')
        buf_byte(&text, ')');
    buf_byte(&text, '\0');
    return analyse(ctx, text.ptr, &expr);
}

static void long_lists_are_left_alone(void **state)
{
    (void)state;
    Context ctx = {0};
    Predicate predicate = analyse_list(&ctx, PREDICATE_PIN_VALUES_MAX, "id IN (", ",");
    assert_int_equal(predicate.branches[0].pins[0].count, PREDICATE_PIN_VALUES_MAX);
    predicate = analyse_list(&ctx, PREDICATE_PIN_VALUES_MAX + 1, "id IN (", ",");
    assert_int_equal(predicate.branches[0].pin_count, 0);
    predicate = analyse_list(&ctx, PREDICATE_BRANCHES_MAX, "id > ", " OR id > ");
    assert_int_equal(predicate.branch_count, PREDICATE_BRANCHES_MAX);
    predicate = analyse_list(&ctx, PREDICATE_BRANCHES_MAX + 1, "id > ", " OR id > ");
    assert_int_equal(predicate.branch_count, 1);
    assert_int_equal(predicate.branches[0].bound_count, 0);
    predicate = predicate_analyse(&ctx.arena, NULL);
    assert_int_equal(predicate.branch_count, 1);
    assert_false(predicate.never);
    context_done(&ctx);
}

static void pins_and_bounds_are_found_by_column(void **state)
{
    (void)state;
    Context ctx = {0};
    const Expr *expr;
    Predicate predicate = analyse(&ctx, "room = 3 AND id > 1", &expr);
    assert_non_null(predicate_pin(&predicate.branches[0], COLUMN_ROOM));
    assert_null(predicate_pin(&predicate.branches[0], COLUMN_ID));
    assert_non_null(predicate_bound(&predicate.branches[0], COLUMN_ID));
    assert_null(predicate_bound(&predicate.branches[0], COLUMN_ROOM));
    context_done(&ctx);
}

/* ---- random conditions and rows ---- */

enum { CONDITIONS = 3000, ROWS = 60 };

typedef struct Domain {
    int column;
    const char *name;
    const char *constants[8];
    const char *values[6];
} Domain;

static const Domain DOMAINS[] = {
    {COLUMN_ID,
     "id",
     {"0", "1", "2", "1.5", "-1", "1e30", "NULL", "'2'"},
     {"0", "1", "2", "-1", "9223372036854775807", NULL}},
    {COLUMN_SMALL,
     "small",
     {"0", "1", "2", "0.5", "100000", "-100000", "NULL", "32767"},
     {"0", "1", "2", "-32768", "32767", NULL}},
    {COLUMN_PRICE,
     "price",
     {"0", "1.25", "1.255", "1.254", "1e20", "'1.30'", "NULL", "-1e20"},
     {"0", "1.25", "1.26", "1.30", "99999999.99", NULL}},
    {COLUMN_RATIO,
     "ratio",
     {"0", "0.1", "1e300", "'NaN'", "-0.0", "0.5", "NULL", "'Infinity'"},
     {"0", "-0.0", "0.1", "NaN", "Infinity", NULL}},
    {COLUMN_WEIGHT,
     "weight",
     {"0", "0.1", "1e300", "'NaN'", "CAST(0.1 AS DOUBLE)", "0.5", "NULL", "16777217"},
     {"0", "16777216", "0.1", "NaN", "Infinity", NULL}},
    {COLUMN_AUTHOR,
     "author",
     {"'a'", "'b'", "'c'", "''", "'ab'", "NULL", "'a'", "'z'"},
     {"a", "b", "c", "", "ab", NULL}},
    {COLUMN_BORN,
     "born",
     {"'2026-01-02'",
      "TIMESTAMP '2026-01-02 12:00:00'",
      "DATE '2026-01-03'",
      "NULL",
      "'2026-01-04'",
      "TIMESTAMP '2026-01-03 00:00:00'",
      "0",
      "'2026-01-03'"},
     {"2026-01-02", "2026-01-03", "2026-01-04", "1970-01-01", "2026-01-01", NULL}},
};

enum { DOMAIN_COUNT = sizeof(DOMAINS) / sizeof(DOMAINS[0]) };

static void write_comparison(Buf *out)
{
    static const char *const OPERATORS[] = {" = ",
                                            " = ",
                                            " < ",
                                            " <= ",
                                            " > ",
                                            " >= ",
                                            " <> ",
                                            " IS NOT DISTINCT FROM ",
                                            " IS DISTINCT FROM "};
    const Domain *domain = &DOMAINS[random_below(DOMAIN_COUNT)];
    const char *op = OPERATORS[random_below(9)];
    const char *constant = domain->constants[random_below(8)];
    bool turned = random_below(4) == 0;
    buf_printf(
        out, "%s%s%s", turned ? constant : domain->name, op, turned ? domain->name : constant);
}

static void write_set(Buf *out)
{
    const Domain *domain = &DOMAINS[random_below(DOMAIN_COUNT)];
    const char *negated = random_below(3) ? "" : " NOT";
    const char *first = domain->constants[random_below(8)];
    const char *second = domain->constants[random_below(8)];
    if (random_below(2))
        buf_printf(out, "%s%s IN (%s, %s)", domain->name, negated, first, second);
    else
        buf_printf(out, "%s%s BETWEEN %s AND %s", domain->name, negated, first, second);
}

static void write_condition(Buf *out, int depth)
{
    size_t choice = depth == 0 ? random_below(5) : random_below(11);
    if (choice < 2) {
        write_comparison(out);
    } else if (choice < 4) {
        write_set(out);
    } else if (choice == 4) {
        buf_str_append(out, random_below(2) ? STR("done") : STR("done IS FALSE"));
    } else if (choice == 5) {
        BUF_LIT(out, "NOT (");
        write_condition(out, depth - 1);
        BUF_LIT(out, ")");
    } else if (choice == 6) {
        BUF_LIT(out, "(");
        write_condition(out, depth - 1);
        buf_str_append(out, random_below(2) ? STR(") IS TRUE") : STR(") IS NOT FALSE"));
    } else {
        BUF_LIT(out, "(");
        write_condition(out, depth - 1);
        buf_str_append(out, choice < 9 ? STR(" AND ") : STR(" OR "));
        write_condition(out, depth - 1);
        BUF_LIT(out, ")");
    }
}

static void random_row(Context *ctx, Value row[ROW_WIDTH])
{
    for (size_t i = 0; i < ROW_WIDTH; i++)
        row[i] = VALUE_NULL;
    for (size_t i = 0; i < DOMAIN_COUNT; i++) {
        const char *text = DOMAINS[i].values[random_below(6)];
        if (!text)
            continue;
        Value written = value_text(str_from_c(text));
        Type type = fixture_table.columns[DOMAINS[i].column].type;
        assert_int_equal(value_cast(ctx, &written, type, &row[DOMAINS[i].column]), STATUS_OK);
    }
    if (random_below(3))
        row[COLUMN_DONE] = value_boolean(random_below(2));
}

static bool pin_holds(const PredicatePin *pin, const Value *row)
{
    const Value *value = &row[pin->column];
    for (size_t i = 0; i < pin->count; i++) {
        if (!value_is_null(value) && value_compare(value, &pin->values[i]) == 0)
            return true;
    }
    return false;
}

static bool bound_holds(const PredicateBound *bound, const Value *row)
{
    const Value *value = &row[bound->column];
    if (value_is_null(value))
        return false;
    int lower = bound->lower ? value_compare(value, bound->lower) : 1;
    int upper = bound->upper ? value_compare(value, bound->upper) : -1;
    return (lower > 0 || (lower == 0 && bound->lower_inclusive)) &&
           (upper < 0 || (upper == 0 && bound->upper_inclusive));
}

static bool branch_holds(const PredicateBranch *branch, const Value *row)
{
    bool holds = true;
    for (size_t i = 0; i < branch->pin_count; i++)
        holds = holds && pin_holds(&branch->pins[i], row);
    for (size_t i = 0; i < branch->bound_count; i++)
        holds = holds && bound_holds(&branch->bounds[i], row);
    return holds;
}

static bool predicate_holds(const Predicate *predicate, const Value *row)
{
    for (size_t i = 0; i < predicate->branch_count; i++) {
        if (branch_holds(&predicate->branches[i], row))
            return true;
    }
    return false;
}

/* What predicate.h promises about the form. */
static void assert_well_formed(const Predicate *predicate)
{
    assert_true(predicate->never == (predicate->branch_count == 0));
    assert_true(predicate->branch_count <= PREDICATE_BRANCHES_MAX);
    for (size_t b = 0; b < predicate->branch_count; b++) {
        const PredicateBranch *branch = &predicate->branches[b];
        for (size_t i = 0; i < branch->pin_count; i++) {
            const PredicatePin *pin = &branch->pins[i];
            assert_true(i == 0 || pin->column > branch->pins[i - 1].column);
            assert_in_range(pin->count, 1, PREDICATE_PIN_VALUES_MAX);
            for (size_t j = 0; j < pin->count; j++) {
                Type type = fixture_table.columns[pin->column].type;
                assert_int_equal(pin->values[j].kind, type.kind);
                assert_true(type.kind != TYPE_DECIMAL || pin->values[j].scale == type.scale);
                for (size_t k = 0; k < j; k++)
                    assert_true(value_compare(&pin->values[j], &pin->values[k]) != 0);
            }
        }
    }
}

/* Tests one condition on many rows; gives the number of true ones. */
static int check_condition(Context *ctx, const char *text)
{
    const Expr *expr;
    int hits = 0;
    Predicate predicate = analyse(ctx, text, &expr);
    assert_well_formed(&predicate);
    for (int i = 0; i < ROWS; i++) {
        Value row[ROW_WIDTH];
        bool holds;
        random_row(ctx, row);
        assert_int_equal(expr_test(ctx, expr, row, &holds), STATUS_OK);
        hits += holds;
        if (!holds || predicate_holds(&predicate, row))
            continue;
        for (int c = 0; c < COLUMN_COUNT; c++) {
            Str value = value_is_null(&row[c]) ? STR("NULL") : value_to_text(&ctx->arena, &row[c]);
            printf("# %.*s = %.*s\n", STR_ARG(fixture_table.columns[c].name), STR_ARG(value));
        }
        fail_msg("%s is true for that row, its predicate is not", text);
    }
    return hits;
}

static void a_predicate_holds_wherever_the_condition_does(void **state)
{
    (void)state;
    int hits = 0;
    for (int i = 0; i < CONDITIONS; i++) {
        Context ctx = {0};
        CLEANUP(buf_done) Buf text = {0};
        write_condition(&text, 3);
        buf_byte(&text, '\0');
        hits += check_condition(&ctx, text.ptr);
        context_done(&ctx);
    }
    assert_true(hits > CONDITIONS);
}

static int setup(void **state)
{
    random_start();
    return fixture_setup(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equalities_and_lists_pin),
        cmocka_unit_test(comparisons_bound),
        cmocka_unit_test(contradictions_never_hold),
        cmocka_unit_test(long_lists_are_left_alone),
        cmocka_unit_test(pins_and_bounds_are_found_by_column),
        cmocka_unit_test(a_predicate_holds_wherever_the_condition_does),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("predicate", tests, setup, NULL);
}
